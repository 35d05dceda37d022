// Another runtime's attribute expects an `async fn`, which a green function is not.
use eventlet::green;

#[green]
#[tokio::main(flavor = "current_thread")] //~ ERROR `#[green]` and `#[tokio::main]` stand on one function
fn main() {}

#[green]
#[tokio::test] //~ ERROR `#[green]` and `#[tokio::test]` stand on one function
fn tested() {}

trait Service {
    #[green]
    #[async_trait] //~ ERROR `#[green]` and `#[async_trait]` stand on one function
    fn call(&self);
}

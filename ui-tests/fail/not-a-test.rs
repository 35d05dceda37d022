// Only a function can be a test.
#[eventlet::test]
mod tests {} //~ ERROR `#[eventlet::test]` stands on a module

trait Tests {
    #[eventlet::test]
    fn without_a_body(); //~ ERROR `#[eventlet::test]` stands on a function without a body
}

fn main() {}

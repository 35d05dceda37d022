// Nothing passes `main` anything.
use eventlet::green;

#[green]
fn main(port: u16) { //~ ERROR `main` takes no arguments and no parameters
    println!("{port}");
}

mod generic {
    #[eventlet::green]
    pub fn main<T>() {} //~ ERROR `main` takes no arguments and no parameters
}

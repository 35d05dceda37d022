// Only a function can be green.
use eventlet::green;

#[green]
struct Server { //~ ERROR `#[green]` stands on a struct
    port: u16,
}

#[green]
impl Server { //~ ERROR `#[green]` stands on an impl block
    fn port(&self) -> u16 {
        self.port
    }
}

#[green]
pub trait Serve { //~ ERROR `#[green]` stands on a trait
    fn serve(&self);
}

#[green]
mod client { //~ ERROR `#[green]` stands on a module
    pub fn connect() {}
}

#[green]
use std::fmt; //~ ERROR `#[green]` stands on an import

fn main() {
    let _: fmt::Result = Ok(());
    client::connect();
    Server { port: 1 }.port();
}

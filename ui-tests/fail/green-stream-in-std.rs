// A function of std's that reads and writes wants std's traits: it has a green twin, or takes what waits in place.
use eventlet::green;
use eventlet::green::io;
use eventlet::green::net::TcpStream;

#[green]
fn forward(mut from: TcpStream, mut to: TcpStream) -> io::Result<u64> {
    std::io::copy(&mut from, &mut to)
    //~^ ERROR `eventlet::green::net::TcpStream: std::io::Read` is not satisfied
    //~| ERROR `eventlet::green::net::TcpStream: std::io::Write` is not satisfied
}

fn main() {}

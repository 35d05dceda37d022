// A function that makes green calls is green itself.
use eventlet::green;
use eventlet::green::io::{self, Read};
use eventlet::green::net::TcpStream;

fn read_header(stream: &mut TcpStream) -> io::Result<[u8; 4]> {
    let mut header = [0; 4];
    stream.read_exact(&mut header)?; //~ ERROR the `?` operator can only be applied to values that implement `Try`
    Ok(header)
}

#[green]
fn main() -> io::Result<()> {
    let mut stream = TcpStream::connect("127.0.0.1:1")?;
    read_header(&mut stream)?;
    Ok(())
}

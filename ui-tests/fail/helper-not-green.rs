// A function that makes green calls is green itself.
use eventlet::green;
use eventlet::green::io::{self, Read};
use eventlet::green::net::TcpStream;

fn read_header(stream: &mut TcpStream) -> io::Result<[u8; 4]> {
    let mut header = [0; 4];
    stream.read_exact(&mut header)?; //~ ERROR the `?` operator can only be applied to values that implement `Try`
    Ok(header)
}

// Methods of what a call gives say so.
fn connect() -> TcpStream {
    let stream = TcpStream::connect("127.0.0.1:1").unwrap(); //~ ERROR a green call stands where its value is meant
    stream.set_nodelay(true).unwrap();
    stream
}

#[green]
fn pages(n: usize) -> Option<Vec<usize>> {
    Some((0..n).collect())
}

#[green]
fn page(n: usize) -> Vec<usize> {
    vec![n]
}

fn count() -> usize {
    if pages(1).is_none() { //~ ERROR a green call stands where its value is meant
        return 0;
    }
    page(1).len() //~ ERROR a green call stands where its value is meant
}

fn title() -> String {
    page(1).to_string() //~ ERROR a green call stands where its value is meant
}

#[green]
fn in_a_closure() -> usize {
    [1, 2].iter().map(|n| pages(*n).unwrap().len()).sum() //~ ERROR a green call stands where its value is meant
}

#[green]
fn main() -> io::Result<()> {
    let mut stream = TcpStream::connect("127.0.0.1:1")?;
    read_header(&mut stream)?;
    Ok(())
}

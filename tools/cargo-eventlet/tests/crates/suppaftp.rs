//! Files, each over a connection of its own beside the one with the commands.

use std::io;

use eventlet::green;
use eventlet::green::io::Read;
use suppaftp::FtpStream;

mod many;

#[green]
fn fetch(number: u32, address: String) {
    let mut ftp = FtpStream::connect(address).unwrap();
    ftp.login("anna", "secret").unwrap();
    let mut file = ftp.retr_as_stream(format!("file {number}")).unwrap();
    let mut text = String::new();
    let read: io::Result<usize> = file.read_to_string(&mut text);
    read.unwrap();
    ftp.finalize_retr_stream(file).unwrap();
    assert_eq!(text, format!("this is file {number}"));
    ftp.quit().unwrap();
}

#[green]
fn main() {
    many::at_once(50, fetch);
}

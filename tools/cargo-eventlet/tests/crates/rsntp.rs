//! What time it is, by datagrams.

use std::net::SocketAddr;

use eventlet::green;
use rsntp::SntpClient;

mod many;

#[green]
fn ask(_number: u32, address: String) {
    let server: SocketAddr = address.parse().unwrap();
    let time = SntpClient::new().synchronize(server).unwrap();
    assert_eq!(time.stratum(), 1);
}

#[green]
fn main() {
    many::at_once(100, ask);
}

//! Jobs that are put into a queue. The farewell is said by a destructor, which waits in place.

use beanstalkc::Beanstalkc;
use eventlet::green;

mod many;

#[green]
fn put(number: u32, address: String) {
    let (host, port) = address.split_once(':').unwrap();
    let mut queue = Beanstalkc::new().host(host).port(port.parse().unwrap()).connect().unwrap();
    assert_eq!(queue.put_default(format!("{number}").as_bytes()).unwrap(), u64::from(number) + 1000);
}

#[green]
fn main() {
    many::at_once(50, put);
}

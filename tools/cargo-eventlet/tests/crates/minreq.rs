//! Pages, each with a limit on its time, which `minreq` keeps with a thread of its own.

use eventlet::green;

mod many;

#[green]
fn get(number: u32, address: String) {
    let answer = minreq::get(format!("http://{address}/{number}")).with_timeout(20).send().unwrap();
    assert_eq!((answer.status_code, answer.as_str().unwrap()), (200, format!("page {number}").as_str()));
}

#[green]
fn main() {
    many::at_once(100, get);
}

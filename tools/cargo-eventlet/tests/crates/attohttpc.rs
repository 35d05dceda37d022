//! Pages, and a body that is sent.

use eventlet::green;

mod many;

#[green]
fn get(number: u32, address: String) {
    let answer = attohttpc::get(format!("http://{address}/{number}")).send().unwrap();
    assert_eq!(answer.text().unwrap(), format!("page {number}"));
}

#[green]
fn main() {
    many::at_once(100, get);
}

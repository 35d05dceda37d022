//! Pages.

use eventlet::green;

mod many;

#[green]
fn get(number: u32, address: String) {
    let answer = tinyget::get(format!("http://{address}/{number}")).send().unwrap();
    assert_eq!(answer.as_str().unwrap(), format!("page {number}"));
}

#[green]
fn main() {
    many::at_once(100, get);
}

//! Who has a name.

use eventlet::green;
use whois_rust::{WhoIs, WhoIsLookupOptions, WhoIsServerValue};

mod many;

#[green]
fn look_up(number: u32, address: String) {
    let servers = WhoIs::from_host(&address).unwrap();
    let mut options = WhoIsLookupOptions::from_string(format!("n{number}.example")).unwrap();
    options.server = Some(WhoIsServerValue::from_string(&address).unwrap());
    assert_eq!(servers.lookup(options).unwrap(), format!("it is n{number}.example\r\n"));
}

#[green]
fn main() {
    many::at_once(100, look_up);
}

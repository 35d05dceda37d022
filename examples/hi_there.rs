//! A green thread whose body is a method, where gevent's tutorial has a subclass of `Greenlet`.

use std::time::Duration;

use eventlet::greenthread::Builder;
use eventlet::{green, sleep};

struct MyGreenlet {
    message: &'static str,
    seconds: u64,
}

impl MyGreenlet {
    #[green]
    fn run(self) {
        println!("{}", self.message);
        sleep(Duration::from_secs(self.seconds));
    }
}

#[green]
fn main() {
    let greenlet = MyGreenlet { message: "Hi there!", seconds: 3 };
    let thread = Builder::new().create(move || greenlet.run());
    thread.start().wait();
}

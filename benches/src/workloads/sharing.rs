//! Two hubs that listen at one port, and how the operating system shares the connections out.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};

use eventlet::convenience::ListenOptions;
use eventlet::{green, run, spawn_n};
use eventlet_bench_measure::{Measured, Stopwatch};

use super::servers::handle;

/// So many connections are open at once.
const AT_ONCE: u64 = 100;

/// `n` connections to two hubs on two OS threads, each with a listener of its own at the same port.
pub(crate) fn connections(n: u64) -> Measured {
    let counts = [(); 2].map(|()| Arc::new(AtomicU64::new(0)));
    let mut address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    for count in &counts {
        let (count, (listening, port)) = (count.clone(), channel());
        // They run until the process ends.
        std::thread::spawn(move || run(move || serve(address, listening, count)));
        address = port.recv().expect("it listens");
    }
    let watch = Stopwatch::start();
    for round in 0..n.div_ceil(AT_ONCE) {
        use_once(address, AT_ONCE.min(n - round * AT_ONCE)).expect("every connection is answered");
    }
    let mut measured = watch.stop(n);
    let counts = counts.map(|count| count.load(Ordering::Relaxed));
    assert_eq!(counts.iter().sum::<u64>(), n, "every connection is accepted once");
    measured.share = counts.into_iter().max().map(|most| most as f64 / n as f64);
    measured
}

#[green]
fn serve(address: SocketAddr, listening: Sender<SocketAddr>, count: Arc<AtomicU64>) -> io::Result<()> {
    let listener = ListenOptions::new().backlog(4096).reuse_port(true).listen(address)?;
    listening.send(listener.local_addr()?).map_err(io::Error::other)?;
    loop {
        let (connection, _address) = listener.accept()?;
        count.fetch_add(1, Ordering::Relaxed);
        spawn_n(move || handle(connection, None));
    }
}

/// Opens so many connections, has a message answered on each, and closes them.
fn use_once(address: SocketAddr, connections: u64) -> io::Result<()> {
    let mut streams: Vec<TcpStream> =
        (0..connections).map(|_| TcpStream::connect(address)).collect::<io::Result<_>>()?;
    for stream in &mut streams {
        stream.write_all(b"a message")?;
    }
    for stream in &mut streams {
        let mut echo = [0; 9];
        stream.read_exact(&mut echo)?;
        assert_eq!(&echo, b"a message");
    }
    Ok(())
}

//! The DNS client with `dnsmasq` at the other end.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::rc::Rc;

use eventlet::dns::{self, HostsResolver, LookupError, Resolver, ResolverBuilder};
use eventlet::green::net::names;
use eventlet::{connect, green, listen, sleep, with_timeout};
use eventlet_peer_tests::{LIMIT, Program};

/// A port of 127.0.0.1 that is free for both protocols now.
fn free_port() -> u16 {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = tcp.local_addr().unwrap();
        if UdpSocket::bind(address).is_ok() {
            return address.port();
        }
    }
}

/// Starts `dnsmasq` with what it knows, and gives it with its address.
#[green]
fn dnsmasq(records: &[String]) -> (Program, SocketAddr) {
    let port = free_port();
    let mut arguments: Vec<String> =
        ["--no-daemon", "--no-resolv", "--no-hosts", "--listen-address=127.0.0.1", "--bind-interfaces"]
            .map(str::to_owned)
            .to_vec();
    arguments
        .extend(["--user=root", "--conf-file=/dev/null", "--pid-file=", "--local=/test/"].map(str::to_owned));
    arguments.push(format!("--port={port}"));
    arguments.extend_from_slice(records);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut program = Program::start("dnsmasq", &arguments);
    program.until("started");
    (program, ([127, 0, 0, 1], port).into())
}

fn builder(server: SocketAddr) -> ResolverBuilder {
    Resolver::builder().nameserver(server).hosts(HostsResolver::new("/nowhere"))
}

fn records(records: &[&str]) -> Vec<String> {
    records.iter().map(|&record| record.to_owned()).collect()
}

#[eventlet::test(real_time)]
fn records_of_each_kind_come_from_dnsmasq() {
    let (_server, address) = dnsmasq(&records(&[
        "--host-record=web.test,192.0.2.7,2001:db8::7,120",
        "--cname=www.test,web.test",
        "--mx-host=test,mail.test,10",
        "--mx-host=test,backup.test,20",
        "--srv-host=_chat._tcp.test,chat.test,5222,1,5",
        "--txt-record=test,v=one,two",
        "--ptr-record=9.2.0.192.in-addr.arpa,nine.test",
    ]));
    let resolver = builder(address).build();
    let found = resolver.lookup_ip("web.test").unwrap();
    assert_eq!(found[..], ["2001:db8::7".parse::<std::net::IpAddr>().unwrap(), "192.0.2.7".parse().unwrap()]);
    assert_eq!(resolver.ipv4("www.test").unwrap()[..], [Ipv4Addr::new(192, 0, 2, 7)]);
    assert_eq!(resolver.cname("www.test").unwrap()[..], ["web.test"]);
    let mx = resolver.mx("test").unwrap();
    let mx: Vec<_> = mx.iter().map(|mx| (mx.preference, &*mx.exchange)).collect();
    assert_eq!(mx, [(10, "mail.test"), (20, "backup.test")]);
    let srv = resolver.srv("_chat._tcp.test").unwrap();
    assert_eq!((srv.len(), srv[0].priority, srv[0].weight, srv[0].port), (1, 1, 5, 5222));
    assert_eq!(srv[0].target, "chat.test");
    assert_eq!(resolver.txt("test").unwrap()[..], [b"v=onetwo".to_vec()]);
    assert_eq!(resolver.ptr("192.0.2.9".parse().unwrap()).unwrap()[..], ["nine.test"]);

    let error = resolver.lookup_ip("nobody.test").unwrap_err();
    assert!(matches!(error, LookupError::NoSuchName(_)), "{error:?}");
    let error = resolver.mx("web.test").unwrap_err();
    assert!(matches!(error, LookupError::NoRecords(_)), "{error:?}");
}

#[eventlet::test(real_time)]
fn what_dnsmasq_cannot_put_into_a_datagram_comes_by_tcp() {
    // With 52 addresses, and no more than 512 bytes of room.
    let mut all = records(&["--edns-packet-max=512"]);
    all.extend((1..=52).map(|n| format!("--host-record=many.test,192.0.2.{n}")));
    let (_server, address) = dnsmasq(&all);
    let resolver = builder(address).build();
    let mut found = resolver.ipv4("many.test").unwrap().into_vec();
    found.sort();
    let expected: Vec<_> = (1..=52).map(|n| Ipv4Addr::new(192, 0, 2, n)).collect();
    assert_eq!(found, expected);
}

#[eventlet::test(real_time)]
fn connect_goes_where_dnsmasq_says() {
    let (_server, address) = dnsmasq(&records(&["--host-record=here.test,127.0.0.1,::1"]));
    let listener = listen("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    assert!(dns::install(builder(address).build()));
    // Nobody listens at the IPv6 address.
    let client = with_timeout(LIMIT, || connect(("here.test", port))).unwrap().unwrap();
    assert_eq!(client.peer_addr().unwrap(), listener.local_addr().unwrap());
    let error = connect(("nobody.test", port)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    names::set_resolver(Rc::new(names::SystemResolver));
    sleep(std::time::Duration::from_millis(1));
}

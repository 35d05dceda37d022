//! Several servers, and the end of one.

use std::io;
use std::time::Duration;

use eventlet::event::Flag;
use eventlet::socketio::{Adapter, Bus, Link, Options, Server, Transport};
use eventlet::testing::run_clean;
use eventlet::websocket::{self, WebSocket};
use eventlet::{GreenThread, Queue, green, sleep, spawn, wsgi};
use eventlet_web_tests::Site;

use super::{POLLING, Poller, ask, echo, echoing, heard, joined, sid_of};

#[green]
fn site(io: &Server) -> Site {
    Site::new(wsgi::Server::new(), io.clone())
}

#[test]
fn servers_on_a_bus_are_one() {
    #[green]
    fn scenario() {
        let bus = Bus::new();
        let servers = [Server::new(), Server::new(), Server::new()];
        let mut sites = vec![];
        let mut clients = vec![];
        for io in &servers {
            io.adapter(bus.clone());
            io.of("/chat");
            let site = site(io);
            clients.push(joined(&site));
            sites.push(site);
        }
        sleep(Duration::ZERO);
        assert_eq!(format!("{bus:?}"), "Bus { servers: 3 }");
        let [a, b, c] = &servers;
        let ids: Vec<&str> = clients.iter().map(|(_, id)| id.as_str()).collect();
        let [to_a, to_b, to_c] = [&clients[0].0, &clients[1].0, &clients[2].0];
        // To a client of another server, to all, and to those who are in a room.
        a.to(ids[2]).emit("to c", ());
        a.enter_room(ids[0], "room");
        a.enter_room(ids[1], "room");
        a.to("room").except(ids[0]).emit("to b", ());
        a.of("/chat").emit("nobody's", ());
        a.emit("all", ("x", vec![1u8, 2]));
        assert_eq!(heard(to_c), "42[\"to c\"]");
        assert_eq!(heard(to_b), "42[\"to b\"]");
        for ws in [to_a, to_b, to_c] {
            assert_eq!(heard(ws), "451-[\"all\",\"x\",{\"_placeholder\":true,\"num\":0}]");
            assert_eq!(heard(ws), "Ok(Some(Binary(b\"\\x01\\x02\")))");
        }
        b.local().emit("only b", ());
        b.to("room").emit("to the room", ());
        assert_eq!(heard(to_b), "42[\"only b\"]");
        assert_eq!(heard(to_b), "42[\"to the room\"]");
        assert_eq!(heard(to_a), "42[\"to the room\"]");
        a.leave_room(ids[1], "room");
        a.to("room").emit("to a", ());
        a.emit("then", ());
        assert_eq!(heard(to_b), "42[\"then\"]");
        c.close_room("room");
        c.emit("closed", ());
        assert_eq!(heard(to_a), "42[\"to a\"]");
        assert_eq!(heard(to_a), "42[\"then\"]");
        assert_eq!(heard(to_a), "42[\"closed\"]");
        a.to("room").emit("nobody's", ());
        a.disconnect(ids[1]);
        assert_eq!(heard(to_b), "42[\"closed\"]");
        assert_eq!(heard(to_b), "41");
        a.emit("the end", ());
        assert_eq!(heard(to_a), "42[\"the end\"]");
        for expected in ["42[\"then\"]", "42[\"closed\"]", "42[\"the end\"]"] {
            assert_eq!(heard(to_c), expected);
        }
        for (ws, _) in &clients {
            ws.close().unwrap();
        }
        for site in sites {
            site.end();
        }
        // A server that is shut down leaves the bus.
        servers[0].shutdown();
        drop(servers);
        sleep(Duration::ZERO);
        assert_eq!(format!("{bus:?}"), "Bus { servers: 0 }");
    }
    run_clean(scenario);
}

#[test]
fn workers_on_other_os_threads_are_one_by_a_bus() {
    #[green]
    fn worker(listener: eventlet::green::net::TcpListener, bus: Bus) -> io::Result<()> {
        let io = Server::configured(Options::new().transports([Transport::WebSocket]));
        io.adapter(bus);
        io.on("all", to_all);
        wsgi::server(listener, io)
    }
    #[green]
    fn to_all(socket: eventlet::socketio::Socket, event: eventlet::socketio::Event) {
        socket.namespace().emit("all", event.args);
    }
    #[green]
    fn arrive(address: std::net::SocketAddr) -> WebSocket {
        let ws = websocket::connect(&format!("ws://{address}/?EIO=4&transport=websocket")).unwrap();
        heard(&ws);
        ws.send("40").unwrap();
        let welcome = heard(&ws);
        assert_eq!(sid_of(&welcome).len(), 20);
        ws
    }
    #[green]
    fn scenario() {
        let bus = Bus::new();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let serving: GreenThread<io::Result<()>> = spawn({
            let bus = bus.clone();
            move || wsgi::workers(2, port, move |listener| worker(listener, bus.clone()))
        });
        while format!("{bus:?}") != "Bus { servers: 2 }" {
            sleep(Duration::from_millis(1));
        }
        // The operating system shares them out as it likes.
        let mut clients = vec![];
        for _ in 0..10 {
            clients.push(arrive(port));
        }
        for (number, ws) in clients.iter().enumerate() {
            ws.send(format!("42[\"all\",{number}]")).unwrap();
            let expected = format!("42[\"all\",{number}]");
            for ws in &clients {
                assert_eq!(heard(ws), expected);
            }
        }
        for ws in &clients {
            ws.close().unwrap();
        }
        serving.kill();
        let _ = serving.join();
    }
    run_clean(scenario);
}

#[test]
fn what_carries_messages_may_be_anything() {
    /// What a test gives and takes by hand.
    struct ByHand {
        out: Queue<String>,
        link: Queue<Link>,
        failing: Flag,
    }
    impl Adapter for ByHand {
        fn run(self, link: Link) -> impl Future<Output = io::Result<()>> + 'static {
            carry(self, link)
        }
    }
    #[green]
    fn carry(adapter: ByHand, link: Link) -> io::Result<()> {
        adapter.link.put(link.clone()).unwrap();
        while let Some(message) = link.next() {
            adapter.out.put(message).unwrap();
        }
        adapter.failing.set();
        Ok(())
    }
    #[green]
    fn scenario() {
        let io = Server::new();
        let (out, links) = (Queue::unbounded(), Queue::unbounded());
        io.adapter(ByHand { out: out.clone(), link: links.clone(), failing: Flag::new() });
        let site = site(&io);
        let (ws, _) = joined(&site);
        io.to("room").emit("news", 7);
        let message = out.get().unwrap();
        assert!(message.contains("\"data\":[7],\"event\":\"news\""), "{message}");
        let link = links.get().unwrap();
        // One's own is not done twice, and nonsense is nothing.
        let own = message.replace("\"room\":\"room\"", "\"room\":null");
        link.deliver(own.as_bytes());
        link.deliver(b"nonsense");
        link.deliver(br#"{"method":"emit","event":"theirs","data":["x"],"namespace":"/"}"#);
        assert_eq!(heard(&ws), "42[\"theirs\",\"x\"]");
        ws.close().unwrap();
        site.end();
        io.shutdown();
        link.deliver(own.as_bytes());
    }
    run_clean(scenario);
}

#[test]
fn the_end_of_the_server_is_the_end_of_its_clients() {
    #[green]
    fn scenario() {
        let (io, notes) = echoing(Options::new());
        let site = site(&io);
        let (poller, _) = Poller::join(&site);
        let (ws, _) = joined(&site);
        let polling = spawn(
            #[green]
            move || poller.get(),
        );
        sleep(Duration::ZERO);
        // It has an open poll when something sent by it has been answered.
        ws.send("42[\"echo\"]").unwrap();
        assert_eq!(heard(&ws), "42[\"echo\"]");
        site.end();
        assert_eq!(polling.wait(), (200, "1".to_owned()));
        assert_eq!(heard(&ws), "Ok(None)");
        assert_eq!(*notes.borrow(), ["server shutting down"; 2]);
        assert_eq!(io.clients(), 0);
    }
    run_clean(scenario);
}

#[test]
fn a_server_that_is_shut_down_takes_nobody() {
    #[green]
    fn scenario() {
        let (io, notes) = echoing(Options::new());
        io.on("again", echo);
        let site = site(&io);
        let (poller, _) = Poller::join(&site);
        let (ws, _) = joined(&site);
        io.emit("last", ());
        io.shutdown();
        assert_eq!(poller.poll(), "42[\"last\"]\x1e1");
        assert_eq!(heard(&ws), "42[\"last\"]");
        assert_eq!(heard(&ws), "Ok(None)");
        assert_eq!(ask(site.address, "GET", POLLING, "").0, 503);
        assert_eq!(*notes.borrow(), ["server shutting down"; 2]);
        site.end();
    }
    run_clean(scenario);
}

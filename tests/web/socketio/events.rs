//! Namespaces, rooms, acknowledgements, and who is let in.

use std::time::Duration;

use eventlet::greenthread::set_error_hook;
use eventlet::socketio::{CallError, Event, Options, Refused, Server, Socket, Transport, Value, json};
use eventlet::testing::{now, run_clean, run_virtual};
use eventlet::{green, sleep, spawn, wsgi};
use eventlet_web_tests::Site;

use super::{Notes, Poller, echo, echoes, heard, joined, opened, sid_of};

const SECOND: Duration = Duration::from_secs(1);

#[green]
fn site(io: &Server) -> Site {
    Site::new(wsgi::Server::new(), io.clone())
}

#[test]
fn a_namespace_that_nobody_made_is_invalid_and_others_are_apart() {
    #[green]
    fn scenario() {
        let io = Server::new();
        io.of("/chat").on("echo", echo);
        let site = site(&io);
        let (ws, _) = joined(&site);
        ws.send("40/nowhere,").unwrap();
        assert_eq!(heard(&ws), "44/nowhere,{\"message\":\"Invalid namespace\"}");
        // Whoever is not in it is not heard, and not ended either.
        ws.send("42/chat,[\"echo\",0]").unwrap();
        ws.send("40/chat,").unwrap();
        let welcome = heard(&ws);
        assert!(welcome.starts_with("40/chat,{\"sid\":\""), "{welcome}");
        ws.send("42[\"echo\",1]").unwrap();
        ws.send("42/chat,5[\"echo\",2]").unwrap();
        assert_eq!(heard(&ws), "42/chat,[\"echo\",2]");
        assert_eq!(heard(&ws), "43/chat,5[2]");
        assert_eq!((io.sockets().len(), io.of("/chat").sockets().len(), io.clients()), (1, 1, 1));
        ws.send("41/chat,").unwrap();
        ws.send("42[\"nobody's\"]").unwrap();
        io.emit("to the rest", ());
        assert_eq!(heard(&ws), "42[\"to the rest\"]");
        while io.of("/chat").sockets().len() == 1 {
            sleep(Duration::ZERO);
        }
        assert_eq!(io.sockets().len(), 1);
        ws.close().unwrap();
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn whoever_asks_for_admission_passes_all_that_were_set_in_their_order() {
    #[green]
    fn first(socket: Socket, auth: Value) {
        socket.save_session(auth.get("name").and_then(Value::as_str).unwrap_or("nobody").to_owned());
        socket.emit("early", "kept until the welcome");
    }
    #[green]
    fn second(socket: Socket, _auth: Value) -> Result<(), Refused> {
        sleep(Duration::ZERO);
        match socket.session::<String>().unwrap().as_str() {
            "eve" => Err(Refused::new("not you").data(json!({"code": 7}))),
            _ => Ok(()),
        }
    }
    #[green]
    fn last(socket: Socket, auth: Value) -> Result<(), &'static str> {
        assert!(!socket.is_connected());
        if auth.is_null() { Err("say who you are") } else { Ok(()) }
    }
    #[green]
    fn scenario() {
        let io = Server::new();
        io.middleware(first).middleware(second).on_connect(last);
        let notes = Notes::default();
        let noted = notes.clone();
        io.on_disconnect(move |socket: Socket, _reason| {
            noted.borrow_mut().push(socket.session::<String>().unwrap().to_string());
            async {}
        });
        let site = site(&io);
        let (ws, _) = opened(&site);
        ws.send("40{\"name\":\"eve\"}").unwrap();
        assert_eq!(heard(&ws), "44{\"data\":{\"code\":7},\"message\":\"not you\"}");
        ws.send("40").unwrap();
        assert_eq!(heard(&ws), "44{\"message\":\"say who you are\"}");
        assert_eq!(io.sockets(), []);
        ws.send("40{\"name\":\"anna\"}").unwrap();
        let welcome = heard(&ws);
        assert!(welcome.starts_with("40{\"sid\":\""), "{welcome}");
        assert_eq!(heard(&ws), "42[\"early\",\"kept until the welcome\"]");
        let socket = io.socket(&sid_of(&welcome)).unwrap();
        assert!(socket.is_connected());
        assert_eq!(*socket.save_session("ben".to_owned()).unwrap(), "anna");
        assert_eq!(socket.transport(), Some(Transport::WebSocket));
        assert_eq!(socket.uri().query(), Some("EIO=4&transport=websocket"));
        assert_eq!(socket.peer().unwrap().address().unwrap().ip().to_string(), "127.0.0.1");
        ws.close().unwrap();
        while notes.borrow().is_empty() {
            sleep(Duration::ZERO);
        }
        // Those that were never in have no end.
        assert_eq!(*notes.borrow(), ["ben"]);
        assert_eq!((socket.is_connected(), socket.transport()), (false, None));
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn what_is_sent_to_rooms_reaches_each_that_is_in_one_of_them_once() {
    #[green]
    fn scenario() {
        let io = Server::new();
        let site = site(&io);
        let mut clients = vec![];
        for _ in 0..3 {
            clients.push(joined(&site));
        }
        let sockets = io.sockets();
        let ids: Vec<&str> = sockets.iter().map(Socket::id).collect();
        assert_eq!(ids, clients.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>());
        let [a, b, c] = [&sockets[0], &sockets[1], &sockets[2]];
        a.enter_room("kitchen");
        b.enter_room("kitchen");
        io.enter_room(b.id(), "garden");
        c.enter_room("garden");
        let mut rooms = b.rooms();
        rooms.sort();
        let mut expected = vec!["garden".to_owned(), "kitchen".to_owned(), b.id().to_owned()];
        expected.sort();
        assert_eq!((rooms.clone(), io.rooms(b.id()).len()), (expected, 3));

        io.emit("1", ());
        io.to("kitchen").emit("2", ());
        io.to("kitchen").to("garden").emit("3", ());
        io.to("kitchen").except("garden").emit("4", ());
        io.to(c.id()).emit("5", ());
        io.except(a.id()).emit("6", ());
        b.broadcast().emit("7", ());
        b.to("garden").emit("8", ());
        io.to("cellar").emit("9", ());
        io.leave_room(b.id(), "kitchen");
        io.to("kitchen").emit("10", ());
        io.close_room("garden");
        io.to("garden").emit("11", ());
        c.emit("12", (1, "two"));
        io.emit("end", ());

        for (number, expected) in
            ["1 2 3 4 7 10 end", "1 2 3 6 end", "1 3 5 6 7 8 12 end"].into_iter().enumerate()
        {
            let ws = &clients[number].0;
            let mut names = vec![];
            while names.last().is_none_or(|name| name != "end") {
                let text = heard(ws);
                names.push(text.split('"').nth(1).unwrap().to_owned());
                assert!(names.len() < 20, "{text}");
            }
            assert_eq!(names.join(" "), expected);
        }
        // Whoever is gone is in no room.
        c.enter_room("attic");
        clients[2].0.close().unwrap();
        while c.is_connected() {
            sleep(Duration::ZERO);
        }
        assert_eq!(io.to("attic").sockets(), []);
        assert!(c.rooms().contains(&"attic".to_owned()));
        c.enter_room("attic");
        c.emit("nothing", ());
        assert_eq!(io.to("attic").sockets(), []);
        for (ws, _) in &clients {
            ws.close().unwrap();
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_call_gives_the_clients_acknowledgement_within_its_limit() {
    #[green]
    fn scenario() {
        let io = Server::new();
        let site = site(&io);
        let (ws, id) = joined(&site);
        let socket = io.socket(&id).unwrap();
        let calling = spawn({
            let socket = socket.clone();
            #[green]
            move || socket.call("sum", (1, 2), SECOND)
        });
        assert_eq!(heard(&ws), "420[\"sum\",1,2]");
        ws.send("430[3,\"three\"]").unwrap();
        let answer = calling.wait().unwrap();
        assert_eq!((answer.data().as_i64(), answer[1].as_str()), (Some(3), Some("three")));
        // With bytes.
        let calling = spawn({
            let socket = socket.clone();
            #[green]
            move || socket.call("bytes", (), SECOND)
        });
        assert_eq!(heard(&ws), "421[\"bytes\"]");
        ws.send("461-1[{\"_placeholder\":true,\"num\":0}]").unwrap();
        ws.send(vec![1, 2]).unwrap();
        assert_eq!(calling.wait().unwrap().data().as_bytes(), Some(&[1, 2][..]));
        // None in time, and one too late is nobody's.
        let before = now();
        let error = socket.call("late", (), SECOND).unwrap_err();
        assert!(matches!(error, CallError::TimedOut(timeout) if timeout.limit() == SECOND));
        assert_eq!(now() - before, SECOND);
        assert_eq!(heard(&ws), "422[\"late\"]");
        ws.send("432[]").unwrap();
        // The end ends the waiting.
        let calling = spawn({
            let socket = socket.clone();
            #[green]
            move || socket.call("never", (), 5 * SECOND)
        });
        assert_eq!(heard(&ws), "423[\"never\"]");
        ws.close().unwrap();
        assert_eq!(calling.wait(), Err(CallError::Disconnected));
        assert_eq!(now() - before, SECOND);
        assert_eq!(socket.call("too late", (), SECOND), Err(CallError::Disconnected));
        site.end();
    }
    run_virtual(scenario);
}

#[test]
fn events_are_begun_in_their_order_and_only_so_many_at_once() {
    #[green]
    fn slow(socket: Socket, event: Event) {
        socket.emit("begun", event.data().clone());
        sleep(SECOND);
        socket.emit("done", event.data().clone());
    }
    #[green]
    fn order(handlers: usize) -> Vec<String> {
        let io = Server::configured(Options::new().max_handlers(handlers));
        io.on("slow", slow);
        let site = site(&io);
        let (ws, _) = joined(&site);
        for number in 0..3 {
            ws.send(format!("42[\"slow\",{number}]")).unwrap();
        }
        let mut said = vec![];
        for _ in 0..6 {
            let text = heard(&ws);
            said.push(text[4..].replace(['"', ']'], "").replace(',', " "));
        }
        ws.close().unwrap();
        site.end();
        said
    }
    #[green]
    fn scenario() {
        assert_eq!(order(100), ["begun 0", "begun 1", "begun 2", "done 0", "done 1", "done 2"]);
        assert_eq!(order(1), ["begun 0", "done 0", "begun 1", "done 1", "begun 2", "done 2"]);
        assert_eq!(now(), 4 * SECOND);
    }
    run_virtual(scenario);
}

#[test]
fn a_handler_that_fails_acknowledges_nothing_and_harms_nobody() {
    #[green]
    fn fail(_socket: Socket, event: Event) -> std::io::Result<u64> {
        event.parse()
    }
    #[green]
    fn scenario() {
        let heard_of = Notes::default();
        let noted = heard_of.clone();
        set_error_hook(move |lost| noted.borrow_mut().push(lost.error().to_owned()));
        let io = Server::new();
        io.on("double", fail).on("*", echo);
        let site = site(&io);
        let (ws, _) = joined(&site);
        ws.send("421[\"double\",\"x\"]").unwrap();
        ws.send("422[\"double\",7]").unwrap();
        assert_eq!(heard(&ws), "432[7]");
        // What has no handler of its own.
        ws.send("42[\"whatever\",1]").unwrap();
        assert_eq!(heard(&ws), "42[\"echo\",1]");
        assert_eq!(heard_of.borrow().len(), 1);
        assert!(heard_of.borrow()[0].contains("expected u64"), "{heard_of:?}");
        ws.close().unwrap();
        site.end();
        drop(eventlet::greenthread::take_error_hook());
    }
    run_clean(scenario);
}

#[test]
fn what_may_be_lost_goes_only_to_whoever_listens_at_once() {
    #[green]
    fn scenario() {
        let io = Server::new();
        let site = site(&io);
        let (poller, _) = Poller::join(&site);
        let (ws, _) = joined(&site);
        io.volatile().emit("lost", 1);
        io.emit("sure", 2);
        assert_eq!(heard(&ws), "42[\"lost\",1]");
        assert_eq!(heard(&ws), "42[\"sure\",2]");
        assert_eq!(poller.poll(), "42[\"sure\",2]");
        let polling = spawn({
            let poller = poller.clone();
            #[green]
            move || poller.poll()
        });
        while !polling.is_finished() {
            io.volatile().emit("heard", 3);
            sleep(Duration::ZERO);
        }
        let payload = polling.wait();
        assert!(payload.starts_with("42[\"heard\",3]"), "{payload}");
        ws.close().unwrap();
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_client_that_is_disconnected_is_told_so_and_one_that_is_closed_hears_the_rest() {
    #[green]
    fn scenario() {
        let (io, notes) = super::echoing(Options::new());
        let chat = io.of("/chat");
        let site = site(&io);
        let (ws, id) = joined(&site);
        ws.send("40/chat").unwrap();
        heard(&ws);
        io.to(&id).emit("last", ());
        io.disconnect(&id);
        assert_eq!(heard(&ws), "42[\"last\"]");
        assert_eq!(heard(&ws), "41");
        // Its connection is there still.
        chat.emit("still here", ());
        assert_eq!(heard(&ws), "42/chat,[\"still here\"]");
        let socket = chat.sockets().remove(0);
        socket.emit("farewell", ());
        socket.close();
        assert_eq!(heard(&ws), "42/chat,[\"farewell\"]");
        assert_eq!(heard(&ws), "Ok(None)");

        let (poller, id) = Poller::join(&site);
        let socket = io.socket(&id).unwrap();
        socket.emit("farewell", ());
        socket.close();
        assert_eq!(poller.poll(), "42[\"farewell\"]\x1e1");
        assert_eq!(poller.get().0, 400);
        assert_eq!(*notes.borrow(), ["server namespace disconnect"; 2]);
        site.end();
    }
    run_clean(scenario);
}

#[test]
#[should_panic(expected = "no event can have the name `connect`: see `on_connect`")]
fn a_handler_of_connections_is_no_handler_of_events() {
    Server::new().on("connect", echo);
}

#[test]
#[should_panic(expected = "no event can have the name `disconnect`")]
fn an_event_with_a_name_that_stands_for_something_else_is_not_sent() {
    Server::new().emit("disconnect", ());
}

#[test]
fn whoever_has_much_to_say_is_as_slow_as_the_client() {
    #[green]
    fn scenario() {
        let (site_, _) = echoes(Options::new());
        site_.end();
        let io = Server::new();
        let site = site(&io);
        let (poller, id) = Poller::join(&site);
        let socket = io.socket(&id).unwrap();
        let saying = spawn(move || say(socket));
        assert_eq!(poller.poll(), "42[\"line\",0]");
        assert!(!saying.is_finished());
        assert_eq!(poller.poll(), "42[\"line\",1]");
        assert_eq!(poller.poll(), "42[\"line\",2]");
        saying.wait();
        site.end();
    }
    #[green]
    fn say(socket: Socket) {
        for number in 0..3 {
            socket.emit("line", number);
            socket.flush();
        }
    }
    run_clean(scenario);
}

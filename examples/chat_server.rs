//! A chat over TCP: what one participant says, all others hear.
//!
//! With `--port PORT` it serves on that port until it is stopped, for clients such as `nc 127.0.0.1 PORT`. Without, it
//! starts on a free port and lets three participants talk.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use eventlet::green::io::{BufRead, BufReader, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{green, spawn, spawn_n};

/// Everybody who is here. Green threads share it without a lock: nobody else runs between two suspensions.
type Participants = Rc<RefCell<Vec<Rc<TcpStream>>>>;

#[green]
fn tell_the_others(participants: Participants, speaker: Rc<TcpStream>, line: String) {
    let others: Vec<_> =
        participants.borrow().iter().filter(|other| !Rc::ptr_eq(other, &speaker)).cloned().collect();
    for other in others {
        // Whoever has just left is noticed by the thread that reads from them.
        let _ = (&*other).write_all(line.as_bytes());
    }
}

#[green]
fn take_part(connection: TcpStream, participants: Participants) -> io::Result<()> {
    let connection = Rc::new(connection);
    participants.borrow_mut().push(connection.clone());
    (&*connection).write_all(b"welcome\n")?;
    let mut lines = BufReader::new(&*connection);
    let mut line = String::new();
    let result = loop {
        line.clear();
        match lines.read_line(&mut line) {
            Ok(0) => break Ok(()),
            Ok(_) => tell_the_others(participants.clone(), connection.clone(), line.clone()),
            Err(error) => break Err(error),
        }
    };
    participants.borrow_mut().retain(|other| !Rc::ptr_eq(other, &connection));
    result
}

#[green]
fn serve(listener: TcpListener) -> io::Result<()> {
    let participants = Participants::default();
    loop {
        let (connection, _address) = listener.accept()?;
        let participants = participants.clone();
        spawn_n(move || take_part(connection, participants));
    }
}

/// Says a line, and gives back the next one that is heard.
#[green]
fn hear(participant: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    participant.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

#[green]
fn join(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let mut participant = BufReader::new(TcpStream::connect(address)?);
    assert_eq!(hear(&mut participant)?, "welcome");
    Ok(participant)
}

#[green]
fn main() -> io::Result<()> {
    if let Some(port) = eventlet_examples::port_to_serve()? {
        return serve(eventlet::listen(("0.0.0.0", port))?);
    }
    let listener = eventlet::listen("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let serving = spawn(move || serve(listener));

    let mut anna = join(address)?;
    let mut ben = join(address)?;
    let mut cleo = join(address)?;
    ben.get_mut().write_all(b"ben: hello, everybody\n")?;
    println!("anna heard \"{}\"", hear(&mut anna)?);
    println!("cleo heard \"{}\"", hear(&mut cleo)?);
    cleo.get_mut().write_all(b"cleo: hello, ben\n")?;
    println!("anna heard \"{}\"", hear(&mut anna)?);
    println!("ben heard \"{}\"", hear(&mut ben)?);
    serving.kill();
    Ok(())
}

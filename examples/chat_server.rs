//! A chat over TCP: what one participant says, all others hear.
//!
//! With `--port PORT` it serves on that port until it is stopped, for clients such as `nc 127.0.0.1
//! PORT`. Without, it starts on a free port and lets three participants talk.

use std::cell::RefCell;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;

use eventlet::green::io::{BufRead, BufReader, Write};
use eventlet::green::net::{TcpListener, TcpStream};
use eventlet::{Queue, green, join, spawn, spawn_n};

/// So many lines may wait for a participant who is slow to read. Whoever is further behind is sent
/// away: others are not held up, and nobody misses a line without being told.
const MOST_LINES: usize = 100;

/// Somebody who is here: what they are to hear yet. One call writes it, beside the one that reads
/// what they say, and nobody else writes to their connection.
struct Participant {
    connection: TcpStream,
    lines: Queue<Rc<str>>,
}

/// Everybody who is here. Green threads share it without a lock: nobody else runs between two
/// suspensions.
type Participants = Rc<RefCell<Vec<Rc<Participant>>>>;

impl Participant {
    /// Writes what comes, until nothing comes any more.
    #[green]
    fn hear(&self) -> io::Result<()> {
        while let Ok(line) = self.lines.get() {
            (&self.connection).write_all(line.as_bytes())?;
        }
        Ok(())
    }
}

/// Does not suspend: who cannot take the line now is told, and hears no more.
fn tell_the_others(participants: &Participants, speaker: &Rc<Participant>, line: &Rc<str>) {
    participants.borrow_mut().retain(|other| {
        if Rc::ptr_eq(other, speaker) || other.lines.try_put(line.clone()).is_ok() {
            return true;
        }
        eprintln!("somebody is {MOST_LINES} lines behind, and is sent away");
        // Both of their calls end by this.
        let _ = other.connection.shutdown(Shutdown::Both);
        false
    });
}

#[green]
fn take_part(connection: TcpStream, participants: &Participants) -> io::Result<()> {
    let me = Rc::new(Participant { connection, lines: Queue::bounded(MOST_LINES) });
    participants.borrow_mut().push(me.clone());
    me.lines.try_put("welcome\n".into()).expect("there is room in the beginning");
    let (heard, said) = join(
        || me.hear(),
        #[green]
        || {
            let said = speak(&me, participants);
            participants.borrow_mut().retain(|other| !Rc::ptr_eq(other, &me));
            // What is in the queue is still heard.
            me.lines.shutdown();
            said
        },
    );
    said.and(heard)
}

/// Passes on what a participant says, until they leave.
#[green]
fn speak(me: &Rc<Participant>, participants: &Participants) -> io::Result<()> {
    let mut lines = BufReader::new(&me.connection);
    let mut line = String::new();
    while lines.read_line(&mut line)? > 0 {
        tell_the_others(participants, me, &Rc::from(line.as_str()));
        line.clear();
    }
    Ok(())
}

#[green]
fn serve(listener: TcpListener) -> io::Result<()> {
    let participants = Participants::default();
    loop {
        let (connection, _address) = listener.accept()?;
        let participants = participants.clone();
        spawn_n(
            #[green]
            move || take_part(connection, &participants),
        );
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
fn enter(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
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

    let mut anna = enter(address)?;
    let mut ben = enter(address)?;
    let mut cleo = enter(address)?;
    ben.get_mut().write_all(b"ben: hello, everybody\n")?;
    println!("anna heard \"{}\"", hear(&mut anna)?);
    println!("cleo heard \"{}\"", hear(&mut cleo)?);
    cleo.get_mut().write_all(b"cleo: hello, ben\n")?;
    println!("anna heard \"{}\"", hear(&mut anna)?);
    println!("ben heard \"{}\"", hear(&mut ben)?);
    serving.kill();
    Ok(())
}

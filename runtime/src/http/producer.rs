//! A body that a green thread writes while it is sent.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use crate::call::GreenCall;
use crate::green;
use crate::greenthread::{Builder, Thread};
use crate::lock::Mutex;

/// Where the pieces of a [streamed body](super::Body::stream) are written to. Clones write to the
/// same body, from as many green threads as there are: each piece goes out whole, first come, first
/// served.
#[derive(Clone)]
pub struct Out {
    pipe: Rc<Pipe>,
}

/// One piece on its way from the thread that writes to whoever sends.
#[derive(Default)]
struct Pipe {
    /// Whose piece is next: there is one place to wait for room.
    turn: Mutex<()>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    piece: Option<Bytes>,
    /// What the call came to.
    ended: Option<io::Result<()>>,
    /// Nobody takes pieces any more.
    is_closed: bool,
    sender: Option<Waker>,
    writer: Option<Waker>,
}

impl Out {
    /// Sends a piece. Suspends until those before have been taken, so that a slow peer slows the
    /// writer.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` if nobody takes it any more.
    ///
    /// # Cancel safety
    ///
    /// A call that was ended has not sent its piece.
    #[green(crate = crate)]
    pub fn write(&self, piece: impl Into<Bytes>) -> io::Result<()> {
        let piece = piece.into();
        if piece.is_empty() {
            return Ok(());
        }
        let _turn = self.pipe.turn.lock();
        poll_fn(|cx| self.pipe.poll_room(cx)).await?;
        self.pipe.put(piece);
        Ok(())
    }

    /// Waits until everything that was written has been taken by whoever sends. Suspends until
    /// then.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses nothing.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` if nobody takes it any more.
    #[green(crate = crate)]
    pub fn flush(&self) -> io::Result<()> {
        let _turn = self.pipe.turn.lock();
        poll_fn(|cx| self.pipe.poll_room(cx)).await
    }
}

impl fmt::Debug for Out {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Out").field("closed", &self.pipe.state.borrow().is_closed).finish()
    }
}

impl Pipe {
    fn poll_room(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.state.borrow_mut();
        if state.is_closed {
            let message = "nobody takes this body any more";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, message)));
        }
        if state.piece.is_none() {
            return Poll::Ready(Ok(()));
        }
        keep(&mut state.writer, cx);
        Poll::Pending
    }

    fn put(&self, piece: Bytes) {
        let sender = {
            let mut state = self.state.borrow_mut();
            state.piece = Some(piece);
            state.sender.take()
        };
        wake(sender);
    }

    fn end(&self, result: io::Result<()>) {
        let sender = {
            let mut state = self.state.borrow_mut();
            state.ended = Some(result);
            state.sender.take()
        };
        wake(sender);
    }

    /// `None` at the end.
    fn poll_piece(&self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let (answer, writer) = {
            let mut state = self.state.borrow_mut();
            match (state.piece.take(), state.ended.take()) {
                (Some(piece), ended) => {
                    state.ended = ended;
                    (Poll::Ready(Some(Ok(piece))), state.writer.take())
                }
                (None, Some(Ok(()))) => {
                    state.ended = Some(Ok(()));
                    (Poll::Ready(None), None)
                }
                (None, Some(Err(error))) => {
                    state.ended = Some(Ok(()));
                    (Poll::Ready(Some(Err(error))), None)
                }
                (None, None) => {
                    keep(&mut state.sender, cx);
                    (Poll::Pending, None)
                }
            }
        };
        wake(writer);
        answer
    }

    fn close(&self) {
        let writer = {
            let mut state = self.state.borrow_mut();
            state.is_closed = true;
            state.writer.take()
        };
        wake(writer);
    }
}

fn keep(place: &mut Option<Waker>, cx: &Context<'_>) {
    match place {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *place = Some(cx.waker().clone()),
    }
}

/// Outside of every borrow, since it may be somebody else's code.
fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The sending side.
pub(super) struct Producer {
    pipe: Rc<Pipe>,
    /// What begins the thread.
    begin: Option<Box<dyn FnOnce(Out) -> Thread>>,
    thread: Option<Thread>,
}

/// Notifies the sending side of the end of the thread, however it ended.
struct PipeEnd(Rc<Pipe>);

impl Drop for PipeEnd {
    fn drop(&mut self) {
        if self.0.state.borrow().ended.is_none() {
            self.0.end(Err(io::Error::other("what writes the body has ended in the middle")));
        }
    }
}

impl Producer {
    pub(super) fn new<F, G>(produce: F) -> Producer
    where
        F: FnOnce(Out) -> G + 'static,
        G: GreenCall<Value = io::Result<()>> + 'static,
    {
        let begin = |out: Out| {
            let ended = PipeEnd(out.pipe.clone());
            let write = move || async move {
                let result = produce(out).await;
                ended.0.end(result);
            };
            Builder::new().name("body").spawn(write).thread().clone()
        };
        Producer { pipe: Rc::default(), begin: Some(Box::new(begin)), thread: None }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if let Some(begin) = self.begin.take() {
            self.thread = Some(begin(Out { pipe: self.pipe.clone() }));
        }
        self.pipe.poll_piece(cx)
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.pipe.close();
        if let Some(thread) = self.thread.take() {
            thread.kill();
        }
    }
}

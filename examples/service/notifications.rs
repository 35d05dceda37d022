//! What the open pages are told. It goes through Redis, so that it does not matter which process a
//! page is connected to.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use eventlet::websocket::{self, CloseCode, Message, WebSocket};
use eventlet::{Queue, branch, green, sleep, with_timeout};
use eventlet_redis::{Client, Error, Pipeline, Pool, PoolError, cmd, pipe};
use serde::Serialize;

use crate::log;
use crate::notes::Note;

const CHANNEL: &str = "notes:changes";

/// So many may wait for a page that is slow. One that is further behind is closed: when it comes back
/// it asks for the notes anew.
const MOST_WAITING: usize = 1000;

/// For how long Redis is waited for, a place in the pool included.
const PATIENCE: Duration = Duration::from_millis(500);

/// What has changed.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change<'a> {
    Added(&'a Note),
    Removed(i64),
}

pub(crate) struct Notifications {
    client: Client,
    pool: Pool,
    /// What each page is to be told yet.
    pages: RefCell<Vec<Queue<Message>>>,
}

impl Notifications {
    pub(crate) fn new(client: Client, pool: Pool) -> Notifications {
        Notifications { client, pool, pages: RefCell::default() }
    }

    /// Tells all pages of all processes. The changes themselves are made: who misses this sees them
    /// later.
    #[green]
    pub(crate) fn publish(&self, changes: &[Change<'_>]) {
        let mut messages = pipe();
        for change in changes {
            let text = serde_json::to_string(change).expect("a change is JSON");
            messages.publish(CHANNEL, text).ignore();
        }
        let error = match with_timeout(PATIENCE, || self.try_publish(&messages)) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(timeout) => timeout.to_string(),
        };
        log::line(format_args!("error={error:?}"));
    }

    #[green]
    fn try_publish(&self, messages: &Pipeline) -> Result<(), PoolError> {
        let mut redis = self.pool.get()?;
        redis.pipeline(messages).map_err(PoolError::Failed)
    }

    /// Does Redis answer in time?
    #[green]
    pub(crate) fn is_well(&self) -> bool {
        with_timeout(PATIENCE, || self.ping()).is_ok_and(|answer| answer.is_ok())
    }

    #[green]
    fn ping(&self) -> Result<(), PoolError> {
        let mut redis = self.pool.get()?;
        redis.query(&cmd("PING")).map_err(PoolError::Failed)
    }

    /// Hands on what Redis says to the pages of this process, for ever.
    #[green]
    pub(crate) fn relay(self: Rc<Self>) {
        loop {
            let Err(error) = self.relay_until_broken() else { continue };
            log::line(format_args!("error={:?}", error.to_string()));
            // What was said meanwhile is lost; pages that come back ask for the notes anew.
            self.close_all();
            sleep(Duration::from_secs(1));
        }
    }

    #[green]
    fn relay_until_broken(&self) -> Result<(), Error> {
        let changes = self.client.pubsub()?;
        changes.subscribe(CHANNEL)?;
        for change in changes.messages() {
            let change = change?;
            let text = String::from_utf8_lossy(change.get_payload_bytes());
            self.tell_all(&Message::from(&*text));
        }
        Ok(())
    }

    fn tell_all(&self, message: &Message) {
        for page in &*self.pages.borrow() {
            if page.try_put(message.clone()).is_err() {
                page.shutdown_now();
            }
        }
    }

    fn close_all(&self) {
        self.pages.borrow().iter().for_each(|page| page.shutdown_now());
    }

    /// Tells one page, until it goes, or is too slow.
    #[green]
    pub(crate) fn tell(self: Rc<Self>, ws: WebSocket) -> websocket::Result<()> {
        let page = Page::new(self);
        match branch::race(|| tell(&ws, &page.changes), || until_gone(&ws)) {
            branch::Race2::First(result) | branch::Race2::Second(result) => result,
        }
    }
}

#[green]
fn tell(ws: &WebSocket, changes: &Queue<Message>) -> websocket::Result<()> {
    while let Ok(change) = changes.get() {
        ws.send(change)?;
    }
    ws.close_with(CloseCode::TRY_AGAIN, "come back")
}

/// Pages say nothing, but whoever waits for messages also answers pings and hears of the end.
#[green]
fn until_gone(ws: &WebSocket) -> websocket::Result<()> {
    while ws.recv()?.is_some() {}
    Ok(())
}

/// A page's place among those that are told; it is free when this is dropped, by a kill as well.
struct Page {
    notifications: Rc<Notifications>,
    changes: Queue<Message>,
}

impl Page {
    fn new(notifications: Rc<Notifications>) -> Page {
        let changes = Queue::bounded(MOST_WAITING);
        notifications.pages.borrow_mut().push(changes.clone());
        Page { notifications, changes }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.notifications.pages.borrow_mut().retain(|other| *other != self.changes);
    }
}

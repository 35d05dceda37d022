//! Notifications as they come.

use std::fmt;
use std::rc::Rc;

use eventlet::{GreenIterator, green};
use tokio_postgres::Notification;

use crate::error::Error;
use crate::session::Session;

/// What is notified on the channels that a connection listens on: what
/// [`Connection::notifications`](crate::Connection::notifications) makes.
///
/// It ends with the connection, after an error if it was not dropped by its owner. Up to 4096 are
/// kept for whoever asks next.
///
/// # Cancel safety
///
/// A kill or timeout in a step loses nothing.
pub struct Notifications {
    session: Rc<Session>,
}

impl Notifications {
    pub(crate) fn new(session: Rc<Session>) -> Self {
        Notifications { session }
    }
}

impl GreenIterator for Notifications {
    type Item = Result<Notification, Error>;

    #[green]
    fn next(&mut self) -> Option<Self::Item> {
        self.session.notification()
    }
}

impl fmt::Debug for Notifications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifications").field("server", &self.session.server).finish_non_exhaustive()
    }
}

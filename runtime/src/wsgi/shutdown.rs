//! The end of a server, in stages.

use std::fmt;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use super::server::{Connections, Server, Shared};
use crate::branch::race;
use crate::event::Flag;
use crate::green;
use crate::greenthread::{catch_exit, sleep};
use crate::timeout::with_timeout;

/// Ends a server from another green thread. Clones end the same one.
#[derive(Clone)]
pub struct Handle {
    closing: Flag,
}

impl Handle {
    pub(super) fn new(closing: Flag) -> Handle {
        Handle { closing }
    }

    /// Tells the server to end: nothing more is accepted, idle connections are closed, requests
    /// that are being answered have the [grace](Server::grace), and then [`serve`](Server::serve)
    /// returns. Does not suspend.
    pub fn stop(&self) {
        self.closing.set();
    }

    /// Was it told to end?
    pub fn is_stopped(&self) -> bool {
        self.closing.is_set()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("stopped", &self.is_stopped()).finish()
    }
}

/// Accepts until the server is told to end, a signal comes, or the thread is killed.
#[green(crate = crate)]
pub(super) fn until_told<A, F, G>(shared: Rc<Shared<A>>, accept: F) -> io::Result<()>
where
    F: FnOnce() -> G,
    G: Future<Output = io::Result<()>>,
{
    let closing = shared.settings.closing.clone();
    let signals = shared.settings.signals;
    let told = || race(|| closing.wait(), move || signal(signals));
    match catch_exit(|| race(accept, told)) {
        Ok(crate::branch::Race2::First(result)) => result,
        Ok(crate::branch::Race2::Second(_)) | Err(_) => Ok(()),
    }
}

#[cfg(all(unix, feature = "signal"))]
#[green(crate = crate)]
fn signal(wanted: bool) {
    use crate::signal::{SIGINT, SIGTERM, wait_for};
    if wanted {
        // Where no handler can be installed, nothing comes: the default action ends the process.
        let heard = race(|| wait_for(SIGTERM), || wait_for(SIGINT));
        let is_heard = match heard {
            crate::branch::Race2::First(result) | crate::branch::Race2::Second(result) => result.is_ok(),
        };
        if is_heard {
            return;
        }
    }
    std::future::pending::<()>().await;
}

#[cfg(not(all(unix, feature = "signal")))]
#[green(crate = crate)]
fn signal(_wanted: bool) {
    std::future::pending::<()>().await;
}

/// Lets requests that are being answered finish, and ends those that do not: after the grace, at
/// another signal, or when the thread that serves is killed (again). Only the server's own
/// connections are concerned: its pool may have others.
#[green(crate = crate)]
pub(super) fn drain(settings: &Server, connections: &Connections) {
    connections.close();
    let ended = connections.ended();
    let (grace, signals) = (settings.grace, settings.signals);
    let patience = || {
        with_timeout(grace, || async {
            // Those that were accepted in this turn begin, and are on the list then.
            sleep(Duration::ZERO).await;
            race(|| ended.wait(), || signal(signals)).await
        })
    };
    // Whoever asks a second time means it. An end while the rest is torn down is the end of the
    // waiting alone.
    let _ = catch_exit(patience);
    if !ended.is_set() {
        connections.cut();
        let _ = catch_exit(|| ended.wait());
    }
}

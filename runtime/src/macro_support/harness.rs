//! How an `#[eventlet::test]` is run.

use std::future::Future;
use std::panic::resume_unwind;
use std::process::{ExitCode, Termination};
use std::thread;

use crate::{hubs, testing};

/// What the attribute says.
pub struct Harness {
    /// The clock goes by itself.
    pub real_time: bool,
    /// How the hub waits, if not as it likes.
    pub hub: Option<&'static str>,
}

impl Harness {
    /// A test that gives nothing.
    #[track_caller]
    pub fn run<G: Future<Output = ()>>(self, call: impl FnOnce() -> G + Send + 'static) {
        self.report(call);
    }

    /// A test whose value says whether it has failed.
    #[track_caller]
    pub fn report<G>(self, call: impl FnOnce() -> G + Send + 'static) -> ExitCode
    where
        G: Future<Output: Termination>,
    {
        // The harness's own OS thread may have made tests before, and may make others.
        let mut own = thread::Builder::new();
        if let Some(name) = thread::current().name() {
            own = own.name(name.to_owned());
        }
        let test =
            own.spawn(move || self.report_here(call)).expect("an OS thread for the test can be started");
        test.join().unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn report_here<G>(self, call: impl FnOnce() -> G) -> ExitCode
    where
        G: Future<Output: Termination>,
    {
        if let Some(name) = self.hub
            && let Err(error) = hubs::use_hub(name)
        {
            panic!("the test cannot have the hub `{name}`\nnote: {error}");
        }
        let (value, left) =
            if self.real_time { testing::look_behind(call) } else { testing::look_behind_virtual(call) };
        let code = value.report();
        if code == ExitCode::SUCCESS {
            left.assert_nothing();
        }
        code
    }
}

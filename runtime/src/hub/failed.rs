//! Errors of the operating system's, with what was tried.

use std::error::Error;
use std::fmt;
use std::io;

/// What an [`io::Error`] holds that says which operation the operating system refused.
///
/// It reads "cannot register the descriptor with the hub: No space left on device (os error 28)", and its
/// [source](Error::source) is the operating system's error as it came. The `io::Error` around it has that error's
/// [kind](io::Error::kind); its own `raw_os_error` is `None`, as for every error of std's that holds another one:
/// [`raw_os_error`] looks inside.
///
/// The errors of making a connection, of listening, of starting and watching a process, and of registering a
/// descriptor are such ones. Those of a read, a write or an `accept` are as the operating system gives them, unless the
/// registration failed, and so is `WouldBlock` everywhere.
#[derive(Debug)]
pub struct Refused {
    operation: String,
    error: io::Error,
}

impl Refused {
    /// What was tried, as it follows "cannot".
    pub fn operation(&self) -> &str {
        &self.operation
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.operation, self.error)
    }
}

impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// The operating system's number of an error, also where the error says [which operation](Refused) it came from. Does
/// not suspend.
///
/// # Examples
///
/// ```
/// use eventlet::green;
/// use eventlet::green::io::raw_os_error;
/// use eventlet::green::process::Command;
///
/// #[green]
/// fn main() {
///     let error = Command::new("/no/such/program").spawn().unwrap_err();
///     assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
///     assert!(error.to_string().starts_with("cannot start \"/no/such/program\": "));
///     assert_eq!(raw_os_error(&error), Some(2)); // ENOENT
/// }
/// ```
pub fn raw_os_error(error: &io::Error) -> Option<i32> {
    error.raw_os_error().or_else(|| error.get_ref()?.downcast_ref::<Refused>()?.error.raw_os_error())
}

/// Says of an error of the operating system's what could not be done. Errors that are not its, which say so themselves,
/// and `WouldBlock` stay as they are.
pub(crate) fn cannot(operation: impl FnOnce() -> String) -> impl FnOnce(io::Error) -> io::Error {
    |error| {
        if error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error().is_none() {
            return error;
        }
        io::Error::new(error.kind(), Refused { operation: operation(), error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_could_not_be_done_and_keeps_kind_and_number() {
        let error = cannot(|| "do it".to_owned())(io::Error::from_raw_os_error(1));
        let plain = io::Error::from_raw_os_error(1);
        assert_eq!(error.kind(), plain.kind());
        assert_eq!(error.to_string(), format!("cannot do it: {plain}"));
        assert_eq!(raw_os_error(&error), Some(1));
        assert_eq!(error.get_ref().unwrap().source().unwrap().to_string(), plain.to_string());
    }

    #[test]
    fn what_is_not_the_operating_systems_stays_as_it_is() {
        let timed_out = io::Error::new(io::ErrorKind::TimedOut, "timed out");
        assert_eq!(cannot(|| "do it".to_owned())(timed_out).to_string(), "timed out");
        let would_block = io::Error::from(io::ErrorKind::WouldBlock);
        assert!(cannot(|| "do it".to_owned())(would_block).get_ref().is_none());
    }
}

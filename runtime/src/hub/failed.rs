//! Errors of the operating system's, with what was tried.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;

/// What an [`io::Error`] holds that says which operation the operating system refused.
///
/// It reads "cannot register the descriptor with the hub: No space left on device (os error 28)",
/// and its [source](Error::source) is the operating system's error as it came. The `io::Error`
/// around it has that error's [kind](io::Error::kind); its own `raw_os_error` is `None`, as for
/// every error of std's that holds another one: [`raw_os_error`] looks inside.
///
/// Every error that the operating system gives to green I/O is such one: of sockets, pipes, files,
/// processes, and of registering a descriptor. Only `WouldBlock` is as it comes, where it says that
/// a call would have to wait; and what this crate says of itself (`TimedOut` after a limit,
/// `ResourceBusy` for a second reader) never had a number.
#[derive(Debug)]
pub struct Refused {
    operation: Cow<'static, str>,
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

/// The operating system's number of an error, also where the error says [which operation](Refused)
/// it came from, or holds an `io::Error` in another way. Does not suspend.
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
    error.raw_os_error().or_else(|| {
        let inner: &(dyn Error + 'static) = error.get_ref()?;
        let mut chain =
            std::iter::successors(Some(inner), |error: &&(dyn Error + 'static)| (*error).source());
        chain.find_map(|error| raw_os_error(error.downcast_ref::<io::Error>()?))
    })
}

/// Says of an error of the operating system's what could not be done. Errors that are not its,
/// which say so themselves, and `WouldBlock` stay as they are.
///
/// Nothing is made of the name before there is an error.
pub(crate) fn cannot<O>(operation: impl FnOnce() -> O) -> impl FnOnce(io::Error) -> io::Error
where
    O: Into<Cow<'static, str>>,
{
    |error| if is_plain(&error) { refused(operation().into(), error) } else { error }
}

/// As [`cannot`], of what never waits: there `WouldBlock` says that something is scarce, and is
/// named as everything else.
pub(crate) fn cannot_now<O>(operation: impl FnOnce() -> O) -> impl FnOnce(io::Error) -> io::Error
where
    O: Into<Cow<'static, str>>,
{
    |error| if error.raw_os_error().is_some() { refused(operation().into(), error) } else { error }
}

/// Is it the operating system's, without an operation?
fn is_plain(error: &io::Error) -> bool {
    error.kind() != io::ErrorKind::WouldBlock && error.raw_os_error().is_some()
}

#[cold]
fn refused(operation: Cow<'static, str>, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), Refused { operation, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_could_not_be_done_and_keeps_kind_and_number() {
        let error = cannot(|| "do it")(io::Error::from_raw_os_error(1));
        let plain = io::Error::from_raw_os_error(1);
        assert_eq!(error.kind(), plain.kind());
        assert_eq!(error.to_string(), format!("cannot do it: {plain}"));
        assert_eq!(raw_os_error(&error), Some(1));
        assert_eq!(error.get_ref().unwrap().source().unwrap().to_string(), plain.to_string());
    }

    #[test]
    fn scarcity_that_looks_like_waiting_is_named_where_nothing_waits() {
        let again = || io::Error::from_raw_os_error(rustix::io::Errno::AGAIN.raw_os_error());
        assert!(cannot(|| "do it")(again()).get_ref().is_none());
        let error = cannot_now(|| "do it")(again());
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        assert!(error.to_string().starts_with("cannot do it: "), "{error}");
    }

    #[test]
    fn a_number_is_found_however_deep_it_is() {
        let inner = cannot(|| "do it")(io::Error::from_raw_os_error(1));
        assert_eq!(raw_os_error(&io::Error::other(inner)), Some(1));
        assert_eq!(raw_os_error(&io::Error::other("no number")), None);
    }

    #[test]
    fn what_is_not_the_operating_systems_stays_as_it_is() {
        let timed_out = io::Error::new(io::ErrorKind::TimedOut, "timed out");
        assert_eq!(cannot(|| "do it")(timed_out).to_string(), "timed out");
        let would_block = io::Error::from(io::ErrorKind::WouldBlock);
        assert!(cannot(|| "do it")(would_block).get_ref().is_none());
    }

    #[test]
    fn who_is_nearest_to_the_operating_system_names_the_operation() {
        let inner = cannot(|| "do it")(io::Error::from_raw_os_error(1));
        let error = cannot(|| "do all of it")(inner);
        assert!(error.to_string().starts_with("cannot do it: "), "{error}");
    }
}

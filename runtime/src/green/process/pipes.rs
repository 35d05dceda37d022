//! This process's ends of the pipes to and from a child.

use std::process;

use crate::green::io::Descriptor;

/// Writes to the standard input of a [`Child`](super::Child): std's `ChildStdin`.
///
/// A write suspends while the pipe is full. Dropping it closes the pipe: the child reads the end.
pub struct ChildStdin {
    descriptor: Descriptor,
}

/// Reads the standard output of a [`Child`](super::Child): std's `ChildStdout`.
///
/// A read suspends while the pipe is empty. The end comes when nobody has the pipe open for
/// writing: processes that the child has started may have.
pub struct ChildStdout {
    descriptor: Descriptor,
}

/// Reads the standard error of a [`Child`](super::Child): std's `ChildStderr`.
///
/// As [`ChildStdout`].
pub struct ChildStderr {
    descriptor: Descriptor,
}

end_of_pipe!(ChildStdin, process::ChildStdin, writes);
end_of_pipe!(ChildStdout, process::ChildStdout, reads);
end_of_pipe!(ChildStderr, process::ChildStderr, reads);

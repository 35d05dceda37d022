//! The settings that sockets have in common.

/// Timeouts, for a type with a field `socket`.
macro_rules! timeout_settings {
    ($type:ty) => {
        impl $type {
            /// How long one wait of a read may last; `None` is for ever.
            ///
            /// # Errors
            ///
            /// None; the result has std's type.
            pub fn read_timeout(&self) -> std::io::Result<Option<std::time::Duration>> {
                Ok(self.socket.timeout($crate::hub::sources::Direction::Read))
            }

            /// How long one wait of a write may last; `None` is for ever.
            ///
            /// # Errors
            ///
            /// None; the result has std's type.
            pub fn write_timeout(&self) -> std::io::Result<Option<std::time::Duration>> {
                Ok(self.socket.timeout($crate::hub::sources::Direction::Write))
            }

            /// Limits each wait of later reads: a read that gets nothing for so long gives `TimedOut`.
            ///
            /// The limit begins anew with each read, so `read_exact` can take longer as a whole; the way to limit that
            /// is [`with_timeout`](crate::with_timeout). It holds for all handles on this socket. eventlet's
            /// `settimeout`.
            ///
            /// # Errors
            ///
            /// `InvalidInput` for zero, as in std.
            pub fn set_read_timeout(&self, limit: Option<std::time::Duration>) -> std::io::Result<()> {
                self.socket.set_timeout($crate::hub::sources::Direction::Read, limit)
            }

            /// Limits each wait of later writes: a write that finds no room for so long gives `TimedOut`.
            ///
            /// As with [`set_read_timeout`](Self::set_read_timeout), each write has the whole limit.
            ///
            /// # Errors
            ///
            /// `InvalidInput` for zero, as in std.
            pub fn set_write_timeout(&self, limit: Option<std::time::Duration>) -> std::io::Result<()> {
                self.socket.set_timeout($crate::hub::sources::Direction::Write, limit)
            }
        }
    };
}

/// What every socket has, for a type with a field `socket`.
macro_rules! socket_settings {
    ($type:ident) => {
        impl $type {
            /// Says whether calls that would suspend give `WouldBlock` instead. It holds for all handles on this
            /// socket.
            ///
            /// # Errors
            ///
            /// None; the result has std's type.
            pub fn set_nonblocking(&self, nonblocking: bool) -> std::io::Result<()> {
                self.socket.set_nonblocking(nonblocking);
                Ok(())
            }

            /// Takes the error that the operating system keeps for this socket (`SO_ERROR`).
            ///
            /// # Errors
            ///
            /// Whatever the operating system says.
            pub fn take_error(&self) -> std::io::Result<Option<std::io::Error>> {
                self.socket.io().take_error()
            }
        }

        #[cfg(unix)]
        impl std::os::fd::AsFd for $type {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.socket.io().as_fd()
            }
        }

        #[cfg(unix)]
        impl std::os::fd::AsRawFd for $type {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.socket.io().as_raw_fd()
            }
        }

        #[cfg(windows)]
        impl std::os::windows::io::AsSocket for $type {
            fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
                self.socket.io().as_socket()
            }
        }

        #[cfg(windows)]
        impl std::os::windows::io::AsRawSocket for $type {
            fn as_raw_socket(&self) -> std::os::windows::io::RawSocket {
                self.socket.io().as_raw_socket()
            }
        }

        /// [`from_std`](Self::from_std) from a descriptor.
        ///
        /// # Panics
        ///
        /// If the operating system cannot make it non-blocking, which it can for every open socket.
        #[cfg(unix)]
        impl From<std::os::fd::OwnedFd> for $type {
            fn from(fd: std::os::fd::OwnedFd) -> Self {
                Self::from_std(fd.into()).expect("an open socket can be made non-blocking")
            }
        }
    };
}

/// What every stream has, for a type with a field `socket`.
macro_rules! stream_settings {
    ($type:ident) => {
        socket_settings!($type);
        timeout_settings!($type);

        impl $type {
            /// Ends a direction, or both, for all handles. Does not suspend.
            ///
            /// After `Shutdown::Write` the peer reads the end. Whoever waits in that direction is woken.
            ///
            /// # Errors
            ///
            /// `NotConnected` if the connection is gone. eventlet's `shutdown_safe` ignores that one.
            pub fn shutdown(&self, how: std::net::Shutdown) -> std::io::Result<()> {
                self.socket.io().shutdown(how)
            }
        }
    };
}

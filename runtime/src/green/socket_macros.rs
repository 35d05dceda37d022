//! What sockets have in common, written once: each macro is for a type with a field `socket`.

/// Handles, conversions, and the options that every socket has.
macro_rules! socket_handles {
    (counts $type:ident, counts_say_nothing) => {
        impl $type {
            fn look_what_it_is(&self) {}
        }
    };
    (counts $type:ident, counts_of_tcp) => {
        impl $type {
            fn look_what_it_is(&self) {
                self.socket.trust_counts_of_tcp();
            }
        }
    };
    (from_std $type:ident, $std:ty, listens) => {
        impl $type {
            /// Takes one of std's sockets.
            ///
            /// Others that share it, clones and children, find that it does not block, and it stays
            /// so: the processes that accept from one listener would otherwise block one another's
            /// hubs.
            ///
            /// # Errors
            ///
            /// The operating system's, of making it non-blocking.
            pub fn from_std(socket: $std) -> std::io::Result<$type> {
                Self::from_own(socket)
            }
        }
    };
    (from_std $type:ident, $std:ty, talks) => {
        impl $type {
            /// Takes one of std's sockets.
            ///
            /// Others that share it, clones and children, find that it does not block until it
            /// goes; if it did block when it came, it does so again then (Unix).
            ///
            /// # Errors
            ///
            /// The operating system's, of making it non-blocking.
            #[cfg(unix)]
            pub fn from_std(socket: $std) -> std::io::Result<$type> {
                let puts_back = $crate::hub::sources::taken::take(&socket)
                    .map_err($crate::hub::failed::cannot(|| "keep the socket from blocking"))?;
                let socket = Self::from_nonblocking(socket);
                if puts_back {
                    socket.socket.puts_back();
                }
                socket.look_what_it_is();
                Ok(socket)
            }

            /// Takes one of std's sockets.
            ///
            /// # Errors
            ///
            /// The operating system's, of making it non-blocking.
            #[cfg(not(unix))]
            pub fn from_std(socket: $std) -> std::io::Result<$type> {
                Self::from_own(socket)
            }
        }
    };
    ($type:ident, $std:ty, $counts:ident, $kind:ident) => {
        socket_handles!(counts $type, $counts);
        socket_handles!(from_std $type, $std, $kind);

        impl $type {
            /// Takes a socket that was made here.
            #[allow(dead_code, reason = "TCP connections are made without blocking")]
            fn from_own(socket: $std) -> std::io::Result<$type> {
                socket.set_nonblocking(true).map_err($crate::hub::failed::cannot(|| "keep the socket from blocking"))?;
                let socket = Self::from_nonblocking(socket);
                socket.look_what_it_is();
                Ok(socket)
            }

            /// Gives std's socket back, for another OS thread perhaps. It blocks, unless
            /// [`set_nonblocking`](Self::set_nonblocking) was on.
            ///
            /// # Errors
            ///
            /// `ResourceBusy` if there are other handles on it; the operating system's, of making
            /// it blocking.
            pub fn into_std(self) -> std::io::Result<$std> {
                let nonblocking = self.socket.is_nonblocking();
                let socket = self.socket.into_io()?;
                socket.set_nonblocking(nonblocking).map_err($crate::hub::failed::cannot(|| "let the socket block"))?;
                Ok(socket)
            }

            fn from_nonblocking(socket: $std) -> $type {
                $type { socket: $crate::green::socket::Socket::new(socket) }
            }

            #[allow(dead_code, reason = "for the sockets that can be polled")]
            pub(in crate::green) fn socket(&self) -> &$crate::green::socket::Socket<$std> {
                &self.socket
            }

            /// Gives the descriptor away: this one, or if there are other handles on it, another of
            /// the same socket.
            #[cfg(unix)]
            fn release(self) -> std::io::Result<std::os::fd::OwnedFd> {
                let nonblocking = self.socket.is_nonblocking();
                let socket = match self.socket.try_into_io() {
                    Ok(socket) => {
                        socket.set_nonblocking(nonblocking).map_err($crate::hub::failed::cannot(|| "let the socket block"))?;
                        socket
                    }
                    // It stays as it is: what blocks for one blocks for all.
                    Err(socket) => socket.io().try_clone().map_err($crate::hub::failed::cannot(|| "duplicate the socket"))?,
                };
                Ok(socket.into())
            }

            /// Another handle on the socket. Does not suspend, and never fails.
            ///
            /// Both share everything: the descriptor, the timeouts, the mode, and the rule of one
            /// reader and one writer. The socket is closed with the last of them. (In std the
            /// handles are two descriptors.)
            ///
            /// # Errors
            ///
            /// None; the result has std's type.
            pub fn try_clone(&self) -> std::io::Result<$type> {
                Ok($type { socket: self.socket.clone() })
            }

            /// Says whether calls that would suspend give `WouldBlock` instead. It holds for all
            /// handles on this socket.
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
                self.socket.io().take_error().map_err($crate::hub::failed::cannot(|| "ask for the socket's error"))
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.socket.io().fmt(f)
            }
        }

        impl TryFrom<$type> for $std {
            type Error = std::io::Error;

            /// As `into_std`.
            fn try_from(socket: $type) -> std::io::Result<$std> {
                socket.into_std()
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

        /// As `from_std`.
        ///
        /// # Panics
        ///
        /// If the operating system cannot make it non-blocking, which it can for every open socket.
        impl From<$std> for $type {
            fn from(socket: $std) -> Self {
                Self::from_std(socket).expect("an open socket can be made non-blocking")
            }
        }

        /// As `from_std`.
        ///
        /// # Panics
        ///
        /// If the operating system cannot make it non-blocking, which it can for every open socket.
        #[cfg(unix)]
        impl From<std::os::fd::OwnedFd> for $type {
            fn from(fd: std::os::fd::OwnedFd) -> Self {
                Self::from(<$std>::from(fd))
            }
        }

        /// As `into_std`, and never refused: if there are other handles on the socket this is
        /// another descriptor of it, as all of std's handles are, and since those go on, it does
        /// not block.
        ///
        /// # Panics
        ///
        /// If there are other handles, and too many descriptors are open.
        #[cfg(unix)]
        impl From<$type> for std::os::fd::OwnedFd {
            fn from(socket: $type) -> std::os::fd::OwnedFd {
                socket.release().expect("an open socket gives its descriptor, unless there are too many")
            }
        }

        raw_descriptor!($type, |fd| Self::from(fd), |socket| std::os::fd::OwnedFd::from(socket));
    };
}

/// The raw descriptor as a value, in both directions, by way of an `OwnedFd`.
macro_rules! raw_descriptor {
    ($type:ident, |$fd:ident| $from:expr, |$it:ident| $into:expr) => {
        /// As the conversion into an `OwnedFd`.
        ///
        /// # Panics
        ///
        /// Where that panics, or has an error.
        #[cfg(unix)]
        impl std::os::fd::IntoRawFd for $type {
            fn into_raw_fd(self) -> std::os::fd::RawFd {
                let $it = self;
                $into.into_raw_fd()
            }
        }

        /// As the conversion from an `OwnedFd`.
        ///
        /// # Panics
        ///
        /// Where that panics, or has an error.
        #[cfg(unix)]
        impl std::os::fd::FromRawFd for $type {
            #[expect(unsafe_code, reason = "the trait's method is unsafe, and so is what it is made of")]
            unsafe fn from_raw_fd(fd: std::os::fd::RawFd) -> Self {
                // SAFETY: the precondition of this method, which is the trait's, is that of
                // `OwnedFd::from_raw_fd`: `fd` is open, owned by nobody else, and needs nothing but
                // `close`.
                let $fd = unsafe { std::os::fd::OwnedFd::from_raw_fd(fd) };
                $from
            }
        }
    };
}

/// Timeouts.
macro_rules! socket_timeouts {
    ($type:ident) => {
        impl $type {
            /// How long one wait of a read may last; `None` is for ever.
            ///
            /// # Errors
            ///
            /// None; the result has std's type.
            #[doc(alias = "gettimeout")]
            pub fn read_timeout(&self) -> std::io::Result<Option<std::time::Duration>> {
                Ok(self.socket.timeout($crate::hub::sources::Direction::Read))
            }

            /// How long one wait of a write may last; `None` is for ever.
            ///
            /// # Errors
            ///
            /// None; the result has std's type.
            #[doc(alias = "gettimeout")]
            pub fn write_timeout(&self) -> std::io::Result<Option<std::time::Duration>> {
                Ok(self.socket.timeout($crate::hub::sources::Direction::Write))
            }

            /// Limits each wait of later reads: a read that gets nothing for so long gives
            /// `TimedOut`. The time begins when the hub next looks outside: it may be a turn more,
            /// and is never less.
            ///
            /// The limit begins anew with each read, so `read_exact` can take longer as a whole;
            /// the way to limit that is [`with_timeout`](crate::with_timeout). It holds for all
            /// handles on this socket. eventlet's `settimeout`.
            ///
            /// # Errors
            ///
            /// `InvalidInput` for zero, as in std.
            #[doc(alias = "settimeout")]
            pub fn set_read_timeout(&self, limit: Option<std::time::Duration>) -> std::io::Result<()> {
                self.socket.set_timeout($crate::hub::sources::Direction::Read, limit)
            }

            /// Limits each wait of later writes: a write that finds no room for so long gives
            /// `TimedOut`.
            ///
            /// As with [`set_read_timeout`](Self::set_read_timeout), each write has the whole
            /// limit, and it may be a turn more.
            ///
            /// # Errors
            ///
            /// `InvalidInput` for zero, as in std.
            #[doc(alias = "settimeout")]
            pub fn set_write_timeout(&self, limit: Option<std::time::Duration>) -> std::io::Result<()> {
                self.socket.set_timeout($crate::hub::sources::Direction::Write, limit)
            }
        }
    };
}

/// A stream of bytes: two directions that can be split, ended and closed; readers and writers.
macro_rules! byte_stream {
    ($type:ident) => {
        byte_stream!(io $type);
        byte_stream!(io &$type);

        impl $type {
            /// Borrows the connection as its two directions.
            pub fn split(&mut self) -> ($crate::green::net::ReadHalf<'_, $type>, $crate::green::net::WriteHalf<'_, $type>) {
                $crate::green::net::halves::split(self)
            }

            /// Takes the connection apart into its two directions, for two green threads. Dropping
            /// the writing half ends that direction.
            ///
            /// [`reunite`](crate::green::net::OwnedReadHalf::reunite) puts it together again.
            pub fn into_split(
                self,
            ) -> ($crate::green::net::OwnedReadHalf<$type>, $crate::green::net::OwnedWriteHalf<$type>) {
                $crate::green::net::halves::into_split(self)
            }

            /// Ends a direction, or both, for all handles. Does not suspend.
            ///
            /// After `Shutdown::Write` the peer reads the end. Whoever waits in that direction is
            /// woken.
            ///
            /// # Errors
            ///
            /// `NotConnected` if the connection is gone. (eventlet's `shutdown_safe` ignores that
            /// one.)
            pub fn shutdown(&self, how: std::net::Shutdown) -> std::io::Result<()> {
                self.socket.io().shutdown(how).map_err($crate::hub::failed::cannot(|| "shut the connection down"))
            }

            /// Closes the connection for all its handles. Does not suspend.
            ///
            /// Every green thread that waits for it is woken with an error (`NotConnected`), and
            /// every later read or write gives that error. The peer reads the end; the descriptor
            /// is free when the last handle is dropped. (In eventlet a waiting reader sleeps on for
            /// ever; in gevent it is woken, too.)
            pub fn close(&self) {
                self.socket.close();
                // It fails when the connection is gone, and then there is nothing to end.
                let _ = self.shutdown(std::net::Shutdown::Both);
            }
        }

        impl $crate::green::net::SplitStream for $type {}

        impl $crate::green::net::halves::private::Stream for $type {
            fn another(&self) -> Self {
                $type { socket: self.socket.clone() }
            }

            fn is_same(&self, other: &Self) -> bool {
                self.socket.is_same(&other.socket)
            }

            fn shut(&self, how: std::net::Shutdown) -> std::io::Result<()> {
                self.shutdown(how)
            }
        }
    };
    (io $type:ty) => {
        impl $crate::green::io::Read for $type {
            // What `#[green]` would write has a state machine of its own around these, which is
            // half as large again and keeps every argument twice.
            #[inline]
            #[$crate::green(by_hand = "it hands another call on")]
            fn read(&mut self, buf: &mut [u8]) -> $crate::Green<impl Future<Output = std::io::Result<usize>>> {
                self.socket.read(buf)
            }

            #[inline]
            #[$crate::green(by_hand = "it hands another call on")]
            fn read_vectored(
                &mut self,
                bufs: &mut [std::io::IoSliceMut<'_>],
            ) -> $crate::Green<impl Future<Output = std::io::Result<usize>>> {
                self.socket.read_vectored(bufs)
            }
        }

        impl $crate::green::io::Write for $type {
            #[inline]
            #[$crate::green(by_hand = "it hands another call on")]
            fn write(&mut self, buf: &[u8]) -> $crate::Green<impl Future<Output = std::io::Result<usize>>> {
                self.socket.write(buf)
            }

            #[inline]
            #[$crate::green(by_hand = "it hands another call on")]
            fn write_all(&mut self, buf: &[u8]) -> $crate::Green<impl Future<Output = std::io::Result<()>>> {
                self.socket.write_all(buf)
            }

            #[inline]
            #[$crate::green(by_hand = "it hands another call on")]
            fn write_vectored(
                &mut self,
                bufs: &[std::io::IoSlice<'_>],
            ) -> $crate::Green<impl Future<Output = std::io::Result<usize>>> {
                self.socket.write_vectored(bufs)
            }

            /// There is no buffer here: nothing happens.
            #[$crate::green(crate = crate)]
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
    };
}

/// How much the operating system keeps for a socket.
macro_rules! socket_buffers {
    ($type:ident) => {
        socket2_options! { $type:
            /// How many bytes may have arrived and not been read (`SO_RCVBUF`). Linux reads twice
            /// what was set.
            recv_buffer_size = recv_buffer_size, set_recv_buffer_size = set_recv_buffer_size: usize;
            /// How many bytes may have been written and not been sent (`SO_SNDBUF`). Linux reads
            /// twice what was set.
            send_buffer_size = send_buffer_size, set_send_buffer_size = set_send_buffer_size: usize;
        }
    };
}

/// Settings of the operating system's that are read and set through socket2, as a list of them.
macro_rules! socket2_options {
    ($type:ident: $($(#[doc = $doc:literal])* $get:ident = $theirs:ident, $set:ident = $set_theirs:ident: $value:ty;)*) => {
        impl $type {
            $(
                $(#[doc = $doc])*
                ///
                /// # Errors
                ///
                /// Whatever the operating system says.
                pub fn $get(&self) -> std::io::Result<$value> {
                    let read = socket2::SockRef::from(self.socket.io()).$theirs();
                    read.map_err($crate::hub::failed::cannot(|| concat!("read `", stringify!($get), "`")))
                }

                /// Sets what
                #[doc = concat!("[`", stringify!($get), "`](Self::", stringify!($get), ")")]
                /// reads.
                ///
                /// # Errors
                ///
                /// Whatever the operating system says.
                pub fn $set(&self, value: $value) -> std::io::Result<()> {
                    let set = socket2::SockRef::from(self.socket.io()).$set_theirs(value);
                    set.map_err($crate::hub::failed::cannot(|| concat!("set `", stringify!($get), "`")))
                }
            )*
        }
    };
}

/// How urgent the packets of a socket are.
macro_rules! socket_tos {
    ($type:ident) => {
        #[cfg(not(any(
            target_os = "fuchsia",
            target_os = "redox",
            target_os = "solaris",
            target_os = "haiku"
        )))]
        socket2_options! { $type:
            /// The mark on IPv4 packets that says how urgent they are (`IP_TOS`).
            tos_v4 = tos_v4, set_tos_v4 = set_tos_v4: u32;
        }

        #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "macos"))]
        socket2_options! { $type:
            /// The mark on IPv6 packets that says how urgent they are (`IPV6_TCLASS`).
            tclass_v6 = tclass_v6, set_tclass_v6 = set_tclass_v6: u32;
        }
    };
}

/// Settings of the operating system's that are read and set through std, as a list of them.
macro_rules! socket_options {
    ($type:ident: $($(#[doc = $doc:literal])* $get:ident, $set:ident: $value:ty;)*) => {
        impl $type {
            $(
                $(#[doc = $doc])*
                ///
                /// # Errors
                ///
                /// Whatever the operating system says.
                pub fn $get(&self) -> std::io::Result<$value> {
                    self.socket.io().$get().map_err($crate::hub::failed::cannot(|| concat!("read `", stringify!($get), "`")))
                }

                /// Sets what
                #[doc = concat!("[`", stringify!($get), "`](Self::", stringify!($get), ")")]
                /// reads.
                ///
                /// # Errors
                ///
                /// Whatever the operating system says.
                pub fn $set(&self, value: $value) -> std::io::Result<()> {
                    self.socket.io().$set(value).map_err($crate::hub::failed::cannot(|| concat!("set `", stringify!($get), "`")))
                }
            )*
        }
    };
}

//! What commands and replies go over.

use std::io;
use std::mem::MaybeUninit;
use std::net::Shutdown;

use eventlet::green;
use eventlet::green::io::{Read, Write};
use eventlet::green::net::TcpStream;
#[cfg(unix)]
use eventlet::green::os::unix::net::UnixStream;
#[cfg(feature = "tls")]
use eventlet::tls::TlsStream;
use socket2::SockRef;

#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    #[cfg(feature = "tls")]
    Tls(TlsStream),
}

impl Stream {
    /// At least one byte, or the error that the server has gone away.
    #[green]
    pub(crate) fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let count = match self {
            Stream::Tcp(stream) => (&*stream).read(buf)?,
            #[cfg(unix)]
            Stream::Unix(stream) => (&*stream).read(buf)?,
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => (&*stream).read(buf)?,
        };
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server has closed the connection"));
        }
        Ok(count)
    }

    #[green]
    pub(crate) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => (&*stream).write_all(bytes),
            #[cfg(unix)]
            Stream::Unix(stream) => (&*stream).write_all(bytes),
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => (&*stream).write_all(bytes),
        }
    }

    /// Does nothing wait to be read, not even the end? A server that says something while nobody
    /// has asked it anything says farewell.
    pub(crate) fn is_silent(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        let peeked = match self {
            Stream::Tcp(stream) => SockRef::from(stream).peek(&mut byte),
            #[cfg(unix)]
            Stream::Unix(stream) => SockRef::from(stream).peek(&mut byte),
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => SockRef::from(stream.get_ref()).peek(&mut byte),
        };
        peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Ends it for whoever waits for it.
    pub(crate) fn close(&self) {
        // One that has ended is as good.
        let _ = match self {
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Both),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.shutdown(Shutdown::Both),
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => stream.get_ref().shutdown(Shutdown::Both),
        };
    }
}

//! `Read` and `Write` for what is a socket with a stream of bytes.

/// Implements [`Read`](crate::green::io::Read) and [`Write`](crate::green::io::Write) for a type with a field `socket`,
/// and for a reference to it.
macro_rules! stream_io {
    ($type:ty) => {
        $crate::green::net::stream_io!(both $type);
        $crate::green::net::stream_io!(both &$type);
    };
    (both $type:ty) => {
        impl $crate::green::io::Read for $type {
            #[$crate::green(crate = crate)]
            fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
                self.socket.read(buf)
            }

            #[$crate::green(crate = crate)]
            fn read_vectored(&mut self, bufs: &mut [std::io::IoSliceMut<'_>]) -> std::io::Result<usize> {
                self.socket.read_vectored(bufs)
            }
        }

        impl $crate::green::io::Write for $type {
            #[$crate::green(crate = crate)]
            fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
                self.socket.write(buf)
            }

            #[$crate::green(crate = crate)]
            fn write_vectored(&mut self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
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

pub(in crate::green) use stream_io;

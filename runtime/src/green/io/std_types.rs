//! Types of std that never block, as readers and writers that never suspend.

use std::collections::VecDeque;

use super::{BufRead, Cursor, Empty, IoSlice, IoSliceMut, Read, Repeat, Result, Seek, SeekFrom, Sink, Write};
use crate::green;

macro_rules! never_suspends {
    ($(read [$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> Read for $type {
            #[green(crate = crate)]
            fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
                std::io::Read::read(self, buf)
            }

            #[green(crate = crate)]
            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
                std::io::Read::read_vectored(self, bufs)
            }
        }
    )*};
    ($(buf_read [$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> BufRead for $type {
            #[green(crate = crate)]
            fn fill_buf(&mut self) -> Result<&[u8]> {
                std::io::BufRead::fill_buf(self)
            }

            fn consume(&mut self, amount: usize) {
                std::io::BufRead::consume(self, amount);
            }
        }
    )*};
    ($(write [$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> Write for $type {
            #[green(crate = crate)]
            fn write(&mut self, buf: &[u8]) -> Result<usize> {
                std::io::Write::write(self, buf)
            }

            #[green(crate = crate)]
            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize> {
                std::io::Write::write_vectored(self, bufs)
            }

            #[green(crate = crate)]
            fn flush(&mut self) -> Result<()> {
                std::io::Write::flush(self)
            }
        }
    )*};
    ($(seek [$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> Seek for $type {
            #[green(crate = crate)]
            fn seek(&mut self, to: SeekFrom) -> Result<u64> {
                std::io::Seek::seek(self, to)
            }
        }
    )*};
}

never_suspends! {
    read [] &[u8];
    read [T: AsRef<[u8]>] Cursor<T>;
    read [] VecDeque<u8>;
    read [] Empty;
    read [] Repeat;
}

never_suspends! {
    buf_read [] &[u8];
    buf_read [T: AsRef<[u8]>] Cursor<T>;
    buf_read [] VecDeque<u8>;
    buf_read [] Empty;
}

never_suspends! {
    write [] &mut [u8];
    write [] Vec<u8>;
    write [] VecDeque<u8>;
    write [] Cursor<&mut [u8]>;
    write [] Cursor<&mut Vec<u8>>;
    write [] Cursor<Vec<u8>>;
    write [] Cursor<Box<[u8]>>;
    write [const N: usize] Cursor<[u8; N]>;
    write [] Empty;
    write [] Sink;
}

never_suspends! {
    seek [T: AsRef<[u8]>] Cursor<T>;
    seek [] Empty;
}

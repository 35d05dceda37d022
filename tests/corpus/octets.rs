//! Bytes.

use bytes::{Buf, BufMut, Bytes, BytesMut};

crate::pairs! {
    fn frame(payload: &[u8]) -> Bytes {
        let mut out = BytesMut::with_capacity(payload.len() + 5);
        out.put_u8(1);
        out.put_u32(payload.len() as u32);
        out.extend_from_slice(payload);
        out.freeze()
    }
    with (b"hello"), (b"");

    fn unframe(mut data: Bytes) -> Result<(u8, Bytes, usize), &'static str> {
        if data.remaining() < 5 { return Err("short") }
        let version = data.get_u8();
        let len = data.get_u32() as usize;
        if data.len() < len { return Err("incomplete") }
        let payload = data.split_to(len);
        Ok((version, payload, data.len()))
    }
    with (Bytes::from_static(b"\x01\0\0\0\x02abc")), (Bytes::from_static(b"\x01\0\0\0\x09abc")), (Bytes::new());

    fn framed_twice(payload: &[u8]) -> Option<Bytes> {
        let outer = frame(&frame(payload));
        let (_, inner, rest) = unframe(outer).ok()?;
        debug_assert_eq!(rest, 0);
        unframe(inner).ok().map(|(_, payload, _)| payload)
    }
    with (b"xyz");

    fn varint(mut n: u64) -> Vec<u8> {
        let mut out = vec![];
        loop {
            let byte = (n & 0x7f) as u8;
            n >>= 7;
            out.put_u8(if n == 0 { byte } else { byte | 0x80 });
            if n == 0 { break out }
        }
    }
    with (0), (300), (u64::MAX);

    fn unvarint(mut data: &[u8]) -> Option<u64> {
        let (mut n, mut shift) = (0, 0);
        while data.has_remaining() {
            let byte = data.get_u8();
            n |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 { return (!data.has_remaining()).then_some(n) }
            shift += 7;
        }
        None
    }
    with (&[0xac, 0x02]), (&[0x80]), (&[]);

    fn hex(data: &[u8]) -> String { data.iter().fold(String::new(), |s, b| s + &format!("{b:02X}")) }
    with (b"\x00\xff");

    fn unhex(text: &str) -> Result<Vec<u8>, std::num::ParseIntError> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..(i + 2).min(text.len())], 16)).collect()
    }
    with ("00ff"), ("0x"), ("abc");

    fn base64(data: &[u8]) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for chunk in data.chunks(3) {
            let n = chunk.iter().fold(0u32, |n, &b| n << 8 | u32::from(b)) << (8 * (3 - chunk.len()));
            for i in 0..4 {
                out.push(if i <= chunk.len() { ALPHABET[(n >> (18 - 6 * i) & 63) as usize].into() } else { '=' });
            }
        }
        out
    }
    with (b"Man"), (b"Ma"), (b"M"), (b"");

    fn adler(data: &[u8]) -> u32 {
        let (mut a, mut b) = (1u32, 0u32);
        for &byte in data { a = (a + u32::from(byte)) % 65521; b = (b + a) % 65521; }
        b << 16 | a
    }
    with (b"Wikipedia"), (b"");

    fn chained(a: &'static [u8], b: &'static [u8]) -> (usize, Vec<u8>, u16) {
        let mut chain = a.chain(b);
        let n = chain.remaining();
        let first = chain.get_u16_le();
        let mut rest = vec![0; chain.remaining()];
        chain.copy_to_slice(&mut rest);
        (n, rest, first)
    }
    with (b"ab", b"cd"), (b"a", b"");
}

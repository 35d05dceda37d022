//! std's `io`.

use super::std;

use std::io::{
    self, BufRead, BufReader, BufWriter, Cursor, ErrorKind, LineWriter, Read, Seek, SeekFrom, Write, pipe,
};

same! {
    #[test]
    fn a_reader_is_read_by_lines_and_parts() {
        let mut reader = BufReader::with_capacity(4, "one\ntwo\r\nthree;four".as_bytes());
        let mut line = String::new();
        assert_eq!(reader.read_line(&mut line).unwrap(), 4);
        assert_eq!(line, "one\n");
        let mut part = vec![];
        assert_eq!(reader.read_until(b';', &mut part).unwrap(), 11);
        assert_eq!(part, b"two\r\nthree;");
        assert_eq!(reader.fill_buf().unwrap(), b"f", "three bytes of a buffer of four were taken");
        reader.consume(1);
        line.clear();
        reader.read_to_string(&mut line).unwrap();
        assert_eq!(line, "our");
        assert_eq!(reader.read_line(&mut line).unwrap(), 0);
        let mut lines = vec![];
        for line in "a\r\n\nb".as_bytes().lines() {
            lines.push(line.unwrap());
        }
        assert_eq!(lines, ["a", "", "b"]);
        let mut parts = vec![];
        for part in BufReader::new("a,b,".as_bytes()).split(b',') {
            parts.push(part.unwrap());
        }
        assert_eq!(parts, [b"a", b"b"]);
    }

    #[test]
    fn readers_are_put_together_and_cut_off() {
        let mut text = String::new();
        let mut reader = "ab".as_bytes().chain("cdef".as_bytes()).take(4);
        assert_eq!(reader.read_to_string(&mut text).unwrap(), 4);
        assert_eq!((text.as_str(), reader.limit()), ("abcd", 0));
        let mut bytes = vec![];
        for byte in "xy".as_bytes().bytes() {
            bytes.push(byte.unwrap());
        }
        assert_eq!(bytes, b"xy");
        let mut out = vec![];
        assert_eq!(io::copy(&mut "copied".as_bytes(), &mut out).unwrap(), 6);
        assert_eq!(out, b"copied");
        assert_eq!(io::read_to_string("whole".as_bytes()).unwrap(), "whole");
        let invalid = io::read_to_string(&[0xff_u8][..]).unwrap_err();
        assert_eq!(invalid.kind(), ErrorKind::InvalidData);
        assert_eq!("a".as_bytes().read_exact(&mut [0; 2]).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_writer_is_buffered_until_it_is_flushed_or_a_line_ends() {
        let mut writer = BufWriter::with_capacity(8, Vec::new());
        writer.write_all(b"abc").unwrap();
        write!(writer, "{}", 12).unwrap();
        assert_eq!((writer.buffer(), writer.get_ref().len()), (&b"abc12"[..], 0));
        writer.flush().unwrap();
        assert_eq!(writer.get_ref(), b"abc12");
        writer.write_all(b"d").unwrap();
        assert_eq!(writer.into_inner().unwrap(), b"abc12d");
        let mut writer = LineWriter::new(Vec::new());
        writer.write_all(b"one\ntw").unwrap();
        assert_eq!(writer.get_ref(), b"one\n");
        let mut full = [0; 2];
        assert_eq!((&mut full[..]).write_all(b"abc").unwrap_err().kind(), ErrorKind::WriteZero);
    }

    #[test]
    fn a_cursor_is_sought() {
        let mut cursor = Cursor::new(b"0123456789".to_vec());
        assert_eq!(cursor.seek(SeekFrom::End(-3)).unwrap(), 7);
        let mut bytes = [0; 2];
        cursor.read_exact(&mut bytes).unwrap();
        assert_eq!((&bytes, cursor.stream_position().unwrap()), (b"78", 9));
        cursor.rewind().unwrap();
        assert_eq!(cursor.seek(SeekFrom::Current(-1)).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_pipe_ends_when_its_writers_are_gone() {
        let (mut reader, mut writer) = pipe().unwrap();
        writer.write_all(b"piped").unwrap();
        let mut other = writer.try_clone().unwrap();
        drop(writer);
        other.write_all(b" twice").unwrap();
        drop(other);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "piped twice");
        let (reader, mut writer) = pipe().unwrap();
        drop(reader);
        assert_eq!(writer.write_all(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_buffered_reader_is_sought_and_its_buffer_is_what_it_has_read_ahead() {
        let mut reader = BufReader::with_capacity(8, Cursor::new(b"0123456789abcdef".to_vec()));
        let mut bytes = [0; 2];
        reader.read_exact(&mut bytes).unwrap();
        assert_eq!((reader.buffer(), reader.capacity()), (&b"234567"[..], 8));
        reader.seek_relative(3).unwrap();
        reader.read_exact(&mut bytes).unwrap();
        assert_eq!((&bytes, reader.stream_position().unwrap()), (b"56", 7));
        assert_eq!(reader.seek(SeekFrom::Current(4)).unwrap(), 11);
        assert_eq!(reader.buffer(), b"");
        let mut rest = String::new();
        reader.by_ref().take(3).read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "bcd");
        assert_eq!(reader.into_inner().into_inner().len(), 16);
    }

    #[test]
    fn a_buffered_writer_that_cannot_write_keeps_what_it_has() {
        let mut writer = BufWriter::new(Cursor::new([0; 4]));
        writer.write_all(b"abcdef").unwrap();
        let error = writer.into_inner().unwrap_err();
        assert_eq!(error.error().kind(), ErrorKind::WriteZero);
        let (writer, left) = error.into_inner().into_parts();
        assert_eq!((writer.into_inner(), left.unwrap()), (*b"abcd", b"ef".to_vec()));
        let mut seeks = BufWriter::new(Cursor::new(Vec::new()));
        seeks.write_all(b"abc").unwrap();
        assert_eq!(seeks.seek(SeekFrom::Start(1)).unwrap(), 1, "what is in the buffer goes first");
        seeks.write_all(b"X").unwrap();
        assert_eq!(seeks.into_inner().unwrap().into_inner(), b"aXc");
    }

    #[test]
    fn what_never_ends_and_what_is_empty_read_and_write_as_told() {
        let mut bytes = [0; 3];
        io::repeat(7).read_exact(&mut bytes).unwrap();
        assert_eq!((bytes, io::empty().read(&mut bytes).unwrap()), ([7; 3], 0));
        assert_eq!(io::copy(&mut io::repeat(1).take(10_000), &mut io::sink()).unwrap(), 10_000);
        let mut lines = Cursor::new("no end").lines();
        assert_eq!((lines.next().unwrap().unwrap(), lines.next().is_none()), ("no end".to_owned(), true));
    }
}

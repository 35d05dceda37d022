//! Readers and writers: the provided methods against std's own, buffers, and what an early end leaves.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use eventlet::green::io::{
    self, BufRead, BufReader, BufWriter, Cursor, DynBufRead, DynRead, DynSeek, DynWrite, ErrorKind, IoSlice,
    IoSliceMut, LineWriter, Read, Seek, SeekFrom, Write,
};
use eventlet::{green, sleep, with_timeout};
use eventlet_tests::{give_way, ms, value_after};

/// Gives its bytes in pieces of these lengths, one after the other, each after a while. A length of zero is an
/// interruption.
struct Trickle {
    bytes: VecDeque<u8>,
    lengths: Vec<usize>,
    next: usize,
}

impl Trickle {
    fn new(bytes: &[u8], lengths: &[usize]) -> Self {
        Trickle { bytes: bytes.iter().copied().collect(), lengths: lengths.to_vec(), next: 0 }
    }
}

impl Read for Trickle {
    #[green]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let length = self.lengths[self.next % self.lengths.len()];
        self.next += 1;
        if length == 0 {
            return Err(ErrorKind::Interrupted.into());
        }
        sleep(ms(10));
        let length = length.min(buf.len());
        std::io::Read::read(&mut self.bytes, &mut buf[..length])
    }
}

/// Takes at most so many bytes at a time, and keeps a record of each call.
#[derive(Clone, Debug)]
struct Record {
    most: usize,
    calls: Rc<RefCell<Vec<String>>>,
}

impl Record {
    fn new(most: usize) -> Self {
        Record { most, calls: Rc::default() }
    }

    fn take(&self, what: &[u8]) -> usize {
        let count = what.len().min(self.most);
        self.calls.borrow_mut().push(String::from_utf8_lossy(&what[..count]).into_owned());
        count
    }

    fn calls(&self) -> Vec<String> {
        self.calls.take()
    }
}

impl Write for Record {
    #[green]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        sleep(ms(1));
        Ok(self.take(buf))
    }

    #[green]
    fn flush(&mut self) -> io::Result<()> {
        self.calls.borrow_mut().push("(flush)".to_owned());
        Ok(())
    }
}

impl std::io::Write for Record {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        Ok(self.take(buf))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.calls.borrow_mut().push("(flush)".to_owned());
        Ok(())
    }
}

/// A reader with a buffer that has no place for what is given back.
struct Forgetful<R>(R);

impl<R: Read> Read for Forgetful<R> {
    #[green]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl<R: BufRead> BufRead for Forgetful<R> {
    #[green]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

/// A display that gives up in the middle.
struct Fails;

impl std::fmt::Display for Fails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a beginning")?;
        Err(std::fmt::Error)
    }
}

const TEXT: &str = "first line\nsecond, longer line\r\n\nänother öne\nthe last has no end";
const PIECES: [&[usize]; 5] = [&[1], &[2, 0, 3], &[7], &[0, 1, 100], &[1000]];

#[eventlet::test]
fn everything_up_to_the_end_is_read() {
    for pieces in PIECES {
        let mut bytes = b"before ".to_vec();
        let mut reader = Trickle::new(TEXT.as_bytes(), pieces);
        assert_eq!(reader.read_to_end(&mut bytes).unwrap(), TEXT.len());
        assert_eq!(bytes, ["before ", TEXT].concat().as_bytes());
        let mut text = "before ".to_owned();
        let mut reader = Trickle::new(TEXT.as_bytes(), pieces);
        assert_eq!(reader.read_to_string(&mut text).unwrap(), TEXT.len());
        assert_eq!(text, ["before ", TEXT].concat());
        assert_eq!(io::read_to_string(Trickle::new(TEXT.as_bytes(), pieces)).unwrap(), TEXT);
    }
}

#[eventlet::test]
fn exactly_so_much_is_read() {
    for pieces in PIECES {
        let mut reader = Trickle::new(TEXT.as_bytes(), pieces);
        let mut buf = [0; 20];
        reader.read_exact(&mut buf).unwrap();
        assert_eq!(buf, TEXT.as_bytes()[..20]);
        let mut too_much = vec![0; TEXT.len()];
        let error = reader.read_exact(&mut too_much).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(error.to_string(), "failed to fill whole buffer");
    }
}

#[eventlet::test]
fn lines_and_parts_are_those_of_std() {
    let lines: Vec<String> = std::io::BufRead::lines(TEXT.as_bytes()).map(Result::unwrap).collect();
    let parts: Vec<Vec<u8>> = std::io::BufRead::split(TEXT.as_bytes(), b'e').map(Result::unwrap).collect();
    for pieces in PIECES {
        for capacity in [1, 3, 4096] {
            let reader = || BufReader::with_capacity(capacity, Trickle::new(TEXT.as_bytes(), pieces));
            let mut seen = vec![];
            for line in reader().lines() {
                seen.push(line.unwrap());
            }
            assert_eq!(seen, lines);
            let mut seen = vec![];
            for part in BufRead::split(reader(), b'e') {
                seen.push(part.unwrap());
            }
            assert_eq!(seen, parts);
            let mut reader = reader();
            assert_eq!(reader.skip_until(b'\n').unwrap(), 11);
            let mut line = String::new();
            assert_eq!(reader.read_line(&mut line).unwrap(), 21);
            assert_eq!(line, "second, longer line\r\n");
        }
    }
}

#[eventlet::test]
fn bytes_chain_and_take_are_those_of_std() {
    let expected: Vec<u8> = {
        let chain = std::io::Read::chain("abc".as_bytes(), "defgh".as_bytes());
        std::io::Read::bytes(std::io::Read::take(chain, 6)).map(Result::unwrap).collect()
    };
    let mut seen = vec![];
    let mut first = Trickle::new(b"abc", &[0, 2]);
    for byte in first.by_ref().chain(Trickle::new(b"defgh", &[4])).take(6).bytes() {
        seen.push(byte.unwrap());
    }
    assert_eq!(seen, expected);

    let mut chain = Read::chain("ab\nc".as_bytes(), "d\nef".as_bytes());
    let mut line = String::new();
    assert_eq!(BufRead::read_line(&mut chain, &mut line).unwrap(), 3);
    line.clear();
    // As in std, a line does not go on from one reader to the next by itself: the bytes do.
    BufRead::read_line(&mut chain, &mut line).unwrap();
    assert_eq!(line, "cd\n");

    let mut take = Read::take("abcdef".as_bytes(), 4);
    assert_eq!(BufRead::fill_buf(&mut take).unwrap(), b"abcd");
    BufRead::consume(&mut take, 3);
    assert_eq!(take.limit(), 1);
    let mut rest = String::new();
    Read::read_to_string(&mut take, &mut rest).unwrap();
    assert_eq!((rest.as_str(), take.into_inner()), ("d", &b"ef"[..]));
}

#[eventlet::test]
fn what_is_no_text_is_refused_and_leaves_the_string_as_it_was() {
    let mut text = "before".to_owned();
    let error = Trickle::new(b"ok \xff", &[1]).read_to_string(&mut text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(error.to_string(), "stream did not contain valid UTF-8");
    assert_eq!(text, "before");
    let mut reader = BufReader::new(Trickle::new(b"ok \xff\nnext\n", &[1]));
    assert_eq!(reader.read_line(&mut text).unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(reader.read_line(&mut text).unwrap(), 5);
    assert_eq!(text, "beforenext\n");
}

#[eventlet::test]
fn an_early_end_leaves_what_was_read() {
    let reader = || Trickle::new("aäb".as_bytes(), &[1]);
    let mut bytes = b"> ".to_vec();
    assert!(
        with_timeout(
            ms(25),
            #[green]
            || reader().read_to_end(&mut bytes)
        )
        .is_err()
    );
    assert_eq!(bytes, b"> a\xc3");
    let mut text = "> ".to_owned();
    assert!(
        with_timeout(
            ms(25),
            #[green]
            || reader().read_to_string(&mut text)
        )
        .is_err()
    );
    // Half a character is no text.
    assert_eq!(text, "> a");
}

#[eventlet::test]
fn a_line_that_is_cut_off_is_whole_in_the_next_call() {
    for capacity in [1, 4, 4096] {
        let mut reader = BufReader::with_capacity(capacity, Trickle::new("ab ä cd\nef\n".as_bytes(), &[1]));
        let mut text = "> ".to_owned();
        // In the middle of a character, too, and again and again.
        for limit in [25, 25, 5, 15] {
            assert!(with_timeout(ms(limit), || reader.read_line(&mut text)).is_err());
            assert_eq!(text, "> ");
        }
        assert_eq!(reader.buffer(), "ab ä".as_bytes());
        let mut other = String::new();
        assert_eq!(reader.read_line(&mut other).unwrap(), 9);
        assert_eq!(other, "ab ä cd\n");
        assert_eq!(reader.read_line(&mut text).unwrap(), 3);
        assert_eq!((text.as_str(), reader.capacity()), ("> ef\n", capacity));
    }
}

#[eventlet::test]
fn a_line_that_is_longer_than_the_buffer_is_kept_and_the_buffer_shrinks_again() {
    let line = "x".repeat(100);
    let mut reader = BufReader::with_capacity(8, Trickle::new(format!("{line}\nrest\n").as_bytes(), &[4]));
    let mut part = b"before ".to_vec();
    assert!(with_timeout(ms(205), || reader.read_until(b'\n', &mut part)).is_err());
    assert_eq!((part.as_slice(), reader.buffer()), (&b"before "[..], &line.as_bytes()[..80]));
    let mut taken = [0; 3];
    reader.read_exact(&mut taken).unwrap();
    part.clear();
    assert_eq!(reader.read_until(b'\n', &mut part).unwrap(), 98);
    assert_eq!(part, format!("{}\n", &line[3..]).as_bytes());
    part.clear();
    reader.read_until(b'\n', &mut part).unwrap();
    assert_eq!(part, b"rest\n");
    assert!(reader.fill_buf().unwrap().is_empty());
    assert_eq!(reader.capacity(), 8);
}

#[eventlet::test]
fn lines_and_parts_that_are_cut_off_are_whole_in_the_next_step() {
    let reader = || BufReader::new(Trickle::new(b"one,two\r\nthree,four", &[2]));
    let mut lines = reader().lines();
    let mut seen = vec![];
    let mut cuts = 0;
    loop {
        match with_timeout(ms(35), || lines.next()) {
            Ok(None) => break,
            Ok(Some(line)) => seen.push(line.unwrap()),
            Err(_) => cuts += 1,
        }
    }
    assert_eq!((seen.as_slice(), cuts), (&["one,two".to_owned(), "three,four".to_owned()][..], 2));

    // Each iterator goes after one step: it is the reader that keeps the beginning.
    let mut reader = reader();
    let mut seen = vec![];
    let mut cuts = 0;
    loop {
        match with_timeout(
            ms(15),
            #[green]
            || BufRead::split(&mut reader, b',').next(),
        ) {
            Ok(None) => break,
            Ok(Some(part)) => seen.push(String::from_utf8(part.unwrap()).unwrap()),
            Err(_) => cuts += 1,
        }
    }
    assert_eq!((seen, cuts), (vec!["one".into(), "two\r\nthree".into(), "four".into()], 8));
}

#[eventlet::test]
fn adaptors_and_objects_give_back_what_was_cut_off() {
    let mut reader: Box<dyn DynBufRead> = Box::new(Read::chain(
        BufReader::new(Trickle::new(b"ab", &[1])),
        BufReader::new(Trickle::new(b"c\nd", &[1])),
    ));
    let mut take = Read::take(&mut reader, 4);
    let mut line = String::new();
    assert!(with_timeout(ms(25), || take.read_line(&mut line)).is_err());
    assert_eq!((line.as_str(), take.limit()), ("", 4));
    // The first reader ends in the middle of the line.
    assert!(with_timeout(ms(25), || take.read_line(&mut line)).is_err());
    assert_eq!((line.as_str(), take.limit()), ("", 4));
    assert_eq!(take.read_line(&mut line).unwrap(), 4);
    assert_eq!((line.as_str(), take.limit()), ("abc\n", 0));
    assert_eq!(io::read_to_string(reader).unwrap(), "d");
}

#[eventlet::test]
fn a_reader_that_takes_nothing_back_leaves_the_beginning_with_the_caller() {
    let mut reader = Forgetful(BufReader::new(Trickle::new(b"abc\nd\n", &[1])));
    let mut line = "> ".to_owned();
    assert!(with_timeout(ms(25), || reader.read_line(&mut line)).is_err());
    assert_eq!(line, "> ab");
    assert_eq!(reader.read_line(&mut line).unwrap(), 2);
    assert_eq!(line, "> abc\n");
    let mut lines = reader.lines();
    assert!(with_timeout(ms(15), || lines.next()).is_err());
    assert_eq!(lines.next().unwrap().unwrap(), "d");
    assert!(lines.next().is_none());
}

#[eventlet::test]
fn an_empty_text_stays_so() {
    let mut text = String::new();
    assert_eq!(io::empty().read_to_string(&mut text).unwrap(), 0);
    assert_eq!(BufReader::new(io::empty()).read_line(&mut text).unwrap(), 0);
    assert_eq!(text, "");
}

#[eventlet::test]
fn a_buffered_reader_reads_past_its_buffer_when_that_is_shorter() {
    let mut reader = BufReader::with_capacity(4, "abcdefghij".as_bytes());
    let mut buf = [0; 2];
    assert_eq!(reader.read(&mut buf).unwrap(), 2);
    assert_eq!((reader.buffer(), reader.get_ref().len()), (&b"cd"[..], 6));
    let mut buf = [0; 8];
    // What is buffered first, and then directly.
    assert_eq!(reader.read(&mut buf).unwrap(), 2);
    assert_eq!(reader.read(&mut buf).unwrap(), 6);
    assert_eq!(&buf[..6], b"efghij");
    let mut reader = BufReader::with_capacity(4, "abcdefghij".as_bytes());
    let (mut one, mut other) = ([0; 1], [0; 2]);
    let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut other)];
    assert_eq!(reader.read_vectored(&mut bufs).unwrap(), 3);
    assert_eq!((&one, &other, reader.buffer()), (b"a", b"bc", &b"d"[..]));
}

#[eventlet::test]
fn a_buffered_reader_seeks_from_where_its_user_stands() {
    use SeekFrom::{Current, End, Start};

    let moves = [Current(2), Current(-3), Start(7), End(-2), Current(1)];
    let mut here = BufReader::with_capacity(4, Cursor::new(b"0123456789".to_vec()));
    let mut there = std::io::BufReader::with_capacity(4, Cursor::new(b"0123456789".to_vec()));
    let (mut mine, mut theirs) = ([0; 1], [0; 1]);
    for to in moves {
        here.read_exact(&mut mine).unwrap();
        std::io::Read::read_exact(&mut there, &mut theirs).unwrap();
        assert_eq!(mine, theirs);
        assert_eq!(Seek::seek(&mut here, to).unwrap(), std::io::Seek::seek(&mut there, to).unwrap());
    }
    Seek::rewind(&mut here).unwrap();
    here.read_exact(&mut mine).unwrap();
    BufReader::seek_relative(&mut here, 2).unwrap();
    assert_eq!(here.buffer(), b"3");
    BufReader::seek_relative(&mut here, 5).unwrap();
    assert_eq!(Seek::stream_position(&mut here).unwrap(), 8);
    assert!(Seek::seek(&mut here, SeekFrom::Current(-100)).is_err());
}

#[eventlet::test]
fn a_buffered_writer_writes_as_std_does() {
    for most in [2, 1000] {
        let (mine, theirs) = (Record::new(most), Record::new(most));
        let mut here = BufWriter::with_capacity(8, mine.clone());
        let mut there = std::io::BufWriter::with_capacity(8, theirs.clone());
        for part in ["abc", "defg", "hij", "a part that is longer", "", "k"] {
            here.write_all(part.as_bytes()).unwrap();
            std::io::Write::write_all(&mut there, part.as_bytes()).unwrap();
            assert_eq!(here.buffer(), there.buffer());
        }
        here.flush().unwrap();
        std::io::Write::flush(&mut there).unwrap();
        assert_eq!(mine.calls(), theirs.calls());
    }
}

#[eventlet::test]
fn a_line_writer_writes_as_std_does() {
    for most in [3, 1000] {
        let (mine, theirs) = (Record::new(most), Record::new(most));
        let mut here = LineWriter::with_capacity(16, mine.clone());
        let mut there = std::io::LineWriter::with_capacity(16, theirs.clone());
        let long = "and a line that is longer than the buffer";
        for part in ["no end", " yet\n", "one\ntwo\nthr", "ee\n", long, "\nx"] {
            here.write_all(part.as_bytes()).unwrap();
            std::io::Write::write_all(&mut there, part.as_bytes()).unwrap();
            assert_eq!(mine.calls().concat(), theirs.calls().concat(), "at {part:?}");
        }
        here.flush().unwrap();
        std::io::Write::flush(&mut there).unwrap();
        assert_eq!(mine.calls(), theirs.calls());
    }
}

#[eventlet::test]
fn a_buffered_writer_that_is_ended_early_goes_on_where_it_was() {
    let record = Record::new(2);
    let mut writer = BufWriter::with_capacity(8, record.clone());
    writer.write_all(b"abcdef").unwrap();
    // A millisecond for each two bytes.
    assert!(with_timeout(ms(2), || writer.flush()).is_err());
    let written = record.calls().concat();
    assert!(0 < written.len() && written.len() < 6, "{written}");
    writer.flush().unwrap();
    assert_eq!(written + &record.calls().concat(), "abcdef(flush)");
}

/// Is interrupted before each of its writes.
struct Interrupted {
    record: Record,
    is_next: bool,
}

impl Interrupted {
    fn new(record: &Record) -> Self {
        Interrupted { record: record.clone(), is_next: true }
    }
}

impl Write for Interrupted {
    #[green]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.is_next = !self.is_next;
        if !self.is_next {
            return Err(ErrorKind::Interrupted.into());
        }
        self.record.write(buf)
    }

    #[green]
    fn flush(&mut self) -> io::Result<()> {
        self.record.flush()
    }
}

#[eventlet::test]
fn a_write_that_is_interrupted_is_made_again() {
    let record = Record::new(2);
    Interrupted::new(&record).write_all(b"abcde").unwrap();
    assert_eq!(record.calls(), ["ab", "cd", "e"]);

    let mut writer = BufWriter::new(Interrupted::new(&record));
    writer.write_all(b"fghij").unwrap();
    writer.flush().unwrap();
    assert_eq!(record.calls(), ["fg", "hi", "j", "(flush)"]);
}

#[eventlet::test]
fn a_buffered_writer_gives_its_writer_back() {
    let record = Record::new(10);
    let mut writer = BufWriter::new(record.clone());
    writer.write_all(b"abc").unwrap();
    drop(writer.into_inner().unwrap());
    assert_eq!(record.calls(), ["abc"]);

    let mut full = [0; 2];
    let mut writer = BufWriter::new(&mut full[..]);
    writer.write_all(b"abc").unwrap();
    let error = writer.into_inner().unwrap_err();
    assert_eq!(error.error().kind(), ErrorKind::WriteZero);
    assert_eq!(error.into_inner().into_parts().1.unwrap(), b"c");
    assert_eq!(&full, b"ab");

    let mut writer = LineWriter::new(record.clone());
    writer.write_all(b"ab\ncd").unwrap();
    drop(writer.into_inner().unwrap());
    assert_eq!(record.calls(), ["ab\n", "cd"]);
}

#[eventlet::test]
fn formatted_text_is_written_at_one_go() {
    let record = Record::new(100);
    let mut writer = record.clone();
    write!(writer, "{} and {:?}", 1, "two").unwrap();
    writeln!(writer, "plain").unwrap();
    assert_eq!(record.calls(), ["1 and \"two\"", "plain\n"]);
}

#[eventlet::test]
fn what_a_written_argument_borrows_is_free_while_the_writer_waits() {
    let names = Rc::new(RefCell::new(vec!["a", "b"]));
    let record = Record::new(3);
    let listing = eventlet::spawn({
        let (names, mut out) = (names.clone(), record.clone());
        #[green]
        move || {
            write!(out, "{}", names.borrow().join(" "))?;
            writeln!(
                out,
                " and {last:?} of {count}",
                count = names.borrow().len(),
                last = names.borrow().last()
            )
        }
    });
    give_way();
    // The writer sleeps. Nobody holds the names.
    names.borrow_mut().push("c");
    listing.wait().unwrap();
    assert_eq!(record.calls().concat(), "a b and Some(\"c\") of 3\n");
}

#[eventlet::test]
fn what_is_written_is_made_of_green_calls_and_of_other_destinations_as_ever() {
    let mut text = String::from("x");
    std::fmt::Write::write_fmt(&mut text, format_args!("")).unwrap();
    {
        use std::fmt::Write as _;
        write!(text, "{}{:>4}", text.len(), value_after(ms(1), 7)).unwrap();
        writeln!(&mut text, "{0:?}{0:?}", Some(u8::from(true))).unwrap();
    }
    assert_eq!(text, "x1   7Some(1)Some(1)\n");

    let mut bytes = Vec::new();
    std::io::Write::write_fmt(&mut bytes, format_args!("-")).unwrap();
    let error = Write::write_fmt(&mut bytes, format_args!("{}", Fails)).unwrap_err();
    assert_eq!((error.to_string().as_str(), bytes.as_slice()), ("formatter error", &b"-"[..]));
    let record = Record::new(100);
    let (mut out, fails) = (record.clone(), || Fails);
    let error = write!(out, "{}", fails()).unwrap_err();
    assert_eq!((error.to_string().as_str(), record.calls().len()), ("formatter error", 0));
}

#[eventlet::test]
fn a_limited_reader_seeks_inside_its_limit() {
    let mut inner = Cursor::new(b"0123456789".to_vec());
    Seek::seek(&mut inner, SeekFrom::Start(2)).unwrap();
    let mut take = Read::take(inner, 6);
    let mut digits = [0; 2];
    take.read_exact(&mut digits).unwrap();
    assert_eq!(&digits, b"23");
    assert_eq!(take.seek(SeekFrom::Current(1)).unwrap(), 3);
    assert_eq!(take.seek(SeekFrom::End(-1)).unwrap(), 5);
    let mut rest = String::new();
    take.read_to_string(&mut rest).unwrap();
    assert_eq!((rest.as_str(), take.limit()), ("7", 0));
    assert_eq!(take.seek(SeekFrom::Start(0)).unwrap(), 0);
    assert_eq!((take.limit(), take.stream_position().unwrap()), (6, 0));
    for outside in [SeekFrom::Current(-1), SeekFrom::Start(7), SeekFrom::End(1)] {
        assert_eq!(take.seek(outside).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    rest.clear();
    take.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "234567");
}

#[eventlet::test]
fn writers_that_take_nothing_are_an_error() {
    let error = Record::new(0).write_all(b"x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
    assert_eq!(error.to_string(), "failed to write whole buffer");
}

#[eventlet::test]
fn copying_counts_what_it_copied() {
    for pieces in PIECES {
        let mut target = Vec::new();
        let count = io::copy(&mut Trickle::new(TEXT.as_bytes(), pieces), &mut target).unwrap();
        assert_eq!((count, target), (TEXT.len() as u64, TEXT.as_bytes().to_vec()));
    }
    assert_eq!(io::copy(&mut Read::take(io::repeat(b'x'), 100_000), &mut io::sink()).unwrap(), 100_000);
    let mut deque = VecDeque::new();
    assert_eq!(io::copy(&mut Cursor::new(b"abc"), &mut deque).unwrap(), 3);
    assert_eq!(deque, *b"abc");
}

#[eventlet::test]
fn types_of_std_do_not_suspend() {
    let other = eventlet::spawn(
        #[green]
        || eventlet_tests::note("another thread runs"),
    );
    let mut cursor = Cursor::new(Vec::new());
    Write::write_all(&mut cursor, b"abc").unwrap();
    Seek::rewind(&mut cursor).unwrap();
    assert_eq!(io::read_to_string(&mut cursor).unwrap(), "abc");
    assert_eq!(eventlet_tests::events(), [""; 0]);
    other.wait();
}

#[eventlet::test]
fn each_trait_has_a_twin_for_objects() {
    let mut reader: Box<dyn DynRead> = Box::new(Trickle::new(b"abcdef", &[4]));
    let mut buf = [0; 3];
    reader.read_exact(&mut buf).unwrap();
    assert_eq!(&buf, b"abc");
    let borrowed: &mut dyn DynRead = &mut *reader;
    assert_eq!(io::read_to_string(borrowed).unwrap(), "def");

    let record = Record::new(100);
    let mut writer: Box<dyn DynWrite> = Box::new(record.clone());
    write!(writer, "{}", 1).unwrap();
    writer.write_vectored(&[IoSlice::new(b""), IoSlice::new(b"2")]).unwrap();
    writer.flush().unwrap();
    assert_eq!(record.calls(), ["1", "2", "(flush)"]);

    let lines: Box<dyn DynBufRead> = Box::new(BufReader::new(Trickle::new(b"a\nb\n", &[1])));
    let mut seen = vec![];
    for line in lines.lines() {
        seen.push(line.unwrap());
    }
    assert_eq!(seen, ["a", "b"]);

    let mut place: Box<dyn DynSeek> = Box::new(Cursor::new("abc"));
    assert_eq!(place.seek(SeekFrom::End(0)).unwrap(), 3);
}

#[eventlet::test]
fn a_vectored_call_uses_the_first_buffer_that_is_not_empty() {
    let (mut empty, mut room) = ([], [0; 4]);
    let mut bufs = [IoSliceMut::new(&mut empty), IoSliceMut::new(&mut room)];
    assert_eq!(Trickle::new(b"abc", &[2]).read_vectored(&mut bufs).unwrap(), 2);
    assert_eq!(&room[..2], b"ab");
}

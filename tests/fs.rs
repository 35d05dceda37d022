//! Files and folders: std's contents, errors and positions, while other green threads go on.

use std::fs as blocking;
use std::io::{ErrorKind, Read as _, Seek as _};
use std::ops::Deref;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use eventlet::green::fs::{self, DirBuilder, File, FileTimes, OpenOptions, TryLockError};
use eventlet::green::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write, raw_os_error};
use eventlet::green::os::unix::fs::{chown, fchown, lchown, symlink};
use eventlet::{sleep, spawn, tpool, with_timeout};
use eventlet_tests::{assert_events, note};

/// A folder of the test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("eventlet-fs-{}-{count}", std::process::id()));
        blocking::create_dir(&path).unwrap();
        Folder(path)
    }
}

impl Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        blocking::remove_dir_all(&self.0).unwrap();
    }
}

fn error_of<T>(result: std::io::Result<T>) -> (ErrorKind, Option<i32>, String) {
    let error = result.err().unwrap();
    let text = error.to_string();
    // Ours say besides what could not be done.
    let text = match text.split_once(": ") {
        Some((operation, text)) if operation.starts_with("cannot ") => text.to_owned(),
        _ => text,
    };
    (error.kind(), raw_os_error(&error), text)
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

#[eventlet::test]
fn other_threads_run_while_a_file_operation_is_under_way() {
    let folder = Folder::new();
    let path = folder.join("file");
    let other = spawn(
        #[green]
        || {
            note("another thread runs");
            sleep(Duration::ZERO);
            note("and again");
        },
    );
    fs::write(&path, "text").unwrap();
    note("written");
    other.wait();
    let events = eventlet_tests::events();
    assert_eq!(events[0], "another thread runs");
    assert!(events.contains(&"written".to_owned()));
}

#[cfg(unix)]
#[eventlet::test]
fn a_file_that_blocks_holds_up_its_reader_alone() {
    // Opening a named pipe blocks until there is somebody at its other end.
    let folder = Folder::new();
    let path = folder.join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let from = path.clone();
    let reader = spawn(
        #[green]
        move || {
            let text = fs::read_to_string(from).unwrap();
            note(text);
        },
    );
    sleep(Duration::ZERO);
    note("goes on");
    fs::write(&path, "read").unwrap();
    reader.wait();
    assert_events(["goes on", "read"]);
}

#[eventlet::test]
fn contents_are_what_std_sees() {
    let folder = Folder::new();
    let path = folder.join("file");
    let contents = pattern(3 << 20);
    fs::write(&path, &contents).unwrap();
    assert_eq!(blocking::read(&path).unwrap(), contents);
    assert_eq!(fs::read(&path).unwrap(), contents);
    blocking::write(&path, "text").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "text");
    blocking::write(&path, [0xff]).unwrap();
    assert_eq!(error_of(fs::read_to_string(&path)), error_of(blocking::read_to_string(&path)));
}

#[eventlet::test]
fn errors_are_those_of_std() {
    let folder = Folder::new();
    let missing = folder.join("missing/file");
    assert_eq!(error_of(fs::read(&missing)), error_of(blocking::read(&missing)));
    assert_eq!(error_of(fs::write(&missing, "")), error_of(blocking::write(&missing, "")));
    assert_eq!(error_of(File::open(&missing)), error_of(blocking::File::open(&missing)));
    assert_eq!(error_of(File::create(&missing)), error_of(blocking::File::create(&missing)));
    assert_eq!(error_of(File::create_new(&*folder)), error_of(blocking::File::create_new(&*folder)));
    assert_eq!(error_of(fs::metadata(&missing)), error_of(blocking::metadata(&missing)));
    assert_eq!(error_of(fs::symlink_metadata(&missing)), error_of(blocking::symlink_metadata(&missing)));
    assert_eq!(error_of(fs::canonicalize(&missing)), error_of(blocking::canonicalize(&missing)));
    assert_eq!(error_of(fs::read_link(&missing)), error_of(blocking::read_link(&missing)));
    assert_eq!(error_of(fs::read_dir(&missing)), error_of(blocking::read_dir(&missing)));
    assert_eq!(error_of(fs::create_dir(&missing)), error_of(blocking::create_dir(&missing)));
    assert_eq!(error_of(fs::remove_file(&missing)), error_of(blocking::remove_file(&missing)));
    assert_eq!(error_of(fs::remove_dir(&missing)), error_of(blocking::remove_dir(&missing)));
    assert_eq!(error_of(fs::rename(&missing, &*folder)), error_of(blocking::rename(&missing, &*folder)));
    assert_eq!(error_of(fs::copy(&missing, &*folder)), error_of(blocking::copy(&missing, &*folder)));
    assert_eq!(
        error_of(OpenOptions::new().open(&*folder)),
        error_of(blocking::OpenOptions::new().open(&*folder))
    );
    blocking::write(folder.join("file"), "text").unwrap();
    let mut reading = File::open(folder.join("file")).unwrap();
    assert!(reading.write(b"no").is_err());
    assert_eq!(reading.seek(SeekFrom::Current(-1)).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[eventlet::test]
fn files_are_copied_renamed_linked_and_removed() {
    let folder = Folder::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| folder.join(name));
    fs::write(&a, "text").unwrap();
    assert_eq!(fs::copy(&a, &b).unwrap(), 4);
    fs::rename(&b, &c).unwrap();
    assert_eq!((fs::exists(&b).unwrap(), fs::exists(&c).unwrap()), (false, true));
    fs::hard_link(&a, &b).unwrap();
    fs::write(&a, "other text").unwrap();
    assert_eq!(fs::read_to_string(&b).unwrap(), "other text");
    assert_eq!(fs::canonicalize(&b).unwrap(), blocking::canonicalize(&b).unwrap());
    for path in [&a, &b, &c] {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(blocking::read_dir(&*folder).unwrap().count(), 0);
}

#[cfg(unix)]
#[eventlet::test]
fn links_are_seen_as_links() {
    let folder = Folder::new();
    let (file, link) = (folder.join("file"), folder.join("link"));
    fs::write(&file, "text").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    assert_eq!(fs::read_link(&link).unwrap(), file);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::metadata(&link).unwrap().is_file());
}

#[eventlet::test]
fn permissions_and_times_are_set() {
    let folder = Folder::new();
    let path = folder.join("file");
    let file = File::create(&path).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    file.set_modified(time).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), time);
    file.set_times(FileTimes::new().set_accessed(time)).unwrap();
    assert_eq!(file.metadata().unwrap().accessed().unwrap(), time);
    let before = file.metadata().unwrap().permissions();
    let mut changed = before.clone();
    changed.set_readonly(true);
    file.set_permissions(changed).unwrap();
    assert!(blocking::metadata(&path).unwrap().permissions().readonly());
    fs::set_permissions(&path, before).unwrap();
    assert!(!blocking::metadata(&path).unwrap().permissions().readonly());
}

#[eventlet::test]
fn folders_are_made_listed_and_removed() {
    let folder = Folder::new();
    let deep = folder.join("a/b/c");
    fs::create_dir_all(&deep).unwrap();
    assert!(fs::remove_dir(folder.join("a")).is_err());
    fs::remove_dir(&deep).unwrap();
    fs::create_dir(&deep).unwrap();
    DirBuilder::new().recursive(true).create(folder.join("x/y")).unwrap();
    assert!(fs::metadata(folder.join("x/y")).unwrap().is_dir());
    fs::remove_dir_all(folder.join("a")).unwrap();
    assert_eq!(blocking::read_dir(&*folder).unwrap().count(), 1);
}

#[eventlet::test]
fn every_entry_of_a_folder_is_listed_once() {
    let folder = Folder::new();
    for number in 0..200 {
        blocking::write(folder.join(format!("{number:03}")), vec![0; number]).unwrap();
    }
    let mut seen = vec![];
    for entry in fs::read_dir(&*folder).unwrap() {
        let entry = entry.unwrap();
        assert!(entry.file_type().unwrap().is_file());
        assert_eq!(entry.path(), folder.join(entry.file_name()));
        seen.push((entry.file_name(), entry.metadata().unwrap().len()));
    }
    seen.sort();
    let expected: Vec<_> = (0..200).map(|number| (format!("{number:03}").into(), number)).collect();
    assert_eq!(seen, expected);
}

#[eventlet::test]
fn a_step_through_a_folder_that_is_ended_loses_no_entry() {
    let folder = Folder::new();
    for number in 0..150 {
        blocking::write(folder.join(number.to_string()), "").unwrap();
    }
    let mut entries = fs::read_dir(&*folder).unwrap();
    let mut count = 0;
    loop {
        // Each step that suspends is ended, and made again.
        let step = match with_timeout(Duration::ZERO, || entries.next()) {
            Ok(step) => step,
            Err(_) => entries.next(),
        };
        let Some(entry) = step else { break };
        entry.unwrap();
        count += 1;
    }
    assert_eq!(count, 150);
    assert!(entries.next().is_none());
}

#[eventlet::test]
fn a_file_is_read_written_and_sought_as_std_does() {
    let folder = Folder::new();
    let path = folder.join("file");
    let mut file = File::create_new(&path).unwrap();
    file.write_all(b"0123456789").unwrap();
    file.flush().unwrap();
    assert_eq!(file.seek(SeekFrom::End(-4)).unwrap(), 6);
    let mut some = [0; 2];
    file.read_exact(&mut some).unwrap();
    assert_eq!((&some, file.stream_position().unwrap()), (b"67", 8));
    file.rewind().unwrap();
    file.write_all(b"ab").unwrap();
    let mut rest = String::new();
    (&file).read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "23456789");
    assert_eq!((&file).read(&mut some).unwrap(), 0);
    file.set_len(3).unwrap();
    file.sync_data().unwrap();
    file.sync_all().unwrap();
    assert_eq!(file.metadata().unwrap().len(), 3);
    assert_eq!(blocking::read_to_string(&path).unwrap(), "ab2");
}

#[eventlet::test]
fn long_contents_go_through_in_pieces() {
    let folder = Folder::new();
    let path = folder.join("file");
    let contents = pattern((5 << 20) + 3);
    let mut file = File::create(&path).unwrap();
    assert_eq!(file.write(&contents).unwrap(), 1 << 20);
    file.write_all(&contents[1 << 20..]).unwrap();
    assert!(blocking::read(&path).unwrap() == contents);
    let mut read = vec![];
    assert_eq!(File::open(&path).unwrap().read_to_end(&mut read).unwrap(), contents.len());
    assert!(read == contents);
}

#[eventlet::test]
fn options_say_how_a_file_is_opened() {
    let folder = Folder::new();
    let path = folder.join("file");
    assert_eq!(OpenOptions::new().write(true).open(&path).unwrap_err().kind(), ErrorKind::NotFound);
    let mut one = File::options().append(true).create(true).open(&path).unwrap();
    let mut two = File::options().append(true).open(&path).unwrap();
    one.write_all(b"a").unwrap();
    two.write_all(b"b").unwrap();
    one.write_all(b"c").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "abc");
    assert_eq!(File::create_new(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
    File::options().write(true).truncate(true).open(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");
}

#[eventlet::test]
fn a_file_goes_through_buffers_line_by_line() {
    let folder = Folder::new();
    let path = folder.join("file");
    let mut writer = BufWriter::new(File::create(&path).unwrap());
    for number in 0..1000 {
        writeln!(writer, "line {number}").unwrap();
    }
    writer.flush().unwrap();
    let mut lines = BufReader::new(File::open(&path).unwrap()).lines();
    let mut count = 0;
    while let Some(line) = lines.next() {
        assert_eq!(line.unwrap(), format!("line {count}"));
        count += 1;
    }
    assert_eq!(count, 1000);
}

#[eventlet::test]
fn a_clone_shares_the_position_and_a_file_goes_to_std_and_comes_back() {
    let folder = Folder::new();
    let path = folder.join("file");
    fs::write(&path, "0123").unwrap();
    let mut file = File::open(&path).unwrap();
    let mut clone = file.try_clone().unwrap();
    let mut byte = [0];
    file.read_exact(&mut byte).unwrap();
    clone.read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"1");
    let mut plain = clone.into_std().unwrap();
    assert_eq!(plain.stream_position().unwrap(), 2);
    plain.read_exact(&mut byte).unwrap();
    let mut back = File::from(plain);
    let mut rest = String::new();
    back.read_to_string(&mut rest).unwrap();
    assert_eq!((&byte, &*rest), (b"2", "3"));
}

#[eventlet::test]
fn a_write_that_is_ended_goes_on_or_is_not_made_and_the_next_comes_after_it() {
    let folder = Folder::new();
    let path = folder.join("file");
    let mut file = File::create(&path).unwrap();
    for _ in 0..50 {
        let _ = with_timeout(Duration::ZERO, || file.write(b"a"));
        file.write_all(b"b").unwrap();
    }
    tpool::killall();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches('b').count(), 50);
    assert!(!text.contains("aa") && text.ends_with('b'), "{text}");
}

#[cfg(target_os = "linux")]
#[eventlet::test]
fn a_file_that_is_opened_for_nobody_is_closed_again() {
    let folder = Folder::new();
    let path = folder.join("file");
    let opening = path.clone();
    let thread = spawn(move || File::create(opening));
    sleep(Duration::ZERO);
    thread.kill();
    tpool::killall();
    let open = blocking::read_dir("/proc/self/fd").unwrap();
    assert!(!open.flatten().any(|entry| blocking::read_link(entry.path()).is_ok_and(|file| file == path)));
}

#[eventlet::test]
fn reading_and_writing_at_a_place_leave_the_position_alone() {
    let folder = Folder::new();
    let file = File::options().read(true).write(true).create(true).open(folder.join("file")).unwrap();
    (&file).write_all(b"0123456789").unwrap();
    let mut digits = [0; 4];
    assert_eq!(file.read_at(&mut digits, 8).unwrap(), 2);
    assert_eq!(&digits[..2], b"89");
    file.read_exact_at(&mut digits, 2).unwrap();
    assert_eq!(&digits, b"2345");
    assert_eq!(file.read_exact_at(&mut digits, 7).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(file.write_at(b"ab", 4).unwrap(), 2);
    file.write_all_at(b"z", 12).unwrap();
    (&file).write_all(b"!").unwrap();
    assert_eq!(fs::read(folder.join("file")).unwrap(), b"0123ab6789!\0z");

    // Longer than one trip carries.
    let long = pattern((2 << 20) + 7);
    file.write_all_at(&long, 3).unwrap();
    let mut back = vec![0; long.len()];
    file.read_exact_at(&mut back, 3).unwrap();
    assert_eq!(back, long);
}

#[eventlet::test]
fn modes_and_flags_of_the_system_reach_it() {
    let folder = Folder::new();
    let mode = |path: &Path| blocking::metadata(path).unwrap().permissions().mode() & 0o777;
    let path = folder.join("secret");
    File::options().write(true).create_new(true).mode(0o600).open(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    DirBuilder::new().mode(0o700).create(folder.join("private")).unwrap();
    assert_eq!(mode(&folder.join("private")), 0o700);

    let link = folder.join("link");
    symlink(&path, &link).unwrap();
    assert_eq!(fs::read_link(&link).unwrap(), path);
    let no_follow = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
    let error = File::options().read(true).custom_flags(no_follow).open(&link).unwrap_err();
    assert_eq!(raw_os_error(&error), Some(rustix::io::Errno::LOOP.raw_os_error()));
    let mut inodes = vec![];
    for entry in fs::read_dir(&*folder).unwrap() {
        let entry = entry.unwrap();
        inodes.push(entry.ino() == blocking::symlink_metadata(entry.path()).unwrap().ino());
    }
    assert_eq!(inodes, [true; 3]);
    // Nothing is changed by no owner and no group.
    chown(&path, None, None).unwrap();
    lchown(&link, None, None).unwrap();
    fchown(&File::open(&path).unwrap(), None, None).unwrap();
}

#[eventlet::test]
fn a_lock_keeps_others_out_until_it_is_given_back() {
    let folder = Folder::new();
    let path = folder.join("file");
    let (one, other) = (File::create(&path).unwrap(), Rc::new(File::open(&path).unwrap()));
    one.lock().unwrap();
    assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
    assert!(matches!(other.try_lock_shared(), Err(TryLockError::WouldBlock)));
    assert_eq!(std::io::Error::from(other.try_lock().unwrap_err()).kind(), ErrorKind::WouldBlock);
    let waiter = spawn({
        let other = other.clone();
        #[green]
        move || {
            other.lock().unwrap();
            note("locked");
        }
    });
    sleep(Duration::from_millis(10));
    // Whoever holds the lock gets at the file, however many wait.
    one.sync_all().unwrap();
    note("given back");
    one.unlock().unwrap();
    waiter.wait();
    assert_events(["given back", "locked"]);
    other.unlock().unwrap();

    one.lock_shared().unwrap();
    other.try_lock_shared().unwrap();
    assert!(matches!(one.try_lock(), Err(TryLockError::WouldBlock)));
}

#[eventlet::test]
fn a_lock_that_nobody_waits_for_any_more_is_not_kept() {
    let folder = Folder::new();
    let path = folder.join("file");
    let (one, other) = (File::create(&path).unwrap(), File::open(&path).unwrap());
    one.lock().unwrap();
    assert!(with_timeout(Duration::from_millis(5), || other.lock()).is_err());
    one.unlock().unwrap();
    assert!(one.try_lock().is_ok());
    one.unlock().unwrap();
    // Ended in the middle of the trip to the other OS thread, which may take the lock nevertheless.
    for _ in 0..20 {
        let locker = spawn({
            let file = other.try_clone().unwrap();
            #[green]
            move || file.lock()
        });
        sleep(Duration::ZERO);
        locker.kill();
        tpool::killall();
        one.try_lock().unwrap();
        one.unlock().unwrap();
    }
}

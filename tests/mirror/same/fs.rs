//! std's `fs`.

use super::std;

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

/// A new folder for one test, on std or on the mirror.
fn folder(test: &str) -> PathBuf {
    let name = format!("eventlet-{}-{}-{test}", ::std::process::id(), module_path!().replace("::", "-"));
    let folder = ::std::env::temp_dir().join(name);
    ::std::fs::create_dir(&folder).unwrap();
    folder
}

same! {
    #[test]
    fn what_is_written_is_read() {
        let folder = folder("written");
        let path = folder.join("a");
        fs::write(&path, "some text").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "some text");
        assert_eq!(fs::read(&path).unwrap(), b"some text");
        assert_eq!(fs::metadata(&path).unwrap().len(), 9);
        assert_eq!(fs::copy(&path, folder.join("b")).unwrap(), 9);
        fs::rename(folder.join("b"), folder.join("c")).unwrap();
        assert!(!fs::exists(folder.join("b")).unwrap() && fs::exists(folder.join("c")).unwrap());
        fs::remove_file(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap_err().kind(), ErrorKind::NotFound);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_is_read_written_and_sought() {
        let folder = folder("sought");
        let path = folder.join("a");
        let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).unwrap();
        file.write_all(b"0123456789").unwrap();
        assert_eq!(file.seek(SeekFrom::Start(4)).unwrap(), 4);
        let mut bytes = [0; 3];
        file.read_exact(&mut bytes).unwrap();
        assert_eq!((&bytes, file.stream_position().unwrap()), (b"456", 7));
        file.set_len(8).unwrap();
        file.sync_all().unwrap();
        let mut rest = String::new();
        file.read_to_string(&mut rest).unwrap();
        assert_eq!((rest.as_str(), file.metadata().unwrap().len()), ("7", 8));
        let again = OpenOptions::new().write(true).create_new(true).open(&path);
        assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(File::open(folder.join("none")).unwrap_err().kind(), ErrorKind::NotFound);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_folder_has_entries() {
        let folder = folder("entries");
        fs::create_dir_all(folder.join("x/y")).unwrap();
        File::create(folder.join("z")).unwrap();
        let mut names = vec![];
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            names.push((entry.file_name().into_string().unwrap(), entry.file_type().unwrap().is_dir()));
        }
        names.sort();
        assert_eq!(names, [("x".to_string(), true), ("z".to_string(), false)]);
        assert_eq!(fs::remove_dir(folder.join("x")).unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
        std::os::unix::fs::symlink("z", folder.join("link")).unwrap();
        assert_eq!(fs::read_link(folder.join("link")).unwrap(), PathBuf::from("z"));
        assert!(fs::symlink_metadata(folder.join("link")).unwrap().file_type().is_symlink());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn options_say_what_becomes_of_what_is_there() {
        let folder = folder("options");
        let path = folder.join("a");
        let error = OpenOptions::new().create(true).truncate(true).open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "neither read nor written");
        fs::write(&path, "first").unwrap();
        File::options().append(true).open(&path).unwrap().write_all(b" and second").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "first and second");
        let mut file = OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 0);
        assert!(file.read(&mut [0; 1]).is_err(), "it is written alone");
        file.write_all(b"third").unwrap();
        drop(file);
        assert_eq!(File::create_new(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(File::create(&path).unwrap().metadata().unwrap().len(), 0, "what is created anew is empty");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_clone_of_a_file_shares_its_position() {
        let folder = folder("clone");
        fs::write(folder.join("a"), "0123456789").unwrap();
        let mut file = File::open(folder.join("a")).unwrap();
        let mut other = file.try_clone().unwrap();
        let mut bytes = [0; 4];
        file.read_exact(&mut bytes).unwrap();
        other.read_exact(&mut bytes).unwrap();
        assert_eq!((&bytes, file.stream_position().unwrap()), (b"4567", 8));
        drop(file);
        assert_eq!((other.read(&mut bytes).unwrap(), other.read(&mut bytes).unwrap()), (2, 0));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_lock_is_for_one_or_for_several_who_share_it() {
        let folder = folder("lock");
        let path = folder.join("a");
        let (one, other) = (File::create(&path).unwrap(), File::open(&path).unwrap());
        one.lock().unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        assert!(matches!(other.try_lock_shared(), Err(TryLockError::WouldBlock)));
        one.unlock().unwrap();
        one.lock_shared().unwrap();
        other.try_lock_shared().unwrap();
        assert!(matches!(File::open(&path).unwrap().try_lock(), Err(TryLockError::WouldBlock)));
        drop(one);
        other.unlock().unwrap();
        other.try_lock().unwrap();
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn permissions_and_times_are_set() {
        let folder = folder("permissions");
        let path = folder.join("a");
        let file = File::create(&path).unwrap();
        let mut permissions = file.metadata().unwrap().permissions();
        permissions.set_mode(0o640);
        fs::set_permissions(&path, permissions.clone()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        permissions.set_readonly(true);
        file.set_permissions(permissions).unwrap();
        assert!(fs::metadata(&path).unwrap().permissions().readonly());
        let then = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        file.set_modified(then).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), then);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_name_may_be_a_link() {
        let folder = folder("links");
        let (path, link) = (folder.join("a"), folder.join("link"));
        fs::write(&path, "text").unwrap();
        fs::hard_link(&path, folder.join("b")).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(fs::read(folder.join("b")).unwrap(), b"text");
        std::os::unix::fs::symlink("b", &link).unwrap();
        assert_eq!(fs::canonicalize(&link).unwrap(), fs::canonicalize(folder.join("b")).unwrap());
        assert_eq!((fs::metadata(&link).unwrap().is_file(), fs::read(&link).unwrap()), (true, b"text".to_vec()));
        fs::remove_file(folder.join("b")).unwrap();
        assert!(!fs::exists(&link).unwrap() && fs::symlink_metadata(&link).is_ok(), "it leads nowhere");
        assert_eq!(fs::canonicalize(&link).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(fs::read_link(&folder).unwrap_err().kind(), ErrorKind::InvalidInput);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn folders_are_made_one_by_one_or_all_at_once() {
        let folder = folder("folders");
        let deep = folder.join("a/b/c");
        assert_eq!(fs::create_dir(&deep).unwrap_err().kind(), ErrorKind::NotFound);
        DirBuilder::new().recursive(true).create(&deep).unwrap();
        DirBuilder::new().recursive(true).create(&deep).unwrap();
        assert_eq!(DirBuilder::new().create(&deep).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::create_dir(&deep).unwrap_err().kind(), ErrorKind::AlreadyExists);
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("d"), "").unwrap();
        assert_eq!(fs::create_dir_all(deep.join("d/e")).unwrap_err().kind(), ErrorKind::NotADirectory);
        let mut entries = fs::read_dir(&deep).unwrap();
        let entry = entries.next().unwrap().unwrap();
        assert_eq!((entry.path(), entry.metadata().unwrap().len()), (deep.join("d"), 0));
        assert!(entries.next().is_none());
        assert_eq!(fs::read_dir(deep.join("d")).unwrap_err().kind(), ErrorKind::NotADirectory);
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(fs::remove_dir_all(&folder).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(fs::read_dir(&folder).unwrap_err().kind(), ErrorKind::NotFound);
    }
}

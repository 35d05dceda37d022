//! std's `fs`.

use super::std;

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

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
}

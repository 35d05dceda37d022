//! std's `process`.

use super::std;

use std::io::{ErrorKind, Read, Write};
use std::process::{Command, Stdio};

same! {
    #[test]
    fn output_is_collected_and_a_status_is_told() {
        let output = Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]).output().unwrap();
        assert_eq!((output.stdout, output.stderr), (b"out\n".to_vec(), b"err\n".to_vec()));
        assert_eq!(output.status.code(), Some(3));
        let status = Command::new("sh").args(["-c", "test \"$A\" = b"]).env("A", "b").status().unwrap();
        assert!(status.success());
        assert_eq!(Command::new("/no/such/program").spawn().unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_child_is_talked_to_waited_for_and_killed() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"through the child").unwrap();
        drop(input);
        let mut text = String::new();
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "through the child");
        assert!(child.wait().unwrap().success());
        assert!(child.wait().unwrap().success(), "it is told again");
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None);
    }
}

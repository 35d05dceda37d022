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

    #[test]
    fn what_a_child_says_is_waited_for_with_its_end() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.as_mut().unwrap().write_all(b"to the end").unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.success(), &output.stdout[..], &output.stderr[..]), (true, &b"to the end"[..], &b""[..]));
    }

    #[test]
    fn one_childs_output_is_anothers_input() {
        let mut first = Command::new("printf").arg("b\\na\\n").stdout(Stdio::piped()).spawn().unwrap();
        let second = Command::new("sort").stdin(first.stdout.take().unwrap()).output().unwrap();
        assert_eq!(second.stdout, b"a\nb\n");
        assert!(first.wait().unwrap().success());
    }

    #[test]
    fn a_command_says_where_and_with_which_environment_and_can_be_used_again() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "pwd; echo \"$A$B\""]).current_dir("/").env_clear().env("A", "a").env("B", "b").env_remove("B");
        for _ in 0..2 {
            assert_eq!(command.output().unwrap().stdout, b"/\na\n");
        }
        assert_eq!((command.get_program().to_str(), command.get_args().count()), (Some("/bin/sh"), 2));
        assert_eq!(command.current_dir("/no/such/folder").status().unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_child_that_has_ended_is_asked_and_killed_in_vain() {
        let mut child = Command::new("true").spawn().unwrap();
        assert!(child.id() > 0);
        assert!(child.wait().unwrap().success());
        assert!(child.try_wait().unwrap().unwrap().success());
        child.kill().unwrap();
    }

    #[test]
    fn a_child_that_does_not_read_breaks_the_pipe() {
        let mut child = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        child.wait().unwrap();
        assert_eq!(input.write_all(&[0; 100]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    }
}

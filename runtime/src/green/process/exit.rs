//! The end of a process as a descriptor: it can be read when the process has ended, and reaps
//! nothing.

use std::io;
use std::os::fd::OwnedFd;

use rustix::process::Pid;

use crate::hub::failed::cannot;

/// Gives a descriptor that becomes readable when the child `pid`, which nobody has reaped yet, has
/// ended.
pub(super) fn watch(pid: Pid) -> io::Result<OwnedFd> {
    #[cfg(target_os = "linux")]
    if let Ok(process) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) {
        return Ok(process);
    }
    // Linux before 5.3, or in a sandbox that does not know the call; other systems.
    watch_from_thread(pid)
}

/// Is such a descriptor readable, as it is after the end? One that is, of a process that still
/// runs, is of no use.
pub(super) fn has_told(ended: &OwnedFd) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let mut asked = [PollFd::new(ended, PollFlags::IN)];
    let asked = poll(&mut asked, Some(&Timespec::default()));
    Ok(asked.map_err(|error| cannot(|| "wait for the process")(error.into()))? > 0)
}

/// An OS thread waits, and closes the other end of a pipe.
#[cfg(not(any(target_os = "openbsd", target_os = "redox")))]
fn watch_from_thread(pid: Pid) -> io::Result<OwnedFd> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};

    let (ended, writer) = io::pipe()?;
    let watcher = std::thread::Builder::new().name("eventlet-child".to_owned()).stack_size(64 * 1024);
    watcher.spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        // An error says that there is no such child any more, or that this cannot be asked: whoever
        // waits finds out.
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
        drop(writer);
    })?;
    Ok(ended.into())
}

#[cfg(any(target_os = "openbsd", target_os = "redox"))]
fn watch_from_thread(_pid: Pid) -> io::Result<OwnedFd> {
    let message = "this operating system cannot wait for a process without reaping it";
    Err(io::Error::new(io::ErrorKind::Unsupported, message))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    #[cfg(target_os = "linux")]
    mod signals {
        use std::sync::atomic::{AtomicU32, Ordering};
        use std::time::{Duration, Instant};

        static SIGNALS: AtomicU32 = AtomicU32::new(0);

        extern "C" fn count(_signal: libc::c_int) {
            SIGNALS.fetch_add(1, Ordering::SeqCst);
        }

        /// The number of the OS thread that watches.
        pub(super) fn watcher() -> i64 {
            loop {
                for task in std::fs::read_dir("/proc/self/task").unwrap() {
                    let path = task.unwrap().path();
                    // One that has ended meanwhile has no name.
                    let name = std::fs::read_to_string(path.join("comm")).unwrap_or_default();
                    if name.trim_end() == "eventlet-child" {
                        return path.file_name().unwrap().to_str().unwrap().parse().unwrap();
                    }
                }
            }
        }

        /// Signals for one OS thread, each of which ends the system call that the thread waits in.
        #[expect(unsafe_code, reason = "no safe library has handlers that let system calls end early")]
        pub(super) fn interrupt(thread: i64, times: u32) {
            let signal = libc::SIGRTMIN();
            // SAFETY: it is a structure of numbers, all of which may be zero: no flags, so no
            // `SA_RESTART`.
            let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
            action.sa_sigaction = count as extern "C" fn(libc::c_int) as usize;
            // SAFETY: the handler does nothing but count, on an atomic number; nobody else handles
            // this signal.
            assert_eq!(unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) }, 0);
            let process = i64::from(std::process::id());
            for sent in 1..=times {
                // SAFETY: it takes numbers; where the thread has gone it is an error.
                let result = unsafe { libc::syscall(libc::SYS_tgkill, process, thread, i64::from(signal)) };
                assert_eq!(result, 0, "the thread that watches has ended");
                let began = Instant::now();
                while SIGNALS.load(Ordering::SeqCst) < sent {
                    assert!(began.elapsed() < Duration::from_secs(10), "the signal does not arrive");
                    std::thread::yield_now();
                }
            }
        }
    }

    #[test]
    fn a_watching_thread_tells_of_the_end_alone_whatever_signals_it_gets_and_reaps_nothing() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let ended = watch_from_thread(Pid::from_child(&child)).unwrap();
        let is_readable =
            |limit: Option<&Timespec>| poll(&mut [PollFd::new(&ended, PollFlags::IN)], limit).unwrap() == 1;
        assert!(!is_readable(Some(&Timespec::default())));
        #[cfg(target_os = "linux")]
        signals::interrupt(signals::watcher(), 20);
        assert!(!is_readable(Some(&Timespec::default())));
        drop(child.stdin.take());
        assert!(is_readable(None));
        assert!(child.try_wait().unwrap().expect("it has ended and was not reaped").success());
    }
}

//! Who answers for the kernel: a seccomp filter on one OS thread, and on those that it starts, and another OS thread that is
//! asked.

use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicI64, AtomicU64, Ordering};
use std::thread;

/// Clones stand for one.
#[derive(Clone, Default)]
pub(crate) struct Injector(Arc<Injected>);

#[derive(Default)]
struct Injected {
    error: AtomicI32,
    /// How many calls are yet to fail.
    left: AtomicI64,
    armed_with: AtomicI64,
    calls: AtomicU64,
    failed: AtomicU64,
}

/// `struct seccomp_notif` of the kernel.
#[repr(C)]
#[derive(Default)]
struct Asked {
    id: u64,
    pid: u32,
    flags: u32,
    data: [u64; 8],
}

/// `struct seccomp_notif_resp` of the kernel.
#[repr(C)]
struct Answer {
    id: u64,
    value: i64,
    error: i32,
    flags: u32,
}

const RECEIVE: u64 = 0xc050_2100;
const SEND: u64 = 0xc018_2101;
const LET_THROUGH: u32 = 1;

impl Injector {
    /// From here on, calls with one of these numbers by this OS thread are asked about.
    pub(crate) fn install(numbers: &[i64]) -> io::Result<Injector> {
        let injector = Injector::default();
        let (to_answerer, from_filter) = std::sync::mpsc::channel();
        let answers = injector.clone();
        // It has no filter, since it began before there was one.
        thread::spawn(move || from_filter.recv().map(|filter| answers.answer(filter)));
        // Waking the answerer must not be a call that it has to answer: it is told through `futex`, never filtered.
        to_answerer.send(filter(numbers)?).unwrap();
        Ok(injector)
    }

    /// What happens when it is armed next.
    pub(crate) fn load(&self, error: i32, failures: i64) {
        self.0.error.store(error, Ordering::SeqCst);
        self.0.armed_with.store(failures, Ordering::SeqCst);
        self.0.calls.store(0, Ordering::SeqCst);
        self.0.failed.store(0, Ordering::SeqCst);
    }

    pub(crate) fn arm(&self) {
        self.0.left.store(self.0.armed_with.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    /// Nothing fails any more, armed or not.
    pub(crate) fn unload(&self) {
        self.0.armed_with.store(0, Ordering::SeqCst);
        self.disarm();
    }

    pub(crate) fn disarm(&self) {
        self.0.left.store(0, Ordering::SeqCst);
    }

    /// How many calls there were since it was loaded, and how many of them failed.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.0.calls.load(Ordering::SeqCst), self.0.failed.load(Ordering::SeqCst))
    }

    fn answer(&self, listener: RawFd) -> ! {
        loop {
            let mut asked = Asked::default();
            // SAFETY: the kernel writes one `seccomp_notif`, which `Asked` is, field by field.
            if unsafe { libc::ioctl(listener, RECEIVE, &raw mut asked) } != 0 {
                continue;
            }
            self.0.calls.fetch_add(1, Ordering::SeqCst);
            let mut answer = Answer { id: asked.id, value: 0, error: 0, flags: LET_THROUGH };
            if self.0.left.load(Ordering::SeqCst) > 0 && may_fail(&asked) {
                self.0.left.fetch_sub(1, Ordering::SeqCst);
                self.0.failed.fetch_add(1, Ordering::SeqCst);
                let error = self.0.error.load(Ordering::SeqCst);
                (answer.error, answer.flags) = (-error, 0);
                do_nevertheless(&asked, error);
            }
            // SAFETY: the kernel reads one `seccomp_notif_resp`, which `Answer` is, field by field.
            unsafe { libc::ioctl(listener, SEND, &raw mut answer) };
        }
    }
}

fn number(asked: &Asked) -> i64 {
    asked.data[0] as u32 as i64
}

/// Is it a call of this process's, with a descriptor that can have such an error?
fn may_fail(asked: &Asked) -> bool {
    // A child has the filter, too, and what it does is no business of the matrix; but that it becomes a program is.
    let is_own = std::path::Path::new(&format!("/proc/self/task/{}", asked.pid)).exists();
    if !is_own && number(asked) != libc::SYS_execve {
        return false;
    }
    // A counter or a timer of the hub's is read and written by the same calls as a file, and has none of a file's errors.
    if ![libc::SYS_read, libc::SYS_write].contains(&number(asked)) {
        return true;
    }
    let what = std::fs::read_link(format!("/proc/self/fd/{}", asked.data[2]));
    !what.is_ok_and(|what| what.to_string_lossy().starts_with("anon_inode:"))
}

/// Some calls do their work and fail all the same.
fn do_nevertheless(asked: &Asked, error: i32) {
    let [_, _, descriptor, address, length, ..] = asked.data;
    match number(asked) {
        // A signal does not end the attempt, so there must be one.
        libc::SYS_connect if error == libc::EINTR => {
            // SAFETY: the asking thread stands still in this very call, which lends it the address.
            unsafe { libc::syscall(libc::SYS_connect, descriptor, address, length) };
        }
        // Linux has closed the descriptor by the time at which it finds something wrong.
        libc::SYS_close => {
            // SAFETY: the asking thread, which stands still in this very call, has given the descriptor up with it.
            unsafe { libc::syscall(libc::SYS_close, descriptor) };
        }
        _ => {}
    }
}

/// The filter's listener.
fn filter(numbers: &[i64]) -> io::Result<RawFd> {
    const LOAD_NUMBER: u16 = 0x20;
    const IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    let step = |code, jt, k| libc::sock_filter { code, jt, jf: 0, k };
    let mut program = vec![step(LOAD_NUMBER, 0, 0)];
    for (at, &number) in numbers.iter().enumerate() {
        program.push(step(IF_EQUAL, (numbers.len() - at) as u8, number as u32));
    }
    program.push(step(RETURN, 0, libc::SECCOMP_RET_ALLOW));
    program.push(step(RETURN, 0, libc::SECCOMP_RET_USER_NOTIF));
    let handed = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: `prctl` with this option takes numbers only.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    // SAFETY: the kernel copies the program during the call, and the vector behind it is alive.
    let listener = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
            &raw const handed,
        )
    };
    if listener < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(listener as RawFd)
}

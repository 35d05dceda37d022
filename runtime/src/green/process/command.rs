//! How to start a process.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{self, CommandArgs, CommandEnvs, ExitStatus, Output, Stdio};

use super::Child;
use crate::green;
use crate::hub::failed::cannot_now;

/// A program and how to start it: std's `Command`, with `status` and `output` that suspend.
///
/// The methods are std's, and what std says of them holds here; [`as_std_mut`](Self::as_std_mut)
/// leads to those that are not repeated.
///
/// # Examples
///
/// ```
/// use eventlet::green::process::Command;
/// use eventlet::{green, spawn};
///
/// #[green]
/// fn say(word: &'static str) -> std::io::Result<Vec<u8>> {
///     Ok(Command::new("echo").arg(word).output()?.stdout)
/// }
///
/// #[green]
/// fn main() -> std::io::Result<()> {
///     let (one, two) = (spawn(|| say("one")), spawn(|| say("two"))); // side by side
///     assert_eq!(one.wait()?, b"one\n");
///     assert_eq!(two.wait()?, b"two\n");
///
///     let error = Command::new("no-such-program").spawn().unwrap_err();
///     assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Command {
    command: process::Command,
    /// Which of stdin, stdout and stderr were chosen, and so are not for [`output`](Self::output)
    /// to choose.
    chosen: [bool; 3],
}

/// A method of std's that hands back the builder.
macro_rules! builder {
    ($($(#[doc = $doc:literal])* $name:ident($($argument:ident: $type:ty),*);)*) => {$(
        $(#[doc = $doc])*
        pub fn $name(&mut self $(, $argument: $type)*) -> &mut Command {
            self.command.$name($($argument),*);
            self
        }
    )*};
}

impl Command {
    /// The program to start, by its path or by a name that is looked for in `PATH`. Nothing is
    /// started yet.
    pub fn new(program: impl AsRef<OsStr>) -> Command {
        process::Command::new(program).into()
    }

    /// Starts the process. Its stdin, stdout and stderr are this process's, unless they were
    /// chosen.
    ///
    /// Does not suspend: the OS thread stops for as long as the operating system takes to start a
    /// program, and so what goes wrong is known at once.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such program, `PermissionDenied` if it must not be run, and
    /// whatever else the operating system says. There is no child then, and no descriptor is left
    /// open.
    pub fn spawn(&mut self) -> io::Result<Child> {
        let started = self.command.spawn();
        Child::started(started.map_err(cannot_now(|| format!("start {:?}", self.get_program())))?)
    }

    /// Starts the process and waits until it has ended. Suspends until then. Python's
    /// `subprocess.call`.
    ///
    /// How it ended is no error here; see [`ExitStatus::success`].
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here lets go of the child, which runs on: see [the module](super).
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn) and [`Child::wait`].
    #[green(crate = crate)]
    pub fn status(&mut self) -> io::Result<ExitStatus> {
        let mut child = self.spawn()?;
        child.wait()
    }

    /// Starts the process, collects what it writes to stdout and stderr, and waits. Suspends until
    /// that is done. Python's `subprocess.run` and `check_output`.
    ///
    /// Its stdin is empty, unless it was chosen; of the outputs, those that were chosen are not
    /// collected. (For a command that came [from std's](From) what was chosen there is not known,
    /// and all three are set.) There is no limit on how much is collected.
    ///
    /// [`Child::communicate`] loses nothing.
    ///
    /// # Cancel safety
    ///
    /// A kill or timeout here loses what was collected and lets go of the child, which runs on: see
    /// [the module](super).
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn) and [`Child::communicate`].
    #[green(crate = crate)]
    pub fn output(&mut self) -> io::Result<Output> {
        let child = self.spawn_with_pipes()?;
        child.wait_with_output()
    }

    /// Starts a process whose output is to be collected, and leaves the settings as they were.
    fn spawn_with_pipes(&mut self) -> io::Result<Child> {
        let [stdin, stdout, stderr] = self.chosen;
        self.set_unchosen([stdin, stdout, stderr], [Stdio::null(), Stdio::piped(), Stdio::piped()]);
        let child = self.spawn();
        self.set_unchosen([stdin, stdout, stderr], [Stdio::inherit(), Stdio::inherit(), Stdio::inherit()]);
        child
    }

    fn set_unchosen(&mut self, chosen: [bool; 3], [stdin, stdout, stderr]: [Stdio; 3]) {
        if !chosen[0] {
            self.command.stdin(stdin);
        }
        if !chosen[1] {
            self.command.stdout(stdout);
        }
        if !chosen[2] {
            self.command.stderr(stderr);
        }
    }

    /// What the child reads as its standard input.
    pub fn stdin(&mut self, stdin: impl Into<Stdio>) -> &mut Command {
        self.chosen[0] = true;
        self.command.stdin(stdin);
        self
    }

    /// Where the child's standard output goes.
    pub fn stdout(&mut self, stdout: impl Into<Stdio>) -> &mut Command {
        self.chosen[1] = true;
        self.command.stdout(stdout);
        self
    }

    /// Where the child's standard error goes.
    pub fn stderr(&mut self, stderr: impl Into<Stdio>) -> &mut Command {
        self.chosen[2] = true;
        self.command.stderr(stderr);
        self
    }

    /// Puts the program in place of this process: on success nothing comes back. std's `exec`.
    ///
    /// Does not suspend. No destructor runs, and other green threads end where they are. The
    /// program gets the descriptors that are not marked to be closed, which all of this crate's
    /// are.
    ///
    /// # Errors
    ///
    /// What it gives is always an error, std's: the program was not started, and some of the
    /// settings (folder, user) may have changed this process by then.
    pub fn exec(&mut self) -> io::Error {
        let error = self.command.exec();
        cannot_now(|| format!("become {:?}", self.get_program()))(error)
    }

    /// Has `f` called in the child between its beginning and the program's: std's `pre_exec`.
    ///
    /// An error of `f` is that of [`spawn`](Self::spawn). `f` must not use green threads: the hub
    /// is the parent's.
    ///
    /// # Safety
    ///
    /// As std's `CommandExt::pre_exec`: the child is a copy with one OS thread, in which `f` may do
    /// only what may be done in a handler of a signal; it must not allocate memory or take locks.
    ///
    /// # Examples
    ///
    /// ```
    /// use eventlet::green;
    /// use eventlet::green::process::Command;
    ///
    /// #[green]
    /// fn main() -> std::io::Result<()> {
    ///     let mut command = Command::new("true");
    ///     // SAFETY: the closure makes an error of a number, and no more.
    ///     unsafe { command.pre_exec(|| Err(std::io::Error::from_raw_os_error(1))) };
    ///     assert_eq!(eventlet::green::io::raw_os_error(&command.spawn().unwrap_err()), Some(1));
    ///     Ok(())
    /// }
    /// ```
    #[expect(unsafe_code, reason = "std's method is unsafe, and so is this one")]
    pub unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: the precondition of this method is that of std's: `f` does only what is allowed
        // between fork and exec.
        unsafe { self.command.pre_exec(f) };
        self
    }

    builder! {
        /// Adds an argument.
        arg(argument: impl AsRef<OsStr>);
        /// Adds arguments.
        args(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>);
        /// Sets a variable of the child's environment.
        env(key: impl AsRef<OsStr>, value: impl AsRef<OsStr>);
        /// Sets variables of the child's environment.
        envs(variables: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>);
        /// Takes a variable out of the child's environment.
        env_remove(key: impl AsRef<OsStr>);
        /// Empties the child's environment of what it would inherit.
        env_clear();
        /// The folder in which the child starts.
        current_dir(folder: impl AsRef<Path>);
        /// The name that the program is told it has, its argument 0.
        arg0(name: impl AsRef<OsStr>);
        /// The user that the child runs as.
        uid(user: u32);
        /// The group that the child runs as.
        gid(group: u32);
        /// The process group that the child is put into; 0 is a new one of its own.
        process_group(group: i32);
    }

    /// The program.
    pub fn get_program(&self) -> &OsStr {
        self.command.get_program()
    }

    /// The arguments.
    pub fn get_args(&self) -> CommandArgs<'_> {
        self.command.get_args()
    }

    /// The variables that were set or taken out of the child's environment.
    pub fn get_envs(&self) -> CommandEnvs<'_> {
        self.command.get_envs()
    }

    /// The folder in which the child starts, if one was set.
    pub fn get_current_dir(&self) -> Option<&Path> {
        self.command.get_current_dir()
    }

    /// std's command underneath.
    pub fn as_std(&self) -> &process::Command {
        &self.command
    }

    /// std's command underneath, for settings that are not repeated here. A stdin, stdout or stderr
    /// that is chosen there is not known to [`output`](Self::output).
    pub fn as_std_mut(&mut self) -> &mut process::Command {
        &mut self.command
    }

    /// Gives std's command.
    pub fn into_std(self) -> process::Command {
        self.command
    }
}

/// Takes std's command, with its settings; see [`output`](Command::output) for what is not known of
/// them.
impl From<process::Command> for Command {
    fn from(command: process::Command) -> Command {
        Command { command, chosen: [false; 3] }
    }
}

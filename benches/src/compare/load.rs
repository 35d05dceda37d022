//! The load generator, in a process of its own: connected, asleep, and at work when it is told to.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::program::{Finally, field};
use super::server::spawn_on;
use super::workloads::Load;

const SIZE: usize = 64;
/// No slice may take longer, and neither may connecting.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Generator {
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    _child: Finally,
}

impl Generator {
    /// Comes back when all is connected and has been used once.
    pub(crate) fn start(load: Load, port: u16, one_cpu: bool) -> io::Result<Generator> {
        // On the server's processor it would be in its way if it never slept.
        Generator::start_on(if one_cpu { 0 } else { 1 }, load, port, !one_cpu)
    }

    /// On a processor of one's choice.
    pub(crate) fn start_on(cpu: usize, load: Load, port: u16, spins: bool) -> io::Result<Generator> {
        let mut command = Command::new(std::env::current_exe()?.with_file_name("load"));
        match load {
            Load::Messages { connections } => {
                command.args([port as usize, connections, SIZE].map(|number| number.to_string()));
                command.args(spins.then_some("spin"));
            }
            Load::Requests { connections, together } => {
                command
                    .arg("http")
                    .args([port as usize, connections, together].map(|number| number.to_string()));
                command.args(spins.then_some("spin"));
            }
            Load::Streams(streams) => {
                command.arg("http2").args([port as usize, 1, streams].map(|number| number.to_string()));
                command.args(spins.then_some("spin"));
            }
            Load::Churn => {
                command.arg("accept").args([port as usize, SIZE].map(|number| number.to_string()));
            }
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = spawn_on(cpu, &mut command)?;
        let orders = child.0.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.0.stdout.take().expect("it is piped"));
        let mut generator = Generator { orders, answers, _child: child };
        match generator.answer()?.trim() {
            "ready" => Ok(generator),
            _ => Err(io::Error::other("the load cannot connect, or an answer was wrong")),
        }
    }

    /// Lets it do so many, and says how many it did.
    pub(crate) fn go(&mut self, messages: u64) -> io::Result<f64> {
        self.begin(messages)?;
        self.finish()
    }

    /// Lets it begin to do so many.
    pub(crate) fn begin(&mut self, messages: u64) -> io::Result<()> {
        writeln!(self.orders, "go {messages}")
    }

    /// Waits until it is done.
    pub(crate) fn finish(&mut self) -> io::Result<f64> {
        let line = self.answer()?;
        field(&line, "messages").ok_or_else(|| io::Error::other("an answer was wrong or missing"))
    }

    /// A line of its output.
    fn answer(&mut self) -> io::Result<String> {
        let limit = Timespec::try_from(LIMIT).map_err(io::Error::other)?;
        let mut wait = [PollFd::new(self.answers.get_ref(), PollFlags::IN)];
        if poll(&mut wait, Some(&limit))? == 0 {
            return Err(io::Error::other("no end in sight"));
        }
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line)
    }
}

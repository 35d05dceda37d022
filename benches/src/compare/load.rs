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
        let mut command = Command::new(std::env::current_exe()?.with_file_name("load"));
        match load {
            Load::Messages { connections } => {
                command.args([port as usize, connections, SIZE].map(|number| number.to_string()));
                // On the server's processor it would be in its way.
                command.args((!one_cpu).then_some("spin"));
            }
            Load::Churn => {
                command.arg("accept").args([port as usize, SIZE].map(|number| number.to_string()));
            }
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = spawn_on(if one_cpu { 0 } else { 1 }, &mut command)?;
        let orders = child.0.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.0.stdout.take().expect("it is piped"));
        let mut generator = Generator { orders, answers, _child: child };
        match generator.answer()?.trim() {
            "ready" => Ok(generator),
            _ => Err(io::Error::other("the load cannot connect, or an echo was wrong")),
        }
    }

    /// Lets it do so many, and says how many it did.
    pub(crate) fn go(&mut self, messages: u64) -> io::Result<f64> {
        writeln!(self.orders, "go {messages}")?;
        let line = self.answer()?;
        field(&line, "messages").ok_or_else(|| io::Error::other("an echo was wrong or missing"))
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

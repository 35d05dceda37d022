//! An echo: what is sent comes back.

use std::io;

use super::connections::{Protocol, Taken};
use super::{check, fill};

/// One message of this size under way, no two in a row alike.
pub(super) struct Echo {
    message: Vec<u8>,
}

impl Echo {
    pub(super) fn of(size: usize) -> Echo {
        Echo { message: vec![0; size] }
    }
}

impl Protocol for Echo {
    const REFILLS: bool = true;

    fn ask(&mut self, number: usize, _one: usize, message: &mut Vec<u8>) {
        fill(&mut self.message, number);
        message.extend_from_slice(&self.message);
    }

    fn take(&mut self, came: &[u8], _reply: &mut Vec<u8>) -> io::Result<Taken> {
        if came.len() < self.message.len() {
            return Ok(Taken::default());
        }
        check(&self.message, came)?;
        Ok(Taken { bytes: came.len(), answers: 1 })
    }
}

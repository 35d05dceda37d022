//! What can be seen of a hub from outside: where threads stand, and who wants to know of every
//! switch.

pub(crate) mod backtrace;
pub(crate) mod stderr;
pub(crate) mod trace;

//! Calls of std that would stop the whole hub.
//!
//! Syntax finds those that may be meant; whether one is std's or its green twin is decided by type, in the runtime's
//! `blocking.rs`, which also has the words.

use proc_macro2::Ident;
use syn::{Expr, Path};

/// A call that may be one of std's that block.
pub(super) enum Suspect {
    /// By the path that it is called by, or that its receiver was made by: the kind's method that says so.
    Spelled(&'static str),
    /// A method of a variable: the variable, and the method's name.
    Method(Box<Expr>, Ident),
}

/// Methods that block on some types of std.
const METHODS: [&str; 16] = [
    "accept",
    "incoming",
    "join",
    "output",
    "status",
    "wait",
    "wait_with_output",
    "recv",
    "recv_timeout",
    "read_line",
    "read",
    "read_exact",
    "read_to_end",
    "read_to_string",
    "write",
    "write_all",
];

/// Whether a call may be one of std's that block.
pub(super) fn suspect(expr: &Expr) -> Option<Suspect> {
    match expr {
        Expr::Call(call) => match &*call.func {
            Expr::Path(func) => match last_two(&func.path)? {
                (owner, name) if owner == "thread" && name == "sleep" => {
                    Some(Suspect::Spelled("sleep_blocks_the_hub"))
                }
                (owner, name) if owner == "TcpStream" && (name == "connect" || name == "connect_timeout") => {
                    Some(Suspect::Spelled("connect_blocks_the_hub"))
                }
                _ => None,
            },
            _ => None,
        },
        Expr::MethodCall(call) => {
            let method = METHODS.iter().find(|known| call.method == *known)?;
            if is_place(&call.receiver) {
                return Some(Suspect::Method(call.receiver.clone(), call.method.clone()));
            }
            let (owner, name) = last_two(made_by(&call.receiver)?)?;
            let verdict = match (owner.as_str(), name.as_str(), *method) {
                ("io", "stdin", "read_line" | "read_to_string" | "read_to_end") => "stdin_blocks_the_hub",
                ("Command", "new", "output" | "status" | "wait" | "wait_with_output") => {
                    "command_blocks_the_hub"
                }
                ("thread", "spawn", "join") => "join_blocks_the_hub",
                _ => return None,
            };
            Some(Suspect::Spelled(verdict))
        }
        _ => None,
    }
}

/// The last two names of a path.
fn last_two(path: &Path) -> Option<(String, String)> {
    let mut segments = path.segments.iter().rev();
    let name = segments.next()?.ident.to_string();
    Some((segments.next()?.ident.to_string(), name))
}

/// A variable, or a field of one: something that may be written twice.
fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(path) => path.path.get_ident().is_some(),
        Expr::Field(field) => is_place(&field.base),
        _ => false,
    }
}

/// The path of the call at the start of a chain of method calls.
fn made_by(receiver: &Expr) -> Option<&Path> {
    match receiver {
        Expr::MethodCall(call) => made_by(&call.receiver),
        Expr::Try(part) => made_by(&part.expr),
        Expr::Paren(part) => made_by(&part.expr),
        Expr::Call(call) => match &*call.func {
            Expr::Path(func) => Some(&func.path),
            _ => None,
        },
        _ => None,
    }
}

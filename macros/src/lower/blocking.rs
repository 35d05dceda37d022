//! Calls of std that would stop the whole hub.
//!
//! Syntax finds those that may be meant; whether one is std's or its green twin is decided by type,
//! in the runtime's `blocking.rs`. The words are in its `lint/blocks_the_hub.rs`.

use proc_macro2::Ident;
use syn::{Expr, Path};

/// A call that may be one of std's that block.
pub(super) enum Suspect {
    /// By the path that it is called by, or that its receiver was made by: the lint's type and
    /// method.
    Spelled(&'static str, Ident),
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
        Expr::Call(call) => {
            let Expr::Path(func) = &*call.func else { return None };
            let name = &func.path.segments.last()?.ident;
            let lint = match last_two(&func.path)? {
                (owner, name) if owner == "thread" && name == "sleep" => "Thread",
                (owner, name) if owner == "TcpStream" && (name == "connect" || name == "connect_timeout") => {
                    "TcpStream"
                }
                _ => return None,
            };
            Some(Suspect::Spelled(lint, name.clone()))
        }
        Expr::MethodCall(call) => {
            // An identifier of the compiler's is spelled anew for each comparison.
            let method = call.method.to_string();
            let method = METHODS.iter().find(|known| **known == method)?;
            if is_place(&call.receiver) {
                return Some(Suspect::Method(call.receiver.clone(), call.method.clone()));
            }
            let (owner, name) = last_two(made_by(&call.receiver)?)?;
            let lint = match (owner.as_str(), name.as_str(), *method) {
                ("io", "stdin", "read_line" | "read_to_string" | "read_to_end") => "Stdin",
                ("Command", "new", "output" | "status" | "wait" | "wait_with_output") => "Command",
                ("thread", "spawn", "join") => "JoinHandle",
                _ => return None,
            };
            Some(Suspect::Spelled(lint, call.method.clone()))
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
pub(super) fn is_place(expr: &Expr) -> bool {
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

//! Where a thread comes from: for those who have to be told of it later.

use std::fmt;
use std::panic::Location;

use super::TaskRef;
use crate::hub::observe::backtrace::readable;

/// The line of a spawn, which debug builds keep in each thread. In a release build it is nothing.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    #[cfg(debug_assertions)]
    line: &'static Location<'static>,
}

impl Place {
    /// The caller's line.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn here() -> Self {
        Place {
            #[cfg(debug_assertions)]
            line: Location::caller(),
        }
    }
}

/// What a thread runs, and where it was spawned.
pub(crate) struct Origin {
    /// The types of its call, and of the closure that made it.
    call: &'static str,
    closure: &'static str,
    place: Option<&'static Location<'static>>,
}

impl TaskRef {
    #[inline(always)]
    pub(crate) fn spawned_at(&self, place: Place) {
        #[cfg(debug_assertions)]
        self.header().place.set(Some(place.line));
        #[cfg(not(debug_assertions))]
        let _ = place;
    }

    pub(crate) fn origin(&self) -> Origin {
        let header = self.header();
        #[cfg(debug_assertions)]
        let place = header.place.get();
        #[cfg(not(debug_assertions))]
        let place = None;
        Origin { call: (header.vtable.call)(), closure: (header.vtable.closure)(), place }
    }
}

impl Origin {
    /// The names of the types of the call, and of the closure that made it, as the compiler has
    /// them.
    pub(crate) fn types(&self) -> (&'static str, &'static str) {
        (self.call, self.closure)
    }

    /// The green function, or the one around the green closure.
    pub(crate) fn function(&self) -> String {
        let call = self.call.find("::call::Green<").map_or(self.call, |at| &self.call[at + 2..]);
        users_part(call)
    }

    /// The function in which the closure stands; that of a function's bare name is not known.
    pub(crate) fn spawned_in(&self) -> Option<String> {
        self.closure.contains("{{closure}}").then(|| users_part(self.closure))
    }

    pub(crate) fn place(&self) -> Option<&'static Location<'static>> {
        self.place
    }
}

/// `app::echo, spawned in app::main at src/main.rs:7:5`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.function())?;
        let spawned_in = self.spawned_in();
        if spawned_in.is_some() || self.place.is_some() {
            f.write_str(", spawned")?;
        }
        if let Some(function) = spawned_in {
            write!(f, " in {function}")?;
        }
        self.place.map_or(Ok(()), |line| write!(f, " at {line}"))
    }
}

/// The user's type inside those that this crate puts around it.
fn users_part(mut name: &str) -> String {
    // `eventlet::greenpool::slots::Member<app::job::{{closure}}>`; a function of this crate is what
    // it is.
    while let Some(inner) = inside(name) {
        name = inner;
    }
    readable(name)
}

fn inside(name: &str) -> Option<&str> {
    let is_ours = name.starts_with("eventlet::") || name.starts_with("call::");
    let (outer, inner) = name.split_once('<')?;
    let is_wrapper = outer.ends_with("::Green") || outer.ends_with("::Noting") || outer.ends_with("::Member");
    let is_spawn = ["::start", "::spawn_later", "::create", "::serve", "::create_task_with", "::spawn"];
    let is_around = is_spawn.iter().any(|end| outer.ends_with(end) || outer.ends_with(&format!("{end}::")));
    if !is_ours || !(is_wrapper || is_around) {
        return None;
    }
    Some(first_argument(inner))
}

/// Up to the comma, or the bracket, after the first of a list of type arguments.
fn first_argument(arguments: &str) -> &str {
    let mut depth = 0;
    let mut before = ' ';
    let end = arguments.find(|letter| {
        match letter {
            '<' | '(' | '[' => depth += 1,
            // `->` is no bracket.
            '>' if before != '-' => depth -= 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        before = letter;
        depth < 0 || depth == 0 && letter == ','
    });
    &arguments[..end.unwrap_or(arguments.len())]
}

#[cfg(test)]
mod tests {
    use super::Origin;

    fn origin(call: &'static str, closure: &'static str) -> [String; 2] {
        let origin = Origin { call, closure, place: None };
        [origin.function(), origin.spawned_in().unwrap_or_default()]
    }

    #[test]
    fn the_users_own_names_are_found_inside_ours() {
        let noting = "eventlet::call::Green<eventlet::greenthread::lost::Noting<app::job<fn() -> u32>::{{closure}}, eventlet::greenthread::lost::InBox>>";
        assert_eq!(origin(noting, "app::main::{{closure}}::{{closure}}"), ["app::job", "app::main"]);
        let later = "eventlet::greenthread::spawn::spawn_later<app::main::{{closure}}, eventlet::call::Green<app::job::{{closure}}>>::{{closure}}::{{closure}}";
        assert_eq!(origin(later, later), ["app::job", "app::main"]);
        let member = "eventlet::greenpool::slots::Member<eventlet::call::Green<app::job::{{closure}}>>";
        assert_eq!(origin(member, "app::main::{{closure}}"), ["app::job", "app::main"]);
        assert_eq!(origin("eventlet::call::Green<app::job::{{closure}}>", "app::job"), ["app::job", ""]);
    }
}

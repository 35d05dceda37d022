//! From marks to colours: which functions and closures become green, and in which form.

use std::collections::{BTreeMap, BTreeSet};

use crate::marks::{Mark, MarkKind, Marks};
use crate::places::{BoundsOf, File, Function, Kind, Owner, Use};
use crate::source::Refusal;

/// A function or closure: the number of its file, and its number in that.
pub(crate) type Id = (usize, usize);

/// What becomes of each place that does not stay as it is.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) functions: BTreeMap<Id, Colour>,
    pub(crate) closures: BTreeMap<Id, Form>,
    /// Parameters whose bound becomes an `AsyncFn`: a function, and the number of the parameter.
    pub(crate) callbacks: BTreeSet<(Id, usize)>,
    /// Impls of `Iterator` whose steps suspend: the number of the file, and that of the impl.
    pub(crate) iterators: BTreeSet<(usize, usize)>,
    /// Lists of bounds that lose their `Send` and `Sync`: the number of the file, and the list's.
    pub(crate) unsendable: BTreeSet<(usize, usize)>,
    /// Where the traits of `eventlet::prelude` are used: the number of the file, and the offset.
    pub(crate) preludes: BTreeSet<(usize, usize)>,
    /// Macros whose arguments are expressions, of each function.
    pub(crate) macros: BTreeMap<Id, BTreeSet<String>>,
    /// Combinators that are given a green function by its name: the number of the file, and where
    /// the combinator's name begins.
    pub(crate) renamed: BTreeSet<(usize, usize)>,
    /// Arguments that get std's own traits: the number of the file, and where they stand.
    pub(crate) foreign: BTreeSet<(usize, usize, usize)>,
    /// What waits in place: the number of the file, the offset, what it is, and why.
    pub(crate) waits: BTreeMap<(usize, usize), (String, &'static str)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Colour {
    /// An ordinary function that holds a green closure.
    Holds,
    InPlace,
    Green,
    Boxed,
}

/// What a closure becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `#[green] async`: it is called by a name of the crate's.
    Called,
    /// `#[green]`: it makes a call that somebody else drives.
    Makes,
    /// The same, for a combinator that is renamed.
    Combines,
    /// `#[green(in_place)]`.
    InPlace,
}

/// Makes a plan of a crate's files and what is known of them.
pub(crate) fn plan(files: &[File], marks: &Marks) -> Result<Plan, Refusal> {
    let mut planner = Planner { files, plan: Plan::default(), kept: BTreeSet::new() };
    for mark in marks.iter().filter(|mark| mark.kind == MarkKind::Kept) {
        let number = files.iter().position(|file| file.path == mark.file);
        let place = number.and_then(|number| Some((number, files[number].innermost(mark.offset)?)));
        planner.kept.extend(place);
    }
    planner.seeds()?;
    for mark in marks {
        planner.obey(mark)?;
    }
    Ok(planner.plan)
}

/// Methods of std's whose closures have a green twin in `eventlet::prelude`.
pub(crate) const COMBINATORS: [&str; 31] = [
    "all",
    "and_then",
    "any",
    "filter",
    "filter_map",
    "find",
    "find_map",
    "flat_map",
    "fold",
    "for_each",
    "get_or_insert_with",
    "is_err_and",
    "is_none_or",
    "is_ok_and",
    "is_some_and",
    "map",
    "map_err",
    "map_or",
    "map_or_else",
    "map_while",
    "max_by_key",
    "min_by_key",
    "ok_or_else",
    "or_else",
    "or_insert_with",
    "position",
    "skip_while",
    "take_while",
    "try_fold",
    "try_for_each",
    "unwrap_or_else",
];

struct Planner<'a> {
    files: &'a [File],
    plan: Plan,
    /// Closures that stay ordinary, and functions whose parameters do.
    kept: BTreeSet<Id>,
}

impl Planner<'_> {
    /// What is green whatever it contains: the methods of std's traits that have green twins, and
    /// closures that are given to a new thread.
    fn seeds(&mut self) -> Result<(), Refusal> {
        for (number, file) in self.files.iter().enumerate() {
            for (place, found) in file.places.iter().enumerate() {
                let id = (number, place);
                match &found.kind {
                    Kind::Function(function) if self.is_mirrored(file, function) => self.green(id)?,
                    Kind::Closure(closure) if spawns(file, &closure.used) => self.closure(id, Form::Makes)?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn is_mirrored(&self, file: &File, function: &Function) -> bool {
        let Owner::Impl(number) = function.owner else { return false };
        let known = &file.impls[number];
        let green: &[&str] = match file.mirrored_trait(&known.path) {
            Some("Read") => &["read", "read_vectored", "read_to_end", "read_to_string", "read_exact"],
            // `fmt::Write` has the same name, and other methods.
            Some("Write") if known.methods.contains("write") => {
                &["write", "write_vectored", "flush", "write_all", "write_fmt"]
            }
            Some("BufRead") => &["fill_buf", "read_until", "read_line", "skip_until"],
            Some("Seek") => &["seek", "rewind", "stream_position"],
            Some("ToSocketAddrs") => &["to_socket_addrs"],
            _ => &[],
        };
        green.contains(&function.name.as_str())
    }

    fn obey(&mut self, mark: &Mark) -> Result<(), Refusal> {
        let Some(number) = self.files.iter().position(|file| file.path == mark.file) else { return Ok(()) };
        let file = &self.files[number];
        match mark.kind {
            MarkKind::Unsendable => {
                self.unsendable(number, mark.offset);
                return Ok(());
            }
            MarkKind::Foreign => {
                self.foreign(number, mark.offset);
                return Ok(());
            }
            _ => {}
        }
        let Some(place) = file.innermost(mark.offset) else {
            return Err(self.refusal(
                number,
                mark.offset,
                "a green call stands here outside of any function that can be read: in a constant, or in what a \
                 macro of the crate writes. Write it as a function in a copy of the crate, and patch that",
            ));
        };
        let id = (number, place);
        let named = file.named.iter().find(|(begin, ..)| *begin == mark.offset);
        if let Some((_, method, range)) = named.filter(|_| mark.kind == MarkKind::Green)
            && COMBINATORS.contains(&method.as_str())
        {
            self.plan.renamed.insert((number, range.start));
            self.plan.preludes.insert((number, mark.offset));
        }
        if mark.kind == MarkKind::Kept {
            return Ok(());
        }
        if mark.kind == MarkKind::Steps {
            self.plan.preludes.insert((number, mark.offset));
        }
        if mark.kind == MarkKind::Macro {
            let name = file.text[mark.offset..].split('!').next().unwrap_or("");
            let name = name.rsplit("::").next().unwrap_or(name).trim().to_owned();
            let function = match file.places[place].kind {
                Kind::Function(_) => Some(id),
                Kind::Closure(_) => self.function_around(id),
            };
            if let Some(function) = function {
                self.plan.macros.entry(function).or_default().insert(name);
            }
        }
        match (&file.places[place].kind, mark.kind) {
            (Kind::Function(_), MarkKind::Boxed) => self.family(id, Colour::Boxed),
            // rustc may speak of the method that the closure is given to.
            (_, MarkKind::Handed) => match self.handed(number, place, mark.offset) {
                Some(closure) => self.closure((number, closure), Form::Makes),
                None => Ok(()),
            },
            (Kind::Function(_), _) => self.green(id),
            (Kind::Closure(_), MarkKind::Boxed) => match self.function_around(id) {
                Some(function) => self.family(function, Colour::Boxed),
                None => Ok(()),
            },
            (Kind::Closure(closure), _) => self.green_closure(id, &closure.used),
        }
    }

    /// The closure that a message about a closure means.
    fn handed(&self, number: usize, place: usize, offset: usize) -> Option<usize> {
        let file = &self.files[number];
        let given = file.places.iter().position(|found| match &found.kind {
            Kind::Closure(closure) => match &closure.used {
                Use::OfMethod(_, name, _) => name.contains(&offset),
                _ => false,
            },
            Kind::Function(_) => false,
        });
        let inside = matches!(file.places[place].kind, Kind::Closure(_)).then_some(place);
        given.or(inside).or_else(|| {
            let argument = file.arguments.iter().find(|range| range.start == offset)?;
            file.places.iter().position(|found| {
                matches!(found.kind, Kind::Closure(_)) && argument.contains(&found.range.start)
            })
        })
    }

    /// A function in which a green call stands.
    fn green(&mut self, id: Id) -> Result<(), Refusal> {
        let file = &self.files[id.0];
        let place = &file.places[id.1];
        let Kind::Function(function) = &place.kind else { return Ok(()) };
        if function.is_const || function.is_async {
            let what = if function.is_const { "`const`" } else { "`async`" };
            return Err(self.refusal(
                id.0,
                place.at,
                &format!(
                    "`{}` is {what} and makes a green call, which it cannot drive. Take the word out in a copy of \
                     the crate, and patch that",
                    function.name
                ),
            ));
        }
        if function.is_extern {
            return self.in_place(id, "it is called by foreign code");
        }
        let Owner::Impl(number) = function.owner else { return self.family(id, Colour::Green) };
        let known = &file.impls[number];
        if known.name == "Iterator" && function.name == "next" {
            self.plan.iterators.insert((id.0, number));
            return self.colour(id, Colour::Green);
        }
        if self.is_mirrored(file, function) {
            return self.colour(id, Colour::Green);
        }
        if self.is_own_trait(&known.name) {
            return self.family(id, Colour::Green);
        }
        match known.name.as_str() {
            "Drop" => self.in_place(id, "a destructor cannot suspend"),
            _ => self.in_place(id, "it is a method of somebody else's trait, whose calls are ordinary"),
        }
    }

    fn is_own_trait(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.traits.iter().any(|own| own.name == name))
    }

    fn in_place(&mut self, id: Id, why: &'static str) -> Result<(), Refusal> {
        let place = &self.files[id.0].places[id.1];
        let name = match &place.kind {
            Kind::Function(function) => format!("`{}`", function.name),
            Kind::Closure(_) => "a closure".to_owned(),
        };
        self.plan.waits.insert((id.0, place.at), (name, why));
        self.colour(id, Colour::InPlace)
    }

    /// A function, with all that have to be of the same colour: a method of the crate's own trait
    /// has one in all impls.
    fn family(&mut self, id: Id, colour: Colour) -> Result<(), Refusal> {
        let files = self.files;
        let Kind::Function(function) = &files[id.0].places[id.1].kind else { return Ok(()) };
        let Some(own) = self.trait_of(id.0, function) else { return self.colour(id, colour) };
        let boxed = files.iter().flat_map(|file| &file.bounds).any(|bounds| {
            bounds.of == BoundsOf::Object
                && bounds.list.iter().any(|bound| bound.path.rsplit("::").next() == Some(&own))
        });
        let colour = if boxed && colour == Colour::Green { Colour::Boxed } else { colour };
        for (number, file) in files.iter().enumerate() {
            for (place, found) in file.places.iter().enumerate() {
                if let Kind::Function(other) = &found.kind
                    && other.name == function.name
                    && self.trait_of(number, other).is_some_and(|other| other == own)
                {
                    self.colour((number, place), colour)?;
                }
            }
        }
        Ok(())
    }

    /// The crate's own trait that a function belongs to.
    fn trait_of(&self, number: usize, function: &Function) -> Option<String> {
        let name = match &function.owner {
            Owner::Trait(name) => name.clone(),
            Owner::Impl(impl_) => self.files[number].impls[*impl_].name.clone(),
            Owner::Nobody | Owner::Type => return None,
        };
        self.is_own_trait(&name).then_some(name)
    }

    /// Gives a function a colour, unless it has one that says more.
    fn colour(&mut self, id: Id, colour: Colour) -> Result<(), Refusal> {
        let entry = self.plan.functions.entry(id).or_insert(colour);
        *entry = (*entry).max(colour);
        Ok(())
    }

    /// A closure in which a green call stands.
    fn green_closure(&mut self, id: Id, used: &Use) -> Result<(), Refusal> {
        if self.plan.closures.contains_key(&id) {
            return Ok(());
        }
        match used {
            _ if self.kept.contains(&id) => self.closure_in_place(id),
            Use::Bound => {
                self.closure(id, Form::Called)?;
                self.around_is_green(id)
            }
            Use::OfPath(names, argument) => {
                match self.own_function(names.last().map_or("", String::as_str), *argument) {
                    Some(function) if !self.kept.contains(&function) => self.callback(function, *argument),
                    _ => self.closure_in_place(id),
                }
            }
            Use::OfMethod(name, _, argument) => match self.own_method(name, *argument) {
                Some(function) if self.kept.contains(&function) => self.closure_in_place(id),
                Some(function) => self.callback(function, *argument),
                None if COMBINATORS.contains(&name.as_str()) => {
                    self.plan.preludes.insert((id.0, self.files[id.0].places[id.1].range.start));
                    self.closure(id, Form::Combines)?;
                    self.around_is_green(id)
                }
                None => self.closure_in_place(id),
            },
            Use::Kept => self.closure_in_place(id),
        }
    }

    fn closure_in_place(&mut self, id: Id) -> Result<(), Refusal> {
        let why = "a closure that is handed to somebody else, or kept, cannot suspend";
        self.plan.waits.insert((id.0, self.files[id.0].places[id.1].at), ("a closure".to_owned(), why));
        self.closure(id, Form::InPlace)
    }

    /// The one function of the crate that is called so and takes a closure there.
    fn own_function(&self, name: &str, argument: usize) -> Option<Id> {
        self.only_callee(|function| {
            function.name == name && function.callbacks.contains_key(&argument) && !function.has_receiver
        })
    }

    fn own_method(&self, name: &str, argument: usize) -> Option<Id> {
        let is_combinator = COMBINATORS.contains(&name);
        self.only_callee(|function| {
            !is_combinator
                && function.name == name
                && function.callbacks.contains_key(&argument)
                && function.has_receiver
        })
    }

    fn only_callee(&self, is_it: impl Fn(&Function) -> bool) -> Option<Id> {
        let mut found = None;
        for (number, file) in self.files.iter().enumerate() {
            for (place, known) in file.places.iter().enumerate() {
                if let Kind::Function(function) = &known.kind
                    && is_it(function)
                    && found.replace((number, place)).is_some()
                {
                    return None;
                }
            }
        }
        found
    }

    /// A parameter that is called: its function becomes green, and with it every closure that
    /// reaches it.
    fn callback(&mut self, callee: Id, argument: usize) -> Result<(), Refusal> {
        if !self.plan.callbacks.insert((callee, argument)) {
            return Ok(());
        }
        self.family(callee, Colour::Green)?;
        let files = self.files;
        let Kind::Function(function) = &files[callee.0].places[callee.1].kind else { return Ok(()) };
        for (number, file) in files.iter().enumerate() {
            for (place, found) in file.places.iter().enumerate() {
                let Kind::Closure(closure) = &found.kind else { continue };
                let reaches = match &closure.used {
                    Use::OfPath(names, at) => {
                        !function.has_receiver && names.last() == Some(&function.name) && *at == argument
                    }
                    Use::OfMethod(name, _, at) => {
                        function.has_receiver && *name == function.name && *at == argument
                    }
                    Use::Bound | Use::Kept => false,
                };
                if reaches {
                    self.closure((number, place), Form::Called)?;
                    self.around_is_green((number, place))?;
                }
            }
        }
        Ok(())
    }

    /// Gives a closure its form. The function around it has an attribute then, which reads it.
    fn closure(&mut self, id: Id, form: Form) -> Result<(), Refusal> {
        self.plan.closures.insert(id, form);
        let Some(function) = self.function_around(id) else {
            let at = self.files[id.0].places[id.1].at;
            return Err(self.refusal(
                id.0,
                at,
                "a green call stands in a closure outside of any function. Write it as a function in a copy of the \
                 crate, and patch that",
            ));
        };
        let Kind::Function(known) = &self.files[function.0].places[function.1].kind else { return Ok(()) };
        if known.is_const || known.is_async {
            return self.green(function);
        }
        self.colour(function, if form == Form::InPlace { Colour::InPlace } else { Colour::Holds })
    }

    /// What is around a closure that is called there is green as well.
    fn around_is_green(&mut self, id: Id) -> Result<(), Refusal> {
        let Some(around) = self.files[id.0].places[id.1].around else { return Ok(()) };
        match &self.files[id.0].places[around].kind {
            Kind::Function(_) => self.green((id.0, around)),
            Kind::Closure(closure) => self.green_closure((id.0, around), &closure.used),
        }
    }

    fn function_around(&self, id: Id) -> Option<Id> {
        let mut place = &self.files[id.0].places[id.1];
        loop {
            let around = place.around?;
            place = &self.files[id.0].places[around];
            if matches!(place.kind, Kind::Function(_)) {
                return Some((id.0, around));
            }
        }
    }

    /// The argument that begins there, the outermost of several.
    fn foreign(&mut self, number: usize, offset: usize) {
        let file = &self.files[number];
        let begin_there = file.arguments.iter().filter(|range| range.start == offset);
        if let Some(range) = begin_there.max_by_key(|range| range.len()) {
            let what =
                format!("`{}`", file.text[range.clone()].split_whitespace().collect::<Vec<_>>().join(" "));
            let why = "it is handed to somebody else's code, which reads and writes with std's own traits";
            self.plan.waits.insert((number, offset), (what, why));
            self.plan.foreign.insert((number, range.start, range.end));
        }
    }

    /// The innermost list of bounds around an offset that has a `Send` or `Sync`.
    fn unsendable(&mut self, number: usize, offset: usize) {
        let lists = self.files[number].bounds.iter().enumerate();
        let around = lists.filter(|(_, bounds)| {
            bounds.range.contains(&offset) && bounds.list.iter().any(|bound| is_auto(&bound.path))
        });
        if let Some((list, _)) = around.min_by_key(|(_, bounds)| bounds.range.len()) {
            self.plan.unsendable.insert((number, list));
        }
    }

    fn refusal(&self, number: usize, offset: usize, reason: &str) -> Refusal {
        let file = &self.files[number];
        Refusal { file: file.path.clone(), line: file.line(offset), reason: reason.to_owned() }
    }
}

/// Whether a bound is one that green values do not keep.
pub(crate) fn is_auto(path: &str) -> bool {
    matches!(path.rsplit("::").next(), Some("Send" | "Sync"))
}

/// Whether a closure is given to `thread::spawn`.
fn spawns(file: &File, used: &Use) -> bool {
    let Use::OfPath(names, 0) = used else { return false };
    match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [.., "thread", "spawn"] => true,
        [name] => file.imports.iter().any(|(import, path)| {
            import == name && path.trim_start_matches("::").trim_start_matches("std::") == "thread::spawn"
        }),
        _ => false,
    }
}

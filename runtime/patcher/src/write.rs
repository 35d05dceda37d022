//! From a plan to edits.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::edits::{Edited, Edits};
use crate::places::{Bounds, BoundsOf, File, Function, Kind, Use};
use crate::plan::{Colour, Form, Id, Plan, is_auto};

/// What the text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// rustc is asked for colours: its warnings are wanted.
    Ask,
    /// rustc is asked whether a green call is lost in a function that stayed ordinary.
    Check,
    /// The same, with what stands in calls of the crate's own macros.
    CheckMacros,
    /// To be used.
    Use,
}

/// What is known of the crate's root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Root<'a> {
    pub(crate) path: &'a str,
    pub(crate) is_2015: bool,
}

/// Writes each file.
pub(crate) fn write(files: &[File], root: Root<'_>, plan: &Plan, purpose: Purpose) -> Vec<Edited> {
    let names = Names::of(files, plan);
    let all = files.iter().enumerate();
    let written = all.map(|(number, file)| {
        let mut writer = Writer { number, file, plan, names: &names, purpose, edits: Edits::default() };
        if root.is_2015 {
            let items = files.iter().find(|file| file.path == root.path).map(|file| &file.items);
            writer.paths_of_2015(items, file.path == root.path);
        }
        if file.path == root.path {
            writer.root();
        }
        writer.places();
        writer.renamed();
        writer.preludes();
        writer.iterators();
        writer.bounds();
        writer.objects();
        writer.own_objects();
        writer.foreign();
        writer.tries();
        writer.edits.apply(&file.text)
    });
    written.collect()
}

/// What is known of the crate by name.
struct Names {
    /// Types that are green iterators.
    iterators: BTreeSet<String>,
    /// Traits that stand behind a `dyn`.
    objects: BTreeSet<String>,
    /// The crate's own macros that take expressions.
    macros: BTreeSet<String>,
    /// Those of the objects' traits that have std's traits above them.
    streams: BTreeSet<String>,
}

impl Names {
    fn of(files: &[File], plan: &Plan) -> Names {
        let iterators = plan.iterators.iter().map(|(file, number)| files[*file].impls[*number].ty.clone());
        let last = |path: &str| path.rsplit("::").next().unwrap_or("").to_owned();
        let of_objects =
            files.iter().flat_map(|file| &file.bounds).filter(|bounds| bounds.of == BoundsOf::Object);
        let objects = of_objects.flat_map(|bounds| &bounds.list).map(|bound| last(&bound.path)).collect();
        let mut streams = BTreeSet::new();
        for file in files {
            for bounds in &file.bounds {
                if let BoundsOf::Supertraits(name) = &bounds.of
                    && bounds.list.iter().any(|bound| file.mirrored_trait(&bound.path).is_some())
                {
                    streams.insert(name.clone());
                }
            }
        }
        let macros = files.iter().flat_map(|file| file.macros.iter().cloned()).collect();
        Names { iterators: iterators.collect(), objects, macros, streams }
    }
}

struct Writer<'a> {
    number: usize,
    file: &'a File,
    plan: &'a Plan,
    names: &'a Names,
    purpose: Purpose,
    edits: Edits,
}

impl Writer<'_> {
    /// ```text
    /// fn f(g: impl FnOnce())      #[::eventlet::green] fn f(g: impl ::core::ops::AsyncFnOnce())
    /// move || f()                 #[::eventlet::green] async move || f()
    /// list.map(|x| f(x))          list.green_map(#[::eventlet::green] |x| f(x))
    /// ```
    fn places(&mut self) {
        for (number, place) in self.file.places.iter().enumerate() {
            let id = (self.number, number);
            match &place.kind {
                Kind::Function(function) => {
                    if let Some(attribute) = self.attribute(function, id) {
                        self.edits.insert(place.at, attribute);
                    }
                    for (argument, bound) in &function.callbacks {
                        if self.plan.callbacks.contains(&(id, *argument)) {
                            let name = &self.file.text[bound.clone()];
                            let name = name.rsplit("::").next().unwrap_or(name);
                            self.edits.replace(bound.clone(), format!("::core::ops::Async{name}"));
                        }
                    }
                }
                Kind::Closure(closure) => {
                    let Some(form) = self.plan.closures.get(&id) else { continue };
                    let attribute = match form {
                        Form::Called => "#[::eventlet::green] async ",
                        Form::Makes | Form::Combines => "#[::eventlet::green] ",
                        Form::InPlace => "#[::eventlet::green(in_place)] ",
                    };
                    self.edits.insert(place.at, attribute);
                    if let (Form::Combines, Use::OfMethod(_, name, _)) = (form, &closure.used) {
                        self.edits.insert(name.start, "green_");
                    }
                }
            }
        }
    }

    fn attribute(&self, function: &Function, id: Id) -> Option<String> {
        let option = match self.plan.functions.get(&id) {
            Some(Colour::Boxed) => "boxed",
            Some(Colour::Green) => "",
            Some(Colour::InPlace) => "in_place",
            Some(Colour::Holds) => "no_switch",
            None => {
                // What a macro writes may be no function by itself.
                let can_be_asked = function.has_body && !function.is_const && !function.is_async;
                let asks = matches!(self.purpose, Purpose::Check | Purpose::CheckMacros);
                if !asks || !can_be_asked {
                    return None;
                }
                "no_switch"
            }
        };
        let mut names = self.plan.macros.get(&id).cloned().unwrap_or_default();
        if self.purpose == Purpose::CheckMacros {
            let range = &self.file.places[id.1].range;
            let inside = self.file.macro_calls.iter().filter(|(call, _)| range.contains(&call.start));
            names.extend(
                inside.filter(|(_, name)| self.names.macros.contains(name)).map(|(_, name)| name.clone()),
            );
        }
        let names: Vec<String> = names.into_iter().collect();
        let macros = Some(format!("macros({})", names.join(", "))).filter(|_| !names.is_empty());
        let options = Some(option.to_owned()).filter(|option| !option.is_empty()).into_iter().chain(macros);
        match options.collect::<Vec<_>>() {
            options if options.is_empty() => Some("#[::eventlet::green] ".to_owned()),
            options => Some(format!("#[::eventlet::green({})] ", options.join(", "))),
        }
    }

    /// ```text
    /// connected.and_then(Client::new)     connected.green_and_then(Client::new)
    /// ```
    fn renamed(&mut self) {
        for (_, begin) in self.plan.renamed.iter().filter(|(number, _)| *number == self.number) {
            self.edits.insert(*begin, "green_");
        }
    }

    /// The traits of green iterators and combinators, in the module that uses them.
    fn preludes(&mut self) {
        let used = self.plan.preludes.iter().filter(|(number, _)| *number == self.number);
        for (_, offset) in used {
            let around = self.file.module_heads.iter().filter(|(module, _)| module.contains(offset));
            let innermost = around.min_by_key(|(module, _)| module.len());
            let line = "#[allow(unused_imports)] use ::eventlet::prelude::*;";
            match innermost {
                Some((_, head)) => self.edits.insert(*head, format!(" {line}")),
                None => self.edits.insert(self.file.first_item, format!("{line} ")),
            }
        }
    }

    /// ```text
    /// impl Iterator for Lines         impl ::eventlet::GreenIterator for Lines
    /// <Lines as Iterator>::Item       <Lines as ::eventlet::GreenIterator>::Item
    /// ```
    fn iterators(&mut self) {
        for (number, known) in self.file.impls.iter().enumerate() {
            if self.plan.iterators.contains(&(self.number, number)) {
                self.edits.replace(known.path_range.clone(), "::eventlet::GreenIterator");
            }
        }
        for (name, range) in &self.file.as_iterator {
            let around = self.file.impls.iter().find(|known| known.range.contains(&range.start));
            let name = around.filter(|_| name == "Self").map_or(name, |known| &known.ty);
            if self.names.iterators.contains(name) {
                self.edits.replace(range.clone(), "::eventlet::GreenIterator");
            }
        }
    }

    fn bounds(&mut self) {
        for (number, bounds) in self.file.bounds.iter().enumerate() {
            if self.plan.unsendable.contains(&(self.number, number)) {
                self.strike(bounds);
            }
        }
    }

    /// ```text
    /// R: 'static + Send               R: 'static
    /// Box<dyn Stream + Send + Sync>   Box<dyn Stream>
    /// ```
    fn strike(&mut self, bounds: &Bounds) {
        let text = &self.file.text;
        let mut kept: Option<&Range<usize>> = None;
        for (number, bound) in bounds.list.iter().enumerate() {
            if !is_auto(&bound.path) {
                kept = Some(&bound.range);
                continue;
            }
            let is_all = bounds.list.iter().all(|bound| is_auto(&bound.path));
            let next = bounds.list.get(number + 1);
            if is_all && number == 0 && bounds.of == BoundsOf::ImplTrait {
                self.edits.replace(bound.range.clone(), "::core::marker::Sized");
            } else if kept.is_some() || (is_all && number > 0 && bounds.of == BoundsOf::ImplTrait) {
                let before = &bounds.list[number - 1].range;
                self.edits.delete(before.end..bound.range.end, text);
            } else if let Some(next) = next {
                self.edits.delete(bound.range.start..next.range.start, text);
            } else {
                self.edits.delete(bound.range.clone(), text);
            }
        }
    }

    /// ```text
    /// &mut dyn Read           &mut dyn ::eventlet::green::io::DynRead
    /// Box<dyn Write + Send>   Box<dyn ::eventlet::green::io::DynWrite>
    /// ```
    fn objects(&mut self) {
        for bounds in self.file.bounds.iter().filter(|bounds| bounds.of == BoundsOf::Object) {
            let found = bounds.list.iter().find_map(|bound| {
                let name = self.file.mirrored_trait(&bound.path)?;
                (name != "ToSocketAddrs").then_some((bound, name))
            });
            if let Some((bound, name)) = found {
                let twin = format!("::eventlet::green::io::Dyn{name}");
                self.edits.replace(bound.path_range.clone(), twin);
                self.strike(bounds);
            }
        }
    }

    /// The crate's own trait behind a `dyn`, over std's.
    ///
    /// ```text
    /// trait Stream: Read + Write {}       trait Stream: DynRead + DynWrite {} impl Read for dyn Stream + '_ { … } …
    /// ```
    fn own_objects(&mut self) {
        for bounds in &self.file.bounds {
            let BoundsOf::Supertraits(own) = &bounds.of else { continue };
            let twins = bounds.list.iter().filter_map(|bound| {
                let name = self.file.mirrored_trait(&bound.path)?;
                (name != "ToSocketAddrs").then_some((bound, name))
            });
            let twins: Vec<_> = twins.collect();
            let known = self.file.traits.iter().find(|known| known.name == *own && !known.is_generic);
            let Some(known) = known.filter(|_| !twins.is_empty() && self.names.objects.contains(own)) else {
                continue;
            };
            let mut impls = String::new();
            for (bound, name) in twins {
                self.edits.replace(bound.path_range.clone(), format!("::eventlet::green::io::Dyn{name}"));
                impls.push_str(&through(own, name));
            }
            self.strike(bounds);
            self.edits.insert(known.end, impls);
        }
        for bounds in self.file.bounds.iter().filter(|bounds| bounds.of == BoundsOf::Object) {
            let last = |path: &str| path.rsplit("::").next().unwrap_or("").to_owned();
            if bounds.list.iter().any(|bound| self.names.streams.contains(&last(&bound.path))) {
                self.strike(bounds);
            }
        }
        // A type that is a trait is an object without its `dyn`, as in edition 2015.
        for (path, range) in &self.file.types {
            match self.file.mirrored_trait(path) {
                None | Some("ToSocketAddrs") => {}
                Some(name) => {
                    self.edits.replace(range.clone(), format!("dyn ::eventlet::green::io::Dyn{name}"))
                }
            }
        }
    }

    /// ```text
    /// serde_json::from_reader(file)       serde_json::from_reader(::eventlet::green::io::InPlace::new(file))
    /// ```
    fn foreign(&mut self) {
        for (_, begin, end) in self.plan.foreign.iter().filter(|(number, ..)| *number == self.number) {
            self.edits.insert(*begin, "::eventlet::green::io::InPlace::new(");
            self.edits.insert(*end, ")");
        }
    }

    /// ```text
    /// try!(read(stream))      (read(stream))?
    /// ```
    fn tries(&mut self) {
        for (name, end) in &self.file.tries {
            self.edits.delete(name.clone(), &self.file.text);
            self.edits.insert(*end, "?");
        }
    }

    /// A `use` of edition 2015 begins at the crate's root.
    ///
    /// ```text
    /// use Request;            use crate::Request;
    /// ```
    fn paths_of_2015(&mut self, items: Option<&BTreeSet<String>>, is_root: bool) {
        for (at, names) in &self.file.uses {
            let is_there_already = is_root && self.file.root_uses.contains(at);
            let is_of_crate = names.iter().any(|name| items.is_some_and(|items| items.contains(name)));
            if is_of_crate && !is_there_already {
                self.edits.insert(*at, "crate::");
            }
        }
    }

    /// ```text
    /// #![deny(missing_docs)]      #![allow(warnings)] #[macro_use] extern crate eventlet_std as std;
    /// use std::io;                use std::io;
    /// ```
    fn root(&mut self) {
        for lints in &self.file.lints {
            self.edits.delete(lints.clone(), &self.file.text);
        }
        for item in &self.file.extern_std {
            self.edits.delete(item.clone(), &self.file.text);
        }
        // rustc is asked for colours by its warnings; of a crate in use nobody wants to see them.
        if self.purpose == Purpose::Use {
            self.edits.insert(self.file.first_item, "#![allow(warnings, clippy::all)] ");
        }
        self.edits.insert(self.file.first_item, "#[macro_use] extern crate eventlet_std as std; ");
    }
}

/// What makes an object of a trait a stream again, in one line.
fn through(own: &str, name: &str) -> String {
    let io = "::eventlet::green::io";
    let method = |name: &str, rest: &str, given: &str, gives: &str, twin: &str| {
        format!(
            "#[::eventlet::green] fn {name}(&mut self{rest}) -> {io}::Result<{gives}> {{ {io}::{twin}::dyn_{name}(self{given}) }} "
        )
    };
    let methods = match name {
        "Read" => method("read", ", buf: &mut [u8]", ", buf", "usize", "DynRead"),
        "Write" => {
            method("write", ", buf: &[u8]", ", buf", "usize", "DynWrite")
                + &method("flush", "", "", "()", "DynWrite")
        }
        "BufRead" => {
            method("fill_buf", "", "", "&[u8]", "DynBufRead")
                + &format!(
                    "fn consume(&mut self, amount: usize) {{ {io}::DynBufRead::dyn_consume(self, amount) }} "
                )
        }
        _ => method("seek", &format!(", to: {io}::SeekFrom"), ", to", "u64", "DynSeek"),
    };
    format!(" impl {io}::{name} for dyn {own} + '_ {{ {methods}}}")
}

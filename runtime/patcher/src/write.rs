//! From a plan to edits.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::edits::{Edited, Edits};
use crate::places::{Bounds, BoundsOf, File, Function, Kind, Use};
use crate::plan::{Colour, Form, Plan, is_auto};

/// What the text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// rustc is asked for colours: its warnings are wanted.
    Ask,
    /// rustc is asked whether a green call is lost in a function that stayed ordinary.
    Check,
    /// To be used.
    Use,
}

/// Writes each file.
pub(crate) fn write(files: &[File], root: &str, plan: &Plan, purpose: Purpose) -> Vec<Edited> {
    let names = Names::of(files, plan);
    let all = files.iter().enumerate();
    let written = all.map(|(number, file)| {
        let mut writer = Writer { number, file, plan, names: &names, purpose, edits: Edits::default() };
        if file.path == root {
            writer.root();
        }
        writer.places();
        writer.preludes();
        writer.iterators();
        writer.bounds();
        writer.objects();
        writer.edits.apply(&file.text)
    });
    written.collect()
}

/// What is known of the crate by name.
struct Names {
    /// Types that are green iterators.
    iterators: BTreeSet<String>,
}

impl Names {
    fn of(files: &[File], plan: &Plan) -> Names {
        let iterators = plan.iterators.iter().map(|(file, number)| files[*file].impls[*number].ty.clone());
        Names { iterators: iterators.collect() }
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
                    if let Some(attribute) = self.attribute(function, self.plan.functions.get(&id)) {
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

    fn attribute(&self, function: &Function, colour: Option<&Colour>) -> Option<&'static str> {
        match colour {
            Some(Colour::Boxed) => Some("#[::eventlet::green(boxed)] "),
            Some(Colour::Green) => Some("#[::eventlet::green] "),
            Some(Colour::InPlace) => Some("#[::eventlet::green(in_place)] "),
            Some(Colour::Holds) => Some("#[::eventlet::green(no_switch)] "),
            None => {
                let can_be_asked = function.has_body && !function.is_const && !function.is_async;
                (self.purpose == Purpose::Check && can_be_asked).then_some("#[::eventlet::green(no_switch)] ")
            }
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

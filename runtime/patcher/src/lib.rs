//! Edits the source of a crate that blocks, so that it runs on the green threads of `eventlet`.
//!
//! eventlet and gevent exchange the modules of a running program. Here the same is done before
//! compilation: `std` becomes [`eventlet-std`](https://docs.rs/eventlet-std) for the whole crate,
//! in one line, and every function that waits becomes `#[green]`. This is the engine;
//! `cargo eventlet patch` is the command around it.
//!
//! # How it works
//!
//! ```text
//! Source ──> Patch::new ──> Patch::write ──> files ──> rustc
//!                ▲                                       │
//!                └──────────── marks <── Patch::hear <───┘
//! ```
//!
//! * The text is edited in a few places and never printed anew, so that each line stays where it
//!   was: errors, panics and debuggers show the crate's own lines.
//! * Which functions are green is not guessed. [`Patch::hear`] reads what rustc says of the patched
//!   crate: where it meets a green call that nobody drives, the function around that is green, too.
//!   Each such place is a [`Mark`]. When no new ones come, all is said.
//! * Then [`Purpose::Check`] has every function that stayed ordinary promise that it makes no green
//!   call, so that none is lost where rustc has nothing to say of it: `let _ = stream.flush();`.
//! * What cannot suspend (a destructor, a method of somebody else's trait, a closure that is kept)
//!   waits in place: [`Patch::waits`] lists it.
//! * What cannot be had at all is a [`Refusal`], with the line and the way round.
//!
//! ```
//! use eventlet_patcher::{Mark, MarkKind, Patch, Purpose, Source};
//!
//! let text = "\
//! use std::io::{self, Read};
//!
//! fn first(stream: &mut impl Read) -> io::Result<u8> {
//!     let mut byte = [0];
//!     stream.read_exact(&mut byte)?;
//!     Ok(byte[0])
//! }
//! ";
//! // What rustc would say: here stands a green call.
//! let mark = Mark { file: "lib.rs".to_owned(), offset: text.find("stream.").unwrap(), kind: MarkKind::Green };
//! let patch = Patch::new(Source::of_text(text), [mark].into()).unwrap();
//! let files = patch.write(Purpose::Use);
//! assert_eq!(files["lib.rs"], "\
//! #![allow(warnings, clippy::all)] #[macro_use] extern crate eventlet_std as std; use std::io::{self, Read};
//!
//! #[::eventlet::green] fn first(stream: &mut impl Read) -> io::Result<u8> {
//!     let mut byte = [0];
//!     stream.read_exact(&mut byte)?;
//!     Ok(byte[0])
//! }
//! ");
//! ```
//!
//! # The files
//!
//! ```text
//! source.rs     a crate's files, found by its `mod` items
//! places.rs     what of a file can be given another colour, and what else is edited
//! marks.rs      what rustc has said, in offsets of the original text
//! messages.rs   from rustc's messages to marks
//! plan.rs       from marks to colours
//! write.rs      from colours to edits
//! edits.rs      changes of a text that move no line
//! manifest.rs   the same for `Cargo.toml`
//! ```
#![forbid(unsafe_code)]

mod edits;
pub mod manifest;
mod marks;
mod messages;
mod places;
mod plan;
mod source;
mod write;

use std::collections::BTreeMap;

use edits::Edited;
use places::{File, Kind};
use plan::{Colour, Plan};

pub use marks::{Mark, MarkKind, Marks};
pub use messages::{Heard, Trouble};
pub use source::{Refusal, Source};
pub use write::Purpose;

/// A crate on its way from blocking to green.
#[derive(Debug)]
pub struct Patch {
    root: String,
    is_2015: bool,
    files: Vec<File>,
    marks: Marks,
    plan: Plan,
}

/// A place that waits where it stands, and holds the other green threads for as long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The file's path from the crate's folder.
    pub file: String,
    /// The line, from one.
    pub line: usize,
    /// The function's name, the expression, or `a closure`.
    pub name: String,
    /// Why it cannot suspend.
    pub why: String,
}

/// How much of a crate was touched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Lines of all files.
    pub lines: usize,
    /// Those that are not as they were.
    pub changed_lines: usize,
    /// Functions, with those of traits.
    pub functions: usize,
    /// Those whose calls are green.
    pub green: usize,
}

impl Patch {
    /// Makes a plan for a crate. The marks are those of an earlier patch of the same text, or none.
    ///
    /// # Errors
    ///
    /// A file that does not parse, or a construct that cannot be patched.
    pub fn new(source: Source, marks: Marks) -> Result<Patch, Refusal> {
        let mut files = Vec::new();
        for (path, text) in &source.files {
            files.push(places::of_file(path, text)?);
        }
        let plan = plan::plan(&files, &marks)?;
        Ok(Patch { root: source.root, is_2015: source.is_2015, files, marks, plan })
    }

    /// What is known so far.
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// The text of each file, edited. A line of it is that line of the original.
    pub fn write(&self, purpose: Purpose) -> BTreeMap<String, String> {
        let edited = self.edited(purpose).into_iter().zip(&self.files);
        edited.map(|(edited, file)| (file.path.clone(), edited.text)).collect()
    }

    fn edited(&self, purpose: Purpose) -> Vec<Edited> {
        let root = write::Root { path: &self.root, is_2015: self.is_2015 };
        write::write(&self.files, root, &self.plan, purpose)
    }

    /// Learns from what rustc says of the text that [`write`](Patch::write) gave for this purpose:
    /// the lines that `cargo check --message-format=json` prints. `prefix` is how rustc names the
    /// crate's folder.
    ///
    /// # Errors
    ///
    /// A construct that cannot be patched.
    pub fn hear(&mut self, purpose: Purpose, lines: &str, prefix: &str) -> Result<Heard, Refusal> {
        let edited = self.edited(purpose);
        let (new, trouble) = messages::read(&self.files, &edited, lines, prefix);
        let before = self.marks.len();
        self.marks.extend(new);
        self.plan = plan::plan(&self.files, &self.marks)?;
        Ok(Heard { learned: self.marks.len() - before, trouble })
    }

    /// What waits in place.
    pub fn waits(&self) -> Vec<Wait> {
        let waits = self.plan.waits.iter().map(|((number, offset), (name, why))| {
            let file = &self.files[*number];
            let why = (*why).to_owned();
            Wait { file: file.path.clone(), line: file.line(*offset), name: name.clone(), why }
        });
        waits.collect()
    }

    /// How much of the crate is touched.
    pub fn count(&self) -> Count {
        let mut count = Count::default();
        for (file, edited) in self.files.iter().zip(self.edited(Purpose::Use)) {
            count.lines += file.text.lines().count();
            let pairs = file.text.lines().zip(edited.text.lines());
            count.changed_lines += pairs.filter(|(before, after)| before != after).count();
            let functions = file.places.iter().filter(|place| matches!(place.kind, Kind::Function(_)));
            count.functions += functions.count();
        }
        let green = self.plan.functions.values().filter(|colour| **colour >= Colour::Green);
        count.green = green.count();
        count
    }
}

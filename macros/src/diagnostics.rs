//! The messages, as data, and the one sink that they go to.
//!
//! What is wrong stands first and names no remedy; the note is the one fact that makes it wrong;
//! the help is the edit to make. Each has a section in DIAGNOSTICS.md and a file in
//! `ui-tests/fail`, under its slug.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Error;

/// All mistakes of one item, in the order in which they were found.
#[derive(Default)]
pub(crate) struct Diagnostics {
    errors: Vec<Error>,
}

impl Diagnostics {
    /// Notes a mistake at `place`.
    pub(crate) fn push(&mut self, place: impl ToTokens, mistake: Diagnostic) {
        self.errors.push(Error::new_spanned(place, mistake.text()));
    }

    /// Notes a syntax error.
    pub(crate) fn push_error(&mut self, error: Error) {
        self.errors.push(error);
    }

    /// The compile errors.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.errors.iter().map(Error::to_compile_error).collect()
    }
}

/// What can be wrong. The slug is the variant's name in kebab case.
pub(crate) enum Diagnostic {
    AsyncFn,
    ConstFn,
    ExternFn(String),
    VariadicFn,
    NotAFunction(&'static str),
    UnknownOption(String),
    BadCrateOption,
    BadMacrosOption,
    OptionsTogether(String, String),
    NotATest(&'static str),
    UnknownTestOption(String),
    BadHubOption,
    TestAndGreen(&'static str),
    GreenTwice,
    ForeignMain(String),
    MainSignature,
    TestSignature(String),
    AwaitInNoSwitch,
    GreenClosureOutside,
    BoxedAsync,
    ReservedName(String),
    GreenDrop,
    QuestionWithoutResult(&'static str, String),
    JumpOutsideLoop(&'static str),
}

impl Diagnostic {
    /// The message, as rustc shows it.
    fn text(&self) -> String {
        let (what, note, help) = self.parts();
        let mut text = what;
        for (label, line) in [("note", note), ("help", help)] {
            if !line.is_empty() {
                text.push_str(&format!("\n{label}: {line}"));
            }
        }
        text
    }

    /// What is wrong, why, and the edit to make.
    fn parts(&self) -> (String, String, String) {
        match self {
            Diagnostic::AsyncFn => message(
                "a green function is written without `async`",
                "a `#[green]` function can already suspend, at each green call that it makes",
                "remove `async`; the `.await` of a green call can go too",
            ),
            Diagnostic::ConstFn => message(
                "a green function cannot be `const`",
                "it may suspend, and constant evaluation has no other thread to switch to",
                "remove `const`, or remove `#[green]` if the function never suspends",
            ),
            Diagnostic::ExternFn(name) => message(
                "a green function cannot have a foreign calling convention",
                "a foreign caller expects the result when the call returns, but a green call has only begun then",
                &format!(
                    "keep `{name}` an ordinary function, and run the green part inside it: `eventlet::run(|| …)`"
                ),
            ),
            Diagnostic::VariadicFn => message(
                "a green function cannot take C-variadic arguments",
                "such arguments live on the caller's stack, which is gone when the call resumes",
                "take a slice, such as `&[u32]`",
            ),
            Diagnostic::NotAFunction(kind) => not_a_function(kind),
            Diagnostic::UnknownOption(name) => unknown_option(name),
            Diagnostic::BadCrateOption => message(
                "`crate` needs the path of the `eventlet` crate",
                "it tells `#[green]` where a re-exporting crate keeps `eventlet`",
                "write `#[green(crate = your_crate::eventlet)]`",
            ),
            Diagnostic::BadMacrosOption => message(
                "`macros` needs the names of macros",
                "it tells `#[green]` that their arguments are expressions, in which green calls are driven",
                "write them in parentheses, such as `#[green(macros(retry, tri))]`",
            ),
            Diagnostic::OptionsTogether(first, last) => message(
                &format!("`{first}` and `{last}` stand together"),
                "`boxed` is about a call that suspends; `in_place` and `no_switch` make an ordinary function",
                "keep the one that you mean",
            ),
            Diagnostic::NotATest(kind) => message(
                &format!("`#[eventlet::test]` stands on {kind}"),
                "a test is a function that the test harness calls",
                "put `#[eventlet::test]` on a function with a body, for each test",
            ),
            Diagnostic::UnknownTestOption(name) => unknown_test_option(name),
            Diagnostic::BadHubOption => message(
                "`hub` needs the name of a hub",
                "it tells `#[eventlet::test]` how the test waits for I/O",
                "write it in quotes, such as `#[eventlet::test(hub = \"poll\")]`",
            ),
            Diagnostic::TestAndGreen(other) => message(
                &format!("`#[eventlet::test]` and `{other}` stand on one function"),
                "`#[eventlet::test]` makes it a test and green by itself",
                &format!(
                    "keep `#[eventlet::test]` {}",
                    if *other == "#[eventlet::test]" { "once" } else { "alone" }
                ),
            ),
            Diagnostic::GreenTwice => message(
                "`#[green]` stands twice on one function",
                "the first one has made it green already",
                "remove the second",
            ),
            Diagnostic::ForeignMain(name) => message(
                &format!("`#[green]` and `#[{name}]` stand on one function"),
                &format!("`#[{name}]` expects an `async fn`, and a green function is not written as one"),
                &format!("remove `#[{name}]`; `#[green]` needs no other runtime"),
            ),
            Diagnostic::MainSignature => message(
                "`main` takes no arguments and no parameters",
                "`#[green] fn main` is where the program starts: nothing passes it anything",
                "read `std::env::args()` in its body",
            ),
            Diagnostic::TestSignature(name) => message(
                "a test takes no arguments and no parameters",
                "the test harness calls it, and has nothing to pass",
                &format!(
                    "move the body to a green function with these arguments, and call that from `{name}`"
                ),
            ),
            Diagnostic::GreenClosureOutside => message(
                "a green closure stands in a function that is not green",
                "it is the `#[green]` of the function around it that makes a closure green",
                "write `#[green]` on the function, or `eventlet::green_closure!(move || …)` in place of the closure",
            ),
            Diagnostic::BoxedAsync => message(
                "a boxed green closure is written without `async`",
                "`async` lets its calls borrow from the closure itself, and `boxed` gives them one type that can be named",
                "remove `async`, or `boxed` if the closure stands where an `AsyncFn` is expected",
            ),
            Diagnostic::ReservedName(name) => message(
                &format!("a green method cannot be called `{name}`"),
                "in a green body a call by this name is taken for std's, which never suspends",
                "give it a name of its own, that of what it waits for perhaps",
            ),
            Diagnostic::GreenDrop => message(
                "a destructor cannot be green",
                "`Drop::drop` is called wherever a value ends, by code that cannot suspend",
                "write `#[green(in_place)]`, which waits where it stands, or give a method that is no destructor another name",
            ),
            Diagnostic::QuestionWithoutResult(whose, gives) => message(
                &format!("`?` in a {whose} that returns {gives}"),
                &format!("it hands an error, or `None`, to the caller, and this {whose} can give neither"),
                &format!(
                    "give the {whose} a result, such as `-> std::io::Result<…>`, and end it with `Ok(…)`"
                ),
            ),
            Diagnostic::JumpOutsideLoop(word) => message(
                &format!("`{word}` outside of a loop"),
                "there is nothing around it that it could leave or begin anew",
                "`return` leaves the function",
            ),
            Diagnostic::AwaitInNoSwitch => message(
                "`.await` inside `no_switch!`",
                "`no_switch! { … }` promises that no other green thread runs before its end",
                "wait before the region or after it, and keep only the result inside",
            ),
        }
    }
}

/// The three parts of a message.
fn message(what: &str, note: &str, help: &str) -> (String, String, String) {
    (what.to_owned(), note.to_owned(), help.to_owned())
}

fn not_a_function(kind: &str) -> (String, String, String) {
    let help = match kind {
        "a module" => "put `#[green]` on each of the functions inside that may suspend",
        "an impl block" => "put `#[green]` on each of its methods that may suspend",
        "a trait" => "put `#[green]` on each of its methods that may suspend, here and in each impl",
        "a struct" | "an enum" | "a union" => "put `#[green]` on its methods, inside the `impl` block",
        "a block of foreign functions" => {
            "foreign functions block: call them through `eventlet::tpool::execute`"
        }
        _ => "remove it here, and put it on the function that may suspend",
    };
    message(&format!("`#[green]` stands on {kind}"), "only a function can suspend", help)
}

/// The names of the options.
const KNOWN: [&str; 5] = ["boxed", "in_place", "no_switch", "macros", "crate"];
/// The same for tests.
const KNOWN_OF_TESTS: [&str; 3] = ["real_time", "hub", "crate"];

fn unknown_option(name: &str) -> (String, String, String) {
    const ALL: &str = "the options are `boxed`, `in_place`, `no_switch`, `macros(…)` and `crate = path`";
    if ["boxed", "in_place", "no_switch"].contains(&name) {
        let what = format!("`{name}` takes no value");
        return message(&what, "it is on where it is written", &format!("write `#[green({name})]`"));
    }
    let what = format!("`#[green]` has no option `{name}`");
    let note = match name {
        "stack" | "stack_size" | "stacksize" => "a green function has no stack of its own",
        "name" | "label" => "it is the thread that has a name, not the function",
        "priority" => "green threads run first come, first served",
        "local" | "send" | "Send" | "threadsafe" | "thread_safe" => {
            "a green thread never leaves the OS thread that it started on"
        }
        "flavor" | "flavour" | "worker_threads" | "threads" | "runtime" => {
            "each OS thread has one hub, which starts by itself"
        }
        "timeout" => "a limit belongs to a call, not to a function",
        "trace" => "every switch is shown when the program runs with `EVENTLET_TRACE=1`",
        "box" | "Box" | "dyn" | "heap" | "recursive" | "recursion" => "the option is called `boxed`",
        _ => "",
    };
    let help = match name {
        "name" | "label" => "name the thread where it is spawned".to_owned(),
        "timeout" => "write `with_timeout(limit, || call())` around the call".to_owned(),
        _ => match nearest(name) {
            Some(near) => format!("did you mean `{near}`? {}{}", ALL[..1].to_uppercase(), &ALL[1..]),
            None => ALL.to_owned(),
        },
    };
    (what, note.to_owned(), help)
}

fn unknown_test_option(name: &str) -> (String, String, String) {
    const ALL: &str = "the options are `real_time`, `hub = \"name\"` and `crate = path`";
    if name == "real_time" {
        let help = "write `#[eventlet::test(real_time)]`";
        return message("`real_time` takes no value", "it is on where it is written", help);
    }
    let note = match name {
        "virtual" | "virtual_time" | "start_paused" => "time is virtual where nothing is said",
        "flavor" | "flavour" | "worker_threads" | "threads" | "runtime" => {
            "each OS thread has one hub, and a test has an OS thread of its own"
        }
        _ => "",
    };
    let help = match name {
        "virtual" | "virtual_time" | "start_paused" => format!("remove it; {ALL}"),
        "timeout" => "write `with_timeout(limit, || call())` in the body".to_owned(),
        _ => match nearest_of(name, &KNOWN_OF_TESTS) {
            Some(near) => format!("did you mean `{near}`? {}{}", ALL[..1].to_uppercase(), &ALL[1..]),
            None => ALL.to_owned(),
        },
    };
    (format!("`#[eventlet::test]` has no option `{name}`"), note.to_owned(), help)
}

/// The option whose name is at most two edits away.
fn nearest(name: &str) -> Option<&'static str> {
    nearest_of(name, &KNOWN)
}

fn nearest_of(name: &str, known: &[&'static str]) -> Option<&'static str> {
    known.iter().copied().find(|known| distance(name, known) <= 2)
}

/// How many letters have to be put in, taken out or changed to make one name of the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.chars().enumerate() {
            let change = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

//! The attribute of the `eventlet` crate: parse ▸ check ▸ lower ▸ emit.
//!
//! It turns the body of a function into a state machine in which a call whose value is a green call
//! is driven where it stands. Which calls those are is decided by types, in `eventlet`'s
//! `probe.rs`; this crate knows syntax, and nothing of hubs or threads.
#![forbid(unsafe_code)]

mod broken;
mod check;
mod diagnostics;
mod emit;
mod item;
mod lifetimes;
mod lower;
mod options;
mod paths;
mod source;
#[cfg(test)]
mod tests;

use diagnostics::{Diagnostic, Diagnostics};
use item::{GreenFn, Parsed, Role};
use options::{Calls, Options};
use proc_macro2::TokenStream;

/// Makes a function green: in its body, a call whose value is a green call is driven right there.
///
/// See the documentation of the `eventlet` crate, which re-exports this attribute.
#[proc_macro_attribute]
pub fn green(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(options.into(), item.into()).into()
}

/// Makes a green function a test, in virtual time, which may leave nothing behind.
///
/// See the documentation of the `eventlet` crate, which re-exports this attribute.
#[proc_macro_attribute]
pub fn test(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand_test(options.into(), item.into()).into()
}

/// A green closure in an ordinary function: `green_closure!(move |x| …)`.
///
/// See the documentation of the `eventlet` crate, which re-exports this macro.
#[proc_macro]
pub fn green_closure(closure: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let mut diagnostics = Diagnostics::default();
    let closure = match syn::parse::Parser::parse(lower::with_attributes, closure) {
        Ok(closure) => {
            let options = Options::parse(TokenStream::new(), &mut diagnostics);
            lower::lone_closure(closure, options, &mut diagnostics)
        }
        Err(error) => return error.to_compile_error().into(),
    };
    emit::lone_closure(&closure, diagnostics).into()
}

/// The whole pipeline. Every stage goes on after a mistake, so that one compile shows them all.
fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let options = Options::parse(options, &mut diagnostics);
    let (mut function, broken) = match GreenFn::parse(&item, &mut diagnostics) {
        Parsed::Whole(function) => (function, None),
        Parsed::Broken(function, body) => (function, Some(body)),
        Parsed::Closure(closure) => {
            diagnostics.push(&closure.inputs_begin, Diagnostic::GreenClosureOutside);
            let closure = lower::lone_closure(*closure, options, &mut diagnostics);
            return emit::lone_closure(&closure, diagnostics);
        }
        Parsed::NotAFunction => return emit::untouched(item, diagnostics),
    };
    if options.calls != Calls::Suspend {
        function.role = Role::Ordinary;
    }
    check::function(&mut function, &mut diagnostics);
    if options.by_hand && broken.is_none() {
        return emit::by_hand(function, diagnostics);
    }
    write(function, broken, &options, diagnostics)
}

/// The pipeline for a test, which differs in what is read and in who calls the function.
fn expand_test(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let options = Options::parse_of_test(options, &mut diagnostics);
    let (mut function, broken) = match GreenFn::parse_test(&item, &mut diagnostics) {
        Parsed::Whole(function) => (function, None),
        Parsed::Broken(function, body) => (function, Some(body)),
        Parsed::Closure(_) | Parsed::NotAFunction => return emit::untouched(item, diagnostics),
    };
    check::test(&mut function, &mut diagnostics);
    write(function, broken, &options, diagnostics)
}

/// The stages that follow on the checks. `broken` stands in for a body that does not parse.
fn write(
    mut function: GreenFn,
    broken: Option<TokenStream>,
    options: &Options,
    mut diagnostics: Diagnostics,
) -> TokenStream {
    let is_broken = broken.is_some();
    let body = match broken {
        None => lower::function(&mut function, options, &mut diagnostics),
        Some(body) => Some(lower::broken(&function, &body, options)),
    };
    emit::function(function, body, is_broken, options, diagnostics)
}

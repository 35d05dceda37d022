//! The attribute of the `eventlet` crate: parse ▸ check ▸ lower ▸ emit.
//!
//! It turns the body of a function into a state machine in which a call whose value is a green call is driven
//! where it stands. Which calls those are is decided by types, in `eventlet`'s `probe.rs`; this crate knows syntax,
//! and nothing of hubs or threads.
#![forbid(unsafe_code)]

mod check;
mod diagnostics;
mod emit;
mod item;
mod lower;
mod options;
mod paths;
#[cfg(test)]
mod tests;

use diagnostics::Diagnostics;
use item::GreenFn;
use options::Options;
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

/// The whole pipeline. Every stage goes on after a mistake, so that one compile shows them all.
fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let options = Options::parse(options, &mut diagnostics);
    let Some(mut function) = GreenFn::parse(&item, &mut diagnostics) else {
        return emit::untouched(item, diagnostics);
    };
    check::function(&mut function, &mut diagnostics);
    let body = lower::function(&mut function, &options, &mut diagnostics);
    emit::function(function, body, &options, diagnostics)
}

/// The pipeline for a test, which differs in what is read and in who calls the function.
fn expand_test(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let options = Options::parse_of_test(options, &mut diagnostics);
    let Some(mut function) = GreenFn::parse_test(&item, &mut diagnostics) else {
        return emit::untouched(item, diagnostics);
    };
    check::test(&mut function, &mut diagnostics);
    let body = lower::function(&mut function, &options, &mut diagnostics);
    emit::function(function, body, &options, diagnostics)
}

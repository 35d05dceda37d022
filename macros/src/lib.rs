//! The attribute of the `eventlet` crate: parse ▸ check ▸ lower ▸ emit.
//!
//! It turns the body of a function into a state machine in which a call whose value is a green call is driven
//! where it stands. Which calls those are is decided by types, in `eventlet`'s `probe.rs`; this crate knows syntax,
//! and nothing of hubs or threads.
#![forbid(unsafe_code)]

mod boxed;
mod check;
mod emit;
#[cfg(test)]
mod half_typed;
mod item;
mod lower;
mod mistakes;
mod options;
mod paths;
#[cfg(test)]
mod snapshots;

use item::GreenFn;
use mistakes::Mistakes;
use options::Options;
use proc_macro2::TokenStream;

/// Makes a function green: in its body, a call whose value is a green call is driven right there.
///
/// See the documentation of the `eventlet` crate, which re-exports this attribute.
#[proc_macro_attribute]
pub fn green(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(options.into(), item.into()).into()
}

/// The whole pipeline. Every stage goes on after a mistake, so that one compile shows them all.
fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let options = Options::parse(options, &mut mistakes);
    let Some(mut function) = GreenFn::parse(&item, &mut mistakes) else {
        return emit::untouched(item, mistakes);
    };
    check::function(&mut function, &mut mistakes);
    let body = lower::function(&mut function, &options, &mut mistakes);
    emit::function(function, body, &options, mistakes)
}

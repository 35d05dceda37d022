//! `no_switch! { … }`: a region in which every call has to be plain.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::visit_mut::VisitMut;
use syn::{Block, Macro, Stmt};

use super::{Lower, Promise, Region};

impl Lower<'_> {
    /// ```text
    /// Input:  no_switch! { total.set(read()); }
    /// Output: { no_switch! {} (match total.set(…) { value => { let kind = …; kind.stay(value) } }); }
    /// ```
    ///
    /// The empty region in front is a use of the macro, which has been imported for it.
    /// It is a plain block, so that `return`, `?` and `break` in it mean what they mean around it.
    pub(super) fn no_switch(&mut self, mac: &Macro) -> Option<TokenStream> {
        let mut stmts: Vec<Stmt> = mac.parse_body_with(Block::parse_within).ok()?;
        self.within(Region::NoSwitch(Promise::Region), |lower| {
            stmts.iter_mut().for_each(|stmt| lower.visit_stmt_mut(stmt));
        });
        let stmts: TokenStream = stmts.iter().map(ToTokens::to_token_stream).collect();
        let path = &mac.path;
        Some(quote_spanned!(Span::mixed_site()=> { #path! {} #stmts }))
    }
}

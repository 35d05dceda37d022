//! Calls: driven in place if their value is a green call, and left as they are if it is not.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprCall, ExprGroup, ExprMethodCall, ExprParen, ExprPath, Path};

use super::blocking::{self, Suspect};
use super::{Asked, Lower, Part, Promise, Region, callbacks, guards, has_hole, parenthesize, reserved};

/// The places in the user's source that the tokens of a lowered call point at.
pub(super) struct Place {
    /// The first token of the call.
    pub(super) start: Span,
    /// The name that is called. The waiting tokens have this span and the user's context, since the
    /// line of a logical stack is theirs.
    pub(super) name: Span,
    /// The last token of the call.
    pub(super) end: Span,
}

/// Where a call stands.
#[derive(Clone, Copy)]
pub(super) struct Position {
    /// It is what a block or an arm comes to.
    pub(super) is_last: bool,
    /// Which part of a value it is.
    pub(super) part: Part,
}

/// How a green call is driven.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Drive {
    /// In the state machine of the caller.
    InPlace,
    /// On the heap, for a function that calls itself.
    Boxed,
}

/// The methods of `green::io`'s traits that must be written, each with those that call it.
const PROVIDED: [(&str, &[&str]); 3] = [
    ("read", &["read_vectored", "read_exact", "read_to_end", "read_to_string"]),
    ("write", &["write_vectored", "write_all", "write_fmt"]),
    ("fill_buf", &["read_until", "read_line", "skip_until"]),
];

impl Lower<'_> {
    /// Lowers a function or method call, arguments and receiver first.
    ///
    /// `call.__on_heap()` is the same call, driven in a place of its own if it is a green one: with
    /// it, functions can call each other whose calls would otherwise contain each other.
    pub(super) fn call(&mut self, expr: &mut Expr, expected: Option<TokenStream>, position: Position) {
        match marked(expr) {
            Some(mut call) if place_of(&call).is_some() => {
                let asked = self.about(&call, position);
                self.call_by(&mut call, expected, asked, Drive::Boxed, false);
                *expr = call;
            }
            _ => {
                let (asked, drive) = (self.about(expr, position), self.drive(expr));
                let may_be_adaptor = expected.as_ref().map_or(position.part != Part::No, may_be_adaptor);
                let has_hint = may_be_adaptor && takes_pointer(expr);
                self.call_by(expr, expected, asked, drive, has_hint);
            }
        }
    }

    fn call_by(
        &mut self,
        expr: &mut Expr,
        expected: Option<TokenStream>,
        asked: Asked,
        drive: Drive,
        has_hint: bool,
    ) {
        let suspect = blocking::suspect(expr);
        let place = place_of(expr);
        // Nobody else runs while a call is waited for in place.
        let guard = guards::makes_guard(expr).filter(|_| self.region != Region::InPlace);
        if let Expr::Call(ExprCall { args, .. }) | Expr::MethodCall(ExprMethodCall { args, .. }) = expr {
            self.guards.give_away(args);
        }
        syn::visit_mut::visit_expr_mut(self, expr);
        self.handed_to_combinator(expr);
        if reserved::is_plain(expr) {
            return;
        }
        let Some(place) = place else { return };
        let attrs = match expr {
            Expr::Call(call) if is_pointer(&call.func) => return,
            Expr::Call(call) => std::mem::take(&mut call.attrs),
            Expr::MethodCall(call) => std::mem::take(&mut call.attrs),
            _ => return,
        };
        parenthesize::enclose_struct(expr);
        let mut call = expr.to_token_stream();
        if has_hint {
            call = hinted(&call, &place);
        }
        self.expected = expected;
        self.asked = asked;
        self.guards.make(guard);
        let mut driven = self.driven(&attrs, call, &place, drive, suspect);
        if has_hint {
            driven = self.in_part(&driven, &place);
        }
        *expr = Expr::Verbatim(driven);
        self.guards.made();
        self.asked = Asked::Anything;
    }

    /// What the source says about a call.
    ///
    /// It most likely gives something of a type with a name if it is one of a type's own functions,
    /// and if there are type parameters, any other does. Elsewhere no parameter can become known
    /// later.
    ///
    /// As a part of a value whose type is known, it gives what that type says of the part.
    fn about(&self, expr: &Expr, position: Position) -> Asked {
        if callbacks::is_called(&self.callbacks, expr) {
            Asked::Callback
        } else if position.part == Part::Known
            && (is_of_type(expr) || (self.may_be_generic() && is_function(expr)))
        {
            Asked::Part
        } else if is_of_type(expr)
            || (self.is_generic && !gives_part(expr) && (!position.is_last || takes_closure(expr)))
        {
            Asked::Named
        } else {
            Asked::Anything
        }
    }

    /// Whether there may be type parameters: behind a `Self` they do not show.
    fn may_be_generic(&self) -> bool {
        self.is_generic || self.output.as_ref().is_some_and(names_self)
    }

    /// Lowers the tokens of one call.
    ///
    /// ```text
    /// Input:  call(args)
    /// Output: match call(args) {
    ///             #[allow(unreachable_code)]
    ///             value => {
    ///                 let kind = loop { break Kind::KIND; break probe(&value, 0).eventlet_kind() };
    ///                 (if kind.plain { kind.value(value) } else { kind.call(value).await },).0
    ///             }
    ///         }
    /// ```
    ///
    /// The two ways meet in a place of their own, so that a value of the wrong type is one mistake,
    /// not two; that place is the whole call, as far as rustc sees.
    ///
    /// The `match` keeps temporaries of the call alive as the call itself would. Its first and last
    /// tokens are the user's, as far as rustc sees: an expression that contains it has its own
    /// place in the source then, which is where a panic says that it happened, and where an unused
    /// value is reported.
    pub(super) fn driven(
        &mut self,
        attrs: &[Attribute],
        call: TokenStream,
        place: &Place,
        drive: Drive,
        suspect: Option<Suspect>,
    ) -> TokenStream {
        self.used.calls = true;
        let mut question = self.ask_suspect(suspect, place);
        question.extend(self.ask_guards(place.end));
        let end = Span::mixed_site().located_at(place.end);
        let kind = Ident::new("kind", Span::mixed_site().located_at(place.start));
        let use_it = match self.region {
            Region::NoSwitch(promise) => {
                let private = self.paths.private(place.name);
                let check = no_switch_check(&private, &kind, place.name, promise);
                quote_spanned!(end=> { #check #kind.stay(value) })
            }
            Region::InPlace => {
                let the_value = Ident::new("value", end);
                quote_spanned!(place.name=> #kind.in_place(#the_value))
            }
            Region::Green | Region::Plain(_) => {
                let waits = waits(place.name, drive);
                let the_value = Ident::new("value", end);
                let value = Ident::new("value", Span::mixed_site());
                let given = quote_spanned!(place.end=> .#value(#the_value));
                let whole = group(Delimiter::Parenthesis, kind.to_token_stream(), place.start);
                let driver = group(Delimiter::Parenthesis, kind.to_token_stream(), place.name);
                quote_spanned!(end=> if #kind.plain { #whole #given } else { #driver #waits })
            }
        };
        let is_part = self.asked == Asked::Part;
        let find_kind = self.kind_of_value(place, &question);
        let (both_ways, value) = (quote_spanned!(place.start=> (#use_it,)), quote_spanned!(place.end=> .0));
        let (part, label) = if is_part { self.expect_part(place) } else { Default::default() };
        let arm = quote_spanned! {end=>
            #[allow(unreachable_code)]
            value => #label {
                #part
                #find_kind
                #both_ways #value
            }
        };
        let (word, arm) = (Ident::new("match", place.start), group(Delimiter::Brace, arm, place.end));
        quote!(#(#attrs)* #word #call #arm)
    }

    /// What is asked about a call that may be one of std's that block: its kind, or the type of its
    /// receiver, answers with a lint, whose method by the user's own name warns.
    fn ask_suspect(&mut self, suspect: Option<Suspect>, place: &Place) -> TokenStream {
        let Some(suspect) = suspect else { return TokenStream::new() };
        self.used.suspects = true;
        let private = self.paths.private(place.name);
        match suspect {
            Suspect::Spelled(lint, method) => {
                let at = Span::mixed_site().located_at(place.end);
                let lint = Ident::new(lint, at);
                let lint = quote_spanned!(at=> #private::lint::blocks_the_hub::#lint);
                quote_spanned!(at=> kind.if_plain(#lint).#method();)
            }
            Suspect::Method(receiver, method) => {
                quote!(#private::receiver(&#receiver).lint().#method();)
            }
        }
    }

    /// Learns what is expected of a call that is part of a value: it has no name here, but a block
    /// that is left with a value must have one of that type.
    ///
    /// ```text
    /// Output: value => 'part: {
    ///             let part = part();
    ///             if false { break 'part part.value() }
    /// ```
    fn expect_part(&self, place: &Place) -> (TokenStream, TokenStream) {
        let end = Span::mixed_site().located_at(place.end);
        let private = self.paths.private(place.name);
        let leave = quote_spanned!(end=> if false { break 'part part.value() });
        (quote_spanned!(end=> let part = #private::part(); #leave), quote_spanned!(end=> 'part:))
    }

    /// The place of a call of which the type says that the item of a function is to be a pointer.
    ///
    /// ```text
    /// Input:  match part.hint(()).to(names.map(length)) { value => … }
    /// Output: 'part: {
    ///             let part = part();
    ///             if false { break 'part part.value() }
    ///             match part.hint(()).to(names.map(length)) { value => … }
    ///         }
    /// ```
    fn in_part(&self, driven: &TokenStream, place: &Place) -> TokenStream {
        let (part, label) = self.expect_part(place);
        let block = group(Delimiter::Brace, quote!(#part #driven), Span::mixed_site().located_at(place.end));
        quote!(#label #block)
    }

    /// Finds the kind of a call by its value's type. A `question` to that kind, or to another type,
    /// is asked where nothing ever runs.
    ///
    /// What names the type lies on the call as a whole: a bound of the callee that is not satisfied
    /// is one of the type of each such expression too, and rustc says the same thing in the same
    /// place only once. The question itself lies in the expansion, for which rustc has no
    /// suggestions.
    ///
    /// Where the type that is expected of the call is written in the source, the probe is told:
    /// then a value whose type is not known yet is taken for one of that type.
    ///
    /// Where the value most likely is of a type with a name, of which only a parameter is not known
    /// yet, that name is the answer.
    pub(super) fn kind_of_value(&mut self, place: &Place, question: &TokenStream) -> TokenStream {
        let at = Span::mixed_site().located_at(place.end);
        let unknown = Ident::new("__Kind", place.start);
        let unknown = quote_spanned!(place.end=> #unknown::KIND);
        let probe = match self.expected.take().filter(|ty| !has_hole(ty)) {
            _ if self.asked == Asked::Callback => self.probe_callback(at),
            Some(ty) => {
                let private = self.paths.private(place.name);
                quote_spanned!(at=> #private::probe_as::<_, #ty>(&value))
            }
            None if self.asked == Asked::Part => quote_spanned!(at=> part.probe(&value)),
            None => {
                let name = Span::mixed_site().located_at(place.name);
                if self.asked == Asked::Named {
                    let probe = Ident::new("__named", name);
                    quote_spanned!(at=> #probe(&value))
                } else {
                    let probe = Ident::new("__probe", name);
                    quote_spanned!(at=> #probe(&value, 0))
                }
            }
        };
        let asked = if question.is_empty() {
            quote_spanned!(at=> break #probe.eventlet_kind())
        } else {
            quote_spanned!(at=> let kind = #probe.eventlet_kind(); #question break kind)
        };
        quote_spanned!(at=> let kind = loop { break #unknown; #asked };)
    }

    /// The question to what a parameter with an `AsyncFn` bound has given, which is a call whatever
    /// its type.
    pub(super) fn probe_callback(&self, at: Span) -> TokenStream {
        let private = self.paths.private(at);
        quote_spanned!(at=> #private::probe_future(&value))
    }

    /// Whether a call may be the function's call to itself. By type only a green call is then
    /// boxed.
    fn drive(&self, expr: &Expr) -> Drive {
        let to_itself = match expr {
            Expr::Call(call) => match &*call.func {
                Expr::Path(func) => self.is_own_path(&func.path),
                _ => false,
            },
            Expr::MethodCall(call) if self.is_method => {
                (call.method == *self.around && !is_part_of_self(&call.receiver)) || self.is_call_back(call)
            }
            _ => false,
        };
        if to_itself { Drive::Boxed } else { Drive::InPlace }
    }

    /// A method that calls `self.write_all()` inside `write`, which the other will call again.
    fn is_call_back(&self, call: &ExprMethodCall) -> bool {
        let is_self = matches!(&*call.receiver, Expr::Path(path) if path.path.is_ident("self"));
        is_self
            && PROVIDED.iter().any(|(required, provided)| {
                self.around == required && provided.iter().any(|name| call.method == name)
            })
    }

    /// `name`, or `Self::name`.
    fn is_own_path(&self, path: &Path) -> bool {
        let mut segments = path.segments.iter().rev();
        segments.next().is_some_and(|last| last.ident == *self.around)
            && match segments.next() {
                None => !self.is_method,
                Some(owner) => owner.ident == "Self" && segments.next().is_none(),
            }
    }
}

/// Tells a call what is expected of it.
fn hinted(call: &TokenStream, place: &Place) -> TokenStream {
    let end = Span::mixed_site().located_at(place.end);
    quote_spanned!(end=> part.hint(()).to(#call))
}

/// Whether a call has the name of one of std's methods whose value holds a function, and takes what
/// may be the item of one, or a closure: `names.map(length)`.
fn takes_pointer(expr: &Expr) -> bool {
    let Expr::MethodCall(call) = expr else { return false };
    reserved::holds_function(&call.method.to_string(), call.args.len())
        && matches!(call.args.last(), Some(Expr::Path(_) | Expr::Closure(_)))
}

/// Whether a type that is spelled may be one of std's iterators, by its name or by another one.
fn may_be_adaptor(ty: &TokenStream) -> bool {
    const OTHERS: [&str; 2] = ["Option", "Result"];
    let is_open = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '<');
    let name = ty.clone().into_iter().take_while(|token| !is_open(token)).last();
    match name {
        Some(TokenTree::Ident(name)) => OTHERS.iter().all(|other| name != other),
        Some(_) => false,
        // `<I as IntoIterator>::IntoIter`.
        None => true,
    }
}

/// What stands in front of `.__on_heap()`.
fn marked(expr: &Expr) -> Option<Expr> {
    let Expr::MethodCall(mark) = expr else { return None };
    let mut call = &mark.receiver;
    while let Expr::Paren(ExprParen { expr, .. }) | Expr::Group(ExprGroup { expr, .. }) = &**call {
        call = expr;
    }
    (mark.method == "__on_heap" && mark.args.is_empty()).then(|| (**call).clone())
}

/// The question whether a call may stand where there is to be no green one, whose answer is shown
/// at the user's own place.
pub(super) fn no_switch_check(
    private: &TokenStream,
    kind: &Ident,
    at: Span,
    promise: Promise,
) -> TokenStream {
    let kind = quote_spanned!(at=> { #kind });
    match promise {
        Promise::Region => quote!(#[allow(unused_braces)] #private::StaysPut::stays_put(#kind);),
        Promise::Function => quote!(#[allow(unused_braces)] #private::NeverGreen::never_green(#kind);),
    }
}

/// The tokens that wait, at the user's own place.
fn waits(name: Span, drive: Drive) -> TokenStream {
    let value = Ident::new("value", Span::mixed_site().located_at(name));
    match drive {
        Drive::InPlace => quote_spanned!(name=> .call(#value).await),
        Drive::Boxed => quote_spanned!(name=> .boxed(#value).await),
    }
}

/// A field of `self`, or what `self` points at: an inner value that a method passes its own call on
/// to. Such a call is a delegation, not a recursion. Any other receiver may be a child of the same
/// type.
fn is_part_of_self(receiver: &Expr) -> bool {
    fn is_self(expr: &Expr) -> bool {
        match expr {
            Expr::Path(path) => path.path.is_ident("self"),
            _ => is_part_of_self(expr),
        }
    }
    match receiver {
        Expr::Field(field) => is_self(&field.base),
        Expr::Unary(unary) => is_self(&unary.expr),
        Expr::Reference(reference) => is_self(&reference.expr),
        Expr::Paren(paren) => is_part_of_self(&paren.expr),
        Expr::MethodCall(call) => is_self(&call.receiver),
        _ => false,
    }
}

/// The place of a function or method call; other expressions have none here.
pub(super) fn place_of(expr: &Expr) -> Option<Place> {
    match expr {
        Expr::Call(call) => Some(place_of_call(call)),
        Expr::MethodCall(call) => {
            let end = call.paren_token.span.close();
            Some(Place { start: start_of(&call.receiver), name: call.method.span(), end })
        }
        _ => None,
    }
}

/// The first token of an expression. That of most is found without all of its tokens being written.
fn start_of(expr: &Expr) -> Span {
    match expr {
        Expr::Call(call) if call.attrs.is_empty() => start_of(&call.func),
        Expr::MethodCall(call) if call.attrs.is_empty() => start_of(&call.receiver),
        Expr::Field(field) if field.attrs.is_empty() => start_of(&field.base),
        Expr::Try(tried) if tried.attrs.is_empty() => start_of(&tried.expr),
        Expr::Path(ExprPath { attrs, qself: None, path: Path { leading_colon: None, segments } })
            if attrs.is_empty() =>
        {
            segments.first().map_or_else(Span::call_site, |first| first.ident.span())
        }
        expr => expr.span(),
    }
}

/// Tokens in delimiters of this place.
fn group(delimiter: Delimiter, tokens: TokenStream, place: Span) -> Group {
    let mut group = Group::new(delimiter, tokens);
    group.set_span(place);
    group
}

fn place_of_call(call: &ExprCall) -> Place {
    let start = start_of(&call.func);
    let name = match &*call.func {
        Expr::Path(func) => func.path.segments.last().map_or(start, |last| last.ident.span()),
        _ => start,
    };
    Place { start, name, end: call.paren_token.span.close() }
}

/// Calls that cannot be green and profit from an expected type: `Some(..)`, `Wrapper(..)`,
/// `Box::new(..)`.
pub(super) fn is_constructor(func: &Expr) -> bool {
    makes_value(func) || is_pointer(func)
}

/// `Some(..)`, `Wrapper(..)`: what is expected of such a value says what is expected of its parts.
pub(super) fn makes_value(func: &Expr) -> bool {
    let Expr::Path(func) = func else { return false };
    func.path.segments.last().is_some_and(|last| starts_uppercase(&last.ident.to_string()))
}

/// `Some(..)` and its kind, whose parts may be of any type.
pub(super) fn is_of_prelude(func: &Expr) -> bool {
    const NAMES: [&str; 3] = ["Some", "Ok", "Err"];
    let Expr::Path(func) = func else { return false };
    func.path.segments.last().is_some_and(|last| NAMES.iter().any(|name| last.ident == name))
}

/// `Box::new(..)`, of which a pointer to something else may be expected.
fn is_pointer(func: &Expr) -> bool {
    const OWNERS: [&str; 12] = [
        "Box", "Rc", "Arc", "Pin", "Cell", "RefCell", "OnceCell", "LazyCell", "Mutex", "RwLock", "OnceLock",
        "LazyLock",
    ];
    let Expr::Path(func) = func else { return false };
    let mut segments = func.path.segments.iter().rev();
    segments.next().is_some_and(|last| last.ident == "new")
        && segments.next().is_some_and(|owner| OWNERS.iter().any(|known| owner.ident == known))
}

/// A call by the name of a function.
fn is_function(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(call) if matches!(&*call.func, Expr::Path(_)))
}

fn names_self(ty: &TokenStream) -> bool {
    ty.clone().into_iter().any(|token| match token {
        TokenTree::Ident(name) => name == "Self",
        TokenTree::Group(group) => names_self(&group.stream()),
        _ => false,
    })
}

/// Whether a call is one of a type's functions by its path, as far as the source shows:
/// `NodeIndex::new(1)`. Those of std's traits give what is asked of them.
pub(super) fn is_of_type(expr: &Expr) -> bool {
    const TRAITS: [&str; 9] =
        ["Self", "Iterator", "IntoIterator", "Extend", "Sum", "Product", "Add", "Mul", "Deserialize"];
    let Expr::Call(call) = expr else { return false };
    let Expr::Path(func) = &*call.func else { return false };
    let mut segments = func.path.segments.iter().rev().skip(1);
    let Some(owner) = segments.next().filter(|_| func.qself.is_none()) else { return false };
    owner.arguments.is_none()
        && starts_uppercase(&owner.ident.to_string())
        && TRAITS.iter().all(|name| owner.ident != name)
}

/// Whether a closure is written among the arguments: what never returns has no use for one.
fn takes_closure(expr: &Expr) -> bool {
    let (Expr::Call(ExprCall { args, .. }) | Expr::MethodCall(ExprMethodCall { args, .. })) = expr else {
        return false;
    };
    args.iter().any(|arg| matches!(arg, Expr::Closure(_)))
}

/// Whether a call gives a part of what it is made of, whose type is whatever that part is.
fn gives_part(expr: &Expr) -> bool {
    const PARTS: [&str; 18] = [
        "collect",
        "sum",
        "product",
        "fold",
        "unwrap",
        "expect",
        "unwrap_or_else",
        "into_inner",
        "get",
        "take",
        "replace",
        "remove",
        "swap_remove",
        "min",
        "max",
        "cast",
        "convert",
        "read",
    ];
    let name = match expr {
        Expr::MethodCall(call) => &call.method,
        Expr::Call(call) => match &*call.func {
            Expr::Path(func) => match func.path.segments.last() {
                Some(last) => &last.ident,
                None => return false,
            },
            _ => return false,
        },
        _ => return false,
    };
    PARTS.iter().any(|known| name == known)
}

fn starts_uppercase(name: &str) -> bool {
    name.trim_start_matches("r#").chars().next().is_some_and(char::is_uppercase)
}

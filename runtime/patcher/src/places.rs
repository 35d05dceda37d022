//! What of a file can be given another colour: its functions and closures, and what else is edited.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, FnArg, GenericParam, ImplItemFn, Item, ItemFn, ItemImpl, ItemTrait, Pat, Signature,
    Token, TraitItemFn, Type, TypeParamBound, UseTree, Visibility, WherePredicate,
};

use crate::source::{self, Refusal, line_of, range_of};

/// A file, as far as it is edited.
#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) places: Vec<Place>,
    /// What `use` brings in, wherever it stands: a name, and the path that it stands for.
    pub(crate) imports: Vec<(String, String)>,
    pub(crate) impls: Vec<Impl>,
    pub(crate) traits: Vec<Trait>,
    pub(crate) bounds: Vec<Bounds>,
    /// `<X as Iterator>`: the name of `X`, and where `Iterator` stands.
    pub(crate) as_iterator: Vec<(String, Range<usize>)>,
    /// Where a `use` begins in a module, and the first names of its path.
    pub(crate) uses: Vec<(usize, Vec<String>)>,
    /// Those of them that stand in the file's own module.
    pub(crate) root_uses: Vec<usize>,
    /// What the file itself declares, if it is the crate's root.
    pub(crate) items: BTreeSet<String>,
    /// Where macros are called, and their names.
    pub(crate) macro_calls: Vec<(Range<usize>, String)>,
    /// The crate's own macros that take expressions.
    pub(crate) macros: BTreeSet<String>,
    /// Arguments of calls.
    pub(crate) arguments: Vec<Range<usize>>,
    /// Functions that are given to a method by their names: where the name begins, the method, and
    /// where that stands.
    pub(crate) named: Vec<(usize, String, Range<usize>)>,
    /// Types that are a path: the path, and where it stands.
    pub(crate) types: Vec<(String, Range<usize>)>,
    /// `try!(…)`: the name with its `!`, and the end.
    pub(crate) tries: Vec<(Range<usize>, usize)>,
    /// What is said of lints in the file's own attributes.
    pub(crate) lints: Vec<Range<usize>>,
    /// Where the first item begins.
    pub(crate) first_item: usize,
    /// Each item of the root that says `extern crate std`.
    pub(crate) extern_std: Vec<Range<usize>>,
    /// Where the items of a module begin that has a `use` of its own or none: behind its brace.
    pub(crate) module_heads: Vec<(Range<usize>, usize)>,
}

/// A function or a closure.
#[derive(Debug)]
pub(crate) struct Place {
    /// All of it, with its attributes.
    pub(crate) range: Range<usize>,
    /// The one that it stands in.
    pub(crate) around: Option<usize>,
    /// Where an attribute is written.
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Function(Function),
    Closure(Closure),
}

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) owner: Owner,
    pub(crate) is_const: bool,
    pub(crate) is_async: bool,
    pub(crate) is_extern: bool,
    pub(crate) has_receiver: bool,
    pub(crate) has_body: bool,
    /// Of each parameter behind the receiver, where the `FnOnce` of its bound stands.
    pub(crate) callbacks: BTreeMap<usize, Range<usize>>,
}

/// Whose function it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    Nobody,
    Type,
    /// Declared in a trait of this name.
    Trait(String),
    /// Of the impl with this number in [`File::impls`].
    Impl(usize),
}

/// `impl Trait for Type`.
#[derive(Debug)]
pub(crate) struct Impl {
    /// As it is written, without generics.
    pub(crate) path: String,
    /// The last name of that.
    pub(crate) name: String,
    /// The last name of the type.
    pub(crate) ty: String,
    /// All of it.
    pub(crate) range: Range<usize>,
    pub(crate) path_range: Range<usize>,
    pub(crate) methods: BTreeSet<String>,
}

#[derive(Debug)]
pub(crate) struct Trait {
    pub(crate) name: String,
    pub(crate) is_generic: bool,
    /// Behind its closing brace.
    pub(crate) end: usize,
}

#[derive(Debug)]
pub(crate) struct Closure {
    pub(crate) used: Use,
}

/// What becomes of a closure where it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Use {
    /// `let name = |…| …`
    Bound,
    /// An argument, by its number, of a call of a path.
    OfPath(Vec<String>, usize),
    /// An argument of a method whose name stands there.
    OfMethod(String, Range<usize>, usize),
    /// Anything else.
    Kept,
}

/// Bounds with a `+` between them.
#[derive(Debug)]
pub(crate) struct Bounds {
    pub(crate) range: Range<usize>,
    pub(crate) list: Vec<Bound>,
    pub(crate) of: BoundsOf,
}

#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) range: Range<usize>,
    /// The path as it is written, without generics; empty for a lifetime.
    pub(crate) path: String,
    /// Where the path's names stand.
    pub(crate) path_range: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BoundsOf {
    Parameter,
    Object,
    ImplTrait,
    Supertraits(String),
}

/// Reads a file.
pub(crate) fn of_file(path: &str, text: &str) -> Result<File, Refusal> {
    let parsed = source::parse(path, text)?;
    let mut reader = Reader {
        file: File { path: path.to_owned(), text: text.to_owned(), ..File::default() },
        stack: Vec::new(),
        owner: Owner::Nobody,
        modules: 0,
        uses: HashMap::new(),
    };
    for attr in &parsed.attrs {
        let says_of_lints = ["allow", "warn", "deny", "forbid", "expect"];
        if says_of_lints.iter().any(|name| attr.path().is_ident(name)) {
            reader.file.lints.push(range_of(attr));
        }
    }
    reader.file.first_item = parsed.items.first().map_or(text.len(), |item| range_of(item).start);
    for item in &parsed.items {
        reader.file.items.extend(name_of_item(item));
        if let Item::ExternCrate(item) = item
            && item.ident == "std"
        {
            reader.file.extern_std.push(range_of(item));
        }
    }
    reader.visit_file(&parsed);
    if let Ok(tokens) = text.parse() {
        tries(tokens, &mut reader.file.tries);
    }
    Ok(reader.file)
}

impl File {
    /// The innermost function or closure around an offset.
    pub(crate) fn innermost(&self, offset: usize) -> Option<usize> {
        let around = self.places.iter().enumerate().filter(|(_, place)| place.range.contains(&offset));
        around.min_by_key(|(_, place)| place.range.len()).map(|(number, _)| number)
    }

    /// The line of an offset.
    pub(crate) fn line(&self, offset: usize) -> usize {
        line_of(&self.text, offset)
    }

    /// Whether a path, as it is written here, is that of one of the traits of std's `io` (or of
    /// `ToSocketAddrs`), and which.
    pub(crate) fn mirrored_trait(&self, path: &str) -> Option<&'static str> {
        let known = ["Read", "Write", "BufRead", "Seek", "ToSocketAddrs"];
        let last = path.rsplit("::").next().unwrap_or(path);
        let mut paths = vec![path.to_owned()];
        if !path.contains("::") {
            paths =
                self.imports.iter().filter(|(name, _)| name == path).map(|(_, path)| path.clone()).collect();
            let globs = self.imports.iter().filter(|(name, _)| name == "*");
            paths.extend(globs.map(|(_, module)| format!("{module}::{last}")));
        }
        let of_std = |path: &String| {
            let path = path.trim_start_matches("::");
            let path = path.strip_prefix("std::").unwrap_or(path);
            known.into_iter().find(|name| {
                let module = if *name == "ToSocketAddrs" { "net" } else { "io" };
                path == format!("{module}::{name}") || path == format!("io::prelude::{name}")
            })
        };
        paths.iter().find_map(of_std)
    }
}

struct Reader {
    file: File,
    stack: Vec<usize>,
    owner: Owner,
    /// How many modules are around.
    modules: usize,
    /// What becomes of the closure that begins there.
    uses: HashMap<usize, Use>,
}

impl Reader {
    fn enter(&mut self, place: Place, visit: impl FnOnce(&mut Self)) {
        self.file.places.push(place);
        self.stack.push(self.file.places.len() - 1);
        visit(self);
        self.stack.pop();
    }

    fn function(
        &mut self,
        range: Range<usize>,
        vis: Option<&Visibility>,
        sig: &Signature,
        has_body: bool,
        visit: impl FnOnce(&mut Self),
    ) {
        let at = match vis {
            Some(vis) if !matches!(vis, Visibility::Inherited) => range_of(vis).start,
            _ => range_of(sig).start,
        };
        let function = Function {
            name: sig.ident.to_string(),
            owner: self.owner.clone(),
            is_const: sig.constness.is_some(),
            is_async: sig.asyncness.is_some(),
            is_extern: sig.abi.is_some(),
            has_receiver: sig.inputs.iter().any(|input| matches!(input, FnArg::Receiver(_))),
            has_body,
            callbacks: callbacks(sig),
        };
        let around = self.stack.last().copied();
        let owner = std::mem::replace(&mut self.owner, Owner::Nobody);
        self.enter(Place { range, around, at, kind: Kind::Function(function) }, visit);
        self.owner = owner;
    }

    fn bounds(&mut self, bounds: &Punctuated<TypeParamBound, Token![+]>, of: BoundsOf) {
        let (Some(first), Some(last)) = (bounds.first(), bounds.last()) else { return };
        let range = range_of(first).start..range_of(last).end;
        let list = bounds.iter().map(|bound| {
            let (path, path_range) = match bound {
                TypeParamBound::Trait(bound) => {
                    let names = bound.path.segments.first().zip(bound.path.segments.last());
                    let (first, last) = names.expect("a path has a segment");
                    (written(&bound.path), range_of(&first.ident).start..range_of(&last.ident).end)
                }
                _ => (String::new(), 0..0),
            };
            Bound { range: range_of(bound), path, path_range }
        });
        let list = list.collect();
        self.file.bounds.push(Bounds { range, list, of });
    }
}

/// What a `macro_rules!` writes is known by its tokens alone.
impl Reader {
    /// The functions in what a macro writes, each from its `fn` to the end of its body.
    fn written_functions(&mut self, tokens: TokenStream, owner: &Owner) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut inside = owner.clone();
        for (number, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Ident(word) if word == "impl" => {
                    inside = self.written_impl(&tokens[number..]).unwrap_or(Owner::Type);
                }
                TokenTree::Ident(word) if word == "fn" => self.written_function(&tokens, number, owner),
                TokenTree::Group(group) => {
                    let is_body = group.delimiter() == Delimiter::Brace;
                    let around =
                        if is_body { std::mem::replace(&mut inside, owner.clone()) } else { owner.clone() };
                    self.written_functions(group.stream(), &around);
                }
                _ => {}
            }
        }
    }

    /// `impl<…> Trait<…> for …`
    fn written_impl(&mut self, tokens: &[TokenTree]) -> Option<Owner> {
        let head = tokens.iter().take_while(|token| !is_brace(token));
        let head: Vec<&TokenTree> = head.collect();
        let end = head.iter().position(|token| matches!(token, TokenTree::Ident(word) if word == "for"))?;
        let (mut depth, mut last) = (0, None);
        for token in &head[1..end] {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
                TokenTree::Punct(punct) if punct.as_char() == '>' => depth -= 1,
                TokenTree::Ident(word) if depth == 0 => last = Some(word.clone()),
                _ => {}
            }
        }
        let (name, range) = (last.as_ref()?.to_string(), last?.span().byte_range());
        self.file.impls.push(Impl {
            path: name.clone(),
            name,
            ty: String::new(),
            range: range.clone(),
            path_range: range,
            methods: BTreeSet::new(),
        });
        Some(Owner::Impl(self.file.impls.len() - 1))
    }

    fn written_function(&mut self, tokens: &[TokenTree], number: usize, owner: &Owner) {
        let Some(TokenTree::Ident(name)) = tokens.get(number + 1) else { return };
        let Some(body) = tokens[number..].iter().find(|token| is_brace(token)) else { return };
        let before = |word: &str| {
            let words = tokens[..number].iter().rev();
            let mut words = words.take_while(|token| {
                let is_scope =
                    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis);
                is_scope || matches!(token, TokenTree::Ident(_))
            });
            words.find(|token| matches!(token, TokenTree::Ident(found) if found == word)).map(TokenTree::span)
        };
        let begin = tokens[number].span().byte_range().start;
        let at = before("pub").map_or(begin, |word| word.byte_range().start);
        let function = Function {
            name: name.to_string(),
            owner: owner.clone(),
            is_const: before("const").is_some(),
            is_async: before("async").is_some(),
            is_extern: before("extern").is_some(),
            has_receiver: false,
            has_body: true,
            callbacks: BTreeMap::new(),
        };
        let range = at..body.span().byte_range().end;
        self.file.places.push(Place { range, around: None, at, kind: Kind::Function(function) });
    }
}

fn is_brace(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Edition 2015's `try!`, wherever it stands.
fn tries(tokens: TokenStream, found: &mut Vec<(Range<usize>, usize)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (number, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            tries(group.stream(), found);
        }
        if let [TokenTree::Ident(name), TokenTree::Punct(mark), TokenTree::Group(group), ..] =
            &tokens[number..]
            && ["try", "r#try"].iter().any(|word| name == word)
            && mark.as_char() == '!'
            && group.delimiter() == Delimiter::Parenthesis
        {
            let begin = name.span().byte_range().start..mark.span().byte_range().end;
            found.push((begin, group.span().byte_range().end));
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if let Some((brace, _)) = &item.content {
            let head = brace.span.open().byte_range().end;
            self.file.module_heads.push((range_of(item), head));
        }
        self.modules += 1;
        visit::visit_item_mod(self, item);
        self.modules -= 1;
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        imports(&item.tree, "", &mut self.file.imports);
        if item.leading_colon.is_none() {
            let mut names = Vec::new();
            first_names(&item.tree, &mut names);
            let is_in_module = self.modules > 0;
            self.file.uses.push((range_of(&item.tree).start, names));
            if !is_in_module {
                self.file.root_uses.push(range_of(&item.tree).start);
            }
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(range_of(item), Some(&item.vis), &item.sig, true, |reader| {
            visit::visit_item_fn(reader, item);
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if !is_test(&item.attrs) {
            self.function(range_of(item), Some(&item.vis), &item.sig, true, |reader| {
                visit::visit_impl_item_fn(reader, item);
            });
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.function(range_of(item), None, &item.sig, item.default.is_some(), |reader| {
            visit::visit_trait_item_fn(reader, item);
        });
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let owner = match &item.trait_ {
            None => Owner::Type,
            Some((path, _)) => {
                let methods = item.items.iter().filter_map(|item| match item {
                    syn::ImplItem::Fn(item) => Some(item.sig.ident.to_string()),
                    _ => None,
                });
                let name = last_name(path);
                self.file.impls.push(Impl {
                    path: written(path),
                    name,
                    ty: name_of_type(&item.self_ty),
                    range: range_of(item),
                    path_range: range_of(path),
                    methods: methods.collect(),
                });
                Owner::Impl(self.file.impls.len() - 1)
            }
        };
        let around = std::mem::replace(&mut self.owner, owner);
        visit::visit_item_impl(self, item);
        self.owner = around;
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        let name = item.ident.to_string();
        self.file.traits.push(Trait {
            name: name.clone(),
            is_generic: !item.generics.params.is_empty(),
            end: range_of(item).end,
        });
        self.bounds(&item.supertraits, BoundsOf::Supertraits(name.clone()));
        let around = std::mem::replace(&mut self.owner, Owner::Trait(name));
        visit::visit_item_trait(self, item);
        self.owner = around;
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        let pat = match &local.pat {
            Pat::Type(pat) => &pat.pat,
            pat => pat,
        };
        if let (Pat::Ident(_), Some(init)) = (pat, &local.init)
            && let Expr::Closure(closure) = &*init.expr
        {
            self.uses.insert(range_of(closure).start, Use::Bound);
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let Expr::Path(path) = &*call.func {
            let names: Vec<String> = path.path.segments.iter().map(|part| part.ident.to_string()).collect();
            for (number, arg) in call.args.iter().enumerate() {
                self.file.arguments.push(range_of(arg));
                if let Some(closure) = closure_of(arg) {
                    self.uses.insert(range_of(closure).start, Use::OfPath(names.clone(), number));
                }
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        for (number, arg) in call.args.iter().enumerate() {
            self.file.arguments.push(range_of(arg));
            if let Expr::Path(_) = arg {
                let method = (range_of(arg).start, call.method.to_string(), range_of(&call.method));
                self.file.named.push(method);
            }
            if let Some(closure) = closure_of(arg) {
                let used = Use::OfMethod(call.method.to_string(), range_of(&call.method), number);
                self.uses.insert(range_of(closure).start, used);
            }
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        let range = range_of(closure);
        let used = self.uses.remove(&range.start).unwrap_or(Use::Kept);
        let around = self.stack.last().copied();
        let at = closure.attrs.last().map_or(range.start, |attr| range_of(attr).end);
        let kind = Kind::Closure(Closure { used });
        self.enter(Place { range, around, at, kind }, |reader| visit::visit_expr_closure(reader, closure));
    }

    fn visit_type_param(&mut self, param: &'ast syn::TypeParam) {
        self.bounds(&param.bounds, BoundsOf::Parameter);
        visit::visit_type_param(self, param);
    }

    fn visit_predicate_type(&mut self, predicate: &'ast syn::PredicateType) {
        self.bounds(&predicate.bounds, BoundsOf::Parameter);
        visit::visit_predicate_type(self, predicate);
    }

    fn visit_trait_item_type(&mut self, item: &'ast syn::TraitItemType) {
        self.bounds(&item.bounds, BoundsOf::Parameter);
        visit::visit_trait_item_type(self, item);
    }

    fn visit_type_trait_object(&mut self, ty: &'ast syn::TypeTraitObject) {
        self.bounds(&ty.bounds, BoundsOf::Object);
        visit::visit_type_trait_object(self, ty);
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast syn::TypeImplTrait) {
        self.bounds(&ty.bounds, BoundsOf::ImplTrait);
        visit::visit_type_impl_trait(self, ty);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.file.macro_calls.push((range_of(call), last_name(&call.path)));
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if item.mac.path.is_ident("macro_rules") {
            if item.mac.tokens.to_string().replace(' ', "").contains(":expr") {
                self.file.macros.extend(item.ident.as_ref().map(ToString::to_string));
            }
            self.written_functions(item.mac.tokens.clone(), &Owner::Nobody);
        }
    }

    fn visit_type_path(&mut self, ty: &'ast syn::TypePath) {
        if ty.qself.is_none() {
            self.file.types.push((written(&ty.path), range_of(&ty.path)));
        }
        if let Some(own) = &ty.qself
            && own.position > 0
            && own.position <= ty.path.segments.len()
        {
            let last = &ty.path.segments[own.position - 1];
            if last.ident == "Iterator" {
                let first = range_of(&ty.path.segments[0].ident).start;
                self.file.as_iterator.push((name_of_type(&own.ty), first..range_of(&last.ident).end));
            }
        }
        visit::visit_type_path(self, ty);
    }
}

/// The parameters whose bounds are `Fn`, `FnMut` or `FnOnce`.
fn callbacks(sig: &Signature) -> BTreeMap<usize, Range<usize>> {
    let bound_of = |bounds: &Punctuated<TypeParamBound, Token![+]>| {
        bounds.iter().find_map(|bound| match bound {
            TypeParamBound::Trait(bound) => {
                let (first, last) = (bound.path.segments.first()?, bound.path.segments.last()?);
                let is_fn = ["Fn", "FnMut", "FnOnce"].iter().any(|name| last.ident == name);
                is_fn.then(|| range_of(&first.ident).start..range_of(&last.ident).end)
            }
            _ => None,
        })
    };
    let of_parameter = |name: &syn::Ident| {
        let declared = sig.generics.params.iter().find_map(|param| match param {
            GenericParam::Type(param) if param.ident == *name => bound_of(&param.bounds),
            _ => None,
        });
        let clauses = || sig.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
        declared.or_else(|| {
            clauses().find_map(|predicate| match predicate {
                WherePredicate::Type(predicate) => match &predicate.bounded_ty {
                    Type::Path(ty) if ty.path.is_ident(name) => bound_of(&predicate.bounds),
                    _ => None,
                },
                _ => None,
            })
        })
    };
    let typed = sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some(&*input.ty),
        FnArg::Receiver(_) => None,
    });
    let of_type = |ty: &Type| match ty {
        Type::Path(ty) => of_parameter(ty.path.get_ident()?),
        Type::ImplTrait(ty) => bound_of(&ty.bounds),
        _ => None,
    };
    let bounds = typed.enumerate().filter_map(|(number, ty)| {
        let ty = match ty {
            Type::Reference(ty) => &ty.elem,
            ty => ty,
        };
        Some((number, of_type(ty)?))
    });
    bounds.collect()
}

/// The closure that an argument is, or that a block gives which is one.
fn closure_of(arg: &Expr) -> Option<&syn::ExprClosure> {
    match arg {
        Expr::Closure(closure) => Some(closure),
        Expr::Paren(inside) => closure_of(&inside.expr),
        Expr::Block(block) => match block.block.stmts.last()? {
            syn::Stmt::Expr(last, None) => closure_of(last),
            _ => None,
        },
        _ => None,
    }
}

fn imports(tree: &UseTree, before: &str, list: &mut Vec<(String, String)>) {
    let path = |name: &str| if before.is_empty() { name.to_owned() } else { format!("{before}::{name}") };
    match tree {
        UseTree::Path(tree) => imports(&tree.tree, &path(&tree.ident.to_string()), list),
        UseTree::Group(group) => group.items.iter().for_each(|tree| imports(tree, before, list)),
        UseTree::Name(tree) if tree.ident == "self" => {
            let name = before.rsplit("::").next().unwrap_or(before).to_owned();
            list.push((name, before.to_owned()));
        }
        UseTree::Name(tree) => list.push((tree.ident.to_string(), path(&tree.ident.to_string()))),
        UseTree::Rename(tree) => list.push((tree.rename.to_string(), path(&tree.ident.to_string()))),
        UseTree::Glob(_) => list.push(("*".to_owned(), before.to_owned())),
    }
}

/// Whether an item is for tests alone, which no patched crate has.
fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        let of_tests = || attr.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"));
        attr.path().is_ident("test") || (attr.path().is_ident("cfg") && of_tests())
    })
}

/// The names with which the paths of a `use` begin.
fn first_names(tree: &UseTree, names: &mut Vec<String>) {
    match tree {
        UseTree::Path(tree) => names.push(tree.ident.to_string()),
        UseTree::Name(tree) => names.push(tree.ident.to_string()),
        UseTree::Rename(tree) => names.push(tree.ident.to_string()),
        UseTree::Glob(_) => {}
        UseTree::Group(group) => group.items.iter().for_each(|tree| first_names(tree, names)),
    }
}

/// What an item is called, but for another crate.
fn name_of_item(item: &Item) -> Vec<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Use(item) => {
            let mut found = Vec::new();
            imports(&item.tree, "", &mut found);
            return found
                .into_iter()
                .map(|(name, _)| name)
                .filter(|name| name != "*" && name != "std")
                .collect();
        }
        _ => return Vec::new(),
    };
    vec![name.to_string()]
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn written(path: &syn::Path) -> String {
    let names: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
    names.join("::")
}

fn last_name(path: &syn::Path) -> String {
    path.segments.last().map_or(String::new(), |part| part.ident.to_string())
}

fn name_of_type(ty: &Type) -> String {
    match ty {
        Type::Path(ty) => last_name(&ty.path),
        Type::Reference(ty) => name_of_type(&ty.elem),
        Type::Paren(ty) => name_of_type(&ty.elem),
        _ => String::new(),
    }
}

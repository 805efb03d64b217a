//! A crate as modules, and modules as items: what each is called, which paths stand in it, on which lines it has code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Item, UseTree};

/// Names from the root of a crate.
pub(crate) type Names = Vec<String>;

pub(crate) struct Crate {
    pub(crate) modules: Vec<Module>,
}

pub(crate) struct Module {
    /// From the root of the crate, which has none.
    pub(crate) path: Names,
    pub(crate) file: PathBuf,
    pub(crate) items: Vec<Piece>,
    /// What a name that is brought in stands for, relative to this module.
    imports: BTreeMap<String, Names>,
    globs: Vec<Names>,
    /// The functions as they were parsed, for who looks for calls.
    pub(crate) syntax: Vec<Item>,
}

/// An item, or a block of implementations.
pub(crate) struct Piece {
    /// What it is called; nothing for an `impl`.
    name: Option<String>,
    /// The type and the trait of an `impl`.
    of: Vec<Names>,
    pub(crate) code: Code,
}

/// What stands in some tokens.
#[derive(Default)]
pub(crate) struct Code {
    pub(crate) paths: Vec<Names>,
    /// Lines with code, numbered from 1.
    pub(crate) lines: BTreeSet<usize>,
    /// How often the word `unsafe` stands there.
    pub(crate) unsafes: usize,
}

/// An item of a crate: its module and its place there.
pub(crate) type Place = (usize, usize);

impl Crate {
    /// Reads a crate from its folder; a file that is not Rust is the compiler's to complain of.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut krate = Self { modules: Vec::new() };
        krate.file(&folder.join("src/lib.rs"), Vec::new(), &folder.join("src"));
        krate
    }

    fn file(&mut self, file: &Path, path: Names, children: &Path) {
        let Ok(text) = fs::read_to_string(file) else { return };
        let Ok(parsed) = syn::parse_file(&text) else { return };
        self.module(file, path, children, parsed.items);
    }

    fn module(&mut self, file: &Path, path: Names, children: &Path, syntax: Vec<Item>) {
        let mut module = Module {
            path: path.clone(),
            file: file.to_owned(),
            items: Vec::new(),
            imports: BTreeMap::new(),
            globs: Vec::new(),
            syntax: Vec::new(),
        };
        for item in syntax {
            match item {
                item if is_test(attributes(&item)) => {}
                Item::Mod(inner) => {
                    let name = plain(&inner.ident);
                    let below = path.iter().cloned().chain([name.clone()]).collect();
                    let folder = children.join(&name);
                    match inner.content {
                        Some((_, items)) => self.module(file, below, &folder, items),
                        None if folder.join("mod.rs").exists() => self.file(&folder.join("mod.rs"), below, &folder),
                        None => self.file(&children.join(format!("{name}.rs")), below, &folder),
                    }
                }
                Item::Use(inner) => import(&inner.tree, &mut Vec::new(), &mut module),
                item => {
                    module.items.push(Piece::of(&item));
                    module.syntax.push(item);
                }
            }
        }
        self.modules.push(module);
    }

    pub(crate) fn find(&self, path: &[String]) -> Option<usize> {
        self.modules.iter().position(|module| module.path == path)
    }

    /// The item that a path means in a module, if it is one of this crate.
    pub(crate) fn resolve(&self, module: usize, path: &[String]) -> Option<Place> {
        self.resolve_within(module, path, 8)
    }

    /// `depth` ends imports that go round in a circle.
    fn resolve_within(&self, module: usize, path: &[String], depth: usize) -> Option<Place> {
        let (first, rest) = path.split_first()?;
        let here = &self.modules[module];
        let depth = depth.checked_sub(1)?;
        match first.as_str() {
            "crate" => return self.resolve_within(self.find(&[])?, rest, depth),
            "self" => return self.resolve_within(module, rest, depth),
            "super" => return self.resolve_within(self.find(here.path.split_last()?.1)?, rest, depth),
            _ => {}
        }
        // A function and a module may share a name; what goes on after it means the module, where that has it.
        let child: Names = here.path.iter().chain([first]).cloned().collect();
        if let Some(found) = self.find(&child).and_then(|child| self.resolve_within(child, rest, depth)) {
            return Some(found);
        }
        if let Some(item) = here.items.iter().position(|item| item.name.as_ref() == Some(first)) {
            return Some((module, item));
        }
        if let Some(import) = here.imports.get(first) {
            let whole: Names = import.iter().chain(rest).cloned().collect();
            // `use queue::run` in a module: its first name is not the import itself.
            return (whole != path).then(|| self.resolve_within(module, &whole, depth)).flatten();
        }
        here.globs.iter().find_map(|glob| {
            let whole: Names = glob.iter().chain(path).cloned().collect();
            self.resolve_within(module, &whole, depth)
        })
    }

    /// The `impl` blocks of an item: of a type, or of a trait for types of others.
    pub(crate) fn implementations(&self, of: Place) -> Vec<Place> {
        let mut found = Vec::new();
        for (at, module) in self.modules.iter().enumerate() {
            for (place, item) in module.items.iter().enumerate() {
                // The type decides; a trait does where the type is not of this crate.
                let owner = item.of.iter().find_map(|path| self.resolve(at, path));
                found.extend((owner == Some(of)).then_some((at, place)));
            }
        }
        found
    }
}

impl Piece {
    fn of(item: &Item) -> Self {
        let code = Code::of(item.to_token_stream());
        let mut of = Vec::new();
        let name = match item {
            Item::Const(inner) => Some(plain(&inner.ident)),
            Item::Enum(inner) => Some(plain(&inner.ident)),
            Item::Fn(inner) => Some(plain(&inner.sig.ident)),
            Item::Static(inner) => Some(plain(&inner.ident)),
            Item::Struct(inner) => Some(plain(&inner.ident)),
            Item::Trait(inner) => Some(plain(&inner.ident)),
            Item::Type(inner) => Some(plain(&inner.ident)),
            Item::Union(inner) => Some(plain(&inner.ident)),
            Item::Macro(inner) => inner.ident.as_ref().map(plain),
            Item::Impl(inner) => {
                // A list of strategies reaches all of them: it is nobody's implementation.
                let listing =
                    inner.trait_.as_ref().and_then(|(_, path, _)| Some(path.segments.last()?.ident.to_string()));
                if !listing.as_ref().is_some_and(|name| name.starts_with("Runs") || name == "Model") {
                    of.extend(Code::of(inner.self_ty.to_token_stream()).paths.into_iter().next());
                    of.extend(
                        inner
                            .trait_
                            .as_ref()
                            .and_then(|(_, path, _)| Code::of(path.to_token_stream()).paths.into_iter().next()),
                    );
                }
                None
            }
            _ => None,
        };
        Self { name, of, code }
    }
}

impl Code {
    pub(crate) fn of(tokens: TokenStream) -> Self {
        let mut code = Self::default();
        code.take(tokens);
        code
    }

    fn take(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        let mut path: Names = Vec::new();
        // Whether `::` stands before what comes next.
        let mut goes_on = false;
        while let Some(token) = tokens.next() {
            if let TokenTree::Punct(hash) = &token
                && hash.as_char() == '#'
                && matches!(tokens.peek(), Some(TokenTree::Group(group)) if is_doc(group.stream()))
            {
                tokens.next();
                continue;
            }
            match token {
                TokenTree::Ident(ident) => {
                    self.lines.insert(ident.span().start().line);
                    let name = plain(&ident);
                    self.unsafes += usize::from(name == "unsafe");
                    if !goes_on {
                        self.paths.extend((!path.is_empty()).then(|| std::mem::take(&mut path)));
                    }
                    path.push(name);
                    goes_on = false;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint => {
                    self.lines.insert(punct.span().start().line);
                    goes_on = matches!(tokens.next(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
                }
                TokenTree::Group(group) => {
                    self.lines.extend([group.span_open().start().line, group.span_close().end().line]);
                    self.paths.extend((!path.is_empty()).then(|| std::mem::take(&mut path)));
                    goes_on = false;
                    self.take(group.stream());
                }
                other => {
                    let span = other.span();
                    self.lines.extend(span.start().line..=span.end().line);
                    self.paths.extend((!path.is_empty()).then(|| std::mem::take(&mut path)));
                    goes_on = false;
                }
            }
        }
        self.paths.extend((!path.is_empty()).then_some(path));
    }
}

fn import(tree: &UseTree, before: &mut Names, module: &mut Module) {
    match tree {
        UseTree::Path(path) => {
            before.push(plain(&path.ident));
            import(&path.tree, before, module);
            before.pop();
        }
        UseTree::Name(name) => {
            let name = plain(&name.ident);
            let last = if name == "self" { before.last().cloned() } else { Some(name.clone()) };
            let whole: Names = before.iter().cloned().chain((name != "self").then_some(name)).collect();
            module.imports.extend(last.map(|last| (last, whole)));
        }
        UseTree::Rename(rename) => {
            let whole: Names = before.iter().cloned().chain([plain(&rename.ident)]).collect();
            module.imports.insert(plain(&rename.rename), whole);
        }
        UseTree::Glob(_) => module.globs.push(before.clone()),
        UseTree::Group(group) => group.items.iter().for_each(|tree| import(tree, before, module)),
    }
}

/// `r#static` is the module `static`.
pub(crate) fn plain(ident: &proc_macro2::Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

fn is_doc(attribute: TokenStream) -> bool {
    matches!(attribute.into_iter().next(), Some(TokenTree::Ident(name)) if name == "doc")
}

fn is_test(attributes: &[Attribute]) -> bool {
    let words = |one: &Attribute| Code::of(one.to_token_stream()).paths;
    attributes.iter().any(|one| {
        one.path().is_ident("test")
            || (one.path().is_ident("cfg") && words(one).iter().any(|path| path.len() == 1 && path[0] == "test"))
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(inner) => &inner.attrs,
        Item::Enum(inner) => &inner.attrs,
        Item::Fn(inner) => &inner.attrs,
        Item::Impl(inner) => &inner.attrs,
        Item::Macro(inner) => &inner.attrs,
        Item::Mod(inner) => &inner.attrs,
        Item::Static(inner) => &inner.attrs,
        Item::Struct(inner) => &inner.attrs,
        Item::Trait(inner) => &inner.attrs,
        Item::Type(inner) => &inner.attrs,
        Item::Use(inner) => &inner.attrs,
        _ => &[],
    }
}

//! How much code a strategy is: the items of its crate that it reaches, by the paths that stand in them.
//!
//! A line counts where it has a token of such an item: no comment, no blank line, no test, no `use`. What libraries and
//! the contract do for it is not counted, and neither is the list that names it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::crates::{Crate, Place};
use crate::strategies::Found;

pub(crate) struct Counted {
    /// Where it is implemented.
    pub(crate) file: PathBuf,
    pub(crate) lines: usize,
    pub(crate) unsafes: usize,
    pub(crate) lines_with_shared: usize,
    pub(crate) unsafes_with_shared: usize,
}

pub(crate) fn count(krate: &Crate, found: &Found) -> Counted {
    let roots: Vec<Place> = found.roots.iter().filter_map(|path| krate.resolve(found.module, path)).collect();
    let reached = reached(krate, &roots);
    let mut lines: BTreeMap<&Path, BTreeSet<usize>> = BTreeMap::new();
    let mut unsafes: BTreeMap<&Path, usize> = BTreeMap::new();
    for (module, item) in &reached {
        let file = krate.modules[*module].file.as_path();
        let code = &krate.modules[*module].items[*item].code;
        lines.entry(file).or_default().extend(&code.lines);
        *unsafes.entry(file).or_default() += code.unsafes;
    }
    let file = home(krate, found, &roots);
    Counted {
        lines: lines.get(file).map_or(0, BTreeSet::len),
        unsafes: unsafes.get(file).copied().unwrap_or(0),
        lines_with_shared: lines.values().map(BTreeSet::len).sum(),
        unsafes_with_shared: unsafes.values().sum(),
        file: file.to_owned(),
    }
}

/// Everything that is used, directly or not.
fn reached(krate: &Crate, roots: &[Place]) -> BTreeSet<Place> {
    let mut reached: BTreeSet<Place> = BTreeSet::new();
    let mut open: Vec<Place> = roots.to_vec();
    while let Some(place) = open.pop() {
        if !reached.insert(place) {
            continue;
        }
        let (module, item) = place;
        let paths = &krate.modules[module].items[item].code.paths;
        open.extend(paths.iter().filter_map(|path| krate.resolve(module, path)));
        open.extend(krate.implementations(place));
    }
    reached
}

/// The file one would open: that of its name, else where the list points to, else the list's own.
fn home<'k>(krate: &'k Crate, found: &Found, roots: &[Place]) -> &'k Path {
    let list = krate.modules[found.module].file.as_path();
    let name = found.strategy.replace('-', "_");
    let files =
        || roots.iter().map(|(module, _)| (&krate.modules[*module].path, krate.modules[*module].file.as_path()));
    let named = files().find(|(path, _)| path.last() == Some(&name));
    let elsewhere = || files().find(|(_, file)| *file != list);
    named.or_else(elsewhere).map_or(list, |(_, file)| file)
}

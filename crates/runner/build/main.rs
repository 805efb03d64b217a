//! What only the build knows: revision and compiler for the environment block of a report (`environment`), and the code
//! behind every contender: in which file it is implemented, in how many lines, and how often `unsafe` stands in them
//! (`reach` says what counts).

mod crates;
mod environment;
mod reach;
mod strategies;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use crates::Crate;

fn main() {
    // Any change to the sources or a commit may change the answer; nothing else does.
    for path in ["../../crates", "../../Cargo.toml", "../../Cargo.lock", "../../.git/logs/HEAD"] {
        println!("cargo::rerun-if-changed={path}");
    }
    environment::tell();
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let crates = here.parent().expect("the folder of all crates");
    let mut rows = String::new();
    for folder in models(crates) {
        let krate = Crate::read(&folder);
        for found in strategies::all(&krate) {
            let counted = reach::count(&krate, &found);
            let file = Path::new("crates").join(counted.file.strip_prefix(crates).expect("it was found there"));
            let _ = writeln!(
                rows,
                "    ({:?}, {:?}, {:?}, {:?}, [{}, {}, {}, {}]),",
                found.model,
                found.pattern,
                found.strategy,
                file,
                counted.lines,
                counted.unsafes,
                counted.lines_with_shared,
                counted.unsafes_with_shared
            );
        }
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("sources.rs");
    fs::write(&out, format!("&[\n{rows}]\n")).expect("the output folder can be written");
}

/// The crates of the models, by name.
fn models(crates: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(crates).expect("the folder of all crates can be read");
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.retain(|folder| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("model-")));
    folders.sort();
    folders
}

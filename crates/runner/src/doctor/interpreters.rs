//! Which Python interpreters are on PATH, which version each is, and whether it was built to run threads at once.

use super::Fact;
use crate::python;

pub(super) fn fact() -> Fact {
    const ID: &str = "interpreters";
    let found = python::on_path();
    if found.is_empty() {
        return Fact::cannot(ID, "no Python found", "put a python3 on PATH to compare with one; nothing else needs it");
    }
    let shown = found.iter().map(|(name, answer)| {
        let kind = if answer.free_threaded { "free-threaded" } else { "with a lock" };
        format!("{name} ({}, {kind}, switch interval {} ms)", answer.version, answer.interval_s * 1e3)
    });
    let value = shown.collect::<Vec<_>>().join(", ");
    let free = found.iter().any(|(_, answer)| answer.free_threaded);
    if free { Fact::ok(ID, value) } else { Fact::ok(ID, format!("{value}; none is free-threaded")) }
}

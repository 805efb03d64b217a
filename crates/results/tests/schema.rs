//! The committed JSON Schema is the one that the types make.

use std::path::Path;

/// `UPDATE_SCHEMA=1 cargo test -p results --test schema` writes it anew. Scripts rely on what it says: a field that
/// goes or changes its meaning is `compare/2`.
#[test]
fn the_committed_schema_is_of_these_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("compare-1.schema.json");
    let made = results::json_schema();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &made).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "crates/results/compare-1.schema.json is not what the types make; after a change that only adds, run \
         `UPDATE_SCHEMA=1 cargo test -p results --test schema` and commit it"
    );
}

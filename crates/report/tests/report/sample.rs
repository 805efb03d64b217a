//! The report that the repository carries is what this program makes of its results, byte for byte.

use std::fs;
use std::path::Path;

use report::{csv, excerpt, html, markdown};
use results::Run;

/// After a change of a form: `crossover render reports/sample --splice README.md`, and look at what changed.
#[test]
fn the_sample_renders_as_it_is_committed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |name: &str| {
        let path = root.join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let run: Run = serde_json::from_str(&read("reports/sample/results.json")).expect("results of a run");
    let again = "run `cargo xtask render reports/sample --splice README.md` and look at what changed";
    for (name, made) in [("index.html", html(&run)), ("report.md", markdown(&run)), ("cells.csv", csv(&run))] {
        let committed = read(&format!("reports/sample/{name}"));
        let at =
            made.bytes().zip(committed.bytes()).position(|(a, b)| a != b).unwrap_or(made.len().min(committed.len()));
        assert!(made == committed, "reports/sample/{name} differs from byte {at} on; {again}");
    }
    let readme = read("README.md");
    let (_, rest) = readme.split_once("<!-- compare:begin -->").expect("a marker");
    let (spliced, _) = rest.split_once("<!-- compare:end -->").expect("the other marker");
    assert!(spliced.trim() == excerpt(&run).trim(), "the table of README.md is another; {again}");
}

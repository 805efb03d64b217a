//! Every form of a stored `results.json`, without the program that measures:
//! `cargo run -p report --example page -- reports/sample/results.json target/page` writes them into the folder.

use std::path::Path;
use std::time::Instant;

use report::Terminal;

#[expect(clippy::disallowed_methods, reason = "says how long rendering takes; no cell is timed here")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [results, folder] = arguments.as_slice() else {
        return Err("usage: page RESULTS.json FOLDER".into());
    };
    let run: results::Run = serde_json::from_str(&std::fs::read_to_string(results)?)?;
    std::fs::create_dir_all(folder)?;
    let start = Instant::now();
    let page = report::html(&run);
    eprintln!("{} bytes of HTML in {:.0?}", page.len(), start.elapsed());
    std::fs::write(Path::new(folder).join("index.html"), page)?;
    std::fs::write(Path::new(folder).join("report.md"), report::markdown(&run))?;
    std::fs::write(Path::new(folder).join("cells.csv"), report::csv(&run))?;
    print!("{}", report::terminal(&run, Terminal { colour: false, width: 80 }));
    Ok(())
}

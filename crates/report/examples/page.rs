//! Every form of a stored `results.json`, without the program that measures:
//! `cargo run -p report --example page -- reports/sample/results.json target/page` writes them into the folder.

use std::path::Path;

use report::Terminal;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [results, folder] = arguments.as_slice() else {
        return Err("usage: page RESULTS.json FOLDER".into());
    };
    let run: results::Run = serde_json::from_str(&std::fs::read_to_string(results)?)?;
    std::fs::create_dir_all(folder)?;
    let page = report::html(&run);
    eprintln!("{} bytes of HTML", page.len());
    std::fs::write(Path::new(folder).join("index.html"), page)?;
    std::fs::write(Path::new(folder).join("report.md"), report::markdown(&run))?;
    std::fs::write(Path::new(folder).join("excerpt.md"), report::excerpt(&run))?;
    std::fs::write(Path::new(folder).join("cells.csv"), report::csv(&run))?;
    print!("{}", report::terminal(&run, Terminal { colour: false, width: 80 }));
    Ok(())
}

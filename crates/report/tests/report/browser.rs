//! The page in a real browser: what no parser can tell. The checks are in `tests/browser`; here are the pages.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use results::{CellStatus, Run, Verdict};
use serde_json::{Value, json};

use crate::checked::{many, vouched};
use crate::hostile::hostile;
use crate::runs::{empty, group, swept};

/// What a page may weigh, and one of 5,000 cells.
const PAGE: usize = 800_000;
const LARGE: usize = 1_500_000;

/// What the checks exit with where there is no browser to make them in.
const NO_BROWSER: i32 = 77;

/// What a page must have, or its checks would pass for want of anything to check.
const WHOLE: &[&str] = &["script", "verdicts", "forest", "tables", "charts", "matrix", "choose", "cell"];

#[test]
fn pages_hold_in_a_real_browser() {
    let checks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    if !checks.join("node_modules/puppeteer-core").exists() {
        return skip(&format!(
            "its tools are missing; install node and npm, then `npm ci --prefix {}`",
            checks.display()
        ));
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    write_pages(&folder).unwrap();
    let node = Command::new("node").arg(checks.join("page.mjs")).arg(&folder).stdin(Stdio::null()).status();
    match node {
        Ok(status) if status.code() == Some(NO_BROWSER) => {
            skip("there is no Chromium; install chromium-headless-shell")
        }
        Ok(status) => assert!(status.success(), "checks failed, see above; the pages are in {}", folder.display()),
        Err(error) => skip(&format!("node does not start ({error}); install nodejs and npm")),
    }
}

/// Says that nothing was checked, where it cannot be overlooked: what a passing test prints is swallowed, what it
/// writes is not, and `cargo xtask test` repeats it at its end.
fn skip(why: &str) {
    std::io::stdout().write_all(format!("SKIPPED: the report in a real browser: {why}\n").as_bytes()).unwrap();
    assert!(std::env::var_os("REQUIRE_BROWSER").is_none(), "REQUIRE_BROWSER is set, but {why}");
}

/// Renders every page into the folder, and what to expect of each.
fn write_pages(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let sample = sample();
    let mut pages = Vec::new();
    let mut add = |name: &str, run: &Run, has: &[&str], more: Value| {
        let file = format!("{name}.html");
        let cells: Vec<&str> = cells(run).collect();
        let mut page = json!({ "file": file, "limit": PAGE, "has": has, "cells": cells });
        page.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        pages.push(page);
        std::fs::write(folder.join(file), report::html(run))
    };
    // Twice as many cells as a default run, which must stay below the smaller limit.
    if let Some(run) = &sample {
        add("sample", run, WHOLE, json!({ "thorough": true, "limit": LARGE }))?;
    }
    add("everything", &vouched(), WHOLE, json!({ "thorough": sample.is_none() }))?;
    add("workers", &scaled(), &[WHOLE, &["workers"]].concat(), json!({}))?;
    add("swept", &swept(), WHOLE, json!({}))?;
    add("hostile", &hostile(), WHOLE, json!({}))?;
    add("empty", &empty(), &["script"], json!({}))?;
    // Workloads that no question is asked about.
    let plain: Vec<&str> = WHOLE.iter().copied().filter(|what| *what != "choose").collect();
    add("large", &many(500, 10), &plain, json!({ "large": true, "limit": LARGE }))?;
    std::fs::write(folder.join("pages.json"), serde_json::to_string_pretty(&pages)?)
}

/// The first measured cell and the last: in a hostile run the last is the one with a name that no address can hold as it is.
fn cells(run: &Run) -> impl Iterator<Item = &str> {
    let measured: Vec<&str> =
        run.cells.iter().filter(|cell| cell.status == CellStatus::Measured).map(|cell| cell.id.as_str()).collect();
    let ends = [measured.first().copied(), measured.last().copied()];
    ends.into_iter().flatten()
}

/// One workload at three numbers of workers.
fn scaled() -> Run {
    let mut run = empty();
    for (workers, ms) in [(1, 10.1), (2, 5.2), (4, 2.7)] {
        let others = [
            ("threads/queue", ms * 1.1, Verdict::Slower, 0),
            ("processes/pool", ms * 1.02, Verdict::Tie, 6),
            ("async/spawn", ms * 1.4, Verdict::Slower, 0),
        ];
        group(&mut run, &format!("primes/w{workers}"), "threads/static", &others, ms);
    }
    run
}

/// A real run, where the project keeps one.
fn sample() -> Option<Run> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/sample/results.json");
    let text = std::fs::read_to_string(path).ok()?;
    Some(serde_json::from_str(&text).expect("the sample is a run of this schema"))
}

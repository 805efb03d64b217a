//! `render`: the report of a stored run, from its samples alone.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use results::Run;

use crate::cli::{self, Color, Format};
use crate::{exit, output};

pub(crate) fn run(arguments: &cli::Render) -> Result<u8> {
    if arguments.open && !arguments.format.contains(&Format::Html) {
        bail!("--open shows the page, and `--format` leaves it out; add html");
    }
    let path = &arguments.run;
    let target = if path.is_file() { output::parent(path) } else { path };
    let (run, from) = read_any(path)?;
    // What was read is not written again: a newer version may have put more into it than this one knows.
    let kept = |format: &&Format| !(from == From::Results && **format == Format::Json);
    let formats: Vec<Format> = arguments.format.iter().filter(kept).copied().collect();
    output::write(target, &run, &formats)?;
    if let Some(file) = &arguments.splice {
        splice(file, &report::excerpt(&run))?;
    }
    output::out(&report::terminal(&run, terminal(arguments.style.color)))?;
    if arguments.open {
        output::open(&target.join(output::PAGE));
    }
    Ok(exit::OK)
}

/// What a run was read from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Journal,
    Results,
}

/// The run in a folder, or of a journal, or of results.
pub(crate) fn stored(path: &Path) -> Result<Run> {
    read_any(path).map(|(run, _)| run)
}

/// Samples are the run; where a folder has none, as a report that was sent, its results are all there is.
fn read_any(path: &Path) -> Result<(Run, From)> {
    let (journal, results) = (path.join(output::JOURNAL), path.join(output::RESULTS));
    if path.is_file() && path.extension().is_some_and(|end| end == "json") {
        Ok((read_results(path)?, From::Results))
    } else if path.is_file() {
        Ok((read(path)?, From::Journal))
    } else if !journal.exists() && results.is_file() {
        Ok((read_results(&results)?, From::Results))
    } else {
        Ok((read(&journal)?, From::Journal))
    }
}

/// Reads results as they were written.
fn read_results(path: &Path) -> Result<Run> {
    let text = std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    let run: Run = serde_json::from_str(&text).with_context(|| format!("{}: not results of a run", path.display()))?;
    if run.schema != results::SCHEMA {
        bail!("{}: its schema is `{}`; this program reads `{}`", path.display(), run.schema, results::SCHEMA);
    }
    Ok(run)
}

/// Renders the run in a folder.
pub(crate) fn folder(folder: &Path, formats: &[Format]) -> Result<Run> {
    let run = read(&folder.join(output::JOURNAL))?;
    output::write(folder, &run, formats)?;
    Ok(run)
}

/// Reads a journal; what is wrong with it is said, what stands before that is used.
fn read(path: &Path) -> Result<Run> {
    let read = harness::journal::read(path)
        .with_context(|| format!("failed to read {}; name a run's folder, such as reports/latest", path.display()))?;
    if let Some((line, why)) = &read.corrupt {
        let before = line - 1;
        output::note(&format!(
            "warning: {}:{line}: not an event ({why}); using the {before} before it",
            path.display()
        ));
    }
    harness::analysis::results(&read.events).map_err(|why| anyhow!("{}: {why}", path.display()))
}

/// How the terminal is written to.
pub(crate) fn terminal(color: Color) -> report::Terminal {
    let is_terminal = std::io::stdout().is_terminal();
    let colour = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    // A pipe gets the width of a page.
    let width = if is_terminal { usize::from(console::Term::stdout().size().1) } else { 100 };
    report::Terminal { colour, width }
}

/// Replaces what stands between the markers.
fn splice(file: &Path, markdown: &str) -> Result<()> {
    const BEGIN: &str = "<!-- compare:begin -->";
    const END: &str = "<!-- compare:end -->";
    let text = std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
    let Some((before, rest)) = text.split_once(BEGIN) else {
        bail!("{}: has no line `{BEGIN}`; write it and `{END}` where the table goes", file.display());
    };
    let Some((_, after)) = rest.split_once(END) else {
        bail!("{}: has `{BEGIN}` but no `{END}` after it", file.display());
    };
    output::replace(file, &format!("{before}{BEGIN}\n{markdown}\n{END}{after}"))
}

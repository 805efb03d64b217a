//! `render`: the report of a stored run, from its samples alone.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use results::Run;

use crate::cli::{self, Color, Format};
use crate::{exit, output};

pub(crate) fn run(arguments: &cli::Render) -> Result<u8> {
    let path = &arguments.run;
    let target = if path.is_file() { output::parent(path) } else { path };
    let run = stored(path)?;
    output::write(target, &run, &arguments.format)?;
    if let Some(file) = &arguments.splice {
        splice(file, &report::markdown(&run))?;
    }
    output::out(&report::terminal(&run, terminal(arguments.style.color)))?;
    Ok(exit::OK)
}

/// The run in a folder, or of a journal.
pub(crate) fn stored(path: &Path) -> Result<Run> {
    if path.is_file() { read(path) } else { read(&path.join(output::JOURNAL)) }
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

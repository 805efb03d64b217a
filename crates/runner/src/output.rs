//! The folder of a run: made new, written whole, never overwritten.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use results::Run;

use crate::cli::Format;
use crate::json;

/// Where runs go that were given no folder.
pub(crate) const RUNS: &str = "reports/runs";
/// The file that is the state of a run.
pub(crate) const JOURNAL: &str = "samples.jsonl";
/// What is read where a folder has no journal, as a report that was sent.
pub(crate) const RESULTS: &str = "results.json";
/// The report for people.
pub(crate) const PAGE: &str = "index.html";

/// Writes to stdout. Whoever reads it may leave before the end, as `head` does: what was measured stands in files.
///
/// # Errors
/// Where it cannot be written for any other reason, such as a full disk.
pub(crate) fn out(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context("failed to write to stdout"),
        _ => Ok(()),
    }
}

/// Writes a line to stderr. If nobody reads it there is nobody to tell.
pub(crate) fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Makes the folder: `asked`, which must be new or empty, or one named by the time.
pub(crate) fn folder(asked: Option<&Path>, id: &str) -> Result<PathBuf> {
    let folder = asked.map_or_else(|| Path::new(RUNS).join(id), Path::to_owned);
    if fs::symlink_metadata(&folder).is_ok() && !folder.is_dir() {
        bail!("--out {}: is not a folder; name a new or empty one", folder.display());
    }
    if let Ok(mut entries) = fs::read_dir(&folder)
        && entries.next().is_some()
    {
        bail!("--out {}: is not empty; name a new or empty folder (nothing is ever overwritten)", folder.display());
    }
    fs::create_dir_all(&folder).with_context(|| {
        format!("failed to make the folder {}; name one that can be written with --out", folder.display())
    })?;
    Ok(folder)
}

/// Points `reports/latest` at a run of the default place. What is not a link is left alone.
pub(crate) fn latest(folder: &Path) -> Result<()> {
    let (Some(name), Some(reports)) = (folder.file_name(), folder.parent().and_then(Path::parent)) else {
        return Ok(());
    };
    let link = reports.join("latest");
    if fs::symlink_metadata(&link).is_ok_and(|data| !data.is_symlink()) {
        return Ok(());
    }
    // A new link beside it, then a rename: nobody ever finds none.
    let fresh = reports.join(format!(".latest-{}", std::process::id()));
    let target = Path::new("runs").join(name);
    std::os::unix::fs::symlink(target, &fresh)
        .and_then(|()| fs::rename(&fresh, &link))
        .with_context(|| format!("failed to point {} at the run", link.display()))
}

/// Writes the chosen forms of a run; the paths, the one people would open first. Each is made by a thread of its own: a
/// run of thousands of cells has megabytes of them.
pub(crate) fn write(folder: &Path, run: &Run, formats: &[Format]) -> Result<Vec<PathBuf>> {
    let forms = [(Format::Html, PAGE), (Format::Md, "report.md"), (Format::Json, RESULTS), (Format::Csv, "cells.csv")];
    let chosen = forms.into_iter().filter(|(format, _)| formats.contains(format));
    let write = |format: Format, name: &str| {
        let path = folder.join(name);
        replace(&path, &form(run, format)?).map(|()| path)
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = chosen.map(|(format, name)| scope.spawn(move || write(format, name))).collect();
        all.into_iter().map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

fn form(run: &Run, format: Format) -> Result<String> {
    Ok(match format {
        Format::Html => report::html(run),
        Format::Md => report::markdown(run),
        Format::Csv => report::csv(run),
        Format::Json => json::text(run).context("failed to write the results as JSON")?,
    })
}

/// The folder that a file is in; the current one where the path names none.
pub(crate) fn parent(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file whole or not at all: beside it first, then renamed.
pub(crate) fn replace(path: &Path, text: &str) -> Result<()> {
    let folder = parent(path);
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        let mut permissions = file.as_file().metadata()?.permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
        file.as_file().set_permissions(permissions)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().with_context(|| {
        format!(
            "failed to write {}; every sample stands in {JOURNAL}: make room, then `crossover render` the run",
            path.display()
        )
    })
}

/// Shows the page. Where nothing can, the path stands on stdout.
pub(crate) fn open(page: &Path) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started =
        Command::new(opener).arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !started.is_ok_and(|status| status.success()) {
        note(&format!("warning: --open: failed to run `{opener} {}`; open the file yourself", page.display()));
    }
}

//! `clean`: removes old runs, and builds of other revisions, after saying what it would remove.
//!
//! A run is a folder that holds a journal. Everything else in the place of runs is somebody's, and stays.

use std::fs;
use std::io::{BufRead, IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use results::journal::Event;

use crate::{cli, exit, output, revision};

/// What points at the newest of them.
const LATEST: &str = "reports/latest";
/// A journal without an end that was written to so lately belongs to a run that goes on: far above what a sample takes.
const GOES_ON: Duration = Duration::from_secs(10 * 60);
/// More than the last event of a run takes.
const TAIL: u64 = 8192;
/// What the program writes into a run.
const OURS: [&str; 5] = ["samples.jsonl", "results.json", "report.md", "index.html", "cells.csv"];

/// Something that may be removed.
struct Found {
    path: PathBuf,
    bytes: u64,
    /// Since it was last written to.
    age: Duration,
    /// Why it stays.
    kept: Option<&'static str>,
    /// What else is in it, which goes with it.
    others: Vec<String>,
}

pub(crate) fn run(arguments: &cli::Clean) -> Result<u8> {
    let (mut runs, foreign) = runs(Path::new(output::RUNS))?;
    keep(&mut runs, arguments.keep as usize);
    let revisions = revisions(Path::new(revision::BUILDS))?;
    let all: Vec<&Found> = runs.iter().chain(&revisions).collect();
    let mut text = String::new();
    for path in &foreign {
        text += &format!("keep    {} (not a run: left alone)\n", shown(path));
    }
    all.iter().for_each(|found| text += &line(found));
    let removed: Vec<&Found> = all.into_iter().filter(|found| found.kept.is_none()).collect();
    if removed.is_empty() {
        output::out(&(text + "nothing to remove\n"))?;
        return Ok(exit::OK);
    }
    let bytes = removed.iter().map(|found| found.bytes).sum();
    let (count, bytes) = (removed.len(), size(bytes));
    text += &format!("{count} to remove, {bytes}\n");
    output::out(&text)?;
    if !arguments.yes {
        if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
            output::out("nothing was removed; the same with --yes removes it\n")?;
            return Ok(exit::OK);
        }
        if !asked(&format!("remove {count}, {bytes}? [y/N] "))? {
            output::out("nothing was removed\n")?;
            return Ok(exit::OK);
        }
    }
    let failed = removed.iter().filter_map(|found| remove(&found.path).err()).collect::<Vec<_>>();
    for error in &failed {
        output::note(&format!("error: {error:#}").replace(['\n', '\r'], " "));
    }
    output::out(&format!("removed {}\n", count - failed.len()))?;
    Ok(if failed.is_empty() { exit::OK } else { exit::USAGE })
}

/// The runs in a folder, the newest last, and what else is there.
fn runs(folder: &Path) -> Result<(Vec<Found>, Vec<PathBuf>)> {
    let (mut runs, mut foreign) = (Vec::new(), Vec::new());
    for path in entries(folder)? {
        let journal = path.join(output::JOURNAL);
        // What a link points at is elsewhere, and so is not ours to remove.
        let is_run = is_folder(&path) && fs::symlink_metadata(&journal).is_ok_and(|data| data.is_file());
        if !is_run {
            foreign.push(path);
            continue;
        }
        let age = age(&journal)?;
        let goes_on = harness::journal::is_open(&journal) || (age < GOES_ON && !has_ended(&journal)?);
        let kept = goes_on.then_some("may be going on: it has no end yet");
        let inside = entries(&path)?;
        let others = inside.iter().filter_map(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
        let others = others.filter(|name| !OURS.contains(&name.as_str())).collect();
        runs.push(Found { bytes: bytes(&path)?, age, kept, others, path });
    }
    runs.sort_by(|a, b| b.age.cmp(&a.age).then_with(|| a.path.cmp(&b.path)));
    Ok((runs, foreign))
}

/// Keeps the one that `reports/latest` points at and the newest.
fn keep(runs: &mut [Found], newest: usize) {
    let latest = fs::canonicalize(LATEST).ok();
    let from = runs.len().saturating_sub(newest);
    for (place, found) in runs.iter_mut().enumerate() {
        if latest.is_some() && fs::canonicalize(&found.path).ok() == latest {
            found.kept = found.kept.or(Some("reports/latest"));
        } else if place >= from {
            found.kept = found.kept.or(Some("among the newest"));
        }
    }
}

/// Builds of other revisions: any of them can be built again.
fn revisions(folder: &Path) -> Result<Vec<Found>> {
    let folders = entries(folder)?.into_iter().filter(|path| is_folder(path));
    let found =
        folders.map(|path| Ok(Found { bytes: bytes(&path)?, age: age(&path)?, kept: None, others: Vec::new(), path }));
    found.collect()
}

/// What is in a folder, by name; nothing where there is none.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = || format!("failed to read {}", folder.display());
    let read = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.with_context(failed)?,
    };
    let paths: std::io::Result<Vec<PathBuf>> = read.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.with_context(failed)?;
    paths.sort();
    Ok(paths)
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|data| data.is_dir())
}

/// Of everything in it, as long as files are.
fn bytes(path: &Path) -> Result<u64> {
    let data = fs::symlink_metadata(path).with_context(|| format!("failed to read {}", path.display()))?;
    if !data.is_dir() {
        return Ok(data.len());
    }
    entries(path)?.iter().map(|path| bytes(path)).sum()
}

/// Since it was written to; what was written in the future was written now.
fn age(path: &Path) -> Result<Duration> {
    let written = fs::metadata(path).and_then(|data| data.modified());
    let written = written.with_context(|| format!("failed to read {}", path.display()))?;
    Ok(SystemTime::now().duration_since(written).unwrap_or_default())
}

/// Whether the last line of a journal is the end of its run.
fn has_ended(journal: &Path) -> Result<bool> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = fs::File::open(journal)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut tail = Vec::new();
        file.take(TAIL).read_to_end(&mut tail)?;
        Ok(tail)
    };
    let tail = read().with_context(|| format!("failed to read {}", journal.display()))?;
    let last = tail.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(matches!(serde_json::from_slice(last), Ok(Event::End { .. })))
}

fn line(found: &Found) -> String {
    let verb = if found.kept.is_some() { "keep" } else { "remove" };
    let why = found.kept.map(|why| format!(" ({why})")).unwrap_or_default();
    let others = if found.others.is_empty() || found.kept.is_some() {
        String::new()
    } else {
        format!(" (with what else is in it: {})", found.others.join(", "))
    };
    let (path, size, age) = (shown(&found.path), size(found.bytes), old(found.age));
    format!("{verb:7} {path}  {size}, {age} old{why}{others}\n").replace(|c: char| c.is_control() && c != '\n', " ")
}

/// A path on one line.
fn shown(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, " ")
}

/// The largest unit that says it.
fn old(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn size(bytes: u64) -> String {
    const UNITS: [(&str, u32); 3] = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let unit = UNITS.iter().find(|(_, shift)| bytes >= 1 << shift);
    unit.map_or_else(
        || format!("{bytes} B"),
        |(unit, shift)| format!("{:.1} {unit}", bytes as f64 / (1_u64 << shift) as f64),
    )
}

/// Asks on the terminal; only a yes is one.
fn asked(question: &str) -> Result<bool> {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush());
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("failed to read an answer from stdin")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Removes a folder, its journal last: half removed, it still is a run, which the next `clean` finds.
fn remove(path: &Path) -> Result<()> {
    let (journal, rest): (Vec<_>, Vec<_>) =
        entries(path)?.into_iter().partition(|path| path.file_name().is_some_and(|name| name == output::JOURNAL));
    for one in rest.iter().chain(&journal) {
        let removed = if is_folder(one) { fs::remove_dir_all(one) } else { fs::remove_file(one) };
        removed.with_context(|| format!("failed to remove {}", one.display()))?;
    }
    fs::remove_dir(path).with_context(|| format!("failed to remove {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_sizes_are_short() {
        let old = |seconds| old(Duration::from_secs(seconds));
        assert_eq!([old(5), old(300), old(10_000), old(864_000)], ["5 s", "5 min", "2 h", "10 days"]);
        assert_eq!([size(0), size(1023), size(1536), size(5 << 20)], ["0 B", "1023 B", "1.5 KiB", "5.0 MiB"]);
    }

    #[test]
    fn only_an_end_ends_a_journal() {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = folder.path().join("samples.jsonl");
        let ended = |text: &str| {
            fs::write(&journal, text).expect("a file");
            has_ended(&journal).expect("a journal")
        };
        let end = r#"{"event":"end","status":"complete","ended":"","wall_ns":1}"#;
        assert!(ended(&format!("{}\n{end}\n", "x".repeat(20_000))));
        assert!(!ended(&format!("{end}\n{{\"event\":\"capacity\",\"round\":1,\"group\":\"g\",\"capacity\":null}}\n")));
        assert!(!ended(&end[..20]));
        assert!(!ended(""));
    }
}

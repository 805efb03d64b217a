//! Reading and writing `samples.jsonl`: appended, flushed every event, salvaged line by line.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use results::journal::Event;

/// The file of a run in progress.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
}

/// The journal cannot be written; what stands in it is complete up to the event before.
#[derive(Debug, thiserror::Error)]
#[error("failed to write {path}: {source}; what was measured before stands in it")]
pub struct WriteError {
    /// The journal.
    pub path: String,
    /// What the system said.
    pub source: std::io::Error,
}

impl Journal {
    /// Creates the file; it must not exist.
    ///
    /// # Errors
    /// Where it exists or cannot be created.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        let file = OpenOptions::new().append(true).create_new(true).open(path);
        let error = |source| WriteError { path: path.display().to_string(), source };
        let file = file.map_err(error)?;
        lock(&file).map_err(error)?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Opens the journal of a run that goes on, and reads it. Before it is written to, it is [`cut`](Self::cut).
    ///
    /// # Errors
    /// Where it cannot be read or written, and where another process is writing it.
    pub fn resume(path: &Path) -> Result<(Self, Read), WriteError> {
        let error = |source| WriteError { path: path.display().to_string(), source };
        let file = OpenOptions::new().append(true).open(path).map_err(error)?;
        lock(&file).map_err(error)?;
        let read = read(path).map_err(error)?;
        Ok((Self { file, path: path.to_owned() }, read))
    }

    /// Removes what stands behind so many bytes: a line that a kill has cut.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn cut(&mut self, bytes: u64) -> Result<(), WriteError> {
        self.file.set_len(bytes).map_err(|source| self.error(source))
    }

    /// Appends one event: one line, one write.
    ///
    /// # Errors
    /// A full disk, for example. A line that was cut is salvaged by [`read`].
    pub fn write(&mut self, event: &Event) -> Result<(), WriteError> {
        let mut line = serde_json::to_vec(event).map_err(std::io::Error::other).map_err(|source| self.error(source))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(|source| self.error(source))
    }

    fn error(&self, source: std::io::Error) -> WriteError {
        WriteError { path: self.path.display().to_string(), source }
    }
}

/// The group an event is about.
pub(crate) fn group_of(event: &Event) -> Option<&str> {
    match event {
        Event::Group(group) => Some(&group.id),
        Event::Calibrated(calibrated) => Some(&calibrated.group),
        Event::Sample(sample) => Some(&sample.group),
        Event::Capacity { group, .. } | Event::Diagnosis { group, .. } => Some(group),
        Event::Round(round) => Some(&round.group),
        Event::Hazards { .. } | Event::Hazard(_) => None,
        Event::Plan(_) | Event::Soak(_) | Event::Serial { .. } | Event::Resumed { .. } | Event::End { .. } => None,
    }
}

/// The events that count. Where a run was resumed, what belonged to no finished round then was measured again after it;
/// so do calibrations that had not come to an end.
#[must_use]
pub fn settled(events: &[Event]) -> Cow<'_, [Event]> {
    if !events.iter().any(|event| matches!(event, Event::Resumed { .. })) {
        return Cow::Borrowed(events);
    }
    let mut settled: Vec<Event> = Vec::with_capacity(events.len());
    for event in events {
        if let Event::Resumed { .. } = event {
            let mut finished: BTreeMap<String, u32> = BTreeMap::new();
            for event in &settled {
                match event {
                    Event::Calibrated(calibrated) => _ = finished.entry(calibrated.group.clone()).or_insert(0),
                    Event::Round(round) => _ = finished.insert(round.group.clone(), round.round),
                    _ => {}
                }
            }
            let stands = |round: u32, group: &String| finished.get(group).is_some_and(|last| round <= *last);
            settled.retain(|event| match event {
                Event::Sample(sample) => stands(sample.round, &sample.group),
                Event::Capacity { round, group, .. } => stands(*round, group),
                _ => true,
            });
        }
        settled.push(event.clone());
    }
    Cow::Owned(settled)
}

/// Whether a process is writing this journal.
#[must_use]
pub fn is_open(path: &Path) -> bool {
    let file = OpenOptions::new().append(true).open(path);
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

/// One process writes a journal; the lock goes with it, however it ends.
fn lock(file: &File) -> std::io::Result<()> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(std::io::Error::other("another process is measuring into it")),
        // A file system without locks has nobody to keep out, as far as can be told.
        Err(TryLockError::Error(_)) | Ok(()) => Ok(()),
    }
}

/// What a journal held.
#[derive(Debug)]
pub struct Read {
    /// Events up to the first line that cannot be read.
    pub events: Vec<Event>,
    /// Length of what they take in the file, bytes.
    pub bytes: u64,
    /// Whether the only thing wrong is that the last line has no end, as after a kill.
    pub cut: bool,
    /// That line's number, from 1, and what is wrong with it.
    pub corrupt: Option<(usize, String)>,
}

/// Reads a journal, as far as it is one.
///
/// # Errors
/// Where the file cannot be read at all.
pub fn read(path: &Path) -> std::io::Result<Read> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut read = Read { events: Vec::new(), bytes: 0, cut: false, corrupt: None };
    let mut raw = Vec::new();
    for number in 1.. {
        raw.clear();
        if reader.read_until(b'\n', &mut raw)? == 0 {
            break;
        }
        match serde_json::from_slice(&raw) {
            // Even if it reads: it may be cut within a number.
            _ if raw.last() != Some(&b'\n') => {
                read.cut = true;
                read.corrupt = Some((number, String::from("the line was cut")));
                break;
            }
            Ok(event) => {
                read.events.push(event);
                read.bytes += raw.len() as u64;
            }
            Err(error) => {
                read.corrupt = Some((number, error.to_string()));
                break;
            }
        }
    }
    Ok(read)
}

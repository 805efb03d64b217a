//! Reading and writing `samples.jsonl`: appended, flushed every event, salvaged line by line.

use std::fs::{File, OpenOptions};
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
        let file = file.map_err(|source| WriteError { path: path.display().to_string(), source })?;
        Ok(Self { file, path: path.to_owned() })
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

/// What a journal held.
#[derive(Debug)]
pub struct Read {
    /// Events up to the first line that cannot be read.
    pub events: Vec<Event>,
    /// That line's number, from 1, and what is wrong with it.
    pub corrupt: Option<(usize, String)>,
}

/// Reads a journal, as far as it is one.
///
/// # Errors
/// Where the file cannot be read at all.
pub fn read(path: &Path) -> std::io::Result<Read> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut read = Read { events: Vec::new(), corrupt: None };
    let mut raw = Vec::new();
    for number in 1.. {
        raw.clear();
        if reader.read_until(b'\n', &mut raw)? == 0 {
            break;
        }
        match serde_json::from_slice(&raw) {
            Ok(event) => read.events.push(event),
            Err(error) => {
                read.corrupt = Some((number, error.to_string()));
                break;
            }
        }
    }
    Ok(read)
}

//! Notes: a server that greets after a while, writes files and reads them back; its clients do not wait for replies.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use patterns::serve::{Event, Judged, LoadReport, Next, Pace};
use patterns::{Serve, Workload, Wrong};
use serde::{Deserialize, Serialize};

use super::expect;

/// Turn 0 of a client is the greeting, which nobody asks for. Then, over and over: store a note, load it, load one that
/// is not there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Notes {
    pub(crate) folder: PathBuf,
    pub(crate) turns: u64,
    pub(crate) sync: bool,
}

impl Default for Notes {
    fn default() -> Self {
        Self { folder: PathBuf::new(), turns: 7, sync: true }
    }
}

/// A folder of its own for each test, gone with it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed); // only has to differ
        let path = std::env::temp_dir().join(format!("crossover-notes-{}-{number}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // a folder left behind is no reason to fail
    }
}

impl Notes {
    /// What a client says at a turn, and what it must hear.
    fn turn(client: u64, turn: u64) -> (String, String) {
        let Some(turn) = turn.checked_sub(1) else { return (String::new(), String::from("hello\n")) };
        let (name, text) = (format!("{client}-{}", turn / 3), format!("note {turn} of {client}"));
        match turn % 3 {
            0 => (format!("store {name} {text}\n"), String::from("stored\n")),
            1 => (format!("load {name}\n"), format!("note {} of {client}\n", turn - 1)),
            _ => (format!("load {name}-missing\n"), String::from("NotFound\n")),
        }
    }

    /// What to do about the next whole line.
    fn next(&self, heard: &mut Vec<u8>) -> Next {
        let Some(end) = heard.iter().position(|&byte| byte == b'\n') else { return Next::Read };
        let line: Vec<u8> = heard.drain(..=end).collect();
        let line = String::from_utf8(line).expect("clients write text");
        match line.trim_end().splitn(3, ' ').collect::<Vec<_>>()[..] {
            ["store", name, text] => Next::Store { path: self.folder.join(name), bytes: text.into(), sync: self.sync },
            ["load", name] => Next::Load(self.folder.join(name)),
            _ => Next::Close,
        }
    }
}

impl Workload for Notes {
    const ID: &'static str = "notes";
    /// The number of clients.
    type Input = u64;
    fn input(&self, _seed: u64, clients: usize) -> u64 {
        clients as u64
    }
}

impl Serve for Notes {
    type Conversation = Vec<u8>;

    fn open(&self, out: &mut Vec<u8>) -> (Vec<u8>, Next) {
        out.extend_from_slice(b"hel");
        (Vec::new(), Next::Sleep(Duration::from_micros(100)))
    }
    fn on(&self, heard: &mut Vec<u8>, event: Event<'_>, out: &mut Vec<u8>) -> Next {
        match event {
            Event::Elapsed => out.extend_from_slice(b"lo\n"),
            Event::Bytes(bytes) => heard.extend_from_slice(bytes),
            Event::Loaded(Ok(note)) => out.extend(note.iter().chain(b"\n")),
            Event::Stored(Ok(())) => out.extend_from_slice(b"stored\n"),
            Event::Loaded(Err(why)) | Event::Stored(Err(why)) => out.extend(format!("{why:?}\n").bytes()),
            Event::Eof => return Next::Close,
        }
        self.next(heard)
    }

    fn connections(&self, clients: &u64) -> usize {
        *clients as usize
    }
    fn requests(&self, clients: &u64) -> u64 {
        clients * self.turns
    }
    fn request(&self, clients: &u64, index: u64, out: &mut Vec<u8>) {
        out.extend(Self::turn(index % clients, index / clients).0.bytes());
    }
    fn judge(&self, clients: &u64, index: u64, reply: &[u8]) -> Judged {
        expect(Self::turn(index % clients, index / clients).1.as_bytes(), reply)
    }
    fn pace(&self) -> Pace {
        Pace::Open { per_second: 5_000.0 }
    }
    fn verify(&self, clients: &u64, seen: &LoadReport) -> Result<(), Wrong> {
        let planned = self.requests(clients);
        if (seen.sent, seen.latencies_ns.len() as u64) != (planned, planned) {
            return Err(format!("not the plan: {seen:?}").into());
        }
        let files = fs::read_dir(&self.folder).map_err(|error| error.to_string())?.count() as u64;
        let stored = clients * self.turns.saturating_sub(1).div_ceil(3);
        if files == stored { Ok(()) } else { Err(Wrong::updates(stored, files)) }
    }
}

/// Greeting, timer, files and what went wrong with them, without a socket, a clock or a disk.
#[test]
fn waits_are_answered_by_events() {
    let notes = Notes { folder: PathBuf::from("notes"), sync: false, ..Notes::default() };
    let mut out = Vec::new();
    let (mut heard, next) = notes.open(&mut out);
    assert_eq!((next, &out[..]), (Next::Sleep(Duration::from_micros(100)), &b"hel"[..]));
    let mut on = |event| {
        let mut out = Vec::new();
        let next = notes.on(&mut heard, event, &mut out);
        (next, String::from_utf8(out).expect("text"))
    };
    let (path, bytes) = (PathBuf::from("notes").join("a"), b"some text".to_vec());
    let said = |text: &str| text.to_owned();
    assert_eq!(on(Event::Elapsed), (Next::Read, said("lo\n")));
    let store = Next::Store { path: path.clone(), bytes, sync: false };
    assert_eq!(on(Event::Bytes(b"store a some text\nload a\nload")), (store, said("")));
    assert_eq!(on(Event::Stored(Ok(()))), (Next::Load(path.clone()), said("stored\n")));
    assert_eq!(on(Event::Loaded(Ok(b"some text"))), (Next::Read, said("some text\n")));
    assert_eq!(on(Event::Bytes(b" a\n")), (Next::Load(path), said("")));
    assert_eq!(on(Event::Loaded(Err(io::ErrorKind::NotFound))), (Next::Read, said("NotFound\n")));
    assert_eq!(on(Event::Stored(Err(io::ErrorKind::StorageFull))), (Next::Read, said("StorageFull\n")));
    assert_eq!(on(Event::Eof), (Next::Close, said("")));
}

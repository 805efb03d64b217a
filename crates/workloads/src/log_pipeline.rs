//! `log-pipeline`: blocks of log lines are read, parsed, compressed and checksummed, in order: stages of uneven cost that
//! wait for each other.

use std::cell::RefCell;
use std::ops::Range;
use std::time::Duration;

use flate2::{Compress, Compression, Crc, FlushCompress};
use patterns::{Domain, Knob, Pipeline, Preset, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::seeded::{mix, nth};
use crate::text::open;

/// Passes blocks of lines through three stages: *parse* takes each line apart (time stamp, level, message), counts the
/// levels and puts the fields of a kind together; *compress* makes a zlib stream of that; *checksum* takes the CRC-32 of
/// the stream. Reading is the source, which copies a block out of the log.
///
/// Compressing costs several times what the others do, so the pipeline is as fast as that stage, however many CPUs there
/// are: what counts is what the edges cost and whether the other stages wait without being in the way.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LogPipeline {
    /// Blocks of the generated log.
    pub records: u64,
    /// Length of a block, bytes; about, since lines are whole.
    pub record: u64,
    /// Items an edge may hold.
    pub capacity: u64,
    /// Level of compression.
    pub level: u32,
    /// Microseconds that the last stage sleeps after each block: a slow consumer. It is a blocking call in every model,
    /// as a write to a full disk is.
    pub slow: u64,
    /// A file to read instead of generating.
    pub text: Option<String>,
}

impl Default for LogPipeline {
    fn default() -> Self {
        Self { records: 256, record: 4 << 10, capacity: 16, level: 1, slow: 0, text: None }
    }
}

/// What a line may say in its second field; anything else is counted last.
const LEVELS: [&[u8]; 4] = [b"ERROR", b"WARN", b"INFO", b"DEBUG"];
const STAGES: usize = 3;

/// What is counted of a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    levels: [u64; LEVELS.len() + 1],
    read: u64,
    written: u64,
}

/// A block on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Item {
    /// Lines as they were read.
    Lines {
        /// Bytes of the log.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// All time stamps, all levels, all messages.
    Fields {
        /// What was counted.
        tally: Tally,
        /// A field a line.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// Those compressed.
    Stream {
        /// What was counted.
        tally: Tally,
        /// A zlib stream.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// What is kept of it.
    Summed {
        /// What was counted.
        tally: Tally,
        /// CRC-32 of the stream.
        checksum: u32,
    },
}

/// What the end collects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    blocks: u64,
    tally: Tally,
    /// Chain of the checksums, each mixed with those before it: blocks in another order make another one.
    digest: u64,
}

/// The log, where its blocks lie, and what is to come out.
#[derive(Debug)]
pub struct Log {
    text: String,
    blocks: Vec<Range<usize>>,
    right: Archive,
}

impl Workload for LogPipeline {
    const ID: &'static str = "log-pipeline";
    const ABOUT: &'static str = "read, parse, compress and checksum a log in order: uneven stages and back-pressure";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "records", domain: Domain::Integer { min: 0, max: 1 << 20 }, about: "blocks of the generated log" },
        Knob { id: "record", domain: Domain::Bytes { min: 1, max: 1 << 20 }, about: "length of a block, whole lines" },
        Knob { id: "capacity", domain: Domain::Integer { min: 0, max: 1_024 }, about: "items an edge may hold" },
        Knob { id: "level", domain: Domain::Integer { min: 0, max: 9 }, about: "level of compression" },
        Knob {
            id: "slow",
            domain: Domain::Integer { min: 0, max: 100_000 },
            about: "microseconds that the last stage sleeps after each block",
        },
        Knob { id: "text", domain: Domain::TextFile, about: "read this file instead (--text FILE)" },
    ];
    const PRESETS: &'static [Preset] = &[
        Preset { id: "slow-consumer", knobs: &[("slow", "200"), ("capacity", "4")] },
        Preset { id: "large-blocks", knobs: &[("record", "64KiB"), ("records", "8")] },
    ];
    type Input = Log;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { records: 10, record: 512, capacity: 2, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { records: 2_048, ..Self::default() },
        }
    }

    fn input(&self, seed: u64, _clients: usize) -> Log {
        let (text, blocks) = match &self.text {
            Some(path) => {
                let text = open(path).unwrap_or_else(|error| panic!("{error}"));
                let blocks = blocks(&text, self.record as usize);
                (text, blocks)
            }
            None => self.generate(seed),
        };
        let mut log = Log { text, blocks, right: Archive::default() };
        log.right = self.replayed(&log);
        log
    }

    fn check(&self) -> Result<(), String> {
        self.text.as_ref().map_or(Ok(()), |path| open(path).map(drop))
    }
}

impl LogPipeline {
    fn generate(&self, seed: u64) -> (String, Vec<Range<usize>>) {
        let mut text = String::with_capacity((self.records * (self.record + 128)) as usize);
        let mut blocks = Vec::with_capacity(self.records as usize);
        let mut line = 0;
        for _ in 0..self.records {
            let start = text.len();
            while text.len() - start < self.record as usize {
                text.push_str(&log_line(line, nth(seed, line)));
                line += 1;
            }
            blocks.push(start..text.len());
        }
        (text, blocks)
    }

    /// The oracle, once a job: counts over the whole log at once and not by block, sizes and checksums block by block.
    fn replayed(&self, log: &Log) -> Archive {
        let mut right = Archive::default();
        for line in log.text.lines() {
            let word = line.split(' ').nth(1).unwrap_or_default().as_bytes();
            right.tally.levels[LEVELS.iter().position(|level| *level == word).unwrap_or(LEVELS.len())] += 1;
        }
        for block in &log.blocks {
            let (_, fields) = parsed(&log.text.as_bytes()[block.clone()]);
            let stream = compressed(&fields, self.level);
            right.blocks += 1;
            right.tally.read += block.len() as u64;
            right.tally.written += stream.len() as u64;
            right.digest = mix(right.digest ^ u64::from(crc(&stream)));
        }
        right
    }
}

/// Levels come about as often as in a service that is well: debug and info most, an error in sixteen.
fn log_line(line: u64, random: u64) -> String {
    const OFTEN: [usize; 16] = [0, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3];
    const DID: [&str; 8] =
        ["opened", "closed", "flushed", "read", "queued", "retried", "rejected a request for", "found no room for"];
    const WHAT: [&str; 4] = ["connection", "page", "transaction", "session"];
    let level = String::from_utf8_lossy(LEVELS[OFTEN[random as usize % 16]]);
    let (did, what) = (DID[(random >> 4) as usize % 8], WHAT[(random >> 7) as usize % 4]);
    let (id, micros) = ((random >> 9) % 100_000, (random >> 32) % 10_000);
    let (second, milli) = (line / 40, line % 40 * 25);
    let (hour, minute, second) = (second / 3_600 % 24, second / 60 % 60, second % 60);
    format!("2026-01-01T{hour:02}:{minute:02}:{second:02}.{milli:03}Z {level} {did} {what} {id} in {micros} us\n")
}

/// A text cut at the first end of a line behind each `record` bytes.
fn blocks(text: &str, record: usize) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let least = (start + record.max(1) - 1).min(text.len());
        let end =
            text.as_bytes()[least..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| least + at + 1);
        blocks.push(start..end);
        start = end;
    }
    blocks
}

/// Counts the levels of some lines and puts their fields together: what is alike compresses better side by side.
fn parsed(lines: &[u8]) -> (Tally, Vec<u8>) {
    let mut tally = Tally { read: lines.len() as u64, ..Tally::default() };
    let (mut stamps, mut levels, mut messages) =
        (Vec::with_capacity(lines.len()), Vec::with_capacity(lines.len() / 4), Vec::with_capacity(lines.len()));
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let mut fields = line.strip_suffix(b"\n").unwrap_or(line).splitn(3, |byte| *byte == b' ');
        let mut next = || fields.next().unwrap_or_default();
        let (stamp, level, message) = (next(), next(), next());
        tally.levels[LEVELS.iter().position(|known| *known == level).unwrap_or(LEVELS.len())] += 1;
        for (field, column) in [(stamp, &mut stamps), (level, &mut levels), (message, &mut messages)] {
            column.extend_from_slice(field);
            column.push(b'\n');
        }
    }
    stamps.append(&mut levels);
    stamps.append(&mut messages);
    (tally, stamps)
}

thread_local! {
    /// The compressor of a thread and its level. It is a third of a megabyte: made anew for each block, the pages of it
    /// would be what is measured.
    static COMPRESSOR: RefCell<Option<(u32, Compress)>> = const { RefCell::new(None) };
}

/// A zlib stream of some bytes.
fn compressed(bytes: &[u8], level: u32) -> Vec<u8> {
    COMPRESSOR.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|(of, _)| *of != level) {
            *kept = Some((level, Compress::new(Compression::new(level), true)));
        }
        let Some((_, compress)) = kept else { unreachable!("made above") };
        compress.reset();
        let mut stream = Vec::with_capacity(bytes.len() / 2 + 64);
        loop {
            let read = &bytes[compress.total_in() as usize..];
            let status = compress.compress_vec(read, &mut stream, FlushCompress::Finish);
            match status {
                Ok(flate2::Status::StreamEnd) => return stream,
                Ok(_) => stream.reserve(bytes.len() + 64),
                Err(error) => panic!("failed to compress {} bytes: {error}", bytes.len()),
            }
        }
    })
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

impl Pipeline for LogPipeline {
    type Item = Item;
    type Sink = Archive;

    fn stages(&self) -> usize {
        STAGES
    }

    fn capacity(&self) -> usize {
        self.capacity as usize
    }

    fn items(&self, input: &Log) -> usize {
        input.blocks.len()
    }

    fn source(&self, input: &Log, index: usize) -> Item {
        Item::Lines { bytes: input.text.as_bytes()[input.blocks[index].clone()].to_vec() }
    }

    fn stage(&self, stage: usize, item: Item) -> Item {
        match (stage, item) {
            (0, Item::Lines { bytes }) => {
                let (tally, bytes) = parsed(&bytes);
                Item::Fields { tally, bytes }
            }
            (1, Item::Fields { tally, bytes }) => {
                let bytes = compressed(&bytes, self.level);
                Item::Stream { tally: Tally { written: bytes.len() as u64, ..tally }, bytes }
            }
            (2, Item::Stream { tally, bytes }) => {
                if self.slow > 0 {
                    std::thread::sleep(Duration::from_micros(self.slow));
                }
                Item::Summed { tally, checksum: crc(&bytes) }
            }
            (stage, item) => panic!("stage {stage} got {item:?}"),
        }
    }

    fn empty(&self) -> Archive {
        Archive::default()
    }

    fn absorb(&self, sink: &mut Archive, item: Item) {
        let Item::Summed { tally, checksum } = item else { panic!("the end got {item:?}") };
        sink.blocks += 1;
        sink.tally.levels.iter_mut().zip(tally.levels).for_each(|(all, some)| *all += some);
        sink.tally.read += tally.read;
        sink.tally.written += tally.written;
        sink.digest = mix(sink.digest ^ u64::from(checksum));
    }

    fn verify(&self, input: &Log, sink: &Archive) -> Result<(), Wrong> {
        if *sink == input.right { Ok(()) } else { Err(format!("{sink:?}, not {:?}", input.right).into()) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use patterns::{job, pipeline};

    use super::*;

    #[test]
    fn whatever_the_blocks_nothing_is_lost() {
        for (records, record, level) in [(0, 512, 1), (1, 1, 0), (10, 512, 1), (3, 100_000, 9)] {
            let job = job(LogPipeline { records, record, level, ..LogPipeline::default() }, 7, 1);
            let (sink, executed) = pipeline::sequential(&job);
            assert_eq!(job.workload.verify(&job.input, &sink), Ok(()));
            assert_eq!((sink.blocks, executed), (records, 3 * records));
            assert_eq!(sink.tally.read, job.input.text.len() as u64);
            assert_eq!(sink.tally.levels.iter().sum::<u64>(), job.input.text.lines().count() as u64);
        }
    }

    #[test]
    fn a_file_is_cut_at_ends_of_lines() {
        for (text, record, lines) in [
            ("", 10, 0),
            ("one", 1, 1),
            ("a\n\nb\n", 1, 3),
            ("no level\n é INFO ü\nx INFO y", 9, 3),
            ("a\nb\nc\n", 100, 1),
        ] {
            let blocks = blocks(text, record);
            assert_eq!(blocks.len(), lines, "{text:?}");
            assert_eq!(blocks.iter().map(|block| &text[block.clone()]).collect::<String>(), text);
            let lines: u64 = blocks.iter().flat_map(|block| parsed(&text.as_bytes()[block.clone()]).0.levels).sum();
            assert_eq!(lines, text.lines().count() as u64);
        }
        let path = std::env::temp_dir().join(format!("crossover-log-{}.txt", std::process::id()));
        for text in ["", "one line\n", "2026 WARN é\n2026 INFO b\nrest"] {
            std::fs::write(&path, text).unwrap();
            let workload = LogPipeline { text: Some(path.display().to_string()), record: 8, ..LogPipeline::default() };
            assert_eq!(workload.check(), Ok(()));
            let job = job(workload, 7, 1);
            let (sink, _) = pipeline::sequential(&job);
            assert_eq!((job.workload.verify(&job.input, &sink), sink.tally.read), (Ok(()), text.len() as u64));
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_is_compressed_comes_back() {
        for level in 0..=9 {
            for text in ["", "a", &"ERROR again ".repeat(10_000)] {
                let mut found = String::new();
                let stream = compressed(text.as_bytes(), level);
                flate2::read::ZlibDecoder::new(&stream[..]).read_to_string(&mut found).unwrap();
                assert_eq!(found, text, "level {level}");
            }
        }
        let (_, fields) = parsed(b"t1 INFO one two\nt2 odd\n");
        assert_eq!(String::from_utf8_lossy(&fields), "t1\nt2\nINFO\nodd\none two\n\n");
    }

    #[test]
    fn blocks_in_another_order_are_noticed() {
        let job = job(LogPipeline::sized(Size::Smoke), 7, 1);
        let done = |index| {
            (0..STAGES).fold(job.workload.source(&job.input, index), |item, stage| job.workload.stage(stage, item))
        };
        let archive = |order: [usize; 10]| {
            let mut sink = job.workload.empty();
            order.into_iter().for_each(|index| job.workload.absorb(&mut sink, done(index)));
            job.workload.verify(&job.input, &sink)
        };
        assert_eq!(archive([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), Ok(()));
        assert!(archive([0, 1, 2, 3, 5, 4, 6, 7, 8, 9]).is_err());
    }

    #[test]
    fn blocks_travel_as_bytes() {
        let job = job(LogPipeline::sized(Size::Smoke), 7, 1);
        let mut item = job.workload.source(&job.input, 3);
        for stage in 0..STAGES {
            let sent = postcard::to_stdvec(&item).unwrap();
            assert_eq!(postcard::from_bytes::<Item>(&sent).unwrap(), item);
            item = job.workload.stage(stage, item);
        }
    }
}

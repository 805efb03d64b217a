//! `bulk-map`: so many operations on every byte of a bulk, in chunks: with one the bytes are what costs, to read, to copy
//! or to ship; with many they are not.

use std::ops::Range;

use patterns::map_reduce::Bulk;
use patterns::{Domain, Form, Knob, MapReduce, Preset, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::seeded::{mix, nth};

/// Digests a bulk of bytes, chunk by chunk.
///
/// The kernel takes blocks of 64 bytes, the last one filled up with zeros, as eight little-endian words w(0)..w(7).
/// Operation k on word j of block b is w(j) = (w(j) + nth(0, j)) ^ (mix(b) + k * STEP); the digest is the wrapping sum
/// over all blocks of mix(w(0) + .. + w(7)). Keys come from the place of a block, so that a chunk in another's place, or
/// one that comes twice, changes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BulkMap {
    /// Length of the bulk, bytes.
    pub bytes: u64,
    /// Length of a chunk, bytes: whole blocks. The last chunk may be shorter.
    pub chunk: u64,
    /// Operations a byte. They go over eight words of eight bytes at once.
    pub work: u64,
}

impl Default for BulkMap {
    fn default() -> Self {
        Self { bytes: 4 << 20, chunk: 32 << 10, work: 160 }
    }
}

const BLOCK: usize = 64;
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
const LANES: [u64; 8] = [nth(0, 0), nth(0, 1), nth(0, 2), nth(0, 3), nth(0, 4), nth(0, 5), nth(0, 6), nth(0, 7)];

/// One task: bytes, and where they lie in the bulk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk<'i> {
    offset: u64,
    #[serde(borrow, with = "serde_bytes")]
    bytes: &'i [u8],
}

/// What chunks leave behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Bytes that were read.
    pub bytes: u64,
    /// Wrapping sum over blocks.
    pub sum: u64,
}

/// The bulk, how it is cut, and the right digest.
#[derive(Debug)]
pub struct Bytes {
    bytes: Vec<u8>,
    chunk: usize,
    right: Digest,
}

impl Bytes {
    fn piece(&self, index: usize) -> Range<usize> {
        index * self.chunk..((index + 1) * self.chunk).min(self.bytes.len())
    }
}

impl Workload for BulkMap {
    const ID: &'static str = "bulk-map";
    const ABOUT: &'static str =
        "some operations on every byte of a bulk: what moving bytes costs, by value, mapped or lent";
    const KNOBS: &'static [Knob] = &[
        Knob {
            id: "bytes",
            domain: Domain::Bytes { min: 0, max: 256 << 20 },
            about: "length of the bulk (4KiB..256MiB)",
        },
        Knob { id: "chunk", domain: Domain::Bytes { min: 64, max: 64 << 20 }, about: "length of a chunk, whole 64B" },
        Knob { id: "work", domain: Domain::Integer { min: 1, max: 1 << 16 }, about: "operations a byte" },
    ];
    const PRESETS: &'static [Preset] = &[
        Preset { id: "thin", knobs: &[("bytes", "192MiB"), ("work", "1")] },
        Preset { id: "thick", knobs: &[("bytes", "640KiB"), ("chunk", "4KiB"), ("work", "1024")] },
    ];
    type Input = Bytes;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { bytes: 16 << 10, chunk: 1 << 10, work: 8 },
            Size::Default => Self::default(),
            Size::Large => Self { bytes: 64 << 20, ..Self::default() },
        }
    }

    fn input(&self, seed: u64, _clients: usize) -> Bytes {
        let mut bytes = vec![0; self.bytes.next_multiple_of(8) as usize];
        for (index, word) in (0..).zip(bytes.as_chunks_mut::<8>().0) {
            *word = nth(seed, index).to_le_bytes();
        }
        bytes.truncate(self.bytes as usize);
        let right = right(&bytes, self.work);
        Bytes { bytes, chunk: self.chunk as usize, right }
    }

    fn check(&self) -> Result<(), String> {
        if self.chunk > 0 && self.chunk.is_multiple_of(BLOCK as u64) {
            return Ok(());
        }
        Err(format!("a chunk of {} bytes cuts a block; allowed: multiples of {BLOCK}B", self.chunk))
    }
}

/// The oracle, once a job: the same sums the other way round. It goes through the j-th words of many blocks at a time,
/// where the kernel goes through the eight words of one; it is made in every sample, so it must not take much longer.
fn right(bytes: &[u8], work: u64) -> Digest {
    const BLOCKS: usize = 32;
    let mut sum: u64 = 0;
    for (first, bytes) in (0..).step_by(BLOCKS).zip(bytes.chunks(BLOCKS * BLOCK)) {
        let mut padded = [0; BLOCKS * BLOCK];
        padded[..bytes.len()].copy_from_slice(bytes);
        let (all, _) = padded.as_chunks::<8>();
        let mut totals = [0_u64; BLOCKS];
        for j in 0..BLOCK / 8 {
            let mut words: [u64; BLOCKS] = std::array::from_fn(|i| u64::from_le_bytes(all[i * BLOCK / 8 + j]));
            let mut keys: [u64; BLOCKS] = std::array::from_fn(|i| mix(first + i as u64));
            for _ in 0..work {
                for (word, key) in words.iter_mut().zip(&mut keys) {
                    *word = word.wrapping_add(nth(0, j as u64)) ^ *key;
                    *key = key.wrapping_add(STEP);
                }
            }
            totals.iter_mut().zip(words).for_each(|(total, word)| *total = total.wrapping_add(word));
        }
        let blocks = bytes.len().div_ceil(BLOCK);
        sum = totals[..blocks].iter().fold(sum, |sum, total| sum.wrapping_add(mix(*total)));
    }
    Digest { bytes: bytes.len() as u64, sum }
}

impl MapReduce for BulkMap {
    type Task<'i> = Chunk<'i>;
    type Partial = Digest;

    const BULK: Form<Bulk<Self>> = Form::Has(Bulk {
        bytes: |input| &input.bytes,
        range: |input, index| input.piece(index),
        task: |_, range, bytes| Chunk { offset: range.start as u64, bytes },
    });

    fn tasks(&self, input: &Bytes) -> usize {
        input.bytes.len().div_ceil(input.chunk)
    }

    fn empty(&self) -> Digest {
        Digest::default()
    }

    #[inline]
    fn task<'i>(&self, input: &'i Bytes, index: usize) -> Chunk<'i> {
        let piece = input.piece(index);
        Chunk { offset: piece.start as u64, bytes: &input.bytes[piece] }
    }

    /// Blocks.
    #[inline]
    fn items(&self, chunk: &Chunk<'_>) -> usize {
        chunk.bytes.len().div_ceil(BLOCK)
    }

    #[inline(never)]
    fn map(&self, chunk: &Chunk<'_>, items: Range<usize>, into: &mut Digest) {
        let end = (items.end * BLOCK).min(chunk.bytes.len());
        let bytes = &chunk.bytes[(items.start * BLOCK).min(end)..end];
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        let mut number = chunk.offset / BLOCK as u64 + items.start as u64;
        let mut sum = into.sum;
        for block in blocks {
            sum = sum.wrapping_add(digest(block, number, self.work));
            number += 1;
        }
        if !rest.is_empty() {
            let mut last = [0; BLOCK];
            last[..rest.len()].copy_from_slice(rest);
            sum = sum.wrapping_add(digest(&last, number, self.work));
        }
        *into = Digest { bytes: into.bytes + bytes.len() as u64, sum };
    }

    fn merge(&self, into: &mut Digest, other: Digest) {
        into.bytes += other.bytes;
        into.sum = into.sum.wrapping_add(other.sum);
    }

    fn verify(&self, input: &Bytes, answer: &Digest) -> Result<(), Wrong> {
        if *answer == input.right { Ok(()) } else { Err(format!("{answer:?}, not {:?}", input.right).into()) }
    }
}

/// Eight words side by side: an addition and an xor of the whole block are a few instructions on vectors.
#[inline]
fn digest(block: &[u8; BLOCK], number: u64, work: u64) -> u64 {
    let (bytes, _) = block.as_chunks::<8>();
    let mut words: [u64; 8] = std::array::from_fn(|lane| u64::from_le_bytes(bytes[lane]));
    let mut key = mix(number);
    for _ in 0..work {
        for (word, lane) in words.iter_mut().zip(LANES) {
            *word = word.wrapping_add(lane) ^ key;
        }
        key = key.wrapping_add(STEP);
    }
    mix(words.into_iter().fold(0, u64::wrapping_add))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(workload: &BulkMap, input: &Bytes) -> Digest {
        let mut all = Digest::default();
        for index in 0..workload.tasks(input) {
            let chunk = workload.task(input, index);
            workload.map(&chunk, 0..workload.items(&chunk), &mut all);
        }
        all
    }

    #[test]
    fn a_task_cut_anywhere_is_the_same_work() {
        let workload = BulkMap { bytes: 1_000, chunk: 512, work: 3 };
        let input = workload.input(7, 1);
        for index in 0..2 {
            let chunk = workload.task(&input, index);
            let items = workload.items(&chunk);
            let mut whole = Digest::default();
            workload.map(&chunk, 0..items, &mut whole);
            for cut in 0..=items {
                let mut parts = Digest::default();
                workload.map(&chunk, cut..items, &mut parts);
                workload.map(&chunk, 0..cut, &mut parts);
                assert_eq!(parts, whole, "chunk {index} cut at {cut}");
            }
        }
    }

    #[test]
    fn kernel_and_oracle_agree_whatever_the_cut() {
        for bytes in [0, 1, 63, 64, 65, 200, 1_000] {
            for chunk in [64, 128, 1_024] {
                for work in [1, 2, 64] {
                    let workload = BulkMap { bytes, chunk, work };
                    let input = workload.input(7, 1);
                    assert_eq!(workload.verify(&input, &all(&workload, &input)), Ok(()), "{workload:?}");
                }
            }
        }
    }

    #[test]
    fn the_digest_is_the_one_that_is_defined() {
        // By a program in another language: twenty lines of integers of any length, masked to 64 bits.
        let bytes: Vec<u8> = (0..200).collect();
        for (work, sum) in [(1, 0x7FC1_9FB4_7511_494E), (3, 0x18E8_38DA_B95B_416B)] {
            let workload = BulkMap { bytes: 200, chunk: 128, work };
            let right = Digest { bytes: 200, sum };
            assert_eq!(all(&workload, &Bytes { bytes: bytes.clone(), chunk: 128, right }), right);
        }
    }

    #[test]
    fn chunks_in_each_others_place_are_noticed() {
        let workload = BulkMap { bytes: 256, chunk: 64, work: 1 };
        let input = workload.input(7, 1);
        let with = |order: [usize; 4]| {
            let bytes: Vec<u8> = order.iter().flat_map(|&index| &input.bytes[input.piece(index)]).copied().collect();
            all(&workload, &Bytes { bytes, chunk: 64, right: input.right })
        };
        assert_eq!(with([0, 1, 2, 3]), input.right);
        for order in [[1, 0, 2, 3], [0, 1, 3, 2], [0, 0, 2, 3], [0, 1, 2, 2]] {
            assert_ne!(with(order), input.right, "{order:?}");
        }
    }

    #[test]
    fn the_bulk_has_the_same_tasks() {
        let Form::Has(bulk) = BulkMap::BULK else { panic!("bulk-map has a bulk") };
        let workload = BulkMap { bytes: 1_000, chunk: 128, work: 1 };
        let input = workload.input(7, 1);
        for index in 0..workload.tasks(&input) {
            let range = (bulk.range)(&input, index);
            let copy = (bulk.bytes)(&input)[range.clone()].to_vec();
            assert_eq!((bulk.task)(&workload, range, &copy), workload.task(&input, index));
        }
    }

    #[test]
    fn a_chunk_of_half_a_block_is_refused() {
        let refused = BulkMap { chunk: 96, ..BulkMap::default() }.check().unwrap_err();
        assert_eq!(refused, "a chunk of 96 bytes cuts a block; allowed: multiples of 64B");
        assert_eq!(BulkMap::default().check(), Ok(()));
    }
}

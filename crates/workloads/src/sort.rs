//! `sort`: merge sort of words: halves that are independent, and joins that move every byte once more.

use std::borrow::Cow;

use patterns::fork_join::Split;
use patterns::{Domain, ForkJoin, Knob, Preset, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::seeded::{mix, nth};

/// Sorts `n` words: a leaf copies its part of the input and sorts it (std's unstable sort), a join merges two sorted
/// runs into a third.
///
/// A run is a `Vec` of its own in every model, and so it is in the baseline: sorting in place would need halves of one
/// `&mut` slice, which scoped threads can have and neither tasks nor processes can.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sort {
    /// Words.
    pub n: u64,
    /// How they come.
    pub distribution: Distribution,
    /// Words that a leaf sorts by itself.
    pub cut_off: u64,
}

impl Default for Sort {
    fn default() -> Self {
        Self { n: 200_000, distribution: Distribution::Uniform, cut_off: 4_096 }
    }
}

/// How the words come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distribution {
    /// Random, hardly one twice.
    Uniform,
    /// In order.
    Sorted,
    /// In the opposite order.
    Reversed,
    /// Random, sixteen different ones.
    FewValues,
}

/// What is to be sorted, and sorted by somebody else.
#[derive(Debug)]
pub struct Words {
    words: Vec<u64>,
    sorted: Vec<u64>,
}

/// A sorted run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sorted(#[serde(with = "crate::words")] Vec<u64>);

/// A part of the input.
#[derive(Debug, Serialize, Deserialize)]
pub struct Part<'i>(#[serde(with = "crate::words")] Cow<'i, [u64]>);

impl Workload for Sort {
    const ID: &'static str = "sort";
    const ABOUT: &'static str = "merge sort of words, each run a vector of its own: joins that move memory";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "n", domain: Domain::Integer { min: 0, max: 1 << 26 }, about: "words to sort" },
        Knob {
            id: "distribution",
            domain: Domain::OneOf(&["uniform", "sorted", "reversed", "few-values"]),
            about: "how they come",
        },
        Knob {
            id: "cut-off",
            domain: Domain::Integer { min: 1, max: 1 << 26 },
            about: "words that a leaf sorts by itself",
        },
    ];
    const PRESETS: &'static [Preset] = &[Preset { id: "fine", knobs: &[("cut-off", "64")] }];
    type Input = Words;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { n: 1_000, cut_off: 64, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { n: 4 << 20, ..Self::default() },
        }
    }

    fn input(&self, seed: u64, _clients: usize) -> Words {
        let word = |index| match self.distribution {
            Distribution::Uniform => nth(seed, index),
            Distribution::Sorted => index,
            Distribution::Reversed => self.n - index,
            Distribution::FewValues => nth(seed, index) % 16,
        };
        let words: Vec<u64> = (0..self.n).map(word).collect();
        let mut sorted = words.clone();
        sorted.sort(); // another algorithm than that of the leaves
        Words { words, sorted }
    }
}

impl ForkJoin for Sort {
    type Node = (usize, usize);
    type Parcel<'i> = Part<'i>;
    type Value = Sorted;

    fn root(&self, input: &Words) -> (usize, usize) {
        (0, input.words.len())
    }

    #[inline]
    fn split(&self, _: &Words, &(from, to): &(usize, usize)) -> Split<(usize, usize)> {
        if (to - from) as u64 <= self.cut_off {
            return Split::Leaf;
        }
        let middle = from.midpoint(to);
        Split::Two((from, middle), (middle, to))
    }

    fn leaf(&self, input: &Words, (from, to): (usize, usize)) -> Sorted {
        let mut run = input.words[from..to].to_vec();
        run.sort_unstable();
        Sorted(run)
    }

    fn join(&self, _: &Words, _: (usize, usize), left: Sorted, right: Sorted) -> Sorted {
        Sorted(merged(&left.0, &right.0))
    }

    fn pack<'i>(&self, input: &'i Words, (from, to): (usize, usize)) -> Part<'i> {
        Part(Cow::Borrowed(&input.words[from..to]))
    }

    fn unpack(&self, parcel: Part<'_>) -> (Words, (usize, usize)) {
        let words = parcel.0.into_owned();
        let all = (0, words.len());
        (Words { words, sorted: Vec::new() }, all)
    }

    fn leaves(&self, input: &Words) -> Option<u64> {
        // Halving makes parts of two neighbouring lengths: so many of `length`, so many of one more.
        let (mut length, mut fewer, mut more) = (input.words.len() as u64, 1, 0);
        let mut leaves = 0;
        while length > self.cut_off {
            (fewer, more) = if length.is_multiple_of(2) { (2 * fewer + more, more) } else { (fewer, fewer + 2 * more) };
            length /= 2;
        }
        leaves += fewer;
        Some(leaves + if length < self.cut_off || more == 0 { more } else { 2 * more })
    }

    fn verify(&self, input: &Words, answer: &Sorted) -> Result<(), Wrong> {
        if answer.0 == input.sorted {
            return Ok(());
        }
        if answer.0.len() != input.sorted.len() {
            return Err(format!("{} words, not {}", answer.0.len(), input.sorted.len()).into());
        }
        let differs = answer.0.iter().zip(&input.sorted).position(|(found, right)| found != right).unwrap_or_default();
        Err(format!("word {differs} is {}, not {}", answer.0[differs], input.sorted[differs]).into())
    }

    fn fingerprint(&self, answer: &Sorted) -> Option<serde_json::Value> {
        let hash = answer.0.iter().fold(0, |hash, word| mix(hash ^ word));
        serde_json::to_value((answer.0.len(), hash)).ok()
    }
}

/// Which of two heads is less cannot be foreseen, so nothing is jumped over: both indices are computed.
fn merged(left: &[u64], right: &[u64]) -> Vec<u64> {
    let mut run = Vec::with_capacity(left.len() + right.len());
    let (mut i, mut j) = (0, 0);
    while let (Some(&a), Some(&b)) = (left.get(i), right.get(j)) {
        let first = a <= b;
        run.push(if first { a } else { b });
        i += usize::from(first);
        j += usize::from(!first);
    }
    run.extend_from_slice(&left[i..]);
    run.extend_from_slice(&right[j..]);
    run
}

#[cfg(test)]
mod tests {
    use patterns::fork_join::sequential;

    use super::*;

    const ALL: [Distribution; 4] =
        [Distribution::Uniform, Distribution::Sorted, Distribution::Reversed, Distribution::FewValues];

    #[test]
    fn any_length_is_sorted_in_as_many_leaves_as_it_says() {
        for n in (0..70).chain([1_000, 1_023, 1_025]) {
            for cut_off in [1, 2, 3, 7, 64] {
                let workload = Sort { n, distribution: ALL[n as usize % 4], cut_off };
                let input = workload.input(7, 1);
                let counted = sequential(&workload, &input, workload.root(&input));
                assert_eq!(workload.verify(&input, &counted.value), Ok(()), "{workload:?}");
                assert_eq!(Some(counted.leaves), workload.leaves(&input), "{workload:?}");
            }
        }
    }

    #[test]
    fn the_oracle_sees_a_word_that_is_lost_changed_or_out_of_order() {
        let workload = Sort { n: 3, distribution: Distribution::Sorted, cut_off: 1 };
        let input = workload.input(7, 1);
        for (wrong, says) in [
            (vec![0, 1], "2 words, not 3"),
            (vec![0, 1, 3], "word 2 is 3, not 2"),
            (vec![1, 0, 2], "word 0 is 1, not 0"),
        ] {
            assert_eq!(workload.verify(&input, &Sorted(wrong)), Err(says.into()));
        }
    }

    #[test]
    fn a_parcel_is_a_part_of_the_input_in_eight_bytes_a_word() {
        let workload = Sort::sized(Size::Smoke);
        let input = workload.input(7, 1);
        let bytes = postcard::to_stdvec(&workload.pack(&input, (100, 150))).unwrap();
        assert_eq!(bytes.len(), 2 + 8 * 50);
        let (part, all) = workload.unpack(postcard::from_bytes(&bytes).unwrap());
        assert_eq!((&part.words[..], all), (&input.words[100..150], (0, 50)));
    }
}

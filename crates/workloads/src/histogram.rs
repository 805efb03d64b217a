//! `histogram`: the clients count a stream into buckets, each its part of it: many small shared numbers, hot ones among
//! them where the stream is skewed.

use patterns::map_reduce::block;
use patterns::shared_state::{Access, Answer, Apart, Counters, Entry, Fixed, Uses};
use patterns::{Domain, Form, Knob, Preset, SharedState, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::seeded::{Zipf, nth};

/// Counts `n` values of a stream, split evenly over the clients, into `buckets`. The default is about the work of
/// `counter` with eight clients.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Histogram {
    /// Values in the stream, of all clients together.
    pub n: u64,
    /// Number of buckets.
    pub buckets: u64,
    /// Exponent of Zipf's law over the buckets: 0 is uniform. The hot ones lie side by side, at the front.
    pub skew: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { n: 100_000, buckets: 256, skew: 0.0 }
    }
}

/// Counts one value.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Add {
    bucket: u64,
}

/// The parts of the stream, a client each, and how often each bucket occurs in it.
#[derive(Debug)]
pub struct Stream {
    scripts: Vec<Vec<Add>>,
    counts: Vec<u64>,
}

impl Workload for Histogram {
    const ID: &'static str = "histogram";
    const ABOUT: &'static str = "count a stream into buckets: many small shared numbers, some of them hot";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "n", domain: Domain::Integer { min: 0, max: 1 << 26 }, about: "values, of all clients together" },
        Knob { id: "buckets", domain: Domain::Integer { min: 1, max: 1 << 20 }, about: "numbers they are counted in" },
        Knob {
            id: "skew",
            domain: Domain::Real { min: 0.0, max: 4.0 },
            about: "exponent of Zipf's law: 0 hits all buckets alike",
        },
    ];
    const PRESETS: &'static [Preset] = &[
        Preset { id: "skewed", knobs: &[("skew", "1")] },
        Preset { id: "wide", knobs: &[("buckets", "1048576"), ("n", "1000000")] },
    ];
    type Input = Stream;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { n: 500, buckets: 16, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { n: 10_000_000, ..Self::default() },
        }
    }

    fn input(&self, seed: u64, clients: usize) -> Stream {
        let zipf = Zipf::fine(self.buckets, self.skew);
        let add = |index| Add { bucket: zipf.rank(nth(seed, index as u64)) };
        let script = |client| block(self.n as usize, client, clients).map(add).collect();
        let scripts: Vec<Vec<Add>> = (0..clients).map(script).collect();
        let mut counts = vec![0; self.buckets as usize];
        scripts.iter().flatten().for_each(|op| counts[op.bucket as usize] += 1);
        Stream { scripts, counts }
    }
}

impl SharedState for Histogram {
    type Key = u64;
    type Value = u64;
    type Op = Add;
    type Reply = ();
    type Tally = ();

    const USES: Uses = Uses { reads: false, pairs: false, audits: false, asks: false, inserts: false };
    const COUNTERS: Form<Counters<Self>> = Form::Has(Counters {
        slots: |histogram| histogram.buckets as usize,
        add: |_, op| (op.bucket as usize, 1),
        work: |_, _| (),
        reply: |_, _, _| (),
        entry: |_, slot, value| (slot as u64, value),
        initial: |_, value| *value,
        stride: |_| 1,
    });
    const MERGE: Form<fn(&Self, &mut u64, u64)> = Form::Has(|_, into, other| *into += other);
    const FIXED: Form<Fixed<Self>> = Form::Has(Fixed {
        slots: |histogram| histogram.buckets as usize,
        slot: |_, bucket| bucket as usize,
        key: |_, slot| slot as u64,
        pack: |value| *value,
        unpack: |word| word,
    });
    const APART: Form<Apart<Self>> = Form::Has(Apart {
        make: |_, _, seen| Some(seen.map_or(0, |count| *count) + 1),
        act: |_, _, _, made, entry| {
            made.and_then(|made| entry.put(made));
        },
    });

    fn initial(&self, _: &Stream) -> Vec<(u64, u64)> {
        (0..self.buckets).map(|bucket| (bucket, 0)).collect()
    }

    fn script<'i>(&self, input: &'i Stream, client: usize) -> &'i [Add] {
        &input.scripts[client]
    }

    #[inline]
    fn access(&self, op: &Add) -> Access<u64> {
        Access::Write(op.bucket)
    }

    #[inline]
    fn read(&self, _: &Add, _: Option<&u64>) {}

    #[inline]
    fn write(&self, _: &Add, mut entry: impl Entry<u64>) {
        match entry.get() {
            Some(value) => *value += 1,
            None => drop(entry.put(1)),
        }
    }

    fn verify(&self, input: &Stream, answer: &Answer<Self>) -> Result<(), Wrong> {
        let actual = answer.entries.iter().map(|(_, count)| count).sum();
        if actual != self.n {
            return Err(Wrong::updates(self.n, actual));
        }
        if answer.entries.len() != input.counts.len() {
            return Err(format!("{} buckets, not {}", answer.entries.len(), input.counts.len()).into());
        }
        match answer.entries.iter().find(|(bucket, count)| input.counts.get(*bucket as usize) != Some(count)) {
            None => Ok(()),
            Some((bucket, count)) => Err(format!("bucket {bucket} holds {count}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use patterns::shared_state::State;

    use super::*;

    fn run(workload: &Histogram, input: &Stream) -> Answer<Histogram> {
        let mut state = State::new(workload.initial(input));
        input.scripts.iter().flatten().for_each(|op| state.apply(workload, op));
        Answer::new(state.into_entries(), ())
    }

    #[test]
    fn the_stream_is_the_same_however_many_share_it() {
        let workload = Histogram { n: 1_000, buckets: 10, skew: 1.0 };
        let alone = workload.input(7, 1);
        for clients in [2, 3, 7, 64] {
            let shared = workload.input(7, clients);
            let lengths = shared.scripts.iter().map(Vec::len);
            assert!(lengths.clone().max() <= lengths.min().map(|least| least + 1));
            let buckets = |stream: &Stream| stream.scripts.iter().flatten().map(|op| op.bucket).collect::<Vec<_>>();
            assert_eq!((buckets(&shared), &shared.counts), (buckets(&alone), &alone.counts));
        }
        // 1 is to 1/2 is to 1/5, about.
        let [first, second, fifth] = [0, 1, 4].map(|bucket| alone.counts[bucket]);
        assert!(first > second * 3 / 2 && second > fifth * 3 / 2, "{:?} is not skewed", alone.counts);
    }

    #[test]
    fn a_lost_update_and_a_wrong_bucket_are_noticed() {
        let workload = Histogram { n: 100, buckets: 4, skew: 0.0 };
        let input = workload.input(7, 3);
        let mut answer = run(&workload, &input);
        assert_eq!(workload.verify(&input, &answer), Ok(()));
        answer.entries[0].1 -= 1;
        assert_eq!(workload.verify(&input, &answer), Err(Wrong::updates(100, 99)));
        answer.entries[1].1 += 1;
        assert!(workload.verify(&input, &answer).is_err());
        let mut answer = run(&workload, &input);
        answer.entries.push((4, 0));
        assert!(workload.verify(&input, &answer).is_err());
    }
}

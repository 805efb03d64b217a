//! `counter`: each client adds to a few shared numbers; the smallest shared state there is, and the classic lost update.

use patterns::shared_state::{Access, Answer, Apart, Counters, Entry, Fixed, LINE, Uses};
use patterns::{Domain, Form, Knob, Preset, SharedState, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::seeded::{Zipf, nth, work};
use crate::touch::Touch;

/// `ops` additions of 1 a client, spread over `keys`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Counter {
    /// Additions of each client.
    pub ops: u64,
    /// Entries they go to.
    pub keys: u64,
    /// Exponent of Zipf's law over the entries of a client: 0 is uniform.
    pub zipf: f64,
    /// Which entries a client adds to.
    pub touch: Touch,
    /// How entries lie in memory, where their strategy lays them side by side.
    pub padding: Padding,
    /// Squares computed between reading and writing: under the lock, or in the window where updates are lost.
    pub work_inside: u64,
    /// Squares computed before each addition, outside any lock.
    pub work_outside: u64,
}

/// How counters lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
    /// Side by side: clients that add to different ones write the same cache line (false sharing).
    None,
    /// A cache line each.
    Line,
}

impl Default for Counter {
    fn default() -> Self {
        let (touch, padding) = (Touch::Any, Padding::None);
        Self { ops: 10_000, keys: 1, zipf: 0.0, touch, padding, work_inside: 0, work_outside: 0 }
    }
}

/// Adds 1 to a key.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Add {
    key: u64,
}

impl Workload for Counter {
    const ID: &'static str = "counter";
    const ABOUT: &'static str = "each client adds to shared numbers: contention, and lost updates without a lock";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "ops", domain: Domain::Integer { min: 0, max: 1 << 24 }, about: "additions of each client" },
        Knob { id: "keys", domain: Domain::Integer { min: 1, max: 1 << 20 }, about: "numbers they go to" },
        Knob { id: "zipf", domain: Domain::Real { min: 0.0, max: 4.0 }, about: "skew of their use" },
        Touch::KNOB,
        Knob {
            id: "padding",
            domain: Domain::OneOf(&["none", "line"]),
            about: "between numbers that lie side by side (atomic, biased, racy)",
        },
        Knob {
            id: "work-inside",
            domain: Domain::Integer { min: 0, max: 1 << 20 },
            about: "squares between read and write",
        },
        Knob {
            id: "work-outside",
            domain: Domain::Integer { min: 0, max: 1 << 20 },
            about: "squares before each addition, outside the lock",
        },
    ];
    const PRESETS: &'static [Preset] = &[
        Preset { id: "hot", knobs: &[("keys", "1"), ("work-inside", "50")] },
        // 2,400 squares here are as long as 50 in CPython: an interval of its lock is 3,700 additions then, as there.
        Preset { id: "python", knobs: &[("keys", "1"), ("work-inside", "2400")] },
        Preset { id: "spread", knobs: &[("keys", "1024")] },
        Preset { id: "false-sharing", knobs: &[("keys", "8"), ("touch", "own")] },
    ];
    type Input = Vec<Vec<Add>>;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { ops: 100, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { ops: 1_000_000, ..Self::default() },
        }
    }

    fn input(&self, seed: u64, clients: usize) -> Vec<Vec<Add>> {
        let script = |client: u64| {
            let keys = self.touch.keys(client, clients as u64, self.keys);
            let ops = if keys.count == 0 { 0 } else { self.ops };
            let skewed = (ops > 0 && self.zipf > 0.0).then(|| Zipf::fine(keys.count, self.zipf));
            let rank = |random| skewed.as_ref().map_or(random % keys.count, |zipf| zipf.rank(random));
            (0..ops).map(|op| Add { key: keys.at(rank(nth(seed ^ (client << 40), op))) }).collect()
        };
        (0..clients as u64).map(script).collect()
    }
}

impl SharedState for Counter {
    type Key = u64;
    type Value = u64;
    type Op = Add;
    type Reply = ();
    type Tally = ();

    const USES: Uses = Uses { reads: false, pairs: false, audits: false, asks: false, inserts: false };
    const COUNTERS: Form<Counters<Self>> = Form::Has(Counters {
        slots: |counter| counter.keys as usize,
        add: |_, op| (op.key as usize, 1),
        work: |counter, _| work(counter.work_inside),
        reply: |_, _, _| (),
        entry: |_, slot, value| (slot as u64, value),
        initial: |_, value| *value,
        stride: |counter| match counter.padding {
            Padding::None => 1,
            Padding::Line => LINE,
        },
    });
    const MERGE: Form<fn(&Self, &mut u64, u64)> = Form::Has(|_, into, other| *into += other);
    const FIXED: Form<Fixed<Self>> = Form::Has(Fixed {
        slots: |counter| counter.keys as usize,
        slot: |_, key| key as usize,
        key: |_, slot| slot as u64,
        pack: |value| *value,
        unpack: |word| word,
    });
    const APART: Form<Apart<Self>> = Form::Has(Apart {
        make: |counter, _, seen| {
            work(counter.work_inside);
            Some(seen.map_or(0, |value| *value) + 1)
        },
        act: |_, _, _, made, entry| {
            made.and_then(|made| entry.put(made));
        },
    });

    fn initial(&self, _: &Self::Input) -> Vec<(u64, u64)> {
        (0..self.keys).map(|key| (key, 0)).collect()
    }

    fn script<'i>(&self, input: &'i Self::Input, client: usize) -> &'i [Add] {
        &input[client]
    }

    fn apart(&self) -> Option<&'static str> {
        self.touch.apart()
    }

    #[inline]
    fn access(&self, op: &Add) -> Access<u64> {
        Access::Write(op.key)
    }

    #[inline]
    fn prepare(&self, _: &Add) {
        work(self.work_outside);
    }

    #[inline]
    fn read(&self, _: &Add, _: Option<&u64>) {}

    #[inline]
    fn write(&self, _: &Add, mut entry: impl Entry<u64>) {
        let before = entry.get().map_or(0, |value| *value);
        work(self.work_inside);
        match entry.get() {
            Some(value) => *value = before + 1,
            None => drop(entry.put(before + 1)),
        }
    }

    fn verify(&self, input: &Self::Input, answer: &Answer<Self>) -> Result<(), Wrong> {
        let expected = input.iter().map(|script| script.len() as u64).sum();
        let actual = answer.entries.iter().map(|(_, value)| value).sum();
        if actual != expected {
            return Err(Wrong::updates(expected, actual));
        }
        let mut right = vec![0; self.keys as usize];
        input.iter().flatten().for_each(|op| right[op.key as usize] += 1);
        match answer.entries.iter().find(|(key, value)| right.get(*key as usize) != Some(value)) {
            None => Ok(()),
            Some((key, value)) => Err(format!("key {key} holds {value}").into()),
        }
    }
}

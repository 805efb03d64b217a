//! `kv-mix`: look-ups, insertions, removals and updates in one map, in the mixes that concurrent maps are compared by.

use patterns::shared_state::{Access, Answer, Counters, Entry, Fixed, Histories, Uses};
use patterns::{Domain, Form, Knob, Preset, SharedState, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::seeded::{Zipf, mix, nth, work};
use crate::touch::Touch;

/// `ops` operations a client on a map of at most `keys` entries.
///
/// Where only the map is shared (`touch=own`), client c of n touches only keys with key % n = c. All share the map, its
/// locks and its lines, and yet each operation has one right outcome, which is checked. A client without a key, where
/// there are more clients than keys, has nothing to do.
///
/// Where the keys are shared as well (`touch=any`), any client touches any key, and what an operation finds depends on
/// who comes first. Right answers differ, so that there is no digest; what is checked is that each value that was put was
/// found by exactly one operation that replaced or removed it, or is there at the end. A diagnostic pass also records when
/// each call began, returned and what it found, and searches for an order that explains it
/// ([`patterns::shared_state::linearizable`]): that finds a look-up that came too late, too.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KvMix {
    /// How often each kind of operation occurs.
    pub mix: Mix,
    /// Operations of each client.
    pub ops: u64,
    /// Different keys, of all clients together.
    pub keys: u64,
    /// Exponent of Zipf's law over the keys of a client: 0 is uniform.
    pub zipf: f64,
    /// Share of the keys that are present at the start.
    pub prefill: f64,
    /// Which keys a client touches.
    pub touch: Touch,
    /// Reads in a hundred operations, in place of the mix's own.
    pub reads: Option<u64>,
    /// Squares computed in each operation: under the lock, if there is one.
    pub work_inside: u64,
    /// Squares computed before each operation, outside any lock.
    pub work_outside: u64,
}

/// Percentages of reads, insertions, removals and updates, as the benchmarks of concurrent maps have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mix {
    /// 98, 1, 1, 0: a cache.
    ReadHeavy,
    /// 10, 40, 40, 10: entries come and go.
    Exchange,
    /// 5, 80, 5, 10: a map that is being filled.
    Grow,
}

impl Mix {
    /// The kind of a random operation, with so many reads in a hundred if not its own; the other kinds keep their
    /// proportions.
    fn kind(self, random: u64, reads: Option<u64>) -> Kind {
        let [own, inserts, removals] = match self {
            Self::ReadHeavy => [98, 1, 1],
            Self::Exchange => [10, 40, 40],
            Self::Grow => [5, 80, 5],
        };
        let share = |part: u64| part as f64 / (1_u64 << 16) as f64 * 100.0;
        let (first, second) = (share(random & 0xFFFF), share((random >> 16) & 0xFFFF));
        if first < reads.unwrap_or(own) as f64 {
            return Kind::Read;
        }
        let other = second * (100 - own) as f64 / 100.0;
        if other < inserts as f64 {
            Kind::Insert
        } else if other < (inserts + removals) as f64 {
            Kind::Remove
        } else {
            Kind::Update
        }
    }
}

impl Default for KvMix {
    fn default() -> Self {
        let (mix, touch, reads) = (Mix::ReadHeavy, Touch::Own, None);
        Self { mix, ops: 10_000, keys: 1 << 14, zipf: 0.0, prefill: 0.5, touch, reads, work_inside: 0, work_outside: 0 }
    }
}

/// An operation. The reply to each is the value it found.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Op {
    kind: Kind,
    key: u64,
    value: u64,
}

impl Op {
    /// What the operation leaves of what it found.
    #[inline]
    fn leaves(&self, found: Option<u64>) -> Option<u64> {
        match self.kind {
            Kind::Read => found,
            Kind::Insert => Some(self.value),
            Kind::Remove => None,
            Kind::Update => found.map(|value| value.wrapping_add(self.value)),
        }
    }

    /// A call in words.
    fn words(&self, found: Option<&Option<u64>>) -> String {
        let value = self.value;
        let asked = match self.kind {
            Kind::Read => String::from("looked"),
            Kind::Insert => format!("put {value}"),
            Kind::Remove => String::from("removed"),
            Kind::Update => format!("added {value}"),
        };
        match found {
            Some(Some(found)) => format!("{asked} and found {found}"),
            Some(None) => format!("{asked} and found nothing"),
            None => asked,
        }
    }
}

/// What an operation does to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    /// Looks it up.
    Read,
    /// Inserts, or replaces what is there.
    Insert,
    /// Removes what is there, if anything is.
    Remove,
    /// Adds to what is there, if anything is.
    Update,
}

/// What operations found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Reads, insertions, removals and updates: how many found nothing, and how many a value.
    pub counts: [[u64; 2]; 4],
    /// Wrapping sum of what mixes key and value found; where keys are shared, of what was put less what was found by those
    /// that replaced it.
    pub sum: u64,
}

impl Found {
    #[inline]
    fn note(&mut self, op: &Op, found: Option<u64>) {
        self.counts[op.kind as usize][usize::from(found.is_some())] += 1;
        self.sum = self.sum.wrapping_add(weight(op.key, found));
    }

    #[inline]
    fn note_change(&mut self, op: &Op, found: Option<u64>) {
        self.counts[op.kind as usize][usize::from(found.is_some())] += 1;
        let change = weight(op.key, op.leaves(found)).wrapping_sub(weight(op.key, found));
        self.sum = self.sum.wrapping_add(change);
    }
}

/// What an entry counts in a sum: one that differs by key and value, and nothing where there is none.
#[inline]
fn weight(key: u64, value: Option<u64>) -> u64 {
    value.map_or(0, |value| mix(key ^ value))
}

/// The map at the start, the clients' scripts, and what must come of them.
#[derive(Debug)]
pub struct Scripts {
    initial: Vec<(u64, u64)>,
    scripts: Vec<Vec<Op>>,
    found: Found,
    entries: Vec<(u64, u64)>,
}

impl Workload for KvMix {
    const ID: &'static str = "kv-mix";
    const ABOUT: &'static str = "read, insert, remove and update in one map, in the mixes maps are compared by";
    const KNOBS: &'static [Knob] = &[
        Knob {
            id: "mix",
            domain: Domain::OneOf(&["read-heavy", "exchange", "grow"]),
            about: "read/insert/remove/update: 98/1/1/0, 10/40/40/10, 5/80/5/10 percent",
        },
        Knob { id: "ops", domain: Domain::Integer { min: 0, max: 1 << 24 }, about: "operations of each client" },
        Knob { id: "keys", domain: Domain::Integer { min: 1, max: 1 << 20 }, about: "different keys" },
        Knob { id: "zipf", domain: Domain::Real { min: 0.0, max: 4.0 }, about: "skew of their use" },
        Knob { id: "prefill", domain: Domain::Real { min: 0.0, max: 1.0 }, about: "share of them there at the start" },
        Touch::KNOB,
        Knob {
            id: "reads",
            domain: Domain::Auto { min: 0, max: 100 },
            about: "percent of reads in place of the mix's own",
        },
        Knob {
            id: "work-inside",
            domain: Domain::Integer { min: 0, max: 1 << 20 },
            about: "squares in each operation, under the lock",
        },
        Knob {
            id: "work-outside",
            domain: Domain::Integer { min: 0, max: 1 << 20 },
            about: "squares before each operation, outside the lock",
        },
    ];
    const PRESETS: &'static [Preset] = &[
        Preset { id: "exchange", knobs: &[("mix", "exchange")] },
        Preset { id: "grow", knobs: &[("mix", "grow"), ("prefill", "0")] },
        Preset { id: "shared-keys", knobs: &[("mix", "exchange"), ("keys", "64"), ("zipf", "1"), ("touch", "any")] },
    ];
    const CHECKED: Option<&'static str> = Some("shared-keys");
    type Input = Scripts;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { ops: 100, keys: 64, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { ops: 200_000, keys: 1 << 18, ..Self::default() },
        }
    }

    /// The oracle is here: each script is carried out alone, on a plain array, before anything is timed.
    fn input(&self, seed: u64, clients: usize) -> Scripts {
        let present = |key: &u64| (nth(mix(seed), *key) >> 11) as f64 / ((1_u64 << 53) as f64) < self.prefill;
        let initial: Vec<(u64, u64)> = (0..self.keys).filter(present).map(|key| (key, mix(key))).collect();
        let scripts: Vec<_> = (0..clients as u64).map(|client| self.generate(seed, client, clients as u64)).collect();
        let mut values = vec![None; self.keys as usize];
        initial.iter().for_each(|(key, value)| values[*key as usize] = Some(*value));
        let mut found = Found::default();
        for op in scripts.iter().flatten() {
            let here = &mut values[op.key as usize];
            found.note(op, *here);
            *here = op.leaves(*here);
        }
        let entries = (0..).zip(values).filter_map(|(key, value)| Some((key, value?))).collect();
        Scripts { initial, scripts, found, entries }
    }
}

impl KvMix {
    fn generate(&self, seed: u64, client: u64, clients: u64) -> Vec<Op> {
        let keys = self.touch.keys(client, clients, self.keys);
        if keys.count == 0 {
            return Vec::new();
        }
        let zipf = Zipf::fine(keys.count, self.zipf);
        let op = |index| {
            let random = nth(seed ^ (client << 40), index);
            let key = keys.at(zipf.rank(random));
            Op { kind: self.mix.kind(random, self.reads), key, value: mix(random) }
        };
        (0..self.ops).map(op).collect()
    }
}

impl SharedState for KvMix {
    type Key = u64;
    type Value = u64;
    type Op = Op;
    type Reply = Option<u64>;
    type Tally = Found;

    const USES: Uses = Uses { reads: true, pairs: false, audits: false, asks: true, inserts: true };
    const COUNTERS: Form<Counters<Self>> = Form::Lacks("its entries come and go; a counter is always there");
    const MERGE: Form<fn(&Self, &mut u64, u64)> = Form::Lacks("a private state cannot tell what a key holds");
    const FIXED: Form<Fixed<Self>> = Form::Has(Fixed {
        slots: |workload| workload.keys as usize,
        slot: |_, key| key as usize,
        key: |_, slot| slot as u64,
        pack: |value| *value,
        unpack: |word| word,
    });
    const HISTORY: Form<Histories<Self>> = Form::Has(Histories::by_key(
        |workload| match workload.touch {
            Touch::Own => Some("each client has keys of its own, so that the oracle knows every reply (touch=any)"),
            Touch::Any => None,
        },
        |op, found| found.is_none() && op.kind != Kind::Insert,
        Op::words,
    ));

    fn initial(&self, input: &Scripts) -> Vec<(u64, u64)> {
        input.initial.clone()
    }

    fn script<'i>(&self, input: &'i Scripts, client: usize) -> &'i [Op] {
        &input.scripts[client]
    }

    #[inline]
    fn access(&self, op: &Op) -> Access<u64> {
        if op.kind == Kind::Read { Access::Read(op.key) } else { Access::Write(op.key) }
    }

    #[inline]
    fn prepare(&self, _: &Op) {
        work(self.work_outside);
    }

    #[inline]
    fn read(&self, _: &Op, value: Option<&u64>) -> Option<u64> {
        work(self.work_inside);
        value.copied()
    }

    #[inline]
    fn write(&self, op: &Op, mut entry: impl Entry<u64>) -> Option<u64> {
        work(self.work_inside);
        match op.kind {
            Kind::Read => entry.get().copied(),
            Kind::Insert => entry.put(op.value),
            Kind::Remove => entry.take(),
            Kind::Update => entry.get().map(|value| std::mem::replace(value, value.wrapping_add(op.value))),
        }
    }

    #[inline]
    fn observe(&self, tally: &mut Found, op: &Op, reply: Option<u64>) -> Option<Op> {
        match self.touch {
            Touch::Own => tally.note(op, reply),
            Touch::Any => tally.note_change(op, reply),
        }
        None
    }

    fn merge_tally(&self, into: &mut Found, other: Found) {
        for (into, other) in into.counts.iter_mut().flatten().zip(other.counts.as_flattened()) {
            *into += other;
        }
        into.sum = into.sum.wrapping_add(other.sum);
    }

    fn fingerprint(&self, answer: &Answer<Self>) -> Option<serde_json::Value> {
        if self.touch == Touch::Own { answer.by_key() } else { None }
    }

    fn verify(&self, input: &Scripts, answer: &Answer<Self>) -> Result<(), Wrong> {
        if self.touch == Touch::Any {
            return balance(input, answer);
        }
        if answer.tally != input.found {
            return Err(format!("the clients found {:?}, not {:?}", answer.tally, input.found).into());
        }
        let mut entries = answer.entries.clone();
        entries.sort_unstable();
        if entries == input.entries {
            return Ok(());
        }
        let same = entries.iter().zip(&input.entries).take_while(|(found, right)| found == right).count();
        let [found, right] = [&entries, &input.entries].map(|entries| entries.get(same));
        Err(format!("the first entry that differs is {found:?}, not {right:?}").into())
    }
}

/// What holds whoever comes first: kinds as planned, as many entries as came and did not go, and each value that was put
/// gone or there.
fn balance(input: &Scripts, answer: &Answer<KvMix>) -> Result<(), Wrong> {
    let all = |found: &Found| found.counts.map(|[absent, present]| absent + present);
    let (done, planned) = (all(&answer.tally), all(&input.found));
    if done != planned {
        return Err(format!("the clients read, inserted, removed and updated {done:?} times, not {planned:?}").into());
    }
    let [_, [inserted, _], [_, removed], _] = answer.tally.counts;
    let (right, left) = (input.initial.len() as u64 + inserted, answer.entries.len() as u64 + removed);
    if left != right {
        let [before, after] = [&input.initial, &answer.entries].map(Vec::len);
        return Err(format!("{before} entries, {inserted} more and {removed} fewer are not {after}").into());
    }
    let sum = |entries: &[(u64, u64)]| {
        entries.iter().fold(0, |sum: u64, (key, value)| sum.wrapping_add(weight(*key, Some(*value))))
    };
    if sum(&input.initial).wrapping_add(answer.tally.sum) != sum(&answer.entries) {
        return Err("a value that was put is neither there nor was it replaced or removed once".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use patterns::shared_state::State;

    use super::*;

    const MIXES: [Mix; 3] = [Mix::ReadHeavy, Mix::Exchange, Mix::Grow];

    /// All clients in turn, an operation each: another order than the oracle's.
    fn run(workload: &KvMix, input: &Scripts) -> Answer<KvMix> {
        let mut state = State::new(workload.initial(input));
        let mut tally = Found::default();
        for step in 0..workload.ops as usize {
            for op in input.scripts.iter().filter_map(|script| script.get(step)) {
                let reply = state.apply(workload, op);
                assert!(workload.observe(&mut tally, op, reply).is_none());
            }
        }
        Answer::new(state.into_entries(), tally)
    }

    #[test]
    fn the_outcome_is_the_same_however_clients_take_turns() {
        for mix in MIXES {
            for (keys, prefill, zipf) in [(1, 0.0, 0.0), (3, 1.0, 0.0), (64, 0.5, 1.0), (1_000, 0.5, 0.0)] {
                for clients in [1, 2, 7] {
                    let workload = KvMix { mix, ops: 500, keys, zipf, prefill, ..KvMix::default() };
                    let input = workload.input(7, clients);
                    assert_eq!(workload.verify(&input, &run(&workload, &input)), Ok(()), "{workload:?}, {clients}");
                }
            }
        }
    }

    #[test]
    fn clients_keep_to_their_keys_and_mixes() {
        for (mix, percent) in MIXES.into_iter().zip([[98, 1, 1, 0], [10, 40, 40, 10], [5, 80, 5, 10]]) {
            let workload = KvMix { mix, keys: 10, ..KvMix::default() };
            let input = workload.input(7, 3);
            for (client, script) in (0..).zip(&input.scripts) {
                assert!(script.iter().all(|op| op.key % 3 == client && op.key < 10));
                let drawn: std::collections::HashSet<u64> = script.iter().map(|op| op.key).collect();
                assert_eq!(drawn.len(), if client == 0 { 4 } else { 3 });
                for (kind, percent) in (0..).zip(percent) {
                    let ops = script.iter().filter(|op| op.kind as usize == kind).count() as i64;
                    assert!((ops - percent * 100).abs() < 200, "{mix:?}: {ops} of 10,000 are of kind {kind}");
                }
            }
        }
        let lengths =
            KvMix { keys: 2, ..KvMix::default() }.input(7, 3).scripts.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths, [10_000, 10_000, 0]);
    }

    #[test]
    fn a_wrong_reply_and_a_wrong_entry_are_noticed() {
        let workload = KvMix { mix: Mix::Exchange, ops: 200, keys: 20, ..KvMix::default() };
        let input = workload.input(7, 2);
        let refused = |change: fn(&mut Answer<KvMix>)| {
            let mut answer = run(&workload, &input);
            change(&mut answer);
            workload.verify(&input, &answer).is_err()
        };
        assert!(!refused(|_| ()));
        assert!(refused(|answer| answer.tally.sum += 1));
        assert!(refused(|answer| answer.tally.counts[2].swap(0, 1)));
        assert!(refused(|answer| answer.entries[0].1 ^= 1));
        assert!(refused(|answer| answer.entries.push((20, 1))));
        assert!(refused(|answer| answer.entries.truncate(1)));
    }

    #[test]
    fn shared_keys_are_everybodys_and_have_many_right_outcomes() {
        for mix in MIXES {
            let workload = KvMix { mix, ops: 2_000, keys: 10, touch: Touch::Any, ..KvMix::default() };
            let input = workload.input(7, 3);
            for script in &input.scripts {
                let drawn: std::collections::HashSet<u64> = script.iter().map(|op| op.key).collect();
                assert_eq!(drawn, (0..10).collect());
            }
            let taking_turns = run(&workload, &input);
            assert_eq!(workload.verify(&input, &taking_turns), Ok(()), "{mix:?}");
            assert_eq!(workload.fingerprint(&taking_turns), None);
            // One client after the other.
            let mut state = State::new(workload.initial(&input));
            let mut tally = Found::default();
            for op in input.scripts.iter().flatten() {
                let reply = state.apply(&workload, op);
                workload.observe(&mut tally, op, reply);
            }
            let in_a_row = Answer::new(state.into_entries(), tally);
            assert_eq!(workload.verify(&input, &in_a_row), Ok(()), "{mix:?}");
            assert_ne!(in_a_row.tally, taking_turns.tally, "{mix:?}");
        }
        assert!(KvMix::default().fingerprint(&Answer::new(vec![(1, 2)], Found::default())).is_some());
    }

    #[test]
    fn what_does_not_add_up_is_noticed_whoever_came_first() {
        let workload = KvMix { mix: Mix::Exchange, ops: 200, keys: 20, touch: Touch::Any, ..KvMix::default() };
        let input = workload.input(7, 2);
        let refused = |change: fn(&mut Answer<KvMix>)| {
            let mut answer = run(&workload, &input);
            change(&mut answer);
            workload.verify(&input, &answer).err().map(|wrong| wrong.message)
        };
        assert_eq!(refused(|_| ()), None);
        assert!(refused(|answer| answer.tally.sum += 1).unwrap().contains("neither there nor"));
        assert!(refused(|answer| answer.entries[0].1 ^= 1).unwrap().contains("neither there nor"));
        assert!(refused(|answer| answer.tally.counts[0][0] += 1).unwrap().contains("times, not"));
        assert!(refused(|answer| answer.tally.counts[2].swap(0, 1)).unwrap().contains("are not"));
        assert!(refused(|answer| answer.entries.truncate(1)).unwrap().contains("are not 1"));
    }

    #[test]
    fn so_many_keys_are_there_at_the_start() {
        for (prefill, share) in [(0.0, 0..=0), (0.25, 3_900..=4_300), (1.0, 16_384..=16_384)] {
            let present = KvMix { prefill, ..KvMix::default() }.input(7, 1).initial.len();
            assert!(share.contains(&present), "{present} for {prefill}");
        }
    }
}

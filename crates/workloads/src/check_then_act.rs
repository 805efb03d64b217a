//! `check-then-act`: look a key up, then use it, or compute what is missing and put it there, while others delete it: a
//! cache. Each step by itself is safe in any concurrent map; the two together are not.

use patterns::shared_state::{Access, Answer, Apart, Counters, Entry, Fixed, Met, Once, Uses};
use patterns::{Domain, Form, Knob, Preset, SharedState, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::seeded::{mix, nth, work};

/// `ops` operations a client on a cache of `keys` values, some of them deletions.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CheckThenAct {
    /// Operations of each client.
    pub ops: u64,
    /// Different keys.
    pub keys: u64,
    /// Deletions among a hundred operations.
    pub deletes: u64,
    /// Squares computed to make a value that is missing, and by the client before it uses one that is there: with no lock
    /// held, but by whoever tears the two apart, between its look and its act.
    pub work: u64,
}

impl Default for CheckThenAct {
    fn default() -> Self {
        Self { ops: 10_000, keys: 64, deletes: 10, work: 50 }
    }
}

/// An operation on the cache.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Op {
    key: u64,
    deletes: bool,
}

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The value was there: the client makes itself ready, and uses it.
    Found(u64),
    /// The same of a client that had made itself ready between its look and its act.
    Ready(u64),
    /// The value was missing, and was computed and put there.
    Computed(u64),
    /// The value was there at the look and gone at the act: Python's `KeyError`.
    Missing,
    /// The value was missing at the look, and had been computed by somebody else at the act.
    Duplicate(u64),
    /// A value was deleted.
    Deleted,
    /// There was nothing to delete.
    Nothing,
}

/// How often each came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Values used.
    pub used: u64,
    /// Values computed and put there, duplicates included.
    pub computed: u64,
    /// Uses that found nothing where there had been something.
    pub missing: u64,
    /// Values computed twice.
    pub duplicates: u64,
    /// Values deleted.
    pub deleted: u64,
    /// Deletions that found nothing.
    pub nothing: u64,
    /// Wrapping sum of the values that operations got.
    pub sum: u64,
    /// Wrapping sum of the values that were put there, less those that were deleted.
    pub balance: u64,
}

/// What the clients do, and what look-ups must get.
#[derive(Debug)]
pub struct Requests {
    scripts: Vec<Vec<Op>>,
    lookups: u64,
    deletions: u64,
    sum: u64,
}

impl Workload for CheckThenAct {
    const ID: &'static str = "check-then-act";
    const ABOUT: &'static str = "look a key up, then use it or compute it, while others delete it: a cache";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "ops", domain: Domain::Integer { min: 0, max: 1 << 24 }, about: "operations of each client" },
        Knob { id: "keys", domain: Domain::Integer { min: 1, max: 1 << 20 }, about: "different keys" },
        Knob {
            id: "deletes",
            domain: Domain::Integer { min: 0, max: 100 },
            about: "deletions in a hundred operations",
        },
        Knob {
            id: "work",
            domain: Domain::Integer { min: 0, max: 1 << 20 },
            about: "squares to make a value that is missing, or to use one that is there",
        },
    ];
    const PRESETS: &'static [Preset] = &[
        Preset { id: "hot", knobs: &[("keys", "1")] },
        Preset { id: "costly", knobs: &[("work", "5000"), ("ops", "500")] },
    ];
    type Input = Requests;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { ops: 200, keys: 8, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { ops: 200_000, ..Self::default() },
        }
    }

    fn input(&self, seed: u64, clients: usize) -> Requests {
        let op = |client: u64, index| {
            let random = nth(seed ^ (client << 40), index);
            Op { key: (random >> 32) % self.keys, deletes: (random & 0xFFFF_FFFF) % 100 < self.deletes }
        };
        let script = |client| (0..self.ops).map(|index| op(client, index)).collect();
        let scripts: Vec<Vec<Op>> = (0..clients as u64).map(script).collect();
        let mut requests = Requests { scripts, lookups: 0, deletions: 0, sum: 0 };
        for op in requests.scripts.iter().flatten() {
            if op.deletes {
                requests.deletions += 1;
            } else {
                requests.lookups += 1;
                requests.sum = requests.sum.wrapping_add(mix(op.key));
            }
        }
        requests
    }
}

impl CheckThenAct {
    /// What belongs to a key, and takes its time.
    #[inline]
    fn value(&self, key: u64) -> u64 {
        self.pause();
        mix(key)
    }

    #[inline]
    fn pause(&self) {
        work(self.work);
    }
}

impl SharedState for CheckThenAct {
    type Key = u64;
    type Value = u64;
    type Op = Op;
    type Reply = Reply;
    type Tally = Seen;

    const USES: Uses = Uses { reads: false, pairs: false, audits: false, asks: true, inserts: true };
    const COUNTERS: Form<Counters<Self>> = Form::Lacks("its entries come and go; a counter is always there");
    const MERGE: Form<fn(&Self, &mut u64, u64)> = Form::Lacks("a private cache would compute what is there already");
    const FIXED: Form<Fixed<Self>> = Form::Has(Fixed {
        slots: |workload| workload.keys as usize,
        slot: |_, key| key as usize,
        key: |_, slot| slot as u64,
        pack: |value| *value,
        unpack: |word| word,
    });
    const ONCE: Form<Once<Self>> = Form::Has(Once {
        wants: |_, op| !op.deletes,
        compute: |workload, op| workload.value(op.key),
        reply: |_, _, met| match met {
            Met::Found(value) => Reply::Found(*value),
            Met::Computed(value) => Reply::Computed(*value),
            Met::Removed => Reply::Deleted,
            Met::Nothing => Reply::Nothing,
        },
    });
    const APART: Form<Apart<Self>> = Form::Has(Apart {
        make: |workload, op, seen| match seen {
            _ if op.deletes => None,
            Some(_) => {
                workload.pause();
                None
            }
            None => Some(workload.value(op.key)),
        },
        act: |_, op, seen, made, entry| match made {
            _ if op.deletes => entry.take().map_or(Reply::Nothing, |_| Reply::Deleted),
            Some(value) => entry.put(value).map_or(Reply::Computed(value), |_| Reply::Duplicate(value)),
            None => {
                debug_assert!(seen, "something is made where nothing was seen");
                entry.get().map_or(Reply::Missing, |value| Reply::Ready(*value))
            }
        },
    });

    fn initial(&self, _: &Requests) -> Vec<(u64, u64)> {
        // Every other one.
        (0..self.keys).step_by(2).map(|key| (key, mix(key))).collect()
    }

    fn script<'i>(&self, input: &'i Requests, client: usize) -> &'i [Op] {
        &input.scripts[client]
    }

    #[inline]
    fn access(&self, op: &Op) -> Access<u64> {
        Access::Write(op.key)
    }

    fn read(&self, op: &Op, _: Option<&u64>) -> Reply {
        panic!("{op:?} may write")
    }

    #[inline]
    fn write(&self, op: &Op, mut entry: impl Entry<u64>) -> Reply {
        if op.deletes {
            return entry.take().map_or(Reply::Nothing, |_| Reply::Deleted);
        }
        match entry.get() {
            Some(value) => Reply::Found(*value),
            None => {
                let value = self.value(op.key);
                entry.put(value);
                Reply::Computed(value)
            }
        }
    }

    #[inline]
    fn observe(&self, tally: &mut Seen, op: &Op, reply: Reply) -> Option<Op> {
        let (count, value) = match reply {
            Reply::Found(value) => {
                self.pause();
                (&mut tally.used, value)
            }
            Reply::Ready(value) => (&mut tally.used, value),
            Reply::Computed(value) => {
                tally.balance = tally.balance.wrapping_add(value);
                (&mut tally.computed, value)
            }
            Reply::Missing => (&mut tally.missing, 0),
            Reply::Duplicate(value) => {
                tally.computed += 1;
                (&mut tally.duplicates, value)
            }
            Reply::Deleted => {
                tally.balance = tally.balance.wrapping_sub(mix(op.key));
                (&mut tally.deleted, 0)
            }
            Reply::Nothing => (&mut tally.nothing, 0),
        };
        *count += 1;
        tally.sum = tally.sum.wrapping_add(value);
        None
    }

    fn merge_tally(&self, into: &mut Seen, other: Seen) {
        into.used += other.used;
        into.computed += other.computed;
        into.missing += other.missing;
        into.duplicates += other.duplicates;
        into.deleted += other.deleted;
        into.nothing += other.nothing;
        into.sum = into.sum.wrapping_add(other.sum);
        into.balance = into.balance.wrapping_add(other.balance);
    }

    /// What holds for every order of whole operations: each look-up got its value, no value was computed while it was
    /// there, and what was put there was deleted or is there.
    fn verify(&self, input: &Requests, answer: &Answer<Self>) -> Result<(), Wrong> {
        let Seen { used, computed, missing, duplicates, deleted, nothing, sum, balance } = answer.tally;
        let Requests { lookups, deletions, .. } = *input;
        if used + computed + missing != lookups || deleted + nothing != deletions {
            return Err(format!("{lookups} look-ups and {deletions} deletions: {:?}", answer.tally).into());
        }
        if missing + duplicates > 0 {
            return Err(Wrong::operations(
                lookups,
                "look-ups",
                &[("missing_keys", missing), ("duplicate_computations", duplicates)],
            ));
        }
        if sum != input.sum {
            return Err("a look-up got another key's value".into());
        }
        let left = answer.entries.len() as u64;
        // Of each key, in the sum: what was there and what was put there was deleted or is there.
        let total = |entries: &[(u64, u64)]| entries.iter().fold(0_u64, |sum, (_, value)| sum.wrapping_add(*value));
        let due = total(&self.initial(input)).wrapping_add(balance);
        if self.keys.div_ceil(2) + computed != deleted + left || due != total(&answer.entries) {
            return Err(format!("{left} values are left: {:?}", answer.tally).into());
        }
        match answer.entries.iter().find(|(key, value)| *key >= self.keys || *value != mix(*key)) {
            None => Ok(()),
            Some((key, value)) => Err(format!("key {key} holds {value}").into()),
        }
    }

    /// What is left depends on who came first; how many looked up and deleted, and what they got, does not.
    fn fingerprint(&self, answer: &Answer<Self>) -> Option<serde_json::Value> {
        let Seen { used, computed, deleted, nothing, sum, .. } = answer.tally;
        Some(vec![used + computed, deleted + nothing, sum].into())
    }
}

#[cfg(test)]
mod tests {
    use patterns::shared_state::{State, Torn};

    use super::*;

    const CACHE: CheckThenAct = CheckThenAct { ops: 300, keys: 5, deletes: 30, work: 0 };

    /// One operation after the other, of all clients in turn; or each look before, and each act after, another's operation.
    fn run(input: &Requests, torn: bool) -> Answer<CheckThenAct> {
        let mut state = State::<CheckThenAct>::new(CACHE.initial(input));
        let mut tally = Seen::default();
        for at in 0..input.scripts[0].len() {
            if torn {
                let begin =
                    |script: &Vec<Op>, state: &mut _| Torn::begin(&CACHE, &script[at], state).expect("no audit");
                let begun: Vec<_> = input.scripts.iter().map(|script| begin(script, &mut state)).collect();
                for (script, mut torn) in input.scripts.iter().zip(begun) {
                    torn.gap(&CACHE, &script[at]);
                    let reply = torn.finish(&CACHE, &script[at], &mut state);
                    CACHE.observe(&mut tally, &script[at], reply);
                }
            } else {
                for script in &input.scripts {
                    let reply = state.apply(&CACHE, &script[at]);
                    CACHE.observe(&mut tally, &script[at], reply);
                }
            }
        }
        Answer::new(state.into_entries(), tally)
    }

    #[test]
    fn whole_operations_are_right_and_torn_ones_are_not() {
        let input = CACHE.input(7, 3);
        assert_eq!(CACHE.verify(&input, &run(&input, false)), Ok(()));
        let wrong = CACHE.verify(&input, &run(&input, true)).unwrap_err();
        assert!(wrong.faults.iter().all(|(_, times)| *times > 0), "{wrong:?}");
        assert_eq!(
            wrong.faults.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
            ["missing_keys", "duplicate_computations"]
        );
    }

    #[test]
    fn torn_apart_and_alone_it_is_what_it_is_whole() {
        let input = CACHE.input(7, 1);
        assert_eq!(run(&input, true).tally, run(&input, false).tally);
    }

    #[test]
    fn what_is_computed_twice_unseen_and_what_is_left_are_noticed() {
        let input = CACHE.input(7, 2);
        let mut answer = run(&input, false);
        answer.tally.computed += 1;
        answer.tally.used -= 1;
        assert!(CACHE.verify(&input, &answer).unwrap_err().message.contains("left"));
        // One too many of a key, one too few of another.
        let mut answer = run(&input, false);
        answer.tally.balance = answer.tally.balance.wrapping_add(mix(1)).wrapping_sub(mix(2));
        assert!(CACHE.verify(&input, &answer).unwrap_err().message.contains("left"));
        let mut answer = run(&input, false);
        answer.tally.sum += 1;
        assert!(CACHE.verify(&input, &answer).unwrap_err().message.contains("another key"));
        let mut answer = run(&input, false);
        if let Some((_, value)) = answer.entries.first_mut() {
            *value += 1;
        }
        assert!(CACHE.verify(&input, &answer).is_err());
    }
}

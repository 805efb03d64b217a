//! Operations of shared state are data: the same ones go through a lock, a message or a hand-made interleaving, and the
//! oracle knows from the outcome whether they were carried out whole.

mod bank;

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use bank::{Bank, Banking, Sums};
use patterns::probe::{Observed, Recorder};
use patterns::shared_state::{Access, Answer, Counters, Entry, Evidence, State, Uses, client};
use patterns::{Form, Job, Probe, SharedState, Silent, Units, Workload, Wrong, job, team};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const CLIENTS: [usize; 3] = [1, 2, 7];

/// Clients look a key up and then use it, while others delete and insert it: each operation is whole, the two together
/// are not. How often that went wrong is what the tally counts, and it is no wrong answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct CheckThenAct {
    keys: u8,
    ops: u64,
}

impl Default for CheckThenAct {
    fn default() -> Self {
        Self { keys: 3, ops: 400 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Op {
    Look(u8),
    /// Never in a script: it follows from a look that found something.
    Use(u8),
    Delete(u8),
    Insert(u8),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Reply {
    Found(bool),
    Used,
    Missing,
    /// How often it had been used.
    Deleted(Option<u64>),
    Inserted(bool),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    looks: u64,
    found: u64,
    used: u64,
    missing: u64,
    deleted: u64,
    deleted_uses: u64,
    inserted: u64,
}

impl Workload for CheckThenAct {
    const ID: &'static str = "check-then-act";
    type Input = Vec<Vec<Op>>;

    fn input(&self, seed: u64, clients: usize) -> Self::Input {
        let op = |client: u64, at: u64| {
            let mixed = (seed + client * 7919 + at).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
            let key = (mixed % u64::from(self.keys)) as u8;
            match mixed / 256 % 4 {
                0 => Op::Delete(key),
                1 => Op::Insert(key),
                _ => Op::Look(key),
            }
        };
        (0..clients as u64).map(|client| (0..self.ops).map(|at| op(client, at)).collect()).collect()
    }
}

impl SharedState for CheckThenAct {
    type Key = u8;
    type Value = u64;
    type Op = Op;
    type Reply = Reply;
    type Tally = Seen;

    const USES: Uses = Uses { reads: false, pairs: false, audits: false, asks: true, inserts: true };
    const COUNTERS: Form<Counters<Self>> = Form::Lacks("entries come and go");
    const MERGE: Form<fn(&Self, &mut u64, u64)> = Form::Lacks("a reply decides what comes next");

    fn initial(&self, _: &Self::Input) -> Vec<(u8, u64)> {
        vec![(0, 0)]
    }
    fn script<'i>(&self, input: &'i Self::Input, client: usize) -> &'i [Op] {
        &input[client]
    }
    fn access(&self, op: &Op) -> Access<u8> {
        match *op {
            Op::Look(key) => Access::Read(key),
            Op::Use(key) | Op::Delete(key) | Op::Insert(key) => Access::Write(key),
        }
    }
    fn read(&self, _: &Op, value: Option<&u64>) -> Reply {
        Reply::Found(value.is_some())
    }
    fn write(&self, op: &Op, mut entry: impl Entry<u64>) -> Reply {
        match op {
            Op::Look(_) => panic!("a look writes nothing"),
            Op::Use(_) => match entry.get() {
                Some(uses) => {
                    *uses += 1;
                    Reply::Used
                }
                None => Reply::Missing,
            },
            Op::Delete(_) => Reply::Deleted(entry.take()),
            Op::Insert(_) => {
                let free = entry.get().is_none();
                if free {
                    entry.put(0);
                }
                Reply::Inserted(free)
            }
        }
    }
    fn observe(&self, tally: &mut Seen, op: &Op, reply: Reply) -> Option<Op> {
        match (op, reply) {
            (Op::Look(key), Reply::Found(found)) => {
                tally.looks += 1;
                tally.found += u64::from(found);
                return found.then_some(Op::Use(*key));
            }
            (Op::Use(_), Reply::Used) => tally.used += 1,
            (Op::Use(_), Reply::Missing) => tally.missing += 1,
            (Op::Delete(_), Reply::Deleted(uses)) => {
                tally.deleted += u64::from(uses.is_some());
                tally.deleted_uses += uses.unwrap_or(0);
            }
            (Op::Insert(_), Reply::Inserted(inserted)) => tally.inserted += u64::from(inserted),
            (op, reply) => panic!("{reply:?} to {op:?}"),
        }
        None
    }
    fn merge_tally(&self, into: &mut Seen, other: Seen) {
        into.looks += other.looks;
        into.found += other.found;
        into.used += other.used;
        into.missing += other.missing;
        into.deleted += other.deleted;
        into.deleted_uses += other.deleted_uses;
        into.inserted += other.inserted;
    }
    /// What holds for every order of whole operations.
    fn verify(&self, input: &Self::Input, answer: &Answer<Self>) -> Result<(), Wrong> {
        let seen = &answer.tally;
        let looks = input.iter().flatten().filter(|op| matches!(op, Op::Look(_))).count() as u64;
        let (left, left_uses) = (answer.entries.len() as u64, answer.entries.iter().map(|(_, uses)| uses).sum::<u64>());
        if seen.looks != looks || seen.found != seen.used + seen.missing {
            Err(format!("{looks} looks, each found key used once: {seen:?}").into())
        } else if seen.used != seen.deleted_uses + left_uses {
            Err(Wrong::updates(seen.used, seen.deleted_uses + left_uses))
        } else if 1 + seen.inserted != seen.deleted + left {
            Err(format!("{left} keys are left: {seen:?}").into())
        } else {
            Ok(())
        }
    }
}

/// One lock, N clients on as many threads.
fn behind_a_lock<W: SharedState, P: Probe>(job: &Job<W>, clients: usize) -> (Vec<(Evidence<W>, Observed)>, State<W>) {
    let store = Mutex::new(State::new(job.workload.initial(&job.input)));
    let work = |who, ()| {
        Ok(client::<W, P>(job, who, |op, probe| {
            let lock = || store.lock().unwrap_or_else(PoisonError::into_inner);
            let mut state = probe.acquire(|| store.try_lock().ok(), lock);
            probe.hold(|| state.apply(&job.workload, op))
        }))
    };
    let mut all = Vec::new();
    let workers = NonZeroUsize::new(clients).expect("at least one client");
    team(workers, work, |team| {
        all = team.run(|_| ())?;
        Ok(())
    })
    .expect("no client panics");
    (all, store.into_inner().unwrap_or_else(PoisonError::into_inner))
}

#[test]
fn money_moves_and_none_is_lost() {
    for clients in CLIENTS {
        let job = job(Bank::default(), 42, clients);
        let (evidence, state) = behind_a_lock::<Bank, Silent>(&job, clients);
        let operations: u64 = evidence.iter().map(|(evidence, _)| evidence.operations).sum();
        let done = Evidence::done(&job.workload, evidence, state.into_entries(), Units::default());
        assert_eq!(job.workload.verify(&job.input, &done.answer), Ok(()), "{clients} clients");
        assert_eq!((done.steps, operations), (300 * clients as u64, 300 * clients as u64));
    }
}

#[test]
fn the_bank_finds_what_went_wrong() {
    let job = job(Bank::default(), 42, 2);
    let done = || {
        let (evidence, state) = behind_a_lock::<Bank, Silent>(&job, 2);
        Evidence::done(&job.workload, evidence, state.into_entries(), Units::default()).answer
    };

    let mut torn = done();
    torn.tally = Sums::from([(job.workload.total(), 59), (job.workload.total() - 5, 1)]);
    assert!(job.workload.verify(&job.input, &torn).unwrap_err().message.contains("60 audits should find 1100"));

    let mut swapped = done(); // the sum is right, the accounts are not
    swapped.entries[0].1 += 1;
    swapped.entries[1].1 -= 1;
    assert!(job.workload.verify(&job.input, &swapped).is_err());
}

#[test]
fn looking_up_and_using_are_two_operations() {
    for clients in CLIENTS {
        let job = job(CheckThenAct::default(), 42, clients);
        let (evidence, state) = behind_a_lock::<CheckThenAct, Silent>(&job, clients);
        let operations: u64 = evidence.iter().map(|(evidence, _)| evidence.operations).sum();
        let done = Evidence::done(&job.workload, evidence, state.into_entries(), Units::default());
        let seen = &done.answer.tally;
        assert_eq!(job.workload.verify(&job.input, &done.answer), Ok(()), "{clients} clients");
        assert_eq!(done.steps, 400 * clients as u64, "a follow-up is no step of the script");
        assert_eq!(operations, done.steps + seen.found, "and yet it is carried out");
        assert!(seen.used > 0 && seen.deleted > 0 && seen.inserted > 0, "the script covers all: {seen:?}");
        if clients == 1 {
            assert_eq!(seen.missing, 0, "nobody came in between");
        }
    }
}

/// The interleaving that no test may wait for, by hand: found by one client, deleted by another, used by the first.
#[test]
fn a_key_that_goes_between_look_and_use_is_counted() {
    let workload = CheckThenAct::default();
    let mut state = State::<CheckThenAct>::new([(1, 0)]);
    let (mut first, mut second) = (Evidence::empty(), Evidence::empty());

    let found = state.apply(&workload, &Op::Look(1));
    let follow_up = first.note(&workload, &Op::Look(1), found);
    let deleted = state.apply(&workload, &Op::Delete(1));
    assert_eq!(second.note(&workload, &Op::Delete(1), deleted), None);
    assert_eq!(follow_up, Some(Op::Use(1)));
    let missing = state.apply(&workload, &Op::Use(1));
    assert_eq!(first.note(&workload, &Op::Use(1), missing), None);

    assert_eq!((first.tally.found, first.tally.used, first.tally.missing), (1, 0, 1));
    assert_eq!(second.tally.deleted, 1);
}

fn round_trip<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let self_describing = serde_json::to_string(value).expect("serializes");
    let read: T = serde_json::from_str(&self_describing).expect("deserializes");
    postcard::from_bytes(&postcard::to_stdvec(&read).expect("serializes")).expect("deserializes")
}

/// The same script, each operation and reply through bytes, as an owner in another process gets them.
#[test]
fn operations_replies_and_evidence_survive_the_way_to_another_process() {
    fn check<W: SharedState>(workload: W)
    where
        W::Op: PartialEq + std::fmt::Debug,
        W::Tally: PartialEq + std::fmt::Debug,
    {
        let job = job(workload, 42, 1);
        let mut there = Bytes::<W> { workload: round_trip(&job.workload), state: State::new(initial(&job)) };
        let (remote, _) = client::<W, Silent>(&job, 0, |op, _| there.apply(op));
        let mut here = State::new(initial(&job));
        let (local, _) = client::<W, Silent>(&job, 0, |op, _| here.apply(&job.workload, op));
        assert_eq!(round_trip(&remote).tally, local.tally);
        assert_eq!((remote.steps, remote.operations), (local.steps, local.operations));
        let print = |state: State<W>, evidence| {
            let done = Evidence::done(&job.workload, [evidence], state.into_entries(), Units::default());
            job.workload.fingerprint(&done.answer).expect("entries can be digested")
        };
        let far = print(there.state, (remote, Observed::default()));
        assert_eq!(far, print(here, (local, Observed::default())));
        assert!(job.workload.script(&job.input, 0).iter().all(|op| round_trip(op) == *op));
    }
    check(Bank::default());
    check(CheckThenAct::default());
}

/// An owner that gets operations and gives replies as bytes.
struct Bytes<W: SharedState> {
    workload: W,
    state: State<W>,
}

impl<W: SharedState> Bytes<W> {
    fn apply(&mut self, op: &W::Op) -> W::Reply {
        round_trip(&self.state.apply(&self.workload, &round_trip(op)))
    }
}

fn initial<W: SharedState>(job: &Job<W>) -> Vec<(W::Key, W::Value)> {
    round_trip(&job.workload.initial(&job.input))
}

/// A workload whose operations are steps through an entry, so that a store's entry can be tried from outside.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Steps;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    Get,
    Put(u64),
    Take,
}

impl Workload for Steps {
    const ID: &'static str = "steps";
    type Input = ();
    fn input(&self, _seed: u64, _clients: usize) {}
}

impl SharedState for Steps {
    type Key = u8;
    type Value = u64;
    type Op = Vec<Step>;
    type Reply = Vec<Option<u64>>;
    type Tally = ();

    const USES: Uses = Uses { reads: false, pairs: false, audits: false, asks: false, inserts: false };
    const COUNTERS: Form<Counters<Self>> = Form::Lacks("an example");
    const MERGE: Form<fn(&Self, &mut u64, u64)> = Form::Lacks("an example");

    fn initial(&self, (): &()) -> Vec<(u8, u64)> {
        Vec::new()
    }
    fn script<'i>(&self, (): &'i (), _client: usize) -> &'i [Vec<Step>] {
        &[]
    }
    fn access(&self, _: &Vec<Step>) -> Access<u8> {
        Access::Write(0)
    }
    fn read(&self, _: &Vec<Step>, _: Option<&u64>) -> Self::Reply {
        Vec::new()
    }
    fn write(&self, steps: &Vec<Step>, mut entry: impl Entry<u64>) -> Self::Reply {
        let step = |step: &Step| match *step {
            Step::Get => entry.get().copied(),
            Step::Put(value) => entry.put(value),
            Step::Take => entry.take(),
        };
        steps.iter().map(step).collect()
    }
    fn verify(&self, (): &(), _: &Answer<Self>) -> Result<(), Wrong> {
        Ok(())
    }
}

/// What the steps reply and leave behind, in a map's entry.
fn in_a_map(before: Option<u64>, steps: &[Step]) -> (Vec<Option<u64>>, Option<u64>) {
    let mut state = State::<Steps>::new(before.map(|value| (0, value)));
    let replies = state.apply(&Steps, &steps.to_vec());
    (replies, state.into_entries().pop().map(|(_, value)| value))
}

/// The same in a plain `Option`, which is what a store without entries of its own hands out.
fn in_an_option(before: Option<u64>, steps: &[Step]) -> (Vec<Option<u64>>, Option<u64>) {
    let mut slot = before;
    let replies = Steps.write(&steps.to_vec(), &mut slot);
    (replies, slot)
}

#[test]
fn an_entry_gets_puts_and_takes_in_a_map_as_in_an_option() {
    use Step::{Get, Put, Take};
    type Case<'c> = (Option<u64>, &'c [Step], &'c [Option<u64>], Option<u64>);
    let cases: [Case<'_>; 8] = [
        (None, &[Get], &[None], None),
        (Some(1), &[Get], &[Some(1)], Some(1)),
        (None, &[Put(2), Get], &[None, Some(2)], Some(2)),
        (Some(1), &[Put(2), Put(3), Get], &[Some(1), Some(2), Some(3)], Some(3)),
        (Some(1), &[Take, Get, Take], &[Some(1), None, None], None),
        (None, &[Take, Get], &[None, None], None),
        (None, &[Take, Put(4)], &[None, None], Some(4)), // nothing was taken, so that this is an insertion
        (Some(1), &[Put(2), Take], &[Some(1), Some(2)], None),
    ];
    for (before, steps, replies, after) in cases {
        let expected = (replies.to_vec(), after);
        assert_eq!(in_a_map(before, steps), expected, "{steps:?} from {before:?} in a map");
        assert_eq!(in_an_option(before, steps), expected, "{steps:?} from {before:?} in an option");
    }
}

#[test]
fn a_map_changes_values_in_place() {
    let mut state = State::<CheckThenAct>::new([(1, 5)]);
    assert_eq!(state.apply(&CheckThenAct::default(), &Op::Use(1)), Reply::Used);
    assert_eq!(state.into_entries(), [(1, 6)]);
}

#[test]
#[should_panic(expected = "an entry that was taken cannot be filled again")]
fn a_map_entry_that_was_taken_cannot_be_filled() {
    in_a_map(Some(1), &[Step::Take, Step::Put(2)]);
}

#[test]
fn an_option_that_was_taken_can_be_filled() {
    assert_eq!(in_an_option(Some(1), &[Step::Take, Step::Put(2)]), (vec![Some(1), None], Some(2)));
}

#[test]
#[should_panic(expected = "a write under a read lock")]
fn a_peek_cannot_write() {
    State::<CheckThenAct>::new([(1, 0)]).peek(&CheckThenAct::default(), &Op::Use(1));
}

#[test]
#[should_panic(expected = "check-then-act issued a pair, which its USES denies")]
fn a_pair_that_uses_denies_is_named() {
    CheckThenAct::default().write_pair(&Op::Use(1), [None, None]);
}

#[test]
#[should_panic(expected = "check-then-act issued an audit, which its USES denies")]
fn an_audit_that_uses_denies_is_named() {
    CheckThenAct::default().audit(&Op::Use(1), &mut std::iter::empty());
}

/// A pair of which one account does not exist: pairs neither insert nor remove, so that the workload sees the gap.
#[test]
#[should_panic(expected = "no pair: Transfer")]
fn a_pair_shows_what_is_missing() {
    let mut state = State::<Bank>::new([(0, 1)]);
    state.apply(&Bank::default(), &Banking::Transfer { from: 0, to: 9, amount: 1 });
}

/// What `local-merge` and `fold-reduce` do with parts: common keys are merged, others moved.
#[test]
fn parts_merge() {
    let mut all = State::<Steps>::new([(1, 10), (2, 20)]);
    all.merge(&Steps, |_, into, other| *into += other, [(2, 2), (3, 3)]);
    let mut entries = all.into_entries();
    entries.sort_unstable();
    assert_eq!(entries, [(1, 10), (2, 22), (3, 3)]);
}

#[test]
fn a_recorder_sees_one_lock_an_operation() {
    for clients in CLIENTS {
        let job = job(CheckThenAct::default(), 42, clients);
        let (evidence, _) = behind_a_lock::<CheckThenAct, Recorder>(&job, clients);
        let each: Vec<u64> = evidence.iter().map(|(evidence, _)| evidence.operations).collect();
        let done = Evidence::done(&job.workload, evidence, Vec::new(), Units::default());
        assert_eq!(done.observed.operations, each);
        assert_eq!(done.observed.acquisitions, each.iter().sum::<u64>(), "{clients} clients");
        if clients == 1 {
            assert_eq!(done.observed.contended, 0);
        }
        assert!(done.observed.contended <= done.observed.acquisitions);
    }
}

#[test]
fn a_silent_probe_sees_nothing() {
    let job = job(CheckThenAct::default(), 42, 2);
    let (evidence, _) = behind_a_lock::<CheckThenAct, Silent>(&job, 2);
    assert!(evidence.iter().all(|(_, observed)| *observed == Observed::default()));
    assert_eq!(size_of::<Silent>(), 0);
}

#[test]
fn a_lock_somebody_holds_is_contended() {
    let mut probe = Recorder::default();
    assert_eq!(probe.acquire(|| Some("at once"), || "later"), "at once");
    assert_eq!(probe.acquire(|| None, || "later"), "later");
    let seen = probe.observed(2);
    assert_eq!((seen.acquisitions, seen.contended, seen.operations), (2, 1, vec![2]));
}

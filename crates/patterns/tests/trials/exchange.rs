//! Clients that do everything an operation can be: told and asked, reads, follow-ups, removals, and where it is `WHOLE`
//! pairs and audits. Some entries are accounts, whose sum never changes; the others are jars that are filled and emptied.

use patterns::shared_state::{Access, Answer, Counters, Entry, Uses};
use patterns::{Form, Job, SharedState, Workload, Wrong};
use serde::{Deserialize, Serialize};

pub(super) const STEPS: u64 = 100;
const ACCOUNTS: u64 = 4;
const TOTAL: i64 = 1000 * ACCOUNTS as i64;
const JARS: u64 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Side {
    Client,
    Store,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Exchange<const WHOLE: bool> {
    /// Where the first client's script makes somebody panic.
    pub(super) fault: Option<Side>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Op {
    /// Asked: what is in a jar; and then one is put into it.
    Look(u64),
    /// Told: one into a jar, which is made if it is not there.
    Fill(u64),
    /// Asked: a jar is taken away with what is in it.
    Take(u64),
    /// Told: one from an account to another.
    Move(u64, u64),
    /// Asked: the sum of all accounts.
    Audit,
    /// Asked: a panic before the operation or in it.
    Break,
}

/// An account, or a jar.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Value {
    Account(i64),
    Jar(i64),
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Tally {
    taken: i64,
    torn_audits: u64,
}

impl<const WHOLE: bool> Exchange<WHOLE> {
    /// Messages of one client where each operation is one and each reply another: 60 are told and 60 asked where it is
    /// whole, 80 and 60 where looks and fills stand for pairs and audits.
    pub(super) const MESSAGES: u64 = if WHOLE { 60 + 2 * 60 } else { 80 + 2 * 60 };
}

impl<const WHOLE: bool> Workload for Exchange<WHOLE> {
    const ID: &'static str = "exchange";
    type Input = Vec<Vec<Op>>;

    fn input(&self, _: u64, clients: usize) -> Vec<Vec<Op>> {
        let op = |client: u64, at: u64| match (at % 5, ACCOUNTS + (client + at) % JARS) {
            _ if self.fault.is_some() && (client, at) == (0, STEPS / 2) => Op::Break,
            (0, jar) => Op::Look(jar),
            (1, jar) => Op::Fill(jar),
            (2, jar) => Op::Take(jar),
            (3, _) if WHOLE => Op::Move(at % ACCOUNTS, (at + 1 + client % 3) % ACCOUNTS),
            (4, _) if WHOLE => Op::Audit,
            (3, jar) => Op::Fill(jar),
            (_, jar) => Op::Look(jar),
        };
        (0..clients as u64).map(|client| (0..STEPS).map(|at| op(client, at)).collect()).collect()
    }
}

impl<const WHOLE: bool> SharedState for Exchange<WHOLE> {
    type Key = u64;
    type Value = Value;
    type Op = Op;
    type Reply = i64;
    type Tally = Tally;

    const USES: Uses = Uses { reads: true, pairs: WHOLE, audits: WHOLE, asks: true, inserts: true };
    const COUNTERS: Form<Counters<Self>> = Form::Lacks("jars are taken away");
    const MERGE: Form<fn(&Self, &mut Value, Value)> = Form::Lacks("jars are taken away");

    fn initial(&self, _: &Self::Input) -> Vec<(u64, Value)> {
        (0..ACCOUNTS).map(|account| (account, Value::Account(TOTAL / ACCOUNTS as i64))).collect()
    }
    fn script<'i>(&self, input: &'i Self::Input, client: usize) -> &'i [Op] {
        &input[client]
    }
    fn access(&self, op: &Op) -> Access<u64> {
        match *op {
            Op::Look(jar) => Access::Read(jar),
            Op::Fill(jar) | Op::Take(jar) => Access::Write(jar),
            Op::Move(from, to) => Access::Pair(from, to),
            Op::Audit => Access::Audit,
            Op::Break => Access::Write(ACCOUNTS),
        }
    }
    fn asks(&self, op: &Op) -> bool {
        !matches!(op, Op::Fill(_) | Op::Move(..))
    }
    fn prepare(&self, op: &Op) {
        assert!(!matches!((op, self.fault), (Op::Break, Some(Side::Client))), "as told");
    }
    fn read(&self, _: &Op, value: Option<&Value>) -> i64 {
        value.map_or(0, inside)
    }
    fn write(&self, op: &Op, mut entry: impl Entry<Value>) -> i64 {
        match (op, entry.get()) {
            (Op::Break, _) => panic!("as told"),
            (Op::Take(_), _) => entry.take().as_ref().map_or(0, inside),
            (_, Some(Value::Account(held) | Value::Jar(held))) => {
                *held += 1;
                *held
            }
            (_, None) => entry.put(Value::Jar(1)).as_ref().map_or(0, inside),
        }
    }
    fn write_pair(&self, _: &Op, pair: [Option<&mut Value>; 2]) -> i64 {
        let [Some(Value::Account(from)), Some(Value::Account(to))] = pair else { panic!("an account is gone") };
        *from -= 1;
        *to += 1;
        0
    }
    fn audit(&self, _: &Op, all: &mut dyn Iterator<Item = &Value>) -> i64 {
        all.filter(|value| matches!(value, Value::Account(_))).map(inside).sum()
    }
    fn observe(&self, tally: &mut Tally, op: &Op, reply: i64) -> Option<Op> {
        match *op {
            Op::Look(jar) => return Some(Op::Fill(jar)),
            Op::Take(_) => tally.taken += reply,
            Op::Audit => tally.torn_audits += u64::from(reply != TOTAL),
            _ => panic!("{op:?} was told"),
        }
        None
    }
    fn merge_tally(&self, into: &mut Tally, other: Tally) {
        into.taken += other.taken;
        into.torn_audits += other.torn_audits;
    }
    fn verify(&self, _: &Self::Input, _: &Answer<Self>) -> Result<(), Wrong> {
        Ok(())
    }
}

fn inside(value: &Value) -> i64 {
    let (Value::Account(held) | Value::Jar(held)) = value;
    *held
}

/// The oracle: accounts have what they had together, and what was put into jars was taken or is there.
pub(super) fn verify<const WHOLE: bool>(job: &Job<Exchange<WHOLE>>, answer: &Answer<Exchange<WHOLE>>, id: &str) {
    let sum = |accounts: bool| {
        let wanted = |value: &&Value| matches!(value, Value::Account(_)) == accounts;
        answer.entries.iter().map(|(_, value)| value).filter(wanted).map(inside).sum::<i64>()
    };
    assert_eq!(sum(true), TOTAL, "{id}");
    assert_eq!(answer.tally.torn_audits, 0, "{id}");
    let fills = |op: &&Op| matches!(op, Op::Fill(_) | Op::Look(_));
    let filled = job.input.iter().flatten().filter(fills).count() as i64;
    assert_eq!(sum(false) + answer.tally.taken, filled, "{id}");
}

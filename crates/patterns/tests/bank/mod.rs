//! `Bank`: money moves between accounts, two keys at once, and audits see all of them at one moment.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use patterns::shared_state::{Access, Answer, Counters, Entry, Uses};
use patterns::{Form, SharedState, Workload, Wrong};
use serde::{Deserialize, Serialize};

/// Money moves between accounts, two keys at once; audits see all of them at one moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Bank {
    pub(crate) accounts: u32,
    pub(crate) transfers: u64,
    pub(crate) audit_every: u64,
}

impl Default for Bank {
    fn default() -> Self {
        Self { accounts: 11, transfers: 300, audit_every: 10 }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Banking {
    Transfer { from: u32, to: u32, amount: i64 },
    Audit,
}

/// The sums that audits found, and how often.
pub(crate) type Sums = BTreeMap<i64, u64>;

impl Workload for Bank {
    const ID: &'static str = "bank";
    type Input = Vec<Vec<Banking>>;

    fn input(&self, seed: u64, clients: usize) -> Self::Input {
        let accounts = u64::from(self.accounts);
        let op = |client: u64, at: u64| {
            if at.is_multiple_of(self.audit_every) {
                return Banking::Audit;
            }
            let mixed = (seed + client * 7919 + at).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let (from, step) = (mixed % accounts, 1 + (mixed >> 32) % (accounts - 1));
            let to = (from + step) % accounts;
            Banking::Transfer { from: from as u32, to: to as u32, amount: (mixed >> 20) as i64 & 0xFF }
        };
        (0..clients as u64).map(|client| (0..self.transfers).map(|at| op(client, at)).collect()).collect()
    }
}

impl Bank {
    const OPENING: i64 = 100;

    pub(crate) fn total(&self) -> i64 {
        Self::OPENING * i64::from(self.accounts)
    }
}

impl SharedState for Bank {
    type Key = u32;
    type Value = i64;
    type Op = Banking;
    type Reply = i64;
    type Tally = Sums;

    const USES: Uses = Uses { reads: false, pairs: true, audits: true, asks: true, inserts: false };
    const COUNTERS: Form<Counters<Self>> = Form::Lacks("a transfer changes two accounts at once");
    const MERGE: Form<fn(&Self, &mut i64, i64)> = Form::Lacks("an audit sees all accounts at one moment");

    fn initial(&self, _: &Self::Input) -> Vec<(u32, i64)> {
        (0..self.accounts).map(|account| (account, Self::OPENING)).collect()
    }
    fn script<'i>(&self, input: &'i Self::Input, client: usize) -> &'i [Banking] {
        &input[client]
    }
    fn access(&self, op: &Banking) -> Access<u32> {
        match *op {
            Banking::Transfer { from, to, .. } => Access::Pair(from, to),
            Banking::Audit => Access::Audit,
        }
    }
    fn asks(&self, op: &Banking) -> bool {
        *op == Banking::Audit
    }
    fn read(&self, op: &Banking, _: Option<&i64>) -> i64 {
        panic!("{op:?} reads no single account")
    }
    fn write(&self, op: &Banking, _: impl Entry<i64>) -> i64 {
        panic!("{op:?} writes no single account")
    }
    fn write_pair(&self, op: &Banking, pair: [Option<&mut i64>; 2]) -> i64 {
        let (Banking::Transfer { amount, .. }, [Some(from), Some(to)]) = (op, pair) else { panic!("no pair: {op:?}") };
        *from -= amount;
        *to += amount;
        0
    }
    fn audit(&self, _: &Banking, all: &mut dyn Iterator<Item = &i64>) -> i64 {
        all.sum()
    }
    fn observe(&self, tally: &mut Sums, _: &Banking, sum: i64) -> Option<Banking> {
        tally.entry(sum).or_default().add_assign(1);
        None
    }
    fn merge_tally(&self, into: &mut Sums, other: Sums) {
        other.into_iter().for_each(|(sum, times)| into.entry(sum).or_default().add_assign(times));
    }
    fn verify(&self, input: &Self::Input, answer: &Answer<Self>) -> Result<(), Wrong> {
        let audits = input.iter().flatten().filter(|op| **op == Banking::Audit).count() as u64;
        if answer.tally != Sums::from([(self.total(), audits)]) {
            return Err(format!("{audits} audits should find {}: {:?}", self.total(), answer.tally).into());
        }
        // Transfers commute, so that any order is as good as this one.
        let mut right: BTreeMap<u32, i64> = (0..self.accounts).map(|account| (account, Self::OPENING)).collect();
        for op in input.iter().flatten() {
            if let Banking::Transfer { from, to, amount } = op {
                right.entry(*from).and_modify(|balance| *balance -= amount);
                right.entry(*to).and_modify(|balance| *balance += amount);
            }
        }
        let found: BTreeMap<u32, i64> = answer.entries.iter().copied().collect();
        if found == right { Ok(()) } else { Err(format!("{found:?}, not {right:?}").into()) }
    }
}

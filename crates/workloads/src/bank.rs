//! `bank`: transfers between accounts, two entries at once, while audits look at all of them: what a lock round each entry
//! does not make safe by itself.

use patterns::map_reduce::block;
use patterns::shared_state::{Access, Answer, Counters, Entry, Fixed, Split, Uses};
use patterns::{Domain, Form, Knob, Preset, SharedState, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::seeded::{Zipf, nth};

/// `transfers` of all clients together, among `accounts`, and an audit after every `audit-every` of a client.
///
/// Transfers are never refused, so that the balances at the end do not depend on their order: accounts may be overdrawn.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bank {
    /// Number of accounts.
    pub accounts: u64,
    /// Transfers, of all clients together.
    pub transfers: u64,
    /// Exponent of Zipf's law over the accounts: 0 is uniform.
    pub zipf: f64,
    /// Transfers of a client between two audits; 0 for none.
    pub audit_every: u64,
}

impl Default for Bank {
    fn default() -> Self {
        Self { accounts: 1_000, transfers: 50_000, zipf: 0.0, audit_every: 1_000 }
    }
}

/// An operation on accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// Moves an amount from one account to another.
    Transfer {
        /// The account that pays.
        from: u64,
        /// The account that is paid.
        to: u64,
        /// How much.
        amount: i64,
    },
    /// Adds up all accounts. The reply is the sum.
    Audit,
}

/// What audits found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audits {
    /// Audits.
    pub held: u64,
    /// Of those, audits that found another sum than all accounts had at the start.
    pub astray: u64,
}

/// What the clients do, and what must come of it.
#[derive(Debug)]
pub struct Ledger {
    scripts: Vec<Vec<Op>>,
    balances: Vec<i64>,
    audits: u64,
}

/// What every account holds at the start.
const OPENING: i64 = 1_000;

impl Workload for Bank {
    const ID: &'static str = "bank";
    const ABOUT: &'static str = "transfers between accounts, two keys at once, while audits add up all of them";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "accounts", domain: Domain::Integer { min: 2, max: 1 << 20 }, about: "accounts" },
        Knob { id: "transfers", domain: Domain::Integer { min: 0, max: 1 << 26 }, about: "of all clients together" },
        Knob {
            id: "zipf",
            domain: Domain::Real { min: 0.0, max: 4.0 },
            about: "skew: 0 uses all accounts alike, 1 has a hot one",
        },
        Knob {
            id: "audit-every",
            domain: Domain::Integer { min: 0, max: 1 << 26 },
            about: "transfers of a client between two audits; 0 for none",
        },
    ];
    const PRESETS: &'static [Preset] =
        &[Preset { id: "hot", knobs: &[("zipf", "1")] }, Preset { id: "audited", knobs: &[("audit-every", "50")] }];
    type Input = Ledger;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { accounts: 20, transfers: 400, audit_every: 20, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { transfers: 2_000_000, ..Self::default() },
        }
    }

    /// The oracle is here: a replay, in any order.
    fn input(&self, seed: u64, clients: usize) -> Ledger {
        let zipf = Zipf::fine(self.accounts, self.zipf);
        let transfer = |index: u64| {
            let [one, two] = [0, 1].map(|draw| nth(seed, 2 * index + draw));
            let from = zipf.rank(one);
            // Another account: the one drawn, or its neighbour where that is the payer itself.
            let drawn = zipf.rank(two);
            let to = if drawn == from { (drawn + 1) % self.accounts } else { drawn };
            Op::Transfer { from, to, amount: 1 + (one & 0xFF) as i64 }
        };
        let script = |client| {
            let mut ops = Vec::new();
            for (done, index) in block(self.transfers as usize, client, clients).enumerate() {
                ops.push(transfer(index as u64));
                if self.audit_every > 0 && (done as u64 + 1).is_multiple_of(self.audit_every) {
                    ops.push(Op::Audit);
                }
            }
            ops
        };
        let scripts: Vec<Vec<Op>> = (0..clients).map(script).collect();
        let mut ledger = Ledger { scripts, balances: vec![OPENING; self.accounts as usize], audits: 0 };
        for op in ledger.scripts.iter().flatten() {
            match *op {
                Op::Transfer { from, to, amount } => {
                    ledger.balances[from as usize] -= amount;
                    ledger.balances[to as usize] += amount;
                }
                Op::Audit => ledger.audits += 1,
            }
        }
        ledger
    }
}

impl SharedState for Bank {
    type Key = u64;
    type Value = i64;
    type Op = Op;
    type Reply = i64;
    type Tally = Audits;

    const USES: Uses = Uses { reads: false, pairs: true, audits: true, asks: true, inserts: false };
    const COUNTERS: Form<Counters<Self>> = Form::Lacks("a transfer changes two accounts at once");
    const MERGE: Form<fn(&Self, &mut i64, i64)> = Form::Lacks("an audit adds up all accounts of one moment");
    const FIXED: Form<Fixed<Self>> = Form::Has(Fixed {
        slots: |bank| bank.accounts as usize,
        slot: |_, account| account as usize,
        key: |_, slot| slot as u64,
        pack: |balance| balance.cast_unsigned(),
        unpack: u64::cast_signed,
    });
    const SPLIT: Form<Split<Self>> = Form::Has(Split {
        half: |_, op, side, balance| {
            if let Op::Transfer { amount, .. } = op {
                *balance += if side == 0 { -amount } else { *amount };
            }
            0
        },
        join: |_, sum, part| *sum += part,
    });

    fn initial(&self, _: &Ledger) -> Vec<(u64, i64)> {
        (0..self.accounts).map(|account| (account, OPENING)).collect()
    }

    fn script<'i>(&self, input: &'i Ledger, client: usize) -> &'i [Op] {
        &input.scripts[client]
    }

    fn apart(&self) -> Option<&'static str> {
        (self.audit_every == 0)
            .then_some("nobody looks between the halves of a transfer: nothing shows without an audit")
    }

    #[inline]
    fn access(&self, op: &Op) -> Access<u64> {
        match *op {
            Op::Transfer { from, to, .. } => Access::Pair(from, to),
            Op::Audit => Access::Audit,
        }
    }

    #[inline]
    fn asks(&self, op: &Op) -> bool {
        *op == Op::Audit
    }

    fn read(&self, op: &Op, _: Option<&i64>) -> i64 {
        panic!("{op:?} reads no single account")
    }

    fn write(&self, op: &Op, _: impl Entry<i64>) -> i64 {
        panic!("{op:?} writes no single account")
    }

    #[inline]
    fn write_pair(&self, op: &Op, pair: [Option<&mut i64>; 2]) -> i64 {
        let (Op::Transfer { amount, .. }, [Some(from), Some(to)]) = (op, pair) else { panic!("no pair: {op:?}") };
        *from -= amount;
        *to += amount;
        0
    }

    fn audit(&self, _: &Op, all: &mut dyn Iterator<Item = &i64>) -> i64 {
        all.sum()
    }

    fn observe(&self, tally: &mut Audits, _: &Op, sum: i64) -> Option<Op> {
        tally.held += 1;
        tally.astray += u64::from(sum != OPENING * self.accounts as i64);
        None
    }

    fn merge_tally(&self, into: &mut Audits, other: Audits) {
        into.held += other.held;
        into.astray += other.astray;
    }

    fn verify(&self, input: &Ledger, answer: &Answer<Self>) -> Result<(), Wrong> {
        let Audits { held, astray } = answer.tally;
        if held != input.audits {
            return Err(format!("{held} audits, not {}", input.audits).into());
        }
        if astray > 0 {
            return Err(Wrong::operations(held, "audits", &[("torn_audits", astray)]));
        }
        let right = &input.balances;
        if answer.entries.len() != right.len() {
            return Err(format!("{} accounts, not {}", answer.entries.len(), right.len()).into());
        }
        match answer.entries.iter().find(|(account, balance)| right.get(*account as usize) != Some(balance)) {
            None => Ok(()),
            Some((account, balance)) => Err(format!("account {account} holds {balance}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use patterns::shared_state::State;

    use super::*;

    const BANK: Bank = Bank { accounts: 10, transfers: 300, zipf: 1.0, audit_every: 7 };

    fn run(input: &Ledger, tear: bool) -> Answer<Bank> {
        let mut state = State::<Bank>::new(BANK.initial(input));
        let mut tally = Audits::default();
        for op in input.scripts.iter().flatten() {
            if let (true, Op::Transfer { from, to, amount }) = (tear, op) {
                *state.get_mut(from).unwrap() -= amount;
                BANK.observe(&mut tally, &Op::Audit, state.apply(&BANK, &Op::Audit));
                *state.get_mut(to).unwrap() += amount;
            } else {
                let reply = state.apply(&BANK, op);
                if BANK.asks(op) {
                    BANK.observe(&mut tally, op, reply);
                }
            }
        }
        Answer::new(state.into_entries(), tally)
    }

    #[test]
    fn transfers_are_the_same_however_many_share_them_and_have_two_accounts() {
        let transfers = |clients| {
            let input = BANK.input(7, clients);
            input.scripts.into_iter().flatten().filter(|op| *op != Op::Audit).collect::<Vec<_>>()
        };
        let alone = transfers(1);
        assert_eq!(alone.len(), 300);
        assert!([2, 3, 8].iter().all(|clients| transfers(*clients) == alone));
        assert!(alone.iter().all(|op| matches!(op, Op::Transfer { from, to, amount } if from != to && *amount > 0)));
    }

    #[test]
    fn a_torn_transfer_and_a_wrong_balance_are_noticed() {
        let input = BANK.input(7, 3);
        assert_eq!(BANK.verify(&input, &run(&input, false)), Ok(()));
        // Seen between its halves: every transfer is, whatever the audits of the script say.
        let torn = run(&input, true);
        assert_eq!(torn.tally.astray, 300);
        let mut astray = run(&input, false);
        astray.tally.astray = 2;
        let wrong = BANK.verify(&input, &astray).unwrap_err();
        assert_eq!(wrong.faults, [("torn_audits", 2)]);
        let mut off = run(&input, false);
        off.entries[0].1 += 1;
        assert!(BANK.verify(&input, &off).is_err());
        off.entries.pop();
        assert!(BANK.verify(&input, &off).unwrap_err().message.contains("9 accounts"));
    }

    #[test]
    fn halves_make_a_whole() {
        let input = BANK.input(3, 1);
        let split = <Bank as SharedState>::SPLIT.given();
        let mut balances = vec![OPENING; 10];
        for op in &input.scripts[0] {
            if let Op::Transfer { from, to, .. } = op {
                for (side, account) in [from, to].into_iter().enumerate() {
                    (split.half)(&BANK, op, side, &mut balances[*account as usize]);
                }
            }
        }
        let mut entries = run(&input, false).entries;
        entries.sort_unstable();
        assert_eq!(entries, (0..).zip(balances).collect::<Vec<_>>());
    }
}

//! The order of locks, by shuttle: random schedules of clients that lock two shards, or all. The shards are the contract's
//! own, behind a lock of shuttle's parts. Two clients that lock a pair as it is given may each hold what the other waits
//! for, and shuttle finds that; in ascending order nobody does, and no audit sees a transfer half done.
//!
//! Which keys share a shard is drawn anew in every schedule, as in the program.

mod bank;

use std::sync::Arc;

use bank::{Bank, Banking};
use lock_api::{GuardSend, RawMutex};
use patterns::shared_state::{Evidence, Sharded, client};
use patterns::{Job, SharedState, Silent, Units, job};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::sync::{Condvar, Mutex};
use shuttle::{Config, Runner, thread};

const CLIENTS: usize = 3;
/// Few accounts, so that pairs meet; an audit and some transfers each.
const BANK: Bank = Bank { accounts: 4, transfers: 5, audit_every: 5 };
/// Schedules that are tried, of each kind.
const SCHEDULES: usize = 200;
/// How often the order of priorities changes in a schedule (Burckhardt et al., ASPLOS 2010).
const DEPTH: usize = 4;

/// A lock that shuttle sees.
struct Lock {
    held: Mutex<bool>,
    released: Condvar,
}

// SAFETY: `held` is set by whoever gets the lock, while they hold the mutex round it and nobody had set it, and is cleared
// by `unlock` only, which only the holder may call.
#[expect(unsafe_code, reason = "a lock for `lock_api`")]
unsafe impl RawMutex for Lock {
    const INIT: Self = Self { held: Mutex::new(false), released: Condvar::new() };
    type Guard = GuardSend;

    fn lock(&self) -> GuardSend {
        let mut held = self.held.lock().expect("no panic");
        while *held {
            held = self.released.wait(held).expect("no panic");
        }
        *held = true;
        GuardSend::new()
    }

    fn try_lock(&self) -> Option<GuardSend> {
        let held = std::mem::replace(&mut *self.held.lock().expect("no panic"), true);
        (!held).then_some(GuardSend::new())
    }

    unsafe fn unlock(&self, _: GuardSend) {
        *self.held.lock().expect("no panic") = false;
        self.released.notify_one();
    }

    fn is_locked(&self) -> bool {
        *self.held.lock().expect("no panic")
    }
}

/// Where the accounts are.
trait Store: Send + Sync + 'static {
    fn new(entries: Vec<(u32, i64)>) -> Self;
    fn apply(&self, bank: &Bank, op: &Banking) -> i64;
    fn into_entries(self) -> Vec<(u32, i64)>;
}

/// The contract's own.
impl Store for Sharded<Bank, Lock> {
    fn new(entries: Vec<(u32, i64)>) -> Self {
        Self::new(entries)
    }
    fn apply(&self, bank: &Bank, op: &Banking) -> i64 {
        self.apply(bank, op, &mut Silent)
    }
    fn into_entries(self) -> Vec<(u32, i64)> {
        self.into_entries()
    }
}

/// Deliberately wrong: a lock an account, and a pair is locked in the order in which it is given.
struct AsGiven(Vec<lock_api::Mutex<Lock, i64>>);

impl Store for AsGiven {
    fn new(entries: Vec<(u32, i64)>) -> Self {
        Self(entries.into_iter().map(|(_, balance)| lock_api::Mutex::new(balance)).collect())
    }
    fn apply(&self, bank: &Bank, op: &Banking) -> i64 {
        match *op {
            Banking::Transfer { from, to, .. } => {
                let [mut from, mut to] = [from, to].map(|account| self.0[account as usize].lock());
                bank.write_pair(op, [Some(&mut from), Some(&mut to)])
            }
            Banking::Audit => {
                let all: Vec<_> = self.0.iter().map(|account| account.lock()).collect();
                bank.audit(op, &mut all.iter().map(|balance| &**balance))
            }
        }
    }
    fn into_entries(self) -> Vec<(u32, i64)> {
        (0..).zip(self.0.into_iter().map(lock_api::Mutex::into_inner)).collect()
    }
}

/// One round of all clients; its answer is right.
fn round<S: Store>(job: &Arc<Job<Bank>>) {
    let bank = &job.workload;
    let store = Arc::new(S::new(bank.initial(&job.input)));
    let start = |who| {
        let (job, store) = (job.clone(), store.clone());
        thread::spawn(move || client::<Bank, Silent>(&job, who, |op, _| store.apply(&job.workload, op)))
    };
    let clients: Vec<_> = (0..CLIENTS).map(start).collect();
    let seen: Vec<_> = clients.into_iter().map(|client| client.join().expect("a client")).collect();
    let store = Arc::into_inner(store).expect("nobody has it any more");
    let done = Evidence::done(bank, seen, store.into_entries(), Units::default());
    assert_eq!(bank.verify(&job.input, &done.answer), Ok(()));
}

/// Rounds under schedules by chance.
fn random<S: Store>() {
    let job = job(BANK, 42, CLIENTS);
    Runner::new(RandomScheduler::new(SCHEDULES), Config::new()).run(move || round::<S>(&job));
}

/// Rounds under schedules that change priorities a few times.
fn pct<S: Store>() {
    let job = job(BANK, 42, CLIENTS);
    Runner::new(PctScheduler::new(DEPTH, SCHEDULES), Config::new()).run(move || round::<S>(&job));
}

#[test]
fn ascending_order_never_deadlocks_and_every_audit_sees_the_sum() {
    random::<Sharded<Bank, Lock>>();
    pct::<Sharded<Bank, Lock>>();
}

#[test]
#[should_panic(expected = "deadlock")]
fn the_order_given_deadlocks() {
    random::<AsGiven>();
}

#[test]
#[should_panic(expected = "deadlock")]
fn the_order_given_deadlocks_under_priorities() {
    pct::<AsGiven>();
}

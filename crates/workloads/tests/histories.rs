//! Histories of `kv-mix`, recorded by the clients' own loop on threads: a store that is right has an order, and one that
//! drops one update in 10,000 does not.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use patterns::probe::Recorder;
use patterns::shared_state::{Access, Answer, Evidence, LIMIT, Seen, client, examine};
use patterns::{Job, Probe, SharedState, Silent, Units, job, team};
use workloads::seeded::nth;
use workloads::{KvMix, Mix, Touch};

const CLIENTS: usize = 8;

/// One lock round the entries. Of the changes, those that `drops` names by their number are replied to and not made.
fn run<P: Probe>(job: &Job<KvMix>, drops: impl Fn(u64) -> bool + Sync) -> (Answer<KvMix>, u64) {
    struct Store {
        slots: Vec<Option<u64>>,
        changes: u64,
        dropped: u64,
    }
    let workload = &job.workload;
    let mut slots = vec![None; workload.keys as usize];
    workload.initial(&job.input).into_iter().for_each(|(key, value)| slots[key as usize] = Some(value));
    let store = Mutex::new(Store { slots, changes: 0, dropped: 0 });
    let apply = |op: &_, _: &mut P| {
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        match workload.access(op) {
            Access::Read(key) => workload.read(op, store.slots[key as usize].as_ref()),
            Access::Write(key) => {
                let mut value = store.slots[key as usize];
                let reply = workload.write(op, &mut value);
                if value != store.slots[key as usize] {
                    store.changes += 1;
                    if drops(store.changes) {
                        store.dropped += 1;
                    } else {
                        store.slots[key as usize] = value;
                    }
                }
                reply
            }
            access => panic!("kv-mix issued {access:?}"),
        }
    };
    let mut clients = Vec::new();
    team(
        NonZeroUsize::new(CLIENTS).expect("clients"),
        |who, ()| Ok(client::<KvMix, P>(job, who, apply)),
        |team| {
            clients = team.run(|_| ())?;
            Ok(())
        },
    )
    .expect("no client panics");
    let Store { slots, dropped, .. } = store.into_inner().unwrap_or_else(PoisonError::into_inner);
    let entries = (0..).zip(slots).filter_map(|(key, value)| Some((key, value?))).collect();
    (Evidence::done(workload, clients, entries, Units::default()).answer, dropped)
}

/// One change in 10,000, drawn from a seed.
fn faulty(seed: u64) -> impl Fn(u64) -> bool {
    move |change| nth(seed, change).is_multiple_of(10_000)
}

fn sound(_: u64) -> bool {
    false
}

fn shared_keys() -> KvMix {
    KvMix { mix: Mix::Exchange, keys: 64, zipf: 1.0, touch: Touch::Any, ..KvMix::default() }
}

#[test]
fn a_right_store_has_an_order() {
    for mix in [Mix::ReadHeavy, Mix::Exchange, Mix::Grow] {
        for keys in [1, 64] {
            let job = job(KvMix { mix, keys, ..shared_keys() }, 42, CLIENTS);
            let (answer, _) = run::<Recorder>(&job, sound);
            assert_eq!(job.workload.verify(&job.input, &answer), Ok(()), "{mix:?} {keys}");
            let Seen::Fine(examined) = examine(&job, &answer) else {
                panic!("{mix:?} {keys}: {:?}", examine(&job, &answer))
            };
            assert_eq!((examined.calls, examined.keys, examined.undecided), (80_000, keys, 0), "{mix:?} {keys}");
        }
    }
}

#[test]
fn one_update_in_10_000_that_is_dropped_is_caught() {
    for seed in 1..=3 {
        let job = job(shared_keys(), seed, CLIENTS);
        let (answer, dropped) = run::<Recorder>(&job, faulty(seed));
        assert!((1..30).contains(&dropped), "{dropped} dropped");
        let Seen::Contradiction(why) = examine(&job, &answer) else { panic!("{dropped} dropped, and none missed") };
        assert!(why.starts_with("not linearizable: key ") && why.contains("client "), "{why}");
        assert!(!why.contains('\n') && why.len() < 2_000, "{why}");
        // The values do not add up either; by whose hand, only the history can say.
        assert!(job.workload.verify(&job.input, &answer).is_err());
    }
}

#[test]
fn the_oracle_of_own_keys_catches_it_without_a_history() {
    for seed in 1..=3 {
        let job = job(KvMix { touch: Touch::Own, ..shared_keys() }, seed, CLIENTS);
        let (answer, dropped) = run::<Recorder>(&job, faulty(seed));
        assert!(dropped > 0);
        assert!(job.workload.verify(&job.input, &answer).is_err());
        assert!(matches!(examine(&job, &answer), Seen::Nothing(why) if why.contains("touch=any")));
        let (answer, _) = run::<Recorder>(&job, sound);
        assert_eq!(job.workload.verify(&job.input, &answer), Ok(()));
    }
}

#[test]
fn a_history_that_is_too_long_is_cut_for_all_at_one_moment() {
    let job = job(KvMix { ops: LIMIT as u64 + 5_000, ..shared_keys() }, 42, CLIENTS);
    let (answer, _) = run::<Recorder>(&job, sound);
    let Seen::Fine(examined) = examine(&job, &answer) else { panic!("{:?}", examine(&job, &answer)) };
    assert!(examined.calls >= LIMIT as u64 && examined.calls <= (CLIENTS * LIMIT) as u64, "{examined:?}");
    assert_eq!(examined.undecided, 0);
    // The fault lies in what is left of it.
    let (answer, _) = run::<Recorder>(&job, |change| change == 5_000);
    assert!(matches!(examine(&job, &answer), Seen::Contradiction(_)));
}

#[test]
fn nothing_is_recorded_where_nobody_observes() {
    let job = job(KvMix { ops: 100, ..shared_keys() }, 42, CLIENTS);
    let (answer, _) = run::<Silent>(&job, sound);
    assert!(answer.history.is_none());
    assert!(matches!(examine(&job, &answer), Seen::Nothing(_)));
}

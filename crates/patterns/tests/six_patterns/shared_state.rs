//! Shared state: clients that draw tickets, so that every reply matters, and stores of every kind a model can have: a
//! lock, snapshots, an owner that is told by tasks, an owner that is told by processes.

use std::collections::BTreeSet;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use patterns::probe::Observed;
use patterns::shared_state::{Access, Answer, Counters, Entry, Evidence, State, Uses, client};
use patterns::{
    Demand, Error, Form, Job, Measure, Probe, RunsSharedState, SharedState, Silent, Start, Strategies, Strategy, Units,
    Workload, Wrong, job, team,
};
use serde::{Deserialize, Serialize};

use crate::Toy;
use crate::stage::{Far, Process, WORKERS, every_strategy, gone, joined, pack, pause, process, spawn, start, unpack};

impl RunsSharedState for Toy {
    fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>> {
        Strategies::of(Strategy::idiomatic("borrowed", Demand::BORROWED, borrowed::<W, P>))
            .and(Strategy::against_the_grain(
                "snapshot",
                Demand::BORROWED,
                "it copies all entries for each write",
                snapshot::<W, P>,
            ))
            .and(Strategy::idiomatic("spawned", Demand::SPAWNED, spawned::<W, P>))
            .and(Strategy::idiomatic("shipped", Demand::SHIPPED, shipped::<W, P>))
    }
}

fn borrowed<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let work = |who, store: Arc<Mutex<State<W>>>| {
        Ok(client::<W, P>(job, who, |op, probe| {
            let lock = || store.lock().unwrap_or_else(PoisonError::into_inner);
            let mut state = probe.acquire(|| store.try_lock().ok(), lock);
            probe.hold(|| state.apply(workload, op))
        }))
    };
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let store = Arc::new(Mutex::new(State::new(workload.initial(&job.input))));
            let clients = watch.time(|| team.run(|_| store.clone()))?;
            let store = Arc::into_inner(store).ok_or_else(|| Error::other("a client kept the store"))?;
            let state = store.into_inner().unwrap_or_else(PoisonError::into_inner);
            Ok(Evidence::done(workload, clients, state.into_entries(), units(start)))
        })
    })
}

/// Readers keep a version as long as they like; a writer copies it, changes the copy and puts that in its place.
fn snapshot<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let work = |who, current: Arc<RwLock<Arc<State<W>>>>| {
        Ok(client::<W, P>(job, who, |op, _| match workload.access(op) {
            Access::Read(_) | Access::Audit => {
                let version = current.read().unwrap_or_else(PoisonError::into_inner).clone();
                version.peek(workload, op)
            }
            Access::Write(_) | Access::Pair(..) => {
                let mut current = current.write().unwrap_or_else(PoisonError::into_inner);
                let mut copy = State::clone(&current);
                let reply = copy.apply(workload, op);
                *current = Arc::new(copy);
                reply
            }
        }))
    };
    team(start.workers, work, |team| {
        measure(&mut |watch| {
            let current = Arc::new(RwLock::new(Arc::new(State::new(workload.initial(&job.input)))));
            let clients = watch.time(|| team.run(|_| current.clone()))?;
            let last = current.read().unwrap_or_else(PoisonError::into_inner).clone();
            Ok(Evidence::done(workload, clients, State::clone(&last).into_entries(), units(start)))
        })
    })
}

/// An operation on its way to the owner, and where its reply is waited for, if it is.
type Letter<W> = (<W as SharedState>::Op, Option<Sender<<W as SharedState>::Reply>>);

fn spawned<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    measure(&mut |watch| {
        let mut state = State::new(job.workload.initial(&job.input));
        let (clients, state) = watch.time(|| {
            let (tell, letters) = channel::<Letter<W>>();
            let one = |who| spawn(asking::<W, P>(job.clone(), who, tell.clone()));
            let clients: Vec<_> = (0..start.workers.get()).map(one).collect();
            drop(tell);
            let owner_of = job.clone();
            let owner = spawn(async move {
                for (op, back) in letters {
                    pause().await; // with an operation in hand
                    let reply = state.apply(&owner_of.workload, &op);
                    if let Some(back) = back {
                        back.send(reply).unwrap_or(()); // a client that is gone is reported by its own handle
                    }
                }
                state
            });
            let joined_clients = clients.into_iter().enumerate().map(|(who, handle)| joined(who, handle)?);
            let clients = joined_clients.collect::<Result<Vec<_>, Error>>()?;
            Ok::<_, Error>((clients, joined(start.workers.get(), owner)?))
        })?;
        Ok(Evidence::done(&job.workload, clients, state.into_entries(), units(start)))
    })
}

/// The loop of [`client`], awaiting its replies.
async fn asking<W: SharedState, P: Probe>(
    job: Arc<Job<W>>,
    who: usize,
    owner: Sender<Letter<W>>,
) -> Result<(Evidence<W>, Observed), Error> {
    let workload = &job.workload;
    let mut evidence = Evidence::empty();
    for op in workload.script(&job.input, who) {
        workload.prepare(op);
        evidence.steps += 1;
        let mut next = Some(op.clone());
        while let Some(op) = next.take() {
            evidence.operations += 1;
            if workload.asks(&op) {
                let (back, reply) = channel();
                owner.send((op.clone(), Some(back))).map_err(gone)?;
                pause().await; // with the evidence in hand
                next = evidence.note(workload, &op, reply.recv().map_err(gone)?);
            } else {
                owner.send((op, None)).map_err(gone)?;
            }
        }
    }
    let operations = evidence.operations;
    Ok((evidence, P::default().observed(operations)))
}

/// To a client's process: its script and the word to begin, then replies. From it: operations, then its evidence.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
enum FromClient<W: SharedState> {
    Tell(W::Op),
    Ask(W::Op),
    Over(Evidence<W>),
}

fn shipped<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let mut processes: Vec<Process> = (0..start.workers.get()).map(|_| process(workload, remote_client::<W>)).collect();
    for (who, process) in processes.iter().enumerate() {
        process.to.send(pack(workload.script(&job.input, who))).map_err(gone)?;
    }
    measure(&mut |watch| {
        let store = Mutex::new(State::new(workload.initial(&job.input)));
        let clients = watch.time(|| {
            let serve = |process: &mut Process| loop {
                let message = process.from.recv().map_err(gone)?;
                let apply = |op| store.lock().unwrap_or_else(PoisonError::into_inner).apply(workload, &op);
                match unpack::<FromClient<W>>(&message) {
                    FromClient::Tell(op) => drop(apply(op)),
                    FromClient::Ask(op) => process.to.send(pack(&apply(op))).map_err(gone)?,
                    FromClient::Over(evidence) => {
                        let operations = evidence.operations;
                        return Ok((evidence, P::default().observed(operations)));
                    }
                }
            };
            processes.iter().try_for_each(|process| process.to.send(Vec::new())).map_err(gone)?;
            std::thread::scope(|scope| {
                let drivers: Vec<_> = processes.iter_mut().map(|process| scope.spawn(|| serve(process))).collect();
                drivers.into_iter().map(|driver| driver.join().expect("a driver")).collect::<Result<Vec<_>, Error>>()
            })
        })?;
        let state = store.into_inner().unwrap_or_else(PoisonError::into_inner);
        let units = Units { processes: processes.len() as u64, ..Units::default() };
        Ok(Evidence::done(workload, clients, state.into_entries(), units))
    })
}

fn remote_client<W: SharedState>(workload: &W, far: Far) {
    let script: Vec<W::Op> = unpack(&far.inbox.recv().expect("the script comes second"));
    let send = |message: &FromClient<W>| far.outbox.send(pack(message)).expect("the owner listens");
    while far.inbox.recv().is_ok() {
        let mut evidence = Evidence::empty();
        for op in &script {
            workload.prepare(op);
            evidence.steps += 1;
            let mut next = Some(op.clone());
            while let Some(op) = next.take() {
                evidence.operations += 1;
                if workload.asks(&op) {
                    send(&FromClient::Ask(op.clone()));
                    let reply = unpack(&far.inbox.recv().expect("the owner replies"));
                    next = evidence.note(workload, &op, reply);
                } else {
                    send(&FromClient::Tell(op));
                }
            }
        }
        send(&FromClient::Over(evidence));
    }
}

fn units(start: &Start) -> Units {
    Units { threads: start.workers.get() as u64, ..Units::default() }
}

/// Each client draws tickets from a few rolls and throws some away; every ticket is drawn once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tickets {
    draws: u64,
    rolls: u64,
}

impl Default for Tickets {
    fn default() -> Self {
        Self { draws: 50, rolls: 3 }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Op {
    /// Draw a ticket; the client needs its number.
    Draw { roll: u64 },
    /// Draw a ticket and throw it away.
    Waste { roll: u64 },
    /// What is on a roll.
    Look { roll: u64 },
}

impl Workload for Tickets {
    const ID: &'static str = "tickets";
    type Input = Vec<Vec<Op>>;
    fn input(&self, seed: u64, clients: usize) -> Vec<Vec<Op>> {
        let op = |at| match (at % 5, at % self.rolls) {
            (0, roll) => Op::Waste { roll },
            (1, roll) => Op::Look { roll },
            (_, roll) => Op::Draw { roll },
        };
        (0..clients as u64).map(|client| (0..self.draws).map(|draw| op(seed + client + draw)).collect()).collect()
    }
}

impl SharedState for Tickets {
    type Key = u64;
    type Value = u64;
    type Op = Op;
    type Reply = u64;
    type Tally = BTreeSet<(u64, u64)>;

    const USES: Uses = Uses { reads: false, pairs: false, audits: false, asks: true, inserts: true };
    const COUNTERS: Form<Counters<Self>> = Form::Lacks("an example");
    const MERGE: Form<fn(&Self, &mut u64, u64)> = Form::Lacks("a ticket is drawn by one client");

    fn initial(&self, _: &Self::Input) -> Vec<(u64, u64)> {
        vec![(0, 0)] // the other rolls come with their first ticket
    }
    fn script<'i>(&self, input: &'i Self::Input, client: usize) -> &'i [Op] {
        &input[client]
    }
    fn access(&self, op: &Op) -> Access<u64> {
        match *op {
            Op::Draw { roll } | Op::Waste { roll } => Access::Write(roll),
            Op::Look { roll } => Access::Read(roll),
        }
    }
    fn asks(&self, op: &Op) -> bool {
        matches!(op, Op::Draw { .. })
    }
    fn read(&self, _: &Op, value: Option<&u64>) -> u64 {
        value.copied().unwrap_or(0)
    }
    fn write(&self, _: &Op, mut entry: impl Entry<u64>) -> u64 {
        match entry.get() {
            Some(drawn) => {
                *drawn += 1;
                *drawn - 1
            }
            None => {
                entry.put(1);
                0
            }
        }
    }
    fn observe(&self, tally: &mut Self::Tally, op: &Op, ticket: u64) -> Option<Op> {
        let Op::Draw { roll } = *op else { panic!("{op:?} needs no reply") };
        assert!(tally.insert((roll, ticket)), "ticket {ticket} of roll {roll} was drawn twice");
        None
    }
    fn merge_tally(&self, into: &mut Self::Tally, mut other: Self::Tally) {
        assert!(into.is_disjoint(&other), "two clients drew the same ticket");
        into.append(&mut other);
    }
    fn verify(&self, input: &Self::Input, answer: &Answer<Self>) -> Result<(), Wrong> {
        let count = |wanted: fn(&Op) -> bool| input.iter().flatten().filter(|op| wanted(op)).count() as u64;
        let kept = count(|op| matches!(op, Op::Draw { .. }));
        let drawn = kept + count(|op| matches!(op, Op::Waste { .. }));
        let found = answer.entries.iter().map(|(_, value)| value).sum();
        if found != drawn {
            return Err(Wrong::updates(drawn, found));
        }
        let tickets = answer.tally.len() as u64;
        if tickets == kept { Ok(()) } else { Err(format!("{tickets} tickets were kept, not {kept}").into()) }
    }
}

#[test]
fn every_ticket_is_drawn_once_by_any_number_of_clients() {
    for workers in WORKERS {
        let job = job(Tickets::default(), 42, workers);
        // Clients one after the other: the reference is a state that nobody shares.
        let mut alone = State::new(job.workload.initial(&job.input));
        let one_by_one = |who| client::<Tickets, Silent>(&job, who, |op, _| alone.apply(&job.workload, op));
        let clients: Vec<_> = (0..workers).map(one_by_one).collect();
        let reference = Evidence::done(&job.workload, clients, alone.into_entries(), Units::default());
        assert_eq!(job.workload.verify(&job.input, &reference.answer), Ok(()));

        let ways = ["borrowed", "snapshot", "spawned", "shipped"];
        every_strategy(Toy::shared_state::<Tickets, Silent>(), &ways, &job, &start(workers, None), |id, done| {
            assert_eq!(job.workload.verify(&job.input, &done.answer), Ok(()), "{id}, {workers} workers");
            let same = job.workload.fingerprint(&done.answer) == job.workload.fingerprint(&reference.answer);
            assert!(same, "{id}, {workers} workers: {:?}", done.answer.entries);
            assert_eq!(done.steps, job.workload.draws * workers as u64, "{id}, {workers} workers");
        });
    }
}

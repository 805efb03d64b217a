//! Toys for the process model, each hung from the model's own strategies: `Naps`, tasks that sleep, of any size and with
//! answers of any size; `Tickets`, clients that take numbers under a lock, slowly, or only say that one is taken; `Tree`, `Grid` and `Belt`, a tree, a
//! graph and a pipeline in which everybody looks where things come from, and something may go wrong.
//!
//! A test program is its own workers: [`worker`] first thing in `main`.

mod belt;
mod grid;
mod tree;

use std::borrow::Cow;
use std::fs;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use model_processes::Processes;
use patterns::cell::{self, Cell, Checked, Config, Digest};
use patterns::map_reduce::Bulk;
use patterns::probe::Recorder;
use patterns::shared_state::{Access, Answer, Counters, Entry, Fixed, Uses};
use patterns::{
    Clock, Error, Form, MapReduce, Model, Respawn, RunsForkJoin, RunsMapReduce, RunsPipeline, RunsSharedState,
    RunsTaskGraph, SharedState, Start, Watch, Workload, Wrong,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use belt::Belt;
use grid::Grid;
use tree::Tree;

/// `tasks` naps of `nap_us`; each comes with `task_bytes`, each answer with `answer_bytes`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Naps {
    pub(crate) tasks: usize,
    pub(crate) nap_us: u64,
    pub(crate) task_bytes: usize,
    pub(crate) answer_bytes: usize,
    /// Every so many tasks, a worker process leaves about when it answers; 0 for never.
    pub(crate) leaves: usize,
    /// Whether the parent panics over an answer.
    pub(crate) panics: bool,
}

/// A task with its luggage.
#[derive(Serialize, Deserialize)]
pub(crate) struct Nap<'i> {
    index: usize,
    #[serde(borrow, with = "serde_bytes")]
    luggage: Cow<'i, [u8]>,
}

/// Which tasks were done, and luggage that comes back.
#[derive(Serialize, Deserialize)]
pub(crate) struct Done {
    tasks: Vec<usize>,
    #[serde(with = "serde_bytes")]
    luggage: Vec<u8>,
}

impl Workload for Naps {
    const ID: &'static str = "naps";
    type Input = Luggage;
    fn input(&self, _: u64, _: usize) -> Luggage {
        let each = self.task_bytes.max(1);
        Luggage { each, bytes: (0..self.tasks).flat_map(|task| vec![task as u8; each]).collect() }
    }
}

/// The luggage of all tasks: each byte is the number of its task.
pub(crate) struct Luggage {
    each: usize,
    bytes: Vec<u8>,
}

impl Luggage {
    fn place(&self, index: usize) -> Range<usize> {
        index * self.each..(index + 1) * self.each
    }
}

impl MapReduce for Naps {
    type Task<'i> = Nap<'i>;
    type Partial = Done;

    const BULK: Form<Bulk<Self>> = Form::Has(Bulk {
        bytes: |input| &input.bytes,
        range: Luggage::place,
        task: |_, range, bytes| {
            assert!(range.len() == bytes.len());
            Nap { index: usize::from(bytes[0]), luggage: Cow::Borrowed(bytes) }
        },
    });

    fn tasks(&self, _: &Luggage) -> usize {
        self.tasks
    }
    fn empty(&self) -> Done {
        Done { tasks: Vec::new(), luggage: vec![7; self.answer_bytes] }
    }
    fn task<'i>(&self, input: &'i Luggage, index: usize) -> Nap<'i> {
        Nap { index, luggage: Cow::Borrowed(&input.bytes[input.place(index)]) }
    }
    fn items(&self, _: &Nap<'_>) -> usize {
        1
    }
    fn map(&self, task: &Nap<'_>, _: Range<usize>, into: &mut Done) {
        assert!(task.luggage.iter().all(|byte| usize::from(*byte) == task.index), "the luggage is somebody else's");
        thread::sleep(Duration::from_micros(self.nap_us));
        if self.leaves > 0 && (random() as usize).is_multiple_of(self.leaves) && is_worker() {
            // About as long as an answer takes to be sent: before it, in the middle of it, after it.
            let soon = Duration::from_micros(random() % 400);
            thread::spawn(move || {
                thread::sleep(soon);
                std::process::exit(0);
            });
        }
        into.tasks.push(task.index);
    }
    fn merge(&self, into: &mut Done, other: Done) {
        assert!(!self.panics, "as it is told to");
        assert!(other.luggage.len() == self.answer_bytes && other.luggage.last().is_none_or(|byte| *byte == 7));
        into.tasks.extend(other.tasks);
    }
    fn verify(&self, _: &Luggage, answer: &Done) -> Result<(), Wrong> {
        let mut tasks = answer.tasks.clone();
        tasks.sort_unstable();
        if tasks.iter().copied().eq(0..self.tasks) { Ok(()) } else { Err("a task was lost or done twice".into()) }
    }
    fn fingerprint(&self, _: &Done) -> Option<Value> {
        None
    }
}

/// Clients that take `tickets` each, `nap_us` under the lock. Where they are `TOLD`, nobody looks at the numbers.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Tickets<const TOLD: bool> {
    #[serde(default)]
    pub(crate) tickets: usize,
    #[serde(default)]
    pub(crate) nap_us: u64,
}

impl<const TOLD: bool> Workload for Tickets<TOLD> {
    const ID: &'static str = if TOLD { "told-tickets" } else { "tickets" };
    type Input = Queue;
    fn input(&self, _: u64, clients: usize) -> Queue {
        Queue { clients, script: vec![1; self.tickets] }
    }
}

/// How many clients there are, and what each does.
pub(crate) struct Queue {
    clients: usize,
    script: Vec<u8>,
}

impl<const TOLD: bool> SharedState for Tickets<TOLD> {
    type Key = u8;
    type Value = u64;
    type Op = u8;
    type Reply = u64;
    type Tally = u64;

    const USES: Uses = Uses { reads: false, pairs: false, audits: false, asks: !TOLD, inserts: false };
    const COUNTERS: Form<Counters<Self>> = Form::Has(Counters {
        slots: |_| 1,
        add: |_, _| (0, 1),
        work: |tickets, _| tickets.nap(),
        reply: |_, _, before| before,
        entry: |_, _, value| (0, value),
        initial: |_, value| *value,
        stride: |_| 1,
    });
    const MERGE: Form<fn(&Self, &mut u64, u64)> =
        if TOLD { Form::Has(|_, all, taken| *all += taken) } else { Form::Lacks("everybody needs another ticket") };
    const FIXED: Form<Fixed<Self>> = Form::Has(Fixed {
        slots: |_| 1,
        slot: |_, key| usize::from(key),
        key: |_, _| 0,
        pack: |value| *value,
        unpack: |word| word,
    });

    fn initial(&self, _: &Queue) -> Vec<(u8, u64)> {
        vec![(0, 0)]
    }
    fn script<'i>(&self, input: &'i Queue, _: usize) -> &'i [u8] {
        &input.script
    }
    fn access(&self, _: &u8) -> Access<u8> {
        Access::Write(0)
    }
    fn read(&self, _: &u8, _: Option<&u64>) -> u64 {
        0
    }
    fn write(&self, _: &u8, mut entry: impl Entry<u64>) -> u64 {
        self.nap();
        let before = entry.get().map_or(0, |value| *value);
        entry.put(before + 1);
        before
    }
    fn observe(&self, tally: &mut u64, _: &u8, reply: u64) -> Option<u8> {
        *tally += reply;
        None
    }
    fn merge_tally(&self, into: &mut u64, other: u64) {
        *into += other;
    }
    fn verify(&self, input: &Queue, answer: &Answer<Self>) -> Result<(), Wrong> {
        let all = (input.clients * self.tickets) as u64;
        let sum = if TOLD { 0 } else { all * all.saturating_sub(1) / 2 };
        if (answer.entries.as_slice(), answer.tally) == (&[(0, all)], sum) {
            Ok(())
        } else {
            Err("two clients have one ticket, or one is lost".into())
        }
    }
}

impl<const TOLD: bool> Tickets<TOLD> {
    fn nap(&self) {
        nap(self.nap_us);
    }
}

const WORKER: &str = "__worker";

/// What goes wrong in a kernel, of a worker process or none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mishap {
    /// Nothing.
    #[default]
    None,
    /// It panics.
    Panics,
    /// It ends its process as if all were well.
    Exits,
}

impl Mishap {
    /// It goes wrong.
    fn happens(self) {
        match self {
            Self::None => {}
            Self::Panics => panic!("as told"),
            Self::Exits => std::process::exit(0),
        }
    }
}

fn nap(micros: u64) {
    if micros > 0 {
        thread::sleep(Duration::from_micros(micros));
    }
}

/// All cells of all toys that run.
pub(crate) fn cells() -> Vec<Cell> {
    let naps = cell::map_reduce(Processes::ID, Processes::map_reduce::<Naps, Recorder>());
    let tickets = cell::shared_state(Processes::ID, Processes::shared_state::<Tickets<false>, Recorder>());
    let mut told = cell::shared_state(Processes::ID, Processes::shared_state::<Tickets<true>, Recorder>());
    // The others do not care whether they are asked or told.
    told.retain(|cell| ["server", "local-merge"].contains(&cell.strategy));
    let tree = cell::fork_join(Processes::ID, Processes::fork_join::<Tree, Recorder>());
    let grid = cell::task_graph(Processes::ID, Processes::task_graph::<Grid, Recorder>());
    let belt = cell::pipeline(Processes::ID, Processes::pipeline::<Belt, Recorder>());
    let mut all = [naps, tickets, told, tree, grid, belt].concat();
    all.retain(|cell| cell.support.run().is_some());
    all
}

/// The cell of a toy in a strategy.
pub(crate) fn cell(toy: &str, strategy: &str) -> Cell {
    let wanted = |cell: &Cell| cell.workload == toy && cell.strategy == strategy;
    cells().into_iter().find(wanted).expect("a strategy of this model")
}

fn is_worker() -> bool {
    std::env::args().nth(1).as_deref() == Some(WORKER)
}

/// Serves as a worker process, if this program was started as one.
pub(crate) fn worker() -> Option<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [verb, toy, strategy, address] = &arguments[..] else { return None };
    (verb == WORKER).then(|| match cell(toy, strategy).worker.expect("it has workers")(address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    })
}

/// How this program is started as a worker of a cell.
pub(crate) fn respawn(cell: &Cell) -> Respawn {
    let program = std::env::current_exe().expect("a path");
    Respawn { program, arguments: vec![WORKER.into(), cell.workload.into(), cell.strategy.into()] }
}

struct NoClock;

impl Clock for NoClock {
    fn start(&mut self) {}
    fn stop(&mut self) {}
}

/// A round, checked.
pub(crate) type Round<'r> = dyn FnMut() -> Result<Checked, Error> + 'r;

/// Runs a cell with these knobs; `session` gets a round to call.
pub(crate) fn run(
    cell: &Cell,
    knobs: Value,
    workers: usize,
    respawn: Respawn,
    session: &mut dyn FnMut(&mut Round<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let workers = NonZeroUsize::new(workers).expect("not zero");
    let start = Start { workers, cpus: workers, respawn, load: None };
    let knobs = knobs.as_object().expect("an object").clone();
    let prepared = cell.support.run().expect("runs")(&Config { knobs, seed: 1, start })?;
    prepared(&mut |round| session(&mut || round(&mut Watch::new(&mut NoClock), Digest::Skip)))
}

/// So many rounds, all right.
pub(crate) fn rounds(cell: &Cell, knobs: Value, workers: usize, rounds: usize) -> Result<(), Error> {
    run(cell, knobs, workers, respawn(cell), &mut |round| (0..rounds).try_for_each(|_| round().map(drop)))
}

/// Knobs of a toy that keep it short.
pub(crate) fn short(cell: &Cell) -> Value {
    match cell.workload {
        "naps" => json!({ "tasks": 20, "nap_us": 10, "task_bytes": 64, "answer_bytes": 64 }),
        "tickets" | "told-tickets" => json!({ "tickets": 20 }),
        "tree" => json!({ "leaves": 100 }),
        "grid" => json!({ "width": 10, "steps": 10 }),
        _ => json!({ "items": 20, "stages": 3, "laps": 1, "capacity": 4 }),
    }
}

/// Processes whose parent is this one; those that one thread started, in that order.
pub(crate) fn children() -> Vec<i32> {
    let tasks = fs::read_dir("/proc/self/task").expect("/proc");
    let of = |task: fs::DirEntry| fs::read_to_string(task.path().join("children")).unwrap_or_default();
    tasks
        .flatten()
        .flat_map(|task| of(task).split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// Entries of a folder.
pub(crate) fn count(folder: &str) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

/// What a run may leave behind: children, descriptors, mapped regions.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    children: Vec<i32>,
    descriptors: usize,
    regions: usize,
}

/// What there is now.
pub(crate) fn left() -> Left {
    let maps = fs::read_to_string("/proc/self/maps").expect("/proc");
    let regions = maps.lines().filter(|line| line.contains("ipc-channel-shared-memory")).count();
    let mut children = children();
    children.sort_unstable();
    Left { children, descriptors: count("/proc/self/fd"), regions }
}

/// Any number: xorshift64, seeded once by the time and the process.
pub(crate) fn random() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static STATE: AtomicU64 = AtomicU64::new(0);
    let fresh =
        || u64::from(std::process::id()) << 32 ^ std::time::UNIX_EPOCH.elapsed().map_or(1, |t| t.as_nanos() as u64) | 1;
    let mut state = match STATE.load(Ordering::Relaxed) {
        0 => fresh(),
        state => state,
    };
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    STATE.store(state, Ordering::Relaxed);
    state
}

//! What is run: programs of the interpreter in its builds, cells of the matrix, and the same programs in real interpreters.

use serde_json::{Map, Value};

/// Which build of the interpreter. Real interpreters are of the first two kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Build {
    /// One lock, plain counts.
    Gil,
    /// Biased counts, a lock an object.
    FreeThreaded,
    /// That with plain counts: what counting costs.
    PlainCounts,
    /// That with indivisible counts: what bias saves.
    AtomicCounts,
    /// That without locks in objects: what those cost.
    NoObjectLocks,
    /// That without immortal objects: what immortality saves.
    NothingImmortal,
}

impl Build {
    /// As it stands in a command line.
    pub(crate) const ALL: [(&'static str, Self); 6] = [
        ("gil", Self::Gil),
        ("free-threaded", Self::FreeThreaded),
        ("plain-counts", Self::PlainCounts),
        ("atomic-counts", Self::AtomicCounts),
        ("no-object-locks", Self::NoObjectLocks),
        ("nothing-immortal", Self::NothingImmortal),
    ];

    pub(crate) fn id(self) -> &'static str {
        Self::ALL.iter().find(|(_, build)| *build == self).map_or("?", |(id, _)| id)
    }

    /// Whether a real interpreter can be asked to do the same: the global lock it would need, if so.
    pub(super) fn real(self) -> Option<bool> {
        match self {
            Self::Gil => Some(true),
            Self::FreeThreaded => Some(false),
            _ => None,
        }
    }
}

/// How long a waiting thread waits until it asks for the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interval {
    /// As CPython has it: 5 ms.
    Shipped,
    /// So many microseconds.
    Micros(u32),
    /// The time of 3,700 increments here: 5 ms of CPython's.
    Increments,
}

struct Experiment {
    id: &'static str,
    what: What,
}

/// Something that is run once a round.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// A program of the interpreter.
    Program { program: &'static str, build: Build, set: &'static [(&'static str, i64)], interval: Interval },
    /// A cell of the matrix, with all of its clients.
    Cell {
        workload: &'static str,
        knobs: &'static [(&'static str, i64)],
        contender: (&'static str, &'static str),
        workers: u32,
    },
    /// A program that only real interpreters run: the model's is a cell.
    Real { program: &'static str, set: &'static [(&'static str, i64)] },
}

impl What {
    /// Whether a real interpreter that is to do the same needs a global lock; nothing where none can.
    pub(super) fn asks_for_lock(self) -> Option<bool> {
        match self {
            Self::Program { build, .. } => build.real(),
            Self::Real { .. } => Some(true),
            Self::Cell { .. } => None,
        }
    }
}

const fn program(id: &'static str, program: &'static str, build: Build) -> Experiment {
    set(id, program, build, &[], Interval::Shipped)
}

const fn set(
    id: &'static str,
    program: &'static str,
    build: Build,
    set: &'static [(&'static str, i64)],
    interval: Interval,
) -> Experiment {
    Experiment { id, what: What::Program { program, build, set, interval } }
}

const fn squares(id: &'static str, contender: (&'static str, &'static str), workers: u32) -> Experiment {
    let knobs = &[("n", 1_000_000), ("tasks", 16)];
    Experiment { id, what: What::Cell { workload: "sum-of-squares", knobs, contender, workers } }
}

const ECHO_1: &[(&str, i64)] = &[("spinners", 1)];
const ECHO_2: &[(&str, i64)] = &[("spinners", 2)];
const ALONE: &[(&str, i64)] = &[("threads", 1)];
const TWO: &[(&str, i64)] = &[("threads", 2)];

use Build::{FreeThreaded, Gil};
use Interval::{Increments, Micros, Shipped};

/// The programs of one thread that a build's price is the geometric mean of.
pub(super) const PRICED: [&str; 6] = ["fib", "int-loop", "dict-loop", "list-loop", "lock-loop", "cache-alone"];

/// Everything, once a round, in random order.
pub(super) fn all() -> Vec<(String, What)> {
    let named = EXPERIMENTS.iter().map(|one| (one.id.to_owned(), one.what));
    let priced = PRICED.iter().flat_map(|program| {
        Build::ALL.iter().map(move |(id, build)| {
            let what = What::Program { program, build: *build, set: &[], interval: Interval::Shipped };
            (price_of(program, id), what)
        })
    });
    named.chain(priced).collect()
}

/// The experiment that runs a priced program in a build.
pub(super) fn price_of(program: &str, build: &str) -> String {
    format!("price/{program}/{build}")
}

const EXPERIMENTS: &[Experiment] = &[
    program("plus-equals/gil", "plus-equals", Gil),
    set("plus-equals/gil/0.1ms", "plus-equals", Gil, &[], Micros(100)),
    set("plus-equals/gil/20", "plus-equals", Gil, &[("threads", 20)], Micros(100)),
    program("plus-equals/ft", "plus-equals", FreeThreaded),
    program("locked/gil", "locked", Gil),
    program("locked/ft", "locked", FreeThreaded),
    program("unsafe/gil", "unsafe", Gil),
    set("unsafe/gil/scaled", "unsafe", Gil, &[], Increments),
    program("unsafe/ft", "unsafe", FreeThreaded),
    program("check-then-act/gil", "check-then-act", Gil),
    program("check-then-act/ft", "check-then-act", FreeThreaded),
    program("check-then-get/gil", "check-then-get", Gil),
    program("check-then-get/ft", "check-then-get", FreeThreaded),
    Experiment {
        id: "await",
        what: What::Cell {
            workload: "counter",
            knobs: &[("work-inside", 50)],
            contender: ("async", "racy"),
            workers: 8,
        },
    },
    set("echo/gil/5ms", "echo", Gil, ECHO_1, Micros(5000)),
    set("echo/gil/1ms", "echo", Gil, ECHO_1, Micros(1000)),
    set("echo/gil/0.1ms", "echo", Gil, ECHO_1, Micros(100)),
    set("echo/gil/2", "echo", Gil, ECHO_2, Micros(5000)),
    set("echo/ft", "echo", FreeThreaded, ECHO_1, Shipped),
    squares("squares/sequential", ("sequential", "plain"), 1),
    squares("squares/gil", ("gil", "threads"), 2),
    squares("squares/processes", ("processes", "pool"), 2),
    Experiment { id: "squares/real-processes", what: What::Real { program: "squares-on-processes", set: TWO } },
    set("squares/gil/1", "sum-of-squares", Gil, ALONE, Shipped),
    set("squares/gil/2", "sum-of-squares", Gil, TWO, Shipped),
    set("squares/ft/1", "sum-of-squares", FreeThreaded, ALONE, Shipped),
    set("squares/ft/2", "sum-of-squares", FreeThreaded, TWO, Shipped),
    set("rebind-private/1", "rebind-private", FreeThreaded, ALONE, Shipped),
    set("rebind-private/2", "rebind-private", FreeThreaded, TWO, Shipped),
    set("rebind-shared/2", "rebind-shared", FreeThreaded, TWO, Shipped),
    set("rebind-immortal/2", "rebind-immortal", FreeThreaded, TWO, Shipped),
    program("locked-bare/gil", "locked-bare", Gil),
    program("locked-bare/ft", "locked-bare", FreeThreaded),
    set("locked-bare/ft/pause", "locked-bare", FreeThreaded, &[("machine-pause", 1)], Shipped),
    program("locked-immortal/ft", "locked-immortal", FreeThreaded),
    program("locked-private/ft", "locked-private", FreeThreaded),
    program("locked-plus-equals/ft", "locked-plus-equals", FreeThreaded),
];

/// Parameters as a configuration carries them.
pub(super) fn knobs(set: &[(&str, i64)]) -> Map<String, Value> {
    set.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
}

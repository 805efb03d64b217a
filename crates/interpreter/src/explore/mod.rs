//! The explorer: every interleaving of a small program, by a breadth-first search over its moments with a set of those that
//! were seen (stateful model checking, as in Holzmann, "The Model Checker SPIN", IEEE TSE 23(5), 1997; breadth first, so that
//! the way to an ending is one of the shortest in turns). It has an executor of its own, on values without counts or locks:
//! it is also what the machine's answers are compared with.

mod search;
mod state;
mod step;
mod trace;

use crate::fault::FaultKind;
use crate::{Builtin, Op, Plain, Program};

pub use search::explore;
pub use trace::{Bytecode, Turn};

/// Where a running thread may be switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Granularity {
    /// Where it ends or waits: one thread after the other, in every order.
    Sequential,
    /// At check points as well: function entry, the back edge of a loop, after a call of a built-in. What is between two of
    /// them is one step, as it is under CPython's global lock since 3.10.
    Gil,
    /// Between any two bytecodes. Those that touch nothing another thread can get at are done with the one before: they
    /// commute with whatever the others do, so that no ending is lost (Godefroid, "Partial-Order Methods", 1996).
    FreeThreaded,
    /// Between any two bytecodes, without that reduction.
    EveryBytecode,
}

/// When to give up.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Moments.
    pub states: usize,
    /// Bytecodes of a thread between two places where it may be switched.
    pub turn: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { states: 2_000_000, turn: 1_000_000 }
    }
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ending {
    /// What `main` returned.
    Returned(Plain),
    /// What `main` failed of.
    Failed {
        /// Of which kind.
        kind: FaultKind,
        /// What was found.
        message: String,
        /// The line.
        line: u32,
    },
    /// Threads that wait for each other, each with its line.
    Deadlock(Vec<(usize, u32)>),
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Returned(value) => write!(f, "{value}"),
            Self::Failed { kind, message, line } => write!(f, "{kind}: {message} (line {line})"),
            Self::Deadlock(waiting) => {
                let who = waiting.iter().map(|(thread, line)| format!("thread {thread} in line {line}"));
                write!(f, "deadlock: {}", who.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// An ending that was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The ending.
    pub ending: Ending,
    /// Moments that end so.
    pub states: u64,
    /// Schedules that lead there: ways through the moments. `None` where they have no number: in a loop of moments, or where
    /// the search was cut short.
    pub schedules: Option<u128>,
    /// One of the shortest, turn by turn.
    pub turns: Vec<Turn>,
}

/// What was explored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explored {
    /// Endings, in their order.
    pub endings: Vec<Found>,
    /// Moments that were seen.
    pub states: usize,
    /// Turns between them.
    pub transitions: u64,
    /// The most threads there were.
    pub threads: usize,
    /// Whether that is all. If not, more endings may exist.
    pub complete: bool,
}

impl Explored {
    /// One ending, if it was reached.
    #[must_use]
    pub fn found(&self, ending: &Ending) -> Option<&Found> {
        self.endings.iter().find(|found| found.ending == *ending)
    }
}

/// Why a program cannot be explored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unexplorable {
    /// It talks to the outside, which has no moments.
    #[error("line {line}: `{name}` talks to the outside, and what that does cannot be explored")]
    Outside {
        /// The line.
        line: u32,
        /// The built-in.
        name: &'static str,
    },
    /// A thread ran on and on without a place where it may be switched.
    #[error("a thread ran {0} bytecodes in one turn: an endless loop? Scale the program down")]
    Endless(usize),
}

pub(crate) fn talks_to_the_outside(program: &Program) -> Option<Unexplorable> {
    let all = program.functions.iter().flat_map(|function| function.code.iter().zip(&function.lines));
    all.into_iter().find_map(|(op, line)| match op {
        Op::CallBuiltin(builtin @ (Builtin::Receive | Builtin::Send), _) => {
            Some(Unexplorable::Outside { line: *line, name: builtin.name() })
        }
        _ => None,
    })
}

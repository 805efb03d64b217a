//! Every interleaving of a program, as `explore --json` says it.

use serde::{Deserialize, Serialize};

/// The schema that [`Exploration`] announces.
pub const SCHEMA: &str = "explore/1";

/// One invocation of `explore`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exploration {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The program's name, or its path.
    pub program: String,
    /// What it is, one line.
    pub about: String,
    /// Its parameters, as they were explored.
    pub parameters: Vec<(String, i64)>,
    /// At each granularity, the coarsest first.
    pub searches: Vec<Search>,
    /// Every ending that some search found.
    pub endings: Vec<Outcome>,
}

/// A search at one granularity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// `sequential`: one thread after the other, in every order; `gil`: switched at check points; `free-threaded`: between
    /// any two bytecodes.
    pub granularity: String,
    /// Different moments that were seen.
    pub states: u64,
    /// Turns between them.
    pub transitions: u64,
    /// The most threads there were.
    pub threads: u64,
    /// Whether that is all. If not, a limit was hit, and more endings may exist.
    pub complete: bool,
}

/// How a program can end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What `main` returned, as Python would write it, or its error, or who waits for whom.
    pub ending: String,
    /// Whether it is an error or a deadlock.
    pub failed: bool,
    /// What it is.
    pub kind: Kind,
    /// In each search, in the order of [`Exploration::searches`].
    pub reached: Vec<Option<Reached>>,
    /// The shortest way there, where it is forbidden, of the coarsest search that found it.
    pub trace: Option<Trace>,
}

/// What an ending is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Some order of whole threads ends so.
    Allowed,
    /// No order of whole threads ends so, and under the lock it is reached: the lock does not forbid it.
    Forbidden,
    /// No order of whole threads ends so, and it is reached only without the lock.
    Interesting,
}

/// How often an ending is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Moments that end so.
    pub states: u64,
    /// Schedules that do, in digits, since there may be more than a number in JSON can say; null where they have no number.
    pub schedules: Option<String>,
}

/// A schedule, turn by turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// At which granularity.
    pub granularity: String,
    /// What each thread does until another has its turn.
    pub turns: Vec<Turn>,
}

/// See [`Trace`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// 0 is `main`'s, the others count in the order in which they were spawned.
    pub thread: u64,
    /// Bytecode by bytecode.
    pub bytecodes: Vec<Bytecode>,
}

/// A bytecode that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytecode {
    /// Its line.
    pub line: u32,
    /// As it is written.
    pub text: String,
    /// What it took and what it left.
    pub saw: String,
    /// Whether threads may be switched after it under a global lock.
    pub check_point: bool,
}

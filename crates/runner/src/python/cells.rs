//! What of the matrix a real interpreter runs: five workloads, in the ways that Python has to run more than one thing.

use harness::launcher::Launcher;
use results::Support;

use super::Python;

/// The script that takes a sample, in parts.
const SCRIPT: &str = concat!(
    include_str!("seeded.py"),
    include_str!("map_reduce.py"),
    include_str!("shared_state.py"),
    include_str!("sample.py")
);
/// Since then there is `concurrent.futures.InterpreterPoolExecutor`.
const SUBINTERPRETERS: (u32, u32) = (3, 14);

/// How an interpreter runs a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// One thing after the other.
    Sequential,
    /// A thread pool; for shared state, a thread a client and `threading.Lock`.
    Threads,
    /// `multiprocessing.Pool`.
    Processes,
    /// Coroutines on one event loop.
    Asyncio,
    /// `concurrent.futures.InterpreterPoolExecutor`.
    Subinterpreters,
}

impl Strategy {
    pub(crate) const ALL: [Self; 5] =
        [Self::Sequential, Self::Threads, Self::Processes, Self::Asyncio, Self::Subinterpreters];

    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Threads => "threads",
            Self::Processes => "processes",
            Self::Asyncio => "asyncio",
            Self::Subinterpreters => "subinterpreters",
        }
    }
}

/// Whether a strategy is what one would write, and if not, why.
pub(crate) type Supported = (Support, Option<&'static str>);

impl Python {
    /// Its cells of a workload: none of one that the script does not have.
    pub(crate) fn cells(&self, workload: &str) -> Vec<(Strategy, Supported)> {
        let shared = match workload {
            "sum-of-squares" | "primes" | "bulk-map" => false,
            "counter" | "check-then-act" => true,
            _ => return Vec::new(),
        };
        let support = |strategy| if shared { on_shared(workload, strategy) } else { self.on_tasks(strategy) };
        Strategy::ALL.map(|strategy| (strategy, support(strategy))).into()
    }

    /// How a sample of any cell is started.
    pub(crate) fn sample(&self) -> Launcher {
        self.script(SCRIPT)
    }

    fn on_tasks(&self, strategy: Strategy) -> Supported {
        let against = |why| (Support::AgainstTheGrain, Some(why));
        match strategy {
            Strategy::Threads if self.gil => against("threads that compute take turns under the interpreter's lock"),
            Strategy::Asyncio => {
                against("an event loop is one thread: tasks that only compute run one after the other")
            }
            Strategy::Subinterpreters if self.release < SUBINTERPRETERS => {
                (Support::NotApplicable, Some("concurrent.futures.InterpreterPoolExecutor came with Python 3.14"))
            }
            _ => (Support::Idiomatic, None),
        }
    }
}

fn on_shared(workload: &str, strategy: Strategy) -> Supported {
    let lacks = |why| (Support::NotApplicable, Some(why));
    match strategy {
        Strategy::Processes if workload == "check-then-act" => {
            lacks("processes have dictionaries of their own: a private cache would compute what is there already")
        }
        Strategy::Subinterpreters => {
            lacks("subinterpreters share no objects: there is no dictionary that two of them see")
        }
        _ => (Support::Idiomatic, None),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn python(minor: u32, gil: bool) -> Python {
        Python {
            id: String::new(),
            version: format!("3.{minor}.0"),
            release: (3, minor),
            gil,
            path: PathBuf::from("python"),
            interval_s: 0.005,
            free_threaded: !gil,
        }
    }

    #[test]
    fn what_does_not_run_says_why() {
        for (minor, gil) in [(9, true), (13, false), (14, false), (14, true)] {
            for workload in ["sum-of-squares", "primes", "bulk-map", "counter", "check-then-act"] {
                let cells = python(minor, gil).cells(workload);
                assert_eq!(cells.len(), 5, "{workload}");
                for (strategy, (support, why)) in cells {
                    assert_eq!(why.is_some(), support != Support::Idiomatic, "{workload} {strategy:?}");
                }
            }
        }
        assert_eq!(python(13, true).cells("kv-mix"), []);
    }

    #[test]
    fn lock_and_version_decide_what_is_idiomatic() {
        let support = |python: Python, workload, wanted| {
            let all = python.cells(workload);
            all.into_iter().find(|(strategy, _)| *strategy == wanted).map(|(_, (support, _))| support)
        };
        assert_eq!(support(python(13, true), "primes", Strategy::Threads), Some(Support::AgainstTheGrain));
        assert_eq!(support(python(13, false), "primes", Strategy::Threads), Some(Support::Idiomatic));
        assert_eq!(support(python(13, true), "primes", Strategy::Subinterpreters), Some(Support::NotApplicable));
        assert_eq!(support(python(14, true), "primes", Strategy::Subinterpreters), Some(Support::Idiomatic));
        assert_eq!(support(python(14, true), "counter", Strategy::Processes), Some(Support::Idiomatic));
        assert_eq!(support(python(14, true), "check-then-act", Strategy::Processes), Some(Support::NotApplicable));
    }
}

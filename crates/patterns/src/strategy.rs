//! What a model says about a pattern: a list of strategies, each with its support, that cannot be empty.

use crate::run::{Run, WorkerMain};
use crate::workload::Workload;

/// Whether a model can express something, and whether it should. A hole is said, with its reason; it is never silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support<F> {
    /// As the field would write it.
    Idiomatic(F),
    /// It runs, but nobody should do it.
    AgainstTheGrain {
        /// Why nobody should.
        why: &'static str,
        /// What runs.
        run: F,
    },
    /// It cannot be expressed, so there is nothing to run.
    NotApplicable {
        /// Why it cannot.
        why: &'static str,
    },
}

impl<F> Support<F> {
    /// What runs, if anything does.
    pub fn run(&self) -> Option<&F> {
        match self {
            Self::Idiomatic(run) | Self::AgainstTheGrain { run, .. } => Some(run),
            Self::NotApplicable { .. } => None,
        }
    }

    /// The reason, for everything that is not idiomatic.
    pub fn why(&self) -> Option<&'static str> {
        match self {
            Self::Idiomatic(_) => None,
            Self::AgainstTheGrain { why, .. } | Self::NotApplicable { why } => Some(why),
        }
    }

    /// The same support of something else.
    pub fn map<G>(self, f: impl FnOnce(F) -> G) -> Support<G> {
        match self {
            Self::Idiomatic(run) => Support::Idiomatic(f(run)),
            Self::AgainstTheGrain { why, run } => Support::AgainstTheGrain { why, run: f(run) },
            Self::NotApplicable { why } => Support::NotApplicable { why },
        }
    }
}

/// One way to express a pattern in a model.
#[derive(Debug)]
pub struct Strategy<W: Workload, A> {
    /// Kebab-case name.
    pub id: &'static str,
    /// Whether and how it runs.
    pub support: Support<Run<W, A>>,
    /// What its worker processes run, if it has any.
    pub worker: Option<WorkerMain>,
    /// A counterexample: its answers are expected to be wrong, and it never ranks.
    pub wrong: bool,
}

impl<W: Workload, A> Strategy<W, A> {
    /// As the field would write it.
    #[must_use]
    pub fn idiomatic(id: &'static str, run: Run<W, A>) -> Self {
        Self { id, support: Support::Idiomatic(run), worker: None, wrong: false }
    }

    /// Runs, but nobody should do it.
    #[must_use]
    pub fn against_the_grain(id: &'static str, why: &'static str, run: Run<W, A>) -> Self {
        Self { id, support: Support::AgainstTheGrain { why, run }, worker: None, wrong: false }
    }

    /// Cannot be expressed.
    #[must_use]
    pub fn not_applicable(id: &'static str, why: &'static str) -> Self {
        Self { id, support: Support::NotApplicable { why }, worker: None, wrong: false }
    }

    /// With worker processes that run `worker`.
    #[must_use]
    pub fn with_worker(mut self, worker: WorkerMain) -> Self {
        self.worker = Some(worker);
        self
    }

    /// A counterexample.
    #[must_use]
    pub fn deliberately_wrong(mut self) -> Self {
        self.wrong = true;
        self
    }
}

/// The strategies of a model for a pattern. There is no empty list: [`Strategies::of`] takes the first.
#[derive(Debug)]
pub struct Strategies<W: Workload, A>(Vec<Strategy<W, A>>);

impl<W: Workload, A> Strategies<W, A> {
    /// The first strategy.
    #[must_use]
    pub fn of(first: Strategy<W, A>) -> Self {
        Self(vec![first])
    }

    /// And another.
    #[must_use]
    pub fn and(mut self, next: Strategy<W, A>) -> Self {
        self.0.push(next);
        self
    }
}

impl<W: Workload, A> IntoIterator for Strategies<W, A> {
    type Item = Strategy<W, A>;
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A capability that only some workloads have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form<T> {
    /// It has it.
    Has(T),
    /// It lacks it, and this is why a strategy that needs it is not applicable.
    Lacks(&'static str),
}

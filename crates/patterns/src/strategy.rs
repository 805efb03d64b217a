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

/// What a strategy demands of a program's types and functions, beyond what one thread does: what the bounds of the
/// contract's traits are there for. `list` shows it.
///
/// Each is what the compiler says to a program that does not have it:
///
/// ```compile_fail,E0277
/// // Send: results come back from another thread.
/// std::thread::scope(|scope| { scope.spawn(|| std::rc::Rc::new(1)); });
/// ```
/// ```compile_fail,E0277
/// // Sync: several threads look at the same job.
/// let job = std::cell::Cell::new(1);
/// std::thread::scope(|scope| { scope.spawn(|| job.get()); });
/// ```
/// ```compile_fail,E0597
/// // Static: what is spawned may outlive the function that spawns it.
/// let job = vec![1];
/// let borrowed = &job;
/// std::thread::spawn(move || borrowed.len());
/// ```
/// ```compile_fail,E0277
/// // Serialize: what goes to another process goes as bytes.
/// struct Task;
/// serde_json::to_vec(&Task);
/// ```
/// ```compile_fail,E0728
/// // Async: the function that waits is an `async fn`, and so is every caller of it.
/// fn apply() { std::future::ready(()).await }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Demand {
    /// Tasks or results move to another thread.
    Send,
    /// Workers look at the same data at once.
    Sync,
    /// Workers outlive the borrow of what they work on: an `Arc`, or a copy.
    Static,
    /// Values or operations are copied, beside the original.
    Clone,
    /// Tasks and results travel as bytes.
    Serialize,
    /// Data has a layout of its own: one bulk of bytes, or entries of fixed size. No pointers.
    Plain,
    /// Code that waits is `async`.
    Async,
}

impl Demand {
    /// Nothing: it runs where it is called.
    pub const NONE: &'static [Self] = &[];
    /// Scoped threads and pools that borrow the job and hand results back.
    pub const BORROWED: &'static [Self] = &[Self::Send, Self::Sync];
    /// Workers that outlive the borrow: they share the job by an `Arc`.
    pub const SPAWNED: &'static [Self] = &[Self::Send, Self::Sync, Self::Static];
    /// Tasks of a runtime that await.
    pub const AWAITED: &'static [Self] = &[Self::Send, Self::Sync, Self::Static, Self::Async];
    /// Other processes: everything is a message.
    pub const SHIPPED: &'static [Self] = &[Self::Serialize];
    /// Other processes that look at the same memory.
    pub const MAPPED: &'static [Self] = &[Self::Serialize, Self::Plain];

    /// As one writes it in Rust.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Send => "Send",
            Self::Sync => "Sync",
            Self::Static => "'static",
            Self::Clone => "Clone",
            Self::Serialize => "Serialize",
            Self::Plain => "plain data",
            Self::Async => "async",
        }
    }
}

/// One way to express a pattern in a model.
#[derive(Debug)]
pub struct Strategy<W: Workload, A> {
    /// Kebab-case name.
    pub id: &'static str,
    /// What it demands of a program's types.
    pub demands: &'static [Demand],
    /// Whether and how it runs.
    pub support: Support<Run<W, A>>,
    /// What its worker processes run, if it has any.
    pub worker: Option<WorkerMain>,
    /// A counterexample: its answers are expected to be wrong, and it never ranks.
    pub wrong: bool,
    /// Why it is not applicable at some settings of the knobs.
    pub refuses: fn(&W) -> Option<&'static str>,
    /// What to mind where it is used as it should be.
    pub mind: Option<&'static str>,
}

impl<W: Workload, A> Strategy<W, A> {
    /// As the field would write it.
    #[must_use]
    pub fn idiomatic(id: &'static str, demands: &'static [Demand], run: Run<W, A>) -> Self {
        Self::new(id, demands, Support::Idiomatic(run))
    }

    /// Runs, but nobody should do it.
    #[must_use]
    pub fn against_the_grain(id: &'static str, demands: &'static [Demand], why: &'static str, run: Run<W, A>) -> Self {
        Self::new(id, demands, Support::AgainstTheGrain { why, run })
    }

    /// Cannot be expressed.
    #[must_use]
    pub fn not_applicable(id: &'static str, why: &'static str) -> Self {
        Self::new(id, Demand::NONE, Support::NotApplicable { why })
    }

    fn new(id: &'static str, demands: &'static [Demand], support: Support<Run<W, A>>) -> Self {
        Self { id, demands, support, worker: None, wrong: false, refuses: |_| None, mind: None }
    }

    /// With worker processes that run `worker`.
    #[must_use]
    pub fn with_worker(mut self, worker: WorkerMain) -> Self {
        self.worker = Some(worker);
        self
    }

    /// This strategy for workloads that have what it needs; not applicable, with the workload's reason, for others.
    #[must_use]
    pub fn needs<T>(self, form: &Form<T>) -> Self {
        match form {
            Form::Has(_) => self,
            Form::Lacks(why) => Self::not_applicable(self.id, why),
        }
    }

    /// Not applicable at some settings of the knobs: the reason, where `refuses` gives one. What no setting allows is
    /// [`Strategy::not_applicable`], or lacks a form.
    #[must_use]
    pub fn unless(mut self, refuses: fn(&W) -> Option<&'static str>) -> Self {
        self.refuses = refuses;
        self
    }

    /// Idiomatic, with something that its users should mind: a reason for where it is slow.
    #[must_use]
    pub fn mind(mut self, what: &'static str) -> Self {
        self.mind = Some(what);
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

impl<T> Form<T> {
    /// The same without what it has.
    #[must_use]
    pub fn is_there(&self) -> Form<()> {
        match self {
            Self::Has(_) => Form::Has(()),
            Self::Lacks(why) => Form::Lacks(why),
        }
    }

    /// What a strategy may take that [`Strategy::needs`] it. Asked of the type at every use, and not kept: then functions
    /// in it are known when the strategy is compiled, and are called like any other.
    ///
    /// # Panics
    /// Where the workload lacks it: the strategy was not applicable.
    #[inline(always)]
    pub fn given(self) -> T {
        match self {
            Self::Has(it) => it,
            Self::Lacks(why) => unreachable!("not applicable: {why}"),
        }
    }
}

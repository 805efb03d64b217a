//! Shared state: clients that read and write the same entries. Operations are data, so that a lock, a shard, an owner
//! thread and an owner process can all carry out the same ones.

mod forms;
mod history;
pub mod linearizable;
mod sharded;
mod state;
mod torn;
pub mod word;

use std::convert::Infallible;
use std::fmt::Debug;
use std::hash::Hash;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::probe::{Observed, Probe};
use crate::run::{Done, Units};
use crate::strategy::{Form, Strategies};
use crate::workload::{Job, Workload, Wrong};

pub use forms::{Act, Apart, Counters, Explain, Fixed, KeyValue, LINE, Make, Merge, Met, Once, Split};
pub use history::{Examined, Histories, LIMIT, Record, Recording, Seen, examine};
pub use sharded::Sharded;
pub use state::State;
pub use torn::Torn;

/// What an operation touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access<K> {
    /// Looks at one entry.
    Read(K),
    /// Inserts, updates or removes one entry.
    Write(K),
    /// Updates two entries at once. They differ.
    Pair(K, K),
    /// Looks at all values of one moment.
    Audit,
}

/// What a workload may issue, over all settings of its knobs: support is asked of the type, not of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uses {
    /// [`Access::Read`]. Where every operation writes, what lets readers pass together has nobody to let pass.
    pub reads: bool,
    /// [`Access::Pair`].
    pub pairs: bool,
    /// [`Access::Audit`].
    pub audits: bool,
    /// Operations whose reply the client needs before it goes on.
    pub asks: bool,
    /// Operations that insert or remove: a lock that lies in an entry would come and go with it.
    pub inserts: bool,
}

/// The one place of an entry in a map, as a lock's holder or an owner sees it.
pub trait Entry<V> {
    /// The value, if there is one.
    fn get(&mut self) -> Option<&mut V>;
    /// Inserts or replaces; the old value.
    ///
    /// # Panics
    /// After [`Entry::take`] removed a value, in stores whose entry is gone with it, as the standard map's is: an
    /// operation removes or inserts, it does not do both. `&mut Option<V>` has no entry to lose and allows it; that is
    /// a property of the form, and no workload may count on it.
    fn put(&mut self, value: V) -> Option<V>;
    /// Removes; the old value.
    fn take(&mut self) -> Option<V>;
}

/// For stores that have no entry of their own. May be filled again after [`Entry::take`].
impl<V> Entry<V> for &mut Option<V> {
    fn get(&mut self) -> Option<&mut V> {
        self.as_mut()
    }
    fn put(&mut self, value: V) -> Option<V> {
        self.replace(value)
    }
    fn take(&mut self) -> Option<V> {
        Option::take(self)
    }
}

/// A workload of clients that share entries. One worker is one client, with one script.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a workload of the pattern shared-state",
    note = "implement `patterns::SharedState` for it, or register it under the pattern whose trait it implements"
)]
pub trait SharedState: Workload {
    /// Names an entry.
    type Key: Copy + Eq + Hash + Ord + Debug + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What an entry holds. `Clone` for snapshots and maps that read by copy.
    type Value: Clone + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// An operation, as data. `Clone` for owners: the operation travels, the script stays.
    type Op: Clone + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What an operation answers.
    type Reply: Serialize + DeserializeOwned + Send + 'static;
    /// What a client remembers of its replies.
    type Tally: Default + Serialize + DeserializeOwned + Send + 'static;

    /// What it may issue.
    const USES: Uses;
    /// Whether its entries can be counters: what `atomic` and `racy` need.
    const COUNTERS: Form<Counters<Self>>;
    /// Whether two partial states of an entry can be merged (associative, commutative): what `local-merge` and
    /// `fold-reduce` need. A private state starts empty, without [`SharedState::initial`]'s entries, which are merged
    /// like any other part: a workload that has it must therefore insert in [`SharedState::write`] where the key is
    /// absent, and insert what it would have added, not what it would have come to.
    const MERGE: Form<Merge<Self>>;
    /// Whether its entries have a fixed place and a fixed size: what memory shared between processes needs, where there
    /// is no allocator to share.
    const FIXED: Form<Fixed<Self>> = Form::Lacks("its entries have no place of fixed size in a region of memory");
    /// Whether owners of single keys can carry out its pairs and audits in parts: what `partitioned` needs of a workload
    /// that has either.
    const SPLIT: Form<Split<Self>> = Form::Lacks("what it does to several entries cannot be done in parts");
    /// Whether its values are computed from their keys, once each time that one is missing: what `once-cells` needs.
    const ONCE: Form<Once<Self>> = Form::Lacks("its values are not computed from their keys");
    /// Whether its operations can be torn apart into a look and an act: what `racy` needs where entries are no counters.
    const APART: Form<Apart<Self>> = Form::Lacks("its operations have nothing between a look and an act");
    /// Whether the calls of its clients are recorded in a diagnostic pass, and checked to be linearizable beside
    /// [`SharedState::verify`]: for workloads that cannot know each reply beforehand, and whose replies tell what was
    /// there. Its calls must be asked.
    const HISTORY: Form<Histories<Self>> = Form::Lacks("its oracle says what is right without a history");

    /// Entries before the first operation.
    fn initial(&self, input: &Self::Input) -> Vec<(Self::Key, Self::Value)>;
    /// What client `client` does, in order. Part of the input: never made inside the clock.
    fn script<'i>(&self, input: &'i Self::Input, client: usize) -> &'i [Self::Op];
    /// What an operation touches.
    fn access(&self, op: &Self::Op) -> Access<Self::Key>;
    /// Whether the client needs the reply (ask) or not (tell, which may be windowed).
    fn asks(&self, op: &Self::Op) -> bool {
        let _ = op;
        Self::USES.asks
    }
    /// Why clients cannot get in each other's way at these knobs, if they cannot: a version without a lock is right then, and
    /// no counterexample.
    fn apart(&self) -> Option<&'static str> {
        None
    }
    /// The client's work before an operation, outside any lock.
    fn prepare(&self, op: &Self::Op) {
        let _ = op;
    }
    /// Carries out a read.
    fn read(&self, op: &Self::Op, value: Option<&Self::Value>) -> Self::Reply;
    /// Carries out a write: insert, update, remove, get-or-insert. The key may be absent even where
    /// [`SharedState::initial`] has it: see [`SharedState::MERGE`].
    fn write(&self, op: &Self::Op, entry: impl Entry<Self::Value>) -> Self::Reply;
    /// Carries out a pair, in place: pairs neither insert nor remove. Workloads without pairs keep the default.
    ///
    /// # Panics
    /// Where [`SharedState::USES`] denies pairs and an operation is one.
    fn write_pair(&self, op: &Self::Op, pair: [Option<&mut Self::Value>; 2]) -> Self::Reply {
        let _ = (op, pair);
        panic!("{} issued a pair, which its USES denies", Self::ID)
    }
    /// Carries out an audit over one moment. Workloads without audits keep the default.
    ///
    /// # Panics
    /// Where [`SharedState::USES`] denies audits and an operation is one.
    fn audit(&self, op: &Self::Op, all: &mut dyn Iterator<Item = &Self::Value>) -> Self::Reply {
        let _ = (op, all);
        panic!("{} issued an audit, which its USES denies", Self::ID)
    }
    /// The client's side of an asked operation: evidence, and the operation that follows from the reply, if one does
    /// ("look up, then use").
    fn observe(&self, tally: &mut Self::Tally, op: &Self::Op, reply: Self::Reply) -> Option<Self::Op> {
        let _ = (tally, op, reply);
        None
    }
    /// Adds another client's tally.
    fn merge_tally(&self, into: &mut Self::Tally, other: Self::Tally) {
        let _ = (into, other);
    }
    /// The oracle, never inside the timed region.
    ///
    /// # Errors
    /// What differs from the right answer, and how many updates were lost where that can be counted.
    fn verify(&self, input: &Self::Input, answer: &Answer<Self>) -> Result<(), Wrong>;

    /// What is digested to compare answers across processes and languages: the final entries by key, unless the
    /// workload says that right answers may differ.
    fn fingerprint(&self, answer: &Answer<Self>) -> Option<serde_json::Value> {
        answer.by_key()
    }
}

/// What a model says about shared state.
#[diagnostic::on_unimplemented(
    message = "the model `{Self}` says nothing about the pattern shared-state",
    note = "write `src/shared_state.rs` with `impl RunsSharedState for {Self}`: a list of strategies, each `Strategy::idiomatic`, `Strategy::against_the_grain` or `Strategy::not_applicable` with its reason"
)]
pub trait RunsSharedState {
    /// Its strategies. The list may depend on the workload.
    fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>>;
}

/// The state after a round, and what the clients saw.
#[derive(Debug)]
pub struct Answer<W: SharedState> {
    /// Final entries, in any order.
    pub entries: Vec<(W::Key, W::Value)>,
    /// All clients' tallies, merged.
    pub tally: W::Tally,
    /// What each client recorded; `None` where one did not.
    pub history: Option<Vec<Record<W>>>,
}

/// What a client did: counted where it happens, in the value that travels.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Evidence<W: SharedState> {
    /// What it remembers.
    pub tally: W::Tally,
    /// Steps of its script that it carried out.
    pub steps: u64,
    /// Operations, those that followed from replies included.
    pub operations: u64,
    /// Its calls, where they are recorded.
    pub record: Option<Record<W>>,
}

impl<W: SharedState> Answer<W> {
    /// Without a history.
    #[must_use]
    pub fn new(entries: Vec<(W::Key, W::Value)>, tally: W::Tally) -> Self {
        Self { entries, tally, history: None }
    }

    /// The entries in the order of their keys, as [`SharedState::fingerprint`] digests them.
    #[must_use]
    pub fn by_key(&self) -> Option<serde_json::Value> {
        let mut entries: Vec<_> = self.entries.iter().map(|(key, value)| (*key, value)).collect();
        entries.sort_by_key(|(key, _)| *key);
        serde_json::to_value(entries).ok()
    }
}

impl<W: SharedState> Evidence<W> {
    /// Nothing yet.
    #[must_use]
    pub fn empty() -> Self {
        Self { tally: W::Tally::default(), steps: 0, operations: 0, record: None }
    }

    /// Notes a reply to an asked operation; the operation that follows from it.
    #[inline]
    pub fn note(&mut self, workload: &W, op: &W::Op, reply: W::Reply) -> Option<W::Op> {
        if workload.asks(op) { workload.observe(&mut self.tally, op, reply) } else { None }
    }

    /// Adds what another did. Records stay with their clients: [`Evidence::done`] keeps them.
    pub fn absorb(&mut self, workload: &W, other: Self) {
        workload.merge_tally(&mut self.tally, other.tally);
        self.steps += other.steps;
        self.operations += other.operations;
    }

    /// The end of a round: all clients' evidence beside the final entries.
    pub fn done(
        workload: &W,
        clients: impl IntoIterator<Item = (Self, Observed)>,
        entries: Vec<(W::Key, W::Value)>,
        units: Units,
    ) -> Done<Answer<W>> {
        let mut all = Self::empty();
        let mut observed = Observed::default();
        let mut history = Some(Vec::new());
        for (mut evidence, seen) in clients {
            history = history.zip(evidence.record.take()).map(|(mut all, one)| {
                all.push(one);
                all
            });
            all.absorb(workload, evidence);
            observed.absorb(seen);
        }
        Done { answer: Answer { entries, tally: all.tally, history }, steps: all.steps, units, observed }
    }
}

/// One client: its script against a store that answers at once.
#[inline]
pub fn client<W: SharedState, P: Probe>(
    job: &Job<W>,
    who: usize,
    mut apply: impl FnMut(&W::Op, &mut P) -> W::Reply,
) -> (Evidence<W>, Observed) {
    let answer = |op: &W::Op, probe: &mut P| Ok::<_, Infallible>(Some(apply(op, probe)));
    let Ok(seen) = try_client(&job.workload, job.workload.script(&job.input, who), answer);
    seen
}

/// As [`client`], for stores that are sent to: `apply` may fail, which ends the client, and has no reply to an operation
/// that was told. Every model whose clients block uses this loop; tasks that await have the same one.
///
/// # Errors
/// The first that `apply` returns.
#[inline]
pub fn try_client<W: SharedState, P: Probe, E>(
    workload: &W,
    script: &[W::Op],
    mut apply: impl FnMut(&W::Op, &mut P) -> Result<Option<W::Reply>, E>,
) -> Result<(Evidence<W>, Observed), E> {
    let mut probe = P::default();
    let mut evidence = Evidence::empty();
    let mut recording = Recording::<W, P>::of(workload);
    for op in script {
        workload.prepare(op);
        let invoked = recording.invoked();
        let reply = apply(op, &mut probe)?;
        recording.returned(op, invoked, reply.as_ref());
        evidence.steps += 1;
        evidence.operations += 1;
        let mut next = reply.and_then(|reply| evidence.note(workload, op, reply));
        while let Some(op) = next {
            let invoked = recording.invoked();
            let reply = apply(&op, &mut probe)?;
            recording.returned(&op, invoked, reply.as_ref());
            evidence.operations += 1;
            next = reply.and_then(|reply| evidence.note(workload, &op, reply));
        }
        probe.reached(evidence.steps, script.len() as u64);
    }
    evidence.record = recording.done();
    let operations = evidence.operations;
    Ok((evidence, probe.observed(operations)))
}

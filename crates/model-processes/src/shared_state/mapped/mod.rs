//! `shared-memory`, `shared-atomic` and `racy`: client processes with the entries in a region that all of them map. The parent
//! fills it before the clock starts and reads it after; in a round it only says go and waits.

mod counted;
#[cfg(target_os = "linux")]
mod locked;

use std::sync::Arc;

use ipc_channel::ipc::IpcSharedMemory;
use patterns::probe::Recorder;
use patterns::shared_state::{Answer, Evidence, try_client};
use patterns::{Error, Job, Measure, Probe, SharedState, Silent, Start};

use super::clients::{self, Report, Sight};
use crate::link::{self, Link};
use crate::parent::{self, Parent};
use crate::wire::{End, encode};

pub(super) use counted::Counted;
#[cfg(target_os = "linux")]
pub(super) use locked::Locked;

/// Entries in a region.
pub(super) trait Store<W: SharedState>: Sized {
    /// Makes the region, in the parent.
    fn new(workload: &W) -> Result<Self, Error>;
    /// Takes the region from the parent, in a client.
    fn of(memory: IpcSharedMemory) -> Self;
    /// For a client.
    fn share(&self) -> IpcSharedMemory;
    /// Starts a round from these entries, while no client runs.
    fn reset(&self, workload: &W, entries: Vec<(W::Key, W::Value)>);
    /// Carries out an operation.
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> Result<W::Reply, Error>;
    /// Final entries, while no client runs.
    fn entries(&self, workload: &W) -> Vec<(W::Key, W::Value)>;
    /// What a client's death left behind, in words, if it left anything.
    fn damage(&self) -> Option<&'static str>;
}

pub(super) fn run<W: SharedState, P: Probe, S: Store<W>>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let (workload, workers) = (&job.workload, start.workers.get());
    let store = S::new(workload)?;
    let mut links = link::start_all(start, workers)?;
    let (knobs, records) = (encode(workload)?, encode(&P::RECORDS)?);
    for (who, link) in links.iter_mut().enumerate() {
        let told = link.send(&knobs).and_then(|()| link.hand(End::Region(store.share())));
        let told = told.and_then(|()| link.send(&records));
        told.map_err(|broken| link.explain(broken))?;
        clients::script(link, job, who)?;
    }
    let result = measure(&mut |watch| {
        store.reset(workload, workload.initial(&job.input));
        let reports = watch.time(|| clients::round::<W>(&mut links));
        let reports = reports.map_err(|error| link::blame(error, store.damage(), links.iter_mut()))?;
        let (seen, units) = clients::sum::<W, P>(reports, workers);
        Ok(Evidence::done(workload, seen, store.entries(workload), units))
    });
    links.iter_mut().for_each(Link::hang_up);
    result
}

/// The worker's side: a client.
pub(super) fn work<W: SharedState, S: Store<W>>(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    let workload: W = parent.expect()?;
    let End::Region(memory) = parent.end()? else { return Err(Error::other("expected a region")) };
    let store = S::of(memory);
    let records: bool = parent.expect()?;
    let script: Vec<W::Op> = parent.expect()?;
    if records {
        rounds::<W, Recorder, S>(&parent, &workload, &store, &script)
    } else {
        rounds::<W, Silent, S>(&parent, &workload, &store, &script)
    }
}

fn rounds<W: SharedState, P: Probe, S: Store<W>>(
    parent: &Parent,
    workload: &W,
    store: &S,
    script: &[W::Op],
) -> Result<(), Error> {
    while parent.receive()?.is_some() {
        let apply = |op: &W::Op, probe: &mut P| store.apply(workload, op, probe).map(Some);
        let (evidence, seen) = try_client(workload, script, apply)?;
        parent.send(&encode(&Report { evidence, messages: 0, bytes: 0, seen: Sight::of::<P>(seen) })?)?;
    }
    parent::leave()
}

//! `local-merge`: a private state in each client process, sent to the parent and merged at the end: no sharing at all, where
//! states merge.

use std::sync::Arc;

use patterns::probe::Recorder;
use patterns::shared_state::{Answer, Evidence, KeyValue, State, try_client};
use patterns::{Error, Job, Measure, Probe, SharedState, Silent, Start};

use super::clients::{self, Report, Sight};
use crate::link::{self, Link};
use crate::parent::{self, Parent};
use crate::wire::encode;

pub(super) fn run<W: SharedState, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Answer<W>>,
) -> Result<(), Error> {
    let (workload, workers) = (&job.workload, start.workers.get());
    let mut links = link::start_all(start, workers)?;
    let knobs = encode(workload)?;
    for (who, link) in links.iter_mut().enumerate() {
        clients::tell(link, &knobs, &P::RECORDS)?;
        clients::script(link, job, who)?;
    }
    let result = measure(&mut |watch| {
        let mut state = State::new(workload.initial(&job.input));
        let reports = watch.time(|| {
            clients::go(&mut links)?;
            links.iter_mut().map(|link| merged(workload, &mut state, link)).collect::<Result<Vec<_>, Error>>()
        });
        let reports = reports.map_err(|error| link::blame(error, None, links.iter_mut()))?;
        let (seen, units) = clients::sum::<W, P>(reports, workers);
        Ok(Evidence::done(workload, seen, state.into_entries(), units))
    });
    links.iter_mut().for_each(Link::hang_up);
    result
}

/// What a client did, and its part in the state.
fn merged<W: SharedState>(workload: &W, state: &mut State<W>, link: &mut Link) -> Result<Report<W>, Error> {
    let report = link.ask()?;
    let part: Vec<KeyValue<W>> = link.ask()?;
    state.merge(workload, W::MERGE.given(), part);
    Ok(report)
}

/// The worker's side: a client.
pub(super) fn work<W: SharedState>(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    let workload: W = parent.expect()?;
    let records: bool = parent.expect()?;
    if records { rounds::<W, Recorder>(&parent, &workload) } else { rounds::<W, Silent>(&parent, &workload) }
}

fn rounds<W: SharedState, P: Probe>(parent: &Parent, workload: &W) -> Result<(), Error> {
    let script: Vec<W::Op> = parent.expect()?;
    while parent.receive()?.is_some() {
        let mut state = State::new([]);
        let apply = |op: &W::Op, _: &mut P| Ok::<_, Error>(Some(state.apply(workload, op)));
        let (evidence, seen) = try_client(workload, &script, apply)?;
        let part = encode(&state.into_entries())?;
        let (bytes, seen) = (part.len() as u64, Sight::of::<P>(seen));
        parent.send(&encode(&Report { evidence, messages: 1, bytes, seen })?)?;
        parent.send(&part)?;
    }
    parent::leave()
}

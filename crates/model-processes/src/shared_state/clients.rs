//! Clients in processes of their own: what they are told, how a round of them goes, and what they report.

use std::time::Duration;

use patterns::clock::Tick;
use patterns::probe::Observed;
use patterns::shared_state::Evidence;
use patterns::{Error, Job, Probe, SharedState, Units};
use serde::{Deserialize, Serialize};

use crate::link::Link;
use crate::wire::encode;

/// What a client did in a round, and what it sent for that.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) struct Report<W: SharedState> {
    pub(super) evidence: Evidence<W>,
    pub(super) messages: u64,
    pub(super) bytes: u64,
    /// What its probe saw; `None` where it has none, which is whenever its time counts.
    pub(super) seen: Option<Sight>,
}

/// What a probe saw, as it travels: operations are in the evidence, and a client sees nobody die.
#[derive(Serialize, Deserialize)]
pub(super) struct Sight {
    acquisitions: u64,
    contended: u64,
    lock_wait: Duration,
    longest_wait: Duration,
    longest_hold: Duration,
    progress: Vec<Vec<(u64, Tick)>>,
}

impl Sight {
    /// Nothing, where the probe is silent.
    pub(super) fn of<P: Probe>(seen: Observed) -> Option<Self> {
        let Observed { acquisitions, contended, lock_wait, longest_wait, longest_hold, progress, .. } = seen;
        P::RECORDS.then_some(Self { acquisitions, contended, lock_wait, longest_wait, longest_hold, progress })
    }
}

impl From<Sight> for Observed {
    fn from(sight: Sight) -> Self {
        let Sight { acquisitions, contended, lock_wait, longest_wait, longest_hold, progress } = sight;
        Self { acquisitions, contended, lock_wait, longest_wait, longest_hold, progress, ..Self::default() }
    }
}

/// Tells a worker the knobs, and who it is.
pub(super) fn tell(link: &mut Link, knobs: &[u8], role: &impl Serialize) -> Result<(), Error> {
    let role = encode(role)?;
    link.send(knobs).and_then(|()| link.send(&role)).map_err(|broken| link.explain(broken))
}

/// Gives a client its script: its behaviour, not data to hand out.
pub(super) fn script<W: SharedState>(link: &mut Link, job: &Job<W>, who: usize) -> Result<(), Error> {
    let script = encode(&job.workload.script(&job.input, who))?;
    link.send(&script).map_err(|broken| link.explain(broken))
}

/// Starts all clients and waits for them, in order: whoever waits for a client that is done waits for nobody.
pub(super) fn round<W: SharedState>(links: &mut [Link]) -> Result<Vec<Report<W>>, Error> {
    go(links)?;
    links.iter_mut().map(Link::ask).collect()
}

/// Starts all clients.
pub(super) fn go(links: &mut [Link]) -> Result<(), Error> {
    links.iter_mut().try_for_each(|link| link.send(&[]).map_err(|broken| link.explain(broken)))
}

/// What clients did, and what it took beside `processes`.
pub(super) fn sum<W: SharedState, P: Probe>(
    reports: Vec<Report<W>>,
    processes: usize,
) -> (Vec<(Evidence<W>, Observed)>, Units) {
    let mut units = Units { processes: processes as u64, ..Units::default() };
    let one = |report: Report<W>| {
        units.messages += report.messages;
        units.bytes_shipped += report.bytes;
        let mut observed = P::default().observed(report.evidence.operations);
        if let Some(sight) = report.seen {
            observed.absorb(sight.into());
        }
        (report.evidence, observed)
    };
    let seen = reports.into_iter().map(one).collect();
    (seen, units)
}

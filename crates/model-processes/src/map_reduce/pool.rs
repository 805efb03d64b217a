//! Pools of workers that fold what comes into shares. Strategies differ in how tasks are packed and what their data
//! travels in.

use std::sync::Arc;

use patterns::map_reduce::Share;
use patterns::{Error, Job, MapReduce, Measure, Probe, Start};

use super::crew::{Home, Packing, Pool, crew};
use super::errand::Tasks;
use super::freight::{self, Buffer, Load, Mapped, Owned, Unload, append};
use crate::link::Link;
use crate::parent::Parent;
use crate::wire::encode;

pub(super) fn single<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    rounds::<W, P, _>(start, job, measure, Packing::SINGLE, freight::Tasks)
}

pub(super) fn batched<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    rounds::<W, P, _>(start, job, measure, Packing { batch: 64, window: 2 }, freight::Tasks)
}

pub(super) fn owned<W: MapReduce, P: Probe, B: Buffer>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    rounds::<W, P, _>(start, job, measure, Packing::SINGLE, Owned::<B>::NEW)
}

pub(super) fn copied<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    rounds::<W, P, _>(start, job, measure, Packing::SINGLE, Mapped::copied(job))
}

pub(super) fn resident<W: MapReduce, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
) -> Result<(), Error> {
    rounds::<W, P, _>(start, job, measure, Packing::SINGLE, Mapped::resident(job))
}

fn rounds<W: MapReduce, P: Probe, F: Load<W>>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Partial>,
    packing: Packing,
    freight: F,
) -> Result<(), Error> {
    let workload = &job.workload;
    let tasks = workload.tasks(&job.input);
    let knobs = encode(workload)?;
    let introduce = |link: &Link| link.send(&knobs).and_then(|()| freight.introduce(link));
    let errand = Tasks { job, freight: &freight };
    crew::<_, P>(&Pool { start, packing, introduce: &introduce }, |crew| {
        measure(&mut |watch| {
            let (share, units, observed) = watch.time(|| {
                let Home { shares, units, observed } = crew.round(tasks, &errand)?;
                Ok::<_, Error>((Share::combine(workload, shares), units, observed))
            })?;
            Ok(share.done(units, observed))
        })
    })
}

/// The worker's side: folds each message's tasks into a share, until the parent hangs up.
pub(super) fn work<W: MapReduce, F: Unload<W>>(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    let workload: W = parent.expect()?;
    let freight = F::new(&parent)?;
    let mut answer = Vec::new();
    while let Some(message) = parent.receive()? {
        let mut share = Share::empty(&workload);
        let (count, mut rest): (usize, &[u8]) = postcard::take_from_bytes(&message).map_err(Error::other)?;
        for _ in 0..count {
            rest = freight.unload(&workload, rest, &mut share)?;
        }
        answer.clear();
        append(&share, &mut answer)?;
        parent.send(&answer)?;
    }
    Ok(())
}

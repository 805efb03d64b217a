//! The parent's side: it makes the edges, hands them out, and is source and sink, on two threads of their own.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use patterns::pipeline::done;
use patterns::probe::Observed;
use patterns::{Error, Job, Measure, Pipeline, Probe, Start, Units, team};

use super::edge::{Edges, Put, Take};
use super::outlet::{Outlet, Writer};
use super::stage::Place;
use super::{Passing, Tally};
use crate::link::{self, Link, blame};
use crate::wire::{decode, encode};

/// What source and sink are asked.
#[derive(Debug, Clone, Copy)]
enum Ask {
    /// To go where they belong.
    Settle,
    /// To send all items, to absorb as many.
    Items,
    /// To send for what everybody did, to wait for it.
    Count,
}

/// What they answer.
enum Told<S> {
    Done,
    Sink(S),
    Tallies(Vec<Tally>),
}

pub(super) fn run<W: Pipeline, P: Probe, E: Edges, O: Outlet<W::Item, E::Put>>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Sink>,
) -> Result<(), Error> {
    let stages = job.workload.stages();
    if stages == 0 {
        return Err(Error::other("a pipeline without stages: there is nothing to start a process for"));
    }
    thread::scope(|scope| {
        let mut links = link::start_all(start, stages)?;
        let ends = connect::<W, E>(&job.workload, &mut links);
        let (put, take) = ends.map_err(|error| blame(error, None, links.iter_mut()))?;
        E::guard(&links, scope, &put, &take)?;
        let (put, source, sink) = (Mutex::new(Some(put)), Mutex::new(None::<O>), Mutex::new(Some(take)));
        let placement = job.workload.placement();
        let work = |member: usize, ask: Ask| match (member, ask) {
            // The source beside the first stage, the sink beside the last. What a thread starts, it starts there.
            (0, Ask::Settle) => {
                placement.settle(0)?;
                let put = lock(&put).take().ok_or_else(gone)?;
                *lock(&source) = Some(O::new(Writer::new(put, None), job.workload.capacity())?);
                Ok(Told::Done)
            }
            (_, Ask::Settle) => placement.settle(stages - 1).map(|()| Told::Done),
            (0, Ask::Items) => with(&source, |outlet| send_items(job, outlet)),
            (_, Ask::Items) => with(&sink, |inlet| absorb_items(job, inlet)),
            (0, Ask::Count) => with(&source, |outlet| {
                outlet.pass(Passing::Count(vec![Tally::default()]), false)?;
                Ok(Told::Done)
            }),
            (_, Ask::Count) => with(&sink, |inlet| tallies::<W>(inlet)),
        };
        let members = NonZeroUsize::MIN.saturating_add(1);
        let result = team(members, work, |team| {
            team.run(|_| Ask::Settle)?;
            measure(&mut |watch| {
                let mut ask = |ask| team.run(|_| ask).map_err(|error| blame(error, None, links.iter_mut()));
                let told = watch.time(|| ask(Ask::Items))?;
                let sink =
                    told.into_iter().find_map(|told| if let Told::Sink(sink) = told { Some(sink) } else { None });
                let counted = ask(Ask::Count)?;
                let tallies = counted.into_iter().find_map(|told| match told {
                    Told::Tallies(tallies) => Some(tallies),
                    Told::Done | Told::Sink(_) => None,
                });
                let (Some(sink), Some(tallies)) = (sink, tallies) else { return Err(gone()) };
                let (executed, units, observed) = sum::<P>(&tallies);
                let threads = 2 + O::THREADS * (stages as u64 + 1);
                Ok(done(sink, executed, Units { processes: stages as u64, threads, ..units }, observed))
            })
        });
        links.iter_mut().for_each(Link::hang_up);
        result
    })
}

fn gone() -> Error {
    Error::other("the source or the sink is gone")
}

fn lock<T>(slot: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something with an end that is kept between rounds. If it fails, or panics, the end is gone, which those at the other
/// end are waiting for.
fn with<T, S>(slot: &Mutex<Option<T>>, act: impl FnOnce(&mut T) -> Result<Told<S>, Error>) -> Result<Told<S>, Error> {
    let mut end = lock(slot).take().ok_or_else(gone)?;
    let told = act(&mut end)?;
    *lock(slot) = Some(end);
    Ok(told)
}

/// Tells the stages who they are, and hands out the ends of all edges but the first's and the last's outer ones.
fn connect<W: Pipeline, E: Edges>(workload: &W, links: &mut [Link]) -> Result<(E::Put, E::Take), Error> {
    let (knobs, capacity) = (encode(workload)?, workload.capacity());
    let (source, mut take) = E::edge(capacity)?;
    let (mut back, mut returns) = if workload.laps() > 1 {
        let (back, returns) = E::edge(capacity)?;
        (Some(back), Some(returns))
    } else {
        (None, None)
    };
    for (stage, link) in links.iter_mut().enumerate() {
        let place = Place::of(workload, stage);
        let role = encode(&place)?;
        let (put, next) = E::edge(capacity)?;
        let inbox = std::mem::replace(&mut take, next);
        let (returns, back) = (returns.take_if(|_| place.first), back.take_if(|_| place.last));
        let told = link.send(&knobs).and_then(|()| link.send(&role));
        let told = told.and_then(|()| inbox.hand(link));
        let told = told.and_then(|()| returns.map_or(Ok(()), |returns| returns.hand(link)));
        let told = told.and_then(|()| put.hand(link));
        let told = told.and_then(|()| back.map_or(Ok(()), |back| back.hand(link)));
        told.map_err(|broken| link.explain(broken))?;
    }
    links.iter_mut().try_for_each(|link| link.hear::<()>().map(drop))?;
    Ok((source, take))
}

fn send_items<W: Pipeline, E, O: Outlet<W::Item, E>>(job: &Job<W>, outlet: &mut O) -> Result<Told<W::Sink>, Error> {
    let items = job.workload.items(&job.input);
    for index in 0..items {
        let item = job.workload.source(&job.input, index);
        outlet.pass(Passing::Item { laps: 0, rest: items - 1 - index, item }, false)?;
    }
    Ok(Told::Done)
}

fn absorb_items<W: Pipeline>(job: &Job<W>, inlet: &mut impl Take) -> Result<Told<W::Sink>, Error> {
    let (mut sink, mut message) = (job.workload.empty(), Vec::new());
    for _ in 0..job.workload.items(&job.input) {
        inlet.take(&mut message)?;
        let Passing::Item { item, .. } = decode(&message)? else { return Err(Error::other("an item is missing")) };
        job.workload.absorb(&mut sink, item);
    }
    Ok(Told::Sink(sink))
}

fn tallies<W: Pipeline>(inlet: &mut impl Take) -> Result<Told<W::Sink>, Error> {
    let mut message = Vec::new();
    inlet.take(&mut message)?;
    match decode::<Passing<W::Item>>(&message)? {
        Passing::Count(tallies) => Ok(Told::Tallies(tallies)),
        Passing::Item { .. } => Err(Error::other("an item too many")),
    }
}

/// Stage executions, what was sent for them, and what probes saw: of the stages, which come after the source.
fn sum<P: Probe>(tallies: &[Tally]) -> (u64, Units, Observed) {
    let (mut executed, mut units, mut observed) = (0, Units::default(), Observed::default());
    for (unit, tally) in tallies.iter().enumerate() {
        executed += tally.executed;
        units.messages += tally.messages;
        units.bytes_shipped += tally.bytes;
        if unit > 0 {
            observed.absorb(P::default().observed(tally.executed));
        }
    }
    (executed, units, observed)
}

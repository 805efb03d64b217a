//! A process is killed inside a critical section: of a lock that tells, and of a flag that does not.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use patterns::Error;
use patterns::clock::Tick;
use patterns::hazard::{Ending, Outcome, Scene};
use serde::{Deserialize, Serialize};

use super::shared::{Kind, Report, Shared};
use super::{kill_worker, workers};
use crate::link::Link;
use crate::parent::{Parent, leave};
use crate::wire::{End, encode};

/// Processes; the first is killed.
const PROCESSES: usize = 3;
/// Updates of each.
const EACH: u64 = 100;
const ALL: u64 = PROCESSES as u64 * EACH;

/// What a worker is told to do.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Order {
    /// So many updates.
    Updates(u64),
    /// Half of one, and to stay there.
    Half,
}

pub(super) fn inside_lock(scene: &Scene) -> Result<Outcome, Error> {
    let (lost, told) = course(scene, Kind::Robust, false)?;
    let (remedy_lost, _) = course(scene, Kind::Flag, true)?;
    let ending = if told.is_some() { Ending::Told } else { Ending::NotSeen };
    Ok(Outcome { ending, after: told, lost, of: ALL, remedy_lost })
}

pub(super) fn inside_flag(scene: &Scene) -> Result<Outcome, Error> {
    let (lost, _) = course(scene, Kind::Flag, false)?;
    let (remedy_lost, _) = course(scene, Kind::Flag, true)?;
    Ok(Outcome::waited(ALL, ALL - lost, ALL - remedy_lost))
}

/// All do half of their updates; then the first does half of one and is killed inside it, while the others want to do the
/// rest of theirs. Where it is mended, the parent repairs what the first left, and a second does the rest of the first's.
/// What was lost; and how soon the parent heard from somebody that the lock's holder is dead.
fn course(scene: &Scene, kind: Kind, mended: bool) -> Result<(u64, Option<Duration>), Error> {
    let shared = Shared::new(kind)?;
    let mut links = workers(scene, PROCESSES)?;
    for (who, link) in links.iter_mut().enumerate() {
        let role = encode(&(kind, who as u64))?;
        let told = link.send(&role).and_then(|()| link.hand(End::Region(shared.share())));
        told.map_err(|broken| link.explain(broken))?;
    }
    links.iter_mut().try_for_each(|link| order(link, Order::Updates(EACH / 2)))?;
    links.iter_mut().try_for_each(|link| link.hear::<Report>().map(drop))?;
    let (first, others) = links.split_at_mut(1);
    order(&mut first[0], Order::Half)?;
    first[0].hear::<Report>()?;
    others.iter_mut().try_for_each(|link| order(link, Order::Updates(EACH - EACH / 2)))?;
    let happened = Tick::now();
    kill_worker(first[0].pid())?;
    if mended {
        // Reaped: whatever its name stands in is the parent's to repair.
        first[0].end();
        shared.mend(0);
    }
    let hangs = matches!(kind, Kind::Flag) && !mended;
    let answers = answers(others, if hangs { scene.limit } else { scene.patience() })?;
    if mended && answers.len() == others.len() {
        order(&mut others[0], Order::Updates(EACH - EACH / 2))?;
        others[0].hear::<Report>()?;
    }
    let told = answers.iter().filter(|(report, _)| *report == Report::Orphaned).map(|(_, at)| *at).min();
    Ok((ALL - shared.whole(), told.map(|told| told.since(happened))))
}

fn order(link: &mut Link, order: Order) -> Result<(), Error> {
    let order = encode(&order)?;
    link.send(&order).map_err(|broken| link.explain(broken))
}

/// What workers report within the limit, and when; if one does not, all of them are killed. One that dies before is an
/// error: then nobody hangs, and something else is wrong.
fn answers(links: &mut [Link], limit: Duration) -> Result<Vec<(Report, Tick)>, Error> {
    let (count, pids) = (links.len(), links.iter().map(Link::pid).collect::<Vec<_>>());
    thread::scope(|scope| {
        let (say, heard) = channel();
        for link in links {
            let say = say.clone();
            scope.spawn(move || say.send(link.hear::<Report>().map(|(report, _)| (report, Tick::now()))));
        }
        let (begun, mut answers): (_, Vec<Result<_, _>>) = (Tick::now(), Vec::new());
        while answers.len() < count
            && let Ok(answer) = heard.recv_timeout(limit.saturating_sub(begun.elapsed()))
        {
            answers.push(answer);
        }
        if answers.len() < count {
            // They no longer keep the threads that listen to them. One that is gone already cannot be killed.
            pids.into_iter().for_each(|pid| _ = kill_worker(pid));
        }
        answers.into_iter().collect()
    })
}

/// The worker's side.
pub(super) fn work(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    let (kind, who): (Kind, u64) = parent.expect()?;
    let End::Region(memory) = parent.end()? else { return Err(Error::other("expected a region")) };
    let shared = Shared::of(kind, memory);
    while let Some(message) = parent.receive()? {
        let report = match crate::wire::decode(&message)? {
            Order::Updates(count) => {
                let mut all = (0..count).map(|_| shared.update(who, || {}));
                all.find(|report| *report == Report::Orphaned).unwrap_or(Report::Done)
            }
            Order::Half => shared.update(who, || {
                // Said inside the lock, where it stays: it is killed here, or its parent is.
                let _ = parent.answer(&Report::Done);
                loop {
                    thread::park();
                }
            }),
        };
        parent.answer(&report)?;
    }
    leave()
}

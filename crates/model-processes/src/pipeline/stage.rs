//! The worker's side: a stage. It takes from its edges, works, and passes on; the parent it only follows.

use patterns::{Error, Pipeline};
use serde::{Deserialize, Serialize};

use super::edge::{Edges, Put, Take};
use super::outlet::{Outlet, Writer};
use super::{Passing, Tally};
use crate::parent::Parent;
use crate::wire::{Broken, decode};

/// Which ends a stage has, beside one to take from and one to pass on: the parent hands them out in this order.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) stage: usize,
    /// In a ring, the first: takes what comes back.
    pub(super) first: bool,
    /// In a ring, the last: passes back.
    pub(super) last: bool,
}

impl Place {
    pub(super) fn of<W: Pipeline>(workload: &W, stage: usize) -> Self {
        let ring = workload.laps() > 1;
        Self { stage, first: ring && stage == 0, last: ring && stage + 1 == workload.stages() }
    }
}

pub(super) fn work<W: Pipeline, E: Edges, O: Outlet<W::Item, E::Put>>(address: &str) -> Result<(), Error> {
    let mut parent = Parent::connect(address)?;
    let workload: W = parent.expect()?;
    let place: Place = parent.expect()?;
    // Before there are other threads: they inherit it.
    workload.placement().settle(place.stage)?;
    let inbox = E::Take::handed(&parent)?;
    let returns = place.first.then(|| E::Take::handed(&parent)).transpose()?;
    let onward = E::Put::handed(&parent, workload.capacity())?;
    let back = place.last.then(|| E::Put::handed(&parent, workload.capacity())).transpose()?;
    let outlet = O::new(Writer::new(onward, back), workload.capacity())?;
    parent.answer(&())?;
    parent.follow()?;
    let message = Vec::new();
    let mut stage = Stage::<W, E, O> { workload, place, inbox, returns, outlet, message, executed: 0 };
    parent.serve(|| stage.attend())
}

struct Stage<W: Pipeline, E: Edges, O> {
    workload: W,
    place: Place,
    inbox: E::Take,
    returns: Option<E::Take>,
    outlet: O,
    message: Vec<u8>,
    executed: u64,
}

impl<W: Pipeline, E: Edges, O: Outlet<W::Item, E::Put>> Stage<W, E, O> {
    /// Round after round, until nobody sends any more.
    fn attend(&mut self) -> Result<(), Broken> {
        let mut entered = 0;
        loop {
            self.inbox.take(&mut self.message)?;
            match decode(&self.message)? {
                Passing::Item { laps, rest, item } => {
                    self.execute(laps, rest, item)?;
                    entered += 1;
                    if rest == 0 && self.returns.is_some() {
                        self.go_round(std::mem::take(&mut entered))?;
                    }
                }
                Passing::Count(mut tallies) => {
                    tallies.push(Tally { executed: std::mem::take(&mut self.executed), ..Tally::default() });
                    self.outlet.pass(Passing::Count(tallies), false)?;
                }
            }
        }
    }

    /// The first stage of a ring, when all items of the source are in it: takes what comes back until all laps are over.
    fn go_round(&mut self, items: usize) -> Result<(), Broken> {
        for _ in 0..items * (self.workload.laps() - 1) {
            self.returns.as_mut().ok_or(Broken::Closed)?.take(&mut self.message)?;
            let Passing::Item { laps, rest, item } = decode(&self.message)? else {
                return Err(Error::other("something came back that is no item").into());
            };
            self.execute(laps, rest, item)?;
        }
        Ok(())
    }

    fn execute(&mut self, laps: usize, rest: usize, item: W::Item) -> Result<(), Broken> {
        let item = self.workload.stage(self.place.stage, item);
        self.executed += 1;
        let back = self.place.last && laps + 1 < self.workload.laps();
        self.outlet.pass(Passing::Item { laps: laps + usize::from(back), rest, item }, back)
    }
}

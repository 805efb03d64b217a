//! `shared-memory`: two rows of edges in a region, the one that is written and the one before, and a barrier after each
//! step, in a region of its own. In a round the parent only says go and waits; then it reads the last row.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use patterns::{Error, Job, Measure, Probe, Start, TaskGraph};

use super::{Part, collected, own, round};
use crate::barrier::{Barrier, Poisoned};
use crate::link::{self, Link, blame, on_end};
use crate::parent::Parent;
use crate::region::Region;
use crate::wire::{Broken, End, encode};

/// Futexes between two of a barrier's: they lie in cache lines of their own.
const APART: usize = 16;

/// Words of an edge.
fn words<W: TaskGraph>(workload: &W) -> usize {
    (W::FIXED.given().words)(workload)
}

/// The barrier that lies in a region.
fn barrier(region: &Region, workers: usize) -> Barrier<'_> {
    Barrier::new(workers as u32, [0, 1, 2].map(|word| &region.futexes()[word * APART]))
}

/// Two rows of edges, by the parity of their step. All words are relaxed: in a step everybody writes points of its own in
/// one row and reads the other, and the barrier after the step makes the edge from each write to all reads of the next step,
/// and from each read to the write that replaces what was read, a step later. The answer orders the last row before the
/// parent reads it, and the word to begin a round orders that before it is written again.
struct Rows<'w> {
    words: &'w [AtomicU64],
    width: usize,
    /// Words of an edge.
    each: usize,
}

impl Rows<'_> {
    fn place(&self, step: usize, point: usize) -> Range<usize> {
        let first = (step % 2 * self.width + point) * self.each;
        first..first + self.each
    }

    fn get<W: TaskGraph>(&self, workload: &W, step: usize, point: usize, scratch: &mut [u64]) -> W::Edge {
        let place = self.words[self.place(step, point)].iter();
        place.zip(scratch.iter_mut()).for_each(|(word, bits)| *bits = word.load(Ordering::Relaxed));
        (W::FIXED.given().unpack)(workload, scratch)
    }

    fn put<W: TaskGraph>(&self, workload: &W, step: usize, point: usize, edge: &W::Edge, scratch: &mut [u64]) {
        (W::FIXED.given().pack)(workload, edge, scratch);
        let place = self.words[self.place(step, point)].iter();
        place.zip(scratch).for_each(|(word, bits)| word.store(*bits, Ordering::Relaxed));
    }
}

pub(super) fn run<W: TaskGraph, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, Vec<W::Edge>>,
) -> Result<(), Error> {
    let (workload, workers) = (&job.workload, start.workers.get());
    let (width, steps, each) = (workload.width(), workload.steps(), words(workload));
    let edges = Region::new(2 * width * each * size_of::<AtomicU64>());
    let meeting = Region::new(3 * APART * size_of::<u32>());
    let rows = Rows { words: edges.words(), width, each };
    // A worker that dies leaves the others at the barrier, where no channel tells them.
    let poison = || barrier(&meeting, workers).poison();
    thread::scope(|scope| {
        let mut links = link::start_all(start, workers)?;
        on_end(&links, scope, poison)?;
        let knobs = encode(workload)?;
        for (me, link) in links.iter_mut().enumerate() {
            let role = encode(&(me, workers))?;
            let told = link.send(&knobs).and_then(|()| link.send(&role));
            let told = told.and_then(|()| link.hand(End::Region(edges.share())));
            let told = told.and_then(|()| link.hand(End::Region(meeting.share())));
            told.map_err(|broken| link.explain(broken))?;
        }
        let result = measure(&mut |watch| {
            let (parts, last) = watch.time(|| {
                let parts = round(&mut links).map_err(|error| {
                    poison();
                    blame(error, None, links.iter_mut())
                })?;
                let mut scratch = vec![0; each];
                let last = if steps == 0 { 0..0 } else { 0..width };
                let last: Vec<_> = last.map(|point| rows.get(workload, steps - 1, point, &mut scratch)).collect();
                Ok::<_, Error>((parts, last))
            })?;
            let mut done = collected::<_, P>(parts);
            done.answer = last;
            Ok(done)
        });
        links.iter_mut().for_each(Link::hang_up);
        result
    })
}

/// The worker's side.
pub(super) fn work<W: TaskGraph>(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    let workload: W = parent.expect()?;
    let (me, workers): (usize, usize) = parent.expect()?;
    let (End::Region(edges), End::Region(meeting)) = (parent.end()?, parent.end()?) else {
        return Err(Error::other("expected two regions"));
    };
    let (edges, meeting) = (Region::of(edges), Region::of(meeting));
    let rows = Rows { words: edges.words(), width: workload.width(), each: words(&workload) };
    let barrier = barrier(&meeting, workers);
    parent.serve(|| rounds(&parent, &workload, own(&workload, me, workers), &rows, &barrier))
}

fn rounds<W: TaskGraph>(
    parent: &Parent,
    workload: &W,
    own: Range<usize>,
    rows: &Rows<'_>,
    barrier: &Barrier<'_>,
) -> Result<(), Broken> {
    let (mut needs, mut scratch) = (Vec::new(), vec![0; rows.each]);
    while parent.receive()?.is_some() {
        let mut executed = 0;
        for step in 0..workload.steps() {
            if step > 0 {
                barrier.wait().map_err(|Poisoned| Broken::Closed)?;
            }
            for point in own.clone() {
                needs.clear();
                workload.needs(step, point, &mut needs);
                let inputs = needs.iter().map(|need| rows.get(workload, step - 1, *need, &mut scratch));
                let inputs: Vec<W::Edge> = inputs.collect();
                let edge = workload.execute(step, point, &inputs.iter().collect::<Vec<_>>());
                rows.put(workload, step, point, &edge, &mut scratch);
                executed += 1;
            }
        }
        parent.answer(&Part::<W::Edge> { executed, last: Vec::new(), messages: 0, bytes: 0 })?;
    }
    Ok(())
}

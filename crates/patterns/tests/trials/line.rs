//! Items that visit every stage in order, once or round and round; one of them may panic in a stage.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use patterns::{Pipeline, Workload, Wrong};
use serde::{Deserialize, Serialize};

/// Items that left the source and have not come to the sink, of whatever line runs in this process, and their peak.
static ON_THEIR_WAY: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// Most items on their way at once since this was last asked.
pub(super) fn peak() -> usize {
    ON_THEIR_WAY.store(0, Ordering::SeqCst);
    PEAK.swap(0, Ordering::SeqCst)
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) items: usize,
    pub(super) stages: usize,
    pub(super) laps: usize,
    pub(super) capacity: usize,
    /// Whether the sink is slower than everybody else.
    pub(super) slow: bool,
    pub(super) faulty: bool,
}

impl Workload for Line {
    const ID: &'static str = "line";
    type Input = ();
    fn input(&self, _: u64, _: usize) {}
}

impl Pipeline for Line {
    type Item = (usize, Vec<usize>);
    type Sink = Vec<(usize, Vec<usize>)>;

    fn stages(&self) -> usize {
        self.stages
    }
    fn capacity(&self) -> usize {
        self.capacity
    }
    fn laps(&self) -> usize {
        self.laps
    }
    fn items(&self, (): &()) -> usize {
        self.items
    }
    fn source(&self, (): &(), index: usize) -> (usize, Vec<usize>) {
        PEAK.fetch_max(ON_THEIR_WAY.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        (index, Vec::new())
    }
    fn stage(&self, stage: usize, (item, mut seen): (usize, Vec<usize>)) -> (usize, Vec<usize>) {
        assert!(!self.faulty || (item, stage) != (self.items / 2, self.stages / 2), "as told");
        seen.push(stage);
        (item, seen)
    }
    fn empty(&self) -> Self::Sink {
        Vec::new()
    }
    fn absorb(&self, sink: &mut Self::Sink, item: (usize, Vec<usize>)) {
        if self.slow {
            std::thread::sleep(Duration::from_millis(1));
        }
        ON_THEIR_WAY.fetch_sub(1, Ordering::SeqCst);
        sink.push(item);
    }
    fn verify(&self, (): &(), sink: &Self::Sink) -> Result<(), Wrong> {
        let seen: Vec<usize> = (0..self.laps).flat_map(|_| 0..self.stages).collect();
        let right: Vec<_> = (0..self.items).map(|item| (item, seen.clone())).collect();
        if *sink == right { Ok(()) } else { Err(format!("{sink:?}, not {right:?}").into()) }
    }
}

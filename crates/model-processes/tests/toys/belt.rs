//! `Belt`: items that visit every stage in order, once or round and round, and come out in order; a stage takes a nap, items
//! are of any size, and one of them may make a stage, the source or the sink go wrong.

use patterns::{Pipeline, Placement, Workload, Wrong};
use serde::{Deserialize, Serialize};

use super::{Mishap, nap};

/// `items` of `item_bytes` through `stages`, `laps` times, a nap of `nap_us` in each.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Belt {
    items: usize,
    stages: usize,
    laps: usize,
    capacity: usize,
    item_bytes: usize,
    nap_us: u64,
    placement: Placement,
    mishap: Mishap,
    /// Where it goes wrong: a stage, or the source (`stages`), or the sink (`stages` and one).
    at: usize,
}

/// An item: its number, the stages it has seen, and luggage.
#[derive(Serialize, Deserialize)]
pub(crate) struct Item {
    number: usize,
    seen: usize,
    #[serde(with = "serde_bytes")]
    luggage: Vec<u8>,
}

impl Workload for Belt {
    const ID: &'static str = "belt";
    type Input = ();
    fn input(&self, _: u64, _: usize) {}
}

impl Belt {
    fn happens(&self, number: usize, at: usize) {
        if (number, at) == (self.items / 2, self.at) {
            self.mishap.happens();
        }
    }
}

impl Pipeline for Belt {
    type Item = Item;
    type Sink = Vec<(usize, usize)>;

    fn stages(&self) -> usize {
        self.stages
    }
    fn capacity(&self) -> usize {
        self.capacity
    }
    fn laps(&self) -> usize {
        self.laps
    }
    fn placement(&self) -> Placement {
        self.placement
    }
    fn items(&self, (): &()) -> usize {
        self.items
    }
    fn source(&self, (): &(), number: usize) -> Item {
        self.happens(number, self.stages);
        Item { number, seen: 0, luggage: vec![number as u8; self.item_bytes] }
    }
    fn stage(&self, stage: usize, item: Item) -> Item {
        assert_eq!(item.seen % self.stages, stage, "item {} went out of its way", item.number);
        assert!(item.luggage.iter().all(|byte| *byte == item.number as u8), "the luggage is somebody else's");
        nap(self.nap_us);
        self.happens(item.number, stage);
        Item { seen: item.seen + 1, ..item }
    }
    fn empty(&self) -> Self::Sink {
        Vec::new()
    }
    fn absorb(&self, sink: &mut Self::Sink, item: Item) {
        self.happens(item.number, self.stages + 1);
        assert_eq!(item.luggage.len(), self.item_bytes, "some of the luggage is lost");
        sink.push((item.number, item.seen));
    }
    fn verify(&self, (): &(), sink: &Self::Sink) -> Result<(), Wrong> {
        let right: Vec<_> = (0..self.items).map(|number| (number, self.stages * self.laps)).collect();
        if *sink == right { Ok(()) } else { Err(format!("{sink:?}").into()) }
    }
}

//! `ring`: one token passed round the stages: what a hop costs, and nothing else. Two stages are ping-pong.

use patterns::{Domain, Knob, Pipeline, Placement, Preset, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::seeded::{mix, nth};

/// A token that hops so many times round so many stages. Nothing happens at once, whatever the model.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ring {
    /// Stages of the ring.
    pub stages: u64,
    /// Hops from stage to stage, in whole laps.
    pub hops: u64,
    /// Items an edge may hold.
    pub capacity: u64,
    /// Length of what the token carries, bytes.
    pub payload: u64,
    /// Where the units run.
    pub placement: Placement,
}

impl Default for Ring {
    /// 960 hops are whole laps for most numbers of stages, 64 among them.
    fn default() -> Self {
        Self { stages: 2, hops: 960, capacity: 1, payload: 8, placement: Placement::Free }
    }
}

/// The token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    hops: u64,
    value: u64,
    #[serde(with = "serde_bytes")]
    payload: Vec<u8>,
}

/// What came out of the ring.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// Tokens that came out.
    pub tokens: u64,
    /// Hops they made.
    pub hops: u64,
    /// The value of the last, to which each hop has added its stage.
    pub value: u64,
    /// Bytes they carried.
    pub bytes: u64,
}

/// The token before its first hop, and what arrives.
#[derive(Debug)]
pub struct Start {
    token: Token,
    right: Arrived,
}

impl Workload for Ring {
    const ID: &'static str = "ring";
    const ABOUT: &'static str = "a token passed round the stages: what a hop costs (two stages are ping-pong)";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "stages", domain: Domain::Integer { min: 2, max: 64 }, about: "stages of the ring" },
        Knob { id: "hops", domain: Domain::Integer { min: 2, max: 1 << 24 }, about: "hops of the token, whole laps" },
        Knob { id: "capacity", domain: Domain::Integer { min: 0, max: 64 }, about: "items an edge may hold" },
        Knob { id: "payload", domain: Domain::Bytes { min: 8, max: 1 << 20 }, about: "what the token carries" },
        Knob { id: "placement", domain: Domain::OneOf(Placement::WORDS), about: "on which CPUs the stages run" },
    ];
    const PRESETS: &'static [Preset] = &[
        Preset { id: "same-cpu", knobs: &[("placement", "same-cpu")] },
        Preset { id: "cross-cpu", knobs: &[("placement", "cross-cpu")] },
    ];
    type Input = Start;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { hops: 60, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { hops: 9_600, ..Self::default() },
        }
    }

    fn input(&self, seed: u64, _clients: usize) -> Start {
        let token = Token { hops: 0, value: nth(seed, 0), payload: vec![nth(seed, 1) as u8; self.payload as usize] };
        let first = token.payload[0];
        let value = (0..self.hops).fold(token.value, |value, hop| {
            passed(value, hop % self.stages, first.wrapping_add(hop as u8)) // a byte counts as far as it can
        });
        let right = Arrived { tokens: 1, hops: self.hops, value, bytes: self.payload };
        Start { token, right }
    }

    fn check(&self) -> Result<(), String> {
        let (hops, stages) = (self.hops, self.stages);
        if hops >= stages && hops.is_multiple_of(stages) {
            return Ok(());
        }
        let near = (hops / stages).max(1) * stages;
        Err(format!("{hops} hops are no whole laps of {stages} stages; allowed: multiples, like {near}"))
    }
}

/// The value after one more stage: it depends on all stages before, and on their order.
#[inline]
fn passed(value: u64, stage: u64, byte: u8) -> u64 {
    mix(value ^ (stage << 8 | u64::from(byte)))
}

impl Pipeline for Ring {
    type Item = Token;
    type Sink = Arrived;

    fn stages(&self) -> usize {
        self.stages as usize
    }

    fn capacity(&self) -> usize {
        self.capacity as usize
    }

    fn laps(&self) -> usize {
        (self.hops / self.stages) as usize
    }

    fn placement(&self) -> Placement {
        self.placement
    }

    fn items(&self, _: &Start) -> usize {
        1
    }

    fn source(&self, input: &Start, _index: usize) -> Token {
        input.token.clone()
    }

    /// Reads and writes a byte of the payload, as whoever gets something looks at it.
    #[inline]
    fn stage(&self, stage: usize, mut token: Token) -> Token {
        if let Some(byte) = token.payload.first_mut() {
            token.value = passed(token.value, stage as u64, *byte);
            *byte = byte.wrapping_add(1);
        }
        token.hops += 1;
        token
    }

    fn empty(&self) -> Arrived {
        Arrived::default()
    }

    fn absorb(&self, sink: &mut Arrived, token: Token) {
        sink.tokens += 1;
        sink.hops += token.hops;
        sink.value = token.value;
        sink.bytes += token.payload.len() as u64;
    }

    fn verify(&self, input: &Start, sink: &Arrived) -> Result<(), Wrong> {
        if *sink == input.right { Ok(()) } else { Err(format!("{sink:?}, not {:?}", input.right).into()) }
    }
}

#[cfg(test)]
mod tests {
    use patterns::{job, pipeline};

    use super::*;

    #[test]
    fn every_hop_counts_and_so_does_its_order() {
        let ring = Ring { stages: 5, hops: 600, ..Ring::default() };
        let job = job(ring.clone(), 7, 1);
        let (sink, executed) = pipeline::sequential(&job);
        assert_eq!((ring.verify(&job.input, &sink), executed), (Ok(()), 600));
        let swapped = |first, second| ring.stage(second, ring.stage(first, job.input.token.clone())).value;
        assert_ne!(swapped(0, 1), swapped(1, 0));
    }

    #[test]
    fn hops_are_whole_laps() {
        let check = |stages, hops| Ring { stages, hops, ..Ring::default() }.check();
        assert_eq!(
            check(3, 1_000).unwrap_err(),
            "1000 hops are no whole laps of 3 stages; allowed: multiples, like 999"
        );
        assert_eq!(check(5, 4).unwrap_err(), "4 hops are no whole laps of 5 stages; allowed: multiples, like 5");
        for stages in [2, 3, 4, 5, 6, 8, 16, 32, 64] {
            assert_eq!(check(stages, Ring::default().hops), Ok(()));
        }
    }

    #[test]
    fn the_payload_travels_as_bytes() {
        let job = job(Ring { payload: 1_000, ..Ring::default() }, 7, 1);
        let token = job.workload.source(&job.input, 0);
        let bytes = postcard::to_stdvec(&token).unwrap();
        assert!((1_000..1_020).contains(&bytes.len()));
        assert_eq!(postcard::from_bytes::<Token>(&bytes), Ok(token));
    }
}

//! What one iteration of each contender decides: how many make a sample, who is far, and who is hopeless.

use std::collections::{BTreeMap, BTreeSet};

/// A sample shared by a group lasts at least this at the fastest contender.
const SAMPLE_NS: u64 = 20_000_000;
/// A slow contender exceeds this only with a single iteration.
const LONGEST_NS: u64 = 150_000_000;
/// So many times behind the leader, a contender is far: sampled three times, not tested.
const FAR: u64 = 20;
pub(super) const FAR_ROUNDS: u32 = 3;
/// A far contender that takes so long is believed to be far at once, and sampled without a warm-up: it must not eat the
/// time of the others, and at that length neither a hiccup nor a cold start makes the difference.
pub(super) const HOPELESS_NS: u64 = 1_000_000_000;

/// How many iterations a group's samples share, and who is far, from one iteration of each.
#[must_use]
pub fn calibrate(once_ns: &BTreeMap<String, u64>, ranked: &BTreeSet<String>, reference: &str) -> (u32, Vec<String>) {
    let times = || once_ns.iter().filter(|(cell, _)| ranked.contains(*cell)).map(|(_, ns)| *ns);
    let Some(leader) = times().min() else { return (1, Vec::new()) };
    let is_far = |(cell, ns): &(&String, &u64)| **ns > leader.saturating_mul(FAR) && cell.as_str() != reference;
    let far: Vec<String> = once_ns.iter().filter(is_far).map(|(cell, _)| cell.clone()).collect();
    let near = once_ns.iter().filter(|(cell, _)| !far.contains(cell)).map(|(_, ns)| *ns);
    let slowest = near.max().unwrap_or(leader).max(1);
    let wanted = SAMPLE_NS.div_ceil(leader.max(1));
    let iterations = wanted.min(LONGEST_NS / slowest).max(1);
    (u32::try_from(iterations).unwrap_or(u32::MAX), far)
}

/// Warm-up iterations of a far contender.
pub(super) fn warm_up(once_ns: u64) -> u32 {
    u32::from(once_ns <= HOPELESS_NS)
}

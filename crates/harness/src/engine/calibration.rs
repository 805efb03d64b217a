//! What one iteration of each contender decides: how many make a sample, who is far, and who is hopeless.

use std::collections::{BTreeMap, BTreeSet};

/// A sample shared by a group lasts at least this at the fastest contender.
const SAMPLE_NS: u64 = 20_000_000;
/// A slow contender exceeds this only with a single iteration.
const LONGEST_NS: u64 = 150_000_000;
/// So many times behind the leader, a contender is far: sampled three times, not tested.
const FAR: u64 = 20;
pub(super) const FAR_ROUNDS: u32 = 3;
/// A far contender that takes so long is believed to be far at once: two more looks would eat the time of the others, and
/// few hiccups are that long.
pub(super) const HOPELESS_NS: u64 = 250_000_000;
/// A far contender that takes so long is sampled without a warm-up: at that length a cold start makes no difference.
const COLD_NS: u64 = 1_000_000_000;

/// How many iterations a group's samples share, and who is far, from one iteration of each.
#[must_use]
pub fn calibrate(once_ns: &BTreeMap<String, u64>, ranked: &BTreeSet<String>, reference: &str) -> (u32, Vec<String>) {
    let Some(leader) = leader(once_ns, ranked, reference) else { return (1, Vec::new()) };
    let far = behind(once_ns, leader, reference);
    let near = once_ns.iter().filter(|(cell, _)| !far.contains(cell)).map(|(_, ns)| *ns);
    let slowest = near.max().unwrap_or(leader).max(1);
    let wanted = lasting(leader);
    let iterations = wanted.min(LONGEST_NS / slowest).max(1);
    (u32::try_from(iterations).unwrap_or(u32::MAX), far)
}

/// The time by which a group is judged: its fastest contender's. Where the reference leaves all others far behind, the
/// fastest of those: they are who is compared, and measured against the reference none of them would be tested.
fn leader(once_ns: &BTreeMap<String, u64>, ranked: &BTreeSet<String>, reference: &str) -> Option<u64> {
    let (alone, others) =
        (fastest(once_ns, ranked, |cell| cell == reference), fastest(once_ns, ranked, |cell| cell != reference));
    match (alone, others) {
        (Some(alone), Some(others)) if !is_far(others, alone) => Some(alone.min(others)),
        (alone, others) => others.or(alone),
    }
}

/// Who is to be looked at again: far behind the fastest of all, the reference too. Whether that leaves all others behind
/// is not to be known from a look at each.
pub(super) fn seem_far(once_ns: &BTreeMap<String, u64>, ranked: &BTreeSet<String>, reference: &str) -> Vec<String> {
    fastest(once_ns, ranked, |_| true).map_or_else(Vec::new, |fastest| behind(once_ns, fastest, reference))
}

/// The least time of those that are ranked and `wanted`.
fn fastest(once_ns: &BTreeMap<String, u64>, ranked: &BTreeSet<String>, wanted: impl Fn(&str) -> bool) -> Option<u64> {
    once_ns.iter().filter(|(cell, _)| ranked.contains(*cell) && wanted(cell)).map(|(_, ns)| *ns).min()
}

fn behind(once_ns: &BTreeMap<String, u64>, leader: u64, reference: &str) -> Vec<String> {
    let is_far = |(cell, ns): &(&String, &u64)| is_far(**ns, leader) && cell.as_str() != reference;
    once_ns.iter().filter(is_far).map(|(cell, _)| cell.clone()).collect()
}

fn is_far(ns: u64, leader: u64) -> bool {
    ns > leader.saturating_mul(FAR)
}

/// How many iterations of this length make a sample that lasts.
pub(super) fn lasting(once_ns: u64) -> u64 {
    SAMPLE_NS.div_ceil(once_ns.max(1))
}

/// Warm-up iterations of a far contender.
pub(super) fn warm_up(once_ns: u64) -> u32 {
    u32::from(once_ns <= COLD_NS)
}

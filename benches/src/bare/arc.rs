//! References to shared objects: the standard library's `Arc`, cloned and dropped. Warm threads, one a client.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::Result;
use patterns::shared_state::Counters;
use patterns::{Form, SharedState, Workload};
use workloads::ReferenceCount;

use super::counter::clients;
use super::{Entries, Rounds};

type Op = <ReferenceCount as SharedState>::Op;

/// The workload's public kernel: which object an operation is about, and what it adds to its count.
const KERNEL: Counters<ReferenceCount> = match ReferenceCount::COUNTERS {
    Form::Has(kernel) => kernel,
    Form::Lacks(why) => panic!("{}", why),
};

/// What the library counts, it also frees: the objects outlive the round, since the store holds them.
pub(super) fn arc(
    workload: &ReferenceCount,
    scripts: &<ReferenceCount as Workload>::Input,
    rounds: Rounds<'_, Entries>,
) -> Result<()> {
    // As large as the pair of lines that a counter of the workload has, counts included.
    let fresh = || (0..workload.objects).map(|_| Arc::new([0_u64; 14])).collect::<Vec<_>>();
    let client = |script: &[Op], objects: &Vec<Arc<[u64; 14]>>| {
        let mut held = None;
        for op in script {
            workload.prepare(op);
            let (object, change) = (KERNEL.add)(workload, op);
            // A reference is taken, and dropped before the next one is.
            held = if change == 1 { Some(objects[object].clone()) } else { None };
            black_box(&held);
        }
        drop(held);
    };
    // A count of one at the end says that all that was taken was dropped, as the scripts have it.
    let mut right = vec![0; workload.objects as usize];
    scripts.iter().flatten().map(|op| (KERNEL.add)(workload, op)).for_each(|(object, change)| right[object] += change);
    let off = |object: &Arc<_>| Arc::strong_count(object) as u64 - 1;
    let counts =
        |objects: Vec<Arc<_>>| (0..).zip(right.iter().zip(&objects).map(|(right, it)| right + off(it))).collect();
    clients(scripts, rounds, fresh, client, counts)
}

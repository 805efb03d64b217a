//! Shared state between processes: nothing is shared, so one of them owns it, or each owns a part; or memory is mapped.
//!
//! - `server`: an owner process holds the map; N client processes send it operations over ipc-channel. An operation
//!   whose reply nobody needs is told (sent, and not waited for), others are asked: two messages and two wake-ups.
//! - `partitioned`: N processes own the keys that hash to them, and the clients' streams are the data: cut by key,
//!   shipped and carried out inside the clock. An owner observes the replies in the client's place. The two keys of a
//!   pair may have two owners, who do half each.
//! - `shared-memory`: N client processes, entries of fixed size in a mapped region, one process-shared lock round them.
//! - `shared-atomic`: the same region as counters, an indivisible addition an operation.
//! - `local-merge`: a private state in each client process, sent and merged at the end, where states merge.
//! - `racy`: the region as counters, a load and a store an operation: deliberately wrong.
//!
//! Clients get their scripts before the clock starts: a script is a client's behaviour, not data to hand out; but in
//! `partitioned` it is.

mod clients;
mod local_merge;
mod mapped;
mod partitioned;
mod server;

use mapped::Counted;
use patterns::shared_state::Answer;
use patterns::{Demand, Probe, RunsSharedState, SharedState, Strategies, Strategy};

use crate::Processes;

impl RunsSharedState for Processes {
    fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>> {
        Strategies::of(Strategy::idiomatic("server", SENT, server::run::<W, P>).with_worker(server::work::<W>))
            .and(
                Strategy::idiomatic("partitioned", Demand::SHIPPED, partitioned::run::<W, P>)
                    .with_worker(partitioned::work::<W>)
                    .needs(&partitioned::parts::<W>()),
            )
            .and(shared_memory::<W, P>())
            .and(
                Strategy::idiomatic("shared-atomic", Demand::MAPPED, mapped::run::<W, P, Counted<false>>)
                    .with_worker(mapped::work::<W, Counted<false>>)
                    .needs(&W::COUNTERS),
            )
            .and(
                Strategy::idiomatic("local-merge", Demand::SHIPPED, local_merge::run::<W, P>)
                    .with_worker(local_merge::work::<W>)
                    .needs(&W::MERGE),
            )
            .and(
                Strategy::idiomatic("racy", Demand::MAPPED, mapped::run::<W, P, Counted<true>>)
                    .with_worker(mapped::work::<W, Counted<true>>)
                    .needs(&W::COUNTERS)
                    .deliberately_wrong()
                    .unless(W::apart),
            )
    }
}

#[cfg(target_os = "linux")]
fn shared_memory<W: SharedState, P: Probe>() -> Strategy<W, Answer<W>> {
    Strategy::idiomatic("shared-memory", Demand::MAPPED, mapped::run::<W, P, mapped::Locked>)
        .with_worker(mapped::work::<W, mapped::Locked>)
        .needs(&W::FIXED)
}

#[cfg(not(target_os = "linux"))]
fn shared_memory<W: SharedState, P: Probe>() -> Strategy<W, Answer<W>> {
    Strategy::not_applicable("shared-memory", "this system has no lock that tells of its holder's death")
}

/// An operation stays in its script when it is sent.
const SENT: &[Demand] = &[Demand::Clone, Demand::Serialize];

//! Shared state between processes: nothing is shared, so one of them owns it.
//!
//! - `server`: an owner process holds the map; N client processes send it operations over ipc-channel. An operation
//!   whose reply nobody needs is told (sent, and not waited for), others are asked: two messages and two wake-ups.
//!
//! Clients get their scripts before the clock starts: a script is a client's behaviour, not data to hand out.

mod server;

use patterns::shared_state::Answer;
use patterns::{Demand, Probe, RunsSharedState, SharedState, Strategies, Strategy};

use crate::Processes;

impl RunsSharedState for Processes {
    fn shared_state<W: SharedState, P: Probe>() -> Strategies<W, Answer<W>> {
        Strategies::of(
            Strategy::idiomatic("server", Demand::SHIPPED, server::run::<W, P>).with_worker(server::work::<W>),
        )
    }
}

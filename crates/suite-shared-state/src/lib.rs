//! The shared-state workloads in every model. A crate of its own so that patterns are compiled side by side: all the code
//! that exists for a workload in a model comes into being here.

use matrix::Suite;
use workloads::{Counter, Histogram, KvMix};

/// The shared-state part of the matrix.
#[must_use]
pub fn standard() -> Suite {
    Suite::default().shared_state::<Counter>().shared_state::<KvMix>().shared_state::<Histogram>()
}

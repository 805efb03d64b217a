//! The shared-state workloads in every model. A crate of its own so that patterns are compiled side by side: all the code
//! that exists for a workload in a model comes into being here.

use matrix::patterns::{Probe, Silent};
use matrix::{Standard, Suite};
use workloads::{Bank, CheckThenAct, Counter, ForeignCode, Histogram, KvMix, ReferenceCount};

/// The shared-state part of the matrix.
#[must_use]
pub fn standard() -> Suite {
    with_probe::<Silent>()
}

/// The same with a probe, compiled where it is called.
#[must_use]
pub fn with_probe<P: Probe>() -> Suite<Standard, P> {
    Suite::default()
        .shared_state::<Counter>()
        .shared_state::<CheckThenAct>()
        .shared_state::<KvMix>()
        .shared_state::<Bank>()
        .shared_state::<Histogram>()
        .shared_state::<ReferenceCount>()
        .shared_state::<ForeignCode>()
}

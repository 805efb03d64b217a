//! The fork-join workloads in every model. A crate of its own so that patterns are compiled side by side: all the code
//! that exists for a workload in a model comes into being here.

use matrix::patterns::{Probe, Silent};
use matrix::{Standard, Suite};
use workloads::{NQueens, Sort, TreeSum, Uts};

/// The fork-join part of the matrix.
#[must_use]
pub fn standard() -> Suite {
    with_probe::<Silent>()
}

/// The same with a probe, compiled where it is called.
#[must_use]
pub fn with_probe<P: Probe>() -> Suite<Standard, P> {
    Suite::default().fork_join::<TreeSum>().fork_join::<NQueens>().fork_join::<Uts>().fork_join::<Sort>()
}

//! The map-reduce workloads in every model. A crate of its own so that patterns are compiled side by side: all the code
//! that exists for a workload in a model comes into being here.

use matrix::patterns::{Probe, Silent};
use matrix::{Standard, Suite};
use workloads::{BulkMap, Grain, Mandelbrot, Primes, SumOfSquares, WordCount};

/// The map-reduce part of the matrix.
#[must_use]
pub fn standard() -> Suite {
    with_probe::<Silent>()
}

/// The same with a probe, compiled where it is called.
#[must_use]
pub fn with_probe<P: Probe>() -> Suite<Standard, P> {
    Suite::default()
        .map_reduce::<Grain>()
        .map_reduce::<SumOfSquares>()
        .map_reduce::<Primes>()
        .map_reduce::<Mandelbrot>()
        .map_reduce::<WordCount>()
        .map_reduce::<BulkMap>()
}

//! How much of a kernel lets go of a global interpreter lock: the knob of those that are worth it.

use patterns::{Domain, Knob};

/// A share of each task's items, 0 to 1: 0 is a loop of the interpreter, 1 a kernel in an extension that drops the lock. It
/// changes nothing in what is computed, and nothing at all in models without such a lock.
pub(crate) const KNOB: Knob = Knob {
    id: "release-share",
    domain: Domain::Real { min: 0.0, max: 1.0 },
    about: "share of each task that runs without a global interpreter lock (gil; others have none)",
};

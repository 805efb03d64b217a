//! Which of the shared keys a client touches: any, or some that nobody else does.

use patterns::{Domain, Knob};
use serde::{Deserialize, Serialize};

/// Which keys a client touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Touch {
    /// Any of them.
    Any,
    /// Its own: client c of n those with key % n = c, where it has one; else any.
    Own,
}

impl Touch {
    /// The knob of that name.
    pub const KNOB: Knob = Knob {
        id: "touch",
        domain: Domain::OneOf(&["any", "own"]),
        about: "which of them a client touches: any, or its own",
    };

    /// The keys of a client among `keys`: the first, the step from one to the next, and how many there are.
    #[must_use]
    pub fn keys(self, client: u64, clients: u64, keys: u64) -> Keys {
        let own = keys.saturating_sub(client).div_ceil(clients);
        match self {
            Self::Own if own > 0 => Keys { first: client, step: clients, count: own },
            _ => Keys { first: 0, step: 1, count: keys },
        }
    }
}

/// Keys at equal distances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    first: u64,
    step: u64,
    /// How many.
    pub count: u64,
}

impl Keys {
    /// The key of a rank below [`Keys::count`].
    #[inline]
    #[must_use]
    pub const fn at(self, rank: u64) -> u64 {
        self.first + self.step * rank
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_keys_are_nobody_elses_and_all_are_somebodys() {
        let drawn = |client| {
            let keys = Touch::Own.keys(client, 3, 8);
            (0..keys.count).map(move |rank| keys.at(rank))
        };
        assert!((0..3).all(|client| drawn(client).all(|key| key < 8 && key % 3 == client)));
        let all: std::collections::BTreeSet<u64> = (0..3).flat_map(drawn).collect();
        assert_eq!(all.len(), 8);
        // More clients than keys: the others share.
        assert_eq!(Touch::Own.keys(7, 8, 2), Touch::Any.keys(7, 8, 2));
    }
}

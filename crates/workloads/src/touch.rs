//! Which of the shared keys a client touches: any, or some that nobody else does.

use patterns::{Domain, Knob};
use serde::{Deserialize, Serialize};

/// Which keys a client touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Touch {
    /// Any of them.
    Any,
    /// Its own: client c of n those with key % n = c. A client without a key, where there are more clients than keys, has
    /// nothing to do.
    Own,
}

impl Touch {
    /// The knob of that name.
    pub const KNOB: Knob = Knob {
        id: "touch",
        domain: Domain::OneOf(&["any", "own"]),
        about: "which of them a client touches: any, or its own",
    };

    /// Why clients that touch nothing in common need no lock.
    #[must_use]
    pub const fn apart(self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::Own => Some("no two clients touch the same key: nothing is lost without a lock"),
        }
    }

    /// The keys of a client among `keys`: the first, the step from one to the next, and how many there are.
    #[must_use]
    pub fn keys(self, client: u64, clients: u64, keys: u64) -> Keys {
        match self {
            Self::Any => Keys { first: 0, step: 1, count: keys },
            Self::Own => Keys { first: client, step: clients, count: keys.saturating_sub(client).div_ceil(clients) },
        }
    }
}

/// Keys at equal distances; none where the count is 0.
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
        // More clients than keys.
        assert_eq!([1, 2, 7].map(|client| Touch::Own.keys(client, 8, 2).count), [1, 0, 0]);
        assert_eq!(Touch::Any.keys(7, 8, 2).count, 2);
    }
}

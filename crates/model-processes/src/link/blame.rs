//! Who is to blame for a round that went wrong: when a worker dies, others leave because of it, and may be seen first.
//!
//! Exit statuses tell: who left for no fault of its own says so ([`INNOCENT`]), and so does who has told the parent why it
//! failed, in its last message ([`SAID`]).

use patterns::Error;
use serde::{Deserialize, Serialize};

use super::Link;
use crate::wire::decode;

/// The exit status of a worker that leaves because the parent, or a neighbour, is gone (`EX_TEMPFAIL`).
pub(crate) const INNOCENT: i32 = 75;
/// The exit status of a worker whose last message is a [`Failure`].
pub(crate) const SAID: i32 = 76;

/// Why a worker failed, in its own words.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Failure {
    /// A kernel panicked.
    Panicked(String),
    /// Anything else.
    Failed(String),
}

impl Failure {
    /// As the error of a round.
    pub(crate) fn of(self, worker: usize) -> Error {
        match self {
            Self::Panicked(message) => Error::Panicked { worker, message },
            Self::Failed(why) => Error::Died { worker, how: format!("failed: {why}") },
        }
    }
}

/// How somebody is to blame; who comes first is blamed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Guilt {
    Killed,
    Said,
    Left,
}

/// Who is to blame, and what that left behind: who was killed, else who said that it failed, else who left in the middle
/// of its work; of several, the first. `error` if nobody is.
pub(crate) fn blame<'l>(error: Error, damage: Option<&str>, links: impl Iterator<Item = &'l mut Link>) -> Error {
    let mut links: Vec<_> = links.collect();
    links.iter_mut().for_each(|link| link.hang_up());
    let wrong = links.iter_mut().filter_map(|link| link.wrong());
    match (wrong.min_by_key(|(guilt, _)| *guilt), damage) {
        (Some((Guilt::Killed, Error::Died { worker, how })), Some(damage)) => {
            Error::Died { worker, how: format!("{how} {damage}") }
        }
        (Some((_, worse)), _) => worse,
        (None, _) => error,
    }
}

/// The last words among what a process that is gone had sent. A socket whose peer is gone may say so once before it gives
/// out what the peer had sent.
pub(super) fn last_words(link: &Link) -> Option<Failure> {
    let (mut last, mut closed) = (None, 0);
    while closed < 2 {
        match link.receive() {
            Ok(message) => last = decode::<Result<(), Failure>>(&message).ok().and_then(Result::err),
            Err(_) => closed += 1,
        }
    }
    last
}

//! Operations torn in two, as those write them who forget that others run: each step is whole, their sequence is not. What
//! `racy` does to entries, in every model.

use super::{Access, SharedState, State};
use crate::strategy::Form;

/// An operation after its first step: a look at an entry, or half of a pair.
pub struct Torn<W: SharedState> {
    seen: Option<W::Value>,
    made: Option<W::Value>,
}

impl<W: SharedState> std::fmt::Debug for Torn<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Torn").field("seen", &self.seen.is_some()).field("made", &self.made.is_some()).finish()
    }
}

impl<W: SharedState> Torn<W> {
    /// What tearing needs: a look and an act, and halves of pairs where there are pairs.
    #[must_use]
    pub fn form() -> Form<()> {
        if W::USES.pairs { W::SPLIT.is_there() } else { W::APART.is_there() }
    }

    /// The first step.
    ///
    /// # Errors
    /// The reply to an operation that is not torn: an audit.
    #[inline]
    pub fn begin(workload: &W, op: &W::Op, state: &mut State<W>) -> Result<Self, W::Reply> {
        let seen = match workload.access(op) {
            Access::Read(key) | Access::Write(key) => state.get_mut(&key).map(|value| value.clone()),
            Access::Pair(one, _) => {
                half(workload, op, 0, state.get_mut(&one));
                None
            }
            Access::Audit => return Err(state.apply(workload, op)),
        };
        Ok(Self { seen, made: None })
    }

    /// What lies between the steps: no lock is held, and others run.
    #[inline]
    pub fn gap(&mut self, workload: &W, op: &W::Op) {
        if let Form::Has(apart) = W::APART {
            self.made = (apart.make)(workload, op, self.seen.as_ref());
        }
    }

    /// The second step, on what is there by now.
    #[inline]
    pub fn finish(self, workload: &W, op: &W::Op, state: &mut State<W>) -> W::Reply {
        match workload.access(op) {
            Access::Pair(_, two) => half(workload, op, 1, state.get_mut(&two)),
            _ => state.act(workload, op, self.seen.is_some(), self.made),
        }
    }
}

fn half<W: SharedState>(workload: &W, op: &W::Op, side: usize, value: Option<&mut W::Value>) -> W::Reply {
    let Some(value) = value else { panic!("{} tore a pair of which one is not there", W::ID) };
    (W::SPLIT.given().half)(workload, op, side, value)
}

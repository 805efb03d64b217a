//! An addition that happens in the middle of another: what `racy` loses.

use std::sync::Arc;

use patterns::{SharedState, Silent};

use super::{Store, racy};
use crate::sum::{MEANWHILE, Sum};

/// What the number comes to when one addition happens in the middle of another.
fn one_in_another<S: Store<Sum<COUNTS>> + 'static, const COUNTS: bool>() -> Vec<(u64, u64)> {
    let sum = Sum::<COUNTS>;
    let store = Arc::new(S::new(&sum, sum.initial(&())));
    let other = store.clone();
    MEANWHILE.set(Some(Box::new(move || other.apply(&Sum, &(), &mut Silent))));
    store.apply(&sum, &(), &mut Silent);
    Arc::into_inner(store).expect("the other one is done").into_entries(&sum)
}

#[test]
fn what_happens_in_the_gap_is_lost() {
    assert_eq!(one_in_another::<racy::Words, true>(), [(0, 1)]);
    assert_eq!(one_in_another::<racy::Steps<Sum<false>>, false>(), [(0, 1)]);
}

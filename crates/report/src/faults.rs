//! What went wrong in a deliberately wrong cell, by kind: `1 missing key, 2 duplicate computations`.

use std::collections::BTreeMap;

use results::race::{FAULTS, counted};
use results::{Cell, Metric};

use crate::figures;

/// The kinds that a cell knows, with their medians. Empty where lost updates are all there is to say.
pub(crate) fn of(cell: &Cell) -> Vec<(&'static str, f64)> {
    let median = |kind: &&'static str| Some((*kind, cell.metrics.get(*kind).and_then(Metric::median)?));
    FAULTS.iter().filter_map(median).collect()
}

/// `1 missing key, 2 duplicate computations`; kinds that did not happen are left out. Empty where none did.
pub(crate) fn listed<'k>(kinds: impl IntoIterator<Item = (&'k str, f64)>) -> String {
    let happened = kinds.into_iter().filter(|(_, times)| *times > 0.0);
    happened.map(|(kind, times)| one(kind, times)).collect::<Vec<_>>().join(", ")
}

/// `1 missing key`: the ID of a kind is its plural.
fn one(kind: &str, times: f64) -> String {
    let many = kind.replace('_', " ");
    let shown = figures::value(kind, times);
    if shown == "1.00" || shown == "1" {
        return format!("1 {}", many.strip_suffix('s').unwrap_or(&many));
    }
    format!("{shown} {many}")
}

/// `lost 3 of 40,000 updates`, or, where there are kinds, `3 of 40,000 look-ups went wrong: 1 missing key, ..`.
pub(crate) fn said(lost: f64, expected: Option<f64>, kinds: &[(&str, f64)]) -> String {
    let of = expected.map(|all| format!(" of {}", figures::count(all))).unwrap_or_default();
    let lost = figures::count(lost);
    if kinds.is_empty() {
        return format!("lost {lost}{of} updates");
    }
    let listed = listed(kinds.iter().copied());
    let colon = if listed.is_empty() { "" } else { ": " };
    format!("{lost}{of} {} went wrong{colon}{listed}", units(kinds.iter().map(|(kind, _)| *kind)))
}

/// What the numbers count where these kinds are told.
pub(crate) fn units<'k>(kinds: impl IntoIterator<Item = &'k str>) -> &'static str {
    kinds.into_iter().next().map_or("updates", counted)
}

/// The same of one sample's metrics; nothing where it was right.
#[must_use]
pub fn went_wrong(metrics: &BTreeMap<String, f64>) -> Option<String> {
    let kinds: Vec<(&str, f64)> = FAULTS.iter().filter_map(|kind| Some((*kind, *metrics.get(*kind)?))).collect();
    match (metrics.get("lost_updates"), metrics.get("wrong_answers")) {
        (Some(lost), _) => Some(said(*lost, metrics.get("expected_updates").copied(), &kinds)),
        // Its oracle says that it is wrong, and not how wrong.
        (None, Some(_)) => Some(String::from("a wrong answer")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_counted_and_those_that_did_not_happen_are_left_out() {
        let kinds = [("missing_keys", 1.0), ("duplicate_computations", 2.0), ("early_frees", 0.0)];
        let text = said(3.0, Some(40_000.0), &kinds);
        assert_eq!(text, "3 of 40,000 look-ups went wrong: 1 missing key, 2 duplicate computations");
        assert_eq!(said(0.0, Some(40_000.0), &[("early_frees", 0.0)]), "0 of 40,000 updates went wrong");
        assert_eq!(said(3.0, Some(40_000.0), &[]), "lost 3 of 40,000 updates");
        assert_eq!(said(3.0, None, &[]), "lost 3 updates");
        assert_eq!(listed([("leaked_objects", 1_234.0)]), "1,234 leaked objects");
    }

    #[test]
    fn a_sample_that_was_right_says_nothing() {
        assert_eq!(went_wrong(&BTreeMap::from([(String::from("steps"), 4.0)])), None);
        let metrics = [("lost_updates", 2.0), ("expected_updates", 9.0), ("early_frees", 2.0)];
        let metrics = metrics.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect();
        assert_eq!(went_wrong(&metrics).as_deref(), Some("2 of 9 updates went wrong: 2 early frees"));
        let wrong = BTreeMap::from([(String::from("wrong_answers"), 1.0)]);
        assert_eq!(went_wrong(&wrong).as_deref(), Some("a wrong answer"));
    }
}

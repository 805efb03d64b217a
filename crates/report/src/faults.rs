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
    match self::times(times) {
        shown if shown == "1" => format!("1 {}", many.strip_suffix('s').unwrap_or(&many)),
        shown => format!("{shown} {many}"),
    }
}

/// How often something happened in a run, on average: whole where it is whole or large, else with the one digit that a mean
/// of counts has.
pub(crate) fn times(x: f64) -> String {
    match x {
        _ if x.fract() == 0.0 || x >= 10.0 => figures::count(x),
        _ if x < 0.05 => "<0.1".to_owned(),
        _ => format!("{x:.1}").trim_end_matches(".0").to_owned(),
    }
}

/// `lost 3 of 40,000 updates a run`, or, where there are kinds, `3 of 40,000 look-ups a run went wrong: 1 missing key, ..`.
pub(crate) fn said(lost: f64, expected: Option<f64>, kinds: &[(&str, f64)]) -> String {
    let of = expected.map(|all| format!(" of {}", figures::count(all))).unwrap_or_default();
    let lost = times(lost);
    if kinds.is_empty() {
        return format!("lost {lost}{of} updates a run");
    }
    let listed = listed(kinds.iter().copied());
    let colon = if listed.is_empty() { "" } else { ": " };
    format!("{lost}{of} {} a run went wrong{colon}{listed}", units(kinds.iter().map(|(kind, _)| *kind)))
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
        assert_eq!(text, "3 of 40,000 look-ups a run went wrong: 1 missing key, 2 duplicate computations");
        assert_eq!(said(0.0, Some(40_000.0), &[("early_frees", 0.0)]), "0 of 40,000 updates a run went wrong");
        assert_eq!(said(3.0, Some(40_000.0), &[]), "lost 3 of 40,000 updates a run");
        assert_eq!(said(3.0, None, &[]), "lost 3 updates a run");
        assert_eq!(listed([("leaked_objects", 1_234.0)]), "1,234 leaked objects");
    }

    #[test]
    fn a_mean_of_counts_has_one_digit_at_most() {
        let shown = [0.583, 0.04, 0.97, 1.02, 65.33, 3892.24, 2.5, 0.0].map(times);
        assert_eq!(shown, ["0.6", "<0.1", "1", "1", "65", "3,892", "2.5", "0"]);
        assert_eq!(listed([("leaked_objects", 0.583), ("early_frees", 0.97)]), "0.6 leaked objects, 1 early free");
    }

    #[test]
    fn a_sample_that_was_right_says_nothing() {
        assert_eq!(went_wrong(&BTreeMap::from([(String::from("steps"), 4.0)])), None);
        let metrics = [("lost_updates", 2.0), ("expected_updates", 9.0), ("early_frees", 2.0)];
        let metrics = metrics.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect();
        assert_eq!(went_wrong(&metrics).as_deref(), Some("2 of 9 updates a run went wrong: 2 early frees"));
        let wrong = BTreeMap::from([(String::from("wrong_answers"), 1.0)]);
        assert_eq!(went_wrong(&wrong).as_deref(), Some("a wrong answer"));
    }
}

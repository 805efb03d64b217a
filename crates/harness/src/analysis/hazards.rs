//! What became of hazards: of each the worst of its tries.

use results::journal::{Event, PlannedHazard, Tried};
use results::{Hazard, HazardVerdict, Metric};

use crate::statistics::{median, quantile};

/// All hazards of a run, in the order in which they were planned.
pub(super) fn hazards(events: &[Event]) -> Vec<Hazard> {
    let planned = events.iter().filter_map(|event| match event {
        Event::Hazards { hazards } => Some(hazards),
        _ => None,
    });
    let tries = |id: &str| -> Vec<&Tried> {
        let tries = events.iter().filter_map(|event| match event {
            Event::Hazard(one) if one.hazard == id => Some(&one.outcome),
            _ => None,
        });
        tries.collect()
    };
    planned.flatten().map(|planned| hazard(planned, &tries(&planned.id))).collect()
}

fn hazard(planned: &PlannedHazard, tries: &[&Tried]) -> Hazard {
    let PlannedHazard { id, model, about, told, remedy, unit, why } = planned.clone();
    let (mut verdict, mut reason) = match why {
        Some(why) => (HazardVerdict::NotApplicable, Some(why)),
        None if tries.is_empty() => (HazardVerdict::NotTried, Some(String::from("the run ended before it was tried"))),
        None => (HazardVerdict::NotTried, None),
    };
    let (mut after, mut lost, mut total, mut holds) = (Vec::new(), Vec::new(), None, None);
    for tried in tries {
        match tried {
            Tried::Ended { verdict: one, after_ns, lost: this, of, remedy_lost } => {
                verdict = verdict.max(*one);
                after.extend(after_ns.map(|ns| ns as f64));
                lost.push(*this as f64);
                total = Some(*of);
                holds = Some(holds != Some(false) && *remedy_lost == 0);
            }
            Tried::Failed { reason: why } => {
                verdict = HazardVerdict::Failed;
                reason = reason.or_else(|| Some(why.clone()));
            }
        }
    }
    let none = match verdict {
        HazardVerdict::Hung => "nobody is told: it was not done within a second",
        HazardVerdict::Silent => "nobody is told",
        HazardVerdict::NotSeen | HazardVerdict::Detected => "it did not show",
        HazardVerdict::Failed => "the scenario failed",
        HazardVerdict::NotApplicable | HazardVerdict::NotTried => "it was not tried",
    };
    Hazard {
        id,
        model,
        about,
        remedy,
        verdict,
        told: (!tries.is_empty()).then_some(told),
        after_ns: metric(&after, none),
        lost: metric(&lost, if tries.is_empty() { "it was not tried" } else { "the scenario failed" }),
        of: total,
        unit,
        remedy_holds: holds,
        tries: tries.len() as u32,
        reason,
    }
}

fn metric(values: &[f64], none: &str) -> Metric {
    match values {
        [] => Metric::Missing { value: None, reason: none.to_owned() },
        _ => Metric::Measured {
            median: median(values),
            p10: quantile(values, 0.1),
            p90: quantile(values, 0.9),
            n: values.len() as u32,
        },
    }
}

#[cfg(test)]
mod tests {
    use results::journal::Try;

    use super::*;

    fn planned(id: &str, why: Option<&str>) -> PlannedHazard {
        let text = |what: &str| format!("{what} of {id}");
        PlannedHazard {
            id: id.to_owned(),
            model: String::from("m"),
            about: text("about"),
            told: text("told"),
            remedy: text("remedy"),
            unit: String::from("updates"),
            why: why.map(str::to_owned),
        }
    }

    fn ended(id: &str, number: u32, verdict: HazardVerdict, after_ns: Option<u64>, remedy_lost: u64) -> Event {
        let outcome = Tried::Ended { verdict, after_ns, lost: 10 + u64::from(number), of: 100, remedy_lost };
        Event::Hazard(Try { hazard: id.to_owned(), number, outcome })
    }

    fn failed(id: &str, number: u32) -> Event {
        let outcome = Tried::Failed { reason: format!("try {number} broke") };
        Event::Hazard(Try { hazard: id.to_owned(), number, outcome })
    }

    fn of(planned: Vec<PlannedHazard>, tries: Vec<Event>) -> Vec<Hazard> {
        let events = std::iter::once(Event::Hazards { hazards: planned }).chain(tries);
        hazards(&events.collect::<Vec<_>>())
    }

    #[test]
    fn the_worst_of_its_tries_is_what_became_of_it() {
        let (told, silent, hung) = (HazardVerdict::Detected, HazardVerdict::Silent, HazardVerdict::Hung);
        let verdict = |all: &[HazardVerdict]| {
            let tries = all.iter().enumerate().map(|(n, one)| ended("m/a", n as u32 + 1, *one, None, 0));
            of(vec![planned("m/a", None)], tries.collect())[0].verdict
        };
        assert_eq!(verdict(&[HazardVerdict::NotSeen, HazardVerdict::NotSeen]), HazardVerdict::NotSeen);
        assert_eq!(verdict(&[told, HazardVerdict::NotSeen]), told);
        assert_eq!(verdict(&[silent, told]), silent);
        assert_eq!(verdict(&[silent, hung, told]), hung);
    }

    #[test]
    fn how_soon_and_what_was_lost_are_medians_over_tries() {
        let tries = (1..=3).map(|n| ended("m/a", n, HazardVerdict::Detected, Some(u64::from(n) * 1000), 0));
        let one = &of(vec![planned("m/a", None)], tries.collect())[0];
        assert_eq!(
            (one.after_ns.median(), one.lost.median(), one.of, one.tries),
            (Some(2000.0), Some(12.0), Some(100), 3)
        );
        assert_eq!((one.remedy_holds, one.reason.as_deref()), (Some(true), None));
        assert_eq!(one.told.as_deref(), Some("told of m/a"));
    }

    #[test]
    fn a_remedy_that_loses_once_does_not_hold() {
        for losing in 1..=2 {
            let tries = (1..=2).map(|n| ended("m/a", n, HazardVerdict::Silent, None, u64::from(n == losing)));
            assert_eq!(of(vec![planned("m/a", None)], tries.collect())[0].remedy_holds, Some(false));
        }
    }

    #[test]
    fn what_failed_or_was_not_tried_says_why() {
        let planned = vec![planned("m/a", None), planned("m/b", None), planned("m", Some("one thread"))];
        let tries = vec![ended("m/a", 1, HazardVerdict::Detected, Some(5), 0), failed("m/a", 2), failed("m/a", 3)];
        let all = of(planned, tries);
        let said: Vec<_> = all.iter().map(|one| (one.verdict, one.reason.as_deref().unwrap_or_default())).collect();
        assert_eq!(
            said,
            [
                (HazardVerdict::Failed, "try 2 broke"),
                (HazardVerdict::NotTried, "the run ended before it was tried"),
                (HazardVerdict::NotApplicable, "one thread"),
            ]
        );
        assert_eq!((all[1].remedy_holds, all[1].told.as_ref(), all[2].lost.median()), (None, None, None));
    }
}

//! Hazards, in words: whether anybody is told, how soon, what is lost, and whether the remedy holds.

use results::{Hazard, HazardVerdict, Metric, Run};

use crate::figures::{self, NONE, count, finite, plural};

/// Those that can happen here, in the order of the run.
pub(crate) fn shown(run: &Run) -> Vec<&Hazard> {
    run.hazards.iter().filter(|one| one.verdict != HazardVerdict::NotApplicable).collect()
}

/// What cannot happen, with its reason: `sequential: one thread waits for nobody`.
pub(crate) fn none(run: &Run) -> Vec<String> {
    let none = run.hazards.iter().filter(|one| one.verdict == HazardVerdict::NotApplicable);
    none.map(|one| format!("{}: not applicable, {}", one.id, why(one))).collect()
}

fn why(one: &Hazard) -> &str {
    one.reason.as_deref().filter(|why| !why.is_empty()).unwrap_or("no reason was recorded")
}

/// `11 hazards: 3 detected, 2 silent, 6 hang; every remedy lost nothing`. Nothing where none was asked for.
pub(crate) fn summary(run: &Run) -> Option<String> {
    let shown = shown(run);
    if shown.is_empty() {
        return None;
    }
    let of = |verdict| shown.iter().filter(|one| one.verdict == verdict).count();
    let hang = of(HazardVerdict::Hung);
    let all = [
        (of(HazardVerdict::Detected), "detected"),
        (of(HazardVerdict::Silent), "silent"),
        (hang, if hang == 1 { "hangs" } else { "hang" }),
        (of(HazardVerdict::NotSeen), "did not show"),
        (of(HazardVerdict::NotTried), "not tried"),
        (of(HazardVerdict::Failed), "failed"),
    ];
    let parts: Vec<String> = all.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let held = |held| shown.iter().filter(|one| one.remedy_holds == Some(held)).count();
    let remedies = match (held(true), held(false)) {
        (0, 0) => String::new(),
        (_, 0) => String::from("; every remedy that was tried lost nothing"),
        (_, n) => format!("; {} lost something, too", plural(n, "remedy").replace("remedys", "remedies")),
    };
    Some(format!("{}: {}{remedies}", plural(shown.len(), "hazard"), parts.join(", ")))
}

/// A sign, for whoever runs down the list; it says no more than [`detected`].
pub(crate) fn sign(one: &Hazard) -> &'static str {
    match one.verdict {
        HazardVerdict::Detected => "✓",
        HazardVerdict::Silent => "!",
        HazardVerdict::Hung => "…",
        HazardVerdict::NotSeen | HazardVerdict::NotTried | HazardVerdict::NotApplicable => "?",
        HazardVerdict::Failed => "✕",
    }
}

/// Whether anybody is told.
pub(crate) fn detected(one: &Hazard) -> &'static str {
    match one.verdict {
        HazardVerdict::Detected => "yes",
        HazardVerdict::Silent => "no, and it goes on",
        HazardVerdict::Hung => "no, it hangs",
        HazardVerdict::NotSeen => "did not show",
        HazardVerdict::NotTried => "not tried",
        HazardVerdict::NotApplicable => "not applicable",
        HazardVerdict::Failed => "the scenario failed",
    }
}

/// Who is told and how, or what shows it; of what failed or was not tried, why. Nothing where there is nothing to tell.
pub(crate) fn told(one: &Hazard) -> Option<&str> {
    let told = one.told.as_deref().filter(|_| one.verdict != HazardVerdict::NotSeen);
    one.reason.as_deref().filter(|why| !why.is_empty()).or(told).filter(|told| !told.is_empty())
}

/// `197 µs [150, 310]`: the median over its tries, and where most of them lie; or why there is no such time.
pub(crate) fn soon(one: &Hazard) -> String {
    match (&one.after_ns, one.verdict) {
        (Metric::Measured { median, p10, p90, n }, verdict) => {
            let range = if *n > 1 {
                format!(" {}", figures::time_interval(*median, finite(Some(*p10)), finite(Some(*p90))))
            } else {
                String::new()
            };
            let time = figures::time(*median);
            if verdict == HazardVerdict::Silent { format!("never; it lasted {time}{range}") } else { time + &range }
        }
        (Metric::Missing { .. }, HazardVerdict::Silent) => String::from("never"),
        (Metric::Missing { .. }, HazardVerdict::Hung) => String::from("never; it was not done within a second"),
        (Metric::Missing { .. }, _) => NONE.to_owned(),
    }
}

/// `200 of 400 updates`.
pub(crate) fn lost(one: &Hazard) -> String {
    let Some(lost) = finite(one.lost.median()) else { return NONE.to_owned() };
    let of = one.of.map(|of| format!(" of {}", count(of as f64))).unwrap_or_default();
    let range = match &one.lost {
        Metric::Measured { p10, p90, .. } if p10 != p90 => format!(" [{}, {}]", count(*p10), count(*p90)),
        _ => String::new(),
    };
    format!("{}{range}{of} {}", count(lost), one.unit).trim_end().to_owned()
}

/// What the remedy was seen to do.
pub(crate) fn held(one: &Hazard) -> &'static str {
    match one.remedy_holds {
        Some(true) => "it lost nothing",
        Some(false) => "✕ it lost something, too",
        None => "not tried",
    }
}

/// All that a line can hold: `detected after 197 µs [150, 310]; 200 of 400 updates lost`.
pub(crate) fn line(one: &Hazard) -> String {
    let lost = || format!("{} lost", lost(one));
    match one.verdict {
        HazardVerdict::Detected => format!("detected after {}; {}", soon(one), lost()),
        HazardVerdict::Silent => {
            let lasted = finite(one.after_ns.median()).map(|ns| format!(" after {}", figures::time(ns)));
            format!("nobody is told, and it goes on{}; {}", lasted.unwrap_or_default(), lost())
        }
        HazardVerdict::Hung => format!("nobody is told, and it hangs; {}", lost()),
        HazardVerdict::NotSeen => String::from("did not show"),
        verdict => {
            let what = if verdict == HazardVerdict::Failed { "the scenario failed" } else { "not tried" };
            format!("{what}: {}", why(one))
        }
    }
}

/// How they were tried, for those who read on.
pub(crate) const HOW: &str = "Each was made to happen on purpose, a few times, in a fresh process; how soon: the median \
                              over its tries [10th, 90th percentile]. What was not done within a second hangs. The \
                              remedy was done beside it, in the same process, and must lose nothing.";

//! How long tasks have to be (METG): the contenders of a sweep of task lengths, the finest first, and what is said of
//! them.

use results::{Bound, Found, Granularity, Metg};

use crate::figures::{self, NONE, finite};
use crate::turns::Turns;
use crate::view::View;
use crate::words::{Piece, Sentence};

/// A sweep of task lengths.
pub(crate) struct Grains<'a> {
    /// Workload with its other knobs.
    pub(crate) label: &'a str,
    pub(crate) workers: u32,
    /// By METG(50 %), the finest first.
    pub(crate) rows: Vec<&'a Metg>,
}

/// Every sweep that a METG was looked for in, in the order of the run.
pub(crate) fn all<'a>(view: &View<'a>, sweeps: &[Turns<'a>]) -> Vec<Grains<'a>> {
    let mut all: Vec<(&str, &str, Grains<'a>)> = Vec::new();
    for sweep in sweeps.iter().filter(|sweep| sweep.sweep.granularity) {
        let grains = Grains { label: sweep.label, workers: sweep.workers, rows: Vec::new() };
        all.push((&sweep.sweep.series, &sweep.sweep.knob, grains));
    }
    for one in &view.run.metg {
        let place = all.iter().position(|(series, knob, grains)| {
            // A program of its own need not name the sweep.
            let named = (*series, *knob) == (one.series.as_str(), one.knob.as_str());
            named && (!one.series.is_empty() || grains.label == one.workload && grains.workers == one.workers)
        });
        let place = place.unwrap_or_else(|| {
            let series = one.series.as_str();
            let label = series.rsplit_once("/w").map_or(series, |(label, _)| label);
            let label = if label.is_empty() { &one.workload } else { label };
            all.push((series, &one.knob, Grains { label, workers: one.workers, rows: Vec::new() }));
            all.len() - 1
        });
        all[place].2.rows.push(one);
    }
    let mut all: Vec<Grains<'a>> = all.into_iter().map(|(.., grains)| grains).collect();
    for grains in &mut all {
        grains.rows.sort_by(|a, b| place(&a.metg50_ns).cmp(&place(&b.metg50_ns)).then_with(|| order(a, b)));
    }
    all
}

/// Who is efficient at the shortest tasks first, who nowhere last.
fn place(one: &Granularity) -> u8 {
    match (one.bound, finite(one.value)) {
        (Some(Bound::Below), Some(_)) => 0,
        (Some(Bound::Is), Some(_)) => 1,
        (Some(Bound::Above), Some(_)) => 2,
        _ => 3,
    }
}

/// Within a place: where several share a bound, the rest decides.
fn order(a: &Metg, b: &Metg) -> std::cmp::Ordering {
    let value = |one: &Granularity| finite(one.value).unwrap_or(f64::INFINITY);
    let other = |one: &Metg| (place(&one.metg90_ns), value(&one.metg90_ns));
    let rest = || other(a).0.cmp(&other(b).0).then(other(a).1.total_cmp(&other(b).1));
    value(&a.metg50_ns).total_cmp(&value(&b.metg50_ns)).then_with(rest).then(a.floor_ns.total_cmp(&b.floor_ns))
}

impl Grains<'_> {
    /// `grain, 2 workers`.
    pub(crate) fn title(&self) -> String {
        match self.workers {
            0 => self.label.to_owned(),
            n => format!("{}, {}", self.label, figures::plural(n as usize, "worker")),
        }
    }

    /// What the machine gave, where it is known.
    fn capacity(&self) -> Option<f64> {
        self.rows.iter().find_map(|one| finite(one.capacity)).filter(|capacity| *capacity > 0.0)
    }

    /// Whether half of what the machine gives is one thread.
    fn half_is_one(&self) -> bool {
        self.capacity().is_some_and(|capacity| (1.8..=2.2).contains(&capacity))
    }

    /// From which length of tasks on sharing them is worth it for anybody, and for whom first.
    pub(crate) fn answer(&self) -> Sentence {
        let mut s = Sentence::default();
        let Some(best) = self.rows.first() else {
            s.0.push(text("No METG: the reference was not measured along it, or nobody counted tasks."));
            return s;
        };
        let found = &best.metg50_ns;
        let length = finite(found.value).map(figures::time);
        let who = || Piece::Contender(best.contender.clone());
        match (found.bound, length) {
            (Some(Bound::Is), Some(length)) => {
                let worth = if self.half_is_one() {
                    "are not worth sharing with anybody here"
                } else {
                    "leave everybody less than half efficient here"
                };
                s.0.push(text(format!("Tasks shorter than {length} {worth}: the smallest METG(50 %) is ")));
                s.0.extend([who(), text(format!(" at {length}")), Piece::Aside(interval(found))]);
            }
            (Some(Bound::Below), Some(length)) => {
                let worth = if self.half_is_one() { "are worth sharing" } else { "leave somebody half efficient" };
                s.0.push(text(format!("Even the shortest tasks measured, of {length}, {worth} here: ")));
                s.0.extend([who(), text(" is at least 50 % efficient there already")]);
            }
            (Some(Bound::Above), Some(length)) => {
                let worth = if self.half_is_one() { " (nobody is faster than one thread)" } else { "" };
                s.0.push(text(format!(
                    "Nobody is 50 % efficient up to the longest tasks measured, of {length}{worth}"
                )));
            }
            _ => {
                let why = best.reason.as_deref().filter(|why| !why.is_empty());
                s.0.push(text(format!("No METG(50 %) is known: {}", why.unwrap_or("the rounds do not agree on any"))));
            }
        }
        s.0.push(text("."));
        s
    }

    /// What 50 % means on this machine.
    pub(crate) fn meaning(&self) -> Option<String> {
        let capacity = self.capacity()?;
        let gave = figures::ratio(capacity);
        Some(if self.half_is_one() {
            format!(
                "The machine gave {gave} sequential rates at once, so 50 % is the speed of one thread: METG(50 %) is the \
                 point of no speed-up."
            )
        } else {
            let half = figures::ratio(capacity / 2.0);
            format!(
                "The machine gave {gave} sequential rates at once, so 50 % is a speed-up of {half} over one thread."
            )
        })
    }

    /// What is known of contenders without a METG, each reason once.
    pub(crate) fn reasons(&self) -> Vec<String> {
        let mut said: Vec<(&str, Vec<&str>)> = Vec::new();
        for one in &self.rows {
            let Some(reason) = one.reason.as_deref().filter(|reason| !reason.is_empty()) else { continue };
            match said.iter_mut().find(|(other, _)| *other == reason) {
                Some((_, names)) => names.push(&one.contender),
                None => said.push((reason, vec![&one.contender])),
            }
        }
        said.into_iter().map(|(reason, names)| format!("{}: {reason}", names.join(", "))).collect()
    }
}

fn text(text: impl Into<String>) -> Piece {
    Piece::Text(text.into())
}

/// `60 ns`, `<2.0 ns`, or what the rounds say instead.
pub(crate) fn figure(one: &Granularity) -> String {
    let value = finite(one.value).map(figures::time);
    match (one.bound, value, one.found) {
        (Some(Bound::Is), Some(value), _) => value,
        (Some(Bound::Below), Some(value), _) => format!("<{value}"),
        (Some(Bound::Above), Some(value), _) => format!(">{value}"),
        (.., Found::Several) => "several".to_owned(),
        (.., Found::Open) => "open".to_owned(),
        _ => NONE.to_owned(),
    }
}

/// `[50, 71]`, in the unit of the figure; an end beyond the range is open. Empty where there is none to be expected.
pub(crate) fn interval(one: &Granularity) -> String {
    let Some(value) = finite(one.value) else { return String::new() };
    match (one.bound, finite(one.lo), finite(one.hi)) {
        (Some(Bound::Is), None, None) => "(few rounds)".to_owned(),
        (Some(_), lo, hi) if lo.is_some() || hi.is_some() => figures::time_interval(value, lo, hi),
        _ => String::new(),
    }
}

/// Both.
pub(crate) fn both(one: &Granularity) -> String {
    [figure(one), interval(one)].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The floor with its interval.
pub(crate) fn floor(one: &Metg) -> (String, String) {
    let ends = (finite(one.floor_lo_ns), finite(one.floor_hi_ns));
    let known = ends.0.is_some() || ends.1.is_some();
    let interval = if known { figures::time_interval(one.floor_ns, ends.0, ends.1) } else { "(few rounds)".to_owned() };
    (figures::time(one.floor_ns), interval)
}

/// Where floors were taken: `2.0 ns`, or `2.0 ns to 4.1 ns` where some failed at the shortest.
pub(crate) fn floor_at(rows: &[&Metg]) -> Option<String> {
    let at = rows.iter().map(|one| one.floor_at_ns).filter(|at| at.is_finite() && *at > 0.0);
    let (least, most) = at.fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(x), b.max(x)));
    let (a, b) = (figures::time(least), figures::time(most));
    match least <= most {
        true if a == b => Some(a),
        true => Some(format!("{a} to {b}")),
        false => None,
    }
}

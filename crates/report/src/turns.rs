//! Sweeps joined for reading: the groups along a knob, and what is said of where the answer turns.

use results::{Crossover, Found, Sweep, Verdict};

use crate::figures::{self, NONE, finite};
use crate::view::{GroupView, Row, View};
use crate::words::{Piece, Sentence};

/// Groups that differ in one swept knob only.
pub(crate) struct Turns<'a> {
    pub(crate) sweep: &'a Sweep,
    /// Workload with its other knobs.
    pub(crate) label: &'a str,
    pub(crate) workers: u32,
    /// Indices into the groups of the view, by value.
    pub(crate) groups: Vec<usize>,
    /// Each contender against the reference.
    pub(crate) against: Vec<&'a Crossover>,
    /// The leaders of both ends, where they differ.
    pub(crate) leaders: Option<&'a Crossover>,
    /// By contender, the smallest value from which on every group's own verdict says `faster` than the reference.
    settled: Vec<(&'a str, f64)>,
}

/// The place of a group in a sweep.
pub(crate) fn place<'a>(group: &GroupView<'a>) -> Option<&'a Sweep> {
    group.group.and_then(|group| group.sweep.as_ref())
}

/// Every sweep of a run, in its order.
pub(crate) fn all<'a>(view: &View<'a>) -> Vec<Turns<'a>> {
    let mut all: Vec<Turns<'a>> = Vec::new();
    for (index, group) in view.groups.iter().enumerate() {
        let Some(sweep) = place(group) else { continue };
        let same = |one: &&mut Turns<'a>| one.sweep.series == sweep.series && one.sweep.knob == sweep.knob;
        match all.iter_mut().find(same) {
            Some(turns) => turns.groups.push(index),
            None => all.push(Turns::new(view, sweep, index, group.workers)),
        }
    }
    let value = |index: &usize| place(&view.groups[*index]).map_or(f64::NAN, |sweep| sweep.value);
    for turns in &mut all {
        turns.groups.sort_by(|a, b| value(a).total_cmp(&value(b)));
        turns.settled =
            turns.against.iter().filter_map(|one| Some((one.to.as_str(), settled(view, turns, one)?))).collect();
    }
    all
}

/// Where a crossing was not found: from which value on the verdicts of the groups, each by itself, all say `faster`. A
/// value without such a verdict ends it.
fn settled(view: &View<'_>, turns: &Turns<'_>, one: &Crossover) -> Option<f64> {
    if !matches!(one.found, Found::Open | Found::Several) {
        return None;
    }
    let faster = |group: &&GroupView<'_>| {
        let row = group.rows.iter().find(|row| row.cell.contender == one.to);
        row.and_then(|row| row.against).is_some_and(|against| against.verdict == Verdict::Faster)
    };
    let groups = turns.groups.iter().rev().map(|index| &view.groups[*index]);
    groups.take_while(faster).last().and_then(place).map(|place| place.value)
}

impl<'a> Turns<'a> {
    fn new(view: &View<'a>, sweep: &'a Sweep, index: usize, workers: u32) -> Self {
        let mine = |one: &&Crossover| one.series == sweep.series && one.knob == sweep.knob;
        let mine = || view.run.crossovers.iter().filter(mine);
        let label = sweep.series.rsplit_once("/w").map_or(sweep.series.as_str(), |(label, _)| label);
        Self {
            sweep,
            label,
            workers,
            groups: vec![index],
            against: mine().filter(|one| !one.leaders).collect(),
            leaders: mine().find(|one| one.leaders),
            settled: Vec::new(),
        }
    }

    /// `bulk-map, 2 workers, along work`.
    pub(crate) fn title(&self) -> String {
        let workers = if self.workers > 0 {
            format!(", {}", figures::plural(self.workers as usize, "worker"))
        } else {
            String::new()
        };
        format!("{}{workers}, along {}", self.label, self.sweep.knob)
    }

    /// `work: operations per byte, 1 to 1,024`.
    pub(crate) fn axis(&self, view: &View<'_>) -> String {
        let values: Vec<f64> = self.values(view).collect();
        let about = if self.sweep.about.is_empty() { String::new() } else { format!("{}, ", self.sweep.about) };
        match (values.first(), values.last()) {
            (Some(first), Some(last)) => {
                format!("{}: {about}{} to {}", self.sweep.knob, self.exact(*first), self.exact(*last))
            }
            _ => self.sweep.knob.clone(),
        }
    }

    /// Values of the knob, ascending.
    pub(crate) fn values(&self, view: &View<'_>) -> impl Iterator<Item = f64> {
        self.groups.iter().filter_map(|index| place(&view.groups[*index]).map(|sweep| sweep.value))
    }

    /// A value that was set.
    pub(crate) fn exact(&self, value: f64) -> String {
        figures::exact(value, &self.sweep.unit)
    }

    /// Whom a crossover is about, which is not the reference.
    pub(crate) fn contender<'c>(&self, one: &'c Crossover) -> &'c str {
        if pays_up_to(one) { &one.from } else { &one.to }
    }

    /// The other one.
    pub(crate) fn reference<'c>(&self, one: &'c Crossover) -> &'c str {
        if pays_up_to(one) { &one.to } else { &one.from }
    }

    /// What is said of a contender in a table: `from 23 [19, 28] on`.
    pub(crate) fn said(&self, one: &Crossover) -> String {
        match one.found {
            Found::Crosses | Found::Already => self.place(one, ""),
            Found::NotReached => format!("not {}", self.place(one, "")),
            Found::Several | Found::Open if self.settled(one).is_some() => self.place(one, ""),
            Found::Several => "changes sides more than once".to_owned(),
            Found::Open => "open: the rounds do not agree".to_owned(),
        }
    }

    /// The same within a sentence, where `knob` is `work = ` the first time.
    fn place(&self, one: &Crossover, knob: &str) -> String {
        let end = |end: Option<f64>| finite(end).map(|end| self.estimate(end));
        let (first, last) = (self.exact(one.range.0), self.exact(one.range.1));
        match (one.found, end(one.at.lo), end(one.at.hi)) {
            (Found::Crosses, ..) if pays_up_to(one) => format!("up to {knob}{}", self.at(one)),
            (Found::Crosses, ..) => format!("from {knob}{} on", self.at(one)),
            (Found::Already, _, Some(hi)) => format!("from {knob}{first} on, at the latest from {hi}"),
            (Found::Already, ..) => "at every value".to_owned(),
            (Found::Several | Found::Open, ..) => match self.settled(one).map(|at| self.exact(at)) {
                Some(at) if at == first => "at every value, each by itself".to_owned(),
                Some(at) => format!("from {knob}{at} on at the latest"),
                None => NONE.to_owned(),
            },
            (_, Some(lo), _) => format!("up to {knob}{last}, at the earliest from {lo}"),
            _ => format!("up to {knob}{last}"),
        }
    }

    /// From which value on a contender is faster at the latest, where the rounds name no crossing.
    pub(crate) fn settled(&self, one: &Crossover) -> Option<f64> {
        self.settled.iter().find(|(name, _)| *name == one.to && !one.leaders).map(|(_, at)| *at)
    }

    /// `23 [19, 28]`.
    pub(crate) fn at(&self, one: &Crossover) -> String {
        let end = |end: Option<f64>| finite(end).map(|end| self.estimate(end));
        let value = end(one.at.value).unwrap_or_else(|| NONE.to_owned());
        match (end(one.at.lo), end(one.at.hi)) {
            (Some(_), Some(_)) => format!("{value} {}", self.interval(one)),
            (None, Some(hi)) => format!("{value} [at most {hi}]"),
            (Some(lo), None) => format!("{value} [at least {lo}]"),
            (None, None) => format!("{value} (too few rounds for an interval)"),
        }
    }

    /// The same where there is little room: `23 [19, 28]`, `23 (few rounds)`.
    pub(crate) fn at_short(&self, one: &Crossover) -> String {
        self.at(one)
            .replace("too few rounds for an interval", "few rounds")
            .replace("at most", "≤")
            .replace("at least", "≥")
    }

    /// The column of a table that holds figures elsewhere.
    pub(crate) fn word(&self, one: &Crossover) -> &'static str {
        match one.found {
            Found::Crosses if pays_up_to(one) => "up to",
            Found::Crosses => "from",
            Found::Already => "at every value",
            Found::NotReached => "nowhere in the range",
            Found::Several | Found::Open if self.settled(one).is_some() => "from, at the latest",
            Found::Several => "changes sides more than once",
            Found::Open => "open: the rounds do not agree",
        }
    }

    /// What a chart of these says in its title: `async pays from work = 3.1 [2.8, 3.6] on, processes from 23 [19, 28] on`.
    pub(crate) fn finding(&self, crossings: &[&Crossover]) -> String {
        let place = |one: &Crossover| finite(one.at.value).or_else(|| self.settled(one));
        let mut sorted: Vec<(f64, &Crossover)> = crossings.iter().filter_map(|one| Some((place(one)?, *one))).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut seen: Vec<&str> = Vec::new();
        let mut said = String::new();
        for (_, one) in sorted {
            let model = self.contender(one).split('/').next().unwrap_or_default();
            if seen.contains(&model) {
                continue;
            }
            let knob = if seen.is_empty() { format!("{} = ", self.sweep.knob) } else { String::new() };
            let place = match self.settled(one) {
                Some(at) => format!("from {knob}{} on at the latest", self.exact(at)),
                None if pays_up_to(one) => format!("up to {knob}{}", self.at_short(one)),
                None => format!("from {knob}{} on", self.at_short(one)),
            };
            let verb = if model.ends_with('s') { "pay" } else { "pays" };
            said += &if seen.is_empty() { format!("{model} {verb} {place}") } else { format!(", {model} {place}") };
            seen.push(model);
        }
        if said.is_empty() { format!("No line shown crosses sequential along {}", self.sweep.knob) } else { said }
    }

    fn interval(&self, one: &Crossover) -> String {
        match self.sweep.unit.as_str() {
            "" => figures::interval(one.at.lo, one.at.hi).unwrap_or_default(),
            _ => {
                let end = |end: Option<f64>| end.map_or_else(|| NONE.to_owned(), |end| self.estimate(end));
                format!("[{}, {}]", end(one.at.lo), end(one.at.hi))
            }
        }
    }

    /// A value that was found, with the digits that an estimate has.
    pub(crate) fn estimate(&self, value: f64) -> String {
        match self.sweep.unit.as_str() {
            "" => figures::ratio(value),
            _ => figures::exact(value, &self.sweep.unit),
        }
    }

    /// Crossovers against the reference by model, in the order of the run; within one whoever pays earliest first.
    pub(crate) fn by_model(&self) -> Vec<(&'a str, Vec<&'a Crossover>)> {
        let mut models: Vec<(&'a str, Vec<&'a Crossover>)> = Vec::new();
        for one in &self.against {
            let name = if pays_up_to(one) { one.from.as_str() } else { one.to.as_str() };
            let model = name.split_once('/').map_or(name, |(model, _)| model);
            match models.iter_mut().find(|(other, _)| *other == model) {
                Some((_, all)) => all.push(one),
                None => models.push((model, vec![one])),
            }
        }
        let value = |one: &Crossover| finite(one.at.value).or_else(|| self.settled(one)).unwrap_or(f64::INFINITY);
        // Who is settled has a place among those who cross.
        let rank = |one: &Crossover| if self.settled(one).is_some() { 1 } else { rank(one) };
        for (_, all) in &mut models {
            all.sort_by(|a, b| rank(a).cmp(&rank(b)).then(value(a).total_cmp(&value(b))));
        }
        models
    }

    /// One sentence a model: from where on it pays.
    pub(crate) fn answers(&self) -> Vec<(&'a str, Sentence)> {
        self.by_model().into_iter().map(|(model, mine)| (model, self.answer(&mine))).collect()
    }

    /// One sentence for all models: from where on the first strategy of each pays.
    pub(crate) fn brief(&self) -> Sentence {
        let first: Vec<&Crossover> = self.by_model().iter().filter_map(|(_, mine)| mine.first().copied()).collect();
        self.answer(&first)
    }

    fn answer(&self, mine: &[&Crossover]) -> Sentence {
        let mut s = Sentence::default();
        // Those of whom the same is said share a clause.
        let mut clauses: Vec<(String, Vec<&Crossover>)> = Vec::new();
        for &one in mine {
            let said = self.said(one);
            match clauses.iter_mut().find(|(other, _)| *other == said) {
                Some((_, all)) => all.push(one),
                None => clauses.push((said, vec![one])),
            }
        }
        for (index, (_, all)) in clauses.iter().enumerate() {
            s.0.extend((index > 0).then(|| Piece::Text("; ".to_owned())));
            for (place, one) in all.iter().enumerate() {
                let gap = if place == 0 {
                    ""
                } else if place + 1 == all.len() {
                    " and "
                } else {
                    ", "
                };
                s.0.push(Piece::Text(gap.to_owned()));
                s.0.push(Piece::Contender(self.contender(one).to_owned()));
            }
            s.0.extend(self.predicate(all, index == 0));
        }
        s.0.push(Piece::Text(".".to_owned()));
        s
    }

    /// The rest of a clause about these; the first one says it in full.
    fn predicate(&self, all: &[&Crossover], first: bool) -> Vec<Piece> {
        let Some(one) = all.first() else { return Vec::new() };
        let (be, s) = if all.len() > 1 { ("are", "") } else { ("is", "s") };
        let knob = &self.sweep.knob;
        let against = |before: String, after: String| {
            vec![Piece::Text(before), Piece::Contender(self.reference(one).to_owned()), Piece::Text(after)]
        };
        let full = self.place(one, &format!("{knob} = "));
        if self.settled(one).is_some() {
            let rest = match (one.found, self.settled(one) > Some(one.range.0)) {
                (Found::Several, _) => " (there is no single crossing)",
                (_, true) => " (below that the rounds do not agree)",
                (_, false) => " (the rounds do not agree on a crossing)",
            };
            return if first {
                against(format!(" {be} faster than "), format!(" {full}{rest}"))
            } else {
                vec![Piece::Text(format!(" {}{rest}", self.said(one)))]
            };
        }
        match (one.found, first) {
            (Found::Several, true) => {
                against(format!(" change{s} sides with "), format!(" more than once along {knob}"))
            }
            (Found::Open, true) => {
                against(format!(" {be} not separated from "), format!(" along {knob}: the rounds do not agree"))
            }
            (Found::NotReached, true) => against(format!(" {be} not faster than "), format!(" {full}")),
            (_, true) => against(format!(" {be} faster than "), format!(" {full}")),
            (Found::Several, false) => vec![Piece::Text(format!(" change{s} sides more than once"))],
            (Found::Open, false) => vec![Piece::Text(format!(" {be} {}", self.said(one)))],
            (_, false) => vec![Piece::Text(format!(" {}", self.said(one)))],
        }
    }

    /// `threads/static leads below work = 64 [55, 75], processes/pool above`.
    pub(crate) fn lead(&self) -> Option<Sentence> {
        let one = self.leaders?;
        let (text, name) = (|text: String| Piece::Text(text), |name: &str| Piece::Contender(name.to_owned()));
        let knob = &self.sweep.knob;
        let pieces = if one.found == Found::Crosses {
            let at = self.at(one);
            vec![
                name(&one.from),
                text(format!(" is faster below {knob} = {at}, ")),
                name(&one.to),
                text(" above.".to_owned()),
            ]
        } else {
            vec![
                name(&one.from),
                text(format!(" leads at {knob} = {}, ", self.exact(one.range.0))),
                name(&one.to),
                text(format!(" at {}; there is no single crossing between them.", self.exact(one.range.1))),
            ]
        };
        Some(Sentence(pieces))
    }

    /// Who leads at which values: `threads/static leads from 1 to 64, async/spawn from 128 to 1,024`.
    pub(crate) fn led(&self, view: &View<'_>) -> String {
        let mut runs: Vec<(&str, f64, f64)> = Vec::new();
        for (index, value) in self.groups.iter().zip(self.values(view)) {
            let leader = view.groups[*index].leader().map_or("", |row| row.cell.contender.as_str());
            match runs.last_mut().filter(|(other, ..)| *other == leader) {
                Some((_, _, to)) => *to = value,
                None => runs.push((leader, value, value)),
            }
        }
        let said = |(place, (leader, from, to)): (usize, &(&str, f64, f64))| {
            let (leader, verb) = match (*leader, place) {
                ("", _) => ("not decided", ""),
                (leader, 0) => (leader, " leads"),
                (leader, _) => (leader, ""),
            };
            let range = if from == to {
                format!("at {}", self.exact(*from))
            } else {
                format!("from {} to {}", self.exact(*from), self.exact(*to))
            };
            format!("{leader}{verb} {range}")
        };
        runs.iter().enumerate().map(said).collect::<Vec<_>>().join(", ")
    }

    /// Time relative to the reference at each value: `(value, ratio)`, for a contender.
    pub(crate) fn curve(&self, view: &View<'_>, contender: &str) -> Vec<(f64, f64)> {
        let at = |index: &usize| {
            let group = &view.groups[*index];
            let row: &Row<'_> = group.rows.iter().find(|row| row.cell.contender == contender)?;
            let ratio = finite(row.against.map(|against| against.ratio)).filter(|ratio| *ratio > 0.0)?;
            Some((place(group)?.value, ratio))
        };
        self.groups.iter().filter_map(at).collect()
    }
}

/// A crossing at which the reference overtakes.
fn pays_up_to(one: &Crossover) -> bool {
    one.found == Found::Crosses && !one.leaders && one.to.starts_with("sequential/")
}

/// Order of reading: who pays earliest first.
fn rank(one: &Crossover) -> u8 {
    match one.found {
        Found::Already => 0,
        Found::Crosses if pays_up_to(one) => 2,
        Found::Crosses => 1,
        Found::NotReached => 3,
        Found::Several => 4,
        Found::Open => 5,
    }
}

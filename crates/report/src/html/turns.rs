//! Where the answer turns: per sweep a chart of speed relative to sequential, and one table of all crossings.

use maud::{Markup, html};
use results::{Crossover, Found};

use super::chart::{self, Axes, Line, SERIES, Scale, Tick, Turn};
use super::{contender, said, section};
use crate::figures::{self, NONE, finite};
use crate::turns::Turns;
use crate::view::View;

/// Speeds beyond these are drawn at the edge.
const CLAMP: (f64, f64) = (1e-5, 1e4);
/// Pixels.
const HEIGHT: f64 = 190.0;

/// The section; nothing without a sweep.
pub(super) fn turns(view: &View<'_>, sweeps: &[Turns<'_>]) -> Markup {
    if sweeps.is_empty() {
        return html! {};
    }
    let title = html! {
        h2 { "Where the answer turns" }
        p.how {
            "A ring marks the value of a knob at which a contender overtakes sequential " b { "on this machine" } "; the shaded column is the interval, "
            (figures::percent(1.0 - view.run.run.alpha).replace(' ', "\u{a0}")) " each, from crossings found round by round. Higher is faster."
        }
    };
    let body = html! {
        div.three { @for (index, sweep) in sweeps.iter().enumerate() { (figure(view, sweep, index)) } }
        (table(sweeps))
    };
    section("crossovers", title, body)
}

/// One sentence a model, then the leaders.
pub(super) fn answers(sweep: &Turns<'_>) -> Markup {
    html! {
        @for (model, answer) in sweep.answers() { li { b { (model) ". " } (said(&answer)) } }
        @if let Some(lead) = sweep.lead() { li { b { "Leaders. " } (said(&lead)) } }
        @if sweep.against.is_empty() {
            li { "Nothing crosses: there are no two values at which a contender and the reference were both measured." }
        }
    }
}

/// Every pair that was asked about, those that do not cross included.
fn table(sweeps: &[Turns<'_>]) -> Markup {
    let all = |sweep: &Turns<'_>| -> Vec<Crossover> {
        let against = sweep.by_model().into_iter().flat_map(|(_, all)| all);
        sweep.leaders.into_iter().chain(against).cloned().collect()
    };
    html! {
        @if sweeps.iter().any(|sweep| sweep.leaders.is_some() || !sweep.against.is_empty()) {
            table.cross {
                caption { "All crossovers asked for" }
                thead { tr {
                    th scope="col" { "workload, knob" } th scope="col" { "faster below" } th scope="col" { "faster above" }
                    th.n scope="col" { "turns at [interval]" }
                    th.n.w scope="col" title="rounds in which they change sides exactly once" { "cross once" }
                } }
                tbody {
                    @for sweep in sweeps {
                        @for (index, one) in all(sweep).iter().enumerate() {
                            tr class=[(index == 0).then_some("new")] {
                                th scope="row" { @if index == 0 { (sweep.title()) } @else { span.sr { (sweep.title()) } } }
                                (row(sweep, one))
                                td.n.w { (one.once) "/" (one.rounds) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Who is faster below and above, and where it turns; who does not cross is named with whom it was held to.
fn row(sweep: &Turns<'_>, one: &Crossover) -> Markup {
    let turns = one.found == Found::Crosses;
    html! {
        @if turns {
            td data-l="below" { (contender(&one.from)) }
            td data-l="above" { (contender(&one.to)) }
            @let at = sweep.at_short(one);
            @match at.split_once(" [") {
                Some((value, interval)) => td.n { (value) " " span.q { "[" (interval) } },
                None => td.n { (at) },
            }
        } @else {
            td colspan="2" { (contender(sweep.contender(one))) " " span.q { "against " (contender(sweep.reference(one))) } }
            td.n { (none(sweep, one)) }
        }
    }
}

/// Why there is no value.
fn none(sweep: &Turns<'_>, one: &Crossover) -> String {
    let end = |end: Option<f64>| finite(end).map(|end| sweep.estimate(end));
    let none = "no crossover in range: ";
    match one.found {
        Found::Several | Found::Open => match sweep.settled(one) {
            Some(at) => {
                let why = if one.found == Found::Open { "the rounds do not agree" } else { "no single crossing" };
                format!("{why}: faster from {} on at the latest", sweep.exact(at))
            }
            None => sweep.word(one).to_owned(),
        },
        Found::NotReached => match end(one.at.lo) {
            Some(lo) => format!("{none}slower throughout, faster from {lo} on at the earliest"),
            None => format!("{none}slower throughout"),
        },
        Found::Already => match end(one.at.hi) {
            Some(hi) => format!("{none}faster throughout, from {hi} on at the latest"),
            None => format!("{none}faster throughout"),
        },
        Found::Crosses => NONE.to_owned(),
    }
}

/// A contender in the chart: its values of the knob, and speeds relative to the reference.
struct Shown<'a> {
    line: Line<'a>,
    one: &'a Crossover,
    crossing: Option<&'a Crossover>,
}

/// The best strategy of each model, by its mean over the values; then, where there is room, those that cross.
fn shown<'a>(view: &View<'_>, sweep: &'a Turns<'_>) -> Vec<Shown<'a>> {
    let shown = |one: &'a Crossover| -> Shown<'a> {
        let contender = sweep.contender(one);
        let crossing = Some(one).filter(|one| one.found == Found::Crosses);
        let points = sweep.curve(view, contender).into_iter();
        let points = points.map(|(value, ratio)| (value, ratio.recip().clamp(CLAMP.0, CLAMP.1))).collect();
        Shown { line: Line { contender, second: false, points }, one, crossing }
    };
    let mean = |Shown { line, .. }: &Shown<'_>| {
        line.points.iter().map(|(_, speed)| speed.ln()).sum::<f64>() / line.points.len().max(1) as f64
    };
    let mut first: Vec<Shown<'a>> = Vec::new();
    let mut rest: Vec<Shown<'a>> = Vec::new();
    for (_, all) in sweep.by_model() {
        let mut all: Vec<Shown<'a>> = all.into_iter().map(shown).filter(|one| one.line.points.len() > 1).collect();
        // A line over more values says more than a higher one over few.
        all.sort_by(|a, b| b.line.points.len().cmp(&a.line.points.len()).then(mean(b).total_cmp(&mean(a))));
        let mut all = all.into_iter();
        first.extend(all.next());
        rest.extend(all.filter(|one| one.crossing.is_some()));
    }
    rest.iter_mut().for_each(|one| one.line.second = true);
    let taken = |one: &Shown<'_>| first.iter().any(|other| other.line.contender == one.line.contender);
    rest.retain(|one| !taken(one));
    first.extend(rest);
    first.truncate(SERIES);
    first
}

/// The values of the knob, as they are or as logarithms, and speeds round 1.
fn axes(lines: &[&Line<'_>], linear: bool) -> Option<Axes> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let x = Scale::of(points().map(|(value, _)| *value), linear, 0.0)?;
    let y = Scale::of(points().map(|(_, speed)| *speed).chain([0.7, 1.4]), false, 0.04)?;
    Some(Axes { x, y, height: HEIGHT })
}

/// Round speeds whose labels do not touch; 1 always stands.
fn speeds(axes: &Axes) -> Vec<Tick> {
    let placed = axes.y.apart(std::iter::once(1.0).chain(chart::decimal()), 22.0 / HEIGHT);
    placed.into_iter().map(|value| Tick { value, label: figures::fraction(value), bold: value == 1.0 }).collect()
}

/// Values of the knob, as many as there is room for.
fn values(view: &View<'_>, sweep: &Turns<'_>) -> Vec<Tick> {
    let values: Vec<f64> = sweep.values(view).collect();
    let each = values.len().div_ceil(4).max(1);
    let last = values.len().saturating_sub(1);
    let labelled = |index: usize| index == last || index.is_multiple_of(each) && last - index >= each;
    let all = values.iter().enumerate().filter(|(index, _)| labelled(*index));
    all.map(|(_, value)| Tick { value: *value, label: sweep.exact(*value), bold: false }).collect()
}

fn figure(view: &View<'_>, sweep: &Turns<'_>, index: usize) -> Markup {
    let shown = shown(view, sweep);
    let lines: Vec<&Line<'_>> = shown.iter().map(|one| &one.line).collect();
    let linear = sweep.sweep.linear || lines.iter().flat_map(|line| &line.points).any(|(value, _)| *value <= 0.0);
    let id = format!("x{index}");
    let Some(axes) = axes(&lines, linear) else {
        return html! { figure id=(id) { figcaption { b { (sweep.title()) } span.q { "no chart: there are no two values at which a contender and the reference were both measured" } } } };
    };
    let crossings: Vec<&Crossover> = shown.iter().filter_map(|one| one.crossing).collect();
    let turn = |one: &&Crossover| {
        let at = (finite(one.at.value)?, finite(one.at.lo), finite(one.at.hi));
        let sides = (crossings.len() == 1).then(|| (short(&one.from), short(&one.to)));
        Some(Turn { at, level: 1.0, label: sweep.at_short(one), sides })
    };
    let turns: Vec<Turn> = crossings.iter().filter_map(turn).collect();
    let (behind, above, room) = chart::turns(&axes, &turns);
    html! {
        figure id=(id) {
            figcaption {
                b { (sweep.finding(&shown.iter().map(|one| one.one).collect::<Vec<_>>())) }
                span.q { (sweep.title()) ": speed, sequential = 1 (log), against " (sweep.axis(view)) @if !linear { " (log)" } }
            }
            p.keyline { (chart::key(&lines)) }
            div.pl style=(format!("padding-top:{}px", 10 + room)) {
                svg.plot height=(HEIGHT) role="img" aria-label=(described(sweep, &lines)) {
                    (chart::grid(&axes, &speeds(&axes), &values(view, sweep)))
                    (behind)
                    text.e.over x="100%" y=(axes.y(1.0) + 14.0) { "sequential" }
                    @for line in lines.iter().rev() { (chart::curve(&axes, line)) }
                    (above)
                }
            }
            (data(view, sweep, &lines))
        }
    }
}

/// Sequential has one strategy only, and no need to name it.
fn short(contender: &str) -> String {
    let sequential = contender.strip_prefix("sequential/").map(|_| "sequential");
    sequential.unwrap_or(contender).to_owned()
}

/// What the chart shows, for those who cannot see it.
fn described(sweep: &Turns<'_>, lines: &[&Line<'_>]) -> String {
    let names: Vec<&str> = lines.iter().map(|line| line.contender).collect();
    format!("{}: speed relative to sequential of {}; the figures stand in the tables", sweep.title(), names.join(", "))
}

/// The points of the chart as a table.
fn data(view: &View<'_>, sweep: &Turns<'_>, lines: &[&Line<'_>]) -> Markup {
    let at = |contender: &str, value: f64| {
        let points = sweep.curve(view, contender);
        let point = points.iter().find(|(other, _)| *other == value);
        point.map_or_else(|| NONE.to_owned(), |(_, ratio)| figures::ratio(ratio.recip()))
    };
    let head: Vec<&str> =
        std::iter::once(sweep.sweep.knob.as_str()).chain(lines.iter().map(|line| line.contender)).collect();
    let row = |value: f64| {
        let cells = lines.iter().map(|line| at(line.contender, value));
        std::iter::once(sweep.exact(value)).chain(cells).collect::<Vec<String>>()
    };
    chart::data(&head, &sweep.values(view).map(row).collect::<Vec<_>>(), 0)
}

//! The samples of a cell: in the order of the run, with the load of others below, and as a distribution round their own
//! median.

use maud::{Markup, html};
use results::Cell;

use super::chart::{percent, tenth};
use super::class;
use crate::figures::{self, finite};
use crate::view::{GroupView, median};

/// Heights of the three plots, in pixels.
const RUN: f64 = 150.0;
const LOAD: f64 = 40.0;
const SPREAD: f64 = 206.0;
/// The strip ends at this share of the machine, in per cent.
const LOUDEST: f64 = 50.0;
/// Below this share no round is loud, in per cent.
const QUIET: f64 = 15.0;

/// Round and deviation of each sample from the median of all, in per mille.
pub(super) struct Deviations(pub(super) Vec<(u32, i64)>);

impl Deviations {
    pub(super) fn of(cell: &Cell) -> Self {
        let mut values: Vec<f64> =
            cell.samples.iter().map(|(_, value)| *value).filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let middle = match values.len() {
            0 => return Self(Vec::new()),
            n if n.is_multiple_of(2) => f64::midpoint(values[n / 2 - 1], values[n / 2]),
            n => values[n / 2],
        };
        if middle <= 0.0 {
            return Self(Vec::new());
        }
        let samples = cell.samples.iter().filter(|(_, value)| value.is_finite());
        Self(samples.map(|(round, value)| (*round, ((value / middle - 1.0) * 1000.0).round() as i64)).collect())
    }

    fn sorted(&self) -> Vec<f64> {
        let mut all: Vec<f64> = self.0.iter().map(|(_, deviation)| *deviation as f64).collect();
        all.sort_by(f64::total_cmp);
        all
    }
}

/// Load of others by round, in per cent.
pub(super) fn foreign(group: &GroupView<'_>) -> Vec<(u32, i64)> {
    let all = group.group.iter().flat_map(|group| &group.foreign);
    all.filter_map(|(round, share)| Some((*round, (finite(Some(*share))? * 100.0).round() as i64))).collect()
}

/// `3,,-12`: a value a round from the first on, nothing where there is none.
pub(super) fn by_round(values: &[(u32, i64)]) -> String {
    // A file may say anything; a page does not grow with it.
    let last = values.iter().map(|(round, _)| *round).max().unwrap_or(0).min(10_000);
    let mut cells = vec![String::new(); last as usize];
    for (round, value) in values {
        if let Some(cell) = (*round as usize).checked_sub(1).and_then(|at| cells.get_mut(at)) {
            *cell = value.to_string();
        }
    }
    cells.join(",")
}

/// Steps of an axis of per mille between two ends.
fn ticks(from: f64, to: f64) -> Vec<f64> {
    let steps = (0..6).flat_map(|power| [20.0, 50.0, 100.0].map(|step| step * 10f64.powi(power)));
    let step = steps.into_iter().find(|step| (to - from) / step <= 6.0).unwrap_or(1e9);
    let first = (from / step).ceil() as i64;
    (first..first + 7).map(|n| n as f64 * step).take_while(|tick| *tick <= to).collect()
}

/// `+20 %`, with a real minus.
fn label(tick: f64) -> String {
    let sign = if tick < 0.0 { "−" } else { "+" };
    if tick == 0.0 { "0".to_owned() } else { format!("{sign}{} %", tick.abs() / 10.0) }
}

/// Where rounds stand on the axis of both upper plots, in percent.
struct Rounds(u32);

impl Rounds {
    fn x(&self, round: u32) -> String {
        percent(tenth(1.2 + 97.6 * f64::from(round.saturating_sub(1)) / f64::from(self.0.saturating_sub(1).max(1))))
    }

    fn ticks(&self) -> Vec<u32> {
        let quarters = [0, 1, 2, 3, 4].map(|n| (self.0 * n / 4).max(1));
        let mut ticks = quarters.to_vec();
        ticks.dedup();
        ticks
    }
}

/// Both figures; a word where the file has no samples.
pub(super) fn figures(group: &GroupView<'_>, cell: &Cell, other: Option<&Cell>) -> Markup {
    let own = Deviations::of(cell);
    let foreign = foreign(group);
    let last = own.0.iter().map(|(round, _)| *round).chain(foreign.iter().map(|(round, _)| *round)).max().unwrap_or(1);
    let rounds = Rounds(last);
    let loud: &[u32] = group.group.map_or(&[], |group| &group.loud);
    let middle = median(cell, &cell.primary).map_or_else(String::new, |median| figures::value(&cell.primary, median));
    let empty = own.0.is_empty();
    html! {
        @if empty { p.q #c-none { "This file holds no samples of single rounds." } }
        div.two.cf #c-fig hidden[empty] {
            figure {
                figcaption { b { "Every sample, in the order of the run" }
                    span.q { "deviation from the median, " span #c-med { (middle) } "; hollow: loud rounds; below: load of others, share of the machine" } }
                div class=(format!("pl run {}", class(&cell.model))) {
                    svg.plot height=(RUN) role="img" aria-label=(format!("run sequence of {}", cell.id)) { (sequence(&own, &rounds, loud)) }
                    svg.plot height=(LOAD) role="img" aria-label="load of others by round" { (load(&foreign, &rounds, loud)) }
                }
            }
            figure {
                figcaption { b { "Spread round its own median" } span.q { "share of samples at or below (ECDF); dotted: the other one of the table below" } }
                div.pl.run { svg.plot height=(SPREAD) role="img" aria-label=(format!("distribution of the samples of {}", cell.id)) {
                    (distribution(&own, &other.map_or(Deviations(Vec::new()), Deviations::of), cell, other))
                } }
            }
        }
    }
}

fn row_line(y: f64, text: &str) -> Markup {
    html! { line.gl x2="100%" y1=(y) y2=(y) {} text.e dx="-6" y=(tenth(y + 4.0)) { (text) } }
}

fn sequence(own: &Deviations, rounds: &Rounds, loud: &[u32]) -> Markup {
    let values = || own.0.iter().map(|(_, deviation)| *deviation as f64);
    let (from, to) = (values().fold(-60.0, f64::min) * 1.12, values().fold(60.0, f64::max) * 1.12);
    let y = |value: f64| tenth(RUN - RUN * (value - from) / (to - from));
    html! {
        @for tick in ticks(from, to) { (row_line(y(tick), &label(tick))) }
        line.one x2="100%" y1=(y(0.0)) y2=(y(0.0)) {}
        @for (round, deviation) in &own.0 {
            circle class=(if loud.contains(round) { "mk ho" } else { "mk" }) cx=(rounds.x(*round)) cy=(y(*deviation as f64)) {}
        }
    }
}

fn load(foreign: &[(u32, i64)], rounds: &Rounds, loud: &[u32]) -> Markup {
    let y = |share: f64| tenth(LOAD - LOAD * share.clamp(0.0, LOUDEST) / LOUDEST);
    html! {
        line.ax x2="100%" y1=(LOAD) y2=(LOAD) {}
        line.ideal x2="100%" y1=(y(QUIET)) y2=(y(QUIET)) {}
        text.e dx="-6" y=(y(QUIET) + 4.0) { "15 %" }
        @for (round, share) in foreign {
            line class=(if loud.contains(round) { "fo fd" } else { "fo" }) x1=(rounds.x(*round)) x2=(rounds.x(*round)) y1=(LOAD) y2=(y(*share as f64)) {}
        }
        @for tick in rounds.ticks() { text.mid x=(rounds.x(tick)) y="56" { (tick) } }
        text.e x="100%" y="72" { "round" }
    }
}

fn distribution(own: &Deviations, other: &Deviations, cell: &Cell, beside: Option<&Cell>) -> Markup {
    let (own, other) = (own.sorted(), other.sorted());
    let all = || own.iter().chain(&other).copied();
    let (from, to) = (all().fold(-50.0, f64::min) * 1.05, all().fold(80.0, f64::max) * 1.05);
    let x = |value: f64| (value - from) / (to - from) * 100.0;
    let curve = |values: &[f64], model: &str, line: &str| {
        html! {
            @if !values.is_empty() {
                g class=(class(model)) {
                    svg viewBox=(format!("0 0 1000 {SPREAD}")) preserveAspectRatio="none" { path class=(line) d=(steps(values, &x)) {} }
                }
            }
        }
    };
    html! {
        @for share in [0.0, 0.5, 1.0] { (row_line((1.0 - share) * SPREAD, &share.to_string())) }
        @for tick in ticks(from, to) {
            @let at = percent(tenth(x(tick)));
            line.gl x1=(at) x2=(at) y2="100%" {}
            text.mid x=(at) y=(SPREAD + 17.0) { (if tick == 0.0 { "median".to_owned() } else { label(tick) }) }
        }
        (curve(&other, beside.map_or("", |beside| &beside.model), "ln dt"))
        (curve(&own, &cell.model, "ln"))
    }
}

/// A step up at each value.
fn steps(values: &[f64], x: &dyn Fn(f64) -> f64) -> String {
    let n = values.len() as f64;
    let mut path = format!("M{} {SPREAD}", (x(values[0]) * 10.0).round());
    for (at, value) in values.iter().enumerate() {
        path += &format!("H{}V{}", (x(*value) * 10.0).round(), tenth((1.0 - (at as f64 + 1.0) / n) * SPREAD));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_at_their_rounds() {
        assert_eq!(by_round(&[(1, 3), (3, -12)]), "3,,-12");
        assert_eq!(by_round(&[]), "");
        assert_eq!(by_round(&[(0, 1)]), "");
    }

    #[test]
    fn an_axis_of_deviations_has_few_round_ticks() {
        assert_eq!(ticks(-60.0, 90.0), [-50.0, 0.0, 50.0]);
        assert_eq!(ticks(-200.0, 3_000.0), [0.0, 1000.0, 2000.0, 3000.0]);
        assert_eq!([-50.0, 0.0, 25.0].map(label), ["−5 %", "0", "+2.5 %"]);
    }

    #[test]
    fn a_distribution_ends_at_the_top() {
        assert_eq!(steps(&[0.0, 10.0], &|x| x), "M0 206H0V103H100V0");
    }
}

//! Speed against workers: a small chart a workload, all in one frame, and one table.

use maud::{Markup, html};

use super::chart::{self, Axes, SERIES, Scale, Tick, percent};
use super::share::{Share, rest};
use super::{class, section};
use crate::figures::{self, NONE};
use crate::scaling::{self, Scaling, Series, model};
use crate::view::View;

/// Pixels.
const HEIGHT: f64 = 170.0;
/// Of how far below sequential a frame has room.
const LOWEST: f64 = 0.125;

/// The section; nothing where no workload has two numbers of workers.
pub(super) fn scaling(view: &View<'_>) -> Markup {
    let all = scaling::all(view);
    let Some(frame) = Frame::new(view, &all) else { return html! {} };
    let title = html! {
        h2 { "Scaling" }
        p.how {
            "Speed relative to sequential against workers, both axes log, the same in every chart. Each model by its best strategy "
            "at the most workers that have a CPU each. "
            @if frame.cpus.is_some() { "The line marks the " b { (figures::cpus(view.run.environment.cpus_effective)) } ": beyond it this is oversubscription, not scaling. " }
            @if all.iter().any(Scaling::shared) { "In shared state the reference does the work of as many clients." }
        }
    };
    let mut share = Share::SCALING;
    let shown = share.fill(all.iter().map(|one| figure(one, &frame)));
    let body = html! {
        @if let Some(range) = scaling::range(&all) { p.say { (range) } }
        (key(&all, &frame))
        (frame.symbol())
        div.minis { @for one in &shown { (one) } }
        (data(&all[..shown.len()]))
        (rest(all.len() - shown.len()))
    };
    section("scaling", title, body)
}

/// What all charts share.
struct Frame {
    axes: Axes,
    counts: Vec<u32>,
    cpus: Option<f64>,
}

impl Frame {
    /// Nothing where there are no charts.
    fn new(view: &View<'_>, all: &[Scaling<'_, '_>]) -> Option<Self> {
        let mut counts: Vec<u32> = all.iter().flat_map(Scaling::counts).collect();
        counts.sort_unstable();
        counts.dedup();
        let cpus = Some(view.run.environment.cpus_effective).filter(|cpus| cpus.is_finite() && *cpus > 0.0);
        let speeds = all.iter().flat_map(drawn).flat_map(|one| &one.points);
        let speeds = speeds.flat_map(|point| [Some(point.speed), point.ends.map(|ends| ends.1)]).flatten();
        let speeds: Vec<f64> = speeds.chain([1.0]).collect();
        let most = counts.last().map_or(1.0, |count| f64::from(*count));
        let top = speeds.iter().copied().fold(cpus.unwrap_or(1.0).min(most), f64::max).clamp(1.0, 4096.0);
        let low = speeds.iter().copied().fold(0.5, f64::min).max(LOWEST);
        let ends = [2f64.powf(low.log2().floor()), 2f64.powf((top * 0.98).log2().ceil())];
        let x = Scale::of(counts.iter().map(|count| f64::from(*count)), false, 0.08)?;
        let y = Scale::of(ends.into_iter(), false, 0.03)?;
        Some(Self { axes: Axes { x, y, height: HEIGHT }, counts, cpus })
    }

    /// Grid, ideal and CPUs, drawn once.
    fn symbol(&self) -> Markup {
        let axes = &self.axes;
        let octaves = (-3..=12).map(|power| 2f64.powi(power)).filter(|speed| axes.y.holds(*speed));
        let rows: Vec<Tick> =
            octaves.map(|value| Tick { value, label: figures::fraction(value), bold: value == 1.0 }).collect();
        let each = self.counts.len().div_ceil(6).max(1);
        let columns: Vec<Tick> = self.counts.iter().step_by(each).map(|count| tick(*count)).collect();
        let cpus = self.cpus.map(|cpus| (cpus, axes.x(cpus)));
        let first = self.counts.first().map_or(1.0, |count| f64::from(*count));
        let last = self.counts.last().map_or(1.0, |count| f64::from(*count));
        html! {
            svg width="0" height="0" style="position:absolute" aria-hidden="true" {
                symbol id="sc" overflow="visible" {
                    @if let Some((cpus, at)) = cpus {
                        @if cpus < last { rect.raise x=(percent(at)) width=(percent(chart::tenth(100.0 - at))) height=(HEIGHT) {} }
                        (chart::grid(axes, &rows, &columns))
                        @if axes.x.holds(cpus) { line.ax x1=(percent(at)) x2=(percent(at)) y2=(HEIGHT) {} }
                        @let ideal = |workers: f64| axes.y(workers.min(cpus));
                        line.ideal x1=(percent(axes.x(first))) y1=(ideal(first)) x2=(percent(axes.x(cpus.clamp(first, last)))) y2=(ideal(last)) {}
                        @if cpus < last { line.ideal x1=(percent(axes.x(cpus.max(first)))) y1=(ideal(last)) x2="100%" y2=(ideal(last)) {} }
                    } @else { (chart::grid(axes, &rows, &columns)) }
                }
            }
        }
    }
}

fn tick(count: u32) -> Tick {
    Tick { value: f64::from(count), label: count.to_string(), bold: false }
}

/// Those of which a chart has room.
fn drawn<'s, 'a>(one: &'s Scaling<'_, 'a>) -> impl Iterator<Item = &'s Series<'a>> {
    one.series.iter().take(SERIES)
}

fn key(all: &[Scaling<'_, '_>], frame: &Frame) -> Markup {
    let mut models: Vec<&str> = Vec::new();
    for one in all.iter().flat_map(drawn) {
        if !models.contains(&model(one.contender)) {
            models.push(model(one.contender));
        }
    }
    let most = frame.counts.last().map_or(0.0, |count| f64::from(*count));
    let without = all.iter().flat_map(drawn).flat_map(|one| &one.points).any(|point| point.ends.is_none());
    html! {
        p.keyline {
            @for model in models { span class=(class(model)) { i.g {} (model) } }
            @if let Some(cpus) = frame.cpus {
                span { "dotted: ideal" }
                @if cpus < most { span { "shaded: more workers than CPUs" } }
            }
            span { "bar: interval" }
            @if without { span { "hollow: without one" } }
            @if all.iter().any(|one| one.series.len() > SERIES) { span { (SERIES) " models, the others in the table" } }
        }
    }
}

fn figure(one: &Scaling<'_, '_>, frame: &Frame) -> Markup {
    let axes = &frame.axes;
    let counts: Vec<String> = one.counts().map(|count| count.to_string()).collect();
    html! {
        figure {
            figcaption { b { (one.label) } span.q { (one.finding()) } }
            div.pl {
                svg.plot height=(HEIGHT) role="img"
                    aria-label=(format!("{}: speed relative to sequential at {} workers; figures in the table below", one.label, counts.join(", "))) {
                    use href="#sc" {}
                    @for series in drawn(one).collect::<Vec<_>>().into_iter().rev() { (line(series, axes)) }
                    @for (row, note) in below(one, axes).iter().enumerate() {
                        text.e.over x="100%" dx="-4" y=(HEIGHT - 6.0 - 14.0 * row as f64) { (note) }
                    }
                }
            }
        }
    }
}

fn line(series: &Series<'_>, axes: &Axes) -> Markup {
    let name = class(model(series.contender));
    let at = |point: &scaling::Point| (f64::from(point.workers), point.speed);
    html! {
        g class=(name) {
            @if series.points.len() > 1 { (chart::path(axes, &series.points.iter().map(at).collect::<Vec<_>>(), "ln")) }
            @for point in &series.points {
                @if let Some(ends) = point.ends.filter(|ends| axes.y.holds(ends.1)) { (chart::upright(axes, f64::from(point.workers), ends)) }
                (chart::mark(axes, name, at(point), point.ends.is_none()))
            }
        }
    }
}

/// What lies below the frame: `gil ↓ 1/18`, at its lowest.
fn below(one: &Scaling<'_, '_>, axes: &Axes) -> Vec<String> {
    let note = |series: &Series<'_>| {
        let lowest = series.points.iter().map(|point| point.speed).fold(f64::INFINITY, f64::min);
        let out = !axes.y.holds(lowest) && lowest < 1.0;
        out.then(|| format!("{} ↓ 1/{}", model(series.contender), figures::ratio(lowest.recip())))
    };
    drawn(one).filter_map(note).collect()
}

/// All charts as one table: every model, those that had no room in a chart included.
fn data(all: &[Scaling<'_, '_>]) -> Markup {
    let mut counts: Vec<u32> = all.iter().flat_map(Scaling::counts).collect();
    counts.sort_unstable();
    counts.dedup();
    let names: Vec<String> = counts.iter().map(|count| figures::plural(*count as usize, "worker")).collect();
    let head: Vec<&str> = ["workload", "contender"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let row = |one: &Scaling<'_, '_>, series: &Series<'_>| {
        let at = |count: &u32| {
            let point = series.points.iter().find(|point| point.workers == *count);
            point.map_or_else(|| NONE.to_owned(), |point| point.said())
        };
        [one.label.to_owned(), series.contender.to_owned()].into_iter().chain(counts.iter().map(at)).collect()
    };
    let rows: Vec<Vec<String>> =
        all.iter().flat_map(|one| one.series.iter().map(move |series| (one, series))).map(|(a, b)| row(a, b)).collect();
    chart::data(&head, &rows, 2)
}

//! What the charts share: axes and their ticks, grid, lines with their marks and names, tables of what they show. Places
//! are percent from the left and pixels from the top, so that a chart stretches while type, strokes and marks keep their
//! size.

use maud::{Markup, html};

use super::{class, contender};

/// Lines in a chart at most.
pub(super) const SERIES: usize = 5;
/// Labels that are nearer than this, in pixels, would touch.
const LINE: f64 = 15.0;

/// One axis, between the places of its ends.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    first: f64,
    last: f64,
    linear: bool,
}

impl Scale {
    /// Of these values; nothing where they are all the same. `air` is the share of it that is added at both ends.
    pub(super) fn of(values: impl Iterator<Item = f64>, linear: bool, air: f64) -> Option<Self> {
        let place = |value: f64| if linear { value } else { value.max(f64::MIN_POSITIVE).ln() };
        let (first, last) = values.map(place).fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(x), b.max(x)));
        let air = (last - first) * air;
        (first < last).then_some(Self { first: first - air, last: last + air, linear })
    }

    /// Between these values, on a log axis; at least `factor` apart, round their middle.
    pub(super) fn wide(values: impl Iterator<Item = f64>, factor: f64, air: f64) -> Option<Self> {
        let sound = values.filter(|value| value.is_finite() && *value > 0.0).map(f64::ln);
        let (first, last) = sound.fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(x), b.max(x)));
        let more = ((factor.ln() - (last - first)) / 2.0).max(0.0) + (last - first) * air;
        (first <= last).then_some(Self { first: first - more, last: last + more, linear: false })
    }

    fn place(self, value: f64) -> f64 {
        if self.linear { value } else { value.max(f64::MIN_POSITIVE).ln() }
    }

    /// Those of these values that lie within and are at least `gap` of the whole apart; whoever comes first stands.
    pub(super) fn apart(self, values: impl Iterator<Item = f64>, gap: f64) -> Vec<f64> {
        let mut placed: Vec<f64> = Vec::new();
        for value in values.filter(|value| self.holds(*value)) {
            let far = |other: &f64| (self.place(*other) - self.place(value)).abs() >= gap * (self.last - self.first);
            if placed.iter().all(far) {
                placed.push(value);
            }
        }
        placed
    }

    pub(super) fn holds(self, value: f64) -> bool {
        (self.first..=self.last).contains(&self.place(value))
    }
}

/// Powers of ten, then what halves and thirds their distance.
pub(super) fn decimal() -> impl Iterator<Item = f64> {
    [[1.0, 1.0], [2.0, 5.0]]
        .into_iter()
        .flat_map(|steps| (-6..=15).flat_map(move |decade| steps.map(|step| step * 10f64.powi(decade))))
}

/// Powers of four, then those of two between them.
pub(super) fn binary() -> impl Iterator<Item = f64> {
    [0, 1].into_iter().flat_map(|odd| (-10..=25).map(move |power| 2f64.powi(2 * power + odd)))
}

/// Percent along an axis; beyond it its end.
pub(super) fn at(scale: Scale, value: f64) -> f64 {
    tenth(((scale.place(value) - scale.first) / (scale.last - scale.first) * 100.0).clamp(0.0, 100.0))
}

/// Both axes.
pub(super) struct Axes {
    pub(super) x: Scale,
    pub(super) y: Scale,
    /// Of the plot, in pixels.
    pub(super) height: f64,
}

impl Axes {
    /// Percent from the left.
    pub(super) fn x(&self, value: f64) -> f64 {
        at(self.x, value)
    }

    /// Pixels from the top.
    pub(super) fn y(&self, value: f64) -> f64 {
        let Scale { first, last, .. } = self.y;
        tenth((last - self.y.place(value)) / (last - first) * self.height)
    }
}

/// A line of a chart.
pub(super) struct Line<'a> {
    pub(super) contender: &'a str,
    /// Another strategy of a model that is there already.
    pub(super) second: bool,
    pub(super) points: Vec<(f64, f64)>,
}

impl Line<'_> {
    fn class(&self) -> &'static str {
        class(self.contender.split('/').next().unwrap_or_default())
    }
}

/// Names of the lines above a chart.
pub(super) fn key(lines: &[&Line<'_>]) -> Markup {
    html! { @for line in lines { span { (contender(line.contender)) @if line.second { span.q { ", dashed" } } } } }
}

/// A line across the plot.
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
    /// One that the chart is about.
    pub(super) bold: bool,
}

/// A label of an axis stays within the plot.
pub(super) fn anchor(at: f64) -> &'static str {
    match at {
        ..4.0 => "",
        94.0.. => "e",
        _ => "mid",
    }
}

pub(super) fn grid(axes: &Axes, rows: &[Tick], columns: &[Tick]) -> Markup {
    html! {
        @for Tick { value, label, bold } in rows {
            @let at = axes.y(*value);
            line class=(if *bold { "one" } else { "gl" }) x2="100%" y1=(at) y2=(at) {}
            text class=(if *bold { "e b" } else { "e" }) x="0" dx="-8" y=(at + 4.0) { (label) }
        }
        @for Tick { value, label, .. } in columns {
            @let at = axes.x(*value);
            line.gl x1=(percent(at)) x2=(percent(at)) y2=(axes.height) {}
            @if !label.is_empty() { text class=(anchor(at)) x=(percent(at)) y=(axes.height + 18.0) { (label) } }
        }
    }
}

/// A line with a mark at each of its points; what lies beyond the frame is cut off.
pub(super) fn curve(axes: &Axes, line: &Line<'_>) -> Markup {
    html! {
        g class=(line.class()) {
            (path(axes, &line.points, if line.second { "ln ds" } else { "ln" }))
            @for (x, y) in &line.points { (mark(axes, line.class(), (*x, *y), false)) }
        }
    }
}

/// Straight lines between points, of the class of its group.
pub(super) fn path(axes: &Axes, points: &[(f64, f64)], class: &str) -> Markup {
    let at = |(x, y): &(f64, f64)| format!("{} {}", tenth(axes.x(*x) * 10.0), axes.y(*y));
    let path = format!("M{}", points.iter().map(at).collect::<Vec<_>>().join("L"));
    let cut = points.iter().any(|(_, y)| !axes.y.holds(*y));
    html! {
        svg class=[cut.then_some("cut")] viewBox=(format!("0 0 1000 {}", axes.height)) width="100%" height=(axes.height) preserveAspectRatio="none" {
            path class=(class) d=(path) {}
        }
    }
}

/// The glyph of a model at a point; nothing where that lies beyond the frame.
pub(super) fn mark(axes: &Axes, model: &str, (x, y): (f64, f64), hollow: bool) -> Markup {
    html! {
        @if axes.y.holds(y) { use class=[hollow.then_some("ho")] href=(format!("#{model}")) x=(percent(axes.x(x))) y=(axes.y(y)) {} }
    }
}

/// An upright interval at a point, as far as it lies in the frame.
pub(super) fn upright(axes: &Axes, x: f64, (lo, hi): (f64, f64)) -> Markup {
    let (x, within) = (percent(axes.x(x)), |y: f64| axes.y(y).clamp(0.0, axes.height));
    html! { line.ci x1=(x) x2=(x) y1=(within(lo)) y2=(within(hi)) {} }
}

/// Names at the ends of the lines, moved apart where they would touch.
pub(super) fn names(axes: &Axes, lines: &[&Line<'_>]) -> Markup {
    let mut ends: Vec<(f64, &Line<'_>)> =
        lines.iter().filter_map(|line| Some((axes.y(line.points.last()?.1), *line))).collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut below = f64::MIN;
    for (y, _) in &mut ends {
        *y = y.max(below + LINE);
        below = *y;
    }
    let over = (below - axes.height).max(0.0);
    html! {
        g.names {
            svg x="100%" {
                @for (y, line) in ends {
                    @let (y, model) = (y - over, line.class());
                    g class=(model) {
                        use href=(format!("#{model}")) x="16" y=(tenth(y)) {}
                        text x="26" y=(tenth(y + 4.0)) { (line.contender) }
                    }
                }
            }
        }
    }
}

/// What was found along the axis of a chart: a column as wide as its interval, a ring, the figure above.
pub(super) struct Turn {
    /// Value, lower and upper end: one that is missing lies beyond the plot, both where there is no interval.
    pub(super) at: (f64, Option<f64>, Option<f64>),
    /// Height of the ring on the other axis.
    pub(super) level: f64,
    pub(super) label: String,
    /// Who leads below and above.
    pub(super) sides: Option<(String, String)>,
}

/// Columns to draw behind the lines, rings with their figures to draw above them, and the room that the figures need
/// above the plot, in pixels.
pub(super) fn turns(axes: &Axes, turns: &[Turn]) -> (Markup, Markup, usize) {
    let rows = stacked(&turns.iter().map(|turn| axes.x(turn.at.0)).collect::<Vec<_>>());
    // The sides stand between the plot and the figures.
    let sides = turns.iter().any(|turn| turn.sides.is_some());
    let top = |row: usize| -7.0 - 15.0 * (row + usize::from(sides)) as f64;
    let room = rows.iter().max().map_or(0, |most| (most + 1 + usize::from(sides)) * 15);
    let behind = html! {
        @for turn in turns {
            @if let Some((from, to)) = ends(axes, turn.at) {
                rect.band x=(percent(from)) width=(percent(tenth((to - from).max(0.3)))) height=(axes.height) {}
            }
        }
    };
    let above = html! {
        @for (turn, row) in turns.iter().zip(&rows) {
            @let x = axes.x(turn.at.0);
            @if *row > 0 { line.ideal x1=(percent(x)) x2=(percent(x)) y1=(top(*row) + 4.0) y2=(axes.y(turn.level)) {} }
            circle.ring cx=(percent(x)) cy=(axes.y(turn.level)) r="5.5" {}
            @if let Some((below, above)) = &turn.sides {
                @let (from, to) = ends(axes, turn.at).unwrap_or((x, x));
                @if let Some(below) = fitting(below, from) { text.e.over x=(percent(from)) dx="-4" y="-6" { (below) " ←" } }
                @if let Some(above) = fitting(above, 100.0 - to) { text.over x=(percent(to)) dx="4" y="-6" { "→ " (above) } }
            }
        }
        // On top of the lines that lead to other labels.
        @for (turn, row) in turns.iter().zip(&rows) {
            @let x = axes.x(turn.at.0);
            text class=(format!("b over{}", wide_anchor(x))) x=(percent(x)) y=(top(*row)) { (turn.label) }
        }
    };
    (behind, above, room)
}

/// Places of the ends of an interval; nothing where there is none.
fn ends(axes: &Axes, (_, lo, hi): (f64, Option<f64>, Option<f64>)) -> Option<(f64, f64)> {
    (lo.is_some() || hi.is_some()).then(|| (lo.map_or(0.0, |lo| axes.x(lo)), hi.map_or(100.0, |hi| axes.x(hi))))
}

/// A contender, or its model alone, as far as there is room beside a column in the narrowest plot there is.
fn fitting(contender: &str, percent: f64) -> Option<&str> {
    const NARROWEST: f64 = 250.0;
    const LETTER: f64 = 6.4;
    let room = |name: &&str| (name.chars().count() + 3) as f64 * LETTER < percent / 100.0 * NARROWEST;
    [contender, contender.split('/').next().unwrap_or_default()].into_iter().find(room)
}

/// The same for a figure, which is wider.
fn wide_anchor(x: f64) -> &'static str {
    match x {
        ..22.0 => "",
        78.0.. => " e",
        _ => " mid",
    }
}

/// Rows for labels above the plot, from the bottom: two that would touch stand in different ones.
fn stacked(places: &[f64]) -> Vec<usize> {
    let mut rows = vec![0; places.len()];
    for index in 0..places.len() {
        let near =
            |row: usize| (0..index).any(|other| rows[other] == row && (places[other] - places[index]).abs() < 46.0);
        rows[index] = (0..places.len()).find(|row| !near(*row)).unwrap_or(0);
    }
    rows
}

/// What a chart shows as a table: head, then rows, of which the first `names` columns are names and the others figures.
pub(super) fn data(head: &[&str], rows: &[Vec<String>], names: usize) -> Markup {
    html! {
        details {
            summary { "data table" }
            div.scroll tabindex="0" {
                table.data {
                    thead { tr { @for (i, name) in head.iter().enumerate() { th class=[(i >= names).then_some("n")] scope="col" { (name) } } } }
                    tbody {
                        @for row in rows {
                            tr { @for (i, cell) in row.iter().enumerate() {
                                @if i == 0 { th class=[(names == 0).then_some("n")] scope="row" { (cell) } } @else { td class=[(i >= names).then_some("n")] { (cell) } }
                            } }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn tenth(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

pub(super) fn percent(x: f64) -> String {
    format!("{x}%")
}

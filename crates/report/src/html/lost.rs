//! Lost updates: what deliberately wrong contenders lose, and on one axis below it what each fix takes instead.

use maud::{Markup, html};
use results::{Cell, Metric};

use super::chart::{self, Scale, percent, tenth};
use super::forest::shown;
use super::share::{Share, rest};
use super::{class, contender, section};
use crate::faults;
use crate::figures::{self, NONE, finite};
use crate::view::{GroupView, Row, View, median};
use crate::words;

/// The section; nothing where there is no counterexample.
pub(super) fn lost(view: &View<'_>) -> Markup {
    let groups: Vec<&GroupView<'_>> = view.groups.iter().filter(|group| !group.wrong.is_empty()).collect();
    if groups.is_empty() {
        return html! {};
    }
    let title = html! {
        h2 { "Lost updates" }
        p.how {
            "Hatched: the part of the updates that a deliberately wrong contender lost, or of the operations that went wrong in it, "
            "in the median run; [10th, 90th percentile]. " b { "Its speed means nothing." } " Below: the time of each fix, which is what safety costs."
        }
    };
    let mut share = Share::LOST;
    let shown = share.fill(groups.iter().enumerate().map(|(index, group)| table(group, index)));
    section("lost", title, html! { @for table in &shown { (table) } (rest(groups.len() - shown.len())) })
}

fn table(group: &GroupView<'_>, index: usize) -> Markup {
    let kinds = group.wrong.iter().flat_map(|cell| faults::of(cell)).map(|(kind, _)| kind);
    let what = faults::units(kinds);
    let axis = Axis::new(group, format!("lo{index}"));
    let fixes = fixes(group);
    let more = group.rows.iter().filter(|row| !row.reference).count() - fixes.len();
    html! {
        @if let Some(axis) = &axis { (axis.symbol()) }
        table.lost {
            caption { b { (words::title(group)) } span.q { (loses(group).unwrap_or_default()) (spared(group)) } }
            thead { tr {
                th scope="col" { "contender" } th.plot scope="col" { "kept and lost " (what) }
                th.n.ex scope="col" { "of" } th.n scope="col" { "lost a run" } th.n.sh scope="col" { "share lost" }
                th.n.of scope="col" title="share of the runs with a wrong answer" { "runs wrong" } th.n.ti scope="col" { "time" }
            } }
            tbody.wrong {
                tr.hd { th scope="rowgroup" colspan="5" { span.tag { "deliberately wrong" } " in no ranking" } td.ex {} td.of {} }
                @for cell in &group.wrong { (wrong(cell)) }
            }
            @if !fixes.is_empty() {
                tbody {
                    tr.hd { th scope="rowgroup" { "fixed, at this price" } td.plot { @if let Some(axis) = &axis { (axis.head()) } } td colspan="3" {} td.ex {} td.of {} }
                    @for row in fixes { (fix(row.cell, axis.as_ref())) }
                    @if more > 0 { tr.more { td.q colspan="5" { (figures::plural(more, "more fix").replace("fixs", "fixes")) " in the evidence" } td.ex {} td.of {} } }
                }
            }
        }
    }
}

/// The fastest fix of each model, and the slowest of all.
fn fixes<'g, 'a>(group: &'g GroupView<'a>) -> Vec<&'g Row<'a>> {
    let mut chosen: Vec<&Row<'a>> = Vec::new();
    let mut slowest: Option<&Row<'a>> = None;
    for row in group.rows.iter().filter(|row| !row.reference) {
        if chosen.iter().all(|other| other.cell.model != row.cell.model) {
            chosen.push(row);
        } else if slowest.is_none_or(|slow| row.median() > slow.median()) {
            slowest = Some(row);
        }
    }
    let last = chosen.iter().filter_map(|row| row.median()).fold(0.0, f64::max);
    chosen.extend(slowest.filter(|row| row.median().is_some_and(|own| own > last)));
    chosen
}

/// Part of the expected updates that was lost, with its spread over samples.
struct Loss {
    lost: f64,
    ends: Option<(f64, f64)>,
}

/// Nothing where what was lost, or of how much, is not known.
fn share(cell: &Cell) -> Option<Loss> {
    let Metric::Measured { median: lost, p10, p90, n } = cell.metrics.get("lost_updates")? else { return None };
    // A sample that lost nothing need not say of how much.
    let all = match median(cell, "expected_updates") {
        Some(all) if all > 0.0 => all,
        _ if *lost == 0.0 && *p90 == 0.0 => 1.0,
        _ => return None,
    };
    let of = |lost: f64| finite(Some((lost / all).clamp(0.0, 1.0)));
    Some(Loss { lost: of(*lost)?, ends: of(*p10).zip(of(*p90)).filter(|_| *n > 1) })
}

impl Loss {
    /// `69 % [61, 75]`; one sample has no interval, and what does not vary says so.
    fn said(&self) -> (String, String) {
        let figure = |share: f64| match share {
            share if share > 0.0 && share < 0.000_5 => "<0.1 %".to_owned(),
            share => figures::percent(share),
        };
        let plain = |share: f64| figure(share).replace(" %", "");
        let ends = match self.ends {
            None => " (one sample)".to_owned(),
            Some((lo, hi)) if lo == hi => " [always]".to_owned(),
            Some((lo, hi)) => format!(" [{}, {}]", plain(lo), plain(hi)),
        };
        (figure(self.lost).replace(' ', "\u{a0}"), ends)
    }
}

/// `threads/racy lost most, 69 % [61, 75]; in the median run async/racy lost nothing: a test that passes proves little.`
fn loses(group: &GroupView<'_>) -> Option<String> {
    let known: Vec<(&Cell, Loss)> = group.wrong.iter().filter_map(|cell| Some((*cell, share(cell)?))).collect();
    let (most, share) = known.iter().max_by(|a, b| a.1.lost.total_cmp(&b.1.lost))?;
    let spared: Vec<&str> =
        known.iter().filter(|(_, share)| share.lost == 0.0).map(|(cell, _)| cell.contender.as_str()).collect();
    let lost = |verb: &str| {
        let (figure, ends) = share.said();
        format!("{} {verb}, {figure}{ends}", most.contender)
    };
    Some(match (share.lost > 0.0, spared.is_empty(), known.len()) {
        (false, ..) => {
            "No update was lost in the median run of any of them, which does not make them right.".to_owned()
        }
        (true, true, 1) => format!("{}.", lost("loses its updates")),
        (true, true, _) => format!("{}.", lost("loses most")),
        (true, false, _) => {
            format!(
                "{}; {} lost nothing in the median run: a test that passes proves little.",
                lost("loses most"),
                spared.join(", ")
            )
        }
    })
}

/// What all fixes lost, where that is known.
fn spared(group: &GroupView<'_>) -> String {
    let known = group.rows.iter().filter(|row| !row.reference).filter_map(|row| words::lost_none(row.cell));
    match known.fold((0, 0), |(clean, all), one| (clean + usize::from(one), all + 1)) {
        (_, 0) => String::new(),
        (1, 1) => " The one fix lost none.".to_owned(),
        (clean, all) if clean == all => format!(" The {all} fixes lost none."),
        (clean, all) => format!(" {clean} of {all} fixes lost none."),
    }
}

fn wrong(cell: &Cell) -> Markup {
    let share = share(cell);
    let kinds = faults::listed(faults::of(cell));
    html! {
        tr class=(class(&cell.model)) {
            th scope="row" { (contender(&cell.contender)) @if !kinds.is_empty() { span.q.kinds { (kinds) " a run" } } }
            td.plot { @if let Some(share) = &share {
                @let kept = tenth((1.0 - share.lost) * 100.0);
                svg height="16" role="img" aria-label=(format!("{} lost", figures::percent(share.lost))) {
                    @if kept > 0.0 { rect.r1 width=(percent(kept)) y="1" height="14" {} }
                    // Whatever was lost is seen.
                    @if share.lost > 0.0 { rect.gone x=(percent(kept.min(99.2))) width=(percent(tenth((100.0 - kept).max(0.8)))) y="1" height="14" {} }
                }
            } }
            td.n.ex data-l="of" { @match median(cell, "expected_updates") { Some(all) => (figures::count(all)), None => (NONE) } }
            td.n data-l="lost a run" { @match median(cell, "lost_updates") {
                Some(lost) => b class=[(lost > 0.0).then_some("x")] { (faults::times(lost)) },
                None => (shown(cell, "lost_updates")),
            } }
            td.n.sh data-l="share" { @if let Some(share) = &share { @let (figure, ends) = share.said(); (figure) span.q { (ends) } } @else { (NONE) } }
            td.n.of data-l="runs wrong" { @match median(cell, "wrong_answers") { Some(share) => (figures::percent(share).replace(' ', "\u{a0}")), None => (NONE) } }
            td.n.ti.q data-l="time" { (shown(cell, &cell.primary)) }
        }
    }
}

fn fix(cell: &Cell, axis: Option<&Axis>) -> Markup {
    // A verified answer says that nothing was lost, even where nobody counted.
    let clean = words::lost_none(cell) == Some(true);
    html! {
        tr class=(class(&cell.model)) {
            th scope="row" { (contender(&cell.contender)) }
            td.plot { @if let Some(axis) = axis { (axis.mark(cell)) } }
            td.n.ex {}
            td.n.lo { @if clean { "none" } @else { (shown(cell, "lost_updates")) } }
            td.n.sh {} td.n.of {}
            td.n.ti { (shown(cell, &cell.primary)) }
        }
    }
}

/// A log axis of time, for the fixes of a group.
struct Axis {
    scale: Scale,
    grid: String,
}

impl Axis {
    fn new(group: &GroupView<'_>, grid: String) -> Option<Self> {
        let fixes = group.rows.iter().filter(|row| !row.reference);
        let scale = Scale::wide(fixes.filter_map(|row| time(row.cell)).flatten(), 4.0, 0.04)?;
        Some(Self { scale, grid })
    }

    fn at(&self, ns: f64) -> String {
        percent(chart::at(self.scale, ns))
    }

    fn ticks(&self) -> Vec<f64> {
        self.scale.apart(chart::decimal(), 0.34)
    }

    fn symbol(&self) -> Markup {
        html! {
            svg width="0" height="0" style="position:absolute" aria-hidden="true" {
                symbol id=(self.grid) overflow="visible" {
                    @for tick in self.ticks() { line.gl x1=(self.at(tick)) x2=(self.at(tick)) y2="100%" {} }
                }
            }
        }
    }

    fn head(&self) -> Markup {
        let label = |ns: f64| figures::duration(ns).replace(".00 ", " ").replace(".0 ", " ");
        html! {
            svg height="14" aria-hidden="true" {
                @for tick in self.ticks() { text class=(chart::anchor(chart::at(self.scale, tick))) x=(self.at(tick)) y="11" { (label(tick)) } }
            }
            span.sr { "time, log" }
        }
    }

    /// The median, from the 10th to the 90th percentile.
    fn mark(&self, cell: &Cell) -> Markup {
        html! {
            svg height="24" aria-hidden="true" {
                use href=(format!("#{}", self.grid)) {}
                @if let Some([median, lo, hi]) = time(cell) {
                    line.ci x1=(self.at(lo)) x2=(self.at(hi)) y1="12" y2="12" {}
                    use href=(format!("#{}", class(&cell.model))) x=(self.at(median)) y="12" {}
                }
            }
        }
    }
}

/// Median, 10th and 90th percentile of a cell's time; nothing where a log axis has no place for one.
fn time(cell: &Cell) -> Option<[f64; 3]> {
    let Metric::Measured { median, p10, p90, .. } = cell.metrics.get(&cell.primary)? else { return None };
    [*median, *p10, *p90].iter().all(|ns| ns.is_finite() && *ns > 0.0).then_some([*median, *p10, *p90])
}

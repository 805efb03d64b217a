//! What vouches for the run: the badge beside the verdicts, the warning above them, the self-checks.

use maud::{Markup, html};
use results::Run;

use super::{section, ticked};
use crate::checks::{self, Sign};
use crate::facts;
use crate::figures::{self, percent};

/// Above everything that a run says which failed its own checks, or had too few to tell.
pub(super) fn warning(run: &Run) -> Markup {
    let doubt = facts::doubt(run).unwrap_or_default();
    let link = html! { a href="#selfcheck" { "Self-checks" } };
    html! {
        @match run.trust.trusted {
            Some(false) => p.alarm role="alert" { strong { "✕ This run is NOT trusted:" } " " (doubt) ". " (link) },
            None => p.alarm.open { strong { "? Trust unknown:" } " " (doubt) ". " (link) },
            Some(true) => {}
        }
    }
}

pub(super) fn badge(run: &Run) -> Markup {
    let (sign, word) = facts::trust(run);
    let trust = &run.trust;
    let checked = run.cells.iter().filter(|cell| cell.verified.is_some()).count();
    let right = run.cells.iter().filter(|cell| cell.verified == Some(true)).count();
    let share = |share: Option<f64>| figures::finite(share).map_or_else(|| "unknown".to_owned(), percent);
    let mut facts = vec![("false differences, A/A".to_owned(), format!("{} of {}", trust.aa_false, trust.aa_tests))];
    if let Some(known) = &trust.known_effect {
        let how = if checks::established(known) { "found as" } else { "not established" };
        facts.push((format!("known {} {how}", figures::built_in(known.truth)), figures::change(known.ratio)));
        facts.push((String::new(), figures::change_interval(known.lo, known.hi)));
    } else {
        facts.push(("known effect".to_owned(), "not measured".to_owned()));
    }
    facts.push(("noise floor".to_owned(), share(trust.noise_floor)));
    facts.push(("rounds".to_owned(), trust.rounds_kept.to_string()));
    facts.push(("loud, in all groups".to_owned(), format!("{} of {}", trust.rounds_loud, trust.rounds_all)));
    if trust.rounds_dropped > 0 {
        facts.push(("rounds dropped".to_owned(), trust.rounds_dropped.to_string()));
    }
    facts.push(("foreign load".to_owned(), share(trust.foreign_median)));
    facts.push(("stolen time".to_owned(), share(trust.steal_median)));
    facts.push(("cells verified".to_owned(), format!("{right} of {checked}")));
    html! {
        div.badge.no[trust.trusted == Some(false)] {
            strong { span { (sign) } (word) }
            @if !trust.reason.is_empty() { p { (trust.reason) } }
            dl { @for (name, value) in facts { dt { (name) } dd { (value) } } }
            a href="#selfcheck" { "self-checks" }
        }
    }
}

/// Each check with what it found; the single tests are folded below.
pub(super) fn section_of(run: &Run) -> Markup {
    let (sign, word) = facts::trust(run);
    let title = html! {
        h2 { "Can this run be trusted?" }
        p.how {
            "The engine is tested with every run: identical code should come out equal, a difference of known size should "
            "be found. Where it fails, the run is marked " b { "not trusted" } " before every verdict."
        }
    };
    let body = html! {
        p.say { b.x[run.trust.trusted == Some(false)] { (sign) " " (word) } @if !run.trust.reason.is_empty() { ": " (run.trust.reason) } }
        table.checks {
            caption.sr { "Self-checks of this run" }
            thead { tr {
                th scope="col" { "check" } th scope="col" { span.sr { "result" } } th scope="col" { "found" }
                th scope="col" { "what is measured" }
            } }
            tbody {
                @for check in checks::all(run) {
                    tr {
                        th scope="row" { (check.what) }
                        td.sign { (mark(check.sign)) }
                        td { (ticked(&check.found)) }
                        td.q { (check.about) }
                    }
                }
            }
        }
        (twins(run))
        (effects(run))
        (loud(run))
        (soaks(run))
    };
    section("selfcheck", title, body)
}

fn mark(sign: Sign) -> Markup {
    let (shown, word) = sign.shown();
    html! { span aria-hidden="true" { (shown) } span.sr { (word) } }
}

fn twins(run: &Run) -> Markup {
    let rows = checks::twins(run);
    let axis = Axis::new(run, run.trust.twins.iter().flat_map(|twin| [twin.lo, twin.hi]));
    html! {
        @if rows.is_empty() {
            p.q { "Identical code: " (ticked(&missing_twins(run))) "." }
        } @else {
            details open[run.trust.trusted == Some(false)] {
                summary { "Identical code: " (figures::plural(rows.len(), "A/A test")) }
                (axis.grid("aa"))
                div.scroll tabindex="0" {
                    table.tests {
                        thead { tr {
                            th scope="col" { "cell, against its copy" } th.plot scope="col" { (axis.head()) } th.n scope="col" { "difference" }
                            th.n scope="col" { "95 % interval" } th.n scope="col" { "rounds" } th scope="col" { "said" }
                        } }
                        tbody {
                            @for ([cell, found, interval, rounds, said], twin) in rows.iter().zip(&run.trust.twins) {
                                tr.differs[twin.separated] {
                                    th scope="row" { (cell) }
                                    td.plot { (axis.mark("aa", twin.ratio, (twin.lo, twin.hi), None)) }
                                    td.n { (found) } td.n.q { (interval) } td.n { (rounds) } td { (said) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn missing_twins(run: &Run) -> String {
    match run.trust.aa_tests {
        0 => checks::no_twins(run),
        n => format!("{n} tests, of which this file holds the number only"),
    }
}

fn effects(run: &Run) -> Markup {
    let rows = checks::effects(run);
    let effects = checks::known_effects(run);
    let axis = Axis::new(run, effects.iter().flat_map(|effect| [effect.truth, effect.lo, effect.hi]));
    html! {
        @if rows.is_empty() {
            p.q { "Known effects: " (ticked(&checks::no_effects(run))) "." }
        } @else {
            details open[run.trust.trusted == Some(false)] {
                summary { "Known effects: " (rows.len()) }
                (axis.grid("ke"))
                div.scroll tabindex="0" {
                    table.tests {
                        thead { tr {
                            th scope="col" { "built in" } th.plot scope="col" { (axis.head()) } th.n scope="col" { "found" }
                            th.n scope="col" { "interval" } th scope="col" { "said" }
                        } }
                        tbody {
                            @for ([truth, found, interval, said], effect) in rows.iter().zip(effects) {
                                tr {
                                    th scope="row" { (truth) }
                                    td.plot { (axis.mark("ke", effect.ratio, (effect.lo, effect.hi), Some(effect.truth))) }
                                    td.n { (found) } td.n.q { (interval) } td { (said) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Groups of which something else would be said without their loud rounds.
fn loud(run: &Run) -> Markup {
    let all = run.groups.iter().filter_map(|group| Some((group, checks::loud(run, group)?)));
    let matter: Vec<_> = all.filter(|(_, loud)| loud.matters()).collect();
    html! {
        @if !matter.is_empty() {
            details open {
                summary { "Verdicts that hang on loud rounds: " (figures::plural(matter.len(), "group")) }
                table.why {
                    thead { tr { th scope="col" { "group" } th scope="col" { "loud" } th scope="col" { "without them" } } }
                    tbody {
                        @for (group, loud) in &matter {
                            tr { th scope="row" { (group.id) } td { (loud.rounds) } td { (loud.changes.join(", and ")) } }
                        }
                    }
                }
            }
        }
    }
}

fn soaks(run: &Run) -> Markup {
    let rows = checks::soaks(run);
    html! {
        @if !rows.is_empty() {
            details {
                summary { "Long runs: " (figures::plural(rows.len(), "cell")) }
                div.scroll tabindex="0" {
                    table.tests {
                        thead { tr {
                            th scope="col" { "cell" } th.n scope="col" { "iterations" }
                            th.n scope="col" { "last quarter against the first" } th scope="col" { "said" }
                        } }
                        tbody {
                            @for [cell, iterations, ratio, said] in &rows {
                                tr { th scope="row" { (cell) } td.n { (iterations) } td.n { (ratio) } td { (said) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A linear axis of differences, 0 in its middle, shared by the twins and the known effects.
struct Axis {
    /// Half of its width.
    reach: f64,
    delta: f64,
}

impl Axis {
    /// Wide enough for these ratios.
    fn new(run: &Run, ratios: impl Iterator<Item = f64>) -> Self {
        let delta = figures::finite(Some(run.run.delta)).unwrap_or(0.0).clamp(0.0, 0.5);
        let ends = ratios.filter(|end| end.is_finite()).map(|end| (end - 1.0).abs());
        Self { reach: ends.fold(delta.max(0.02), f64::max).min(0.5) * 1.1, delta }
    }

    /// Position in percent; beyond the axis its end.
    fn at(&self, ratio: f64) -> f64 {
        let x = 50.0 + (ratio - 1.0) / self.reach * 50.0;
        if x.is_finite() { (x.clamp(0.0, 100.0) * 10.0).round() / 10.0 } else { 50.0 }
    }

    /// What lies behind every row, drawn once.
    fn grid(&self, id: &str) -> Markup {
        let (from, to) = (self.at(1.0 - self.delta), self.at(1.0 + self.delta));
        html! {
            svg width="0" height="0" style="position:absolute" aria-hidden="true" {
                symbol id=(id) overflow="visible" {
                    rect.band x=(format!("{from}%")) width=(format!("{:.1}%", to - from)) height="100%" {}
                    line.one x1="50%" x2="50%" y2="100%" {}
                }
            }
        }
    }

    fn head(&self) -> Markup {
        // The ends of the band, unless they would touch the middle.
        let step = if self.reach > 0.125 { 0.05 } else { 0.01 };
        let round = (self.reach * 0.8 / step).floor() * step;
        let labelled = if self.delta > self.reach * 0.35 { self.delta } else { round };
        html! {
            svg height="14" aria-hidden="true" {
                @for ratio in [1.0 - labelled, 1.0, 1.0 + labelled] {
                    text class=(if ratio == 1.0 { "mid b" } else { "mid" }) x=(format!("{}%", self.at(ratio))) y="11" {
                        (figures::built_in(ratio))
                    }
                }
            }
            span.sr { "difference, the tie band shaded" }
        }
    }

    /// An interval with its median; what is true as a bar across it.
    fn mark(&self, grid: &str, ratio: f64, (lo, hi): (f64, f64), truth: Option<f64>) -> Markup {
        let at = |ratio: f64| format!("{}%", self.at(ratio));
        html! {
            svg aria-hidden="true" {
                use href=(format!("#{grid}")) {}
                @if let Some(truth) = truth { line.ideal x1=(at(truth)) x2=(at(truth)) y2="100%" {} }
                line.ci x1=(at(lo)) x2=(at(hi)) y1="50%" y2="50%" {}
                circle.dot cx=(at(ratio)) cy="50%" r="3.5" {}
            }
        }
    }
}

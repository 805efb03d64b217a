//! Charts of runs in which something is missing or not what it seems, and whether they can be seen.

use report::html;
use results::{Metric, Run};

use crate::charts::{all, busy, served, wide};
use crate::prices::racy;
use crate::runs::{empty, page, swept};

/// Samples, intervals, metrics and names that are not what a chart expects.
#[test]
fn charts_of_runs_that_lack_something() {
    type Spoil = fn(&mut Run);
    let spoils: [Spoil; 7] = [
        |run| run.cells.iter_mut().for_each(|cell| cell.samples.clear()),
        |run| run.contrasts.iter_mut().for_each(|one| (one.lo, one.hi) = (None, None)),
        |run| run.contrasts.clear(),
        |run| run.cells.iter_mut().for_each(|cell| cell.metrics.clear()),
        |run| run.cells.truncate(1),
        |run| run.environment.cpus_effective = f64::NAN,
        |run| {
            run.contrasts
                .iter_mut()
                .for_each(|one| (one.ratio, one.lo, one.hi) = (0.0, Some(f64::NAN), Some(f64::INFINITY)))
        },
    ];
    for spoil in spoils {
        for mut run in [wide(), busy(), racy(), swept()] {
            spoil(&mut run);
            for text in all(&run) {
                assert!(!text.contains("NaN") && !text.contains("inf%"), "{text}");
            }
        }
    }
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300, 1e-300] {
        for mut run in [wide(), busy(), racy()] {
            served(&mut run, "threads/static", "latency", [0.3, value, 4.1, 9.8]);
            for cell in &mut run.cells {
                let odd = || Metric::Measured { median: value, p10: value, p90: value, n: 2 };
                let ids = [
                    "elapsed_ns",
                    "cpu_ns",
                    "parallelism",
                    "pss_bytes",
                    "run_delay_ns",
                    "cpu_sys_ns",
                    "lost_updates",
                    "expected_updates",
                ];
                cell.metrics.extend(ids.map(|id| (id.to_owned(), odd())));
            }
            for text in all(&run) {
                let at = ["NaN", "inf%"].iter().find_map(|word| text.find(word));
                assert_eq!(at.map(|at| &text[at.saturating_sub(300)..at + 4]), None, "{value:e}");
            }
        }
    }
}

#[test]
fn names_that_try_to_be_something_else() {
    const EVIL: &str = "<script>x</script>\" onload=x | `t` **b** @all\n\u{1b}[31m# h";
    for mut run in [wide(), busy(), racy()] {
        served(&mut run, "threads/static", "latency", [0.3, 0.9, 4.1, 9.8]);
        for cell in &mut run.cells {
            (cell.contender, cell.model) = (format!("{EVIL}/{}", cell.contender), EVIL.to_owned());
            cell.group = cell.group.replacen(char::is_alphabetic, EVIL, 1);
        }
        for group in &mut run.groups {
            group.id = group.id.replacen(char::is_alphabetic, EVIL, 1);
            group.leader = group.leader.take().map(|leader| format!("{EVIL}/{leader}"));
        }
        for contrast in &mut run.contrasts {
            contrast.group = contrast.group.replacen(char::is_alphabetic, EVIL, 1);
        }
        let [text, markdown, ..] = all(&run);
        assert!(!text.contains('\u{1b}'));
        // Without the scripts of the page itself.
        let page = page(&run);
        assert!(!page.contains("<script") && !page.contains("\" onload"), "{page}");
        assert!(page.contains("&lt;script&gt;x"));
        let (body, _) = markdown.split_once("<sub>").expect("a command");
        assert!(!body.contains("<script") && !body.contains("@all") && !body.contains("**b**"));
    }
}

#[test]
fn words_that_are_never_said() {
    for run in [wide(), busy(), racy()] {
        for text in all(&run) {
            let lower = text.to_lowercase();
            for word in ["significant", "winner", "x faster", "× faster", "nan%", " much "] {
                assert!(!lower.contains(word), "{word}");
            }
        }
    }
}

/// `REPORT_PAGES=DIR` leaves the pages there, to be looked at in a browser.
#[test]
fn pages_to_look_at() {
    let Some(dir) = std::env::var_os("REPORT_PAGES").map(std::path::PathBuf::from) else { return };
    let mut open_loop = busy();
    served(&mut open_loop, "threads/static", "latency", [0.3, 0.9, 4.1, 9.8]);
    served(&mut open_loop, "processes/pool", "latency", [0.35, 1.6, 38.0, 160.0]);
    served(&mut open_loop, "threads/queue", "latency", [0.4, 96.0, 412.0, 680.0]);
    served(&mut open_loop, "threads/queue", "service", [0.3, 0.9, 4.4, 9.9]);
    for (name, run) in [("wide", wide()), ("open-loop", open_loop), ("racy", racy())] {
        std::fs::write(dir.join(format!("{name}.html")), html(&run)).expect("a folder");
    }
}

/// Luminance of `#RRGGBB`.
fn luminance(colour: &str) -> f64 {
    let part = |at: usize| f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("a colour")) / 255.0;
    let linear = |x: f64| if x <= 0.040_45 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) };
    0.2126 * linear(part(1)) + 0.7152 * linear(part(3)) + 0.0722 * linear(part(5))
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn marks_and_words_stand_out_from_every_ground_in_light_and_dark() {
    let page = html(&empty());
    let themes: Vec<&str> = page.split("--paper:").skip(1).filter(|theme| theme.contains("--ink2:")).collect();
    assert!(themes.len() >= 2, "light and dark");
    for theme in themes {
        let theme = format!("--paper:{}", theme.split('}').next().expect("an end"));
        let token = |name: &str| {
            let start = theme.split(&format!("--{name}:")).nth(1).unwrap_or_else(|| panic!("{name}: {theme}"));
            &start[..7]
        };
        let paper = token("paper");
        for ground in ["paper", "raise", "band"] {
            for text in ["ink", "ink2"] {
                assert!(contrast(token(text), token(ground)) >= 4.5, "{text} on {ground} of {paper}");
            }
        }
        assert!(contrast(token("alarm"), paper) >= 4.5);
        for model in ["s", "t", "p", "a", "d", "g", "f"] {
            for ground in ["paper", "raise"] {
                assert!(contrast(token(model), token(ground)) >= 3.0, "{model} on {ground} of {paper}");
            }
        }
        // Tints that stand beside each other.
        assert!(contrast(token("r0"), token("r3")) >= 3.0 && contrast(token("r0"), token("r1")) >= 1.8);
        assert!(contrast(token("r1"), token("r3")) >= 1.8 && contrast(token("r2"), token("r3")) >= 1.5);
    }
}

//! Bands beside the model and real interpreters: every verdict, in three forms.

use report::{Terminal, python_check, python_check_html, python_check_markdown};
use results::python_check::{Checked, Figure, Interpreter, PythonCheck, Real, SCHEMA, Verdict};

fn row(id: &str, unit: &str, (low, high): (Option<f64>, Option<f64>), figure: Option<[f64; 3]>) -> Checked {
    let model = figure.map(|[lo, median, hi]| Figure { median, lo, hi, n: 7 });
    let mut row = Checked {
        id: id.to_owned(),
        topic: String::from(if unit == "ns" { "Waiting" } else { "Lost updates" }),
        about: format!("what `{id}` is | <b>about</b>"),
        unit: unit.to_owned(),
        low,
        high,
        deterministic: id == "exact",
        published: Some(String::from("56 % to 65 %")),
        model,
        real: Vec::new(),
        verdict: Verdict::NotMeasured,
        reason: figure.is_none().then(|| String::from("it was killed")),
    };
    row.verdict = row.judge(false);
    row
}

fn check() -> PythonCheck {
    let mut inside = row("inside", "share", (Some(0.4), Some(0.75)), Some([0.5, 0.62, 0.7]));
    let figure = Figure { median: 0.58, lo: 0.5, hi: 0.66, n: 7 };
    inside.real.push(Real { id: String::from("python3.13"), figure });
    PythonCheck {
        schema: SCHEMA.to_owned(),
        cpus: 2,
        rounds: 7,
        seed: 42,
        foreign_cpus: Some(0.04),
        noisy: false,
        interrupted: false,
        interpreters: vec![Interpreter {
            id: String::from("python3.13"),
            version: String::from("3.13.0"),
            gil: true,
            path: String::from("python3.13"),
        }],
        bands: vec![
            row("exact", "share", (Some(0.0), Some(0.0)), Some([0.0, 0.0, 0.0])),
            inside,
            row("outside", "count", (Some(0.0), Some(6.0)), Some([8.0, 9.0, 12.0])),
            row("noisy", "ratio", (Some(4.0), Some(6.0)), Some([3.0, 3.5, 4.5])),
            row("shown", "ratio", (None, None), Some([1.1, 1.2, 1.3])),
            row("dead", "ns", (Some(5e6), Some(5.35e6)), None),
            row("waits", "ns", (Some(5e6), Some(5.35e6)), Some([5.05e6, 5.1e6, 5.2e6])),
            row("fast", "ns", (None, Some(15.0)), Some([8.0, 9.0, 9.5])),
        ],
    }
}

#[test]
fn every_verdict_on_a_terminal() {
    insta::assert_snapshot!(python_check(&check(), Terminal { colour: false, width: 100 }));
}

#[test]
fn no_line_is_longer_than_the_terminal() {
    for width in [40, 60, 80] {
        let text = python_check(&check(), Terminal { colour: false, width });
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(width), "{longest:?} > {width}:\n{text}");
    }
}

#[test]
fn every_verdict_in_markdown() {
    insta::assert_snapshot!(python_check_markdown(&check()));
}

#[test]
fn a_page_fetches_nothing_and_escapes_what_it_shows() {
    let page = python_check_html(&check());
    assert!(page.contains("&lt;b&gt;about&lt;/b&gt;") && !page.contains("<b>about</b>"));
    assert!(page.contains("default-src 'none'") && !page.contains("http://") && !page.contains("https://"));
    for said in ["inside", "OUTSIDE", "too noisy to tell", "not measured", "it was killed", "python3.13: 58"] {
        assert!(page.contains(said), "{said}");
    }
}

//! `python-check`, end to end: what follows from the algorithm holds, real interpreters are named or said to be missing, and
//! nothing is left behind. Nothing here asks where a measured figure lies.

mod support;

use nix::sys::signal::Signal::SIGINT;
use results::python_check::{PythonCheck, SCHEMA, Verdict};
use support::{crossover, folder, nothing_is_left, run, start, words};

fn check(arguments: &str) -> PythonCheck {
    let home = folder();
    let ended = run(crossover(home.path(), words(&format!("python-check --json {arguments}")))).expect(0);
    nothing_is_left(ended.pid);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
}

#[test]
fn what_follows_from_the_algorithm_holds() {
    let check = check("--rounds 2 --no-python algorithm");
    assert_eq!((check.schema.as_str(), check.rounds, check.interpreters.len()), (SCHEMA, 2, 0));
    assert!(check.bands.len() >= 8);
    for row in &check.bands {
        assert_eq!((row.deterministic, row.verdict), (true, Verdict::Inside), "{row:?}");
    }
    let awaits = check.bands.iter().find(|row| row.id == "await-in-the-window").and_then(|row| row.model);
    assert_eq!(awaits.map(|figure| figure.median), Some(7.0 / 8.0));
}

#[test]
fn what_is_measured_has_figures_and_is_written() {
    let home = folder();
    let line = "python-check --rounds 1 echo-0.1ms unsafe count --out check --color never --no-python";
    let ended = run(crossover(home.path(), words(line))).expect(0);
    nothing_is_left(ended.pid);
    // Lines are broken anywhere.
    let said = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("no real interpreter was measured beside it"), "{}", ended.stdout);
    assert!(ended.stderr.contains("round 1 of 1") && !ended.stderr.contains('\r'), "{}", ended.stderr);
    let json = std::fs::read_to_string(home.path().join("check/check.json")).expect("it is written");
    let check: PythonCheck = serde_json::from_str(&json).expect("it is JSON");
    for row in &check.bands {
        // A counter that never fell has no median fall.
        assert!(row.model.map_or(row.id.starts_with("unsafe"), |figure| figure.n == 1), "{row:?}");
    }
    for file in ["check/report.md", "check/index.html"] {
        assert!(
            std::fs::read_to_string(home.path().join(file))
                .is_ok_and(|text| text.contains("unsafe") || text.contains("lost"))
        );
    }
    let again = run(crossover(home.path(), words(line))).expect(2);
    assert!(again.stderr.contains("is not empty"), "{}", again.stderr);
}

#[test]
fn bad_input_is_refused_before_anything_runs() {
    let home = folder();
    for (line, why) in [
        ("python-check eco", "`eco`"),
        ("python-check --python ./nothing", "--python ./nothing"),
        ("python-check --rounds 0", "0"),
    ] {
        let ended = run(crossover(home.path(), words(line))).expect(2);
        assert!(ended.stderr.contains(why), "{line}: {}", ended.stderr);
    }
}

#[test]
fn an_interrupt_leaves_what_there_is() {
    let home = folder();
    let started = start(crossover(home.path(), words("python-check --rounds 500 --no-python --json count")));
    started.hear("round 2 of 500");
    started.signal(SIGINT);
    let ended = started.wait().expect(130);
    nothing_is_left(ended.pid);
    let check: PythonCheck = serde_json::from_str(&ended.stdout).expect("it is JSON");
    assert!(check.interrupted && check.rounds >= 1 && check.bands.iter().all(|row| row.model.is_some()));
}

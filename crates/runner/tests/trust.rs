//! What a run says of itself: twins, the known effect, gates, `selfcheck`, `diff`.

mod support;

use std::path::Path;

use results::journal::Event;
use serde_json::Value;
use support::{crossover, events, folder, results, run, words};

fn compare(home: &Path, what: &str, code: i32) -> support::Ended {
    run(crossover(home, words(&format!("compare --workers 2 --progress none --size smoke {what}")))).expect(code)
}

#[test]
fn twins_and_the_known_effect_live_in_trust_and_never_among_the_cells() {
    let home = folder();
    compare(home.path(), "--workload primes,counter --model threads --rounds 8 --out out", 0);
    let run = results(&home.path().join("out"));
    assert_eq!(run.trust.aa_tests, 2, "one a group: {:?}", run.trust);
    assert_eq!(run.trust.effects.len(), 1);
    assert_eq!(run.trust.effects[0].truth, 1.05);
    assert_eq!(run.trust.trusted, None, "two twins are too few: {}", run.trust.reason);
    assert!(run.groups.iter().all(|group| group.id.starts_with("primes") || group.id.starts_with("counter")));
    let twin = run.trust.twins[0].cell.clone();
    assert!(run.cells.iter().any(|cell| cell.id == twin), "a twin is named by the cell it is a copy of");
    assert!(run.cells.iter().all(|cell| !cell.id.contains("twin") && !cell.id.contains("known-effect")));
    let twins = events(&home.path().join("out")).into_iter().filter_map(|event| match event {
        Event::Sample(sample) if sample.round > 0 && sample.cell.ends_with("~twin") => Some(sample.round),
        _ => None,
    });
    assert_eq!(twins.count(), 16, "two twins in eight rounds");
    compare(home.path(), "--workload primes --model threads --rounds 8 --no-twins --out without", 0);
    assert_eq!(results(&home.path().join("without")).trust.aa_tests, 0);
}

#[test]
fn gates_fail_with_1_and_say_why() {
    let home = folder();
    let few = "--workload primes --strategy static --rounds 2";
    let open = compare(home.path(), &format!("{few} --fail-on unresolved --out a"), 1);
    assert!(open.stderr.contains("gate: 1 contrasts are unresolved"), "{}", open.stderr);
    let unknown = compare(home.path(), &format!("{few} --fail-on untrusted,failed --out b"), 1);
    assert!(unknown.stderr.contains("gate: not known to be trusted"), "{}", unknown.stderr);
    compare(home.path(), &format!("{few} --fail-on failed --out c"), 0);
    let refused = compare(home.path(), &format!("{few} --fail-on slow --out d"), 2);
    assert!(refused.stderr.contains("untrusted, unresolved, failed"), "{}", refused.stderr);
}

#[test]
fn shares_need_their_sign() {
    let home = folder();
    for tie in ["3", "0%", "-1%", "80%", "five%"] {
        let refused = run(crossover(home.path(), words(&format!("compare --tie={tie}")))).expect(2);
        assert!(refused.stderr.contains("a share is written as 3%"), "{tie}: {}", refused.stderr);
    }
    compare(home.path(), "--workload primes --strategy static --rounds 1 --tie 3% --out out", 0);
    assert!((results(&home.path().join("out")).run.delta - 0.03).abs() < 1e-12);
}

#[test]
fn a_pinned_sample_uses_as_many_cpus_as_it_has_workers() {
    if !cfg!(target_os = "linux") {
        println!("SKIPPED: only Linux binds processes to CPUs");
        return;
    }
    let home = folder();
    let said = home.path().join("cpus");
    let script = home.path().join("cpus.py");
    let text = format!("import os\nopen({said:?}, 'a').write(str(len(os.sched_getaffinity(0))) + '\\n')\n");
    std::fs::write(&script, text).expect("it can be written");
    let guest = format!("guest/cpus=python3 {}", script.display());
    let mut command =
        crossover(home.path(), words("compare primes --size smoke --workers 1 --rounds 1 --pin --out out"));
    command.args(["--strategy", "plain,cpus", "--contender", &guest]);
    // The script says nothing, so its cell fails; what it was allowed to use is written down by then.
    run(command).expect(3);
    let counts = std::fs::read_to_string(said).expect("it ran");
    assert!(counts.lines().all(|count| count == "1"), "{counts}");
}

#[test]
fn selfcheck_says_what_it_found() {
    let home = folder();
    let command =
        "selfcheck primes counter --model threads --size smoke --workers 2 --rounds 6 --power 1 --progress none";
    let ended = run(crossover(home.path(), words(&format!("{command} --json --out out"))));
    assert!(matches!(ended.code(), Some(0 | 4)), "{ended:?}");
    let said: Value = serde_json::from_str(&ended.stdout).expect("one JSON object");
    let parts = said["parts"].as_array().expect("parts");
    assert_eq!(parts.len(), 2);
    // Two twins a group, of contenders that are not far, which at this size is a matter of time.
    let twins = parts[0]["trust"]["aa_tests"].as_u64().expect("a count");
    assert!((2..=4).contains(&twins), "{twins}");
    assert_eq!(parts[0]["trust"]["serial"]["tests"], twins);
    let truths: Vec<f64> =
        parts[1]["power"].as_array().expect("a curve").iter().filter_map(|p| p["true"].as_f64()).collect();
    assert_eq!(truths, [1.0, 1.02, 1.05, 1.10, 1.25]);
    let quarter = &parts[1]["power"][4];
    assert_eq!((&quarter["tests"], &quarter["wrong"]), (&1.into(), &0.into()));
    assert!(
        home.path().join("out/twins/samples.jsonl").exists() && home.path().join("out/power/results.json").exists()
    );
}

#[test]
fn stored_runs_are_compared_as_what_they_are() {
    let home = folder();
    let what = "--workload primes --strategy static,queue --rounds 3";
    compare(home.path(), &format!("{what} --out a"), 0);
    compare(home.path(), &format!("{what} --seed 7 --out b"), 0);
    let said = run(crossover(home.path(), words("diff a b"))).expect(0).stdout;
    assert!(said.contains("UNPAIRED") && said.contains("differs: seed: 42 -> 7"), "{said}");
    assert!(said.contains("primes:n=1000,tasks=10/threads/static/w2"), "{said}");
    assert!(said.contains("3 cells in both, 0 only before, 0 only after"), "{said}");
    compare(home.path(), "--workload counter --strategy mutex --rounds 1 --out c", 0);
    let nothing = run(crossover(home.path(), words("diff a c"))).expect(2);
    assert!(nothing.stderr.contains("no measured cell in common"), "{}", nothing.stderr);
    for arguments in ["diff", "diff a", "diff a b c"] {
        assert!(run(crossover(home.path(), words(arguments))).expect(2).stderr.contains("two stored runs"));
    }
    let gate = run(crossover(home.path(), words("diff a b --fail-on slower"))).expect(2);
    assert!(gate.stderr.contains("--git"), "{}", gate.stderr);
}

#[test]
fn a_revision_that_is_none_is_refused() {
    let home = folder();
    let outside = run(crossover(home.path(), words("diff --git HEAD primes"))).expect(2);
    assert!(outside.stderr.contains("--git needs a checkout"), "{}", outside.stderr);
    let mut command = crossover(Path::new(env!("CARGO_MANIFEST_DIR")), words("diff --git no-such-revision primes"));
    command.env_remove("GIT_DIR");
    let unknown = run(command).expect(2);
    assert!(unknown.stderr.contains("no such revision"), "{}", unknown.stderr);
}

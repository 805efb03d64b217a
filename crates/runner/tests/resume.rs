//! `--resume`: a run that was interrupted, killed or cut goes on where it stopped, with the arguments it had, and nothing
//! measured is lost; what would mix two programs is refused.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use nix::sys::signal::Signal::{SIGINT, SIGKILL};
use results::RunStatus;
use results::journal::Event;
use support::{COMPLETE, Ended, crossover, events, files, folder, nothing_is_left, run, words};

/// Some seconds of samples, with worker processes among them.
const RUN: &str = "compare --workers 2 --progress plain --out out --size smoke --workload primes,counter \
                   --model processes,threads --strategy pool,static,mutex,server --rounds 12 --no-twins";

/// Starts a run and ends it with a signal in the middle of some round.
fn stopped_by(home: &Path, signal: nix::sys::signal::Signal) -> Ended {
    let running = support::start(crossover(home, words(RUN)));
    running.hear("round 2/");
    running.signal(signal);
    running.wait()
}

fn resume(home: &Path) -> Ended {
    run(crossover(home, words("compare --resume out --progress plain")))
}

/// The journal with a line changed.
fn edit(home: &Path, change: impl Fn(Vec<String>) -> Vec<String>) {
    let path = home.join("out/samples.jsonl");
    let text = fs::read_to_string(&path).expect("a journal");
    let lines = change(text.lines().map(str::to_owned).collect());
    fs::write(path, lines.join("\n") + "\n").expect("it can be written");
}

/// Every round of every group has each of its cells exactly once, and all rounds are there.
fn is_whole(out: &Path) {
    let all = events(out);
    let settled = harness::journal::settled(&all);
    let mut samples: BTreeMap<(String, u32), Vec<String>> = BTreeMap::new();
    let mut rounds: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for event in settled.iter() {
        match event {
            Event::Sample(sample) if sample.round > 3 => {
                samples.entry((sample.group.clone(), sample.round)).or_default().push(sample.cell.clone());
            }
            Event::Round(round) => rounds.entry(round.group.clone()).or_default().push(round.round),
            _ => {}
        }
    }
    assert_eq!(rounds.len(), 3, "two groups and the known effect: {:?}", rounds.keys());
    for (group, rounds) in rounds {
        assert_eq!(rounds, (1..=12).collect::<Vec<_>>(), "{group}");
        // From the fourth round on, nobody far is left.
        let mut first = samples[&(group.clone(), 4)].clone();
        first.sort();
        for round in 5..=12 {
            let mut cells = samples[&(group.clone(), round)].clone();
            cells.sort();
            assert_eq!(cells, first, "{group}, round {round}");
        }
    }
}

fn goes_on_after(signal: nix::sys::signal::Signal) {
    let home = folder();
    let out = home.path().join("out");
    let ended = stopped_by(home.path(), signal);
    support::no_process_is_left(ended.pid);
    let before = events_that_stand(&out);
    let resumed = resume(home.path()).expect(0);
    nothing_is_left(resumed.pid);
    is_whole(&out);
    assert_eq!(files(&out), COMPLETE);
    let results = support::results(&out);
    assert_eq!(results.run.status, RunStatus::Complete);
    assert_eq!(results.run.rounds, 12);
    let after = events(&out);
    assert_eq!(after[..before.len()], before[..], "nothing that stood is changed");
    assert!(after.iter().filter(|event| matches!(event, Event::Resumed { .. })).count() == 1);
    // Once more there is nothing to do, and nothing is touched.
    let bytes = fs::read(out.join("samples.jsonl")).expect("a journal");
    let again = resume(home.path()).expect(0);
    assert!(again.stderr.contains("nothing to resume"), "{}", again.stderr);
    assert_eq!(fs::read(out.join("samples.jsonl")).expect("a journal"), bytes);
}

fn events_that_stand(out: &Path) -> Vec<Event> {
    harness::journal::read(&out.join("samples.jsonl")).expect("a journal").events
}

#[test]
fn a_run_goes_on_after_ctrl_c() {
    goes_on_after(SIGINT);
}

#[test]
fn a_run_goes_on_after_sigkill() {
    goes_on_after(SIGKILL);
}

#[test]
fn the_command_that_goes_on_is_said() {
    let home = folder();
    let ended = stopped_by(home.path(), SIGINT).expect(130);
    assert!(ended.stdout.contains("crossover compare --resume out"), "{}", ended.stdout);
}

#[test]
fn what_a_kill_has_cut_is_measured_again() {
    let home = folder();
    stopped_by(home.path(), SIGKILL);
    let path = home.path().join("out/samples.jsonl");
    let bytes = fs::read(&path).expect("a journal");
    // In the middle of the last line but one's number: it would read as another event.
    fs::write(&path, &bytes[..bytes.len() - 20]).expect("it can be written");
    let resumed = resume(home.path()).expect(0);
    assert!(resumed.stderr.contains("was cut"), "{}", resumed.stderr);
    is_whole(&home.path().join("out"));
}

/// A failure in a round that was never finished goes with that round: the cell is tried again, and counts in every round.
#[test]
fn what_failed_in_an_unfinished_round_is_tried_again() {
    let home = folder();
    let out = home.path().join("out");
    stopped_by(home.path(), SIGINT);
    edit(home.path(), |lines| {
        let second =
            lines.iter().position(|line| line.contains("\"event\":\"round\",\"round\":2")).expect("a second round");
        let next =
            lines[second + 1..].iter().find(|line| line.contains("\"event\":\"sample\"")).expect("a sample after it");
        let mut sample: serde_json::Value = serde_json::from_str(next).expect("JSON");
        for gone in ["elapsed_ns", "metrics", "absent", "units"] {
            sample.as_object_mut().expect("an object").remove(gone);
        }
        sample["outcome"] = "failed".into();
        sample["reason"] = "it broke".into();
        sample["round"] = 3.into();
        [&lines[..=second], &[sample.to_string()]].concat()
    });
    resume(home.path()).expect(0);
    is_whole(&out);
    assert!(support::results(&out).cells.iter().all(|cell| cell.status != results::CellStatus::Failed));
}

#[test]
fn a_broken_journal_is_refused_and_left_alone() {
    let home = folder();
    stopped_by(home.path(), SIGINT);
    edit(home.path(), |mut lines| {
        lines[10] = String::from("{\"event\":\"sam");
        lines
    });
    let before = fs::read(home.path().join("out/samples.jsonl")).expect("a journal");
    let refused = resume(home.path()).expect(2);
    assert!(refused.stderr.contains("samples.jsonl:11: not an event"), "{}", refused.stderr);
    assert!(refused.stderr.contains("10 events stand before it"), "{}", refused.stderr);
    assert_eq!(fs::read(home.path().join("out/samples.jsonl")).expect("a journal"), before);
    edit(home.path(), |lines| lines[1..10].to_vec());
    let refused = resume(home.path()).expect(2);
    assert!(refused.stderr.contains("does not begin with a plan"), "{}", refused.stderr);
}

#[test]
fn another_program_or_machine_is_refused() {
    let home = folder();
    stopped_by(home.path(), SIGINT);
    let journal = home.path().join("out/samples.jsonl");
    let original = fs::read_to_string(&journal).expect("a journal");
    let plan: serde_json::Value = serde_json::from_str(original.lines().next().expect("a plan")).expect("JSON");
    let said = [
        ("/tool/git", "the revision was"),
        ("/environment/lock_sha256", "the Cargo.lock was"),
        ("/environment/cpu", "the processor was"),
        ("/environment/kernel", "the kernel was"),
    ];
    for (field, message) in said {
        let mut changed = plan.clone();
        *changed.pointer_mut(field).expect(field) = "another".into();
        edit(home.path(), |mut lines| {
            lines[0] = changed.to_string();
            lines
        });
        let refused = resume(home.path()).expect(2);
        assert!(refused.stderr.contains(message) && refused.stderr.lines().count() == 1, "{}", refused.stderr);
        assert!(refused.stderr.contains("another"), "{}", refused.stderr);
    }
    fs::write(&journal, original).expect("it can be written");
    resume(home.path()).expect(0);
}

#[test]
fn what_would_change_the_run_is_refused() {
    let home = folder();
    for flags in ["--rounds 3", "--quick", "--thorough", "--budget 5m", "--seed 3", "--workers 2", "--tie 3%", "--pin"]
    {
        let refused = run(crossover(home.path(), words(&format!("compare --resume out {flags}")))).expect(2);
        assert!(refused.stderr.contains("cannot be used with"), "{flags}: {}", refused.stderr);
    }
    let missing = run(crossover(home.path(), words("compare --resume out"))).expect(2);
    assert!(missing.stderr.contains("name a run's folder"), "{}", missing.stderr);
}

#[test]
fn a_run_that_goes_on_right_now_is_left_alone() {
    let home = folder();
    let running = support::start(crossover(home.path(), words(RUN)));
    running.hear("round 1/");
    let refused = resume(home.path()).expect(2);
    assert!(refused.stderr.contains("another process is measuring"), "{}", refused.stderr);
    running.signal(SIGINT);
    running.wait().expect(130);
}

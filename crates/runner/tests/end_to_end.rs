//! The program as its users and their scripts see it: files, exit codes, IDs, filters, and that nothing is left behind.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use results::CellStatus::{Measured, NotApplicable, Skipped};
use results::journal::Event;
use results::{RunStatus, Support};
use serde_json::Value;
use support::{COMPLETE, Ended, crossover, events, files, folder, json, nothing_is_left, results, run, words};

/// A run of a workload or two of each pattern, small, that many tests look at. It is measured once. That every cell of every
/// workload runs and is right is `verify`'s test and conformance's.
struct Whole {
    folder: PathBuf,
    ended: Ended,
    /// Processes that this run left to be reaped by whoever comes by.
    orphans: Vec<String>,
}

fn whole() -> &'static Whole {
    static WHOLE: OnceLock<Whole> = OnceLock::new();
    WHOLE.get_or_init(|| {
        // What a run orphans becomes ours, and stays, so that a zombie cannot slip away to init.
        #[cfg(target_os = "linux")]
        nix::sys::prctl::set_child_subreaper(true).expect("Linux has subreapers");
        // Not a `TempDir`: a static is never dropped. It lies in the folder that Cargo keeps for it, until another
        // process needs one and this one is gone.
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        for name in files(parent) {
            if let Some(pid) = name.strip_prefix("e2e-whole-")
                && !Path::new("/proc").join(pid).exists()
            {
                let _ = fs::remove_dir_all(parent.join(name));
            }
        }
        let folder = parent.join(format!("e2e-whole-{}", std::process::id()));
        let out = folder.join("out");
        fs::create_dir_all(&folder).expect("a folder");
        let some = "word-count,n-queens,task-graph,counter,check-then-act,ring,log-pipeline";
        let line = format!("compare --rounds 9 --size smoke --workers 2 --progress plain --workload {some} --out");
        let mut arguments = words(&line);
        arguments.push(out.clone().into());
        let ended = run(crossover(&folder, arguments));
        Whole { folder: out, ended, orphans: orphans() }
    })
}

/// Our children that are no runner: those have our process group, samples and whatever they started have their own.
fn orphans() -> Vec<String> {
    let me = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // pid (name) state ppid pgrp ..; the name may hold anything.
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        if let [_state, parent, group, ..] = rest.split_whitespace().collect::<Vec<_>>()[..]
            && parent == me
            && group != nix::unistd::getpgrp().to_string()
        {
            found.push(stat);
        }
    }
    found
}

/// A copy of the whole run's journal in a folder of its own.
fn copy_of_whole() -> tempfile::TempDir {
    let copy = folder();
    fs::copy(whole().folder.join("samples.jsonl"), copy.path().join("samples.jsonl")).expect("a copy");
    copy
}

fn render(arguments: &[&str], folder: &Path) -> Ended {
    run(crossover(folder, ["render"].iter().chain(arguments)))
}

#[test]
fn a_run_writes_every_file_and_leaves_nothing() {
    let Whole { folder, ended, orphans } = whole();
    assert_eq!(ended.code(), Some(0), "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(files(folder), COMPLETE);
    // Results go to stdout, progress to stderr: one plain line a round and one a calibrated group, no control codes.
    assert!(ended.stdout.contains("index.html") && ended.stdout.contains("word-count"), "{}", ended.stdout);
    assert!(ended.stderr.contains("round 9/9") && !ended.stdout.contains("round 9/9"), "{}", ended.stderr);
    assert!(!ended.stdout.contains('\u{1b}') && !ended.stderr.contains(['\u{1b}', '\r']), "{}", ended.stderr);
    assert_eq!(orphans, &Vec::<String>::new(), "zombies or processes of the run");
    nothing_is_left(ended.pid);
}

#[test]
fn the_journal_begins_with_the_plan_and_ends_with_the_end() {
    let events = events(&whole().folder);
    let Some(Event::Plan(plan)) = events.first() else { panic!("first is {:?}", events.first()) };
    assert_eq!((plan.seed, &plan.looks[..], plan.budget_ns), (42, &[9][..], None));
    assert!(plan.argv.iter().any(|argument| argument == "--rounds"), "{:?}", plan.argv);
    assert!(matches!(events.last(), Some(Event::End { status: RunStatus::Complete, .. })), "{:?}", events.last());
    let groups = || events.iter().filter_map(|event| if let Event::Group(group) = event { Some(group) } else { None });
    let asked = || groups().filter(|group| group.known.is_empty());
    assert_eq!(asked().map(|group| group.workload.as_str()).collect::<BTreeSet<_>>().len(), asked().count());
    assert_eq!(groups().count(), asked().count() + 1, "and the known effect");
    // Every group: as many rounds as asked for, and in each of them every position once.
    for group in groups() {
        let mut positions: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for event in &events {
            if let Event::Sample(sample) = event
                && sample.group == group.id
            {
                positions.entry(sample.round).or_default().push(sample.position);
            }
        }
        assert_eq!(positions.keys().copied().collect::<Vec<_>>(), (0..=9).collect::<Vec<_>>(), "{}", group.id);
        for (round, positions) in positions {
            assert!(positions.is_sorted_by(|a, b| a < b), "{} round {round}: {positions:?}", group.id);
        }
    }
}

#[test]
fn results_json_keeps_its_schema() {
    let found = json(&whole().folder.join("results.json"));
    let schema: Value = json(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/compare-1.schema.json"));
    let validator = jsonschema::validator_for(&schema).expect("the committed file is a JSON Schema");
    let errors: Vec<String> =
        validator.iter_errors(&found).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    // A schema that allows everything would pass as well.
    assert!(!validator.is_valid(&serde_json::json!({})));
}

/// Scripts rely on these names, whatever the schema says today.
#[test]
fn results_json_has_the_promised_fields() {
    let found = json(&whole().folder.join("results.json"));
    assert_eq!(found["schema"], "compare/1");
    let promised = [
        ("", "schema tool run environment trust cells contrasts groups metg crossovers"),
        ("/tool", "version git dirty"),
        ("/run", "id seed argv started ended status looks alpha delta"),
        ("/environment", "cpu cpus_online cpus_effective virt kernel rustc profile allocator lock_sha256 pmu"),
        ("/trust", "aa_tests aa_false noise_floor known_effect rounds_kept rounds_dropped foreign_median trusted"),
    ];
    for (pointer, names) in promised {
        has(found.pointer(pointer).unwrap_or(&Value::Null), names, pointer);
    }
    let all = |name: &str| found[name].as_array().cloned().unwrap_or_default();
    assert!(!all("cells").is_empty() && !all("contrasts").is_empty() && !all("groups").is_empty());
    for cell in all("cells") {
        has(
            &cell,
            "id group workload knobs model strategy contender workers support status reason verified \
             deliberately_wrong primary metrics units",
            "cell",
        );
        has(&cell["units"], "threads processes tasks messages bytes_shipped", "units");
        let id = cell["id"].as_str().unwrap_or_default();
        assert_eq!(
            id,
            format!("{}/{}/w{}", id.split('/').next().unwrap_or_default(), text(&cell["contender"]), cell["workers"])
        );
        assert_eq!(text(&cell["contender"]), format!("{}/{}", text(&cell["model"]), text(&cell["strategy"])));
        if cell["status"] == "measured" {
            has(&cell["metrics"]["elapsed_ns"], "median p10 p90 n", id);
            // Never a guess: a distribution, or null with a reason.
            for (name, metric) in cell["metrics"].as_object().expect("metrics") {
                assert!(
                    metric["median"].is_number() || (metric["value"].is_null() && metric["reason"].is_string()),
                    "{id} {name}: {metric}"
                );
            }
            assert!(cell["metrics"]["peak_rss_bytes"].is_object(), "{id}");
        }
        if cell["deliberately_wrong"] == true && cell["status"] == "measured" {
            assert!(cell["metrics"]["lost_updates"]["median"].is_number(), "{id}");
            // As many as the clients made, however lucky an iteration was; absent if nothing was ever lost.
            let expected = &cell["metrics"]["expected_updates"];
            let made = match cell["workload"].as_str() {
                Some("counter") => Some(200.0),
                Some("histogram") => Some(500.0),
                _ => expected["median"].as_f64(),
            };
            let same = ["p10", "p90"].iter().all(|end| expected[*end].as_f64() == made);
            assert!(expected.is_null() || same, "{id}: {expected}");
            assert!(cell["verified"].is_null(), "{id}");
        }
    }
    for contrast in all("contrasts") {
        has(&contrast, "group a b metric ratio lo hi rounds won verdict", "contrast");
        assert!(text(&contrast["a"]).contains("/sequential/plain/"), "{contrast}");
    }
    for group in all("groups") {
        has(&group, "id reference best_set leader letters", "group");
        assert!(!group["best_set"].as_array().expect("a list").is_empty(), "nine rounds decide: {group}");
    }
}

#[track_caller]
fn has(value: &Value, names: &str, of: &str) {
    for name in names.split_whitespace() {
        assert!(value.get(name).is_some(), "{of} has no `{name}`: {value}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn every_cell_is_measured_verified_or_says_why_not() {
    let run_ = results(&whole().folder);
    assert_eq!((run_.run.status, run_.run.rounds), (RunStatus::Complete, 9));
    for cell in &run_.cells {
        match cell.support {
            Support::NotApplicable => assert!(cell.status != Measured && cell.reason.is_some(), "{cell:?}"),
            Support::AgainstTheGrain => assert!(cell.status == Measured && cell.reason.is_some(), "{cell:?}"),
            Support::Idiomatic => assert_eq!(cell.status, Measured, "{cell:?}"),
        }
        let verified = (cell.status == Measured && !cell.deliberately_wrong).then_some(true);
        assert_eq!(cell.verified, verified, "{cell:?}");
    }
    let csv = fs::read_to_string(whole().folder.join("cells.csv")).expect("cells.csv");
    assert_eq!(csv.lines().count(), run_.cells.len() + 1, "a line a cell, and the names");
}

#[test]
fn render_makes_the_same_files_from_the_samples_alone() {
    let copy = copy_of_whole();
    let ended = render(&["."], copy.path()).expect(0);
    assert_eq!(ended.stderr, "");
    for name in COMPLETE {
        let (there, here) = (fs::read(whole().folder.join(name)), fs::read(copy.path().join(name)));
        assert!(there.expect(name) == here.expect(name), "{name} differs from the one that `compare` wrote");
    }
    // What the run printed is the same page, but for the paths at its end.
    assert!(whole().ended.stdout.starts_with(ended.stdout.trim_end()), "{}", ended.stdout);
    // The journal can be named itself, and the formats chosen.
    let one = copy_of_whole();
    render(&["samples.jsonl", "--format", "csv"], one.path()).expect(0);
    assert_eq!(files(one.path()), ["cells.csv", "samples.jsonl"]);
}

#[test]
fn colours_come_only_when_asked_for() {
    let copy = copy_of_whole();
    let plain = render(&["."], copy.path()).expect(0);
    let never = render(&[".", "--color", "never"], copy.path()).expect(0);
    let always = render(&[".", "--color", "always"], copy.path()).expect(0);
    assert!(!plain.stdout.contains('\u{1b}'), "a pipe gets no colours");
    assert_eq!(plain.stdout, never.stdout);
    assert!(always.stdout.contains('\u{1b}'));
}

#[test]
fn splice_replaces_what_stands_between_the_markers() {
    let copy = copy_of_whole();
    let readme = copy.path().join("README.md");
    fs::write(&readme, "# Ours é\n<!-- compare:begin -->\nold\n<!-- compare:end -->\ntail\n").expect("a file");
    render(&[".", "--splice", "README.md"], copy.path()).expect(0);
    let once = fs::read_to_string(&readme).expect("README.md");
    let report = fs::read_to_string(copy.path().join("report.md")).expect("report.md");
    assert!(once.starts_with("# Ours é\n<!-- compare:begin -->\n") && once.ends_with("<!-- compare:end -->\ntail\n"));
    assert!(!once.contains("\nold\n"), "{once}");
    let verdict = report.lines().next().expect("a first line");
    let command = report.lines().last().expect("a last line");
    assert!(once.contains(verdict) && once.contains(command), "the verdict and the command of the report: {once}");
    assert!(once.contains("| workload | w | best set |") && !once.contains("<details>"), "the table alone: {once}");
    render(&[".", "--splice", "README.md"], copy.path()).expect(0);
    assert_eq!(fs::read_to_string(&readme).expect("README.md"), once, "doing it again changes nothing");
    for text in ["no markers\n", "<!-- compare:begin -->\nno end\n"] {
        fs::write(&readme, text).expect("a file");
        let ended = render(&[".", "--splice", "README.md"], copy.path()).expect(2);
        assert!(
            ended.stderr.starts_with("error: README.md: ") && ended.stderr.contains("compare:"),
            "{}",
            ended.stderr
        );
        assert_eq!(fs::read_to_string(&readme).expect("README.md"), text, "a file without markers is left alone");
    }
}

/// A report that was sent has no journal: what can be made of its results is the same.
#[test]
fn results_alone_render_as_the_samples_do() {
    let copy = copy_of_whole();
    render(&["."], copy.path()).expect(0);
    let read = |name: &str| fs::read_to_string(copy.path().join(name)).expect("a file");
    let before = ["index.html", "report.md", "cells.csv", "results.json"].map(read);
    fs::remove_file(copy.path().join("samples.jsonl")).expect("it was there");
    for from in [".", "results.json"] {
        for name in ["index.html", "report.md", "cells.csv"] {
            fs::remove_file(copy.path().join(name)).expect("it was there");
        }
        render(&[from], copy.path()).expect(0);
        assert!(["index.html", "report.md", "cells.csv", "results.json"].map(read) == before, "from {from}");
    }
    for (text, said) in [("{", "not results of a run"), (r#"{"schema":"compare/1"}"#, "not results of a run")] {
        fs::write(copy.path().join("results.json"), text).expect("a file");
        let ended = render(&["."], copy.path()).expect(2);
        assert!(ended.stderr.contains("results.json") && ended.stderr.contains(said), "{}", ended.stderr);
    }
}

/// What is cut, garbled or no text at all: the line is named, and what stands before it is used.
#[test]
fn a_corrupt_journal_is_salvaged() {
    let whole_ = fs::read(whole().folder.join("samples.jsonl")).expect("samples.jsonl");
    let lines: Vec<&[u8]> = whole_.split_inclusive(|byte| *byte == b'\n').collect();
    let count = lines.len();
    let joined = |lines: &[&[u8]]| lines.concat();
    let cut = whole_[..whole_.len() - 20].to_vec();
    let mut garbage = lines.clone();
    garbage[count / 2] = b"{\"event\":\"sample\",\"round\":\n";
    let mut binary = lines.clone();
    binary[count / 3] = &[0xff, 0xfe, 0x00, b'\n'];
    let mut unknown = lines.clone();
    unknown[count / 2] = b"{\"event\":\"birthday\"}\n";
    let cases = [
        (cut, count),
        (joined(&garbage), count / 2 + 1),
        (joined(&binary), count / 3 + 1),
        (joined(&unknown), count / 2 + 1),
    ];
    for (bytes, line) in cases {
        let copy = folder();
        fs::write(copy.path().join("samples.jsonl"), bytes).expect("a file");
        let ended = render(&["."], copy.path()).expect(0);
        let warnings: Vec<&str> = ended.stderr.lines().collect();
        assert!(
            warnings.len() == 1
                && warnings[0].starts_with(&format!("warning: ./samples.jsonl:{line}: "))
                && warnings[0].contains(&format!("using the {} before it", line - 1)),
            "{warnings:?}"
        );
        assert_eq!(files(copy.path()), COMPLETE);
        let run_ = results(copy.path());
        // Without its last line nobody knows how the run ended.
        assert_eq!(run_.run.status, RunStatus::Interrupted);
        assert!(run_.run.rounds <= 9 && run_.cells.iter().any(|cell| cell.status == Measured), "{:?}", run_.run);
    }
    // Nothing to salvage: the first line, or everything, is gone.
    let later = joined(&lines[1..]);
    for bytes in [&b""[..], b"\n", b"garbage", &later] {
        let copy = folder();
        fs::write(copy.path().join("samples.jsonl"), bytes).expect("a file");
        let ended = render(&["."], copy.path()).expect(2);
        let errors: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        assert!(errors.len() == 1 && errors[0].contains("samples.jsonl"), "{}", ended.stderr);
        assert_eq!(files(copy.path()), ["samples.jsonl"], "no report of nothing");
    }
}

#[test]
fn the_same_seed_gives_the_same_order() {
    let order = |seed: u32| -> Vec<(u32, String, u32)> {
        let home = folder();
        let line = format!(
            "compare --rounds 3 --size smoke --workers 1,2 --seed {seed} primes !processes --no-twins --quiet --out out"
        );
        let ended = run(crossover(home.path(), words(&line))).expect(0);
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""), "--quiet");
        let sample = |event| if let Event::Sample(sample) = event { Some(sample) } else { None };
        let samples = events(&home.path().join("out")).into_iter().filter_map(sample);
        // Calibration looks again at whoever seemed far, and that is a matter of time.
        let rounds = samples.filter(|sample| sample.round > 0);
        rounds.map(|sample| (sample.round, sample.cell, sample.position)).collect()
    };
    let seven = order(7);
    // Two groups of fourteen contenders, and the known effect with its reference, three rounds.
    assert_eq!(seven.len(), (2 * 14 + 2) * 3);
    assert_eq!(seven, order(7));
    assert_ne!(seven, order(8));
}

/// The lines of `--plan`: cell to what is noted beside it.
fn plan(arguments: &str) -> BTreeMap<String, String> {
    let home = folder();
    let mut all = words("compare --plan");
    all.extend(words(arguments));
    let ended = run(crossover(home.path(), all)).expect(0);
    assert_eq!(files(home.path()), Vec::<String>::new(), "--plan writes nothing");
    assert_eq!(ended.stderr, "");
    nothing_is_left(ended.pid);
    let cells = ended.stdout.lines().filter_map(|line| line.strip_prefix("  "));
    let cell = |line: &str| {
        let (id, note) = line.split_once("  ").unwrap_or((line, ""));
        (id.to_owned(), note.to_owned())
    };
    cells.map(cell).collect()
}

/// The cells of a plan that run.
fn planned(arguments: &str) -> BTreeSet<String> {
    plan(arguments).into_iter().filter(|(_, note)| note.is_empty()).map(|(id, _)| id).collect()
}

fn set<const N: usize>(ids: [&str; N]) -> BTreeSet<String> {
    ids.map(str::to_owned).into()
}

#[test]
fn plan_measures_nothing_and_makes_no_folder() {
    let home = folder();
    let ended = run(crossover(home.path(), words("compare --plan --out there --rounds 5"))).expect(0);
    assert!(ended.stdout.contains("up to 5 rounds"), "{}", ended.stdout);
    assert_eq!(files(home.path()), Vec::<String>::new());
    let timed = run(crossover(home.path(), words("compare --plan --quick counter"))).expect(0);
    assert!(timed.stdout.contains("up to 16 rounds") && timed.stdout.contains("at most 2 min"), "{}", timed.stdout);
}

#[test]
fn presets_and_knobs_expand_in_the_id() {
    let coarse = planned("primes:coarse --workers 2");
    assert!(coarse.contains("primes:n=4000000,tasks=256/threads/static/w2"), "{coarse:?}");
    assert!(coarse.iter().all(|id| id.starts_with("primes:n=4000000,tasks=256/")), "{coarse:?}");
    let reference = "counter:keys=64/sequential/plain/w8";
    assert_eq!(planned("counter:keys=64/threads/mutex"), set([reference, "counter:keys=64/threads/mutex/w8"]));
    // The same by --knob; what equals the default is no part of an ID.
    assert_eq!(planned("--knob keys=64 threads/mutex --workload counter"), planned("counter:keys=64/threads/mutex"));
    assert_eq!(
        planned("--knob counter.keys=2^6 threads/mutex --workload counter"),
        planned("counter:keys=64/threads/mutex")
    );
    assert!(planned("primes:n=300_000/threads --workers 1").contains("primes/threads/static/w1"));
    assert!(
        planned("--knob word-count.bytes=64KiB word-count --workers 1")
            .contains("word-count:bytes=64KiB/sequential/plain/w1")
    );
    assert!(planned("--size smoke primes --workers 1").contains("primes:n=1000,tasks=10/sequential/plain/w1"));
}

#[test]
fn a_sweep_makes_a_group_a_value() {
    let swept = planned("--sweep grain.iterations=2^9..2^11 grain/threads/static --workers 2");
    let ids = ["grain:iterations=512", "grain", "grain:iterations=2048"];
    let cells = ids.iter().flat_map(|id| ["sequential/plain", "threads/static"].map(|one| format!("{id}/{one}/w2")));
    assert_eq!(swept, cells.collect(), "the default is no part of an ID");
    assert_eq!(planned("--sweep iterations=2^11..2^9 grain/threads/static --workers 2"), swept, "in either direction");
    // In every selected workload that has it, beside other knobs and worker counts, and with the filters of each.
    let both = planned("--sweep tasks=1,2 --workload grain,primes --model threads --strategy static --workers 1,2");
    assert_eq!(both.len(), 16, "{both:?}");
    let other = planned("--sweep keys=1,2 counter:work-inside=5/threads/mutex");
    assert!(other.contains("counter:keys=2,work-inside=5/threads/mutex/w8") && other.len() == 4, "{other:?}");
    assert_eq!(planned("--sweep bytes=64KiB..256KiB word-count/threads/static --workers 1").len(), 6);
    let home = folder();
    let text = run(crossover(home.path(), words("compare --plan --sweep grain.iterations=2^9..2^11 grain"))).expect(0);
    assert!(text.stdout.contains("by iterations: 512, 1024 (the default), 2048 (3 values"), "{}", text.stdout);
}

#[test]
fn a_sweep_finds_where_the_answer_turns() {
    let home = folder();
    let arguments = "compare --rounds 6 --workers 2 --knob grain.tasks=64 --sweep grain.iterations=2^0..2^4 \
                     grain/threads/static grain/processes/pool/ --out out";
    run(crossover(home.path(), words(arguments))).expect(0);
    let out = home.path().join("out");
    let found = json(&out.join("results.json"));
    let schema: Value = json(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/compare-1.schema.json"));
    let validator = jsonschema::validator_for(&schema).expect("the committed file is a JSON Schema");
    let errors: Vec<String> = validator.iter_errors(&found).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    let crossovers = found["crossovers"].as_array().cloned().unwrap_or_default();
    assert!(crossovers.len() >= 2, "{crossovers:?}");
    for one in &crossovers {
        has(one, "workload knobs knob workers from to at unit", "crossover");
        has(&one["at"], "value lo hi", "at");
        assert_eq!((text(&one["workload"]), text(&one["knob"])), ("grain", "iterations"));
        assert_eq!(one["knobs"], serde_json::json!({ "tasks": 64 }), "the swept knob is not among the others");
    }
    // A few nanoseconds of work are never worth a message.
    let pool = crossovers.iter().find(|one| one["to"] == "processes/pool").expect("it is said of the contender");
    assert_eq!((text(&pool["found"]), &pool["at"]["value"]), ("not-reached", &Value::Null), "{pool}");
    // Iterations make the tasks longer: each contender has a METG, or the bound that the range gives it.
    let metg = found["metg"].as_array().cloned().unwrap_or_default();
    assert_eq!(metg.len(), 2, "{metg:?}");
    for one in &metg {
        has(one, "workload knobs contender workers metg50_ns metg90_ns floor_ns points", "metg");
        for share in ["metg50_ns", "metg90_ns"] {
            has(&one[share], "value lo hi bound found", share);
        }
        assert_eq!(one["knobs"], serde_json::json!({ "tasks": 64 }));
        assert_ne!(one["contender"], "sequential/plain");
        assert_eq!(one["points"].as_array().map(Vec::len), Some(5));
        assert!(one["floor_ns"].as_f64().is_some_and(|ns| ns > 0.0), "{one}");
    }
    let pool = metg.iter().find(|one| one["contender"] == "processes/pool").expect("it is measured");
    assert_eq!((text(&pool["metg50_ns"]["bound"]), text(&pool["metg50_ns"]["found"])), (">", "not-reached"), "{pool}");
    // Groups share rounds, and `render` makes the same of the samples alone.
    let rounds = events(&out);
    let rounds =
        rounds.iter().filter_map(|event| if let Event::Round(round) = event { Some(round.round) } else { None });
    assert!(rounds.is_sorted());
    let before: Vec<_> = COMPLETE.iter().map(|name| fs::read(out.join(name)).expect(name)).collect();
    render(&["out"], home.path()).expect(0);
    let after: Vec<_> = COMPLETE.iter().map(|name| fs::read(out.join(name)).expect(name)).collect();
    assert!(before == after, "`render` makes something else");
    let cell = text(&found["cells"].as_array().expect("cells")[0]["id"]).to_owned();
    run(crossover(home.path(), ["repro", &cell, "--iterations", "1"])).expect(0);
}

#[test]
fn filters_choose_and_the_reference_stays() {
    let reference = "counter/sequential/plain/w8";
    assert_eq!(planned("counter/threads/mutex"), set([reference, "counter/threads/mutex/w8"]), "part of an ID");
    assert_eq!(
        planned("counter/*/mutex/w8"),
        set([reference, "counter/async/mutex/w8", "counter/data-parallel/mutex/w8", "counter/threads/mutex/w8"]),
        "a glob"
    );
    let without = planned("counter !*/mutex/*");
    assert!(without.contains(reference) && !without.iter().any(|id| id.contains("/mutex/")), "{without:?}");
    assert!(planned("counter !sequential").contains(reference), "what everything is compared with is always measured");
    assert_eq!(planned("--model threads --strategy mutex,atomic --workload counter").len(), 3, "exact names");
    assert_eq!(
        planned("--workload counter --workload primes --workers 2"),
        planned("--workload counter,primes --workers 2")
    );
    // Two patterns add, an exclusion takes away from both.
    let both = planned("counter/threads/mutex counter/async/mutex !async");
    assert_eq!(both, set([reference, "counter/threads/mutex/w8"]));
}

#[test]
fn worker_counts_make_groups() {
    let ids = planned("primes/threads/static --workers 1,3");
    assert_eq!(
        ids,
        set([
            "primes/sequential/plain/w1",
            "primes/sequential/plain/w3",
            "primes/threads/static/w1",
            "primes/threads/static/w3"
        ])
    );
    assert_eq!(planned("primes/threads/static --workers 3 --workers 1,3"), ids, "in any order, once");
    let home = folder();
    let line = "compare primes/threads/static --workers 1,3 --rounds 2 --knob n=1000 --quiet --out out";
    run(crossover(home.path(), words(&line.replace("primes/", "").replace("--rounds", "--workload primes --rounds"))))
        .expect(0);
    let run_ = results(&home.path().join("out"));
    let groups: Vec<&str> = run_.groups.iter().map(|group| group.id.as_str()).collect();
    assert_eq!(groups, ["primes:n=1000/w1", "primes:n=1000/w3"]);
    for cell in run_.cells.iter().filter(|cell| cell.strategy == "static") {
        assert_eq!((cell.status, cell.units.threads), (Measured, u64::from(cell.workers)), "it really used as many");
    }
    // What a filter excluded is listed, with the reason, and never run.
    let skipped: Vec<_> = run_.cells.iter().filter(|cell| cell.status == Skipped).collect();
    assert!(skipped.iter().any(|cell| cell.contender == "processes/pool"), "{skipped:?}");
    for cell in skipped {
        assert!(cell.reason.as_deref().is_some_and(|reason| reason.contains("filter")), "{cell:?}");
        assert!(cell.metrics.is_empty() && cell.verified.is_none(), "{cell:?}");
    }
}

#[test]
fn list_says_what_there_is() {
    let home = folder();
    let ended = run(crossover(home.path(), ["list", "--json"])).expect(0);
    let list: Value = serde_json::from_str(&ended.stdout).expect("one JSON object");
    has(&list, "models workloads cells", "list");
    let all = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let supports = ["idiomatic", "against-the-grain", "not-applicable"];
    for model in all(&list, "models") {
        has(&model, "id strategies", "model");
        for strategy in all(&model, "strategies") {
            has(&strategy, "id pattern support why demands", "strategy");
            let demands = strategy["demands"].as_array().expect("a list");
            assert!(demands.is_empty() || text(&model["id"]) != "sequential", "{strategy}");
            let support = text(&strategy["support"]);
            assert!(supports.contains(&support) || support == "depends", "{strategy}");
        }
    }
    for workload in all(&list, "workloads") {
        has(&workload, "id pattern knobs presets", "workload");
        for knob in all(&workload, "knobs") {
            has(&knob, "id default unit range", "knob");
        }
    }
    let cells = all(&list, "cells");
    for cell in &cells {
        has(cell, "id support why", "cell");
        assert!(supports.contains(&text(&cell["support"])), "{cell}");
        assert!(cell["support"] == "idiomatic" || !text(&cell["why"]).is_empty(), "it must say why: {cell}");
    }
    // Models, workloads and cells name each other.
    let ids = |name: &str| all(&list, name).iter().map(|one| text(&one["id"]).to_owned()).collect::<BTreeSet<_>>();
    for cell in &cells {
        let parts: Vec<&str> = text(&cell["id"]).split('/').collect();
        assert!(ids("workloads").contains(parts[0]) && ids("models").contains(parts[1]), "{cell}");
    }
    // All of them are in the plan of everything.
    assert_eq!(plan("--size smoke --workers 2").len(), cells.len());
    for arguments in [&["list"][..], &["list", "--markdown"]] {
        let said = run(crossover(home.path(), arguments)).expect(0).stdout;
        for id in ids("models").iter().chain(&ids("workloads")) {
            assert!(said.contains(id.as_str()), "{arguments:?} does not name {id}");
        }
    }
}

/// No interleaving is left to chance where tasks take turns on one thread: all but one of k updates are lost.
#[test]
fn with_an_await_between_read_and_write_exactly_one_of_k_updates_survives() {
    let home = folder();
    let line = "verify counter/async/racy --size smoke --workers 1,2,7,64,100 --json";
    let ended = run(crossover(home.path(), words(line))).expect(0);
    let said: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let racy: Vec<_> =
        said["cells"].as_array().expect("cells").iter().filter(|cell| text(&cell["id"]).contains("racy")).collect();
    let reasons: Vec<&str> = racy.iter().map(|cell| text(&cell["reason"])).collect();
    for (workers, reason) in [1_u64, 2, 7, 64, 100].into_iter().zip(&reasons) {
        let lost = format!("{} of {}", 100 * (workers - 1), 100 * workers);
        assert!(
            reason.replace(',', "").contains(if workers == 1 { "nothing went wrong" } else { &lost }),
            "{workers} tasks: {reasons:?}"
        );
    }
    assert_eq!(reasons.len(), 5);
}

#[test]
fn verify_checks_every_cell_once() {
    let home = folder();
    let ended = run(crossover(home.path(), words("verify --size smoke --workers 1,2 --json"))).expect(0);
    let said: Value = serde_json::from_str(&ended.stdout).expect("one JSON object");
    assert_eq!(said["failed"], 0);
    let cells = said["cells"].as_array().expect("cells");
    for cell in cells {
        has(cell, "id status reason", "cell");
        assert_eq!(cell["status"], "ok", "{cell}");
    }
    let planned = planned("--size smoke --workers 1,2");
    assert_eq!(cells.iter().map(|cell| text(&cell["id"]).to_owned()).collect::<BTreeSet<_>>(), planned);
    assert_eq!(files(home.path()), Vec::<String>::new());
    nothing_is_left(ended.pid);
}

/// In every model that has clients, each in the processes where its clients really are.
#[test]
fn verify_checks_that_histories_are_linearizable() {
    let home = folder();
    let ended = run(crossover(
        home.path(),
        words("verify kv-mix counter/threads/mutex --check --workers 4 --json --size smoke"),
    ));
    let said: Value = serde_json::from_str(&ended.expect(0).stdout).expect("one JSON object");
    let cells = said["cells"].as_array().expect("cells");
    for cell in cells {
        let id = text(&cell["id"]);
        let reason = match id {
            _ if id.contains("/partitioned/") => "no client of this strategy waits for replies",
            _ if id.starts_with("counter") => "its oracle says what is right",
            _ => {
                assert!(id.starts_with("kv-mix:") && id.contains("touch=any"), "{id}");
                assert_eq!(cell["history"]["calls"], 400, "{cell}");
                has(&cell["history"], "calls keys steps undecided", id);
                "linearizable: 400 calls on "
            }
        };
        assert!(text(&cell["reason"]).contains(reason), "{cell}");
    }
    let with = cells.iter().filter(|cell| !cell["history"].is_null()).count();
    assert!(with > 10 && said["linearizable"] == with && said["undecided"] == 0, "{said}");
    // The knobs of the preset are where one begins, not where one ends.
    let line = "verify kv-mix:touch=own/threads/mutex kv-mix:keys=1/threads/sharded --check --size smoke";
    let ended = run(crossover(home.path(), words(line))).expect(0);
    assert!(ended.stdout.contains("no history: each client has keys of its own"), "{}", ended.stdout);
    assert!(ended.stdout.contains("linearizable: 800 calls on 1 keys"), "{}", ended.stdout);
    nothing_is_left(ended.pid);
}

#[test]
fn repro_runs_a_cell_by_the_id_in_the_report() {
    let home = folder();
    let run_ = results(&whole().folder);
    let chosen =
        ["sequential/plain", "threads/queue", "processes/pool", "async/spawn", "threads/racy", "processes/server"];
    for contender in chosen {
        let id = &support::cell(&run_, contender).id;
        let ended = run(crossover(home.path(), ["repro", id, "--iterations", "2"])).expect(0);
        // A warm-up and two iterations, with their times.
        let lines: Vec<&str> = ended.stdout.lines().collect();
        assert!(lines.len() == 3 && lines.iter().all(|line| line.contains(" ms")), "{id}: {}", ended.stdout);
    }
    assert_eq!(files(home.path()), Vec::<String>::new());
}

#[test]
fn your_own_text_is_the_input() {
    let home = folder();
    let name = "a dir/naïve=text,1:%.txt";
    fs::create_dir(home.path().join("a dir")).expect("a folder");
    // Words end at Unicode white space (an ideographic and a no-break space), and nothing folds case or accents.
    fs::write(home.path().join(name), "Straße straße 東京\u{3000}東京\u{a0}été\n\tété e\u{301}te\u{301} 🦀\n")
        .expect("a file");
    let mut arguments =
        words("compare --size smoke --rounds 2 --workers 2 --workload word-count --quiet --out out --text");
    arguments.push(name.into());
    run(crossover(home.path(), arguments)).expect(0);
    let out = home.path().join("out");
    let run_ = results(&out);
    let cell = support::cell(&run_, "threads/static");
    assert_eq!(
        cell.id,
        "word-count:bytes=4KiB,tasks=8,text=a%20dir%2Fnaïve%3Dtext%2C1%3A%25.txt,vocabulary=64/threads/static/w2"
    );
    assert_eq!(cell.knobs["text"], name);
    let mut running = run_.cells.iter().filter(|cell| cell.status != NotApplicable);
    assert!(running.all(|cell| cell.status == Measured && cell.verified == Some(true)), "{:?}", run_.cells);
    // The digest that all of them were held to is of these words.
    let counts = serde_json::json!({
        "Straße": 1, "straße": 1, "東京": 2, "été": 2, "e\u{301}te\u{301}": 1, "🦀": 1,
    });
    let digest = events(&out).into_iter().find_map(|event| match event {
        Event::Calibrated(calibrated) if calibrated.group.starts_with("word-count") => calibrated.digest,
        _ => None,
    });
    assert_eq!(digest, Some(harness::protocol::digest(&counts.to_string())));
    run(crossover(home.path(), ["repro", &cell.id, "--iterations", "1"])).expect(0);
    // Texts without a word in them are texts.
    for text in ["", "\n", " \u{3000}\n"] {
        fs::write(home.path().join("empty.txt"), text).expect("a file");
        run(crossover(home.path(), words("verify --workers 2 --workload word-count --text empty.txt"))).expect(0);
    }
}

#[test]
fn the_default_place_is_reports_and_latest_follows() {
    let home = folder();
    let compare = "compare --rounds 1 --size smoke --workload primes --strategy static --format json,csv --quiet";
    let latest = home.path().join("reports/latest");
    let mut seen = Vec::new();
    for _ in 0..2 {
        run(crossover(home.path(), words(compare))).expect(0);
        assert_eq!(files(&latest), ["cells.csv", "results.json", "samples.jsonl"], "the formats that were asked for");
        seen.push(fs::canonicalize(&latest).expect("a run"));
    }
    assert_ne!(seen[0], seen[1], "the first run is not overwritten");
    assert_eq!(files(&home.path().join("reports/runs")).len(), 2);
    render(&[], home.path()).expect(0);
    assert_eq!(files(&latest), COMPLETE, "`render` without a name is of the latest");
    assert_eq!(files(&seen[0]).len(), 3);
}

/// A file name is bytes; not every one is text.
#[test]
fn a_folder_whose_name_is_no_text_is_a_folder() {
    use std::os::unix::ffi::OsStrExt;
    let home = folder();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
    if let Err(error) = fs::create_dir(home.path().join(name)) {
        println!("SKIPPED: this file system wants text: {error}");
        return;
    }
    let mut arguments =
        words("compare --rounds 1 --size smoke --workload primes --strategy static --progress none --out");
    arguments.push(name.into());
    run(crossover(home.path(), arguments)).expect(0);
    assert_eq!(files(&home.path().join(name)), COMPLETE);
    run(crossover(home.path(), ["render".as_ref(), name])).expect(0);
}

/// A reader that leaves, as `head` does, is no reason to panic, nor to write less.
#[test]
fn a_closed_stdout_loses_nothing() {
    let home = folder();
    let cell = "primes:n=1000/threads/static/w2";
    let compare = "compare --rounds 1 --size smoke --workload primes --progress none --out out";
    let lines = [
        compare,
        "render out",
        "list",
        "list --json",
        "list --markdown",
        "compare --plan",
        "verify --size smoke primes",
    ];
    for line in
        lines.iter().map(|line| words(line)).chain([vec!["repro".into(), cell.into()], words("completions bash")])
    {
        let mut command = crossover(home.path(), &line);
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        command.stdout(writer).stderr(std::process::Stdio::piped());
        let ended = command.output().expect("the program starts");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!said.contains("panicked") && ended.status.code() == Some(0), "{line:?}: {}\n{said}", ended.status);
    }
    assert_eq!(files(&home.path().join("out")), COMPLETE);
}

/// The same of stderr, where a run says how far it is: whoever stops listening does not stop the run.
#[test]
fn a_closed_stderr_loses_nothing() {
    let home = folder();
    let mut command =
        crossover(home.path(), words("compare --rounds 2 --size smoke --workload primes --progress plain --out out"));
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    command.stderr(writer).stdout(std::process::Stdio::piped());
    let ended = command.output().expect("the program starts");
    assert_eq!(ended.status.code(), Some(0), "{}", ended.status);
    assert_eq!(files(&home.path().join("out")), COMPLETE);
    assert_eq!(results(&home.path().join("out")).run.status, RunStatus::Complete);
}

//! Which should I use: every rule of the answers.

use insta::assert_snapshot;
use report::{Terminal, csv, html, markdown, terminal};
use results::{Bound, Cell, CellStatus, Granularity, Hazard, HazardVerdict, Metg, Metric, Run, Sweep, Verdict};

use crate::granularity::grains;
use crate::runs::{absent, empty, group, metric, swept};

/// Every answer of a run in Markdown: the question and what stands beside it, by model.
fn answers(run: &Run) -> Vec<(String, Vec<(String, String)>)> {
    let text = markdown(run);
    let Some((_, table)) = text.split_once("<summary>which should I use?</summary>") else { return Vec::new() };
    let lines = table.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let mut rows = lines.map(|line| {
        line.trim_matches('|')
            .replace("&lt;", "<")
            .replace('\\', "")
            .split('|')
            .map(|one| one.trim().to_owned())
            .collect()
    });
    let head: Vec<String> = rows.next().expect("a head");
    rows.skip(1).map(|row: Vec<String>| (row[0].clone(), head.iter().cloned().zip(row).skip(1).collect())).collect()
}

/// The row of a question.
fn asked(run: &Run, question: &str) -> Option<String> {
    answers(run).into_iter().map(|(asked, _)| asked).find(|asked| asked.starts_with(&format!("{question}:")))
}

/// The answer for a model.
fn answer(run: &Run, question: &str, model: &str) -> String {
    let row = answers(run).into_iter().find(|(asked, _)| asked.starts_with(&format!("{question}:")));
    let (_, cells) = row.unwrap_or_else(|| panic!("{question} is not answered"));
    cells.into_iter().find(|(name, _)| name == model).map(|(_, said)| said).expect(model)
}

const COARSE: &str = "CPU-bound, coarse tasks";
const IRREGULAR: &str = "CPU-bound, irregular tasks";
const HOT: &str = "One hot shared value";
const CRASH: &str = "Must survive a crash";

fn mut_cell<'r>(run: &'r mut Run, id: &str) -> &'r mut Cell {
    run.cells.iter_mut().find(|cell| cell.id == id).expect(id)
}

fn set(run: &mut Run, id: &str, values: &[(&str, f64)]) {
    let cell = mut_cell(run, id);
    cell.metrics.extend(values.iter().map(|(name, value)| ((*name).to_owned(), metric(*value))));
}

/// A question with an answer of every kind, and one that nobody decided.
pub(crate) fn choice() -> Run {
    let mut run = empty();
    let others = [
        ("threads/stealing", 5.04, Verdict::Tie, 7),
        ("async/spawn", 5.2, Verdict::Slower, 2),
        ("processes/shared-memory", 5.1, Verdict::Unresolved, 5),
        ("processes/pool", 9.0, Verdict::Slower, 0),
        ("gil/pool", 9.9, Verdict::Slower, 0),
    ];
    group(&mut run, "primes/w2", "data-parallel/par-iter", &others, 5.0);
    run.cells.push(absent(
        "primes/w2",
        "free-threaded/pool",
        CellStatus::NotApplicable,
        "tasks share no object: none of its locks is taken",
    ));
    let others = [("threads/mutex", 12.5, Verdict::Slower, 0), ("async/sync-mutex", 230.0, Verdict::Far, 0)];
    group(&mut run, "counter/w8", "threads/local-merge", &others, 5.1);
    run.cells.extend([
        absent("counter/w8", "processes/server", CellStatus::TimedOut, "no answer within 60 s"),
        absent("counter/w8", "processes/shared-memory", CellStatus::Failed, "worker 3 died; exit status 101"),
        absent("counter/w8", "gil/held", CellStatus::Skipped, "excluded by the filter !gil"),
    ]);
    group(&mut run, "sort/w2", "threads/stealing", &[("async/spawn", 5.6, Verdict::Slower, 0)], 5.0);
    undecide(&mut run, "sort/w2");
    run
}

/// Takes a verdict away.
pub(crate) fn undecide(run: &mut Run, id: &str) {
    let group = run.groups.iter_mut().find(|group| group.id == id).expect(id);
    (group.leader, group.rounds) = (None, 0);
    group.best_set.clear();
    group.ties.clear();
    group.behind_leader.clear();
    let samples = |cell: &mut Cell| {
        for metric in cell.metrics.values_mut() {
            if let Metric::Measured { n, .. } = metric {
                *n = 9;
            }
        }
    };
    run.cells.iter_mut().filter(|cell| cell.group == id).for_each(samples);
}

#[test]
fn a_contender_is_best_or_tied_or_not_separated_or_near_or_not() {
    let run = choice();
    assert_eq!(
        asked(&run, COARSE).unwrap(),
        format!("{COARSE}: primes, 2 workers; best is 2.0× sequential [1.96, 2.0]")
    );
    assert_eq!(answer(&run, COARSE, "data-parallel"), "● best par-iter");
    assert_eq!(answer(&run, COARSE, "threads"), "● best set stealing");
    assert_eq!(answer(&run, COARSE, "processes"), "? <5 % shared-memory");
    assert_eq!(answer(&run, COARSE, "async"), "◐ 1.04× [1.02, 1.06] spawn");
    assert_eq!(answer(&run, COARSE, "gil"), "○ 1.98× [1.94, 2.0] pool");
    assert!(!answers(&run).iter().any(|(_, cells)| cells.iter().any(|(model, _)| model == "sequential")));
}

#[test]
fn within_ten_per_cent_is_said_of_the_whole_interval() {
    let mut run = choice();
    let one = run.groups[0].behind_leader.iter_mut().find(|one| one.b.contains("async/spawn")).unwrap();
    (one.ratio, one.lo, one.hi) = (1.04, Some(1.01), Some(1.11));
    assert_eq!(answer(&run, COARSE, "async"), "○ 1.04× [1.01, 1.11] spawn");
    // The ends of an interval need rounds.
    let one = run.groups[0].behind_leader.iter_mut().find(|one| one.b.contains("async/spawn")).unwrap();
    (one.lo, one.hi) = (None, None);
    assert_eq!(answer(&run, COARSE, "async"), "○ 1.04× spawn");
}

#[test]
fn behind_by_a_test_whose_interval_includes_one_has_no_ratio() {
    let mut run = choice();
    let one = run.groups[0].behind_leader.iter_mut().find(|one| one.b.contains("async/spawn")).unwrap();
    (one.verdict, one.lo, one.hi) = (Verdict::Unresolved, Some(0.99), Some(1.3));
    assert_eq!(answer(&run, COARSE, "async"), "○ behind, <30 % spawn");
}

#[test]
fn what_was_not_measured_says_why() {
    let run = choice();
    assert_eq!(answer(&run, COARSE, "free-threaded"), "– n/a, tasks share no object");
    assert_eq!(answer(&run, HOT, "processes"), "– failed, worker 3 died");
    assert_eq!(answer(&run, HOT, "gil"), "– not measured here, excluded by the filter !gil");
    assert_eq!(answer(&run, HOT, "data-parallel"), "– not measured here");
    assert_eq!(answer(&run, HOT, "async"), "○ far, 45× sync-mutex");
    assert!(markdown(&run).contains("\nNot measured here: CPU-bound, tasks of 1 µs; CPU-bound, irregular tasks; "));
    assert!(html(&run).contains("title=\"worker 3 died; exit status 101\""), "the whole reason is there, too");
}

#[test]
fn a_group_without_a_leader_claims_no_ratio() {
    let run = choice();
    let asked = asked(&run, "Divide and conquer").unwrap();
    assert_eq!(asked, "Divide and conquer: sort, 2 workers; not decided after 9 rounds (first look after 16)");
    let (_, cells) = answers(&run).into_iter().find(|(row, _)| *row == asked).unwrap();
    assert_eq!(answer(&run, "Divide and conquer", "threads"), "– not decided");
    assert!(cells.iter().all(|(_, said)| said.starts_with("– not ") && !said.contains('×')), "{cells:?}");
}

#[test]
fn where_nothing_beats_one_thread_it_says_so() {
    let mut run = empty();
    group(&mut run, "ring/w2", "sequential/plain", &[("threads/bounded", 230.0, Verdict::Far, 0)], 10.0);
    let ring = run.groups.last_mut().unwrap();
    ring.reference = String::from("ring/sequential/plain/w2");
    assert_eq!(
        asked(&run, "One hop from worker to worker").unwrap(),
        "One hop from worker to worker: ring, 2 workers; nothing beats one thread"
    );
    assert_eq!(answer(&run, "One hop from worker to worker", "threads"), "○ far, 23× bounded");
}

#[test]
fn the_gain_says_no_more_than_its_verdict() {
    let against = |verdict| {
        let mut run = choice();
        let one = run.contrasts.iter_mut().find(|one| one.b == "primes/data-parallel/par-iter/w2").unwrap();
        (one.verdict, one.ratio, one.lo, one.hi) = (verdict, 0.98, Some(0.95), Some(1.02));
        asked(&run, COARSE).unwrap().rsplit_once("; ").unwrap().1.to_owned()
    };
    assert_eq!(against(Verdict::Tie), "best ties with one thread (within 5 %)");
    assert_eq!(against(Verdict::Unresolved), "best is not separated from one thread (any difference is below 6 %)");
    assert_eq!(against(Verdict::Slower), "best is 5.00 ms");
}

/// A group with one model in it.
pub(crate) fn alone(run: &mut Run, id: &str, leader: &str) {
    group(run, id, leader, &[("processes/pool", 9.0, Verdict::Slower, 0)], 5.0);
}

#[test]
fn as_many_workers_as_there_are_cpus_and_clients_answer() {
    let workers = |cpus: f64, groups: &[&str], question: &str| {
        let mut run = empty();
        run.environment.cpus_effective = cpus;
        groups.iter().for_each(|id| alone(&mut run, id, "threads/static"));
        asked(&run, question).unwrap().split(';').next().unwrap().to_owned()
    };
    let primes = ["primes/w1", "primes/w8", "primes/w2", "primes/w4"];
    assert_eq!(workers(4.0, &primes, COARSE), format!("{COARSE}: primes, 4 workers"));
    assert_eq!(workers(3.5, &primes, COARSE), format!("{COARSE}: primes, 2 workers"));
    assert_eq!(workers(2.0, &["primes/w8", "primes/w4"], COARSE), format!("{COARSE}: primes, 4 workers"));
    let counter = ["counter/w2", "counter/w16", "counter/w7", "counter/w1"];
    assert_eq!(workers(2.0, &counter, HOT), format!("{HOT}: counter, 7 workers"), "clients are 8 by default");
}

#[test]
fn a_decided_group_answers_before_an_undecided_one_and_the_own_id_before_a_variant() {
    let mut run = empty();
    for id in ["uts/w2", "mandelbrot:size=64/w2", "mandelbrot/w2", "n-queens/w2"] {
        alone(&mut run, id, "threads/stealing");
    }
    assert!(asked(&run, IRREGULAR).unwrap().contains(": mandelbrot, 2 workers"));
    undecide(&mut run, "mandelbrot/w2");
    assert!(asked(&run, IRREGULAR).unwrap().contains(": mandelbrot:size=64, 2 workers"));
    undecide(&mut run, "mandelbrot:size=64/w2");
    assert!(asked(&run, IRREGULAR).unwrap().contains(": uts, 2 workers"));
    undecide(&mut run, "uts/w2");
    undecide(&mut run, "n-queens/w2");
    assert!(asked(&run, IRREGULAR).unwrap().contains(": mandelbrot, 2 workers; not decided"));
}

#[test]
fn another_value_of_what_the_question_names_is_another_question() {
    let mut run = empty();
    alone(&mut run, "counter:keys=64/w8", "threads/atomic");
    alone(&mut run, "grain:iterations=16/w2", "threads/static");
    assert_eq!(asked(&run, HOT), None);
    assert_eq!(asked(&run, "CPU-bound, tasks of 1 µs"), None);
    alone(&mut run, "counter:work-inside=50/w8", "threads/atomic");
    assert!(asked(&run, HOT).unwrap().contains("counter:work-inside=50, 8 workers"));
}

#[test]
fn tail_latency_is_answered_by_a_latency_only() {
    let mut run = choice();
    alone(&mut run, "requests/w2", "async/task-per-connection");
    assert!(asked(&run, "Many waits").is_some());
    assert_eq!(asked(&run, "Tail latency (p99)"), None);
    for cell in run.cells.iter_mut().filter(|cell| cell.workload == "requests") {
        let time = cell.metrics.remove("elapsed_ns").unwrap();
        cell.metrics.insert(String::from("latency_p99_ns"), time);
        cell.primary = String::from("latency_p99_ns");
    }
    let tail = asked(&run, "Tail latency (p99)").unwrap();
    assert_eq!(tail, "Tail latency (p99): requests, 2 workers; best is 5.00 ms", "no gain: one thread has none");
    assert_eq!(answer(&run, "Tail latency (p99)", "processes"), "○ 1.80× [1.76, 1.84] pool");
}

#[test]
fn a_sweep_answers_where_there_is_no_other_group_and_says_where_it_turns() {
    let mut run = swept();
    let large = "Large data to move";
    let leaders = "; threads/static is faster below work = 410 [290, 640], data-parallel/par-iter above";
    let row = asked(&run, large).unwrap();
    assert!(row.starts_with(&format!("{large}: bulk-map, 2 workers; ")) && row.ends_with(leaders), "{row}");
    // Its own value is 64: processes/pool at 61 is nearer than async/spawn at 3.
    run.crossovers.retain(|one| !one.leaders);
    let nearest = "; processes/pool is faster than sequential/plain from 61 [52, 70] on, along work";
    assert!(asked(&run, large).unwrap().ends_with(nearest));
    run.crossovers.retain(|one| one.at.value.is_none());
    let none = "; no crossover found along work: operations per byte, 1 to 1,024";
    assert!(asked(&run, large).unwrap().ends_with(none));
    assert!(html(&run).contains("<a href=\"#x0\">no crossover found along work"));
    // Without its own value the middle one answers.
    run.cells.retain(|cell| cell.group != "bulk-map/w2");
    run.groups.retain(|group| group.id != "bulk-map/w2");
    assert!(asked(&run, large).unwrap().starts_with(&format!("{large}: bulk-map:work=32, 2 workers; ")));
    // A group of its own comes first.
    alone(&mut run, "bulk-map:chunk=64/w2", "threads/static");
    assert!(asked(&run, large).unwrap().starts_with(&format!("{large}: bulk-map:chunk=64, 2 workers; ")));
}

#[test]
fn where_nothing_turns_the_metg_is_told() {
    let mut run = empty();
    alone(&mut run, "grain/w2", "threads/static");
    run.metg = grains().metg;
    let row = asked(&run, "CPU-bound, tasks of 1 µs").unwrap();
    assert!(row.ends_with("; half efficient from tasks of 60 ns [55, 64] on, threads/static"), "{row}");
    assert!(html(&run).contains("<a href=\"#m0\">half efficient"));
}

#[test]
fn a_cell_is_set_apart_by_the_count_that_differs_most() {
    let mut run = choice();
    let (leader, spawn, pool) = ("primes/data-parallel/par-iter/w2", "primes/async/spawn/w2", "primes/gil/pool/w2");
    assert_eq!(answer(&run, COARSE, "async"), "◐ 1.04× [1.02, 1.06] spawn", "nothing differs");
    set(&mut run, leader, &[("switches_voluntary", 12.0), ("parallelism", 1.95)]);
    set(&mut run, spawn, &[("switches_voluntary", 9_443.0), ("parallelism", 1.9)]);
    set(&mut run, pool, &[("switches_voluntary", 90_443.0), ("parallelism", 1.0)]);
    mut_cell(&mut run, spawn).units.messages = 2_000;
    assert_eq!(answer(&run, COARSE, "async"), "◐ 1.04× [1.02, 1.06] spawn, 9,443 switches");
    assert_eq!(answer(&run, COARSE, "gil"), "○ 1.98× [1.94, 2.0] pool, 1.0 CPUs used", "parallelism comes first");
    let sentence = "Against data-parallel/par-iter it differs most in switches (9,443 against 12) and messages (2,000 against \
                    0). Correlation, not cause.";
    assert!(html(&run).contains(&format!("title=\"{sentence}\"")));
    mut_cell(&mut run, spawn).units.messages = 40_000;
    assert_eq!(answer(&run, COARSE, "async"), "◐ 1.04× [1.02, 1.06] spawn, 40,000 messages");
    mut_cell(&mut run, spawn).units.bytes_shipped = 1 << 30;
    assert_eq!(answer(&run, COARSE, "async"), "◐ 1.04× [1.02, 1.06] spawn, 1.00 GiB shipped");
}

#[test]
fn small_counts_and_small_differences_are_not_worth_a_word() {
    let mut run = choice();
    let (leader, spawn) = ("primes/data-parallel/par-iter/w2", "primes/async/spawn/w2");
    set(
        &mut run,
        leader,
        &[("switches_voluntary", 2.0), ("pss_bytes", 5e6), ("parallelism", 1.9), ("lock_contended", 1e5)],
    );
    set(&mut run, spawn, &[("switches_voluntary", 99.0), ("pss_bytes", 6e6), ("parallelism", 1.6)]);
    assert_eq!(answer(&run, COARSE, "async"), "◐ 1.04× [1.02, 1.06] spawn", "and nobody counted its locks");
    set(&mut run, spawn, &[("pss_bytes", 14.6e6), ("lock_contended", f64::NAN)]);
    assert_eq!(answer(&run, COARSE, "async"), "◐ 1.04× [1.02, 1.06] spawn, 13.9 MiB memory");
    set(&mut run, spawn, &[("cpu_user_ns", 7.8e6), ("cpu_sys_ns", 2.2e6), ("pss_bytes", 5e6)]);
    set(&mut run, leader, &[("cpu_user_ns", 9.8e6), ("cpu_sys_ns", 0.2e6)]);
    assert_eq!(answer(&run, COARSE, "async"), "◐ 1.04× [1.02, 1.06] spawn, 22 % system time");
}

#[test]
fn the_leader_is_set_apart_from_the_next_model() {
    let mut run = choice();
    set(&mut run, "counter/threads/local-merge/w8", &[("lock_contended", 0.0)]);
    set(&mut run, "counter/threads/mutex/w8", &[("lock_contended", 7.0)]);
    set(&mut run, "counter/async/sync-mutex/w8", &[("lock_contended", 58_900.0)]);
    assert_eq!(answer(&run, HOT, "threads"), "● best local-merge, 0 locks contended");
    assert_eq!(answer(&run, HOT, "async"), "○ far, 45× sync-mutex, 58,900 locks contended");
}

pub(crate) fn dies(id: &str, verdict: HazardVerdict) -> Hazard {
    let missing = || Metric::Missing { value: None, reason: String::from("nobody is told") };
    let after_ns = if verdict == HazardVerdict::Detected { metric(65_256.0) } else { missing() };
    let tried = verdict >= HazardVerdict::NotSeen;
    Hazard {
        id: id.to_owned(),
        model: id.split('/').next().unwrap_or_default().to_owned(),
        about: String::from("a worker dies half way"),
        remedy: String::from("do not"),
        verdict,
        told: None,
        after_ns,
        lost: if tried { Metric::Measured { median: 200.0, p10: 200.0, p90: 200.0, n: 5 } } else { missing() },
        of: Some(400),
        unit: String::from("updates"),
        remedy_holds: Some(true),
        tries: 5,
        reason: (!tried || verdict == HazardVerdict::Failed).then(|| String::from("the run ended")),
    }
}

#[test]
fn a_crash_is_answered_by_the_best_and_the_worst_that_became_of_it() {
    use HazardVerdict::{Detected, Failed, Hung, NotTried, Silent};
    let mut run = choice();
    assert_eq!(asked(&run, CRASH), None);
    assert!(html(&run).contains("<b>Must survive a crash</b> (<code>crossover compare --hazards hazard/</code>)"));
    run.hazards = vec![
        dies("threads/poisoned-lock", Detected),
        dies("threads/panic-inside", Silent),
        // Nobody dies in it.
        dies("threads/lock-order", Hung),
        dies("processes/killed-inside-lock", Detected),
        dies("async/panic-inside", Hung),
        dies("gil/panic-inside", NotTried),
        dies("data-parallel/panic-inside", Failed),
    ];
    let asked = asked(&run, CRASH).unwrap();
    assert!(asked.starts_with("Must survive a crash: a worker dies in mid-task, 6 ways; ●"), "{asked}");
    let told = "detected after 65 µs [63, 72]; 200 of 400 updates lost";
    assert_eq!(
        answer(&run, CRASH, "threads"),
        format!(
            "◐ told in 1 of 2, poisoned-lock: {told}; panic-inside: nobody is told, and it goes on; 200 of 400 updates lost"
        )
    );
    assert_eq!(answer(&run, CRASH, "processes"), format!("● told, killed-inside-lock: {told}"));
    assert_eq!(
        answer(&run, CRASH, "async"),
        "○ not told, panic-inside: nobody is told, and it hangs; 200 of 400 updates lost"
    );
    assert_eq!(answer(&run, CRASH, "gil"), "– not tried, the run ended");
    assert_eq!(answer(&run, CRASH, "data-parallel"), "– the scenario failed, the run ended");
    assert_eq!(answer(&run, CRASH, "free-threaded"), "– not measured here");
    // Hazards alone are a run, too.
    let alone = Run { hazards: run.hazards, ..empty() };
    assert_eq!(answer(&alone, CRASH, "processes"), format!("● told, killed-inside-lock: {told}"));
}

#[test]
fn every_answer_leads_to_its_evidence() {
    let page = html(&choice());
    let link = "<a href=\"#g0\" data-cell=\"primes/threads/stealing/w2\">stealing</a>";
    let (_, section) = page.split_once("<section id=\"choose\">").unwrap();
    let (section, evidence) = section.split_once("</section>").unwrap();
    assert!(section.contains(link), "{section}");
    assert!(section.contains("<a href=\"#g1\" data-cell=\"counter/threads/local-merge/w8\">local-merge</a>"));
    assert!(evidence.contains("id=\"g0\"") && evidence.contains("id=\"g1\""));
}

#[test]
fn html_section() {
    let mut run = choice();
    set(&mut run, "primes/gil/pool/w2", &[("parallelism", 1.0)]);
    set(&mut run, "primes/data-parallel/par-iter/w2", &[("parallelism", 1.93)]);
    run.hazards = vec![dies("processes/killed-inside-lock", HazardVerdict::Detected)];
    let page = html(&run);
    let section = page.split("<section id=\"choose\">").nth(1).and_then(|rest| rest.split("</section>").next());
    assert_snapshot!(section.expect("a section").replace("><", ">\n<"));
}

#[test]
fn the_best_of_a_run_that_is_not_trusted_is_not_filled() {
    let mut run = grains();
    run.trust.trusted = Some(false);
    let page = html(&run);
    assert!(page.contains("<body class=\"untrusted\""));
    assert!(page.contains(".untrusted .choose td.h0{background:none"));
    assert!(page.contains("Not trusted: Does it matter? From"));
}

#[test]
fn names_that_try_to_be_something_else() {
    const EVIL: &str = "<script>x</script>\" onload=x | `t` **b** @all\n\u{1b}[31m# h";
    let mut run = swept();
    run.hazards = vec![dies("threads/poisoned-lock", HazardVerdict::Detected)];
    (run.hazards[0].unit, run.hazards[0].about) = (EVIL.to_owned(), EVIL.to_owned());
    run.hazards[0].model = EVIL.to_owned();
    run.metg =
        vec![Metg { contender: EVIL.to_owned(), series: String::from("bulk-map/w2"), ..grains().metg[0].clone() }];
    run.metg[0].metg50_ns =
        Granularity { value: Some(1.0), lo: None, hi: None, bound: Some(Bound::Is), found: results::Found::Crosses };
    for one in &mut run.crossovers {
        (one.from, one.to) = (EVIL.to_owned(), EVIL.to_owned());
    }
    for cell in &mut run.cells {
        cell.strategy = EVIL.to_owned();
        if cell.model == "async" {
            (cell.status, cell.reason, cell.model) = (CellStatus::Failed, Some(EVIL.to_owned()), EVIL.to_owned());
        }
    }
    for sweep in run.groups.iter_mut().filter_map(|group| group.sweep.as_mut()) {
        *sweep = Sweep { about: EVIL.to_owned(), granularity: true, ..sweep.clone() };
    }
    let text = markdown(&run);
    let (_, table) = text.split_once("which should I use?").expect("a table");
    let rows: Vec<&str> =
        table.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|')).collect();
    let bars: Vec<usize> = rows.iter().map(|row| row.replace("\\|", "").matches('|').count()).collect();
    assert!(rows.len() > 3 && bars.iter().all(|n| *n == bars[0]), "{rows:?}");
    let (body, _) = text.split_once("<sub>").expect("a command");
    assert!(!body.contains("<script") && !body.contains("@all") && !body.contains("**b**") && !body.contains('\u{1b}'));
    let page = html(&run);
    assert!(!page.contains("<script>x") && !page.contains("\" onload"));
}

#[test]
fn values_that_are_no_numbers_are_not_shown() {
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300, 1e-300] {
        for mut run in [choice(), grains(), swept()] {
            run.environment.cpus_effective = value;
            for one in run.groups.iter_mut().flat_map(|group| &mut group.behind_leader).chain(&mut run.contrasts) {
                (one.ratio, one.lo, one.hi) = (value, Some(value), Some(value));
            }
            for cell in &mut run.cells {
                for id in ["elapsed_ns", "parallelism", "switches_voluntary", "cpu_sys_ns", "pss_bytes"] {
                    cell.metrics.insert(id.to_owned(), metric(value));
                }
            }
            for text in [markdown(&run), html(&run), terminal(&run, Terminal { colour: false, width: 80 }), csv(&run)] {
                for bad in ["NaN", "inf×", "inf%"] {
                    let at =
                        text.find(bad).map(|at| text[at.saturating_sub(60)..].chars().take(120).collect::<String>());
                    assert!(at.is_none(), "{value:e}: {at:?}");
                }
            }
        }
    }
}

#[test]
fn a_run_of_other_workloads_is_asked_nothing() {
    let mut run = empty();
    alone(&mut run, "mine/w2", "threads/static");
    assert!(answers(&run).is_empty());
    let page = html(&run);
    assert!(page.contains("No cell of this run speaks to any of the 19 questions"));
    assert!(!html(&empty()).contains("Which should I use?"));
}

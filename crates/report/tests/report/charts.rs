//! The charts: what each shows by rule, and what becomes of it where something is missing.

use report::{Terminal, csv, html, markdown, terminal};
use results::{Cell, Metric, Run, Verdict};

use crate::runs::{cell, empty, everything, group, metric, page, swept};

/// Renders every form, so that a panic in any of them fails the test.
fn all(run: &Run) -> [String; 4] {
    [terminal(run, Terminal { colour: false, width: 80 }), markdown(run), html(run), csv(run)]
}

/// A section of the page; nothing where there is none.
fn section<'p>(page: &'p str, id: &str) -> Option<&'p str> {
    page.split(&format!("<section id=\"{id}\">")).nth(1)?.split("</section>").next()
}

/// What is said, without its markup.
fn words(markup: &str) -> String {
    let text = markup.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    text.collect::<String>().replace('\u{a0}', " ").replace("&lt;", "<")
}

/// `primes` with 1, 2, 4 and 8 workers on 4 CPUs: each contender at a part of the ideal, the last far below the frame.
fn wide() -> Run {
    let mut run = empty();
    run.environment.cpus_effective = 4.0;
    for workers in [1, 2, 4, 8] {
        let ideal = f64::from(workers).min(4.0);
        let ms = |part: f64| 10.0 / (ideal * part);
        let others = [
            ("threads/queue", ms(0.8)),
            ("processes/pool", ms(0.7)),
            ("async/spawn", ms(0.6)),
            ("gil/threads", 10.4),
            ("free-threaded/pool", 12.0),
            ("foreign/other", 30.0 * ideal),
        ];
        let others = others.map(|(name, ms)| (name, ms, Verdict::Slower, 0));
        group(&mut run, &format!("primes/w{workers}"), "threads/static", &others, ms(0.9));
    }
    run
}

#[test]
fn speed_against_workers_has_a_chart_where_there_are_two_counts() {
    let page = html(&wide());
    let scaling = section(&page, "scaling").expect("a section");
    let text = words(scaling);
    assert!(text.contains("primesthreads 3.6× [3.5, 3.7] at 4"), "{text}");
    // By its best strategy: threads/queue has no line of its own. Five models at most, the nearest first.
    assert_eq!(scaling.matches("<path class=\"ln\"").count(), 5);
    assert!(!scaling.contains("threads/queue") && text.contains("5 models, the others in the table"));
    // Whoever has no line is in the table all the same.
    let table = scaling.split("<tbody>").nth(1).expect("a table");
    assert_eq!(table.matches("<tr>").count(), 6);
    assert!(words(table).contains("foreign/other0.33× [0.33, 0.34]0.17× [0.16, 0.17]"), "{}", words(table));
    // Ideal up to the CPUs, then flat; what lies beyond is shaded.
    assert_eq!(
        (scaling.matches("<line class=\"ideal\"").count(), scaling.matches("<rect class=\"raise\"").count()),
        (2, 1)
    );
    assert!(text.contains("shaded: more workers than CPUs") && !text.contains("hollow"));
    assert!(!markdown(&wide()).contains("| scaling |"), "nothing is missing");
}

#[test]
fn with_one_worker_count_there_is_no_scaling_and_the_omissions_say_so() {
    let mut run = empty();
    group(&mut run, "primes/w2", "threads/static", &[("processes/pool", 5.6, Verdict::Slower, 0)], 5.0);
    let [_, markdown, page, _] = all(&run);
    assert!(section(&page, "scaling").is_none());
    let line = "one worker count; `--workers 1,2,4` measures it";
    assert!(markdown.contains(&format!("| scaling |  |  | {} |", line.replace('`', "\\`"))), "{markdown}");
    let omissions = words(section(&page, "omissions").expect("a section"));
    assert!(omissions.contains(&line.replace('`', "")), "{omissions}");
    // Two workloads that differ in their workers are no two counts of one.
    assert!(html(&everything()).contains("<code>--workers 1,2,4</code>"));
    // Where nothing was measured, nothing is missing.
    assert!(!html(&empty()).contains("worker count"));
    assert!(section(&html(&swept()), "scaling").is_none());
}

#[test]
fn a_speed_below_the_frame_becomes_a_note() {
    let mut run = wide();
    for contrast in run.contrasts.iter_mut().filter(|one| one.b.contains("gil/")) {
        contrast.ratio = if contrast.group == "primes/w8" { 18.0 } else { 1.0 };
        (contrast.lo, contrast.hi) = (None, None);
    }
    let page = html(&run);
    let scaling = section(&page, "scaling").expect("a section");
    assert!(words(scaling).contains("gil ↓ 1/18"), "{}", words(scaling));
    assert_eq!(scaling.matches("<svg class=\"cut\"").count(), 1, "its line is cut off");
    // Its other points have no interval: hollow, and said so.
    assert_eq!(scaling.matches("class=\"ho\"").count(), 3);
    assert!(words(scaling).contains("hollow: without one"));
}

#[test]
fn scaling_says_who_ties_and_where_sequential_leads() {
    let mut run = wide();
    let ties = run.groups.iter_mut().find(|group| group.id == "primes/w4").expect("a group");
    ties.best_set.extend(["async/spawn", "processes/pool"].map(str::to_owned));
    ties.ties.push("processes/pool".to_owned());
    let page = html(&run);
    let text = words(section(&page, "scaling").expect("a section"));
    assert!(text.contains("threads 3.6× [3.5, 3.7] at 4; processes ties; async not separated"), "{text}");
    let group = run.groups.iter_mut().find(|group| group.id == "primes/w4").expect("a group");
    (group.leader, group.best_set) = (Some("sequential/plain".to_owned()), vec!["sequential/plain".to_owned()]);
    group.ties.clear();
    let page = html(&run);
    let text = words(section(&page, "scaling").expect("a section"));
    assert!(text.contains("sequential leads at 4; nearest threads"), "{text}");
}

#[test]
fn in_shared_state_the_reference_does_the_work_of_all_clients_and_that_is_said() {
    let said = "the reference does the work of as many clients";
    assert!(!html(&wide()).contains(said));
    let mut run = wide();
    run.groups.iter_mut().for_each(|group| group.pattern = "shared-state".to_owned());
    assert!(html(&run).contains(said));
}

/// Gives a cell what it used, in ms an iteration, user to system, and what waited.
fn used(cell: &mut Cell, (cpu, system, queue): (f64, f64, f64)) {
    let wall = cell.metrics["elapsed_ns"].median().expect("a time");
    let metrics = [
        ("cpu_ns", cpu * 1e6),
        ("parallelism", cpu * 1e6 / wall),
        ("cpu_user_ns", (1.0 - system) * 9e8),
        ("cpu_sys_ns", system * 9e8),
        ("run_delay_ns", queue * 1e6),
        ("pss_bytes", 5e6),
    ];
    cell.metrics.extend(metrics.map(|(id, value)| (id.to_owned(), metric(value))));
}

/// A group of two CPUs with what its contenders used.
fn busy() -> Run {
    let mut run = empty();
    let others = [
        ("threads/queue", 6.0, Verdict::Slower, 0),
        ("threads/spawn", 9.0, Verdict::Slower, 0),
        ("processes/pool", 5.5, Verdict::Slower, 0),
        ("gil/threads", 10.5, Verdict::Slower, 0),
    ];
    group(&mut run, "primes/w8", "threads/static", &others, 5.0);
    for cell in &mut run.cells {
        used(
            cell,
            match cell.contender.as_str() {
                "threads/static" => (9.0, 0.1, 0.0),
                "threads/spawn" => (9.9, 0.5, 0.9),
                "processes/pool" => (9.9, 0.0, 44.0),
                _ => (10.0, 0.0, 0.0),
            },
        );
    }
    run
}

/// The table of a group that says where its time went.
fn resources(page: &str) -> Option<&str> {
    page.split("<table class=\"res\">").nth(1)?.split("</table>").next()
}

#[test]
fn where_the_time_went_is_a_part_of_what_the_cpus_gave() {
    let page = html(&busy());
    let table = resources(&page).expect("a table");
    let text = words(table);
    // 9 of 2 x 5 ms, a tenth of it system; 9.9 of 2 x 9 ms, half of it system, 0.9 waited.
    assert!(text.contains("threads/static90 % [87, 99]819010"), "{text}");
    assert!(text.contains("threads/spawn55 % [53, 61]2828540"), "{text}");
    // More threads than CPUs wait longer than the CPUs are there: all that is left of the bar, and said in figures.
    assert!(text.contains("processes/pool90 % [87, 99]9004000"), "{text}");
    assert!(
        table.contains("<rect class=\"r0\" width=\"90%\"></rect><rect class=\"r2\" x=\"90%\" width=\"10%\"></rect>")
    );
    // The best of each model, then the widest within one: threads/queue is neither.
    let rows: Vec<&str> =
        table.split("<th scope=\"row\">").skip(1).map(|row| row.split("</th>").next().expect("an end")).collect();
    let names: Vec<String> = rows.into_iter().map(words).collect();
    assert_eq!(names, ["threads/static", "processes/pool", "sequential/plain", "gil/threads", "threads/spawn"]);
    // Sequential leaves a CPU idle by definition, so another is named.
    assert!(
        text.starts_with(
            "Busiest: threads/static and 1 more, 90 % [87, 99]; most time blocked or idle: gil/threads, 52 %"
        ),
        "{text}"
    );
    assert!(text.contains("Share of 2 CPUs × time"), "8 workers do not make 8 CPUs: {text}");
}

#[test]
fn where_all_are_busy_alike_nobody_is_the_busiest() {
    let mut run = busy();
    for cell in &mut run.cells {
        let wall = cell.metrics["elapsed_ns"].median().expect("a time") / 1e6;
        used(cell, (wall * 1.9, 0.1, 0.0));
    }
    let page = html(&run);
    let text = words(resources(&page).expect("a table"));
    assert!(text.starts_with("All alike busy: 95 % [92, 105]Share of"), "{text}");
}

#[test]
fn without_a_cpu_time_nothing_is_said_of_where_it_went() {
    assert!(resources(&html(&wide())).is_none(), "cells without parallelism");
    let mut run = busy();
    let missing = || Metric::Missing { value: None, reason: "needs /proc".to_owned() };
    for cell in &mut run.cells {
        cell.metrics.extend(["run_delay_ns", "cpu_sys_ns"].map(|id| (id.to_owned(), missing())));
    }
    let page = html(&run);
    let text = words(resources(&page).expect("a table"));
    assert!(text.contains("threads/static90 % [87, 99]–––10"), "{text}");
    // One row is no comparison.
    for cell in run.cells.iter_mut().filter(|cell| !cell.reference) {
        cell.metrics.insert("parallelism".to_owned(), missing());
    }
    assert!(resources(&html(&run)).is_none());
}

#[test]
fn cost_names_who_is_not_beaten() {
    let page = html(&busy());
    let cost = section(&page, "cost").expect("a section");
    let text = words(cost);
    // Nobody takes less CPU than the leader, and all have the same memory.
    assert!(text.contains("threads/static costs least time, CPU and memory"), "{text}");
    assert!(text.contains("5 contenders beaten in both"), "{text}");
    let mut run = busy();
    for cell in run.cells.iter_mut().filter(|cell| cell.contender == "gil/threads") {
        cell.metrics.insert("cpu_ns".to_owned(), metric(6e6));
        cell.metrics.insert("pss_bytes".to_owned(), metric(1e6));
    }
    let page = html(&run);
    let cost = section(&page, "cost").expect("a section");
    assert!(
        words(cost).contains("for less CPU, more time: gil/threads; for less memory, more time: gil/threads"),
        "{}",
        words(cost)
    );
    let key = cost.split("<p class=\"keyline\">").nth(1).expect("a key").split("</p>").next().expect("its end");
    assert_eq!(words(key), "1 threads/static2 gil/threads");
}

#[test]
fn cost_without_cpu_time_or_memory_says_so() {
    let mut run = busy();
    run.cells.iter_mut().for_each(|cell| _ = cell.metrics.remove("cpu_ns"));
    let page = html(&run);
    let text = words(section(&page, "cost").expect("a section"));
    assert!(text.contains("No CPU time was measured.") && text.contains("costs least time and memory"), "{text}");
    for metric in ["pss_bytes", "peak_rss_bytes"] {
        run.cells.iter_mut().for_each(|cell| _ = cell.metrics.remove(metric));
    }
    assert!(section(&html(&run), "cost").is_none());
    // Nothing decided, nothing to weigh up.
    let mut run = busy();
    run.groups.iter_mut().for_each(|group| group.leader = None);
    assert!(section(&html(&run), "cost").is_none());
}

#[test]
fn no_chart_of_cost_names_more_than_five() {
    let mut run = empty();
    let names = ["threads/a", "threads/b", "threads/c", "async/d", "async/e", "processes/f", "gil/g"];
    let others: Vec<(&str, f64, Verdict, u32)> =
        names.iter().zip(1..).map(|(name, n)| (*name, 5.0 + f64::from(n), Verdict::Slower, 0)).collect();
    group(&mut run, "primes/w2", "data-parallel/join", &others, 5.0);
    // The slower, the thriftier: all are on the front.
    for cell in &mut run.cells {
        let ms = cell.metrics["elapsed_ns"].median().expect("a time") / 1e6;
        cell.metrics.insert("cpu_ns".to_owned(), metric(1e8 / ms.powi(3)));
    }
    let page = html(&run);
    let cost = section(&page, "cost").expect("a section");
    let key = cost.split("<p class=\"keyline\">").nth(1).expect("a key").split("</p>").next().expect("its end");
    assert_eq!(key.matches("<b>").count(), 5);
    assert!(cost.split("<tbody>").nth(1).expect("a table").matches("<tr>").count() >= 8, "all of them in the table");
}

/// Response times of a contender at four percentiles, in ms.
fn served(run: &mut Run, contender: &str, what: &str, ms: [f64; 4]) {
    let cells = run.cells.iter_mut().filter(|cell| cell.contender == contender);
    for cell in cells {
        for (name, ms) in ["p50", "p90", "p99", "p999"].into_iter().zip(ms) {
            cell.metrics.insert(format!("{what}_{name}_ns"), metric(ms * 1e6));
        }
    }
}

#[test]
fn response_times_are_drawn_where_there_are_any() {
    let mut run = busy();
    assert!(!html(&run).contains("Response time"));
    served(&mut run, "threads/static", "latency", [0.3, 0.9, 4.1, 9.8]);
    served(&mut run, "threads/static", "service", [0.29, 0.88, 4.0, 9.5]);
    served(&mut run, "threads/queue", "latency", [0.4, 96.0, 412.0, 680.0]);
    served(&mut run, "threads/queue", "service", [0.3, 0.9, 4.4, 9.9]);
    let [_, _, page, _] = all(&run);
    let figure =
        page.split("<figure class=\"lat\">").nth(1).expect("a chart").split("</figure>").next().expect("its end");
    let text = words(figure);
    assert!(
        text.contains(
            "threads/static has the smallest p99, 4.1 ms [4.0, 4.5]; threads/static has the smallest p50, 300 µs [290, 330]"
        ),
        "{text}"
    );
    // A second strategy of a model is dashed; service time is drawn only where it departs from the response.
    assert_eq!(
        (figure.matches("\"ln\"").count(), figure.matches("\"ln ds\"").count(), figure.matches("\"ln dt\"").count()),
        (1, 1, 1)
    );
    assert!(text.contains("Dotted: service time alone of threads/queue, what a closed loop"), "{text}");
    assert_eq!(figure.matches("class=\"ci\"").count(), 8, "an interval at each percentile");
    assert!(text.contains("threads/queue400 µs [390, 440]96 ms [93, 110]"), "{text}");
    assert!(page.contains("one request of a hundred took longer"), "the glossary knows it");
}

#[test]
fn response_times_have_five_lines_at_most() {
    let mut run = wide();
    let names: Vec<String> = run.cells.iter().map(|cell| cell.contender.clone()).collect();
    for name in names {
        served(&mut run, &name, "latency", [0.3, 0.9, 4.1, 9.8]);
    }
    let page = html(&run);
    let figure =
        page.split("<figure class=\"lat\">").nth(1).expect("a chart").split("</figure>").next().expect("its end");
    assert_eq!(figure.matches("<path").count(), 5);
    assert_eq!(figure.split("<tbody>").nth(1).expect("a table").matches("<tr>").count(), 8);
}

/// `counter` with a version that loses some, one that loses none, and fixes.
fn racy() -> Run {
    let mut run = empty();
    let others = [
        ("threads/mutex", 9.0, Verdict::Slower, 0),
        ("threads/actor", 900.0, Verdict::Slower, 0),
        ("processes/server", 80.0, Verdict::Slower, 0),
    ];
    group(&mut run, "counter/w8", "threads/atomic", &others, 5.0);
    let spread = |median: f64, p10: f64, p90: f64, n: u32| Metric::Measured { median, p10, p90, n };
    for (name, lost, wrong) in [
        ("threads/racy", spread(55_088.0, 48_960.0, 60_320.0, 16), spread(1.0, 1.0, 1.0, 16)),
        ("async/racy", spread(70_000.0, 70_000.0, 70_000.0, 16), spread(1.0, 1.0, 1.0, 16)),
        ("processes/racy", spread(0.0, 0.0, 40.0, 16), spread(0.0, 0.0, 1.0, 16)),
        ("gil/racy", spread(8.0, 8.0, 8.0, 1), spread(1.0, 1.0, 1.0, 1)),
    ] {
        let mut cell = cell("counter/w8", name, 2.0);
        (cell.deliberately_wrong, cell.verified) = (true, None);
        let metrics = [("lost_updates", lost), ("wrong_answers", wrong), ("expected_updates", metric(80_000.0))];
        cell.metrics.extend(metrics.map(|(id, value)| (id.to_owned(), value)));
        run.cells.push(cell);
    }
    run
}

#[test]
fn lost_updates_are_a_hatched_part_with_their_interval() {
    let page = html(&racy());
    let lost = section(&page, "lost").expect("a section");
    let text = words(lost);
    assert!(
        text.contains("async/racy loses most, 88 % [always]; processes/racy lost nothing in the median run: a test that passes proves little. The 4 fixes lost none."),
        "{text}"
    );
    assert!(text.contains("threads/racy80,00055,08869 % [61, 75]100 %"), "{text}");
    assert!(text.contains("processes/racy80,00000 % [0, 0.1]0 %"), "{text}");
    assert!(text.contains("gil/racy80,0008<0.1 % (one sample)"), "{text}");
    assert!(lost.contains("<rect class=\"gone\" x=\"31.1%\" width=\"68.9%\""), "{lost}");
    // What was lost is seen, be it ever so little; where nothing was, nothing is hatched.
    assert_eq!(lost.matches("<rect class=\"gone\"").count(), 3);
    // The fastest fix of each model and the slowest of all, on one axis.
    let fixes = lost.split("fixed, at this price").nth(1).expect("fixes");
    assert!(!fixes.contains("mutex") && words(fixes).contains("1 more fix in the evidence"), "{fixes}");
    assert_eq!(fixes.matches("<line class=\"ci\"").count(), 3);
}

#[test]
fn a_mean_of_counts_is_a_mean_in_every_form() {
    let mut run = racy();
    let racy = run.cells.iter_mut().find(|cell| cell.contender == "threads/racy").expect("a cell");
    racy.metrics
        .extend([("leaked_objects", 0.583), ("early_frees", 65.33)].map(|(id, value)| (id.to_owned(), metric(value))));
    for text in &all(&run)[..3] {
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("updates a run went wrong: 0.6 leaked objects, 65 early frees"), "{flat}");
    }
    assert!(
        words(section(&html(&run), "lost").expect("a section")).contains("0.6 leaked objects, 65 early frees a run")
    );
}

#[test]
fn without_fixes_or_losses_the_section_says_what_it_can() {
    let mut run = racy();
    run.cells.retain(|cell| cell.deliberately_wrong);
    for cell in &mut run.cells {
        cell.metrics.insert(
            "lost_updates".to_owned(),
            Metric::Missing { value: None, reason: "its program does not say".to_owned() },
        );
    }
    let page = html(&run);
    let lost = section(&page, "lost").expect("a section");
    assert!(!lost.contains("fixed, at this price") && !lost.contains("<rect"), "{lost}");
    assert!(lost.contains("its program does not say"));
    let mut run = racy();
    for cell in run.cells.iter_mut().filter(|cell| cell.deliberately_wrong) {
        cell.metrics.insert("lost_updates".to_owned(), metric(0.0));
    }
    let page = html(&run);
    assert!(
        words(section(&page, "lost").expect("a section"))
            .contains("No update was lost in the median run of any of them, which does not make them right.")
    );
}

#[test]
fn a_crossing_is_a_column_with_a_ring() {
    let page = html(&swept());
    let section = section(&page, "crossovers").expect("a section");
    assert_eq!(section.matches("<circle class=\"ring\"").count(), section.matches("<rect class=\"band\"").count());
    let text = words(section);
    assert!(text.contains("no crossover in range: faster throughout, from 1.30 on at the latest"), "{text}");
    assert!(
        text.contains("processes/pool-vec against sequential/plainno crossover in range: slower throughout"),
        "{text}"
    );
    // Higher is faster: a third of the time is three times the speed.
    let mut run = swept();
    run.contrasts.iter_mut().filter(|one| one.b.contains("threads/static")).for_each(|one| one.ratio = 0.25);
    let page = html(&run);
    let data = page.split("id=\"crossovers\"").nth(1).and_then(|rest| rest.split("<tbody>").nth(1)).expect("a table");
    assert_eq!(words(data.split("</tr>").next().expect("a row")), "14.00.160.681.790.064");
}

#[test]
fn one_crossing_says_who_leads_on_each_side() {
    let mut run = swept();
    run.crossovers.retain(|one| one.to == "processes/shared-memory");
    let page = html(&run);
    let section = section(&page, "crossovers").expect("a section");
    let text = words(section);
    assert!(text.contains("sequential ←") && text.contains("→ processes"), "{text}");
    assert!(text.contains("sequential/plainprocesses/shared-memory23 [19, 28]15/16"), "{text}");
}

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

//! The charts: what each shows by rule.

use report::{Terminal, csv, html, markdown, terminal};
use results::{Cell, Metric, Run, Verdict};

use crate::runs::{empty, everything, group, metric, swept};

/// Renders every form, so that a panic in any of them fails the test.
pub(crate) fn all(run: &Run) -> [String; 4] {
    [terminal(run, Terminal { colour: false, width: 80 }), markdown(run), html(run), csv(run)]
}

/// A section of the page; nothing where there is none.
pub(crate) fn section<'p>(page: &'p str, id: &str) -> Option<&'p str> {
    page.split(&format!("<section id=\"{id}\">")).nth(1)?.split("</section>").next()
}

/// What is said, without its markup.
pub(crate) fn words(markup: &str) -> String {
    let text = markup.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    text.collect::<String>().replace('\u{a0}', " ").replace("&lt;", "<")
}

/// `primes` with 1, 2, 4 and 8 workers on 4 CPUs: each contender at a part of the ideal, the last far below the frame.
pub(crate) fn wide() -> Run {
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
pub(crate) fn busy() -> Run {
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
    assert!(table.contains("<rect class=\"r0\" width=\"90%\"/><rect class=\"r2\" x=\"90%\" width=\"10%\"/>"));
    // The best of each model, then the widest within one: threads/queue is neither.
    let rows: Vec<&str> =
        table.split("<th scope=\"row\">").skip(1).map(|row| row.split("<td").next().expect("an end")).collect();
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
    assert!(text.starts_with("All alike busy: 95 % [92, 104]Share of"), "{text}");
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

/// Response times of a contender at four percentiles, in ms.
pub(crate) fn served(run: &mut Run, contender: &str, what: &str, ms: [f64; 4]) {
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
    assert_eq!(words(data.split("<tr").nth(1).expect("a row")), "14.00.160.681.790.064");
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

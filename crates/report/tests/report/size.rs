//! How large a page gets, and how long it takes.

use report::{Terminal, csv, html, markdown, terminal};

use crate::checked::many;

/// What a page may weigh.
const PAGE: usize = 1_500_000;

#[test]
fn a_whole_run_fits_on_a_page() {
    // 17 groups of 11 are 187 cells of 23 metrics.
    let run = many(17, 11);
    assert!(run.cells.len() >= 177 && run.cells.iter().all(|cell| cell.metrics.len() >= 20));
    let page = html(&run);
    println!("{} cells: a page of {} bytes", run.cells.len(), page.len());
    assert!(page.len() < PAGE, "{} bytes", page.len());
    assert_eq!(page.matches("All metrics of").count(), 17);
    assert!(!page.contains("too many figures"));
}

#[test]
fn what_has_no_room_says_where_it_is() {
    let page = html(&many(80, 11));
    println!("880 cells: a page of {} bytes", page.len());
    assert!(page.len() < PAGE, "{} bytes", page.len());
    assert!(page.contains("too many figures for one page"));
    assert!(page.contains("<code>results.json</code>"));
    let shown = page.matches("All metrics of").count();
    assert!(shown > 10 && shown < 80, "{shown}");
}

#[test]
fn five_thousand_cells_fit_on_a_page_and_it_says_what_it_leaves_out() {
    for (shape, run) in [("500 groups", many(500, 10)), ("1 group", many(1, 5_000)), ("all failed", failed())] {
        let page = html(&run);
        println!("{shape}: a page of {} bytes", page.len());
        assert!(page.len() < PAGE, "{shape}: {} bytes", page.len());
        assert!(page.contains("<code>results.json</code> and <code>cells.csv</code>"), "{shape}");
    }
}

/// Five thousand cells, each with a failure of its own.
fn failed() -> results::Run {
    let mut failed = many(500, 10);
    for (n, cell) in failed.cells.iter_mut().enumerate() {
        (cell.status, cell.reason) = (results::CellStatus::Failed, Some(format!("worker {n} died")));
    }
    failed
}

/// `cargo test -p report --release -- --ignored --nocapture` prints the figures.
#[test]
#[ignore = "a measurement: wants a release build and an idle machine"]
#[expect(clippy::disallowed_methods, reason = "says how long rendering takes; no cell is timed here")]
fn five_thousand_cells_in_a_second() {
    let before = peak();
    // Many groups; one that is as large; a sweep's worth of failures.
    for (shape, run) in [("500 groups", many(500, 10)), ("1 group", many(1, 5_000)), ("all failed", failed())] {
        let forms: [(&str, &dyn Fn() -> String); 4] = [
            ("terminal", &|| terminal(&run, Terminal { colour: false, width: 80 })),
            ("markdown", &|| markdown(&run)),
            ("html", &|| html(&run)),
            ("csv", &|| csv(&run)),
        ];
        for (form, render) in forms {
            let start = std::time::Instant::now();
            let bytes = render().len();
            let took = start.elapsed();
            println!("{shape}, {} cells, {form}: {bytes} bytes in {took:?}", run.cells.len());
            assert!(took.as_secs_f64() < 1.0, "{shape}, {form}: {took:?}");
        }
    }
    let mib = |kib: u64| kib / 1024;
    println!("peak memory: {} MiB before, {} MiB with three runs and all forms", mib(before), mib(peak()));
    assert!(mib(peak()) < 300);
}

/// Peak memory of this process, KiB; 0 where it cannot be read.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

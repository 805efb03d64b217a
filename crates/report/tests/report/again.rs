//! What a report says of its run as a whole: the command, and what no cell has.

use report::markdown;
use results::Metric;

use crate::runs::forty;

#[test]
fn the_command_leaves_out_where_it_was_written_to_and_how_it_was_shown() {
    let mut run = forty();
    let arguments =
        ["/x/crossover", "compare", "--out", "/tmp/mine", "primes", "--color=never", "-q", "--workers", "1,2"];
    run.run.argv = arguments.map(str::to_owned).to_vec();
    let text = markdown(&run);
    assert!(text.contains("`crossover compare primes --workers 1,2`"), "{}", text.lines().last().unwrap_or_default());
    assert!(!text.contains("/tmp/mine"));
}

#[test]
fn reasons_that_differ_by_a_number_are_one_with_its_range() {
    let mut run = forty();
    for (share, cell) in [35, 98, 50].into_iter().zip(&mut run.cells) {
        for id in ["run_delay_ns", "switches_voluntary"] {
            let reason = format!("threads that ended took {share} % of its time");
            cell.metrics.insert(id.to_owned(), Metric::Missing { value: None, reason });
        }
    }
    let reason = "not there".to_owned();
    run.cells[5].metrics.insert("pss_bytes".to_owned(), Metric::Missing { value: None, reason });
    let text = markdown(&run);
    let row = "| not measured | run\\_delay\\_ns, switches\\_voluntary | 3 cells | threads that ended took 35 to 98 % of its time |";
    assert!(text.contains(row), "{text}");
    assert!(text.contains("| not measured | pss\\_bytes | 1 cell | not there |"));
}

//! Every way delivers what was sent, in its order, and leaves no process behind. `Line` and `Tasks` check what comes
//! back themselves: each acknowledgement is the sum of a message, each answer the sum of its tasks.

use std::path::{Path, PathBuf};

use benches::ship::{Echo, Line, Tasks, Way, start_and_end};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ship");

fn program() -> PathBuf {
    PathBuf::from(PROGRAM)
}

/// Processes that this one started and that are not reaped.
fn children() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let of = |task: PathBuf| std::fs::read_to_string(task.join("children")).unwrap_or_default();
    let lists: Vec<String> = tasks.map(|task| of(task.unwrap().path())).collect();
    lists.iter().flat_map(|list| list.split_whitespace().map(str::to_owned)).collect()
}

/// One test, since it looks at all children of the process.
#[test]
fn all_that_is_shipped_arrives_and_nothing_stays() {
    // The smallest, one that ends within a line, a few of more than a window, and one of several fragments.
    for (size, messages) in [(8, 3), (1001, 70), (64 << 10, 70), (1_000_003, 9)] {
        for way in Way::ALL {
            let mut line = Line::start(&program(), way, size).unwrap();
            for _ in 0..2 {
                line.ship(messages).unwrap_or_else(|error| panic!("{} of {size} bytes: {error:#}", way.id()));
            }
            line.ship(0).unwrap();
        }
    }
    assert!(Line::start(&program(), Way::Vec, 7).is_err());
    for form in [Tasks::ONE, Tasks::BATCHED] {
        let mut worker = Tasks::start(&program(), form).unwrap();
        for tasks in [0, 1, 64, 65, 1000] {
            worker.run(tasks).unwrap();
        }
    }
    let echo = Echo::start(&program()).unwrap();
    assert_eq!(echo.round_trip(b"token").unwrap(), b"token");
    drop(echo);
    start_and_end(&program()).unwrap();
    assert!(start_and_end(Path::new("/does/not/exist")).is_err());
    // A worker that is no worker ends, and is noticed.
    let mut none = Line::start(Path::new("/bin/true"), Way::Seqpacket, 64).unwrap();
    assert!(none.ship(1).is_err());
    drop(none);
    if cfg!(target_os = "linux") {
        assert_eq!(children(), [""; 0]);
    }
}

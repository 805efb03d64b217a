//! Every interleaving of the board of a round, by loom: each task is done exactly once, whoever dies with it, and
//! nobody waits for ever. The board is the crate's own source, with loom's lock and condition in place of std's.

use loom::sync::Arc;
use loom::thread;

mod sync {
    //! What the board is made of here.
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
}

#[allow(dead_code, unreachable_pub)] // the parts that no test of this file calls
#[path = "../src/map_reduce/board.rs"]
mod board;

use board::Board;

/// A driver: works through the board; the first batch it gets dies with its worker if `dies`.
fn drive(board: &Board, mut dies: bool) -> usize {
    let mut done = 0;
    while let Some(batch) = board.wait(2) {
        if dies {
            dies = false;
            board.give_back([batch]).expect("one death is no reason to give up");
            continue;
        }
        board.done(&batch);
        done += batch.indices.len();
    }
    done
}

#[test]
fn what_a_dead_worker_had_is_done_by_somebody_and_nobody_waits_for_ever() {
    loom::model(|| {
        let board = Arc::new(Board::new(2, 2));
        let other = board.clone();
        let dying = thread::spawn(move || drive(&other, true));
        let done = drive(&board, false) + dying.join().expect("a driver");
        assert_eq!(done, 2);
    });
}

#[test]
fn a_failure_wakes_whoever_waits() {
    loom::model(|| {
        let board = Arc::new(Board::new(1, 2));
        let other = board.clone();
        // Takes the only task and fails: the other may be waiting for it to come back.
        let failing = thread::spawn(move || {
            if other.wait(1).is_some() {
                other.fail();
            }
        });
        let _ = board.wait(1).map(|batch| board.done(&batch));
        failing.join().expect("a driver");
    });
}

#[test]
fn every_task_is_taken_once_in_sizes_that_shrink() {
    loom::model(|| {
        let board = Board::new(100, 2);
        let sizes: Vec<usize> = std::iter::from_fn(|| board.wait(16))
            .map(|batch| {
                board.done(&batch);
                batch.indices.len()
            })
            .collect();
        assert_eq!(sizes.iter().sum::<usize>(), 100);
        assert_eq!(sizes[0], 16);
        assert_eq!(*sizes.last().unwrap(), 1);
        assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
    });
}

#[test]
fn what_comes_back_is_taken_first_and_given_up_after_too_many_deaths() {
    loom::model(|| {
        let board = Board::new(10, 1);
        let mut batch = board.wait(4).unwrap();
        assert_eq!(batch.indices, 0..4);
        for death in 1..board::ATTEMPTS {
            board.give_back([batch.clone()]).unwrap();
            batch = board.wait(4).unwrap();
            assert_eq!((batch.indices.end, batch.deaths), (4, death), "the second half comes back first");
        }
        assert_eq!(batch.indices, 3..4, "alone by now");
        assert_eq!(board.give_back([batch]), Err(3..4));
        assert_eq!(board.wait(4), None, "a failed round hands out nothing");
    });
}

#[test]
fn no_task_means_done_at_once() {
    loom::model(|| {
        assert_eq!(Board::new(0, 3).wait(8), None);
    });
}

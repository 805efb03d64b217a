//! The grid: what is needed, and what the oracle and the tasks themselves notice.

use patterns::{job, task_graph};

use super::*;

const DEPENDENCES: [Dependence; 8] = [
    Dependence::Trivial,
    Dependence::NoComm,
    Dependence::Stencil,
    Dependence::Fft,
    Dependence::Tree,
    Dependence::AllToAll,
    Dependence::Nearest,
    Dependence::Random,
];
const KERNELS: [Kernel; 4] = [Kernel::Empty, Kernel::Compute, Kernel::Memory, Kernel::Imbalance];

fn smoke(dependence: Dependence) -> Grid {
    Grid { dependence, ..Grid::sized(Size::Smoke) }
}

fn needs(grid: &Grid, step: usize, point: usize) -> Vec<usize> {
    let mut needs = Vec::new();
    grid.needs(step, point, &mut needs);
    needs
}

#[test]
fn needs_are_ascending_and_within_the_grid() {
    for dependence in DEPENDENCES {
        for width in [1, 2, 5, 8, 100] {
            let grid = Grid { width, ..smoke(dependence) };
            for (step, point) in (0..12).flat_map(|step| (0..grid.width()).map(move |point| (step, point))) {
                let needs = needs(&grid, step, point);
                assert!(needs.is_sorted_by(|a, b| a < b), "{dependence:?} {width}: {needs:?}");
                assert!(needs.iter().all(|need| *need < grid.width()));
                assert!(step > 0 || needs.is_empty());
            }
        }
    }
}

#[test]
fn each_dependence_needs_what_it_says() {
    let at = |dependence, step, point| needs(&Grid { width: 8, ..smoke(dependence) }, step, point);
    assert!(at(Dependence::Trivial, 3, 4).is_empty());
    assert_eq!(at(Dependence::NoComm, 3, 4), [4]);
    assert_eq!(at(Dependence::Stencil, 3, 0), [0, 1]);
    assert_eq!(at(Dependence::Stencil, 3, 7), [6, 7]);
    assert_eq!(
        [1, 2, 3, 4].map(|step| at(Dependence::Fft, step, 3)),
        [vec![1, 3, 5], vec![3, 7], vec![2, 3, 4], vec![1, 3, 5]]
    );
    assert_eq!(at(Dependence::Tree, 3, 5), [2]);
    assert_eq!(at(Dependence::AllToAll, 3, 5), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(at(Dependence::Nearest, 3, 4), [2, 3, 4, 5, 6]);
    assert_eq!(at(Dependence::Nearest, 3, 0), [0, 1, 2]);
    assert_eq!(needs(&Grid { width: 8, radius: 4, ..smoke(Dependence::Nearest) }, 1, 4), [2, 3, 4, 5]);
}

#[test]
fn a_random_task_needs_itself_and_its_share_of_the_others() {
    let grid = |fraction| Grid { width: 1_000, radius: 101, fraction, ..smoke(Dependence::Random) };
    assert_eq!(needs(&grid(0.0), 1, 500), [500]);
    assert_eq!(needs(&grid(1.0), 1, 500), (450..=550).collect::<Vec<_>>());
    let quarter = grid(0.25);
    let all: usize = (100..900).map(|point| needs(&quarter, 1, point).len() - 1).sum();
    assert!((19_000..21_000).contains(&all), "{all} of 80000");
    assert_ne!(needs(&quarter, 1, 500), needs(&quarter, 2, 500));
}

#[test]
fn every_dependence_and_kernel_equals_its_oracle() {
    for dependence in DEPENDENCES {
        for kernel in KERNELS {
            for (width, steps, bytes) in [(1, 1, 0), (1, 5, 8), (7, 1, 16), (8, 6, 0), (5, 9, 1_024)] {
                let job = job(Grid { kernel, width, steps: Some(steps), bytes, ..smoke(dependence) }, 7, 1);
                let (last, executed) = task_graph::sequential(&job);
                assert_eq!(job.workload.verify(&job.input, &last), Ok(()), "{:?}", job.workload);
                assert_eq!(executed, width * steps);
            }
        }
    }
}

#[test]
fn the_end_depends_on_every_kernel_before_it() {
    let run = |iterations| Grid { iterations, ..smoke(Dependence::AllToAll) }.input(7, 1);
    assert!(run(8).iter().zip(run(9)).all(|(one, other)| *one != other));
    let mut lengths = (0..1_000).map(|place| Kernel::Imbalance.length(100, place)).collect::<Vec<_>>();
    assert!((95_000..105_000).contains(&lengths.iter().sum::<u64>()));
    lengths.sort_unstable();
    assert!(lengths[0] <= 2 && (198..=200).contains(&lengths[999]));
}

#[test]
fn edges_of_fixed_size_and_edges_that_travel_come_back() {
    let Form::Has(fixed) = Grid::FIXED else { panic!("edges have a fixed size") };
    for bytes in [0, 8, 1_024] {
        let grid = Grid { bytes, ..smoke(Dependence::Stencil) };
        let edge = grid.execute(0, 3, &[]);
        let mut words = vec![0; (fixed.words)(&grid)];
        (fixed.pack)(&grid, &edge, &mut words);
        assert_eq!((fixed.unpack)(&grid, &words), edge);
        let sent = postcard::to_stdvec(&edge).unwrap();
        assert_eq!(postcard::from_bytes::<Edge>(&sent), Ok(edge));
    }
}

#[test]
fn the_oracle_notices_a_wrong_place_a_wrong_value_and_a_missing_edge() {
    let job = job(smoke(Dependence::Stencil), 7, 1);
    let (right, _) = task_graph::sequential(&job);
    let refused = |change: fn(&mut Vec<Edge>)| {
        let mut last = right.clone();
        change(&mut last);
        job.workload.verify(&job.input, &last).is_err()
    };
    assert!(refused(|last| last.swap(0, 1)));
    assert!(refused(|last| last[2].value ^= 1));
    assert!(refused(|last| last[2].payload.push(0)));
    assert!(refused(|last| drop(last.pop())));
}

/// What a task is told of an input that is not what it needs.
fn told(inputs: impl FnOnce(&Grid) -> Vec<Edge>) -> String {
    let grid = Grid { bytes: 8, ..smoke(Dependence::Stencil) };
    let inputs = inputs(&grid);
    let run = || grid.execute(1, 0, &inputs.iter().collect::<Vec<_>>());
    let panic = std::panic::catch_unwind(run).expect_err("a wrong input");
    panic.downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn a_task_refuses_inputs_it_does_not_need() {
    let row = |grid: &Grid, points: &[usize]| points.iter().map(|point| grid.execute(0, *point, &[])).collect();
    assert_eq!(told(|grid| row(grid, &[0, 2])), "task (1, 0) got the edge of (0, 2), it needs (0, 1)");
    assert_eq!(told(|grid| row(grid, &[0])), "task (1, 0) needs the edge of (0, 1) and has no further input");
    assert_eq!(told(|grid| row(grid, &[0, 1, 2])), "task (1, 0) got 1 inputs too many");
    let spoilt = |grid: &Grid| {
        let mut row: Vec<Edge> = row(grid, &[0, 1]);
        row[1].payload[0] ^= 1;
        row
    };
    assert_eq!(told(spoilt), "task (1, 0) got 1 words from (0, 1), not 1 as they were sent");
}

#[test]
fn steps_left_to_the_workload_keep_the_work_about_the_same() {
    let steps = |width, iterations| Grid { width, iterations, ..Grid::default() }.steps();
    assert_eq!(steps(64, 512), 256);
    assert_eq!(steps(1_024, 512), 16);
    assert_eq!(steps(64, 1), 1_024);
    assert_eq!(steps(64, 1 << 20), 4);
    assert_eq!(Grid { steps: Some(7), ..Grid::default() }.steps(), 7);
}

#[test]
fn half_words_and_half_lines_are_refused() {
    let refused = Grid { bytes: 12, ..Grid::default() }.check().unwrap_err();
    assert_eq!(refused, "a payload of 12 bytes cuts a word; allowed: multiples of 8B");
    let refused = Grid { working_set: 100, ..Grid::default() }.check().unwrap_err();
    assert_eq!(refused, "a working set of 100 bytes cuts a line; allowed: multiples of 64B");
    assert_eq!(Grid::default().check(), Ok(()));
}

//! A kernel's time grows with its size: nothing is folded away by the optimizer. A sum of squares of 10^8 terms that
//! takes 44 ns is no benchmark. (Run in release by `cargo xtask test`; a debug build folds nothing anyway.)
//!
//! Work 64 times as large must take at least 8 times as long, least of five: a neighbour can only slow a run down, so
//! the bound holds on any machine that runs the smaller one at all.

use std::time::Duration;

use patterns::clock::Tick;
use patterns::map_reduce::Share;
use patterns::shared_state::{Entry, State};
use patterns::{ForkJoin, Job, MapReduce, Pipeline, SharedState, TaskGraph, Workload};
use patterns::{fork_join, pipeline, task_graph};
use workloads::{
    Bank, BulkMap, CheckThenAct, Counter, ForeignCode, Grain, Grid, Histogram, Kernel, KvMix, LogPipeline, Mandelbrot,
    NQueens, Primes, ReferenceCount, Ring, Sort, SumOfSquares, Tree, TreeSum, Uts, WordCount,
};

fn least(run: impl Fn()) -> Duration {
    let one = || {
        let began = Tick::now();
        run();
        began.elapsed()
    };
    (0..5).map(|_| one()).min().unwrap_or_default()
}

fn grows(name: &str, small: impl Fn(), large: impl Fn()) {
    let (small, large) = (least(small), least(large));
    assert!(large >= small * 8, "{name}: {small:?}, and {large:?} for 64 times the work");
}

fn all<W: MapReduce>(workload: W) -> impl Fn() {
    let input = workload.input(1, 1);
    let job = Job { workload, input };
    move || {
        let tasks = job.workload.tasks(&job.input);
        assert_eq!(Share::empty(&job.workload).take_all(&job, 0..tasks).tasks(), tasks as u64);
    }
}

fn script<W: SharedState>(workload: W) -> impl Fn() {
    let input = workload.input(1, 1);
    move || {
        let mut state = State::new(workload.initial(&input));
        workload.script(&input, 0).iter().for_each(|op| drop(state.apply(&workload, op)));
    }
}

fn tree<W: ForkJoin>(workload: W) -> impl Fn() {
    let input = workload.input(1, 1);
    move || {
        let counted = fork_join::sequential(&workload, &input, workload.root(&input));
        assert_eq!(Some(counted.leaves), workload.leaves(&input));
    }
}

fn grid<W: TaskGraph>(workload: W) -> impl Fn() {
    let input = workload.input(1, 1);
    let job = Job { workload, input };
    move || {
        let tasks = job.workload.width() * job.workload.steps();
        assert_eq!(task_graph::sequential(&job).1, tasks as u64);
    }
}

fn items<W: Pipeline>(workload: W) -> impl Fn() {
    let input = workload.input(1, 1);
    let job = Job { workload, input };
    move || {
        let passes = job.workload.items(&job.input) * job.workload.stages() * job.workload.laps();
        assert_eq!(pipeline::sequential(&job).1, passes as u64);
    }
}

#[test]
fn kernels_take_longer_for_more() {
    let grain = |iterations| all(Grain { tasks: Some(64), iterations, imbalance: 0.0 });
    grows("grain", grain(1 << 7), grain(1 << 13));
    let squares = |n| all(SumOfSquares { tasks: 8, n, ..SumOfSquares::default() });
    grows("sum-of-squares", squares(2_000), squares(128_000));
    let primes = |n| all(Primes { n, tasks: 8, ..Primes::default() });
    grows("primes", primes(2_000), primes(128_000));
    let pixels = |size| all(Mandelbrot { size, max_iter: 64, ..Mandelbrot::default() });
    grows("mandelbrot", pixels(16), pixels(128));
    let steps = |max_iter| all(Mandelbrot { size: 16, max_iter, ..Mandelbrot::default() });
    grows("escapes", steps(64), steps(4_096));
    let words = |bytes| all(WordCount { bytes, tasks: 8, ..WordCount::default() });
    grows("word-count", words(16 << 10), words(1 << 20));
    let bulk = |bytes| all(BulkMap { bytes, chunk: 4 << 10, work: 1 });
    grows("bulk-map", bulk(32 << 10), bulk(2 << 20));
    let operations = |work| all(BulkMap { bytes: 16 << 10, chunk: 1 << 10, work });
    grows("operations a byte", operations(4), operations(256));
    let counter = |ops| script(Counter { ops, ..Counter::default() });
    grows("counter", counter(2_000), counter(128_000));
    let inside = |work_inside| script(Counter { ops: 100, work_inside, ..Counter::default() });
    grows("work inside", inside(100), inside(6_400));
    let mixed = |ops| script(KvMix { ops, keys: 256, ..KvMix::default() });
    grows("kv-mix", mixed(2_000), mixed(128_000));
    let histogram = |n| script(Histogram { n, ..Histogram::default() });
    grows("histogram", histogram(2_000), histogram(128_000));
    let mixed = |work_inside| script(KvMix { ops: 100, keys: 256, work_inside, ..KvMix::default() });
    grows("work in a map", mixed(100), mixed(6_400));
    let cache = |ops| script(CheckThenAct { ops, ..CheckThenAct::default() });
    grows("check-then-act", cache(200), cache(12_800));
    let costly = |work| script(CheckThenAct { ops: 100, work, ..CheckThenAct::default() });
    grows("work in a cache", costly(100), costly(6_400));
    let bank = |transfers| script(Bank { transfers, ..Bank::default() });
    grows("bank", bank(2_000), bank(128_000));
    let uses = |uses| script(ReferenceCount { uses, ..ReferenceCount::default() });
    grows("reference-count", uses(1_000), uses(64_000));
    let calls = |work| script(ForeignCode { calls: 20, work, inside: 1.0 });
    grows("foreign-code", calls(100), calls(6_400));
}

#[test]
fn kernels_that_fork_take_longer_for_more() {
    let nodes = |levels: u32| tree(TreeSum { nodes: (1 << levels) - 1, cut_off: 0 });
    grows("tree-sum", nodes(12), nodes(18));
    let alone = |levels: u32| tree(TreeSum { nodes: (1 << levels) - 1, cut_off: 24 });
    grows("tree-sum by a leaf", alone(14), alone(20));
    // 2,057 and 166,926 boards are looked at.
    let queens = |n| tree(NQueens { n, cut_off: 2 });
    grows("n-queens", queens(8), queens(11));
    let uts = |which| tree(Uts { tree: which });
    grows("uts", uts(Tree::TinyGeo), uts(Tree::SmallGeo));
    grows("uts, binomial", uts(Tree::TinyBin), uts(Tree::SmallBin));
    let sort = |n| tree(Sort { n, ..Sort::default() });
    grows("sort", sort(2_000), sort(128_000));
    let merge = |n| tree(Sort { n, cut_off: 1, ..Sort::default() });
    grows("merge", merge(1_000), merge(64_000));
}

#[test]
fn kernels_of_tasks_and_stages_take_longer_for_more() {
    let steps = |steps| grid(Grid { steps: Some(steps), iterations: 64, ..Grid::default() });
    grows("task-graph", steps(2), steps(128));
    for kernel in [Kernel::Compute, Kernel::Memory, Kernel::Imbalance] {
        let iterations = |iterations| grid(Grid { kernel, iterations, width: 16, steps: Some(4), ..Grid::default() });
        grows(&format!("{kernel:?}"), iterations(1 << 8), iterations(1 << 14));
    }
    let hops = |hops| items(Ring { hops, ..Ring::default() });
    grows("ring", hops(2_000), hops(128_000));
    let blocks = |records| items(LogPipeline { records, ..LogPipeline::default() });
    grows("log-pipeline", blocks(2), blocks(128));
    let block = |record| items(LogPipeline { records: 2, record, ..LogPipeline::default() });
    grows("a block", block(2 << 10), block(128 << 10));
}

#[test]
fn an_absent_entry_is_created_and_counted() {
    // Private states of a merge start empty: the first addition to a key finds nothing.
    let counter = Counter::default();
    let input = counter.input(1, 1);
    let mut slot = None;
    counter.write(&counter.script(&input, 0)[0], &mut slot);
    counter.write(&counter.script(&input, 0)[1], &mut slot);
    assert_eq!((&mut slot).get(), Some(&mut 2));
}

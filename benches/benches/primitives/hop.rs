//! `hop`: a token to somebody who waits, and back.

use std::sync::mpsc;
use std::thread;

use benches::clocked;
use benches::ship::Echo;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use ipc_channel::ipc;

use crate::{program, runtime};

const TOKEN: u64 = 7;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hop");
    std_mpsc(&mut group);
    crossbeam(&mut group, "crossbeam-bounded", || crossbeam_channel::bounded(1));
    crossbeam(&mut group, "crossbeam-unbounded", crossbeam_channel::unbounded);
    tokio_mpsc(&mut group);
    ipc_threads(&mut group);
    let mut echo = None;
    group.bench_function("ipc-bytes-processes", |bencher| {
        let echo = echo.get_or_insert_with(|| Echo::start(&program()).expect("a worker process"));
        bencher.iter(|| echo.round_trip(&TOKEN.to_le_bytes()).expect("an echo"));
    });
    group.finish();
}

fn std_mpsc(group: &mut BenchmarkGroup<'_, WallTime>) {
    group.bench_function("std-mpsc", |bencher| {
        let ((there, inbox), (outbox, back)) = (mpsc::channel(), mpsc::channel());
        thread::scope(|scope| {
            scope.spawn(move || inbox.iter().try_for_each(|token: u64| outbox.send(token)));
            bencher.iter(|| {
                there.send(TOKEN).expect("an echo");
                back.recv().expect("an echo")
            });
            drop(there);
        });
    });
}

fn crossbeam(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: &str,
    channel: impl Fn() -> (crossbeam_channel::Sender<u64>, crossbeam_channel::Receiver<u64>),
) {
    group.bench_function(id, |bencher| {
        let ((there, inbox), (outbox, back)) = (channel(), channel());
        thread::scope(|scope| {
            scope.spawn(move || inbox.iter().try_for_each(|token| outbox.send(token)));
            bencher.iter(|| {
                there.send(TOKEN).expect("an echo");
                back.recv().expect("an echo")
            });
            drop(there);
        });
    });
}

/// Between two tasks of a runtime with two threads, which may run both on one.
fn tokio_mpsc(group: &mut BenchmarkGroup<'_, WallTime>) {
    let runtime = runtime();
    group.bench_function("tokio-mpsc", |bencher| {
        bencher.iter_custom(|iterations| {
            let (there, mut inbox) = tokio::sync::mpsc::channel(1);
            let (outbox, mut back) = tokio::sync::mpsc::channel(1);
            runtime.spawn(async move {
                while let Some(token) = inbox.recv().await {
                    if outbox.send(token).await.is_err() {
                        break;
                    }
                }
            });
            let ask = async move {
                for _ in 0..iterations {
                    there.send(TOKEN).await?;
                    back.recv().await;
                }
                anyhow::Ok(())
            };
            let elapsed = clocked(|| runtime.block_on(runtime.spawn(ask))?);
            elapsed.expect("an echo")
        });
    });
}

fn ipc_threads(group: &mut BenchmarkGroup<'_, WallTime>) {
    group.bench_function("ipc-bytes-threads", |bencher| {
        let (there, inbox) = ipc::bytes_channel().expect("a channel");
        let (outbox, back) = ipc::bytes_channel().expect("a channel");
        thread::scope(|scope| {
            scope.spawn(move || {
                while let Ok(token) = inbox.recv() {
                    outbox.send(&token).expect("somebody who waits");
                }
            });
            bencher.iter(|| {
                there.send(&TOKEN.to_le_bytes()).expect("an echo");
                back.recv().expect("an echo")
            });
            drop(there);
        });
    });
}

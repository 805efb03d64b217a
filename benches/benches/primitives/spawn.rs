//! `spawn`: something empty is started and waited for.

use std::thread;

use benches::clocked;
use benches::ship::start_and_end;
use criterion::Criterion;
use rayon::ThreadPoolBuilder;

use crate::{program, runtime};

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("spawn");
    group.bench_function("thread", |bencher| bencher.iter(|| thread::spawn(|| ()).join().expect("no panic")));
    group.bench_function("scoped-thread", |bencher| {
        bencher.iter(|| thread::scope(|scope| scope.spawn(|| ()).join().expect("no panic")));
    });
    let runtime = runtime();
    group.bench_function("tokio-task", |bencher| {
        bencher.iter_custom(|iterations| {
            let from_a_task = || async move {
                for _ in 0..iterations {
                    tokio::spawn(async {}).await?;
                }
                anyhow::Ok(())
            };
            clocked(|| runtime.block_on(runtime.spawn(from_a_task()))?).expect("no panic")
        });
    });
    let pool = ThreadPoolBuilder::new().num_threads(2).build().expect("a pool of two threads");
    let repeated = |iterations, one: fn()| {
        let all = || (0..iterations).for_each(|_| one());
        clocked(|| {
            pool.install(all);
            Ok(())
        })
        .expect("no panic")
    };
    group.bench_function("rayon-spawn", |bencher| {
        bencher.iter_custom(|iterations| repeated(iterations, || rayon::scope(|scope| scope.spawn(|_| ()))));
    });
    group.bench_function("rayon-join", |bencher| {
        bencher.iter_custom(|iterations| repeated(iterations, || _ = rayon::join(|| (), || ())));
    });
    group.bench_function("process", |bencher| {
        bencher.iter(|| start_and_end(&program()).expect("an empty process"));
    });
    group.finish();
}

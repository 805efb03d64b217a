//! `ship`: a message to another process that reads it, by size and way; `batch`: 4096 empty tasks, by messages of one
//! and of 64. As ratios within rounds: `cargo run --release -p benches --bin ship`.

use benches::clocked;
use benches::ship::{Line, Tasks, Way};
use criterion::{Criterion, Throughput};

use crate::program;

const SIZES: [(&str, usize); 4] =
    [("1-kib", 1 << 10), ("16-kib", 16 << 10), ("128-kib", 128 << 10), ("1-mib", 1 << 20)];
const TASKS: u64 = 4096;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ship");
    for (id, size) in SIZES {
        group.throughput(Throughput::Bytes(size as u64));
        for way in Way::ALL {
            let mut line = None;
            group.bench_function(format!("{id}/{}", way.id()), |bencher| {
                let line = line.get_or_insert_with(|| Line::start(&program(), way, size).expect("a worker process"));
                bencher.iter_custom(|messages| clocked(|| line.ship(messages)).expect("what was sent"));
            });
        }
    }
    group.finish();
    let mut group = criterion.benchmark_group("batch");
    group.throughput(Throughput::Elements(TASKS));
    for (id, form) in [("one", Tasks::ONE), ("of-64", Tasks::BATCHED)] {
        let mut worker = None;
        group.bench_function(id, |bencher| {
            let worker = worker.get_or_insert_with(|| Tasks::start(&program(), form).expect("a worker process"));
            bencher.iter(|| worker.run(TASKS).expect("every task"));
        });
    }
    group.finish();
}

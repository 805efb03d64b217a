//! `serialize`: what postcard, the format of ipc-channel, makes of bytes and of a map of words.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_bytes::ByteBuf;

const SIZES: [(&str, usize); 3] = [("1-kib", 1 << 10), ("64-kib", 64 << 10), ("1-mib", 1 << 20)];
const WORDS: u64 = 4096;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("serialize");
    for (id, size) in SIZES {
        let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        group.throughput(Throughput::Bytes(size as u64));
        both_ways(&mut group, &format!("vec/{id}"), &bytes);
        both_ways(&mut group, &format!("byte-buf/{id}"), &ByteBuf::from(bytes));
    }
    let words: HashMap<String, u64> = (0..WORDS).map(|index| (format!("word-{index}"), index)).collect();
    group.throughput(Throughput::Elements(WORDS));
    both_ways(&mut group, "words", &words);
    group.finish();
}

fn both_ways<T: Serialize + DeserializeOwned>(group: &mut BenchmarkGroup<'_, WallTime>, id: &str, value: &T) {
    let message = postcard::to_stdvec(value).expect("serializable");
    group.bench_function(format!("{id}/to"), |bencher| bencher.iter(|| postcard::to_stdvec(black_box(value))));
    group.bench_function(format!("{id}/from"), |bencher| {
        bencher.iter(|| postcard::from_bytes::<T>(black_box(&message)))
    });
}

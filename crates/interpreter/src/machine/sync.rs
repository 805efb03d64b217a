//! What the counts are made of; the tests put loom's parts in place of std's.

pub(crate) use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

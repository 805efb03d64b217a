//! In which counted quantities two cells differ most: a correlation, never said to be the cause.

use results::Cell;

use crate::figures;
use crate::view::median;

/// What two cells were compared by.
pub(crate) struct Difference {
    /// What is counted: `switches`.
    pub(crate) what: &'static str,
    /// Of the first cell, at most five words: `9,443 switches`.
    pub(crate) said: String,
    /// The same without what is counted: `9,443`.
    pub(crate) figure: String,
    /// Of the other: `12`.
    pub(crate) against: String,
}

/// Something that is counted in every cell.
struct Counter {
    what: &'static str,
    of: fn(&Cell) -> Option<f64>,
    /// Where neither cell has so much, a difference says nothing; a zero counts as this much.
    least: f64,
    shown: fn(f64) -> String,
}

const fn counter(what: &'static str, of: fn(&Cell) -> Option<f64>, least: f64, shown: fn(f64) -> String) -> Counter {
    Counter { what, of, least, shown }
}

/// The share by which two figures must differ for it to be worth a word.
const WORTH: f64 = 1.2;

/// Said before the others where it differs: whoever leaves a CPU idle need not be asked what else it did.
const PARALLELISM: Counter = counter("CPUs used", |cell| median(cell, "parallelism"), 0.0, one_decimal);

/// Each of an iteration; memory and system time of a whole sample.
const COUNTERS: [Counter; 11] = [
    counter("switches", |cell| median(cell, "switches_voluntary"), 100.0, whole),
    counter("preemptions", |cell| median(cell, "switches_involuntary"), 100.0, whole),
    counter("run-queue wait", |cell| median(cell, "run_delay_ns"), 1e6, figures::duration),
    counter("CPU time", |cell| median(cell, "cpu_ns"), 1e6, figures::duration),
    // Read by the clock tick: less than a tenth may be one tick.
    counter("system time", system, 0.1, figures::percent),
    counter("locks contended", |cell| median(cell, "lock_contended"), 100.0, whole),
    counter("lock wait", |cell| median(cell, "lock_wait_ns"), 1e6, figures::duration),
    // Shared pages are divided: the peak would count them in every process.
    counter("memory", |cell| median(cell, "pss_bytes"), 1_048_576.0, figures::bytes),
    counter("cache misses", |cell| median(cell, "cache_misses"), 10_000.0, whole),
    counter("messages", |cell| Some(cell.units.messages as f64), 100.0, whole),
    counter("shipped", |cell| Some(cell.units.bytes_shipped as f64), 65_536.0, figures::bytes),
];

/// The `n` quantities in which `a` differs most from `b`: parallelism first, then by the logarithm of the ratio.
pub(crate) fn most(a: &Cell, b: &Cell, n: usize) -> Vec<Difference> {
    let mut all: Vec<(f64, Difference)> = COUNTERS.iter().filter_map(|one| one.between(a, b)).collect();
    all.sort_by(|x, y| y.0.total_cmp(&x.0));
    let all = PARALLELISM.between(a, b).into_iter().chain(all);
    all.take(n).map(|(_, difference)| difference).collect()
}

/// `switches (9,443 against 12) and messages (40,000 against 0)`. Nothing where there is no difference worth a word.
pub(crate) fn listed(differences: &[Difference]) -> Option<String> {
    let one = |it: &Difference| format!("{} ({} against {})", it.what, it.figure, it.against);
    let all: Vec<String> = differences.iter().map(one).collect();
    let (last, others) = all.split_last()?;
    let and = if others.is_empty() { String::new() } else { format!("{} and ", others.join(", ")) };
    Some(format!("{and}{last}"))
}

impl Counter {
    /// How far apart two cells are, and what is said of it; nothing where that is not worth a word, or not known.
    fn between(&self, a: &Cell, b: &Cell) -> Option<(f64, Difference)> {
        let (x, y) = ((self.of)(a)?, (self.of)(b)?);
        if !(x >= 0.0 && y >= 0.0) || x.max(y) < self.least {
            return None;
        }
        let apart = ((x + self.least) / (y + self.least)).ln().abs();
        let (figure, against) = ((self.shown)(x), (self.shown)(y));
        let said = format!("{figure} {}", self.what);
        (apart.is_finite() && apart > WORTH.ln())
            .then_some((apart, Difference { what: self.what, said, figure, against }))
    }
}

/// Share of system time in all CPU time of a sample.
fn system(cell: &Cell) -> Option<f64> {
    let (user, system) = (median(cell, "cpu_user_ns")?, median(cell, "cpu_sys_ns")?);
    (user + system > 0.0).then(|| system / (user + system))
}

fn whole(x: f64) -> String {
    figures::count(x.round())
}

fn one_decimal(x: f64) -> String {
    format!("{x:.1}")
}

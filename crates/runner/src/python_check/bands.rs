//! The bands: what must be seen, and how it is computed from the samples of a round.

use super::experiments::{PRICED, price_of};

/// How a figure comes out of a round.
#[derive(Debug, Clone)]
pub(super) enum Quantity {
    /// A metric of an experiment.
    Metric(&'static str, &'static str),
    /// The elapsed time of one over that of another.
    Ratio(&'static str, &'static str),
    /// The geometric mean, over the priced programs, of the time in one build over that in another.
    Price(&'static str, &'static str),
    /// The elapsed time of all priced programs in a build over their bytecodes.
    NsPerBytecode(&'static str),
}

/// A band.
#[derive(Debug, Clone)]
pub(super) struct Band {
    pub(super) id: &'static str,
    pub(super) topic: &'static str,
    pub(super) about: &'static str,
    pub(super) unit: &'static str,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) deterministic: bool,
    pub(super) published: Option<&'static str>,
    pub(super) quantity: Quantity,
    /// Whether a real interpreter can be asked the same.
    pub(super) real: Option<Quantity>,
}

/// The samples of a round: a metric of an experiment.
pub(super) type Look<'l> = &'l dyn Fn(&str, &str) -> Option<f64>;

impl Quantity {
    /// The figure of a round; `None` where something of it was not measured.
    pub(super) fn of(&self, look: Look<'_>) -> Option<f64> {
        const ELAPSED: &str = "elapsed_ns";
        let ratio = |over: &str, under: &str| Some(look(over, ELAPSED)? / look(under, ELAPSED)?);
        match self {
            Self::Metric(experiment, metric) => look(experiment, metric),
            Self::Ratio(over, under) => ratio(over, under),
            Self::Price(over, under) => {
                let logs =
                    PRICED.iter().map(|program| Some(ratio(&price_of(program, over), &price_of(program, under))?.ln()));
                let logs = logs.collect::<Option<Vec<f64>>>()?;
                Some((logs.iter().sum::<f64>() / logs.len() as f64).exp())
            }
            Self::NsPerBytecode(build) => {
                let sum =
                    |metric| PRICED.iter().map(|program| look(&price_of(program, build), metric)).sum::<Option<f64>>();
                Some(sum(ELAPSED)? / sum("bytecodes")?)
            }
        }
    }

    /// The experiments that it needs.
    pub(super) fn needs(&self) -> Vec<String> {
        let priced = |build: &str| PRICED.iter().map(|program| price_of(program, build)).collect::<Vec<_>>();
        match self {
            Self::Metric(experiment, _) => vec![(*experiment).to_owned()],
            Self::Ratio(over, under) => vec![(*over).to_owned(), (*under).to_owned()],
            Self::Price(over, under) => [priced(over), priced(under)].concat(),
            Self::NsPerBytecode(build) => priced(build),
        }
    }
}

/// The same of a real interpreter.
fn both(quantity: Quantity) -> (Quantity, Option<Quantity>) {
    (quantity.clone(), Some(quantity))
}

/// Of the model alone.
fn ours(quantity: Quantity) -> (Quantity, Option<Quantity>) {
    (quantity, None)
}

struct Rows {
    topic: &'static str,
    rows: Vec<Band>,
}

impl Rows {
    fn add(
        &mut self,
        (id, about): (&'static str, &'static str),
        (unit, low, high): (&'static str, Option<f64>, Option<f64>),
        (quantity, real): (Quantity, Option<Quantity>),
        published: Option<&'static str>,
    ) {
        let topic = self.topic;
        let band = Band { id, topic, about, unit, low, high, deterministic: false, published, quantity, real };
        self.rows.push(band);
    }

    /// What follows from the algorithm: one value.
    fn exact(
        &mut self,
        (id, about): (&'static str, &'static str),
        (unit, value): (&'static str, f64),
        quantities: (Quantity, Option<Quantity>),
        published: Option<&'static str>,
    ) {
        self.add((id, about), (unit, Some(value), Some(value)), quantities, published);
        if let Some(band) = self.rows.last_mut() {
            band.deterministic = true;
        }
    }
}

use Quantity::{Metric, NsPerBytecode, Price, Ratio};

const SHARE: &str = "share";
const COUNT: &str = "count";
const RATIO: &str = "ratio";
const NS: &str = "ns";

/// All bands, by topic.
pub(super) fn all() -> Vec<Band> {
    let mut rows = Rows { topic: "", rows: Vec::new() };
    deterministic(&mut rows);
    lost(&mut rows);
    waiting(&mut rows);
    speed_up(&mut rows);
    counts(&mut rows);
    convoy(&mut rows);
    price(&mut rows);
    rows.rows
}

fn deterministic(rows: &mut Rows) {
    rows.topic = "What follows from the algorithm";
    let lost = "lost_share";
    let (ten, twenty) = ("0 in every run", "0 in every run, 20 threads as well");
    rows.exact(
        ("plus-equals-gil", "d[k] += 1 under the lock, 8 x 10,000: lost"),
        (SHARE, 0.0),
        both(Metric("plus-equals/gil", lost)),
        Some(ten),
    );
    rows.exact(
        ("plus-equals-gil-often", "the same, interval 0.1 ms"),
        (SHARE, 0.0),
        both(Metric("plus-equals/gil/0.1ms", lost)),
        Some(ten),
    );
    rows.exact(
        ("plus-equals-gil-20", "the same, 20 threads, 0.1 ms"),
        (SHARE, 0.0),
        both(Metric("plus-equals/gil/20", lost)),
        Some(twenty),
    );
    rows.exact(
        ("await-in-the-window", "an await between read and write, 8 tasks: lost, (k-1)/k"),
        (SHARE, 7.0 / 8.0),
        ours(Metric("await", lost)),
        Some("exactly 7/8"),
    );
    rows.exact(
        ("lock-gil", "one lock round it, with the global lock: lost"),
        (SHARE, 0.0),
        both(Metric("locked/gil", lost)),
        Some("0"),
    );
    rows.exact(
        ("lock-ft", "one lock round it, without: lost"),
        (SHARE, 0.0),
        both(Metric("locked/ft", lost)),
        Some("0"),
    );
    let errors = "value";
    rows.exact(
        ("get-gil", "d.get(k), one whole look: KeyErrors"),
        (COUNT, 0.0),
        both(Metric("check-then-get/gil", errors)),
        Some("0"),
    );
    rows.exact(
        ("get-ft", "the same, free-threaded"),
        (COUNT, 0.0),
        both(Metric("check-then-get/ft", errors)),
        Some("0"),
    );
}

fn lost(rows: &mut Rows) {
    rows.topic = "Lost updates: 8 x 10,000, 50 squares in the window";
    let gil = (SHARE, Some(0.40), Some(0.75));
    rows.add(
        ("unsafe-gil-lost", "with the lock, 5 ms = 3,700 increments (scaled): lost"),
        gil,
        (Metric("unsafe/gil/scaled", "lost_share"), Some(Metric("unsafe/gil", "lost_share"))),
        Some("56 % to 65 % [42, 75]"),
    );
    rows.add(
        ("unsafe-gil-rollbacks", "in so many rollbacks"),
        (COUNT, Some(0.0), Some(6.0)),
        (Metric("unsafe/gil/scaled", "rollbacks"), Some(Metric("unsafe/gil", "rollbacks"))),
        Some("0 to 3 a run"),
    );
    rows.add(
        ("unsafe-gil-largest", "the largest of them"),
        (COUNT, Some(1e3), Some(2.1e4)),
        (Metric("unsafe/gil/scaled", "rollback_largest"), Some(Metric("unsafe/gil", "rollback_largest"))),
        Some("2,700 to 20,600"),
    );
    rows.add(
        ("unsafe-gil-lost-5ms", "with the lock, interval 5 ms as it is: lost"),
        gil,
        ours(Metric("unsafe/gil", "lost_share")),
        None,
    );
    rows.add(
        ("unsafe-ft-lost", "free-threaded: lost"),
        (SHARE, Some(0.60), Some(0.78)),
        both(Metric("unsafe/ft", "lost_share")),
        Some("74 % [61, 77]"),
    );
    rows.add(
        ("unsafe-ft-rollbacks", "in so many rollbacks"),
        (COUNT, Some(1e2), Some(1.6e3)),
        both(Metric("unsafe/ft", "rollbacks")),
        Some("180 to 1,580 a run"),
    );
    rows.add(
        ("unsafe-ft-median", "the median of them"),
        (COUNT, Some(5.0), Some(50.0)),
        both(Metric("unsafe/ft", "rollback_median")),
        Some("10 to 24"),
    );
    rows.add(
        ("plus-equals-ft", "d[k] += 1, free-threaded: lost"),
        (SHARE, Some(0.0), Some(0.85)),
        both(Metric("plus-equals/ft", "lost_share")),
        Some("78 % [0, 85]"),
    );
    rows.add(
        ("check-then-act-gil", "if k in d: work; d[k], with the lock: KeyErrors of 800,000"),
        (COUNT, None, None),
        both(Metric("check-then-act/gil", "value")),
        Some("2 [2, 4] of 200,000"),
    );
    rows.add(
        ("check-then-act-ft", "the same, free-threaded"),
        (COUNT, None, None),
        both(Metric("check-then-act/ft", "value")),
        Some("178 to 470 of 200,000"),
    );
}

fn waiting(rows: &mut Rows) {
    rows.topic = "A waiting thread beside CPU-bound ones: median round trip";
    let band = |threads: f64, interval: f64| (NS, Some(threads * interval), Some(threads * interval + 350e3));
    let trip = "round_trip_ns";
    rows.add(
        ("echo-5ms", "1 thread computes, interval 5 ms"),
        band(1.0, 5e6),
        both(Metric("echo/gil/5ms", trip)),
        Some("5.133 ms"),
    );
    rows.add(("echo-1ms", "interval 1 ms"), band(1.0, 1e6), both(Metric("echo/gil/1ms", trip)), Some("1.120 ms"));
    rows.add(("echo-0.1ms", "interval 0.1 ms"), band(1.0, 1e5), both(Metric("echo/gil/0.1ms", trip)), Some("0.204 ms"));
    rows.add(("echo-2", "2 threads compute, interval 5 ms"), band(2.0, 5e6), both(Metric("echo/gil/2", trip)), None);
    rows.add(
        ("echo-ft", "free-threaded, 1 thread computes"),
        (NS, None, Some(1e5)),
        both(Metric("echo/ft", trip)),
        Some("11 us"),
    );
}

fn speed_up(rows: &mut Rows) {
    rows.topic = "16 x 10^6 squares on two workers: speed-up over one";
    rows.add(
        ("squares-gil", "the model's threads under the lock (a Rust kernel)"),
        (RATIO, Some(0.90), Some(1.0)),
        ours(Ratio("squares/sequential", "squares/gil")),
        None,
    );
    rows.add(
        ("squares-processes", "processes (a Rust kernel), workers started before"),
        (RATIO, Some(1.8), Some(2.0)),
        (Ratio("squares/sequential", "squares/processes"), Some(Ratio("squares/gil/1", "squares/real-processes"))),
        Some("1.88, start-up apart"),
    );
    rows.add(
        ("squares-interpreter-gil", "the interpreter's threads under the lock"),
        (RATIO, Some(0.90), Some(1.0)),
        both(Ratio("squares/gil/1", "squares/gil/2")),
        Some("0.94 to 1.00"),
    );
    rows.add(
        ("squares-interpreter-ft", "the interpreter's threads, free-threaded"),
        (RATIO, Some(1.75), Some(1.95)),
        both(Ratio("squares/ft/1", "squares/ft/2")),
        Some("1.78 to 1.92"),
    );
}

fn counts(rows: &mut Rows) {
    rows.topic = "Reference counts: rebinding a local to an object, free-threaded, two threads";
    rows.add(
        ("count-shared", "one shared mortal object, over private ones"),
        (RATIO, Some(4.0), Some(6.0)),
        both(Ratio("rebind-shared/2", "rebind-private/2")),
        Some("4.8 (73 ns over 15)"),
    );
    rows.add(
        ("count-immortal", "one shared immortal object, over private ones"),
        (RATIO, Some(0.8), Some(1.25)),
        both(Ratio("rebind-immortal/2", "rebind-private/2")),
        Some("1.2 (18 ns over 15)"),
    );
}

fn convoy(rows: &mut Rows) {
    rows.topic = "The lock convoy, free-threaded: 8 x 10,000 reads and writes under one lock";
    let given_back = (RATIO, Some(4.0), None);
    rows.add(
        ("convoy", "all three factors, over the build with the lock"),
        (RATIO, Some(10.0), None),
        both(Ratio("locked-bare/ft", "locked-bare/gil")),
        Some("28 to 33"),
    );
    rows.add(
        ("convoy-immortal", "over the same with immortal values"),
        given_back,
        both(Ratio("locked-bare/ft", "locked-immortal/ft")),
        Some("16"),
    );
    rows.add(
        ("convoy-private", "over the same with a dict a thread"),
        given_back,
        both(Ratio("locked-bare/ft", "locked-private/ft")),
        Some("19"),
    );
    rows.add(
        ("convoy-plus-equals", "over the same without a check point inside the lock"),
        given_back,
        both(Ratio("locked-bare/ft", "locked-plus-equals/ft")),
        Some("20"),
    );
    rows.add(
        ("convoy-pause", "over the same with waiters that pause instead of yielding"),
        given_back,
        ours(Ratio("locked-bare/ft", "locked-bare/ft/pause")),
        Some("4.8"),
    );
}

fn price(rows: &mut Rows) {
    rows.topic = "One thread: the price of the free-threaded build (geometric mean of six programs)";
    rows.add(
        ("price", "free-threaded over the build with the lock"),
        (RATIO, Some(1.1), Some(1.7)),
        both(Price("free-threaded", "gil")),
        Some("1.63; 1.42 with profile-guided optimization"),
    );
    let shown = (RATIO, None, None);
    rows.add(
        ("price-bias", "indivisible counts instead of biased ones"),
        shown,
        ours(Price("atomic-counts", "gil")),
        None,
    );
    rows.add(("price-counts", "plain counts instead of biased ones"), shown, ours(Price("plain-counts", "gil")), None);
    rows.add(("price-locks", "no locks in objects"), shown, ours(Price("no-object-locks", "gil")), None);
    rows.add(("price-immortal", "nothing immortal"), shown, ours(Price("nothing-immortal", "gil")), None);
    rows.topic = "The interpreter itself";
    rows.add(
        ("speed", "a bytecode in the build with the lock"),
        (NS, None, Some(15.0)),
        ours(NsPerBytecode("gil")),
        None,
    );
}

//! `ship [ROUNDS]`: ways to bring bytes to another process, compared within rounds.
//!
//! Criterion measures one after the other, which says nothing of ratios where the machine is not quiet. Here every round
//! takes one sample of each way in random order, and a ratio is the median over the rounds with its interval.

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use benches::clocked;
use benches::ship::{Line, Tasks, Way, worker};
use harness::statistics::{Contrast, contrast, median};

const ROUNDS: usize = 32;
/// Error of each interval, by itself.
const ALPHA: f64 = 0.05;
/// Ties are not asked for here.
const BAND: f64 = 0.05;
const SIZES: [(&str, usize); 4] =
    [("1 KiB", 1 << 10), ("16 KiB", 16 << 10), ("128 KiB", 128 << 10), ("1 MiB", 1 << 20)];
/// Empty tasks a sample. One worker that is done with a batch before the next comes waits for it: this is the time of a
/// wake-up. `cargo xtask compare grain:iterations=1 --strategy plain,pool,pool-batched` has the pools themselves.
const TASKS: u64 = 4096;

fn main() -> ExitCode {
    if let Some(code) = worker() {
        return code;
    }
    match compare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Result<()> {
    let rounds = match std::env::args().nth(1) {
        None => ROUNDS,
        Some(rounds) => rounds.parse().context("usage: ship [ROUNDS]")?,
    };
    ensure!(rounds > 0, "0 rounds");
    let mut series = all_series()?;
    for series in &mut series {
        series.sample()?; // warm
        series.samples.clear();
    }
    for _ in 0..rounds {
        fastrand::shuffle(&mut series);
        series.iter_mut().try_for_each(Series::sample)?;
    }
    for (label, size) in SIZES {
        let raw = find(&series, label, Way::Seqpacket.id())?;
        println!("\n{label} a message, {rounds} rounds; throughput as a ratio to the raw socket, 95 % interval");
        for way in Way::ALL {
            let this = find(&series, label, way.id())?;
            let us = median(&this.samples) / 1e3;
            let rate = size as f64 / us;
            println!("{:14} {us:10.2} us {rate:8.0} MB/s  {}", way.id(), said(&faster(this, raw)));
        }
    }
    println!(
        "\nan empty task of 16 bytes, to one worker, {rounds} rounds; two messages of 64 on their way, or 16 of one"
    );
    for id in ["one", "of-64"] {
        let this = find(&series, "batch", id)?;
        let ratio = faster(this, find(&series, "batch", "one")?);
        println!("{id:14} {:10.0} ns  {}", median(&this.samples), said(&ratio));
    }
    println!();
    let target = |what: &str, label, this, than, at_least: f64| {
        let ratio = faster(find(&series, label, this)?, find(&series, label, than)?);
        let met = match (ratio.lo, ratio.hi) {
            (Some(lo), _) if lo >= at_least => "met",
            (_, Some(hi)) if hi < at_least => "missed",
            _ => "open",
        };
        println!("{what}: {}, at least {at_least}: {met}", said(&ratio));
        anyhow::Ok(())
    };
    target("bytes-channel over the raw socket at 1 MiB", "1 MiB", "bytes-channel", "seqpacket", 0.85)?;
    target("region-once over bytes-channel at 1 MiB", "1 MiB", "region-once", "bytes-channel", 1.6)?;
    Ok(())
}

/// One thing that is sampled once a round.
struct Series {
    label: &'static str,
    id: &'static str,
    units: u64,
    run: Box<dyn FnMut(u64) -> Result<()>>,
    /// Nanoseconds a unit, in the order of the rounds.
    samples: Vec<f64>,
}

impl Series {
    fn sample(&mut self) -> Result<()> {
        let elapsed = clocked(|| (self.run)(self.units)).with_context(|| format!("{} at {}", self.id, self.label))?;
        self.samples.push(elapsed.as_nanos() as f64 / self.units as f64);
        Ok(())
    }
}

fn all_series() -> Result<Vec<Series>> {
    let program = std::env::current_exe()?;
    let mut all = Vec::new();
    for (label, size) in SIZES {
        for way in Way::ALL {
            let mut line = Line::start(&program, way, size)?;
            // Milliseconds for the fast ways, tenths of a second for the slow.
            let units = ((32 << 20) / size as u64).min(2048);
            let run = Box::new(move |messages| line.ship(messages));
            all.push(Series { label, id: way.id(), units, run, samples: Vec::new() });
        }
    }
    for (id, form) in [("one", Tasks::ONE), ("of-64", Tasks::BATCHED)] {
        let mut tasks = Tasks::start(&program, form)?;
        let run = Box::new(move |count| tasks.run(count));
        all.push(Series { label: "batch", id, units: TASKS, run, samples: Vec::new() });
    }
    Ok(all)
}

fn find<'s>(all: &'s [Series], label: &str, id: &str) -> Result<&'s Series> {
    all.iter().find(|series| series.label == label && series.id == id).context("no such series")
}

/// How many times as fast `this` is as `than`, paired by rounds.
fn faster(this: &Series, than: &Series) -> Contrast {
    contrast(&this.samples, &than.samples, ALPHA, BAND)
}

fn said(ratio: &Contrast) -> String {
    match (ratio.lo, ratio.hi) {
        (Some(lo), Some(hi)) => format!("{:.2} [{lo:.2}, {hi:.2}]", ratio.ratio),
        _ => format!("{:.2} (too few rounds for an interval)", ratio.ratio),
    }
}

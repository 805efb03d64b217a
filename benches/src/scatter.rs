//! How ratios scatter from run to run, and how often identical code is called different: Criterion beside `compare`, read
//! from the folder that the program `scatter` filled.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use harness::statistics::median;
use results::{Run, TwinTest, Verdict};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const REFERENCE: &str = "sequential/plain";
/// The scatter of `compare` over Criterion's.
const GOAL: f64 = 1.0 / 3.0;
/// Error of a test of identical code, by itself: Criterion's significance level.
const ALPHA: f64 = 0.05;
/// Criterion's noise threshold: what lies wholly within is not reported.
const NOISE: f64 = 0.01;
/// What a sample of Criterion should last at least, seconds.
const SAMPLE: f64 = 0.025;

/// What is measured, and how long each way takes for it.
#[derive(Serialize, Deserialize)]
pub struct Settings {
    /// How it was called.
    pub command: String,
    /// Turns.
    pub runs: usize,
    /// Asked for, a run.
    pub seconds: f64,
    /// `WORKLOAD/MODEL/STRATEGY`, the references among them.
    pub cells: Vec<String>,
    /// Criterion's time for a cell, seconds.
    pub each: f64,
    /// Rounds of `compare`.
    pub rounds: u32,
}

impl Settings {
    /// Criterion's warm-up and measurement of a cell, seconds: shares as its defaults have them, 3 s and 5 s.
    #[must_use]
    pub fn warm_up_and_measurement(&self) -> (f64, f64) {
        (self.each * 3.0 / 8.0, self.each * 5.0 / 8.0)
    }

    /// Criterion's samples: an iteration of the slowest cell should fit in each.
    #[must_use]
    pub fn samples(&self) -> u32 {
        (self.warm_up_and_measurement().1 / SAMPLE).clamp(10.0, 100.0) as u32
    }
}

/// One contender in one run: its ratio to the reference.
type Ratios = BTreeMap<String, f64>;

/// What the complete turns of a folder hold.
#[derive(Default)]
struct Turns {
    /// By what Criterion shows, by its medians, and by `compare`; a turn each.
    ratios: [Vec<Ratios>; 3],
    /// As [`changes`] has them, over all turns.
    changes: [usize; 3],
    /// Each A/A test of `selfcheck`.
    twins: Vec<TwinTest>,
    far: BTreeSet<String>,
    foreign: Vec<f64>,
    /// Criterion, `compare`, `selfcheck`; a turn each.
    seconds: [Vec<f64>; 3],
}

/// What a turn runs.
pub const WAYS: [&str; 3] = ["criterion", "compare", "selfcheck"];

impl Turns {
    fn read(out: &Path, settings: &Settings) -> Result<Self> {
        let mut all = Self::default();
        // A measurement that was broken off still says something.
        let turns = (1..=settings.runs).map(|run| out.join(format!("{run:03}")));
        for turn in turns.filter(|turn| WAYS.iter().all(|way| turn.join(way).join("seconds").exists())) {
            let first = all.foreign.is_empty() && all.ratios[0].is_empty();
            let [shown, medians] = estimates(&turn.join("criterion/home"))?;
            let run: Run = json(&turn.join("compare/run/results.json"))?;
            let ours = run.contrasts.iter().map(|contrast| (bare(&contrast.b), contrast.ratio)).collect();
            all.ratios.iter_mut().zip([shown, medians, ours]).for_each(|(all, one)| all.push(one));
            if !first {
                let said = changes(&fs::read_to_string(turn.join("criterion/stdout"))?);
                all.changes.iter_mut().zip(said).for_each(|(sum, said)| *sum += said);
            }
            let checked: Run = json(&turn.join("selfcheck/run/twins/results.json"))?;
            all.twins.extend(checked.trust.twins);
            let far = run.contrasts.iter().filter(|contrast| contrast.verdict == Verdict::Far);
            all.far.extend(far.map(|contrast| bare(&contrast.b)));
            all.foreign.extend(run.trust.foreign_median);
            for (seconds, way) in all.seconds.iter_mut().zip(WAYS) {
                seconds.push(fs::read_to_string(turn.join(way).join("seconds"))?.parse()?);
            }
        }
        let turns = all.ratios[0].len();
        ensure!(turns > 1, "{} has {turns} complete turns; scatter needs two", out.display());
        Ok(all)
    }
}

/// Both tables, in Markdown, with what they are of.
///
/// # Errors
/// Where the folder does not hold two complete turns.
pub fn report(out: &Path) -> Result<String> {
    let settings: Settings = json(&out.join("settings.json"))?;
    let turns = Turns::read(out, &settings)?;
    let (warm_up, measured) = settings.warm_up_and_measurement();
    let Settings { command, cells, rounds, .. } = &settings;
    let [theirs, ours, checked] = turns.seconds.each_ref().map(|seconds| median(seconds));
    let (foreign, samples) = (100.0 * median(&turns.foreign), settings.samples());
    let mut text = format!(
        "`{command}`\n\n{} runs each, in turn, of {} cells. A run of Criterion takes {theirs:.1} s ({warm_up:.2} s of \
        warm-up and {measured:.2} s of measurement a cell, {samples} samples), of `compare` {ours:.1} s ({rounds} rounds), \
        of `selfcheck`, with a twin of every cell and the same rounds, {checked:.1} s. Foreign load {foreign:.1} %.\n\n",
        turns.seconds[0].len(),
        cells.len()
    );
    scatter(&mut text, &turns, cells)?;
    identical(&mut text, &turns)?;
    if !turns.far.is_empty() {
        let far: Vec<&str> = turns.far.iter().map(String::as_str).collect();
        writeln!(text, "\nFar in some run, and so measured three times only: {}.", far.join(", "))?;
    }
    Ok(text)
}

fn scatter(text: &mut String, turns: &Turns, cells: &[String]) -> Result<()> {
    *text += "| contender / reference | Criterion's mean | scatter | its median: scatter | `compare` | scatter | of \
        Criterion's |\n|---|--:|--:|--:|--:|--:|--:|\n";
    let mut all = [const { Vec::new() }; 4];
    for cell in cells.iter().filter(|cell| reference(cell) != **cell) {
        let [shown, medians, ours] = turns.ratios.each_ref().map(|runs| spread(runs, cell));
        let ((theirs, a), (_, b), (ours, c)) = (shown?, medians?, ours?);
        let share = c / a;
        let [a, b, c] = [a, b, c].map(|scatter| 100.0 * scatter);
        writeln!(text, "| `{cell}` | {theirs:.3} | {a:.1} % | {b:.1} % | {ours:.3} | {c:.1} % | {share:.2} |")?;
        all.iter_mut().zip([a, b, c, share]).for_each(|(all, one)| all.push(one));
    }
    let [a, b, c, share] = all.map(|all| median(&all));
    let met = if share <= GOAL { "met" } else { "missed" };
    writeln!(text, "| median | | {a:.1} % | {b:.1} % | | {c:.1} % | {share:.2} |")?;
    writeln!(text, "\nGoal: at most {GOAL:.2}: {met}.\n")?;
    Ok(())
}

fn identical(text: &mut String, turns: &Turns) -> Result<()> {
    let noise = 100.0 * NOISE;
    writeln!(text, "| identical code | tests | p < {ALPHA} | and beyond {noise:.0} % |\n|---|--:|--:|--:|")?;
    let ours = separated(&turns.twins);
    for (name, [tests, different, reported]) in
        [("Criterion, a run against the one before", turns.changes), ("`selfcheck`, a twin in the same rounds", ours)]
    {
        let [p, q] = [different, reported].map(|count| 100.0 * count as f64 / tests.max(1) as f64);
        writeln!(text, "| {name} | {tests} | {different} ({p:.1} %) | {reported} ({q:.1} %) |")?;
    }
    let centre = median(&turns.twins.iter().map(|twin| twin.ratio).collect::<Vec<_>>());
    writeln!(text, "\nMedian ratio of twins to what they are copies of: {centre:.4}.")?;
    Ok(())
}

/// Ratio and scatter of a contender: the mean of `ln ratio` over runs, and its standard deviation.
fn spread(runs: &[Ratios], cell: &str) -> Result<(f64, f64)> {
    let logs = runs.iter().map(|run| run.get(cell).map(|ratio| ratio.ln()));
    let logs = logs.collect::<Option<Vec<f64>>>().with_context(|| format!("{cell} was not measured in every run"))?;
    let n = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let squares: f64 = logs.iter().map(|log| (log - mean).powi(2)).sum();
    Ok((mean.exp(), (squares / (n - 1.0)).sqrt()))
}

/// Ratios by what Criterion shows (the slope, or the mean where its samples are of one length, as ours are), and by its
/// medians.
fn estimates(home: &Path) -> Result<[Ratios; 2]> {
    let (mut shown, mut medians) = (Ratios::new(), Ratios::new());
    for new in folders(home)?.iter().map(|group| folders(group)).collect::<Result<Vec<_>>>()?.concat() {
        let new = new.join("new");
        if !new.join("benchmark.json").exists() {
            continue; // a summary
        }
        let (id, estimates): (Value, Value) = (json(&new.join("benchmark.json"))?, json(&new.join("estimates.json"))?);
        let id = bare(id["full_id"].as_str().context("a benchmark without an ID")?);
        let typical = if estimates["slope"].is_null() { &estimates["mean"] } else { &estimates["slope"] };
        for (into, estimate) in [(&mut shown, typical), (&mut medians, &estimates["median"])] {
            into.insert(id.clone(), estimate["point_estimate"].as_f64().context("no estimate")?);
        }
    }
    let ratios = |times: Ratios| -> Ratios {
        times.iter().filter_map(|(cell, time)| Some((cell.clone(), time / times.get(&reference(cell))?))).collect()
    };
    Ok([ratios(shown), ratios(medians)])
}

/// Comparisons in what Criterion printed, those with p < 0.05, and those it calls an improvement or a regression: p < 0.05
/// and the interval of the change beyond its noise threshold of 1 %.
fn changes(stdout: &str) -> [usize; 3] {
    let count = |sentence: &str| stdout.lines().filter(|line| line.trim() == sentence).count();
    let reported = count("Performance has improved.") + count("Performance has regressed.");
    let different = reported + count("Change within noise threshold.");
    [different + count("No change in performance detected."), different, reported]
}

/// As [`changes`]: tested, separated, and separated by more than Criterion's threshold.
fn separated(twins: &[TwinTest]) -> [usize; 3] {
    let beyond = |twin: &&TwinTest| twin.lo > 1.0 + NOISE || twin.hi < 1.0 - NOISE;
    [twins.len(), twins.iter().filter(|twin| twin.separated).count(), twins.iter().filter(beyond).count()]
}

/// `primes/threads/static/w2` without its workers.
fn bare(id: &str) -> String {
    id.rsplit_once("/w").map_or(id, |(bare, _)| bare).to_owned()
}

/// The cell that the ratios of this one are to.
#[must_use]
pub fn reference(cell: &str) -> String {
    format!("{}/{REFERENCE}", cell.split('/').next().unwrap_or_default())
}

fn folders(of: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(of).with_context(|| of.display().to_string())?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.is_dir() && path.file_name() != Some(OsStr::new("report"))).collect())
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read(path).with_context(|| path.display().to_string())?;
    serde_json::from_slice(&text).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scatter_is_the_deviation_of_logs() {
        let run = |ratio| Ratios::from([("w/m/s".to_owned(), ratio)]);
        let (ratio, scatter) = spread(&[run(1.0), run(4.0)], "w/m/s").unwrap();
        assert!((ratio - 2.0).abs() < 1e-12 && (scatter - 2f64.ln() * 2f64.sqrt()).abs() < 1e-12, "{ratio} {scatter}");
        assert!(spread(&[run(1.0), Ratios::new()], "w/m/s").is_err());
    }

    #[test]
    fn what_criterion_says_is_counted() {
        let said = "change: [..] (p = 0.00 < 0.05)\n   Performance has regressed.\nFound 1 outliers\n   No change in \
            performance detected.\n  Change within noise threshold.\n  Performance has improved.\n";
        assert_eq!(changes(said), [4, 3, 2]);
    }

    #[test]
    fn twins_are_counted() {
        let twin = |separated, (lo, hi)| {
            let cell = String::from("primes/threads/static/w2");
            TwinTest { cell, ratio: 1.0, lo, hi, rounds: 16, separated, quiet: None }
        };
        let twins = [twin(true, (1.001, 1.02)), twin(true, (0.8, 0.98)), twin(false, (0.9, 1.1))];
        assert_eq!(separated(&twins), [3, 2, 1]);
    }

    #[test]
    fn names() {
        assert_eq!(bare("primes/threads/static/w2"), "primes/threads/static");
        assert_eq!(reference("primes/threads/static"), "primes/sequential/plain");
    }
}

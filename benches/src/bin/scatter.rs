//! `scatter [--runs N] [--seconds S] [--cells A,B,..]`: the same cells measured by Criterion and by `crossover compare`,
//! in turn and in equal time. How far do their ratios scatter from run to run, and how often is identical code called
//! different?
//!
//! A turn is three runs: Criterion, `compare`, and `compare` with a copy of every cell; every second turn goes backwards.
//! All they wrote stays in the folder `--out`, and `--replay FOLDER` computes the tables from it again.
//!
//! `scatter __as MODEL STRATEGY PROGRAM` is a copy: a contender of another name that is the same cell of the same program.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{Write as _, stdin};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use benches::clocked;
use harness::statistics::{contrast, median};
use results::Run;
use results::journal::{Event, Outcome};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const CELLS: &str = "primes/sequential/plain,primes/threads/static,primes/threads/queue,primes/data-parallel/par-iter,\
    primes/async/spawn,counter/sequential/plain,counter/threads/mutex,counter/threads/atomic,counter/async/mutex,\
    counter/processes/shared-atomic";
const REFERENCE: &str = "sequential/plain";
/// The scatter of `compare` over Criterion's.
const GOAL: f64 = 1.0 / 3.0;
/// Error of a test of identical code, by itself: Criterion's significance level.
const ALPHA: f64 = 0.05;
/// Criterion's noise threshold: what lies wholly within is not reported.
const NOISE: f64 = 0.01;
/// Shares of Criterion's time as its defaults have them: 3 s of warm-up, 5 s of measurement.
const WARM_UP: f64 = 3.0 / 8.0;
/// What a sample of Criterion should last at least, seconds: as long as an iteration of the slowest cell.
const SAMPLE: f64 = 0.025;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["__as", model, strategy, program] => serve_as(model, strategy, program),
        ["--replay", folder] => report(Path::new(folder)),
        options => Bench::read(options).and_then(|bench| bench.run()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Hands every line on, the configuration with another name in it. Between `go` and `done` it waits for the next line.
fn serve_as(model: &str, strategy: &str, program: &str) -> Result<()> {
    let mut child = Command::new(program).arg("__sample").stdin(Stdio::piped()).spawn()?;
    let mut to = child.stdin.take().context("no pipe")?;
    for line in stdin().lines() {
        to.write_all(renamed(&line?, model, strategy)?.as_bytes())?;
    }
    drop(to);
    let status = child.wait()?;
    ensure!(status.success(), "{program} ended with {status}");
    Ok(())
}

fn renamed(line: &str, model: &str, strategy: &str) -> Result<String> {
    let Some(config) = line.strip_prefix("config ") else { return Ok(format!("{line}\n")) };
    let mut config: Value = serde_json::from_str(config)?;
    config["model"] = model.into();
    config["strategy"] = strategy.into();
    Ok(format!("config {config}\n"))
}

/// What is measured, and how long each way takes for it.
#[derive(Serialize, Deserialize)]
struct Settings {
    runs: usize,
    seconds: f64,
    cells: Vec<String>,
    /// Criterion's time for a cell, seconds.
    each: f64,
    /// Rounds of `compare`.
    rounds: u32,
    /// With a copy of every cell.
    rounds_copied: u32,
}

impl Settings {
    fn samples(&self) -> u32 {
        (self.each * (1.0 - WARM_UP) / SAMPLE).clamp(10.0, 100.0) as u32
    }
}

struct Bench {
    settings: Settings,
    program: PathBuf,
    criterion: PathBuf,
    out: PathBuf,
}

impl Bench {
    fn read(options: &[&str]) -> Result<Self> {
        const USAGE: &str = "usage: scatter [--runs N] [--seconds S] [--cells WORKLOAD/MODEL/STRATEGY,..] \
            [--out FOLDER] [--program CROSSOVER] [--bench EXECUTABLE] | scatter --replay FOLDER";
        let given: BTreeMap<&str, &str> = options
            .chunks(2)
            .map(|pair| Some((*pair.first()?, *pair.get(1)?)))
            .collect::<Option<_>>()
            .context(USAGE)?;
        let known = ["--runs", "--seconds", "--cells", "--out", "--program", "--bench"];
        ensure!(given.keys().all(|name| known.contains(name)), USAGE);
        let runs = given.get("--runs").unwrap_or(&"10").parse().context(USAGE)?;
        let seconds: f64 = given.get("--seconds").unwrap_or(&"20").parse().context(USAGE)?;
        ensure!(runs > 1 && seconds > 0.0, "scatter needs two runs at least, and time");
        let cells: Vec<String> = given.get("--cells").unwrap_or(&CELLS).split(',').map(str::to_owned).collect();
        let referred = |cell: &String| cells.contains(&reference(cell));
        ensure!(cells.iter().all(referred), "the sequential reference of each workload must be among the cells");
        let out = given.get("--out").map_or_else(|| PathBuf::from("reports/scatter"), PathBuf::from);
        ensure!(!out.exists(), "{} exists; name a new folder with --out", out.display());
        let beside = std::env::current_exe()?.with_file_name("crossover");
        let program = given.get("--program").map_or(beside, PathBuf::from);
        let program = program.canonicalize().context("no `crossover`; cargo build --release, or --program")?;
        let criterion = given.get("--bench").map_or_else(built, |path| Ok(PathBuf::from(path)))?.canonicalize()?;
        let settings =
            Settings { runs, each: seconds / cells.len() as f64, seconds, cells, rounds: 3, rounds_copied: 3 };
        Ok(Self { settings, program, criterion, out })
    }

    fn run(mut self) -> Result<()> {
        // The second go has a start near the truth.
        for go in 1..=2 {
            let folder = self.out.join(format!("calibration-{go}"));
            let excess = self.criterion(&folder.join("criterion"), &folder.join("home"))? - self.settings.seconds;
            self.settings.each = (self.settings.each - excess / self.settings.cells.len() as f64).max(0.05);
            let (ours, copied) = (folder.join("compare"), folder.join("copied"));
            let took = self.compare(&ours, false)?;
            self.settings.rounds = affordable(self.settings.seconds, took, &ours)?;
            let took = self.compare(&copied, true)?;
            self.settings.rounds_copied = affordable(self.settings.seconds, took, &copied)?;
        }
        fs::write(self.out.join("settings.json"), serde_json::to_string_pretty(&self.settings)?)?;
        for run in 1..=self.settings.runs {
            eprintln!("turn {run} of {}", self.settings.runs);
            let folder = self.out.join(format!("{run:03}"));
            let mut ways = ["criterion", "compare", "copied"];
            if run % 2 == 0 {
                ways.reverse();
            }
            for way in ways {
                match way {
                    "criterion" => self.criterion(&folder.join(way), &self.out.join("home"))?,
                    _ => self.compare(&folder.join(way), way == "copied")?,
                };
            }
        }
        report(&self.out)
    }

    /// Criterion compares with what stands in `home` from the run before.
    fn criterion(&self, folder: &Path, home: &Path) -> Result<f64> {
        let Settings { cells, each, .. } = &self.settings;
        let (warm_up, measured) = (each * WARM_UP, each * (1.0 - WARM_UP));
        let mut command = Command::new(&self.criterion);
        command.env("CRITERION_HOME", std::path::absolute(home)?).arg("--bench");
        command.args(["--warm-up-time", &warm_up.to_string(), "--measurement-time", &measured.to_string()]);
        command.args(["--sample-size", &self.settings.samples().to_string()]);
        command.arg(format!("^({})/w", cells.join("|")));
        let took = timed(command, folder)?;
        let copied = Command::new("cp").arg("-r").arg(home).arg(folder.join("home")).status()?;
        ensure!(copied.success(), "failed to copy {}", home.display());
        Ok(took)
    }

    fn compare(&self, folder: &Path, copied: bool) -> Result<f64> {
        let Settings { cells, rounds, rounds_copied, .. } = &self.settings;
        let mut command = Command::new(&self.program);
        command.arg("compare").arg("--out").arg(folder.join("run"));
        command.args(["--format", "json", "--progress", "none", "--rounds"]);
        command.arg(if copied { rounds_copied } else { rounds }.to_string());
        command.args(cells.iter().map(|cell| format!("{cell}/w")));
        if copied {
            command.args(cells.iter().map(|cell| format!("{}/w", copy(cell))));
            let mut contenders: Vec<&str> = cells.iter().filter_map(|cell| Some(cell.split_once('/')?.1)).collect();
            contenders.sort_unstable();
            contenders.dedup();
            let this = std::env::current_exe()?;
            for contender in contenders {
                let (model, strategy) = contender.split_once('/').context("a cell is WORKLOAD/MODEL/STRATEGY")?;
                let (this, program) = (this.display(), self.program.display());
                command.arg("--contender");
                command.arg(format!("copy/{model}-{strategy}={this} __as {model} {strategy} {program}"));
            }
        }
        timed(command, folder)
    }
}

/// Where Cargo put the bench over the matrix.
fn built() -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["bench", "-p", "benches", "--bench", "matrix", "--no-run", "--message-format=json"]);
    let output = command.stderr(Stdio::inherit()).output().context("failed to build the bench")?;
    ensure!(output.status.success(), "failed to build the bench; give its path with --bench");
    let lines = String::from_utf8(output.stdout)?;
    let messages = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let executable = |message: Value| {
        let path = message["executable"].as_str().map(PathBuf::from);
        path.filter(|_| message["target"]["name"] == "matrix")
    };
    messages.filter_map(executable).last().context("Cargo names no executable; give its path with --bench")
}

/// Runs it to its end, keeps what it says in `folder`, and how many seconds it took.
fn timed(mut command: Command, folder: &Path) -> Result<f64> {
    fs::create_dir_all(folder)?;
    let mut output = None;
    let took = clocked(|| {
        output = Some(command.output()?);
        Ok(())
    });
    let took = took.with_context(|| format!("{:?}", command.get_program()))?.as_secs_f64();
    let output = output.context("it did not run")?;
    fs::write(folder.join("stdout"), &output.stdout)?;
    fs::write(folder.join("stderr"), &output.stderr)?;
    fs::write(folder.join("seconds"), took.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{:?} ended with {}: {said}", command.get_program(), output.status);
    // It would be another cell than `compare` has.
    ensure!(!said.contains("benched at the smoke size"), "a cell is too slow for the bench: {said}");
    Ok(took)
}

/// Rounds that fit, going by a run: what it took beside its rounds it will take again.
fn affordable(seconds: f64, took: f64, folder: &Path) -> Result<u32> {
    let events = harness::journal::read(&folder.join("run/samples.jsonl"))?.events;
    let rounds = events.iter().filter_map(|event| if let Event::Round(round) = event { Some(round) } else { None });
    let (last, wall_ns) = rounds.fold((1, 0), |(last, sum), round| (last.max(round.round), sum + round.wall_ns));
    let in_rounds = wall_ns as f64 / 1e9;
    Ok(((seconds - (took - in_rounds)) * f64::from(last) / in_rounds).clamp(1.0, 10_000.0) as u32)
}

/// One contender in one run: its ratio to the reference.
type Ratios = BTreeMap<String, f64>;

fn report(out: &Path) -> Result<()> {
    let settings: Settings = json(&out.join("settings.json"))?;
    // A run that was broken off still says something.
    let turns: Vec<PathBuf> = (1..=settings.runs).map(|run| out.join(format!("{run:03}"))).collect();
    let complete =
        |turn: &&PathBuf| ["criterion", "compare", "copied"].iter().all(|way| turn.join(way).join("seconds").exists());
    let turns: Vec<PathBuf> = turns.iter().filter(complete).cloned().collect();
    ensure!(turns.len() > 1, "{} has {} complete turns; scatter needs two", out.display(), turns.len());
    let (mut shown, mut medians, mut ours) = (Vec::new(), Vec::new(), Vec::new());
    let (mut foreign, mut theirs, mut copies) = (Vec::new(), [0; 3], Vec::new());
    for (index, turn) in turns.iter().enumerate() {
        let [mean, median] = estimates(&turn.join("criterion/home"))?;
        shown.push(mean);
        medians.push(median);
        if index > 0 {
            let said = changes(&fs::read_to_string(turn.join("criterion/stdout"))?);
            theirs.iter_mut().zip(said).for_each(|(sum, said)| *sum += said);
        }
        let run: Run = json(&turn.join("compare/run/results.json"))?;
        foreign.extend(run.trust.foreign_median);
        ours.push(run.contrasts.iter().map(|contrast| (bare(&contrast.b), contrast.ratio)).collect::<Ratios>());
        copies.extend(pairs(&harness::journal::read(&turn.join("copied/run/samples.jsonl"))?.events, &settings.cells)?);
    }
    let took = |way: &str| -> Result<f64> {
        let each = turns.iter().map(|turn| Ok(fs::read_to_string(turn.join(way).join("seconds"))?.parse()?));
        Ok(median(&each.collect::<Result<Vec<f64>>>()?))
    };
    let Settings { seconds, each, rounds, rounds_copied, runs, cells } = &settings;
    println!("`cargo run --release -p benches --bin scatter -- --runs {runs} --seconds {seconds}`");
    println!(
        "{} runs each, in turn, of {} cells. A run of Criterion: {:.1} s ({:.2} s of warm-up and {:.2} s of measurement \
        a cell, {} samples); of compare: {:.1} s ({rounds} rounds); with copies: {:.1} s ({rounds_copied} rounds). Foreign \
        load {:.1} %.\n",
        turns.len(),
        cells.len(),
        took("criterion")?,
        each * WARM_UP,
        each * (1.0 - WARM_UP),
        settings.samples(),
        took("compare")?,
        took("copied")?,
        100.0 * median(&foreign)
    );
    println!(
        "| contender / reference | Criterion's mean | scatter | its median, scatter | compare | scatter | scatter, \
        compare / Criterion |\n|---|--:|--:|--:|--:|--:|--:|"
    );
    let mut all = [const { Vec::new() }; 4];
    for cell in cells.iter().filter(|cell| reference(cell) != **cell) {
        let [(mean, a), (_, b), (ratio, c)] = [spread(&shown, cell)?, spread(&medians, cell)?, spread(&ours, cell)?];
        println!(
            "| `{cell}` | {mean:.3} | {:.1} % | {:.1} % | {ratio:.3} | {:.1} % | {:.2} |",
            a * 1e2,
            b * 1e2,
            c * 1e2,
            c / a
        );
        all.iter_mut().zip([a, b, c, c / a]).for_each(|(all, one)| all.push(one));
    }
    let [a, b, c, quotient] = all.map(|all| median(&all));
    let met = if quotient <= GOAL { "met" } else { "missed" };
    println!("| median | | {:.1} % | {:.1} % | | {:.1} % | {quotient:.2} |", a * 1e2, b * 1e2, c * 1e2);
    println!("\nGoal: at most {GOAL:.2}: {met}.\n");
    println!("| identical code | tests | p < {ALPHA} | and beyond {:.0} % |\n|---|--:|--:|--:|", NOISE * 1e2);
    let row = |name: &str, [tests, different, reported]: [usize; 3]| {
        let share = |count: usize| 100.0 * count as f64 / tests.max(1) as f64;
        println!(
            "| {name} | {tests} | {different} ({:.1} %) | {reported} ({:.1} %) |",
            share(different),
            share(reported)
        );
    };
    row("Criterion, a run against the one before", theirs);
    row("compare, a copy in the same rounds", separated(&copies));
    let centre = median(&copies.iter().map(|pair| pair.0).collect::<Vec<_>>());
    println!("\nMedian ratio of copies to what they are copies of: {centre:.4}.");
    if copies.iter().any(|pair| pair.1.is_none()) {
        println!(
            "Too few rounds for an interval in some pairs: those count as not different. More seconds are needed."
        );
    }
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

/// A copy against its original in the rounds of a run: ratio and interval.
type Pair = (f64, Option<(f64, f64)>);

fn pairs(events: &[Event], cells: &[String]) -> Result<Vec<Pair>> {
    let mut times: BTreeMap<String, BTreeMap<u32, f64>> = BTreeMap::new();
    for event in events {
        if let Event::Sample(sample) = event
            && let Outcome::Measured { elapsed_ns, .. } = &sample.outcome
            && sample.round > 0
        {
            let mean = elapsed_ns.iter().sum::<u64>() as f64 / elapsed_ns.len() as f64;
            times.entry(bare(&sample.cell)).or_default().insert(sample.round, mean);
        }
    }
    let pair = |cell: &String| {
        let (Some(one), Some(other)) = (times.get(cell), times.get(&copy(cell))) else {
            bail!("{cell} or its copy was not measured");
        };
        let both = one.iter().filter_map(|(round, time)| Some((*time, *other.get(round)?)));
        let (one, other): (Vec<f64>, Vec<f64>) = both.unzip();
        let contrast = contrast(&one, &other, ALPHA, NOISE);
        Ok((contrast.ratio, contrast.lo.zip(contrast.hi)))
    };
    cells.iter().map(pair).collect()
}

/// As [`changes`]: tested, separated, and separated by more than Criterion's threshold.
fn separated(pairs: &[Pair]) -> [usize; 3] {
    let beyond = |band: f64| {
        let outside = |(lo, hi): (f64, f64)| lo > 1.0 + band || hi < 1.0 - band;
        pairs.iter().filter(|(_, interval)| interval.is_some_and(outside)).count()
    };
    [pairs.len(), beyond(0.0), beyond(NOISE)]
}

/// `primes/threads/static/w2` without its workers.
fn bare(id: &str) -> String {
    id.rsplit_once("/w").map_or(id, |(bare, _)| bare).to_owned()
}

fn reference(cell: &str) -> String {
    format!("{}/{REFERENCE}", cell.split('/').next().unwrap_or_default())
}

/// `primes/copy/threads-static` of `primes/threads/static`.
fn copy(cell: &str) -> String {
    cell.rsplit_once('/')
        .map_or_else(String::new, |(head, strategy)| format!("{head}-{strategy}"))
        .replacen('/', "/copy/", 1)
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
    fn intervals_are_counted() {
        let pairs = [(1.0, None), (1.005, Some((1.001, 1.02))), (0.9, Some((0.8, 0.98))), (1.0, Some((0.9, 1.1)))];
        assert_eq!(separated(&pairs), [4, 2, 1]);
    }

    #[test]
    fn names() {
        assert_eq!(bare("primes/threads/static/w2"), "primes/threads/static");
        assert_eq!(reference("primes/threads/static"), "primes/sequential/plain");
        assert_eq!(copy("counter/data-parallel/par-iter"), "counter/copy/data-parallel-par-iter");
    }

    #[test]
    fn only_the_configuration_is_renamed() {
        assert_eq!(renamed("go", "threads", "static").unwrap(), "go\n");
        let renamed = renamed(r#"config {"model":"copy","strategy":"x","more":1}"#, "threads", "static").unwrap();
        let config: Value = serde_json::from_str(renamed.strip_prefix("config ").unwrap()).unwrap();
        assert_eq!(config, serde_json::json!({ "model": "threads", "strategy": "static", "more": 1 }));
    }
}

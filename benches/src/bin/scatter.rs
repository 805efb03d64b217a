//! `scatter [--runs N] [--seconds S] [--cells A,B,..]`: the same cells measured by Criterion and by `crossover compare`,
//! in turn and in equal time. How far do their ratios scatter from run to run, and how often is identical code called
//! different?
//!
//! A turn is three runs: Criterion, `compare`, and `selfcheck` with a twin of every cell; every second turn goes
//! backwards. All they wrote stays in the folder `--out`, and `--replay FOLDER` computes the tables from it again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, ensure};
use benches::clocked;
use benches::scatter::{Settings, WAYS, reference, report};
use results::journal::Event;
use serde_json::Value;

const CELLS: &str = "primes/sequential/plain,primes/threads/static,primes/threads/queue,primes/data-parallel/par-iter,\
    primes/async/spawn,counter/sequential/plain,counter/threads/mutex,counter/threads/atomic,counter/async/sync-mutex,\
    counter/processes/shared-atomic";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--replay", folder] => report(Path::new(folder)).map(|tables| print!("{tables}")),
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
        let out = given.get("--out").map_or_else(|| PathBuf::from("reports/runs/scatter"), PathBuf::from);
        ensure!(!out.exists(), "{} exists; name a new folder with --out", out.display());
        let beside = std::env::current_exe()?.with_file_name("crossover");
        let program = given.get("--program").map_or(beside, PathBuf::from);
        let program = program.canonicalize().context("no `crossover`; cargo build --release, or --program")?;
        let criterion = given.get("--bench").map_or_else(built, |path| Ok(PathBuf::from(path)))?.canonicalize()?;
        let command = format!("cargo run --release -p benches --bin scatter -- {}", options.join(" "));
        let command = command.trim_end_matches([' ', '-']).to_owned();
        let settings = Settings { command, runs, each: seconds / cells.len() as f64, seconds, cells, rounds: 3 };
        Ok(Self { settings, program, criterion, out })
    }

    fn run(mut self) -> Result<()> {
        // The second go has a start near the truth.
        for go in 1..=2 {
            let folder = self.out.join(format!("calibration-{go}"));
            let excess = self.criterion(&folder.join("criterion"), &folder.join("home"))? - self.settings.seconds;
            self.settings.each = (self.settings.each - excess / self.settings.cells.len() as f64).max(0.05);
            let ours = folder.join("compare");
            let took = self.ours("compare", &ours)?;
            self.settings.rounds = affordable(self.settings.seconds, took, &ours)?;
        }
        fs::write(self.out.join("settings.json"), serde_json::to_string_pretty(&self.settings)?)?;
        for run in 1..=self.settings.runs {
            eprintln!("turn {run} of {}", self.settings.runs);
            let folder = self.out.join(format!("{run:03}"));
            let mut ways = WAYS;
            if run % 2 == 0 {
                ways.reverse();
            }
            for way in ways {
                match way {
                    "criterion" => self.criterion(&folder.join(way), &self.out.join("home"))?,
                    _ => self.ours(way, &folder.join(way))?,
                };
            }
        }
        print!("{}", report(&self.out)?);
        Ok(())
    }

    /// Criterion compares with what stands in `home` from the run before.
    fn criterion(&self, folder: &Path, home: &Path) -> Result<f64> {
        let (warm_up, measured) = self.settings.warm_up_and_measurement();
        let mut command = Command::new(&self.criterion);
        command.env("CRITERION_HOME", std::path::absolute(home)?).arg("--bench");
        command.args(["--warm-up-time", &warm_up.to_string(), "--measurement-time", &measured.to_string()]);
        command.args(["--sample-size", &self.settings.samples().to_string()]);
        command.arg(format!("^({})/w", self.settings.cells.join("|")));
        let took = timed(command, folder)?;
        let copied = Command::new("cp").arg("-r").arg(home).arg(folder.join("home")).status()?;
        ensure!(copied.success(), "failed to copy {}", home.display());
        Ok(took)
    }

    /// `compare`, or `selfcheck` with a twin of every cell: as many as there can be.
    fn ours(&self, verb: &str, folder: &Path) -> Result<f64> {
        let mut command = Command::new(&self.program);
        command.arg(verb).arg("--out").arg(folder.join("run"));
        let rounds = if verb == "compare" { self.settings.rounds } else { self.settings.rounds.max(6) };
        command.args(["--progress", "none", "--rounds", &rounds.to_string()]);
        if verb == "compare" {
            command.args(["--format", "json"]);
        } else {
            command.args(["--twins", "20"]);
        }
        command.args(self.settings.cells.iter().map(|cell| format!("{cell}/w")));
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
    messages.filter_map(executable).next_back().context("Cargo names no executable; give its path with --bench")
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
    let said = String::from_utf8_lossy(&output.stderr);
    // A run that is not trusted (4) is a result.
    let ended = output.status.success() || output.status.code() == Some(4);
    ensure!(ended, "{:?} ended with {}: {said}", command.get_program(), output.status);
    // It would be another cell than `compare` has.
    ensure!(!said.contains("benched at the smoke size"), "a cell is too slow for the bench: {said}");
    fs::write(folder.join("seconds"), took.to_string())?;
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

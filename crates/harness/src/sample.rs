//! The contender's side of [`protocol`](crate::protocol), for cells of a suite.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::num::NonZeroUsize;

use patterns::cell::{self, Cell, CheckedRound, Digest, Session};
use patterns::{Error, Respawn, Start};
use results::Units;
use serde::de::DeserializeOwned;

use crate::cpu::Meter;
use crate::observed::{History, Tally};
use crate::protocol::{Config, Done, Failed, Ready, VERSION, digest, line};
use crate::timing::{Moment, metered, timed};

/// Serves one sample: hello, config, ready, go, done, bye. `find` names the cell of a configuration and how to start
/// its workers.
///
/// A panic anywhere in this process ends it at once with its message: no strategy can hang on a worker that is gone.
///
/// # Errors
/// What kept the sample from being taken; it has been said to the runner, too.
pub fn serve(
    find: impl FnOnce(&Config) -> Result<(Cell, Respawn), String>,
    input: &mut impl BufRead,
) -> Result<(), String> {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("(no message)");
        let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
        let thread = std::thread::current();
        say(&line(
            "failed",
            &Failed { error: format!("{} panicked: {message}{place}", thread.name().unwrap_or("a thread")) },
        ));
        std::process::exit(101);
    }));
    let result = converse(find, input);
    if let Err(error) = &result {
        say(&line("failed", &Failed { error: error.clone() }));
    }
    result
}

/// What a program that is no cell did: metric ID to value.
pub type Told = BTreeMap<String, f64>;

/// As [`serve`], for a program that is no cell: `prepare` makes what one iteration is, which is timed from call to return.
///
/// # Errors
/// What kept the sample from being taken; it has been said to the runner, too.
pub fn serve_program<R: FnMut() -> Result<Told, String>>(
    prepare: impl FnOnce(&Config) -> Result<R, String>,
    input: &mut impl BufRead,
) -> Result<(), String> {
    let result = run_program(prepare, input);
    if let Err(error) = &result {
        say(&line("failed", &Failed { error: error.clone() }));
    }
    result
}

fn run_program<R: FnMut() -> Result<Told, String>>(
    prepare: impl FnOnce(&Config) -> Result<R, String>,
    input: &mut impl BufRead,
) -> Result<(), String> {
    let config = configured(input)?;
    let mut run = prepare(&config)?;
    (0..config.warmup).try_for_each(|_| run().map(drop))?;
    say(&line("ready", &Ready::default()));
    hear_word(input, "go")?;
    let mut done = Done::default();
    for _ in 0..config.iterations {
        let began = Moment::now();
        let told = run()?;
        done.elapsed_ns.push(nanos(began.elapsed()));
        // Of the last iteration: one is what such programs are asked for.
        done.metrics = told;
    }
    say(&line("done", &done));
    hear_word(input, "bye")
}

/// Says hello and hears what is wanted.
fn configured(input: &mut impl BufRead) -> Result<Config, String> {
    // A killed runner cannot kill its samples, and one in the middle of a long iteration does not hear that it is gone.
    // Had it died before this line, it would send no configuration.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL).map_err(|error| error.to_string())?;
    say(&format!("hello {VERSION}\n"));
    hear(input, "config")
}

fn converse(
    find: impl FnOnce(&Config) -> Result<(Cell, Respawn), String>,
    input: &mut impl BufRead,
) -> Result<(), String> {
    let config = configured(input)?;
    let (cell, respawn) = find(&config)?;
    let session = session(&cell, &config)?;
    let count = |n: u32| NonZeroUsize::new(n as usize).ok_or("0 workers");
    let start = Start { workers: count(config.workers)?, cpus: count(config.cpus)?, respawn, load: None };
    let session_config = cell::Config { knobs: config.knobs.clone(), seed: config.seed, start };
    let prepared = session(&session_config).map_err(|error| error.to_string())?;
    let asked = Moment::now();
    prepared(&mut |round| {
        let cold_start_ns = nanos(asked.elapsed());
        for _ in 0..config.warmup {
            timed(round, Digest::Skip)?;
        }
        let meter = Meter::of_warm_workers();
        say(&line("ready", &Ready { cold_start_ns }));
        hear_word(input, "go").map_err(Error::Other)?;
        let done = iterations(round, &cell, &config, meter)?;
        say(&line("done", &done));
        hear_word(input, "bye").map_err(Error::Other)
    })
    .map_err(|error| error.to_string())
}

/// What is run: the strategy as it is, or with workers that record.
fn session<'c>(cell: &'c Cell, config: &Config) -> Result<&'c Session, String> {
    let run = cell.support.run().ok_or_else(|| cell.support.why().unwrap_or_default().to_owned())?;
    match (config.observe, &cell.diagnosis) {
        (false, _) => Ok(run),
        (true, Some(diagnosis)) => Ok(diagnosis),
        (true, None) => Err(format!("{cell:?} was compiled without a diagnostic pass")),
    }
}

fn iterations(round: &mut CheckedRound<'_>, cell: &Cell, config: &Config, mut meter: Meter) -> Result<Done, Error> {
    let iterations = config.iterations;
    let mut done = Done::default();
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    let (mut tally, mut history) = (Tally::default(), History::default());
    for iteration in 1..=iterations {
        let want = if iteration == iterations { Digest::Make } else { Digest::Skip };
        let (elapsed, checked) = metered(round, want, &mut meter)?;
        done.elapsed_ns.push(nanos(elapsed));
        done.units = units(checked.units);
        done.digest = checked.fingerprint.as_deref().map(digest);
        *sums.entry("steps").or_default() += checked.steps as f64;
        if checked.wrong.is_some() {
            *sums.entry("wrong_answers").or_default() += 1.0;
        }
        for (kind, times) in checked.wrong.iter().flat_map(|wrong| &wrong.faults) {
            *sums.entry(kind).or_default() += *times as f64;
        }
        if let Some(updates) = checked.wrong.and_then(|wrong| wrong.updates) {
            *sums.entry("lost_updates").or_default() += updates.expected.saturating_sub(updates.actual) as f64;
            // The same in every iteration, also in those that happened to lose nothing.
            sums.insert("expected_updates", updates.expected as f64 * f64::from(iterations));
        }
        if config.observe {
            let units = done.units.threads + done.units.processes;
            match checked.history {
                Ok(examined) => history.add(&examined),
                Err(why) => drop(done.absent.insert(String::from("history_calls"), why)),
            }
            let clients = cell.pattern.has_clients();
            tally.add(&checked.observed, if clients { u64::from(config.workers) } else { units }, clients);
        }
    }
    // Per iteration, as everything else.
    done.metrics = sums.into_iter().map(|(id, sum)| (id.to_owned(), sum / f64::from(iterations))).collect();
    if config.observe {
        let (seen, unseen) = tally.metrics();
        done.metrics.extend(seen);
        done.metrics.extend(history.metrics());
        done.absent.extend(unseen);
    }
    cpu_time(&mut done, meter);
    Ok(done)
}

/// CPU time of an iteration, and how many CPUs that is.
fn cpu_time(done: &mut Done, meter: Meter) {
    let elapsed: f64 = done.elapsed_ns.iter().map(|ns| *ns as f64).sum();
    match meter.finish() {
        Ok(spent) if elapsed > 0.0 => {
            let spent = spent.as_nanos() as f64;
            done.metrics.insert(String::from("cpu_ns"), spent / done.elapsed_ns.len() as f64);
            done.metrics.insert(String::from("parallelism"), spent / elapsed);
        }
        Ok(_) => {}
        Err(why) => done.absent.extend(["cpu_ns", "parallelism"].map(|id| (id.to_owned(), why.clone()))),
    }
}

fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn units(used: patterns::Units) -> Units {
    let patterns::Units { threads, processes, tasks, messages, bytes_shipped, restarts } = used;
    Units { threads, processes, tasks, messages, bytes_shipped, restarts }
}

/// Writes to the runner. If it is gone there is nobody to tell.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn hear<T: DeserializeOwned>(input: &mut impl BufRead, word: &str) -> Result<T, String> {
    let line = next(input)?;
    let json = line.strip_prefix(word).ok_or_else(|| format!("the runner said `{line}` instead of `{word}`"))?;
    serde_json::from_str(json).map_err(|error| format!("the runner's {word} line: {error}"))
}

fn hear_word(input: &mut impl BufRead, word: &str) -> Result<(), String> {
    let line = next(input)?;
    if line == word { Ok(()) } else { Err(format!("the runner said `{line}` instead of `{word}`")) }
}

fn next(input: &mut impl BufRead) -> Result<String, String> {
    let mut line = String::new();
    match input.read_line(&mut line) {
        Ok(0) => Err(String::from("the runner is gone")),
        Ok(_) => Ok(line.trim_end().to_owned()),
        Err(error) => Err(format!("failed to read from the runner: {error}")),
    }
}

//! `sample/1` as a contender that is not of the suite speaks it: the conversation, and the clock round each iteration.

use std::io::{StdinLock, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use harness::protocol::{self, Config, Done, Failed, Ready, line};
use patterns::Wrong;
use results::Units;
use serde_json::Value;

/// Says hello, hears the configuration and takes the sample.
pub(super) fn speak(take: impl FnOnce(Sample<'_>) -> Result<()>) -> ExitCode {
    // A panic in any thread is the end: nobody waits for an answer that will not come.
    std::panic::set_hook(Box::new(|panic| {
        say(&line("failed", &Failed { error: panic.to_string().replace('\n', " ") }));
        std::process::exit(101);
    }));
    match converse(take) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&line("failed", &Failed { error: format!("{error:#}") }));
            ExitCode::FAILURE
        }
    }
}

fn converse(take: impl FnOnce(Sample<'_>) -> Result<()>) -> Result<()> {
    say(&format!("hello {}\n", protocol::VERSION));
    let mut input = std::io::stdin().lock();
    let said = hear(&mut input)?;
    let json = said.strip_prefix("config ").with_context(|| format!("the runner said `{said}` instead of `config`"))?;
    let config: Config = serde_json::from_str(json).context("the runner's config line")?;
    take(Sample { config: &config, input, asked: now() })
}

/// A sample that was asked for, and by now being prepared.
pub(super) struct Sample<'s> {
    pub(super) config: &'s Config,
    input: StdinLock<'static>,
    asked: Instant,
}

/// What the workload knows about its answers, never asked inside the timed region.
pub(super) struct Oracle<'s, A> {
    pub(super) verify: &'s dyn Fn(&A) -> Result<(), Wrong>,
    pub(super) fingerprint: &'s dyn Fn(&A) -> Option<Value>,
}

impl<'s> Sample<'s> {
    /// What a strategy is given.
    pub(super) fn with<A>(self, oracle: Oracle<'s, A>) -> Rounds<'s, A> {
        // The input is there: what follows is the start of the workers.
        Rounds { sample: Sample { asked: now(), ..self }, oracle }
    }
}

/// The iterations of a sample.
pub(super) struct Rounds<'s, A> {
    sample: Sample<'s>,
    oracle: Oracle<'s, A>,
}

impl<A> Rounds<'_, A> {
    /// Workers are warm: does all iterations, until the runner says bye.
    pub(super) fn run(mut self, mut round: impl FnMut(&mut Timer) -> Result<(A, Units)>) -> Result<()> {
        let cold_start_ns = nanos(self.sample.asked.elapsed());
        let Sample { config, input, .. } = &mut self.sample;
        let mut once = || {
            let mut timer = Timer(Duration::ZERO);
            let (answer, units) = round(&mut timer)?;
            (self.oracle.verify)(&answer).map_err(|wrong| anyhow::anyhow!("wrong answer: {wrong}"))?;
            anyhow::Ok((answer, units, nanos(timer.0)))
        };
        for _ in 0..config.warmup {
            once()?;
        }
        say(&line("ready", &Ready { cold_start_ns }));
        expect(input, "go")?;
        let mut done = Done::default();
        for iteration in 1..=config.iterations {
            let (answer, units, elapsed_ns) = once()?;
            done.elapsed_ns.push(elapsed_ns);
            done.units = units;
            if iteration == config.iterations {
                let fingerprint = (self.oracle.fingerprint)(&answer);
                done.digest = fingerprint.map(|value| protocol::digest(&value.to_string()));
            }
        }
        say(&line("done", &done));
        expect(input, "bye")
    }
}

/// What an iteration times itself with.
pub(super) struct Timer(Duration);

impl Timer {
    /// From handing out the first task to holding the combined answer.
    pub(super) fn time<R>(&mut self, run: impl FnOnce() -> R) -> R {
        let began = now();
        let result = run();
        self.0 = began.elapsed();
        result
    }
}

#[allow(clippy::disallowed_methods)] // a reference that timed itself with the harness would hide the harness's cost
fn now() -> Instant {
    Instant::now()
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Writes to the runner. If it is gone there is nobody to tell.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn expect(input: &mut StdinLock<'_>, word: &str) -> Result<()> {
    let said = hear(input)?;
    if said == word { Ok(()) } else { bail!("the runner said `{said}` instead of `{word}`") }
}

fn hear(input: &mut StdinLock<'_>) -> Result<String> {
    let mut said = String::new();
    let read = std::io::BufRead::read_line(input, &mut said).context("failed to read from the runner")?;
    if read == 0 { bail!("the runner is gone") } else { Ok(said.trim_end().to_owned()) }
}

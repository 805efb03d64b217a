//! `selfcheck`: the proof that the engine is honest on this machine. Identical code must come out equal, a known effect
//! must be found; the same cells measured one after the other show what the rounds are for.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use harness::ProcessSampler;
use harness::engine::{Group, Settings};
use results::{KnownEffect, Run, Trust, Verdict};
use serde_json::{Value, json};
use suite::{Models, Suite};

use crate::measure::{self, Place, Recipe};
use crate::{cli, compare, exit, interrupt, known, output, selection};

/// Rounds behind each point of the power curve: what a default run ends with.
const POWER_ROUNDS: u32 = 32;

/// One part of the check.
struct Part {
    name: &'static str,
    hostile: bool,
    folder: PathBuf,
    run: Run,
}

pub(crate) fn run<M: Models>(suite: &Suite<M>, arguments: &cli::Selfcheck) -> Result<u8> {
    let private = interrupt::private_folder()?;
    let stamp = humantime::format_rfc3339_millis(SystemTime::now()).to_string().replace(':', "-");
    if let Some(out) = &arguments.out {
        output::folder(Some(out), &stamp)?;
    }
    // Each part is a run like any other, to be rendered and cleaned away like one.
    let place = |name: &str| match &arguments.out {
        Some(out) => out.join(name),
        None => Path::new(output::RUNS).join(format!("{stamp}-{name}")),
    };
    let mut parts = Vec::new();
    for hostile in [false, true] {
        if hostile && !arguments.hostile {
            continue;
        }
        let mut neighbour = hostile.then(Neighbour::start).transpose()?;
        let name = if hostile { "beside a hostile neighbour" } else { "as it is" };
        let aa = twins(suite, arguments, private.path())?;
        parts.push(part((name, hostile), &place(if hostile { "twins-hostile" } else { "twins" }), aa, arguments)?);
        if let (Some(times), false) = (arguments.power, interrupt::asked()) {
            let power = power(suite, arguments, times, private.path())?;
            let name = if hostile { "power, beside a hostile neighbour" } else { "power" };
            parts.push(part(
                (name, hostile),
                &place(if hostile { "power-hostile" } else { "power" }),
                power,
                arguments,
            )?);
        }
        if interrupt::asked() {
            break;
        }
        neighbour.as_mut().map_or(Ok(()), Neighbour::was_there)?;
    }
    if arguments.json {
        output::out(&format!("{}\n", as_json(&parts)))?;
    } else if !arguments.talk.quiet {
        output::out(&parts.iter().map(said).collect::<String>())?;
    }
    if interrupt::asked() {
        return Ok(exit::INTERRUPTED);
    }
    // What happens beside a hostile neighbour is shown, not judged: it is there to be told apart.
    let judged = parts.iter().filter(|part| !part.hostile).map(|part| measure::code(&part.run));
    let codes: Vec<u8> = judged.collect();
    Ok([exit::FAILED, exit::UNTRUSTED].into_iter().find(|code| codes.contains(code)).unwrap_or(exit::OK))
}

/// Every group of the matrix with twins, and the sentinel.
fn twins<M: Models>(suite: &Suite<M>, arguments: &cli::Selfcheck, folder: &Path) -> Result<Recipe> {
    let mut groups = selection::groups(suite, &arguments.selection, folder)?;
    groups.extend(known::effects(suite, &[known::SENTINEL], arguments.selection.seed, folder)?);
    let settings = Settings {
        twins: u32::MAX,
        twins_each: arguments.twins,
        serial: true,
        ..settings(arguments, arguments.rounds)
    };
    Ok(recipe(groups, settings, arguments))
}

/// The power curve: the same group so many times, one after the other, as in so many runs.
fn power<M: Models>(suite: &Suite<M>, arguments: &cli::Selfcheck, times: u32, folder: &Path) -> Result<Recipe> {
    let seed = arguments.selection.seed;
    let group = |index: u32| known::group(&format!("known-effect-{}", index + 1), suite, &known::CURVE, seed, folder);
    let all: Vec<Option<Group>> = (0..times).map(group).collect::<Result<_>>()?;
    let mut all = all.into_iter().flatten();
    let first = all.next().context("this program has no workload for known effects: `grain` is not in its suite")?;
    Ok(Recipe { later: all.collect(), ..recipe(vec![first], settings(arguments, POWER_ROUNDS), arguments) })
}

fn settings(arguments: &cli::Selfcheck, rounds: u32) -> Settings {
    let (alpha, delta) = (compare::ALPHA, compare::DELTA);
    Settings { seed: arguments.selection.seed, looks: vec![rounds], alpha, delta, ..Settings::default() }
}

fn recipe(groups: Vec<Group>, settings: Settings, arguments: &cli::Selfcheck) -> Recipe {
    let sampler = ProcessSampler::new(arguments.selection.timeout).pinned(arguments.pin);
    Recipe {
        groups,
        later: Vec::new(),
        settings,
        sampler,
        pinned: arguments.pin,
        hazards: Vec::new(),
        private: PathBuf::new(),
        goes_on: false,
    }
}

fn part(
    (name, hostile): (&'static str, bool),
    folder: &Path,
    recipe: Recipe,
    arguments: &cli::Selfcheck,
) -> Result<Part> {
    if !arguments.talk.quiet {
        output::note(&format!("{name}: {} groups", recipe.groups.len() + recipe.later.len()));
    }
    let place = Place::new(Some(folder), &recipe)?;
    let measured = measure::measure(recipe, place, &arguments.talk, &[cli::Format::Json])?;
    Ok(Part { name, hostile, folder: measured.folder, run: measured.run })
}

/// A hostile neighbour: this program's own `noise`, killed when the check is over.
struct Neighbour(Child);

impl Neighbour {
    fn start() -> Result<Self> {
        let program = std::env::current_exe().context("failed to find this program")?;
        let mut command = Command::new(program);
        // It ends with this process, however that ends: its stdin is ours.
        command
            .args(["noise", "--for", "1d", "--until-eof"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().map(Self).context("failed to start a hostile neighbour")
    }

    /// Whether it lasted: what is said to have been measured beside it was.
    fn was_there(&mut self) -> Result<()> {
        match self.0.try_wait().context("failed to look after the hostile neighbour")? {
            Some(status) => bail!("the hostile neighbour left ({status}); `crossover noise` shows why"),
            None => Ok(()),
        }
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Effects of one size.
struct Point {
    truth: f64,
    tests: usize,
    found: usize,
    wrong: usize,
    /// Found without the loud rounds.
    quiet: usize,
    median: f64,
}

fn curve(effects: &[KnownEffect]) -> Vec<Point> {
    let mut truths: Vec<f64> = effects.iter().map(|effect| effect.truth).collect();
    truths.sort_by(f64::total_cmp);
    truths.dedup();
    let point = |truth: f64| {
        let of: Vec<&KnownEffect> = effects.iter().filter(|effect| effect.truth == truth).collect();
        let count = |is: &dyn Fn(&KnownEffect) -> bool| of.iter().filter(|effect| is(effect)).count();
        let slower = |verdict: Verdict| verdict == Verdict::Slower;
        Point {
            truth,
            tests: of.len(),
            found: count(&|effect| slower(effect.verdict)),
            wrong: count(&|effect| effect.verdict == Verdict::Faster),
            quiet: count(&|effect| slower(effect.quiet.as_ref().map_or(effect.verdict, |quiet| quiet.verdict))),
            median: harness::statistics::median(&of.iter().map(|effect| effect.ratio).collect::<Vec<_>>()),
        }
    };
    truths.into_iter().map(point).collect()
}

/// A part as people read it.
fn said(part: &Part) -> String {
    let trust = &part.run.trust;
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let known = |value: Option<f64>| value.map_or_else(|| String::from("unknown"), percent);
    let mut text = format!("{}\n", part.name);
    let mut line = |name: &str, value: String| text += &format!("  {name:22}{value}\n");
    if trust.aa_tests > 0 {
        let share = f64::from(trust.aa_false) / f64::from(trust.aa_tests);
        line(
            "identical code",
            format!("{} of {} called different ({})", trust.aa_false, trust.aa_tests, percent(share)),
        );
        let quiet = trust.twins.iter().filter(|twin| {
            twin.quiet
                .as_ref()
                .map_or(twin.separated, |quiet| matches!(quiet.verdict, Verdict::Slower | Verdict::Faster))
        });
        line("  without loud rounds", format!("{} of {}", quiet.count(), trust.aa_tests));
    }
    if let Some(serial) = &trust.serial {
        let share = f64::from(serial.separated) / f64::from(serial.tests.max(1));
        line("  one after the other", format!("{} of {} ({})", serial.separated, serial.tests, percent(share)));
    }
    line("noise floor", known(trust.noise_floor));
    for point in curve(&trust.effects) {
        let Point { truth, tests, found, wrong, quiet, median } = point;
        let name = format!("known {:+.0} %", truth * 100.0 - 100.0);
        let wrong = if wrong > 0 { format!(", {wrong} called FASTER") } else { String::new() };
        let value = format!(
            "found in {found} of {tests}{wrong} (median {:+.1} %; {quiet} without loud rounds)",
            median * 100.0 - 100.0
        );
        line(&name, value);
    }
    let shift = |interval: Option<results::Interval>| {
        interval.map_or_else(
            || String::from("too few rounds to say"),
            |one| {
                let off = |ratio: f64| ratio * 100.0 - 100.0;
                format!("{:+.1} % [{:+.1}, {:+.1}]", off(one.ratio), off(one.lo), off(one.hi))
            },
        )
    };
    line("early in a round", shift(trust.position));
    line("drift", shift(trust.drift));
    line(
        "others used",
        format!("{}; {} of {} rounds loud", known(trust.foreign_median), trust.rounds_loud, trust.rounds_all),
    );
    line("answers", format!("{} samples verified", trust.verified));
    line("verdict", verdict(trust));
    line("samples", part.folder.join(output::JOURNAL).display().to_string());
    text
}

fn verdict(trust: &Trust) -> String {
    let word = match trust.trusted {
        Some(true) => "trusted",
        Some(false) => "NOT TRUSTED",
        None => "unknown",
    };
    format!("{word}: {}", trust.reason)
}

fn as_json(parts: &[Part]) -> Value {
    let part = |part: &Part| {
        let curve: Vec<Value> = curve(&part.run.trust.effects)
            .iter()
            .map(|point| {
                let Point { truth, tests, found, wrong, quiet, median } = point;
                json!({ "true": truth, "tests": tests, "found": found, "wrong": wrong,
                        "found_without_loud": quiet, "median": median })
            })
            .collect();
        json!({ "part": part.name, "samples": part.folder, "trust": part.run.trust, "power": curve })
    };
    json!({ "parts": parts.iter().map(part).collect::<Vec<_>>() })
}

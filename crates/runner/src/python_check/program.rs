//! A program of the interpreter as one sample, in a process of its own.

use std::io::BufRead;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use harness::protocol::Config;
use harness::sample::{Told, serve_program};
use harness::statistics::median;
use interpreter::machine::{
    AtomicCounts, BiasedCounts, FreeThreaded, GilBuild, Options, PlainCounts, Ran, run, run_with,
};
use interpreter::{Plain, Program, Settings, assemble, find};
use patterns::clock::Tick;

use super::experiments::Build;

/// What begins the name of a knob that is about the machine and not about the program.
const MACHINE: &str = "machine-";
/// Round trips of an echo, and what the client waits between two.
const TRIPS: usize = 40;
const PAUSE: Duration = Duration::from_millis(2);

/// Serves one sample.
///
/// # Errors
/// What kept it from being taken; it has been said to the runner, too.
pub(crate) fn serve(input: &mut impl BufRead) -> Result<(), String> {
    serve_program(prepare, input)
}

fn prepare(config: &Config) -> Result<impl FnMut() -> Result<Told, String> + use<>, String> {
    let name = config.workload.clone();
    let source = find(&name).ok_or_else(|| format!("there is no program {name}"))?;
    let (_, build) = *Build::ALL
        .iter()
        .find(|(id, _)| *id == config.model)
        .ok_or_else(|| format!("there is no build {}", config.model))?;
    let mut options = Options::default();
    let mut settings = Settings::default();
    for (knob, value) in &config.knobs {
        let value = value.as_i64().ok_or_else(|| format!("{knob}={value} is no int"))?;
        match knob.strip_prefix(MACHINE) {
            Some("interval-us") => options.interval = Duration::from_micros(value.unsigned_abs()),
            Some("pause") => options = options.pausing(),
            Some(_) => return Err(format!("the machine has no knob {knob}")),
            None => settings = settings.with(knob, value),
        }
    }
    let program = assemble(source.text, &settings).map_err(|mistake| format!("{name}: {mistake}"))?;
    Ok(move || {
        if name == "echo" {
            return echo(&program, build, &options);
        }
        let ran = in_build(&program, build, &options);
        told(&name, &program, &ran)
    })
}

/// Runs a program in a build.
pub(crate) fn in_build(program: &Program, build: Build, options: &Options) -> Ran {
    match build {
        Build::Gil => run::<GilBuild>(program, options),
        Build::FreeThreaded => run::<FreeThreaded>(program, options),
        Build::PlainCounts => run::<FreeThreaded<PlainCounts>>(program, options),
        Build::AtomicCounts => run::<FreeThreaded<AtomicCounts>>(program, options),
        Build::NoObjectLocks => run::<FreeThreaded<BiasedCounts, false>>(program, options),
        Build::NothingImmortal => run::<FreeThreaded<BiasedCounts, true, false>>(program, options),
    }
}

/// What it counted, and what of it was lost.
fn told(name: &str, program: &Program, ran: &Ran) -> Result<Told, String> {
    let outcome = ran.outcome.as_ref().map_err(|fault| format!("{name}: {fault}"))?;
    if ran.left > 0 {
        return Err(format!("{name} left {} objects behind: a count is wrong", ran.left));
    }
    let counted = [
        ("bytecodes", ran.bytecodes),
        ("switches", ran.switches),
        ("parks", ran.parks),
        ("yields", ran.yields),
        ("queued_objects", ran.queued),
    ];
    let mut told: Told = counted.map(|(id, count)| (id.to_owned(), count as f64)).into();
    let value = match outcome {
        Plain::List(items) => items.first().and_then(Plain::int),
        other => other.int(),
    };
    let value = value.ok_or_else(|| format!("{name} returned {outcome}, which is no count"))? as f64;
    told.insert(String::from("value"), value);
    let of = |name: &str| program.parameters.iter().find(|one| one.name == name).map(|one| one.value as f64);
    if let (Some(threads), Some(increments)) = (of("threads"), of("increments")) {
        let expected = threads * increments;
        told.insert(String::from("lost_share"), (expected - value) / expected);
    }
    if let Plain::List(items) = outcome {
        let fell = rollbacks(items.get(1));
        told.insert(String::from("rollbacks"), fell.len() as f64);
        if !fell.is_empty() {
            told.insert(String::from("rollback_median"), median(&fell));
            told.insert(String::from("rollback_largest"), fell.iter().fold(0.0, |most, by| by.max(most)));
        }
    }
    Ok(told)
}

/// By how much the counter fell, each time it did: a list a thread.
fn rollbacks(threads: Option<&Plain>) -> Vec<f64> {
    let list = |plain: &Plain| match plain {
        Plain::List(items) => items.clone(),
        _ => Vec::new(),
    };
    let all = threads.map(list).unwrap_or_default();
    all.iter().flat_map(list).filter_map(|by| by.int()).map(|by| by as f64).collect()
}

/// Plays the client of the echo thread: pauses, sends, and waits for what comes back.
fn echo(program: &Program, build: Build, options: &Options) -> Result<Told, String> {
    let (say, inbox) = channel();
    let (outbox, hear) = channel();
    let free = build != Build::Gil;
    let (ran, trips) = thread::scope(|scope| {
        let running = scope.spawn(|| {
            let (inbox, outbox) = (Some(inbox), Some(outbox));
            if free {
                run_with::<FreeThreaded>(program, options, inbox, outbox)
            } else {
                run_with::<GilBuild>(program, options, inbox, outbox)
            }
        });
        let mut trips = Vec::new();
        for trip in 0..TRIPS as i64 {
            thread::sleep(PAUSE);
            let began = Tick::now();
            if say.send(trip).is_err() || hear.recv() != Ok(trip) {
                break;
            }
            trips.push(began.elapsed().as_nanos() as f64);
        }
        drop(say);
        (running.join(), trips)
    });
    let ran = ran.map_err(|_| String::from("the echo panicked"))?;
    ran.outcome.map_err(|fault| format!("echo: {fault}"))?;
    if trips.len() < TRIPS {
        return Err(format!("the echo answered {} of {TRIPS} times", trips.len()));
    }
    Ok([(String::from("round_trip_ns"), median(&trips))].into())
}

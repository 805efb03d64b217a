//! `noise`: a hostile neighbour for trials. It spins on every CPU it may use, says so, and always comes to an end: by
//! its time, by Ctrl-C, or, with `--until-eof`, when whoever started it is gone.

use std::hint::black_box;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use patterns::clock::Tick;

use crate::cli::{self, Rhythm};
use crate::{exit, output, selection};

/// How long a burst, or the silence after it, may last, in milliseconds: longer than a sample, shorter than a round.
const BURST_MS: std::ops::RangeInclusive<u64> = 50..=500;
/// Steps between two looks at the clock: some ten microseconds.
const STEPS: u32 = 10_000;

/// Why it ended before its time.
enum Ended {
    Signal,
    Alone,
}

pub(crate) fn run(arguments: &cli::Noise) -> Result<u8> {
    let threads = arguments.cpus.unwrap_or_else(|| u32::try_from(selection::cpus().get()).unwrap_or(u32::MAX));
    let (ended, ends) = channel();
    let signal = ended.clone();
    ctrlc::set_handler(move || drop(signal.send(Ended::Signal))).context("failed to listen for Ctrl-C")?;
    if arguments.until_eof {
        watch_stdin(ended.clone())?;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let mut spinning = Vec::new();
    let mut refused = None;
    for number in 0..threads {
        let (stop, rhythm) = (stop.clone(), arguments.pattern);
        let random = fastrand::Rng::with_seed(arguments.seed.wrapping_add(u64::from(number)));
        match thread::Builder::new().spawn(move || disturb(&stop, rhythm, random)) {
            Ok(thread) => spinning.push(thread),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    let time = humantime::format_duration(arguments.time);
    if refused.is_none() {
        output::note(&format!("noise: {} for {time}; Ctrl-C ends it", described(arguments.pattern, threads)));
    }
    // Both ends of the channel are here, so only the time can run out or somebody says so.
    let early = if refused.is_some() { None } else { ends.recv_timeout(arguments.time).ok() };
    // Relaxed: the flag publishes nothing but itself.
    stop.store(true, Ordering::Relaxed);
    spinning.iter().for_each(|one| one.thread().unpark());
    for one in spinning {
        let _ = one.join();
    }
    if let Some(error) = refused {
        return Err(error).with_context(|| format!("failed to start {threads} threads; ask for fewer with --cpus"));
    }
    Ok(match early {
        None => {
            output::note(&format!("noise: over after {time}"));
            exit::OK
        }
        Some(Ended::Alone) => {
            output::note("noise: over, since stdin ended");
            exit::OK
        }
        Some(Ended::Signal) => {
            output::note("noise: interrupted");
            exit::INTERRUPTED
        }
    })
}

fn described(rhythm: Rhythm, threads: u32) -> String {
    let who = if threads == 1 { String::from("1 thread spins") } else { format!("{threads} threads spin") };
    match rhythm {
        Rhythm::Steady => format!("{who} all the time,"),
        Rhythm::Bursts => {
            let (from, to) = BURST_MS.into_inner();
            format!("{who} on and off in bursts of {from} to {to} ms,")
        }
    }
}

/// A parent that dies, in whatever way, takes its end of the pipe with it.
fn watch_stdin(ended: Sender<Ended>) -> Result<()> {
    let watch = move || {
        let mut stdin = std::io::stdin().lock();
        let mut ignored = [0; 256];
        while matches!(stdin.read(&mut ignored), Ok(1..)) {}
        let _ = ended.send(Ended::Alone);
    };
    thread::Builder::new().spawn(watch).context("failed to start a thread")?;
    Ok(())
}

/// One thread of noise.
fn disturb(stop: &AtomicBool, rhythm: Rhythm, mut random: fastrand::Rng) {
    while !stop.load(Ordering::Relaxed) {
        let burst = Duration::from_millis(random.u64(BURST_MS));
        let began = Tick::now();
        while !stop.load(Ordering::Relaxed) && began.elapsed() < burst {
            spin();
        }
        if rhythm == Rhythm::Bursts {
            rest(stop, Duration::from_millis(random.u64(BURST_MS)));
        }
    }
}

/// Sleeps; being unparked for no reason is no reason to wake.
fn rest(stop: &AtomicBool, time: Duration) {
    let began = Tick::now();
    while let Some(left) = time.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        thread::park_timeout(left);
    }
}

/// Work, and no `pause`: a neighbour does not yield.
fn spin() {
    let mut x = black_box(1_u64);
    for _ in 0..STEPS {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    }
    black_box(x);
}

//! What a machine gives, tried out: the step of its clock, its neighbours, one piece of work again and again, alone and
//! on every CPU at once, and how small a difference that lets the engine find.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::statistics::{alpha_look, contrast, median, quantile};
use crate::timing::Moment;
use crate::{ProcessSampler, Sampler};

/// How long a piece of work takes: a sample of the engine's.
const PIECE: Duration = Duration::from_millis(20);
/// Rounds of the default effort.
const ROUNDS: usize = 32;
/// Fewer say nothing.
const FEWEST: usize = 8;
/// Looks of the default effort.
const LOOKS: usize = 2;
/// Contenders of the largest groups: the more there are, the stricter is each comparison.
const CONTENDERS: usize = 19;
const ALPHA: f64 = 0.05;
/// Of so many runs drawn from what was measured, nine in ten find the difference.
const DRAWS: usize = 400;
const POWER: f64 = 0.9;

/// The smallest step the clock makes from one reading to the next.
#[must_use]
pub fn clock_step() -> Duration {
    let step = || {
        let began = Moment::now();
        loop {
            let elapsed = began.elapsed();
            if !elapsed.is_zero() {
                return elapsed;
            }
        }
    };
    (0..1000).map(|_| step()).min().unwrap_or_default()
}

/// What others did while this process slept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbours {
    /// Share of the machine's CPU time that others used.
    pub foreign: f64,
    /// Share that the hypervisor gave to somebody else.
    pub steal: f64,
}

/// Sleeps and compares. `None` where the system does not tell.
#[must_use]
pub fn neighbours(time: Duration) -> Option<Neighbours> {
    let mut sampler = ProcessSampler::new(time);
    let (before, began) = (sampler.load()?, sampler.now());
    thread::sleep(time);
    let (after, passed) = (sampler.load()?, sampler.now().saturating_sub(began));
    let all = passed.as_secs_f64() * f64::from(after.cpus.max(1));
    let own = after.own.saturating_sub(before.own);
    let busy = after.busy.saturating_sub(before.busy);
    // Ticks are coarse: a share beyond the whole is none.
    let share = |time: Duration| (time.as_secs_f64() / all).min(1.0);
    Some(Neighbours {
        foreign: share(busy.saturating_sub(own)),
        steal: share(after.steal.saturating_sub(before.steal)),
    })
}

/// The same piece of work, timed over and over: rounds of alone, at once, alone, at once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pieces {
    /// One at a time, in nanoseconds: two a round.
    pub alone: Vec<(f64, f64)>,
    /// One on each CPU at the same time, until the last is done: two a round.
    pub together: Vec<(f64, f64)>,
    /// How many at the same time.
    pub threads: u32,
}

/// Takes as many rounds as the default effort has, but ends after `limit` with what there is.
#[must_use]
pub fn pieces(threads: u32, limit: Duration) -> Pieces {
    let steps = calibrated();
    let (gate, over) = (Barrier::new(threads as usize), AtomicBool::new(false));
    let mut taken = Pieces { threads, ..Pieces::default() };
    thread::scope(|scope| {
        let help = || {
            loop {
                gate.wait();
                // Relaxed: the gate orders it.
                if over.load(Ordering::Relaxed) {
                    return;
                }
                work(steps);
                gate.wait();
            }
        };
        for _ in 1..threads {
            scope.spawn(help);
        }
        let alone = || nanos(|| work(steps));
        let together = || {
            gate.wait();
            let began = Moment::now();
            work(steps);
            gate.wait();
            began.elapsed().as_nanos().max(1) as f64
        };
        let began = Moment::now();
        while taken.alone.len() < FEWEST || (taken.alone.len() < ROUNDS && began.elapsed() < limit) {
            let (a, b, c, d) = (alone(), together(), alone(), together());
            taken.alone.push((a, c));
            taken.together.push((b, d));
        }
        over.store(true, Ordering::Relaxed);
        gate.wait();
    });
    taken
}

impl Pieces {
    /// How many pieces were done in the time of one: `threads` on a machine that gives what it shows.
    #[must_use]
    pub fn capacity(&self) -> f64 {
        let rounds = self.alone.iter().zip(&self.together);
        let ratios: Vec<f64> =
            rounds.map(|(alone, together)| (alone.0 + alone.1) / (together.0 + together.1)).collect();
        f64::from(self.threads) * median(&ratios)
    }
}

/// p90 over the median: 1 where every piece takes the same time.
#[must_use]
pub fn scatter(pairs: &[(f64, f64)]) -> f64 {
    let all: Vec<f64> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    quantile(&all, 0.9) / median(&all)
}

/// The share by which two contenders must differ so that nine runs in ten separate them, with rounds that scatter as
/// these do: 0.05 is 5 %. Each draw is a run of the default effort in which both are equal, judged by the engine's own
/// interval; a difference is found where it moves that interval off zero.
#[must_use]
pub fn separates(pairs: &[(f64, f64)]) -> Option<f64> {
    let alpha = alpha_look(LOOKS, ALPHA) / (CONTENDERS - 1) as f64;
    let mut random = fastrand::Rng::with_seed(42);
    let mut draw = || {
        let pick = |random: &mut fastrand::Rng| {
            let (a, b) = *random.choice(pairs)?;
            // Neither is the slower one.
            Some(if random.bool() { (a, b) } else { (b, a) })
        };
        let run: Option<Vec<(f64, f64)>> = (0..ROUNDS).map(|_| pick(&mut random)).collect();
        let (a, b): (Vec<f64>, Vec<f64>) = run?.into_iter().unzip();
        contrast(&a, &b, alpha, ALPHA).lo.map(|lo| lo.recip() - 1.0)
    };
    let needed: Option<Vec<f64>> = (0..DRAWS).map(|_| draw()).collect();
    Some(quantile(&needed?, POWER).max(0.0))
}

/// Steps that take about as long as a piece should. The fastest of a few: a neighbour only makes them slower.
fn calibrated() -> u64 {
    let mut steps = 1 << 12;
    while steps < 1 << 40 {
        let took = (0..3).map(|_| nanos(|| work(steps))).fold(f64::INFINITY, f64::min);
        if took > PIECE.as_nanos() as f64 / 8.0 {
            return (steps as f64 * PIECE.as_nanos() as f64 / took) as u64;
        }
        steps *= 2;
    }
    steps
}

fn nanos(work: impl FnOnce()) -> f64 {
    let began = Moment::now();
    work();
    began.elapsed().as_nanos().max(1) as f64
}

/// A chain of steps, each of which needs the one before: its time grows with its length, and it needs no memory.
fn work(steps: u64) {
    let mut x = black_box(1_u64);
    for _ in 0..steps {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    black_box(x);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs whose logarithm scatters like a sum of twelve uniform numbers, which is close to normal.
    fn noisy(sd: f64, count: usize) -> Vec<(f64, f64)> {
        let mut random = fastrand::Rng::with_seed(7);
        let mut one = || {
            let normal = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
            (sd * normal).exp()
        };
        (0..count).map(|_| (one(), one())).collect()
    }

    #[test]
    fn what_never_varies_separates_everything() {
        assert_eq!(separates(&[(5.0, 5.0); 32]), Some(0.0));
        assert_eq!(scatter(&[(5.0, 5.0); 32]), 1.0);
    }

    /// Pairs of 3 % noise differ by 4.2 %, and the interval of 32 rounds lies between their quartiles.
    #[test]
    fn three_per_cent_of_noise_separates_about_five() {
        let needed = separates(&noisy(0.03, 4000)).expect("enough rounds");
        assert!((0.04..0.06).contains(&needed), "{needed}");
        let more = separates(&noisy(0.1, 4000)).expect("enough rounds");
        assert!(more > 3.0 * needed, "{more}");
    }

    #[test]
    fn nothing_measured_says_nothing() {
        assert_eq!(separates(&[]), None);
    }

    #[test]
    fn capacity_is_in_pieces() {
        let pieces = |together| Pieces { alone: vec![(10.0, 10.0)], together: vec![(together, together)], threads: 2 };
        assert_eq!(pieces(10.0).capacity(), 2.0);
        assert_eq!(pieces(20.0).capacity(), 1.0);
    }

    #[test]
    fn pieces_are_taken_in_pairs_whatever_the_limit() {
        let taken = pieces(3, Duration::ZERO);
        assert_eq!((taken.alone.len(), taken.together.len(), taken.threads), (FEWEST, FEWEST, 3));
        assert!(taken.capacity() > 0.0 && scatter(&taken.alone) >= 1.0);
    }

    #[test]
    fn the_clock_moves() {
        assert!(!clock_step().is_zero());
    }
}

//! The promises of METHODOLOGY.md, on whole runs of the engine: whoever is equal is not told apart, whoever is slower is
//! never called faster, intervals hold the truth, and 5 % are found. On five machines, each with a noise of its own.
//!
//! A run here is one group, so that its rounds follow each other and share whatever lasts. Every seed is fixed.

mod simulated;

use results::Verdict;

use self::simulated::odds::{at_least, at_most};
use self::simulated::weather::WEATHERS;
use self::simulated::{Simulated, group, results, run, settings};

/// What the contenders of a group are, against its reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    /// All the same.
    Equal,
    /// 5 % slower.
    Behind,
    /// 0, 2, 5, 10 and 25 % slower in turn.
    Slower,
    /// The same, but faster.
    Faster,
}

/// Percents of the power curve.
const CURVE: [u32; 5] = [0, 2, 5, 10, 25];

impl Truth {
    /// Percent of a contender, and the microseconds of it.
    fn of(self, contender: usize) -> (u32, u32) {
        let percent = match self {
            Self::Equal => 0,
            Self::Behind => 5,
            Self::Slower | Self::Faster => CURVE[(contender - 1) % CURVE.len()],
        };
        let ratio = 1.0 + f64::from(percent) / 100.0;
        let micros = 20_000.0 * if self == Self::Faster { 1.0 / ratio } else { ratio };
        (percent, micros.round() as u32)
    }
}

/// So many of so many.
#[derive(Debug, Default, Clone, Copy)]
struct Share(usize, usize);

impl Share {
    fn count(&mut self, hit: bool) {
        self.0 += usize::from(hit);
        self.1 += 1;
    }

    fn percent(self) -> f64 {
        100.0 * self.0 as f64 / self.1.max(1) as f64
    }
}

/// What was counted.
#[derive(Debug, Default)]
struct Figures {
    /// Groups in which the best contender left the best set.
    best_lost: Share,
    /// Groups in which an equal contender was called slower or faster, or a slower one faster.
    false_verdict: Share,
    /// Groups with either.
    wrong: Share,
    /// Groups of equal contenders only, with either.
    wrong_of_equals: Share,
    /// Groups all of whose intervals hold their truth.
    covered: Share,
    /// Groups in which a slower contender was called faster or a faster one slower, and contenders of which it was said.
    wrong_sign: Share,
    wrong_signs: Share,
    /// Contenders by percent: told apart from the reference.
    told: [Share; CURVE.len()],
    /// Contenders by percent slower: out of the best set.
    out: [Share; CURVE.len()],
    /// 5 % behind a single best, nobody else ahead: out of the best set.
    behind_out: Share,
    rounds: usize,
}

impl Figures {
    fn add(&mut self, simulated: &mut Simulated, truth: Truth, k: usize, seed: u64) {
        let names: Vec<(String, String)> = (1..k).map(|i| (format!("c{i}"), truth.of(i).1.to_string())).collect();
        let mut contenders = vec![("sequential", "20000")];
        contenders.extend(names.iter().map(|(model, micros)| (model.as_str(), micros.as_str())));
        let mut group = group("g", &contenders);
        group.probe = 0;
        let settings = harness::engine::Settings { seed, ..settings(&[16, 32]) };
        let (_, events) = run(vec![group], &settings, simulated, &|| false);
        let run = results(&events);
        let found = &run.groups[0];
        assert_eq!(run.contrasts.len(), k - 1);
        self.rounds += found.rounds as usize;
        let stays = |index: usize| {
            let (model, micros) = contenders[index];
            found.best_set.contains(&format!("{model}/{micros}"))
        };
        let best = if truth == Truth::Faster { (1..k).max_by_key(|i| truth.of(*i).0).unwrap_or(0) } else { 0 };
        let (mut covered, mut false_verdict, mut wrong_sign) = (true, false, false);
        for (contrast, index) in run.contrasts.iter().zip(1..) {
            let (percent, micros) = truth.of(index);
            let ratio = f64::from(micros) / 20_000.0;
            let (lo, hi) = (contrast.lo.expect("16 rounds"), contrast.hi.expect("16 rounds"));
            covered &= lo <= ratio && ratio <= hi;
            let told = matches!(contrast.verdict, Verdict::Slower | Verdict::Faster);
            let wrong_way = if truth == Truth::Faster { Verdict::Slower } else { Verdict::Faster };
            let step = CURVE.iter().position(|step| *step == percent).expect("it is on the curve");
            self.told[step].count(told && (percent == 0 || contrast.verdict != wrong_way));
            if percent == 0 {
                false_verdict |= told;
            } else {
                self.wrong_signs.count(contrast.verdict == wrong_way);
                wrong_sign |= contrast.verdict == wrong_way;
            }
            match truth {
                Truth::Slower => self.out[step].count(!stays(index)),
                Truth::Behind => self.behind_out.count(!stays(index)),
                Truth::Equal | Truth::Faster => {}
            }
        }
        let best_lost = !stays(best);
        self.best_lost.count(best_lost);
        self.false_verdict.count(false_verdict || wrong_sign);
        self.wrong.count(best_lost || false_verdict || wrong_sign);
        if truth == Truth::Equal {
            self.wrong_of_equals.count(best_lost || false_verdict);
        } else {
            self.wrong_sign.count(wrong_sign);
        }
        self.covered.count(covered);
    }
}

/// So many groups of K on this machine: half of equals, a quarter with one ahead by 5 %, a quarter along the curve.
fn figures(machine: usize, k: usize, groups: usize) -> Figures {
    let (_, weather) = WEATHERS[machine];
    let mut figures = Figures::default();
    for index in 0..groups {
        let truth = match index % 8 {
            0..=3 => Truth::Equal,
            4 | 5 => Truth::Behind,
            6 => Truth::Slower,
            _ => Truth::Faster,
        };
        let seed = (index * 100 + k) as u64;
        figures.add(&mut Simulated::under(weather, seed), truth, k, seed);
    }
    figures
}

fn show(name: &str, k: usize, figures: &Figures) {
    let curve = |shares: &[Share]| shares.iter().map(|share| format!("{:6.2}", share.percent())).collect::<String>();
    println!(
        "{name:10} K={k:2} groups {} | wrong {:.2} % (of equals {:.2}) best lost {:.2} false verdict {:.2} | covered {:.2} | \
         wrong sign {:.3} of groups, {:.4} of contenders | rounds {:.1}\n    told apart at {CURVE:?} %: {}\n    out of the \
         best set: {} | 5 % behind a single best: {:.2}",
        figures.wrong.1,
        figures.wrong.percent(),
        figures.wrong_of_equals.percent(),
        figures.best_lost.percent(),
        figures.false_verdict.percent(),
        figures.covered.percent(),
        figures.wrong_sign.percent(),
        figures.wrong_signs.percent(),
        figures.rounds as f64 / figures.wrong.1 as f64,
        curve(&figures.told),
        curve(&figures.out),
        figures.behind_out.percent(),
    );
}

fn prove(machine: usize, groups: usize) {
    let (name, _) = WEATHERS[machine];
    for k in [6, 19] {
        let figures = figures(machine, k, groups);
        show(name, k, &figures);
        let what = |promise: &str| format!("{name}, K = {k}: {promise}");
        at_most(figures.wrong.0, figures.wrong.1, 0.05, &what("error of a group"));
        let equals = figures.wrong_of_equals;
        at_most(equals.0, equals.1, 0.05, &what("error of a group of equals"));
        at_least(figures.covered.0, figures.covered.1, 0.95, &what("all intervals hold"));
        // By groups, which are independent: of contenders it is less.
        at_most(figures.wrong_sign.0, figures.wrong_sign.1, 0.001, &what("wrong sign"));
        let [_, two, five, ten, much] = figures.told;
        assert!(two.percent() <= five.percent() + 5.0 && five.percent() <= ten.percent() + 5.0, "{}", what("a curve"));
        if name == "normal" {
            let behind = figures.behind_out;
            at_least(behind.0, behind.1, 0.9, &what("5 % found"));
        }
        // No promise but a bound of sanity: what is seen less often than this, an engine at work would see.
        let (ten_found, much_found) = match name {
            "outliers" => (0.8, 0.9),
            "asymmetric" => (0.05, 0.55),
            _ => (0.95, 0.97),
        };
        at_least(ten.0, ten.1, ten_found, &what("10 % found"));
        at_least(much.0, much.1, much_found, &what("25 % found"));
    }
}

/// Enough to refute what is badly wrong: a group in the always-run version costs as much as in the full one.
const FEW: usize = 80;
/// Of each K on each machine.
const MANY: usize = 10_000;

#[test]
fn promises_hold_in_800_groups() {
    std::thread::scope(|scope| {
        for machine in 0..WEATHERS.len() {
            scope.spawn(move || prove(machine, FEW));
        }
    });
}

#[test]
#[ignore = "20,000 groups: a minute in release"]
fn promises_hold_under_normal_noise() {
    prove(0, MANY);
}

#[test]
#[ignore = "20,000 groups: a minute in release"]
fn promises_hold_with_outliers() {
    prove(1, MANY);
}

#[test]
#[ignore = "20,000 groups: a minute in release"]
fn promises_hold_under_asymmetric_noise() {
    prove(2, MANY);
}

#[test]
#[ignore = "20,000 groups: a minute in release"]
fn promises_hold_on_a_machine_that_drifts() {
    prove(3, MANY);
}

#[test]
#[ignore = "20,000 groups: a minute in release"]
fn promises_hold_beside_a_neighbour_that_comes_and_goes() {
    prove(4, MANY);
}

//! One contender against another: ratio, interval, verdict.

use results::Verdict;

use super::order::{interval, median};

/// From so many rounds on, correlated neighbours are averaged; with fewer, half of them would not carry a test.
const AVERAGED_FROM: usize = 32;

/// Lag-1 autocorrelation above which neighbouring rounds no longer count as separate evidence.
const CORRELATED: f64 = 0.3;

/// What the rounds say of b against a. Ratios are b over a: below 1 means b is faster.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    /// `exp(median d)`; NaN without rounds.
    pub ratio: f64,
    /// Lower end of the interval of the ratio; none where too few rounds allow one.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
    /// Paired rounds measured, before any averaging.
    pub rounds: usize,
    /// Rounds in which b was faster; a draw counts for nobody.
    pub won: usize,
    /// Said of b against a; never `Far`, which is not a matter of tests.
    pub verdict: Verdict,
    /// Separated, yet the interval lies wholly inside the tie band: real, too small to choose by.
    pub inside_band: bool,
    /// Any difference, in either direction, is below this share: 0.08 is 8 %. None where there is no interval.
    pub below: Option<f64>,
}

/// Compares b with a, paired by index, at level `alpha_c` with the tie band `delta` (0.05 is 5 %).
///
/// `d = ln b - ln a`, through [`decorrelated`]: from 32 rounds on, with a lag-1 autocorrelation above 0.3, neighbouring
/// rounds are averaged in pairs. Ratio, interval and tie come from that series, so that the ratio always lies in its
/// interval; `rounds` and `won` count what was measured.
///
/// - *Separated* if the `alpha_c` interval excludes 0.
/// - *Tie* if it does not, and the `1 - 2 alpha_c` interval lies inside the band, ends included: two one-sided tests at
///   `alpha_c` each (Schuirmann 1987). The band is symmetric on the log scale, `[-ln(1+delta), ln(1+delta)]`, so that
///   swapping a and b never changes the verdict: for 5 % it reaches from 1/1.05 to 1.05.
/// - Else *unresolved*, and always so where no `alpha_c` interval exists.
///
/// # Panics
/// If a and b are not of one length.
#[must_use]
pub fn contrast(a: &[f64], b: &[f64], alpha_c: f64, delta: f64) -> Contrast {
    let raw = log_ratios(a, b);
    let rounds = raw.len();
    let won = raw.iter().filter(|d| **d < 0.0).count();
    let d = decorrelated(raw);
    let ratio = median(&d).exp();
    let Some((lo, hi)) = interval(&d, alpha_c) else {
        return Contrast {
            ratio,
            lo: None,
            hi: None,
            rounds,
            won,
            verdict: Verdict::Unresolved,
            inside_band: false,
            below: None,
        };
    };
    let band = delta.ln_1p();
    let inside = |(lo, hi): (f64, f64)| -band <= lo && hi <= band;
    let separated = lo > 0.0 || hi < 0.0;
    let verdict = if lo > 0.0 {
        Verdict::Slower
    } else if hi < 0.0 {
        Verdict::Faster
    } else if interval(&d, 2.0 * alpha_c).is_some_and(inside) {
        Verdict::Tie
    } else {
        Verdict::Unresolved
    };
    Contrast {
        ratio,
        lo: Some(lo.exp()),
        hi: Some(hi.exp()),
        rounds,
        won,
        verdict,
        inside_band: separated && inside((lo, hi)),
        below: Some(lo.abs().max(hi.abs()).exp_m1()),
    }
}

/// `ln b - ln a`, round by round.
fn log_ratios(a: &[f64], b: &[f64]) -> Vec<f64> {
    assert_eq!(a.len(), b.len(), "rounds are paired");
    a.iter().zip(b).map(|(a, b)| b.ln() - a.ln()).collect()
}

/// The series that tests may treat as independent: `d` itself, or its [`pairs_averaged`] where it has at least 32 rounds
/// and an [`autocorrelation`] above 0.3.
#[must_use]
pub fn decorrelated(d: Vec<f64>) -> Vec<f64> {
    if d.len() >= AVERAGED_FROM && autocorrelation(&d) > CORRELATED { pairs_averaged(&d) } else { d }
}

/// Lag-1 autocorrelation about the mean, -1 to 1 (Box & Jenkins: the products of neighbours over the sum of squares).
/// 0 for fewer than two values and for constant ones, which show no dependence.
#[must_use]
pub fn autocorrelation(d: &[f64]) -> f64 {
    let mean = d.iter().sum::<f64>() / d.len() as f64;
    let squares: f64 = d.iter().map(|x| (x - mean) * (x - mean)).sum();
    let products: f64 = d.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    if squares > 0.0 { products / squares } else { 0.0 }
}

/// Means of rounds 1 and 2, 3 and 4, ...; an odd last round stays as it is, since a test that counts needs no equal
/// variances and no round is dropped.
#[must_use]
pub fn pairs_averaged(d: &[f64]) -> Vec<f64> {
    d.chunks(2).map(|pair| pair.iter().sum::<f64>() / pair.len() as f64).collect()
}

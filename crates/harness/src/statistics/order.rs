//! Medians, quantiles and what the binomial distribution says of them: distribution-free intervals and the sign test.

/// Sums are kept below this power of two: 2^-n underflows from n = 1075 on, long before the tail it belongs to.
const RESCALE_BITS: i32 = 512;

/// P(Bin(n, 1/2) <= k) for k = 0, 1, ..., n. All terms are positive, so the relative error stays near n roundings; up to
/// n = 53 the values are exact.
fn lower_tails(n: usize) -> impl Iterator<Item = f64> {
    let rescale = 2f64.powi(RESCALE_BITS);
    let mut exponent = -i32::try_from(n).unwrap_or(i32::MAX);
    let mut scale = halves_of(exponent);
    let (mut term, mut sum) = (1.0, 0.0);
    (0..=n).map(move |k| {
        sum += term;
        let tail: f64 = sum * scale.0 * scale.1;
        term = term * (n - k) as f64 / (k + 1) as f64;
        if term > rescale {
            term /= rescale;
            sum /= rescale;
            exponent += RESCALE_BITS;
            scale = halves_of(exponent);
        }
        tail.min(1.0)
    })
}

/// 2^exponent as two factors, because the power alone may underflow where its product with a sum does not.
fn halves_of(exponent: i32) -> (f64, f64) {
    (2f64.powi(exponent / 2), 2f64.powi(exponent - exponent / 2))
}

/// The rank k of the interval `[d_(k), d_(n+1-k)]` for a median: the largest k with `2 P(Bin(n, 1/2) <= k-1) <= alpha`,
/// counted from 1. None where even the whole range of n values is not wide enough.
///
/// Source: the sign-test interval, e.g. Conover, "Practical Nonparametric Statistics", 3rd ed., section 3.2.
#[must_use]
pub fn rank(n: usize, alpha: f64) -> Option<usize> {
    // Above 1 the ends would cross.
    let alpha = alpha.min(1.0);
    let k = lower_tails(n).take_while(|tail| 2.0 * tail <= alpha).count();
    (k > 0).then_some(k)
}

/// One-sided P(Bin(n, 1/2) >= wins): how likely at least so many wins are where both are equal.
///
/// # Panics
/// If there are more wins than rounds.
#[must_use]
pub fn sign_test(wins: usize, n: usize) -> f64 {
    assert!(wins <= n, "{wins} wins in {n} rounds");
    // By symmetry the upper tail is the lower one of the losses: summed from its small end.
    lower_tails(n).nth(n - wins).unwrap_or(1.0)
}

/// P(Bin(n, p) >= k): how likely at least so many of n independent events are. Summed from the largest term of the smaller
/// tail on, each from the one before: terms on the far side of the mean may be too small for a number.
///
/// # Panics
/// If p is not within 0 to 1.
#[must_use]
pub fn binomial_at_least(k: usize, n: usize, p: f64) -> f64 {
    assert!((0.0..=1.0).contains(&p), "a chance of {p}");
    if k == 0 {
        return 1.0;
    }
    if k > n || p == 0.0 {
        return 0.0;
    }
    if p == 1.0 {
        return 1.0;
    }
    if (k as f64) < n as f64 * p {
        return 1.0 - binomial_at_least(n - k + 1, n, 1.0 - p);
    }
    // ln of the first term: products of many small factors would underflow.
    let factor = |i: usize| ((n - i) as f64 / (i + 1) as f64).ln();
    let first: f64 = (0..k).map(factor).sum::<f64>() + k as f64 * p.ln() + (n - k) as f64 * (-p).ln_1p();
    let mut term = first.exp();
    let mut sum = 0.0;
    for i in k..=n {
        sum += term;
        term *= (n - i) as f64 / (i + 1) as f64 * p / (1.0 - p);
    }
    sum.min(1.0)
}

/// The middle value, or the mean of the two middle ones. NaN for no values.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The p-quantile, 0 <= p <= 1 (clamped): linear between the order statistics at position `(n-1) p`, type 7 of Hyndman &
/// Fan, "Sample quantiles in statistical packages" (1996), the default of R and NumPy. NaN for no values.
#[must_use]
pub fn quantile(values: &[f64], p: f64) -> f64 {
    let sorted = sorted(values);
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let position = last as f64 * p.clamp(0.0, 1.0);
    let below = position.floor() as usize;
    let above = position.ceil() as usize;
    // Two equal ends are returned as they are: interpolation could round away from them.
    if sorted[below] == sorted[above] {
        return sorted[below];
    }
    let share = position - below as f64;
    sorted[below] * (1.0 - share) + sorted[above] * share
}

/// An interval for the median of `d` with error at most `alpha`: the order statistics `d_(k)` and `d_(n+1-k)`, k from
/// [`rank`]. None where there are too few values for one.
#[must_use]
pub fn interval(d: &[f64], alpha: f64) -> Option<(f64, f64)> {
    let k = rank(d.len(), alpha)?;
    let sorted = sorted(d);
    Some((sorted[k - 1], sorted[d.len() - k]))
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

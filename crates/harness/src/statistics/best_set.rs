//! Who may still be the best: subset selection by sign tests, and the relation "beats" it rests on.

use super::contrast::decorrelated;
use super::order::sign_test;

/// Indices of the contenders that may be the best, ascending: i leaves as soon as some j beats it in a one-sided sign
/// test at `alpha / (K-1)`. The set holds the true best with confidence `1 - alpha`, and no leader is chosen first.
///
/// `times[i][r]` is the time of contender i in round r; `alpha` is the level of one look ([`super::alpha_look`]). A draw
/// counts half a win for each side, and the sum is rounded down, which can only keep a contender in. Dropping draws
/// instead would let a few rounds overrule many equal ones.
///
/// Should beating run in a circle so that nobody is left, the data name no best and everybody stays.
///
/// Source: Gupta, "On some multiple decision (selection and ranking) rules", Technometrics 7 (1965); Edwards & Hsu,
/// "Multiple comparisons with the best treatment", JASA 78 (1983). The sign test stands for their normal means.
///
/// # Panics
/// If the contenders do not have equally many rounds.
#[must_use]
pub fn best_set(times: &[Vec<f64>], alpha: f64) -> Vec<usize> {
    let beats = beats(times, alpha);
    let everybody = 0..times.len();
    let unbeaten: Vec<usize> = everybody.clone().filter(|i| !beats.iter().any(|wins| wins[*i])).collect();
    if unbeaten.is_empty() { everybody.collect() } else { unbeaten }
}

/// `beats[j][i]`: j was faster than i more often than chance allows at `alpha / (K-1)`, one-sided.
pub(super) fn beats(times: &[Vec<f64>], alpha: f64) -> Vec<Vec<bool>> {
    let k = times.len();
    let rounds = times.first().map_or(0, Vec::len);
    assert!(times.iter().all(|t| t.len() == rounds), "rounds are paired");
    let level = alpha / k.saturating_sub(1).max(1) as f64;
    let logs: Vec<Vec<f64>> = times.iter().map(|t| t.iter().map(|x| x.ln()).collect()).collect();
    let mut beats = vec![vec![false; k]; k];
    for j in 0..k {
        for i in j + 1..k {
            let d = decorrelated(logs[i].iter().zip(&logs[j]).map(|(i, j)| i - j).collect());
            let wins = d.iter().filter(|d| **d > 0.0).count();
            let losses = d.iter().filter(|d| **d < 0.0).count();
            let draws = d.len() - wins - losses;
            beats[j][i] = significant(wins + draws / 2, d.len(), level);
            beats[i][j] = significant(losses + draws / 2, d.len(), level);
        }
    }
    beats
}

fn significant(wins: usize, n: usize, level: f64) -> bool {
    // Half the rounds or fewer never are, at any level below 1/2: saves the sum for most pairs.
    2 * wins > n && sign_test(wins, n) <= level
}

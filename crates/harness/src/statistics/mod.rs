//! What may be said of paired rounds: order-statistic intervals, sign tests, ties, best sets and letters.
//!
//! Pure functions of numbers: no clock, no I/O, no randomness. A time is one positive, finite `f64` a round; contenders
//! are paired by index, so every slice of a comparison has the same length. What is tested and why stands in
//! METHODOLOGY.md; two rules hold for everything here:
//!
//! - Nothing assumes a shape of the noise. Intervals and tests count rounds; no outlier is deleted.
//! - Every test and interval first passes the paired log ratios through [`decorrelated`], so that a contrast, the best
//!   set and the letters never judge the same pair by different series.

mod best_set;
mod contrast;
mod letters;
mod order;
mod ranks;

pub use best_set::best_set;
pub use contrast::{Contrast, autocorrelation, contrast, decorrelated, pairs_averaged};
pub use letters::letters;
pub use order::{binomial_at_least, interval, median, quantile, rank, sign_test};
pub use ranks::mann_whitney;

/// Nominal level of one look so that all `looks` looks together err with at most about `alpha`.
///
/// For `alpha = 0.05` and up to three looks these are the constants of Pocock, "Group sequential methods in the design
/// and analysis of clinical trials", Biometrika 64 (1977), 191-199, table 1. His looks are equally spaced and his test is
/// normal; ours double, and the level is divided further by the number of comparisons, which by itself would let 5.9 %
/// through with 19 contenders. The steps of the sign test take that back: summed exactly over the looks 16, 32 and 64
/// (rounds not averaged), the error of a group stays below 5 % for every best set of up to 60, and for simultaneous
/// intervals of up to 33 contenders (at most 5.4 % up to 60; `tests/golden`). Any other `alpha` and any more looks share
/// it equally (Bonferroni). No look counts as one.
#[must_use]
pub fn alpha_look(looks: usize, alpha: f64) -> f64 {
    // The constants belong to 5 % as a person writes it, not to the last bit of a computed one.
    let tabulated = (alpha - 0.05).abs() < 1e-12;
    match looks {
        0 | 1 => alpha,
        2 if tabulated => 0.0294,
        3 if tabulated => 0.0221,
        _ => alpha / looks as f64,
    }
}

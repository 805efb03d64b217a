//! What a model of an interpreter's locks must show, and what it shows, as `python-check --json` says it.

use serde::{Deserialize, Serialize};

/// The schema that [`PythonCheck`] announces.
pub const SCHEMA: &str = "python-check/1";

/// One invocation of `python-check`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PythonCheck {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// CPUs the program may use. Bands are of two.
    pub cpus: u32,
    /// Rounds in which everything ran once, in random order.
    pub rounds: u32,
    /// Seed of the order.
    pub seed: u64,
    /// CPUs that others kept busy in the middle round. Null where the system does not say.
    pub foreign_cpus: Option<f64>,
    /// Whether that was too much to call a measured figure outside of its band.
    pub noisy: bool,
    /// Whether somebody pressed Ctrl-C: what stands is what there is.
    pub interrupted: bool,
    /// Real interpreters that were measured beside the model.
    pub interpreters: Vec<Interpreter>,
    /// Each band.
    pub bands: Vec<Checked>,
}

/// A real interpreter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    /// Model ID: `python3.13`, `python3.13t`.
    pub id: String,
    /// `3.13.0`.
    pub version: String,
    /// Whether its threads share one lock.
    pub gil: bool,
    /// What was started.
    pub path: String,
}

/// A band, and where the model and real interpreters lie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// `unsafe-gil-lost`.
    pub id: String,
    /// What the rows of a table belong to: "lost updates".
    pub topic: String,
    /// What is measured, one line.
    pub about: String,
    /// "share", "ratio", "count", "ns".
    pub unit: String,
    /// The least that is inside. Null where there is no least.
    pub low: Option<f64>,
    /// The most that is inside. Null where there is no most.
    pub high: Option<f64>,
    /// Whether it follows from the algorithm, so that no machine is too noisy for it.
    pub deterministic: bool,
    /// What CPython 3.13.15 did when the bands were made, in words; null where it was not measured.
    pub published: Option<String>,
    /// The model.
    pub model: Option<Figure>,
    /// Real interpreters here.
    pub real: Vec<Real>,
    /// Where the model lies.
    pub verdict: Verdict,
    /// Why it was not measured.
    pub reason: Option<String>,
}

/// A real interpreter's figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Real {
    /// Model ID; `python3.13t/python3.13` where two builds are compared.
    pub id: String,
    /// Its figure.
    pub figure: Figure,
}

/// A figure over the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Median.
    pub median: f64,
    /// Lower end of the median's interval, of order statistics; the least where there are too few rounds for one.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Rounds.
    pub n: u32,
}

/// Where a figure lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The median lies in the band.
    Inside,
    /// The whole interval lies outside of it.
    Outside,
    /// The median lies outside, but its interval reaches in, or others were busy.
    TooNoisy,
    /// There is no figure.
    NotMeasured,
    /// There is no band: it is shown for what it says of others.
    NoBand,
}

impl Checked {
    /// Where a figure lies. What is deterministic is inside or not.
    #[must_use]
    pub fn judge(&self, noisy: bool) -> Verdict {
        let Some(figure) = self.model else { return Verdict::NotMeasured };
        if self.low.is_none() && self.high.is_none() {
            return Verdict::NoBand;
        }
        let inside = |x: f64| self.low.is_none_or(|low| x >= low) && self.high.is_none_or(|high| x <= high);
        if self.deterministic {
            let all = inside(figure.lo) && inside(figure.hi);
            return if all { Verdict::Inside } else { Verdict::Outside };
        }
        let apart = self.low.is_some_and(|low| figure.hi < low) || self.high.is_some_and(|high| figure.lo > high);
        match (inside(figure.median), apart) {
            (true, _) => Verdict::Inside,
            (false, true) if !noisy => Verdict::Outside,
            (false, _) => Verdict::TooNoisy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(deterministic: bool, lo: f64, median: f64, hi: f64) -> Checked {
        Checked {
            id: String::new(),
            topic: String::new(),
            about: String::new(),
            unit: String::from("ratio"),
            low: Some(4.0),
            high: Some(6.0),
            deterministic,
            published: None,
            model: Some(Figure { median, lo, hi, n: 7 }),
            real: Vec::new(),
            verdict: Verdict::NotMeasured,
            reason: None,
        }
    }

    #[test]
    fn a_figure_is_outside_where_its_whole_interval_is() {
        assert_eq!(checked(false, 3.0, 4.5, 9.0).judge(true), Verdict::Inside);
        assert_eq!(checked(false, 3.0, 3.5, 4.5).judge(false), Verdict::TooNoisy);
        assert_eq!(checked(false, 3.0, 3.5, 3.9).judge(false), Verdict::Outside);
        assert_eq!(checked(false, 3.0, 3.5, 3.9).judge(true), Verdict::TooNoisy);
        assert_eq!(checked(false, 7.0, 8.0, 9.0).judge(false), Verdict::Outside);
    }

    #[test]
    fn what_is_deterministic_is_inside_in_every_round_or_outside() {
        assert_eq!(checked(true, 4.0, 5.0, 6.0).judge(true), Verdict::Inside);
        assert_eq!(checked(true, 4.0, 5.0, 6.1).judge(true), Verdict::Outside);
        let nothing = Checked { model: None, ..checked(true, 4.0, 5.0, 6.0) };
        assert_eq!(nothing.judge(false), Verdict::NotMeasured);
        let free = Checked { low: None, high: None, ..checked(false, 4.0, 5.0, 6.0) };
        assert_eq!(free.judge(false), Verdict::NoBand);
    }
}

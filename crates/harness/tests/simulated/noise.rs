//! Noise of ln of one sample, median 0 or a little above: what every simulated time of the tests is multiplied with.

use fastrand::Rng;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noise {
    /// Normal, sd 3 %.
    Normal,
    /// Normal, sd 2 %; 15 % of the samples are slower by another 10 to 100 %.
    Outliers,
    /// Half of a normal with sd 5 % below the median, of one with sd 30 % above.
    Asymmetric,
}

pub(crate) const NOISES: [Noise; 3] = [Noise::Normal, Noise::Outliers, Noise::Asymmetric];

impl Noise {
    pub(crate) fn draw(self, rng: &mut Rng) -> f64 {
        let z = normal(rng);
        match self {
            Self::Normal => 0.03 * z,
            Self::Outliers if rng.f64() < 0.15 => 0.02 * z + (1.1 + 0.9 * rng.f64()).ln(),
            Self::Outliers => 0.02 * z,
            Self::Asymmetric => z * if z < 0.0 { 0.05 } else { 0.3 },
        }
    }
}

/// Standard normal: Box-Muller; 1 - u keeps the logarithm finite.
pub(crate) fn normal(rng: &mut Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (std::f64::consts::TAU * rng.f64()).cos()
}

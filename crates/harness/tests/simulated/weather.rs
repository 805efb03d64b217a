//! What the machine does to the times on it: noise of each sample for itself, drift that all share, a neighbour.

use std::time::Duration;

use fastrand::Rng;

use super::noise::{Noise, normal};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Weather {
    /// Every sample for itself.
    Steady(Noise),
    /// A machine whose speed wanders: AR(1) from sample to sample, rho 0.9 and sd 5 %, beside 3 % of each sample's own.
    Drift { state: Option<f64> },
    /// A neighbour that comes for 1 to 5 s, slowing everything by 1.3 to 2, and stays away for 2 to 10 s, beside 3 % of
    /// each sample's own. It uses the share of the machine that is missed.
    Bursts { slowing: f64, until: Duration },
}

pub(crate) const WEATHERS: [(&str, Weather); 5] = [
    ("normal", Weather::Steady(Noise::Normal)),
    ("outliers", Weather::Steady(Noise::Outliers)),
    ("asymmetric", Weather::Steady(Noise::Asymmetric)),
    ("drift", Weather::Drift { state: None }),
    ("bursts", Weather::Bursts { slowing: 1.0, until: Duration::ZERO }),
];

const RHO: f64 = 0.9;
const WANDERS: f64 = 0.05;

impl Weather {
    /// ln of the factor on the next sample.
    pub(crate) fn draw(&mut self, random: &mut Rng) -> f64 {
        match self {
            Self::Steady(noise) => noise.draw(random),
            Self::Drift { state } => {
                let step = WANDERS * normal(random);
                let now = state.map_or(step, |before| RHO * before + (1.0 - RHO * RHO).sqrt() * step);
                *state = Some(now);
                now + Noise::Normal.draw(random)
            }
            Self::Bursts { slowing, .. } => slowing.ln() + Noise::Normal.draw(random),
        }
    }

    /// So much time passes from now on; what the neighbour had of it, on each CPU.
    pub(crate) fn pass(&mut self, random: &mut Rng, mut now: Duration, mut time: Duration) -> Duration {
        let Self::Bursts { slowing, until } = self else { return Duration::ZERO };
        let mut foreign = Duration::ZERO;
        loop {
            let step = time.min(until.saturating_sub(now));
            foreign += step.mul_f64(1.0 - 1.0 / *slowing);
            now += step;
            time -= step;
            if now < *until {
                return foreign;
            }
            let away = *slowing == 1.0 && *until > Duration::ZERO;
            *slowing = if away { 1.3 + 0.7 * random.f64() } else { 1.0 };
            *until =
                now + Duration::from_secs_f64(if away { 1.0 + 4.0 * random.f64() } else { 2.0 + 8.0 * random.f64() });
            if time.is_zero() {
                return foreign;
            }
        }
    }
}

//! `mandelbrot`: how fast each pixel of a picture escapes, by rows; the rows through the set cost a hundred times those
//! beside it, so that equal numbers of rows are not equal work.

use std::iter::successors;
use std::ops::Range;

use patterns::{Domain, Knob, MapReduce, Preset, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::release;
use crate::seeded::mix;

/// A square picture of -2.0..0.5 by -1.25..1.25, a task a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Mandelbrot {
    /// Pixels from left to right, and from top to bottom.
    pub size: u64,
    /// Steps after which a point counts as one that never escapes.
    pub max_iter: u64,
    /// Share of each task that runs without a global interpreter lock, 0 to 1.
    pub release_share: f64,
}

impl Default for Mandelbrot {
    fn default() -> Self {
        Self { size: 256, max_iter: 192, release_share: 0.0 }
    }
}

/// What the rows leave behind, whatever their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escapes {
    /// Steps of all pixels together.
    pub iterations: u64,
    /// Wrapping sum over all pixels of what mixes row, column and steps: no pixel can stand in for another.
    pub sum: u64,
}

impl Escapes {
    #[inline]
    fn add(&mut self, row: u64, column: u64, count: u64) {
        self.iterations += count;
        self.sum = self.sum.wrapping_add(mix(row << 48 | column << 32 | count));
    }
}

impl Workload for Mandelbrot {
    const ID: &'static str = "mandelbrot";
    const ABOUT: &'static str = "escape counts of the Mandelbrot set, by rows: tasks of very different length";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "size", domain: Domain::Integer { min: 0, max: 1 << 14 }, about: "width and height in pixels" },
        Knob {
            id: "max-iter",
            domain: Domain::Integer { min: 1, max: 1 << 24 },
            about: "steps after which a point is said to be in the set",
        },
        release::KNOB,
    ];
    const PRESETS: &'static [Preset] = &[Preset { id: "deep", knobs: &[("size", "64"), ("max-iter", "4096")] }];
    type Input = Escapes;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { size: 16, max_iter: 64, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { size: 1_024, ..Self::default() },
        }
    }

    /// Nothing but the right answer: a task is the number of its row.
    fn input(&self, _seed: u64, _clients: usize) -> Escapes {
        self.right()
    }
}

impl Mandelbrot {
    /// The middle of a pixel. Exactly symmetric about the real axis: n - 1 - row has the negated coordinate of row.
    #[inline]
    fn point(&self, row: u64, column: u64) -> (f64, f64) {
        let place = |index: u64| ((2 * index + 1) as f64 - self.size as f64) / self.size as f64;
        (1.25 * place(column) - 0.75, 1.25 * place(row))
    }

    /// The oracle, once a job: it computes half of the picture, since the set is its own mirror image, and no point of
    /// which a theorem says that it never escapes. What is left runs another loop with the same roundings.
    fn right(&self) -> Escapes {
        let mut right = Escapes::default();
        for row in 0..self.size.div_ceil(2) {
            for column in 0..self.size {
                let (re, im) = self.point(row, column);
                let orbit = successors(Some((0.0, 0.0)), |&(x, y)| Some((x * x - y * y + re, 2.0 * x * y + im)));
                let mut steps = orbit.take(self.max_iter as usize);
                let escape = if never_escapes(re, im) { None } else { steps.position(|(x, y)| x * x + y * y > 4.0) };
                let count = escape.map_or(self.max_iter, |steps| steps as u64);
                right.add(row, column, count);
                let mirrored = self.size - 1 - row;
                if mirrored != row {
                    right.add(mirrored, column, count);
                }
            }
        }
        right
    }
}

/// Well inside the main cardioid or the disk left of it: rounding cannot carry such a point away.
fn never_escapes(re: f64, im: f64) -> bool {
    const MARGIN: f64 = 1e-6;
    let q = (re - 0.25).powi(2) + im * im;
    q * (q + re - 0.25) < im * im / 4.0 - MARGIN || (re + 1.0).powi(2) + im * im < 1.0 / 16.0 - MARGIN
}

impl MapReduce for Mandelbrot {
    type Task<'i> = u64;
    type Partial = Escapes;

    fn tasks(&self, _: &Escapes) -> usize {
        self.size as usize
    }

    fn empty(&self) -> Escapes {
        Escapes::default()
    }

    #[inline]
    fn task(&self, _: &Escapes, index: usize) -> u64 {
        index as u64
    }

    #[inline]
    fn items(&self, _: &u64) -> usize {
        self.size as usize
    }

    #[inline(never)]
    fn map(&self, row: &u64, items: Range<usize>, into: &mut Escapes) {
        for column in items.start as u64..items.end as u64 {
            into.add(*row, column, escape(self.point(*row, column), self.max_iter));
        }
    }

    fn released(&self) -> f64 {
        self.release_share
    }

    fn merge(&self, into: &mut Escapes, other: Escapes) {
        into.iterations += other.iterations;
        into.sum = into.sum.wrapping_add(other.sum);
    }

    fn verify(&self, right: &Escapes, answer: &Escapes) -> Result<(), Wrong> {
        if answer == right { Ok(()) } else { Err(format!("{answer:?}, not {right:?}").into()) }
    }
}

/// Steps of z -> z * z + c, from 0, until |z| > 2; at most `limit`.
#[inline]
fn escape((re, im): (f64, f64), limit: u64) -> u64 {
    let (mut x, mut y) = (0.0, 0.0);
    for count in 0..limit {
        let (xx, yy) = (x * x, y * y);
        if xx + yy > 4.0 {
            return count;
        }
        y = 2.0 * x * y + im;
        x = xx - yy + re;
    }
    limit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(workload: &Mandelbrot, row: u64, items: Range<usize>, into: &mut Escapes) {
        workload.map(&row, items, into);
    }

    #[test]
    fn a_task_cut_anywhere_is_the_same_work() {
        let workload = Mandelbrot { size: 20, max_iter: 50, ..Mandelbrot::default() };
        let mut whole = Escapes::default();
        row(&workload, 7, 0..20, &mut whole);
        for cut in 0..=20 {
            let mut parts = Escapes::default();
            row(&workload, 7, cut..20, &mut parts);
            row(&workload, 7, 0..cut, &mut parts);
            assert_eq!(parts, whole, "cut at {cut}");
        }
    }

    #[test]
    fn known_points_are_inside_or_outside() {
        for inside in [(0.0, 0.0), (-1.0, 0.0), (-2.0, 0.0), (0.25, 0.0), (0.0, 1.0), (-0.125, 0.6495)] {
            assert_eq!(escape(inside, 1_000), 1_000, "{inside:?}");
        }
        for (outside, steps) in [((1.0, 0.0), 3), ((2.0, 0.0), 2), ((-2.1, 0.0), 1), ((3.0, 4.0), 1)] {
            assert_eq!(escape(outside, 1_000), steps, "{outside:?}");
        }
    }

    #[test]
    fn near_the_neck_pi_is_counted() {
        // Boll 1991: c = -3/4 + e i escapes after about pi / e steps. The published counts.
        for (distance, steps) in [(0.1, 33), (0.01, 315), (0.001, 3_143), (0.0001, 31_417)] {
            assert_eq!(escape((-0.75, distance), 100_000), steps, "at {distance}");
        }
    }

    #[test]
    fn the_picture_has_the_area_of_the_set() {
        let workload = Mandelbrot { size: 150, max_iter: 500, ..Mandelbrot::default() };
        let pixels = || (0..150).flat_map(|row| (0..150).map(move |column| (row, column)));
        let inside = pixels().filter(|&(row, column)| escape(workload.point(row, column), 500) == 500).count();
        let area = inside as f64 / 150.0_f64.powi(2) * 6.25;
        assert!((area - 1.5066).abs() < 0.03, "{area}"); // 1.5065918849 (Foerstemann 2012)
    }

    #[test]
    fn the_oracle_agrees_and_notices_a_row_done_twice() {
        for (size, max_iter) in [(0, 1), (1, 1), (1, 90), (2, 3), (33, 200), (64, 77)] {
            let workload = Mandelbrot { size, max_iter, ..Mandelbrot::default() };
            let right = workload.input(1, 1);
            let mut all = Escapes::default();
            (0..size).for_each(|index| row(&workload, index, 0..size as usize, &mut all));
            assert_eq!(workload.verify(&right, &all), Ok(()), "{workload:?}");
            if size > 1 {
                // The mirror image of the first row costs the same: only the sum can tell.
                let mut twice = Escapes::default();
                (1..size).for_each(|index| row(&workload, index, 0..size as usize, &mut twice));
                row(&workload, size - 1, 0..size as usize, &mut twice);
                assert_eq!(twice.iterations, right.iterations);
                assert!(workload.verify(&right, &twice).is_err(), "{workload:?}");
            }
        }
    }
}

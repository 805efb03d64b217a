//! What a contender costs besides time: CPU and memory, and who is not beaten in both at once.

use results::Metric;

use crate::figures::finite;
use crate::turns::place;
use crate::view::{GroupView, Row, Standing, View, beyond_cpus};

/// A value with the 10th and 90th percentile of its samples.
pub(crate) type Spread = (f64, f64, f64);

/// The contenders of a group by what they cost.
pub(crate) struct Cost<'v, 'a> {
    pub(crate) group: &'v GroupView<'a>,
    /// Metric of the memory.
    pub(crate) memory: &'static str,
    /// Nearest to the leader first.
    pub(crate) rows: Vec<Costly<'v, 'a>>,
}

/// A contender by what it costs.
pub(crate) struct Costly<'v, 'a> {
    pub(crate) row: &'v Row<'a>,
    pub(crate) wall: Spread,
    /// CPU time of an iteration, then memory.
    pub(crate) costs: [Option<Spread>; 2],
    /// Whether nobody dominates it in time and in that.
    pub(crate) front: [bool; 2],
}

/// Who is not dominated. One dominates another where it is better in one value by more than `band`, and in the other not
/// worse by more than that: a tie is no reason to stand on the front. (There are no circles: along one, the sum of the
/// logarithms of both values would grow at each step.)
pub(crate) fn front(points: &[(f64, f64)], band: f64) -> Vec<bool> {
    let better = |a: f64, b: f64| a * (1.0 + band) < b;
    let dominates = |a: &(f64, f64), b: &(f64, f64)| {
        (better(a.0, b.0) || better(a.1, b.1)) && !better(b.0, a.0) && !better(b.1, a.1)
    };
    points.iter().map(|one| !points.iter().any(|other| dominates(other, one))).collect()
}

/// The decided group of each workload, at the most workers that have a CPU each, in which at least two contenders have a CPU
/// time or a memory. Sweeps have too many groups.
pub(crate) fn all<'v, 'a>(view: &'v View<'a>) -> Vec<Cost<'v, 'a>> {
    let cpus = view.run.environment.cpus_effective;
    let mut chosen: Vec<&'v GroupView<'a>> = Vec::new();
    for group in view.groups.iter().filter(|group| group.leader().is_some() && place(group).is_none()) {
        let rank = |group: &GroupView<'_>| beyond_cpus(group.workers, cpus);
        match chosen.iter_mut().find(|other| other.label == group.label) {
            Some(other) if rank(group) < rank(other) => *other = group,
            Some(_) => {}
            None => chosen.push(group),
        }
    }
    chosen.into_iter().filter_map(|group| Cost::new(group, view.run.run.delta)).collect()
}

/// A metric that is more than nothing, as a log axis needs it.
fn spread(row: &Row<'_>, metric: &str) -> Option<Spread> {
    match row.cell.metrics.get(metric)? {
        Metric::Measured { median, p10, p90, .. } => {
            let sound = |x: f64| finite(Some(x)).filter(|x| *x > 0.0);
            Some((sound(*median)?, sound(*p10)?, sound(*p90)?))
        }
        Metric::Missing { .. } => None,
    }
}

impl<'v, 'a> Cost<'v, 'a> {
    fn new(group: &'v GroupView<'a>, band: f64) -> Option<Self> {
        // What processes share is divided among them, where that is known; else it counts in each.
        let shared = group.rows.iter().any(|row| spread(row, "pss_bytes").is_some());
        let memory = if shared { "pss_bytes" } else { "peak_rss_bytes" };
        let costly = |row: &'v Row<'a>| {
            let wall = spread(row, "elapsed_ns")?;
            let costs = [spread(row, "cpu_ns"), spread(row, memory)];
            costs.iter().any(Option::is_some).then_some(Costly { row, wall, costs, front: [false; 2] })
        };
        let mut rows: Vec<Costly<'v, 'a>> = group.rows.iter().filter_map(costly).collect();
        let band = finite(Some(band)).unwrap_or(0.0).max(0.0);
        for plane in 0..2 {
            let known: Vec<usize> = (0..rows.len()).filter(|index| rows[*index].costs[plane].is_some()).collect();
            let point = |index: &usize| Some((rows[*index].wall.0, rows[*index].costs[plane]?.0));
            let points: Vec<(f64, f64)> = known.iter().filter_map(point).collect();
            for (index, on) in known.into_iter().zip(front(&points, band)) {
                rows[index].front[plane] = on;
            }
        }
        (rows.len() > 1).then_some(Self { group, memory, rows })
    }

    /// Those that are not dominated in CPU, or in memory where `plane` is 1.
    fn on(&self, plane: usize) -> Vec<&Costly<'v, 'a>> {
        self.rows.iter().filter(|one| one.front[plane]).collect()
    }

    /// Those that are dominated in both.
    pub(crate) fn dominated(&self) -> usize {
        self.rows.iter().filter(|one| one.front == [false; 2]).count()
    }

    /// `threads/static costs least time, CPU and memory`.
    pub(crate) fn finding(&self, band: f64) -> String {
        let names = |all: &[&Costly<'_, '_>]| match all {
            [] => String::new(),
            [one] => one.row.cell.contender.clone(),
            [one, two] => format!("{} and {}", one.row.cell.contender, two.row.cell.contender),
            [one, rest @ ..] => format!("{} and {} more", one.row.cell.contender, rest.len()),
        };
        let verb = |n: usize| if n == 1 { "costs" } else { "cost" };
        let planes = [0, 1].map(|plane| self.least(plane, band));
        let what = ["CPU", "memory"];
        match &planes {
            [Some(cpu), Some(memory)]
                if cpu
                    .iter()
                    .map(|one| one.row.cell.id.as_str())
                    .eq(memory.iter().map(|one| one.row.cell.id.as_str())) =>
            {
                format!("{} {} least time, CPU and memory", names(cpu), verb(cpu.len()))
            }
            [cpu, memory] => {
                let clause = |plane: usize, least: &Option<Vec<&Costly<'_, '_>>>| match least {
                    Some(least) => {
                        Some(format!("{} {} least time and {}", names(least), verb(least.len()), what[plane]))
                    }
                    None => {
                        let on = self.on(plane);
                        let thrifty = on.iter().min_by(|a, b| cost(a, plane).total_cmp(&cost(b, plane)))?;
                        Some(format!("for less {}, more time: {}", what[plane], thrifty.row.cell.contender))
                    }
                };
                // Who costs least of something stands first.
                let mut clauses = [(cpu.is_none(), clause(0, cpu)), (memory.is_none(), clause(1, memory))];
                clauses.sort_by_key(|(later, _)| *later);
                clauses.into_iter().filter_map(|(_, clause)| clause).collect::<Vec<_>>().join("; ")
            }
        }
    }

    /// Those that cost least of both, where all that are not dominated are as good as each other: within the band of the
    /// best in both.
    fn least(&self, plane: usize, band: f64) -> Option<Vec<&Costly<'v, 'a>>> {
        let on = self.on(plane);
        let least =
            |value: &dyn Fn(&Costly<'_, '_>) -> f64| on.iter().map(|one| value(one)).fold(f64::INFINITY, f64::min);
        let (wall, thrift) = (least(&|one| one.wall.0), least(&|one| cost(one, plane)));
        let near =
            |one: &&Costly<'_, '_>| one.wall.0 <= wall * (1.0 + band) && cost(one, plane) <= thrift * (1.0 + band);
        (!on.is_empty() && on.iter().all(near)).then_some(on)
    }

    /// Whether a contender is within the frame of a chart: not far behind, or not dominated.
    pub(crate) fn framed(&self, one: &Costly<'_, '_>) -> bool {
        one.row.standing != Standing::Far || one.front.contains(&true)
    }
}

fn cost(one: &Costly<'_, '_>, plane: usize) -> f64 {
    one.costs[plane].map_or(f64::INFINITY, |cost| cost.0)
}

#[cfg(test)]
mod tests {
    use super::front;

    #[test]
    fn nobody_on_the_front_is_beaten_in_both() {
        // Fast and dear, slow and cheap, in between; the last is beaten by the one in between.
        let points = [(1.0, 9.0), (9.0, 1.0), (3.0, 3.0), (4.0, 4.0)];
        assert_eq!(front(&points, 0.05), [true, true, true, false]);
        assert_eq!(front(&[], 0.05), Vec::<bool>::new());
        assert_eq!(front(&[(5.0, 5.0)], 0.05), [true]);
    }

    #[test]
    fn who_is_as_fast_and_dearer_is_beaten() {
        assert_eq!(front(&[(1.0, 2.0), (1.0, 3.0)], 0.05), [true, false]);
        assert_eq!(front(&[(2.0, 1.0), (3.0, 1.0)], 0.05), [true, false]);
    }

    #[test]
    fn equal_points_and_those_within_the_band_stand_together() {
        assert_eq!(front(&[(1.0, 1.0), (1.0, 1.0)], 0.05), [true, true]);
        assert_eq!(front(&[(1.0, 1.0), (1.04, 1.04)], 0.05), [true, true]);
        assert_eq!(front(&[(1.0, 1.0), (1.04, 1.06)], 0.05), [true, false]);
        assert_eq!(front(&[(1.0, 1.0), (1.04, 1.04)], 0.0), [true, false]);
    }

    #[test]
    fn half_a_per_cent_less_cpu_does_not_make_up_for_twice_the_time() {
        assert_eq!(front(&[(4.00, 7.76), (7.73, 7.72)], 0.05), [true, false]);
        assert_eq!(front(&[(4.00, 7.76), (7.73, 7.30)], 0.05), [true, true]);
    }

    #[test]
    fn somebody_is_always_on_the_front() {
        // A chain of which each beats the next in one value, and ties with it in the other.
        let chain: Vec<(f64, f64)> =
            (0..12).map(|n| (1.06_f64.powi((n + 1) / 2) * 1.04, 1.06_f64.powi(n / 2) * 1.01_f64.powi(n % 3))).collect();
        assert!(front(&chain, 0.05).contains(&true));
    }
}

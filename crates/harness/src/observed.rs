//! What a diagnostic pass saw, as metrics: the mean over iterations, and of the longest hold the maximum.

use std::collections::BTreeMap;

use patterns::clock::Tick;
use patterns::probe::Observed;
use patterns::shared_state::Examined;

/// Adds up iterations.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    iterations: u32,
    acquisitions: u64,
    contended: u64,
    wait_ns: f64,
    longest_wait_ns: f64,
    longest_hold_ns: f64,
    /// Least and most operations of a worker, and two indices of fairness; sums.
    shares: [f64; 4],
    unfair: Option<&'static str>,
}

const SHARES: [&str; 4] = ["operations_min", "operations_max", "fairness_min_max", "fairness_jain"];

impl Tally {
    /// Adds an iteration of so many workers.
    /// Clients are compared when the first of them is done, other workers at the end.
    pub(crate) fn add(&mut self, seen: &Observed, workers: u64, clients: bool) {
        self.iterations += 1;
        self.acquisitions += seen.acquisitions;
        self.contended += seen.contended;
        self.wait_ns += seen.lock_wait.as_nanos() as f64;
        self.longest_wait_ns = self.longest_wait_ns.max(seen.longest_wait.as_nanos() as f64);
        self.longest_hold_ns = self.longest_hold_ns.max(seen.longest_hold.as_nanos() as f64);
        let reached = if clients { when_the_first_was_done(seen, workers) } else { Ok(seen.operations.clone()) };
        match reached.and_then(|reached| shares(&reached, workers)) {
            Ok(shares) => self.shares.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share),
            Err(why) => self.unfair = Some(why),
        }
    }

    /// Metrics, and reasons for those that are not there.
    pub(crate) fn metrics(&self) -> (BTreeMap<String, f64>, BTreeMap<String, String>) {
        let iterations = f64::from(self.iterations.max(1));
        let locks = [
            ("lock_acquisitions", self.acquisitions as f64 / iterations),
            ("lock_contended", self.contended as f64 / iterations),
            ("lock_wait_ns", self.wait_ns / iterations),
            ("lock_wait_max_ns", self.longest_wait_ns),
            ("lock_hold_max_ns", self.longest_hold_ns),
        ];
        let (mut metrics, mut absent) = (BTreeMap::new(), BTreeMap::new());
        for (id, value) in locks {
            if self.acquisitions > 0 {
                metrics.insert(id.to_owned(), value);
            } else {
                absent.insert(id.to_owned(), String::from("takes no lock, or none that its probe is told of"));
            }
        }
        for (id, sum) in SHARES.into_iter().zip(self.shares) {
            match self.unfair {
                None => drop(metrics.insert(id.to_owned(), sum / iterations)),
                Some(why) => drop(absent.insert(id.to_owned(), why.to_owned())),
            }
        }
        (metrics, absent)
    }
}

/// What was checked of the order of calls, over iterations: what `verify --check` says, and no report.
#[derive(Debug, Default)]
pub(crate) struct History(Option<Examined>);

impl History {
    /// Adds an iteration that had a history.
    pub(crate) fn add(&mut self, one: &Examined) {
        let all = self.0.get_or_insert_default();
        all.calls += one.calls;
        all.keys = all.keys.max(one.keys);
        all.steps = all.steps.max(one.steps);
        all.undecided += one.undecided;
    }

    /// Calls and keys that were not decided, of all iterations; the most keys and the longest search.
    pub(crate) fn metrics(&self) -> impl Iterator<Item = (String, f64)> {
        let figures = |Examined { calls, keys, steps, undecided }| {
            let figures = [("calls", calls), ("keys", keys), ("steps", steps), ("undecided", undecided)];
            figures.map(|(id, figure)| (format!("history_{id}"), figure as f64))
        };
        self.0.map(figures).into_iter().flatten()
    }
}

/// How far each client was when the first was done: scripts are equally long, so that at the end all have done the same,
/// and what a lock gave to whom shows before. A client that is started late is behind, too.
fn when_the_first_was_done(seen: &Observed, workers: u64) -> Result<Vec<u64>, &'static str> {
    let ends = seen.progress.iter().filter_map(|notes| notes.last()).map(|(_, when)| *when);
    let done = ends.min().ok_or("its clients do not note how far they are")?;
    if seen.progress.len() as u64 != workers {
        return Err("some of its clients had nothing to do");
    }
    let reached =
        |notes: &Vec<(u64, Tick)>| notes.iter().rfind(|(_, when)| *when <= done).map_or(0, |(steps, _)| *steps);
    Ok(seen.progress.iter().map(reached).collect())
}

/// Least and most operations, least over most, and Jain's index (Jain, Chiu and Hawe 1984): (sum x)^2 / (n sum x^2), 1
/// where all are equal and 1/n where one has everything.
fn shares(operations: &[u64], workers: u64) -> Result<[f64; 4], &'static str> {
    // One report for all of them says nothing of each.
    if operations.len() as u64 != workers {
        return Err("its operations are not counted by worker");
    }
    let (Some(min), Some(max)) = (operations.iter().min(), operations.iter().max()) else {
        return Err("it has no workers");
    };
    if *max == 0 {
        return Err("no operations, nothing to share out");
    }
    let sum: f64 = operations.iter().map(|one| *one as f64).sum();
    let squares: f64 = operations.iter().map(|one| (*one as f64).powi(2)).sum();
    let jain = sum.powi(2) / (operations.len() as f64 * squares);
    Ok([*min as f64, *max as f64, *min as f64 / *max as f64, jain])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn fairness_is_1_where_all_are_equal_and_1_of_n_where_one_has_everything() {
        assert_eq!(shares(&[5, 5, 5, 5], 4), Ok([5.0, 5.0, 1.0, 1.0]));
        assert_eq!(shares(&[8, 0, 0, 0], 4), Ok([0.0, 8.0, 0.0, 0.25]));
        assert_eq!(shares(&[1, 3], 2), Ok([1.0, 3.0, 1.0 / 3.0, 0.8]));
        assert!(shares(&[12], 4).unwrap_err().contains("not counted by worker"));
        assert!(shares(&[0, 0], 2).is_err());
    }

    #[test]
    fn clients_are_compared_when_the_first_of_them_is_done() {
        let notes = |all: &[(u64, u64)]| all.iter().map(|(steps, when)| (*steps, Tick::from_nanos(*when))).collect();
        let progress: Vec<Vec<_>> = vec![notes(&[(5, 10), (10, 20)]), notes(&[(5, 15), (10, 30)]), notes(&[(10, 90)])];
        let seen = Observed { operations: vec![10, 10, 10], progress, ..Observed::default() };
        assert_eq!(when_the_first_was_done(&seen, 3), Ok(vec![10, 5, 0]));
        assert!(when_the_first_was_done(&seen, 4).unwrap_err().contains("nothing to do"));
        assert!(when_the_first_was_done(&Observed::default(), 3).unwrap_err().contains("do not note"));
        let least = |clients| {
            let mut tally = Tally::default();
            tally.add(&seen, 3, clients);
            tally.metrics().0["operations_min"]
        };
        assert_eq!((least(true), least(false)), (0.0, 10.0));
    }

    #[test]
    fn iterations_are_averaged_and_the_longest_hold_is_the_longest() {
        let seen = |contended, wait, hold, operations: &[u64]| Observed {
            operations: operations.to_vec(),
            acquisitions: 10,
            contended,
            lock_wait: Duration::from_nanos(wait),
            longest_wait: Duration::from_nanos(wait / 2),
            longest_hold: Duration::from_nanos(hold),
            ..Observed::default()
        };
        let mut tally = Tally::default();
        tally.add(&seen(2, 100, 70, &[5, 5]), 2, false);
        tally.add(&seen(4, 300, 30, &[4, 6]), 2, false);
        let (metrics, absent) = tally.metrics();
        let value = |id: &str| metrics.get(id).copied();
        assert_eq!(value("lock_acquisitions"), Some(10.0));
        assert_eq!(value("lock_contended"), Some(3.0));
        assert_eq!(value("lock_wait_ns"), Some(200.0));
        assert_eq!((value("lock_wait_max_ns"), value("lock_hold_max_ns")), (Some(150.0), Some(70.0)));
        assert_eq!((value("operations_min"), value("operations_max")), (Some(4.5), Some(5.5)));
        assert!(absent.is_empty(), "{absent:?}");
        // One iteration that cannot tell, and the mean would be of other iterations than it says.
        tally.add(&seen(0, 0, 0, &[10]), 2, false);
        assert!(SHARES.iter().all(|id| tally.metrics().1.contains_key(*id)));
        assert!(Tally::default().metrics().1.contains_key("lock_wait_ns"), "no lock is a reason, and not 0");
    }
}

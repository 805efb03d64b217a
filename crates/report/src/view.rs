//! One run joined for reading: the cells of each group beside their contrasts, the nearest to the leader first.

use std::collections::HashMap;

use results::{Cell, CellStatus, Contrast, Group, Run, Verdict};

use crate::figures::finite;

/// A run and its groups.
pub(crate) struct View<'a> {
    pub(crate) run: &'a Run,
    pub(crate) groups: Vec<GroupView<'a>>,
}

/// The cells that answer one question.
pub(crate) struct GroupView<'a> {
    pub(crate) id: &'a str,
    /// Workload with its knobs.
    pub(crate) label: &'a str,
    /// Workers; 0 where neither the ID nor a cell says so.
    pub(crate) workers: u32,
    /// Verdicts; missing where the engine made no group of these cells.
    pub(crate) group: Option<&'a Group>,
    /// Measured cells that are meant to be right, the leader first.
    pub(crate) rows: Vec<Row<'a>>,
    /// Measured counterexamples.
    pub(crate) wrong: Vec<&'a Cell>,
    /// Cells without a measurement.
    pub(crate) absent: Vec<&'a Cell>,
}

/// A measured cell in its group.
pub(crate) struct Row<'a> {
    pub(crate) cell: &'a Cell,
    pub(crate) reference: bool,
    pub(crate) standing: Standing,
    /// Against the leader; above 1 is slower.
    pub(crate) behind: Option<&'a Contrast>,
    /// Against sequential; above 1 is slower.
    pub(crate) against: Option<&'a Contrast>,
    /// Times slower than the leader: from the contrast, else from the medians.
    pub(crate) ratio: Option<f64>,
}

/// Where a contender stands against the leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Leads,
    /// In the best set, and within the tie band.
    Ties,
    /// In the best set, and no more can be said.
    NotSeparated,
    /// Out of the best set.
    Behind,
    Far,
    /// No verdict was taken.
    Undecided,
}

impl Standing {
    /// Whether nothing beats it.
    pub(crate) fn best(self) -> bool {
        matches!(self, Self::Leads | Self::Ties | Self::NotSeparated)
    }

    /// Order of reading.
    fn rank(self) -> u8 {
        match self {
            Self::Leads => 0,
            Self::Ties | Self::NotSeparated => 1,
            Self::Behind => 2,
            Self::Far => 3,
            Self::Undecided => 4,
        }
    }
}

impl<'a> View<'a> {
    /// Joins groups, cells and contrasts. Cells that no group names get a group of their own, so that none is lost.
    pub(crate) fn new(run: &'a Run) -> Self {
        let mut ids: Vec<&'a str> = Vec::new();
        let mut parts: HashMap<&'a str, Parts<'a>> = HashMap::new();
        for group in &run.groups {
            let mine = parts.entry(&group.id).or_insert_with_key(|id| Parts::new(&mut ids, id));
            mine.group = mine.group.or(Some(group));
        }
        for cell in &run.cells {
            parts.entry(&cell.group).or_insert_with_key(|id| Parts::new(&mut ids, id)).cells.push(cell);
        }
        for contrast in &run.contrasts {
            if let Some(mine) = parts.get_mut(contrast.group.as_str()) {
                mine.against.entry(&contrast.b).or_insert(contrast);
            }
        }
        let groups = ids.into_iter().filter_map(|id| Some(GroupView::new(id, &parts.remove(id)?))).collect();
        Self { run, groups }
    }

    /// Models in the order in which the run names them.
    pub(crate) fn models(&self) -> Vec<&'a str> {
        let mut models: Vec<&'a str> = Vec::new();
        for cell in self.run.cells.iter().filter(|cell| !cell.deliberately_wrong) {
            if !models.contains(&cell.model.as_str()) {
                models.push(&cell.model);
            }
        }
        models
    }

    /// What became of everything.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for cell in &self.run.cells {
            match cell.status {
                CellStatus::Measured => tally.measured += 1,
                CellStatus::NotApplicable => tally.not_applicable += 1,
                CellStatus::Failed => tally.failed += 1,
                CellStatus::TimedOut => tally.timed_out += 1,
                CellStatus::Skipped => tally.skipped += 1,
            }
        }
        for row in self.groups.iter().flat_map(|group| &group.rows) {
            match (row.standing, row.behind.map(|behind| behind.verdict)) {
                (Standing::Leads | Standing::Undecided, _) => {}
                (Standing::Ties, _) | (Standing::Behind, Some(Verdict::Tie)) => tally.ties += 1,
                (Standing::NotSeparated, _) => tally.unresolved += 1,
                (Standing::Far, _) => tally.far += 1,
                (Standing::Behind, _) => tally.separated += 1,
            }
        }
        tally
    }
}

/// Numbers of cells by outcome, and of verdicts against the leader.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) measured: usize,
    pub(crate) not_applicable: usize,
    pub(crate) failed: usize,
    pub(crate) timed_out: usize,
    pub(crate) skipped: usize,
    pub(crate) separated: usize,
    pub(crate) ties: usize,
    pub(crate) unresolved: usize,
    pub(crate) far: usize,
}

/// What belongs to one group, found in one pass over the run.
struct Parts<'a> {
    group: Option<&'a Group>,
    cells: Vec<&'a Cell>,
    /// Contrasts against the reference, by the cell that is compared.
    against: HashMap<&'a str, &'a Contrast>,
}

impl<'a> Parts<'a> {
    /// Nothing yet; the ID is noted where it stands first.
    fn new(ids: &mut Vec<&'a str>, id: &'a str) -> Self {
        ids.push(id);
        Self { group: None, cells: Vec::new(), against: HashMap::new() }
    }
}

impl<'a> GroupView<'a> {
    fn new(id: &'a str, parts: &Parts<'a>) -> Self {
        let group = parts.group;
        let cells = || parts.cells.iter().copied();
        let measured = |cell: &&Cell| cell.status == CellStatus::Measured;
        // The ID carries both; a cell is asked only where it does not.
        let (label, workers) = match id.rsplit_once("/w").map(|(label, workers)| (label, workers.parse())) {
            Some((label, Ok(workers))) => (label, workers),
            _ => (id, cells().next().map_or(0, |cell| cell.workers)),
        };
        let leader = group.and_then(|group| group.leader.as_deref()).and_then(|leader| {
            cells().filter(measured).find(|cell| cell.contender == leader && !cell.deliberately_wrong)
        });
        // The first of two stands, as in `against`.
        let behind = group.into_iter().flat_map(|group| group.behind_leader.iter().rev());
        let behind: HashMap<&str, &'a Contrast> = behind.map(|contrast| (contrast.b.as_str(), contrast)).collect();
        let contrasts = |cell: &Cell| {
            let of = |all: &HashMap<&str, &'a Contrast>| all.get(cell.id.as_str()).copied();
            (of(&behind), of(&parts.against))
        };
        let mut rows: Vec<Row<'a>> = cells()
            .filter(measured)
            .filter(|cell| !cell.deliberately_wrong)
            .map(|cell| Row::new(group, leader, cell, contrasts(cell)))
            .collect();
        rows.sort_by(|a, b| {
            let key = |row: &Row<'_>| row.ratio.or_else(|| row.median()).unwrap_or(f64::INFINITY);
            a.standing.rank().cmp(&b.standing.rank()).then(key(a).total_cmp(&key(b)))
        });
        Self {
            id,
            label,
            workers,
            group,
            rows,
            wrong: cells().filter(measured).filter(|cell| cell.deliberately_wrong).collect(),
            absent: cells().filter(|cell| !measured(cell)).collect(),
        }
    }

    /// Who leads, if anyone was decided to.
    pub(crate) fn leader(&self) -> Option<&Row<'a>> {
        self.rows.first().filter(|row| row.standing == Standing::Leads)
    }

    /// The best contender of each model that is not in the best set, nearest first.
    pub(crate) fn other_models(&self) -> Vec<&Row<'a>> {
        let best: Vec<&str> =
            self.rows.iter().filter(|row| row.standing.best()).map(|row| row.cell.model.as_str()).collect();
        let mut seen: Vec<&str> = Vec::new();
        self.rows
            .iter()
            .filter(|row| matches!(row.standing, Standing::Behind | Standing::Far))
            .filter(|row| {
                let model = row.cell.model.as_str();
                let new = !best.contains(&model) && !seen.contains(&model);
                seen.push(model);
                new
            })
            .collect()
    }

    /// How far apart the models are: the last of each model's best. `None` where nothing is decided or one model ran. Where
    /// one thread leaves all others far behind, as where nothing hops, it is no choice, and they are held to each other.
    pub(crate) fn spread(&self) -> Option<f64> {
        let leader = self.leader()?;
        let others = self.other_models();
        let others: Vec<f64> = others.iter().filter(|row| !row.reference).filter_map(|row| row.ratio).collect();
        let nearest = others.iter().copied().reduce(f64::min).filter(|nearest| leader.reference && *nearest > FAR);
        match others.into_iter().reduce(f64::max) {
            Some(last) => Some(last / nearest.unwrap_or(1.0)),
            // Every model is in the best set.
            None => {
                let mut models = self.rows.iter().filter(|row| !row.reference).map(|row| row.cell.model.as_str());
                let first = models.next()?;
                models.any(|model| model != first).then_some(1.0)
            }
        }
    }

    /// Rounds behind what is said: those of its look, else those it was measured in.
    pub(crate) fn rounds(&self) -> u32 {
        let samples = |row: &Row<'_>| match row.cell.metrics.get(&row.cell.primary) {
            Some(results::Metric::Measured { n, .. }) => *n,
            _ => 0,
        };
        let look = self.group.map_or(0, |group| group.rounds);
        if self.leader().is_some() { look } else { self.rows.iter().map(samples).max().unwrap_or(look) }
    }
}

/// Which number of workers speaks for a workload: smallest for the most that have a CPU each; where none have, for the
/// fewest.
pub(crate) fn beyond_cpus(workers: u32, cpus: f64) -> (bool, u32) {
    let beyond = f64::from(workers) > cpus.max(1.0);
    (beyond, if beyond { workers } else { u32::MAX - workers })
}

/// So many times behind, a contender is far.
const FAR: f64 = 20.0;

impl<'a> Row<'a> {
    /// A cell with its contrasts against the leader and against the reference.
    fn new(
        group: Option<&'a Group>,
        leader: Option<&'a Cell>,
        cell: &'a Cell,
        (behind, against): (Option<&'a Contrast>, Option<&'a Contrast>),
    ) -> Self {
        let named = |names: &[String]| names.contains(&cell.contender);
        let standing = match (group, leader) {
            (Some(_), Some(leader)) if leader.id == cell.id => Standing::Leads,
            (Some(group), Some(_)) if named(&group.ties) => Standing::Ties,
            (Some(group), Some(_)) if named(&group.best_set) => Standing::NotSeparated,
            (_, Some(_)) if cell.far || behind.is_some_and(|b| b.verdict == Verdict::Far) => Standing::Far,
            (_, Some(_)) if behind.is_some() => Standing::Behind,
            _ => Standing::Undecided,
        };
        let mut row = Self {
            cell,
            reference: cell.reference || group.is_some_and(|group| group.reference == cell.id),
            standing,
            behind,
            against,
            ratio: None,
        };
        row.ratio = finite(behind.map(|behind| behind.ratio)).or_else(|| {
            let leader = median(leader?, &cell.primary)?;
            finite(Some(row.median()? / leader))
        });
        row
    }

    /// Median of the metric that the verdict is about.
    pub(crate) fn median(&self) -> Option<f64> {
        median(self.cell, &self.cell.primary)
    }

    /// Whether it was shown to be slower than sequential. `far` is not tested, so it must be far from sequential too.
    pub(crate) fn slower_than_reference(&self) -> bool {
        self.against.is_some_and(|against| match against.verdict {
            Verdict::Slower => true,
            Verdict::Far => against.ratio >= 2.0,
            Verdict::Faster | Verdict::Tie | Verdict::Unresolved => false,
        })
    }
}

/// Median of a metric, if there is one.
pub(crate) fn median(cell: &Cell, metric: &str) -> Option<f64> {
    finite(cell.metrics.get(metric).and_then(results::Metric::median))
}

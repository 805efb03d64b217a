//! One row a cell with every figure, unrounded, for spreadsheets and scripts (RFC 4180).

use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;

use results::{Cell, Contrast, Metric, Run};

use crate::view::{Row, View};

/// Columns that every run has, before the metrics.
const FIXED: [&str; 34] = [
    "cell",
    "group",
    "workload",
    "knobs",
    "model",
    "strategy",
    "contender",
    "workers",
    "support",
    "status",
    "reason",
    "verified",
    "deliberately_wrong",
    "reference",
    "far",
    "leader",
    "best_set",
    "ratio_to_reference",
    "ratio_to_reference_lo",
    "ratio_to_reference_hi",
    "verdict_to_reference",
    "ratio_to_leader",
    "ratio_to_leader_lo",
    "ratio_to_leader_hi",
    "verdict_to_leader",
    "rounds",
    "rounds_won",
    "threads",
    "processes",
    "tasks",
    "messages",
    "bytes_shipped",
    "restarts",
    "primary",
];

/// The cells of a run as CSV: one header line, then one row a cell in the order of the run, lines ended by CR LF.
///
/// Metrics follow as `<metric>`, `<metric>_p10`, `<metric>_p90`, `<metric>_n`. What was not measured is empty.
#[must_use]
pub fn csv(run: &Run) -> String {
    let view = View::new(run);
    let rows: Rows<'_> =
        view.groups.iter().flat_map(|group| &group.rows).map(|row| (std::ptr::from_ref(row.cell), row)).collect();
    let metrics: BTreeSet<&str> = run.cells.iter().flat_map(|cell| cell.metrics.keys().map(String::as_str)).collect();
    let mut head: Vec<String> = FIXED.iter().map(ToString::to_string).collect();
    for metric in &metrics {
        head.extend(["", "_p10", "_p90", "_n"].map(|suffix| format!("{metric}{suffix}")));
    }
    let mut out = line(&head);
    for cell in &run.cells {
        let mut row = identity(cell);
        row.extend(verdicts(&rows, cell));
        let units = cell.units;
        let units = [units.threads, units.processes, units.tasks, units.messages, units.bytes_shipped, units.restarts];
        row.extend(units.map(|unit| unit.to_string()));
        row.push(cell.primary.clone());
        row.extend(metrics.iter().flat_map(|metric| match cell.metrics.get(*metric) {
            Some(Metric::Measured { median, p10, p90, n }) => {
                [number(*median), number(*p10), number(*p90), n.to_string()]
            }
            Some(Metric::Missing { .. }) | None => Default::default(),
        }));
        out.push_str(&line(&row));
    }
    out
}

fn identity(cell: &Cell) -> Vec<String> {
    let knobs: Vec<String> = cell
        .knobs
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    vec![
        cell.id.clone(),
        cell.group.clone(),
        cell.workload.clone(),
        knobs.join(","),
        cell.model.clone(),
        cell.strategy.clone(),
        cell.contender.clone(),
        cell.workers.to_string(),
        kebab(cell.support),
        kebab(cell.status),
        cell.reason.clone().unwrap_or_default(),
        cell.verified.map_or_else(String::new, |verified| verified.to_string()),
        cell.deliberately_wrong.to_string(),
        cell.reference.to_string(),
        cell.far.to_string(),
    ]
}

/// Rows by the very cell they show: IDs need not be unique in a file from elsewhere.
type Rows<'v> = HashMap<*const Cell, &'v Row<'v>>;

fn verdicts(rows: &Rows<'_>, cell: &Cell) -> Vec<String> {
    let Some(row) = rows.get(&std::ptr::from_ref(cell)) else { return vec![String::new(); 12] };
    let contrast = |contrast: Option<&Contrast>| match contrast {
        None => Default::default(),
        Some(c) => [
            number(c.ratio),
            c.lo.map_or_else(String::new, number),
            c.hi.map_or_else(String::new, number),
            kebab(c.verdict),
        ],
    };
    let mut out = vec![(row.standing == crate::view::Standing::Leads).to_string(), row.standing.best().to_string()];
    out.extend::<[String; 4]>(contrast(row.against));
    out.extend::<[String; 4]>(contrast(row.behind));
    out.push(row.behind.map_or_else(String::new, |c| c.rounds.to_string()));
    out.push(row.behind.map_or_else(String::new, |c| c.won.to_string()));
    out
}

/// Enum names as `results.json` writes them.
fn kebab(value: impl std::fmt::Debug) -> String {
    let mut out = String::new();
    for c in format!("{value:?}").chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn number(x: f64) -> String {
    if x.is_finite() { x.to_string() } else { String::new() }
}

fn line(fields: &[impl Display]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| quoted(&field.to_string())).collect();
    format!("{}\r\n", fields.join(","))
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

//! `verify`: each cell once, answers only; with `--check`, the history of its calls as well.

use std::collections::BTreeMap;

use anyhow::Result;
use harness::engine::Alternative;
use harness::protocol::Config;
use harness::{Ask, ProcessSampler, Sampler};
use results::journal::Outcome;
use serde_json::{Value, json};
use suite::{Models, Suite};

use crate::{cli, exit, id, interrupt, output, selection};

pub(crate) fn run<M: Models>(suite: &Suite<M>, arguments: &cli::Verify) -> Result<u8> {
    let private = interrupt::private_folder()?;
    let mut chosen = arguments.selection.clone();
    if arguments.check {
        chosen.knob.splice(0..0, presets(suite, &chosen));
    }
    let groups = selection::groups(suite, &chosen, private.path())?;
    interrupt::listen()?;
    let mut sampler = ProcessSampler::new(chosen.timeout);
    let mut cells = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    'all: for group in &groups {
        let mut digest = None;
        let mut order: Vec<_> = group.alternatives.iter().collect();
        order.sort_by_key(|one| !one.reference);
        for one in order {
            if interrupt::asked() {
                break 'all;
            }
            let observe = arguments.check && !one.guest && has_diagnosis(suite, &one.config);
            let config = Config { warmup: 0, iterations: 1, digest: digest.clone(), observe, ..one.config.clone() };
            let sampled =
                sampler.sample(Ask { launcher: &one.launcher, config: &config, wrong: one.wrong, guest: one.guest });
            if one.reference {
                digest = sampled.digest;
            }
            let history = arguments.check.then(|| History::of(&sampled.outcome, one, observe));
            let (status, note) = said(&sampled.outcome, one.wrong, history.as_ref());
            *counts.entry(status).or_default() += 1;
            if matches!(&history, Some(History::Calls { .. })) && status == "ok" {
                *counts.entry("linearizable").or_default() += 1;
            }
            if !arguments.json {
                let gap = if note.is_empty() { "" } else { "  " };
                output::out(&format!("{status:9} {}{gap}{note}\n", config.cell))?;
            }
            let mut cell = json!({ "id": config.cell, "status": status, "reason": note });
            if let Some(history) = history {
                cell["history"] = history.json();
            }
            cells.push(cell);
        }
    }
    let times = |status: &str| counts.get(status).copied().unwrap_or_default();
    let (undecided, linearizable) = (times("undecided"), times("linearizable"));
    let failed = cells.len() - times("ok") - undecided;
    if arguments.json {
        let mut said = json!({ "cells": cells, "failed": failed });
        if arguments.check {
            said["linearizable"] = linearizable.into();
            said["undecided"] = undecided.into();
        }
        output::out(&format!("{said}\n"))?;
    } else {
        let histories = match arguments.check {
            true => format!("; {linearizable} linearizable, {undecided} undecided"),
            false => String::new(),
        };
        output::out(&format!("{} cells verified, {failed} failed{histories}\n", cells.len()))?;
    }
    Ok(if interrupt::asked() {
        exit::INTERRUPTED
    } else if failed > 0 {
        exit::FAILED
    } else if undecided > 0 {
        exit::UNTRUSTED
    } else {
        exit::OK
    })
}

/// What came of a cell, in a word and a line.
fn said(outcome: &Outcome, wrong: bool, history: Option<&History>) -> (&'static str, String) {
    match outcome {
        Outcome::Measured { metrics, .. } if wrong => {
            let wrong = report::went_wrong(metrics);
            let wrong = wrong.unwrap_or_else(|| String::from("nothing went wrong this time"));
            ("ok", format!("deliberately wrong: {wrong}"))
        }
        Outcome::Measured { .. } => history.map_or(("ok", String::new()), History::said),
        Outcome::Failed { reason } => ("failed", reason.clone()),
        Outcome::TimedOut { reason } => ("timed-out", reason.clone()),
    }
}

/// The knobs of the presets in which workloads have a history, before all that were asked for.
fn presets<M: Models>(suite: &Suite<M>, chosen: &cli::Selection) -> Vec<String> {
    let swept = |workload: &str, name: &str| {
        let named = |text: &String| {
            let same =
                |(owner, knob, _): (Option<&str>, &str, _)| knob == name && owner.is_none_or(|owner| owner == workload);
            id::assignment(text).is_some_and(same)
        };
        chosen.sweep.iter().any(named)
    };
    let mut knobs = Vec::new();
    for workload in &suite.workloads {
        let preset = workload.presets.iter().find(|preset| Some(preset.id) == workload.checked);
        for (name, value) in preset.into_iter().flat_map(|preset| preset.knobs) {
            if !swept(workload.id, name) {
                knobs.push(format!("{}.{name}={value}", workload.id));
            }
        }
    }
    knobs
}

fn has_diagnosis<M>(suite: &Suite<M>, config: &Config) -> bool {
    let same = |name: [&str; 3]| name == [&config.workload, &config.model, &config.strategy];
    let cell = suite.cells.iter().find(|cell| same([cell.workload, cell.model, cell.strategy]));
    cell.is_some_and(|cell| cell.diagnosis.is_some())
}

/// What is known of the order of a cell's calls.
enum History {
    /// There is an order, but for so many keys that were given up.
    Calls { calls: u64, keys: u64, steps: u64, undecided: u64 },
    /// There is nothing to put in order, and this is why.
    Nothing(String),
}

impl History {
    fn of(outcome: &Outcome, one: &Alternative, observed: bool) -> Self {
        let Outcome::Measured { metrics, absent, .. } = outcome else {
            return Self::Nothing(String::from("there is no answer"));
        };
        let figure = |id: &str| metrics.get(id).map(|figure| *figure as u64);
        match figure("history_calls") {
            Some(calls) if observed => {
                let [keys, steps, undecided] =
                    ["history_keys", "history_steps", "history_undecided"].map(|id| figure(id).unwrap_or_default());
                Self::Calls { calls, keys, steps, undecided }
            }
            _ if one.guest => Self::Nothing(String::from("a program from elsewhere records none")),
            _ if !observed => Self::Nothing(String::from("it was compiled without a diagnostic pass")),
            _ => {
                Self::Nothing(absent.get("history_calls").cloned().unwrap_or_else(|| String::from("none was recorded")))
            }
        }
    }

    /// In a word and a line.
    fn said(&self) -> (&'static str, String) {
        match self {
            Self::Calls { calls, keys, steps, undecided: 0 } => {
                let [calls, keys, steps] = [calls, keys, steps].map(|figure| thousands(*figure));
                ("ok", format!("linearizable: {calls} calls on {keys} keys, longest search {steps} steps"))
            }
            Self::Calls { calls, keys, steps, undecided } => {
                let [calls, keys, steps, undecided] = [calls, keys, steps, undecided].map(|figure| thousands(*figure));
                let gave_up = format!("{undecided} of {keys} keys given up, after at most {steps} steps");
                ("undecided", format!("{calls} calls: {gave_up}; fewer `ops` or clients make shorter searches"))
            }
            Self::Nothing(why) => ("ok", format!("no history: {why}")),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Calls { calls, keys, steps, undecided } => {
                json!({ "calls": calls, "keys": keys, "steps": steps, "undecided": undecided })
            }
            Self::Nothing(_) => Value::Null,
        }
    }
}

/// `80,000`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_third_digit_has_a_comma() {
        let shown = [0, 999, 1_000, 80_000, 1_234_567].map(thousands);
        assert_eq!(shown, ["0", "999", "1,000", "80,000", "1,234,567"]);
    }

    #[test]
    fn what_was_given_up_is_not_ok() {
        let calls = |undecided| History::Calls { calls: 80_000, keys: 64, steps: 1_234, undecided };
        let (status, note) = calls(0).said();
        assert_eq!(
            (status, note.as_str()),
            ("ok", "linearizable: 80,000 calls on 64 keys, longest search 1,234 steps")
        );
        let (status, note) = calls(2).said();
        assert_eq!(status, "undecided");
        assert!(note.contains("2 of 64 keys given up"), "{note}");
    }
}

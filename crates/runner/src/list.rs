//! `list`: models with strategies, workloads with knobs and presets, every cell with its support.

use std::collections::BTreeSet;

use anyhow::Result;
use patterns::cell::{Cell, Listed};
use patterns::{Demand, Size};
use results::journal::PlannedHazard;
use serde_json::{Value, json};
use suite::{Models, Suite};

use crate::selection::support;
use crate::{cli, exit, hazards, output};

pub(crate) fn run<M: Models>(suite: &Suite<M>, arguments: &cli::List) -> Result<u8> {
    let text = if arguments.json {
        format!("{}\n", as_json(suite))
    } else if arguments.markdown {
        as_markdown(suite)
    } else {
        as_text(suite)
    };
    output::out(&text)?;
    Ok(exit::OK)
}

/// A strategy of a model in a pattern, over all workloads.
struct Listing {
    id: &'static str,
    pattern: &'static str,
    support: &'static str,
    why: Option<&'static str>,
    demands: BTreeSet<Demand>,
    wrong: bool,
}

impl Listing {
    /// What it demands of a program's types, as one writes it.
    fn words(&self) -> Vec<&'static str> {
        self.demands.iter().map(|demand| demand.word()).collect()
    }
}

/// The strategies of a model, in the order in which it lists them.
fn strategies(cells: &[Cell], model: &str) -> Vec<Listing> {
    let mut all: Vec<Listing> = Vec::new();
    for cell in cells.iter().filter(|cell| cell.model == model) {
        let (pattern, support, why) = (cell.pattern.id(), word(cell), cell.why());
        match all.iter_mut().find(|known| known.id == cell.strategy && known.pattern == pattern) {
            Some(known) => {
                // A workload to which it is not applicable says nothing of what it demands of the others.
                known.demands.extend(cell.demands);
                if known.support != support {
                    (known.support, known.why) = ("depends", None);
                }
            }
            None => {
                let demands = cell.demands.iter().copied().collect();
                all.push(Listing { id: cell.strategy, pattern, support, why, demands, wrong: cell.wrong });
            }
        }
    }
    all
}

fn word(cell: &Cell) -> &'static str {
    match support(&cell.support) {
        results::Support::Idiomatic => "idiomatic",
        results::Support::AgainstTheGrain => "against-the-grain",
        results::Support::NotApplicable => "not-applicable",
    }
}

fn as_json<M: Models>(suite: &Suite<M>) -> Value {
    let models = suite.models().iter().map(|(id, about)| {
        let strategies = strategies(&suite.cells, id).into_iter().map(|one| {
            json!({ "id": one.id, "pattern": one.pattern, "support": one.support, "why": one.why,
                    "demands": one.words(), "deliberately_wrong": one.wrong })
        });
        json!({ "id": id, "about": about, "strategies": strategies.collect::<Vec<_>>() })
    });
    let workloads = suite.workloads.iter().map(|workload| {
        let default = (workload.sized)(Size::Default);
        let knobs = workload.knobs.iter().map(|knob| {
            json!({ "id": knob.id, "default": default.get(knob.id), "unit": knob.unit(), "range": knob.range(),
                    "about": knob.about })
        });
        let presets = workload.presets.iter().map(|preset| json!({ "id": preset.id, "knobs": preset.knobs }));
        json!({ "id": workload.id, "about": workload.about, "pattern": workload.pattern.id(),
                "knobs": knobs.collect::<Vec<_>>(), "presets": presets.collect::<Vec<_>>() })
    });
    let cells =
        suite.cells.iter().map(|cell| json!({ "id": format!("{cell:?}"), "support": word(cell), "why": cell.why() }));
    json!({
        "models": models.collect::<Vec<_>>(),
        "workloads": workloads.collect::<Vec<_>>(),
        "cells": cells.collect::<Vec<_>>(),
        "hazards": hazards::all(suite).iter().map(hazard_json).collect::<Vec<_>>(),
    })
}

fn hazard_json(one: &hazards::Planned) -> Value {
    let PlannedHazard { id, model, about, told, remedy, unit, why } = &one.planned;
    match one.ends {
        None => json!({ "id": id, "model": model, "why": why }),
        Some(ends) => json!({ "id": id, "model": model, "about": about, "ends": hazards::word(ends), "told": told,
                              "remedy": remedy, "unit": unit }),
    }
}

fn as_text<M: Models>(suite: &Suite<M>) -> String {
    let mut text = String::from("models, their strategies, and what these demand of a program's types\n");
    for (id, about) in suite.models() {
        text += &format!("  {id:14} {about}\n");
        for one in strategies(&suite.cells, id) {
            let mut notes = Vec::new();
            notes.extend((one.support != "idiomatic").then(|| one.support.to_owned()));
            notes.extend(one.why.map(str::to_owned));
            notes.extend(one.wrong.then(|| String::from("deliberately wrong, never ranked")));
            let note = if notes.is_empty() { String::new() } else { format!("  ({})", notes.join(": ")) };
            let demands = if one.demands.is_empty() { String::from("nothing") } else { one.words().join(", ") };
            text += &format!("  {:14} {:12} {:22} {demands}{note}\n", "", one.pattern, one.id);
        }
    }
    text += "\nworkloads and their knobs\n";
    for workload in &suite.workloads {
        text += &format!("  {:14} {} ({})\n", workload.id, workload.about, workload.pattern.id());
        for (knob, default) in knobs(workload) {
            let shown = format!("{}={default}", knob.id);
            text += &format!("  {:14} {shown:20} {} ({})\n", "", knob.about, knob.range());
        }
        for preset in workload.presets {
            let knobs: Vec<String> = preset.knobs.iter().map(|(id, value)| format!("{id}={value}")).collect();
            text += &format!("  {:14} {}:{} is {}\n", "", workload.id, preset.id, knobs.join(","));
        }
    }
    text += "\nhazards, made to happen by `compare --hazards`\n";
    for one in hazards::all(suite) {
        let PlannedHazard { id, about, remedy, why, .. } = &one.planned;
        text += &match (one.ends, why) {
            (Some(ends), _) => {
                let indent = " ".repeat(40);
                format!("  {id:30} {:9}{about}\n{indent}instead: {remedy}\n", hazards::word(ends))
            }
            (None, why) => format!("  {id:30} none: {}\n", why.as_deref().unwrap_or_default()),
        };
    }
    let count = |support: &str| suite.cells.iter().filter(|cell| word(cell) == support).count();
    text += &format!(
        "\n{} cells a worker count: {} idiomatic, {} against the grain, {} not applicable (--json lists each)\n",
        suite.cells.len(),
        count("idiomatic"),
        count("against-the-grain"),
        count("not-applicable")
    );
    text
}

fn knobs(workload: &Listed) -> impl Iterator<Item = (&'static patterns::Knob, String)> {
    let default = (workload.sized)(Size::Default);
    workload
        .knobs
        .iter()
        .map(move |knob| (knob, default.get(knob.id).map_or_else(String::new, |value| knob.show(value))))
}

fn as_markdown<M: Models>(suite: &Suite<M>) -> String {
    let mut patterns: Vec<&str> = Vec::new();
    for workload in &suite.workloads {
        patterns.extend((!patterns.contains(&workload.pattern.id())).then(|| workload.pattern.id()));
    }
    let mut text = format!("| model | {} |\n|---|{}\n", patterns.join(" | "), "---|".repeat(patterns.len()));
    for (id, _) in suite.models() {
        let all = strategies(&suite.cells, id);
        let of = |pattern: &&str| {
            let names = all.iter().filter(|one| one.pattern == *pattern);
            let names =
                names.map(|one| format!("`{}`{}", one.id, if one.wrong { " (deliberately wrong)" } else { "" }));
            names.collect::<Vec<_>>().join(", ")
        };
        let columns: Vec<String> = patterns.iter().map(of).collect();
        text += &format!("| **{id}** | {} |\n", columns.join(" | "));
    }
    text += &demands(suite, &patterns);
    text += "\n| workload | what | pattern | knobs (default) |\n|---|---|---|---|\n";
    for workload in &suite.workloads {
        let knobs: Vec<String> = knobs(workload).map(|(knob, default)| format!("`{}` ({default})", knob.id)).collect();
        text += &format!(
            "| **{}** | {} | {} | {} |\n",
            workload.id,
            workload.about,
            workload.pattern.id(),
            knobs.join(", ")
        );
    }
    text
}

/// What strategies demand of a program's types, the least first: those that demand the same stand together.
fn demands<M: Models>(suite: &Suite<M>, patterns: &[&str]) -> String {
    let listed: Vec<(&str, Vec<Listing>)> =
        suite.models().iter().map(|(id, _)| (*id, strategies(&suite.cells, id))).collect();
    let known = listed.iter().flat_map(|(_, all)| all).filter(|one| one.support != "not-applicable");
    let mut sets: Vec<&BTreeSet<Demand>> = known.map(|one| &one.demands).collect();
    sets.sort_by_key(|set| (set.len(), *set));
    sets.dedup();
    let head = patterns.join(" | ");
    let mut text = format!("\n| demands of your types | {head} |\n|---|{}\n", "---|".repeat(patterns.len()));
    for set in sets {
        let of = |pattern: &&str| {
            let model = |(model, all): &(&str, Vec<Listing>)| {
                let same = all.iter().filter(|one| one.pattern == *pattern && one.demands == *set);
                let same = same.filter(|one| one.support != "not-applicable");
                let names: Vec<String> = same.map(|one| format!("`{}`", one.id)).collect();
                (!names.is_empty()).then(|| format!("{model}: {}", names.join(", ")))
            };
            listed.iter().filter_map(model).collect::<Vec<_>>().join("; ")
        };
        let words: Vec<String> = set.iter().map(|demand| format!("`{}`", demand.word())).collect();
        let words = if words.is_empty() { String::from("nothing") } else { words.join(" ") };
        let columns: Vec<String> = patterns.iter().map(of).collect();
        text += &format!("| {words} | {} |\n", columns.join(" | "));
    }
    text
}

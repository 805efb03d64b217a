//! `list`: models with strategies, workloads with knobs and presets, every cell with its support.

use anyhow::Result;
use patterns::Size;
use patterns::cell::{Cell, Listed};
use serde_json::{Value, json};
use suite::{Models, Suite};

use crate::selection::support;
use crate::{cli, exit, output};

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
    wrong: bool,
}

/// The strategies of a model, in the order in which it lists them.
fn strategies(cells: &[Cell], model: &str) -> Vec<Listing> {
    let mut all: Vec<Listing> = Vec::new();
    for cell in cells.iter().filter(|cell| cell.model == model) {
        let (pattern, support, why) = (cell.pattern.id(), word(cell), cell.support.why());
        match all.iter_mut().find(|known| known.id == cell.strategy && known.pattern == pattern) {
            Some(known) if known.support != support => (known.support, known.why) = ("depends", None),
            Some(_) => {}
            None => all.push(Listing { id: cell.strategy, pattern, support, why, wrong: cell.wrong }),
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
                    "deliberately_wrong": one.wrong })
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
    let cells = suite
        .cells
        .iter()
        .map(|cell| json!({ "id": format!("{cell:?}"), "support": word(cell), "why": cell.support.why() }));
    json!({
        "models": models.collect::<Vec<_>>(),
        "workloads": workloads.collect::<Vec<_>>(),
        "cells": cells.collect::<Vec<_>>(),
    })
}

fn as_text<M: Models>(suite: &Suite<M>) -> String {
    let mut text = String::from("models and their strategies\n");
    for (id, about) in suite.models() {
        text += &format!("  {id:14} {about}\n");
        for one in strategies(&suite.cells, id) {
            let mut notes = Vec::new();
            notes.extend((one.support != "idiomatic").then(|| one.support.to_owned()));
            notes.extend(one.why.map(str::to_owned));
            notes.extend(one.wrong.then(|| String::from("deliberately wrong, never ranked")));
            let note = if notes.is_empty() { String::new() } else { format!("  ({})", notes.join(": ")) };
            text += &format!("  {:14} {:12} {}{note}\n", "", one.pattern, one.id);
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
    let mut patterns: Vec<&str> = suite.workloads.iter().map(|workload| workload.pattern.id()).collect();
    patterns.dedup();
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

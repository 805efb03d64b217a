//! `explore`: every interleaving of a bytecode program, and what each can end with.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use interpreter::explore::{Ending, Explored, Found, Granularity, Limits, explore};
use interpreter::{Program, Settings, assemble, find, programs};
use patterns::clock::Tick;
use results::explored::{Bytecode, Exploration, Kind, Outcome, Reached, SCHEMA, Search, Trace, Turn};

use crate::cli::{self, Granularities};
use crate::id::unknown;
use crate::{exit, output, render};

pub(crate) fn run(arguments: &cli::Explore) -> Result<u8> {
    let Some(name) = arguments.program.as_deref().filter(|_| !arguments.list) else {
        list()?;
        return Ok(exit::OK);
    };
    let (text, about) = source(name)?;
    if arguments.source {
        output::out(&text)?;
        return Ok(exit::OK);
    }
    let program =
        assemble(&text, &set(Settings::small(), &arguments.set)?).map_err(|mistake| anyhow!("{name}: {mistake}"))?;
    let limits = Limits { states: arguments.states as usize, ..Limits::default() };
    let mut all = Vec::new();
    for granularity in granularities(arguments.granularity) {
        let explored =
            search(&program, granularity, &limits, arguments.time).map_err(|why| anyhow!("{name}: {why}"))?;
        all.push((granularity, explored));
    }
    let exploration = told(name, about, &program, &all);
    if arguments.json {
        output::out(&format!("{}\n", serde_json::to_string(&exploration)?))?;
    } else {
        output::out(&report::explored(&exploration, render::terminal(arguments.style.color)))?;
    }
    let complete = all.iter().all(|(_, explored)| explored.complete);
    Ok(if complete { exit::OK } else { exit::FAILED })
}

fn list() -> Result<()> {
    let longest = programs().iter().map(|source| source.name.len()).max().unwrap_or_default();
    let lines = programs().iter().map(|source| format!("{:longest$}  {}\n", source.name, source.about()));
    output::out(&lines.collect::<String>())
}

/// Text and first line of a program: one that comes with it, or a file.
pub(crate) fn source(name: &str) -> Result<(String, String)> {
    if let Some(source) = find(name) {
        return Ok((source.text.to_owned(), source.about().to_owned()));
    }
    if !name.contains(['/', '.']) {
        bail!(
            "{}; a file is named with its path",
            unknown("program", name, programs().iter().map(|source| source.name))
        );
    }
    let text = std::fs::read_to_string(name).with_context(|| format!("failed to read the program {name}"))?;
    let about = text.lines().next().unwrap_or_default().trim_start_matches(';').trim().to_owned();
    Ok((text, about))
}

/// These, and what is set on the command line.
pub(crate) fn set(settings: Settings, set: &[String]) -> Result<Settings> {
    set.iter().try_fold(settings, |settings, text| {
        let form = || anyhow!("`--set {text}`: write NAME=INT, as in `threads=3`");
        let (name, value) = text.split_once('=').ok_or_else(form)?;
        Ok(settings.with(name.trim(), value.trim().parse().map_err(|_| form())?))
    })
}

/// What is allowed is always looked at: the others are judged by it.
fn granularities(asked: Granularities) -> Vec<Granularity> {
    let others: &[Granularity] = match asked {
        Granularities::Gil => &[Granularity::Gil],
        Granularities::FreeThreaded => &[Granularity::FreeThreaded],
        Granularities::Both => &[Granularity::Gil, Granularity::FreeThreaded],
    };
    [&[Granularity::Sequential], others].concat()
}

fn search(
    program: &Program,
    granularity: Granularity,
    limits: &Limits,
    time: Duration,
) -> Result<Explored, interpreter::explore::Unexplorable> {
    let began = Tick::now();
    explore(program, granularity, limits, &|| began.elapsed() > time)
}

fn id(granularity: Granularity) -> String {
    let id = match granularity {
        Granularity::Sequential => "sequential",
        Granularity::Gil => "gil",
        Granularity::FreeThreaded => "free-threaded",
        Granularity::EveryBytecode => "every-bytecode",
    };
    id.to_owned()
}

fn told(name: &str, about: String, program: &Program, all: &[(Granularity, Explored)]) -> Exploration {
    let searches = all.iter().map(|(granularity, explored)| Search {
        granularity: id(*granularity),
        states: explored.states as u64,
        transitions: explored.transitions,
        threads: explored.threads as u64,
        complete: explored.complete,
    });
    let endings: BTreeSet<&Ending> =
        all.iter().flat_map(|(_, explored)| explored.endings.iter().map(|found| &found.ending)).collect();
    let parameters = program.parameters.iter().map(|parameter| (parameter.name.clone(), parameter.value));
    Exploration {
        schema: SCHEMA.to_owned(),
        program: name.to_owned(),
        about,
        parameters: parameters.collect(),
        searches: searches.collect(),
        endings: endings.into_iter().map(|ending| outcome(ending, all)).collect(),
    }
}

fn outcome(ending: &Ending, all: &[(Granularity, Explored)]) -> Outcome {
    let found: Vec<(Granularity, Option<&Found>)> =
        all.iter().map(|(granularity, explored)| (*granularity, explored.found(ending))).collect();
    let by: BTreeMap<Granularity, &Found> =
        found.iter().filter_map(|(granularity, found)| Some((*granularity, (*found)?))).collect();
    let kind = match by.keys().next() {
        Some(Granularity::Sequential) => Kind::Allowed,
        Some(Granularity::Gil) => Kind::Forbidden,
        _ => Kind::Interesting,
    };
    let first = by.iter().next().filter(|_| kind != Kind::Allowed || !matches!(ending, Ending::Returned(_)));
    let trace = first.map(|(granularity, found)| Trace { granularity: id(*granularity), turns: turns(found) });
    let reached = |found: &Found| Reached {
        states: found.states,
        schedules: found.schedules.map(|schedules| schedules.to_string()),
    };
    Outcome {
        ending: ending.to_string(),
        failed: !matches!(ending, Ending::Returned(_)),
        kind,
        reached: found.iter().map(|(_, found)| found.map(reached)).collect(),
        trace,
    }
}

fn turns(found: &Found) -> Vec<Turn> {
    let bytecode = |one: &interpreter::explore::Bytecode| Bytecode {
        line: one.line,
        text: one.text.clone(),
        saw: one.saw.clone(),
        check_point: one.check_point,
    };
    let turn = |turn: &interpreter::explore::Turn| Turn {
        thread: turn.thread as u64,
        bytecodes: turn.bytecodes.iter().map(bytecode).collect(),
    };
    found.turns.iter().map(turn).collect()
}

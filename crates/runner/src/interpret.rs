//! `interpret`: a program in the builds of the interpreter: what it returns, how long it takes, and what its threads did.

use anyhow::{Result, anyhow, bail};
use interpreter::machine::{Options, Ran};
use interpreter::{Program, Settings, assemble};
use serde_json::{Value, json};

use crate::cli::Interpret;
use crate::explore::{set, source};
use crate::id::unknown;
use crate::python_check::{Build, in_build};
use crate::{exit, output};

pub(crate) fn run(arguments: &Interpret) -> Result<u8> {
    let name = &arguments.program;
    let (text, _) = source(name)?;
    let settings = set(Settings::default(), &arguments.set)?;
    let program = assemble(&text, &settings).map_err(|mistake| anyhow!("{name}: {mistake}"))?;
    if program.talks_to_the_outside() {
        bail!("{name} talks to the outside, and there is nobody; `crossover python-check echo` plays its client");
    }
    let builds = arguments.build.iter().map(|id| build(id)).collect::<Result<Vec<Build>>>()?;
    let options = Options {
        interval: arguments.interval,
        steps: arguments.steps,
        time: Some(arguments.time),
        ..Options::default()
    };
    let mut failed = false;
    for build in builds {
        let (ran, elapsed) = harness::called(|| in_build(&program, build, &options));
        failed |= ran.outcome.is_err();
        let elapsed_ns = elapsed.as_nanos() as u64;
        if arguments.json {
            output::out(&format!("{}\n", told(name, build, &program, &ran, elapsed_ns)))?;
        } else {
            output::out(&shown(build, &program, &ran, elapsed_ns))?;
        }
    }
    Ok(if failed { exit::FAILED } else { exit::OK })
}

fn build(id: &str) -> Result<Build> {
    match Build::ALL.iter().find(|(known, _)| *known == id) {
        Some((_, build)) => Ok(*build),
        None => bail!("{}", unknown("build", id, Build::ALL.iter().map(|(id, _)| *id))),
    }
}

fn told(name: &str, build: Build, program: &Program, ran: &Ran, elapsed_ns: u64) -> Value {
    let parameters: serde_json::Map<String, Value> =
        program.parameters.iter().map(|one| (one.name.clone(), one.value.into())).collect();
    let (returned, failed) = match &ran.outcome {
        Ok(value) => (Some(value.to_string()), None),
        Err(fault) => (None, Some(fault.to_string())),
    };
    json!({
        "program": name, "build": build.id(), "parameters": parameters, "returned": returned, "failed": failed,
        "elapsed_ns": elapsed_ns, "bytecodes": ran.bytecodes, "switches": ran.switches, "parks": ran.parks,
        "yields": ran.yields, "queued_objects": ran.queued, "merged_objects": ran.merged,
    })
}

fn shown(build: Build, program: &Program, ran: &Ran, elapsed_ns: u64) -> String {
    let outcome = match &ran.outcome {
        Ok(value) => value.to_string(),
        Err(fault) => {
            let line = program.line(fault.line);
            format!("✕ {fault}{}", if line.is_empty() { String::new() } else { format!("\n  {line}") })
        }
    };
    let each = elapsed_ns as f64 / ran.bytecodes.max(1) as f64;
    format!(
        "{}: {outcome}\n  {:.1} ms, {} bytecodes ({each:.1} ns each of the wall clock); {} switches of the global lock, {} \
         parks, {} yields, {} objects queued to their owners\n",
        build.id(),
        elapsed_ns as f64 / 1e6,
        ran.bytecodes,
        ran.switches,
        ran.parks,
        ran.yields,
        ran.queued
    )
}

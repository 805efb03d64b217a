//! IDs: `workload[:knob=value,..]/model/strategy/wN`, and the way back.

use anyhow::{Result, anyhow, bail};
use patterns::Domain;
use patterns::cell::Listed;
use patterns::knob::{difference, unescape};
use serde_json::{Map, Value};

use crate::sweep::Swept;

/// A workload with all its knobs.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub(crate) workload: Listed,
    pub(crate) knobs: Map<String, Value>,
    /// As the whole run has it, as against one that a filter brought in.
    pub(crate) base: bool,
    /// At one value of a sweep.
    pub(crate) swept: Option<Swept>,
    /// A knob set for whoever has it, with a value that is none of this one's: an error where it is to run.
    pub(crate) refused: Option<String>,
}

impl Variant {
    /// Knobs that differ from the default.
    pub(crate) fn changed(&self) -> Map<String, Value> {
        difference(&(self.workload.sized)(patterns::Size::Default), &self.knobs)
    }

    /// `workload[:knob=value,..]`: only knobs that differ, sorted by name.
    pub(crate) fn id(&self) -> String {
        let show = |(id, value): (&String, &Value)| {
            let knob = self.workload.knobs.iter().find(|knob| knob.id == id);
            format!("{id}={}", knob.map_or_else(|| value.to_string(), |knob| knob.show(value)))
        };
        let changed: Vec<String> = self.changed().iter().map(show).collect();
        let colon = if changed.is_empty() { "" } else { ":" };
        format!("{}{colon}{}", self.workload.id, changed.join(","))
    }

    /// Sets one knob as a user writes it.
    pub(crate) fn set(&mut self, name: &str, text: &str) -> Result<()> {
        let knob = self.workload.knobs.iter().find(|knob| knob.id == name).ok_or_else(|| {
            let known = self.workload.knobs.iter().map(|knob| knob.id);
            anyhow!("{}", unknown(&format!("knob of {}", self.workload.id), name, known))
        })?;
        let text = if matches!(knob.domain, Domain::TextFile) { unescape(text) } else { text.to_owned() };
        let value = knob.parse(&text).map_err(|why| anyhow!("{}: {why}", self.workload.id))?;
        self.knobs.insert(name.to_owned(), value);
        Ok(())
    }

    /// Applies `preset` and `knob=value`, comma-separated.
    pub(crate) fn apply(&mut self, specification: &str) -> Result<()> {
        for part in specification.split(',') {
            if let Some((name, value)) = part.split_once('=') {
                self.set(name, value)?;
                continue;
            }
            let presets = self.workload.presets;
            let Some(preset) = presets.iter().find(|preset| preset.id == part) else {
                let what = format!("preset of {} (a knob is written name=value)", self.workload.id);
                bail!("{}", unknown(&what, part, presets.iter().map(|preset| preset.id)));
            };
            for (name, value) in preset.knobs {
                self.set(name, value)?;
            }
        }
        Ok(())
    }

    /// Types, bounds and files.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(refused) = &self.refused {
            bail!("{refused}");
        }
        (self.workload.check)(&self.knobs).map_err(|why| anyhow!("{}: {why}", self.workload.id))
    }
}

/// `[WORKLOAD.]NAME=VALUE`, as `--knob` and `--sweep` have it; nothing where there is no `=`.
pub(crate) fn assignment(text: &str) -> Option<(Option<&str>, &str, &str)> {
    let (name, value) = text.split_once('=')?;
    let (owner, name) = name.split_once('.').map_or((None, name), |(owner, name)| (Some(owner), name));
    Some((owner, name, value))
}

/// A knob must be somebody's: of the workload that is named, or of any.
pub(crate) fn knob_exists(workloads: &[Listed], owner: Option<&str>, name: &str) -> Result<()> {
    let named = |workload: &&Listed| owner.is_none_or(|owner| owner == workload.id);
    let known = || workloads.iter().filter(named).flat_map(|workload| workload.knobs.iter().map(|knob| knob.id));
    match owner {
        Some(owner) if !workloads.iter().any(|workload| workload.id == owner) => {
            bail!("{}", unknown("workload", owner, workloads.iter().map(|workload| workload.id)))
        }
        _ if known().any(|knob| knob == name) => Ok(()),
        Some(owner) => bail!("{}", unknown(&format!("knob of {owner}"), name, known())),
        None => bail!("{}", unknown("knob", name, known())),
    }
}

/// `unknown workload `prmes`: did you mean `primes`? known: ..`.
pub(crate) fn unknown<'k>(what: &str, given: &str, known: impl Iterator<Item = &'k str>) -> String {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    let guess =
        nearest(given, known.iter().copied()).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    let list = if known.is_empty() { String::from("there are none") } else { format!("known: {}", known.join(", ")) };
    format!("unknown {what} `{given}`: {guess}{list}")
}

/// The nearest match, if anything is near.
pub(crate) fn nearest<'k>(given: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let scored = known.map(|name| (strsim::jaro_winkler(given, name), name));
    scored.filter(|(score, _)| *score > 0.75).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

/// The parts of a cell ID.
pub(crate) struct Parts<'i> {
    pub(crate) workload: &'i str,
    pub(crate) specification: Option<&'i str>,
    pub(crate) model: &'i str,
    pub(crate) strategy: &'i str,
    pub(crate) workers: u32,
}

/// Takes a cell ID apart.
pub(crate) fn parse(id: &str) -> Result<Parts<'_>> {
    let form = || {
        anyhow!(
            "`{id}` is not a cell ID: write workload[:knob=value,..]/model/strategy/wN, as in `primes/threads/static/w2`"
        )
    };
    let [variant, model, strategy, workers] = id.split('/').collect::<Vec<_>>()[..] else { return Err(form()) };
    let workers: u32 = workers.strip_prefix('w').and_then(|n| n.parse().ok()).ok_or_else(form)?;
    if workers == 0 {
        bail!("`{id}`: w0 has no worker");
    }
    let (workload, specification) =
        variant.split_once(':').map_or((variant, None), |(workload, specification)| (workload, Some(specification)));
    Ok(Parts { workload, specification, model, strategy, workers })
}

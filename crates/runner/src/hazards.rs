//! Hazards: which there are, which are tried, and how often.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use harness::launcher::Launcher;
use patterns::Form;
use patterns::hazard::{Ending, Hazard};
use results::journal::{Event, PlannedHazard, Tried, Try};
use results::{HazardVerdict, Run};
use suite::{Models, Suite};

use crate::hidden;

/// How long a scenario waits for what hangs: it is called hung then.
const LIMIT: Duration = Duration::from_secs(1);
/// How long the process of a try may take, remedy included, before it is killed: a scenario that forgot its own limit.
const WATCHDOG: Duration = Duration::from_secs(30);
/// What begins the name of a hazard where cells have names, too.
pub(crate) const PREFIX: &str = "hazard/";

/// A hazard of the suite, as it is planned.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) planned: PlannedHazard,
    /// How it is expected to end; `None` where there is nothing to try.
    pub(crate) ends: Option<Ending>,
}

impl Planned {
    /// How often it is tried. What hangs does so until the limit, and nothing varies in that.
    pub(crate) fn tries(&self) -> u32 {
        match self.ends {
            None => 0,
            Some(Ending::Hung) => 2,
            Some(Ending::NotSeen | Ending::Told | Ending::Silent) => 5,
        }
    }

    /// About how long all of its tries take.
    pub(crate) fn time(&self) -> Duration {
        let each = if self.ends == Some(Ending::Hung) { LIMIT } else { LIMIT / 4 };
        self.tries() * each
    }

    /// As filters see it.
    pub(crate) fn name(&self) -> String {
        format!("{PREFIX}{}", self.planned.id)
    }
}

/// Every hazard, and every model that has none.
pub(crate) fn all<M: Models>(suite: &Suite<M>) -> Vec<Planned> {
    let listed = |(model, said): (&str, Form<&'static [Hazard]>)| match said {
        Form::Has(hazards) => hazards.iter().map(|hazard| of(model, hazard)).collect(),
        Form::Lacks(why) => vec![Planned { planned: none(model, why), ends: None }],
    };
    suite.hazards().into_iter().flat_map(listed).collect()
}

fn of(model: &str, hazard: &Hazard) -> Planned {
    let Hazard { id, about, told, remedy, unit, ends, run, .. } = hazard;
    let why = match run {
        Form::Has(_) => None,
        Form::Lacks(why) => Some((*why).to_owned()),
    };
    let ends = why.is_none().then_some(*ends);
    let [about, told, remedy, unit] = [about, told, remedy, unit].map(|text| (*text).to_owned());
    let id = format!("{model}/{id}");
    Planned { planned: PlannedHazard { id, model: model.to_owned(), about, told, remedy, unit, why }, ends }
}

/// A model without hazards.
fn none(model: &str, why: &str) -> PlannedHazard {
    let (id, model) = (model.to_owned(), model.to_owned());
    let (about, told, remedy, unit) = (String::from("nothing"), String::new(), String::new(), String::new());
    PlannedHazard { id, model, about, told, remedy, unit, why: Some(why.to_owned()) }
}

/// How it is expected to end, in a word.
pub(crate) fn word(ends: Ending) -> &'static str {
    match ends {
        Ending::NotSeen => "not seen",
        Ending::Told => "detected",
        Ending::Silent => "silent",
        Ending::Hung => "hangs",
    }
}

/// Tries what is left to try, and says everything to `emit`; whether it came to its end. `folder` is where worker
/// processes put their sockets.
pub(crate) fn attempt(
    hazards: &[Planned],
    folder: &Path,
    past: &[Event],
    emit: &mut dyn FnMut(Event) -> Result<(), String>,
    stop: &dyn Fn() -> bool,
) -> Result<bool, String> {
    if hazards.is_empty() {
        return Ok(true);
    }
    if !past.iter().any(|event| matches!(event, Event::Hazards { .. })) {
        let hazards = hazards.iter().map(|one| one.planned.clone()).collect();
        emit(Event::Hazards { hazards })?;
    }
    for listed in hazards {
        let id = &listed.planned.id;
        let of_it = |event: &&Event| matches!(event, Event::Hazard(one) if one.hazard == *id);
        let done = past.iter().filter(of_it).count() as u32;
        let launcher = launcher(id, folder).map_err(|error| format!("{error:#}"))?;
        for number in done + 1..=listed.tries() {
            if stop() {
                return Ok(false);
            }
            let outcome = harness::hazard::attempt(&launcher, WATCHDOG);
            emit(Event::Hazard(Try { hazard: id.clone(), number, outcome }))?;
        }
    }
    Ok(true)
}

fn launcher(id: &str, folder: &Path) -> Result<Launcher> {
    let argv = hidden::hazard(id, LIMIT).context("failed to find this program")?;
    Ok(Launcher { argv, env: vec![("TMPDIR".into(), folder.into())] })
}

/// What came of a try, for progress.
pub(crate) fn said(one: &Try) -> String {
    let what = match &one.outcome {
        Tried::Ended { verdict, lost, of, .. } => {
            let word = match verdict {
                HazardVerdict::Detected => "detected",
                HazardVerdict::Silent => "silent",
                HazardVerdict::Hung => "hung",
                _ => "not seen",
            };
            format!("{word}, {lost} of {of} lost")
        }
        Tried::Failed { reason } => format!("failed: {reason}"),
    };
    format!("{PREFIX}{} #{}: {what}", one.hazard, one.number)
}

/// The first hazard that failed, or whose remedy did: the run has failed then.
pub(crate) fn failed(run: &Run) -> Option<&results::Hazard> {
    let failed = |one: &&results::Hazard| one.verdict == HazardVerdict::Failed || one.remedy_holds == Some(false);
    run.hazards.iter().find(failed)
}

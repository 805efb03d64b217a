//! Must it survive a crash? Answered from the hazards in which a worker dies.

use results::{Hazard, HazardVerdict, Run};

use super::Found;
use super::answers::{Answer, Mark, Why, brief};
use crate::figures::plural;
use crate::hazards;

/// What the hazards of these names say; without any, the command that tries them.
pub(super) fn found<'a>(run: &'a Run, names: &[&str], models: &[&'a str]) -> Found<'a> {
    let dies = |one: &&Hazard| one.id.split_once('/').is_some_and(|(_, name)| names.contains(&name));
    let all: Vec<&Hazard> = hazards::shown(run).into_iter().filter(dies).collect();
    if all.is_empty() {
        return Found::Nothing { needs: String::from("`crossover compare --hazards hazard/`") };
    }
    let ways = plural(all.len(), "way");
    Found::Crash {
        about: format!(
            "a worker dies in mid-task, {ways}; ●\u{a0}somebody is told, ◐\u{a0}not every time, ○\u{a0}nobody is"
        ),
        answers: models.iter().map(|model| answer(&all, model)).collect(),
    }
}

/// The best and the worst that became of a model's workers.
fn answer<'a>(all: &[&'a Hazard], model: &'a str) -> Answer<'a> {
    let mine = || all.iter().copied().filter(|one| one.model == model);
    let happened =
        |one: &&Hazard| matches!(one.verdict, HazardVerdict::Detected | HazardVerdict::Silent | HazardVerdict::Hung);
    let seen: Vec<&Hazard> = mine().filter(happened).collect();
    let (best, worst) = (seen.iter().min_by_key(|one| one.verdict), seen.iter().max_by_key(|one| one.verdict));
    let answer = |mark, said: String, why| Answer { model, mark, said, interval: None, cell: None, why };
    let (Some(best), Some(worst)) = (best, worst) else {
        return match mine().max_by_key(|one| one.verdict) {
            Some(one) => answer(Mark::Nothing, hazards::detected(one).to_owned(), reason(one)),
            None => answer(Mark::Nothing, String::from("not measured here"), Vec::new()),
        };
    };
    let told = seen.iter().filter(|one| one.verdict == HazardVerdict::Detected).count();
    let (mark, said) = match told {
        0 => (Mark::Not, String::from("not told")),
        told if told == seen.len() => (Mark::Best, String::from("told")),
        told => (Mark::Partly, format!("told in {told} of {}", seen.len())),
    };
    let line = |one: &Hazard| Why {
        said: format!("{}: {}", one.id.split_once('/').map_or(one.id.as_str(), |(_, name)| name), hazards::line(one)),
        full: one.about.clone(),
    };
    let mut why = vec![line(best)];
    why.extend((best.id != worst.id).then(|| line(worst)));
    answer(mark, said, why)
}

fn reason(one: &Hazard) -> Vec<Why> {
    one.reason.as_deref().filter(|why| !why.is_empty()).map(brief).into_iter().collect()
}

//! Which should I use? Questions as a user asks them, answered a model each by rules over measured cells.

mod answers;
mod crash;
mod place;
mod questions;

use results::Run;

pub(crate) use answers::{Answer, Mark, NEAR, Why, near};
pub(crate) use questions::{Asks, Question};

use crate::granularity::Grains;
use crate::turns::Turns;
use crate::view::{GroupView, View};
use crate::words;
use questions::{QUESTIONS, Workloads};

/// A question with its answers.
pub(crate) struct Row<'a> {
    pub(crate) question: &'static Question,
    pub(crate) found: Found<'a>,
}

/// What a run says to a question.
pub(crate) enum Found<'a> {
    /// A group of it does: its index, and an answer a model.
    Group { index: usize, gain: String, turn: Option<Turn>, answers: Vec<Answer<'a>> },
    /// Hazards of it do.
    Crash { about: String, answers: Vec<Answer<'a>> },
    /// Nothing: what would.
    Nothing { needs: String },
}

/// Where an answer turns.
pub(crate) struct Turn {
    pub(crate) said: String,
    /// Anchor on the page.
    pub(crate) href: String,
}

impl<'a> Row<'a> {
    /// An answer a model, in the order of [`models`]; empty where there is none.
    pub(crate) fn answers(&self) -> &[Answer<'a>] {
        match &self.found {
            Found::Group { answers, .. } | Found::Crash { answers, .. } => answers,
            Found::Nothing { .. } => &[],
        }
    }

    /// The group that answers.
    pub(crate) fn group(&self) -> Option<usize> {
        match self.found {
            Found::Group { index, .. } => Some(index),
            _ => None,
        }
    }
}

/// Models to choose from, in the order of the run: all but the one thread that they are measured by.
pub(crate) fn models<'a>(view: &View<'a>) -> Vec<&'a str> {
    let mut models = view.models();
    for model in view.run.hazards.iter().map(|hazard| hazard.model.as_str()) {
        if !models.contains(&model) {
            models.push(model);
        }
    }
    models.retain(|model| *model != "sequential");
    models
}

/// Every question, answered or not.
pub(crate) fn rows<'a>(view: &View<'a>, sweeps: &[Turns<'a>], grains: &[Grains<'a>]) -> Vec<Row<'a>> {
    let models = models(view);
    let row = |question: &'static Question| {
        let found = match &question.asks {
            Asks::Hazards(names) => crash::found(view.run, names, &models),
            Asks::Workloads(asked) => match place::answering(view, asked) {
                Some(index) => group(view, sweeps, grains, index, &models),
                None => Found::Nothing { needs: needs(asked) },
            },
        };
        Row { question, found }
    };
    QUESTIONS.iter().map(row).collect()
}

fn group<'a>(
    view: &View<'a>,
    sweeps: &[Turns<'a>],
    grains: &[Grains<'a>],
    index: usize,
    models: &[&'a str],
) -> Found<'a> {
    let group = &view.groups[index];
    Found::Group {
        index,
        gain: gain(view.run, group),
        turn: place::turn(view, sweeps, grains, index),
        answers: models.iter().map(|model| answers::of(group, model)).collect(),
    }
}

/// ``requests or echo, judged by `latency_p99_ns` ``.
fn needs(asked: &Workloads) -> String {
    let metric = asked.metric.map(|metric| format!(", judged by `{metric}`")).unwrap_or_default();
    format!("{}{metric}", asked.ids.join(" or "))
}

/// `best is 1.9× sequential [1.88, 1.93]`, or what else the group says of one thread.
fn gain(run: &Run, group: &GroupView<'_>) -> String {
    let Some(leader) = group.leader() else { return format!("not decided {}", words::waiting(run, group)) };
    if leader.reference {
        return String::from("nothing beats one thread");
    }
    answers::gain(run, leader)
}

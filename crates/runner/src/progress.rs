//! Progress on stderr: a bar on a terminal, one line a round elsewhere. Drawn between rounds only: the runner sleeps
//! during a sample.

use std::io::IsTerminal;
use std::time::Duration;

use harness::engine::Settings;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use results::journal::{Event, Outcome, Sample};

use crate::cli;

/// What is shown while a run goes on.
pub(crate) struct Progress {
    form: Form,
    groups: usize,
    looks: Vec<u32>,
    budget: Option<Duration>,
    verbose: bool,
    /// Rounds of groups before this session, and with those of this session.
    done: u64,
    finished: u64,
    calibrated: usize,
    spent: Duration,
    foreign: Vec<f64>,
}

enum Form {
    Bar(ProgressBar),
    Plain,
    None,
}

impl Progress {
    /// For a run of so many groups, of which this has happened.
    pub(crate) fn new(talk: &cli::Talk, groups: usize, settings: &Settings, past: &[Event]) -> Self {
        let rounds = u64::from(settings.looks.last().copied().unwrap_or(0)) * groups as u64;
        let form = match talk.progress {
            _ if talk.quiet => Form::None,
            cli::Progress::None => Form::None,
            cli::Progress::Auto if std::io::stderr().is_terminal() => Form::Bar(bar(rounds)),
            cli::Progress::Auto | cli::Progress::Plain => Form::Plain,
        };
        let count = |is: fn(&Event) -> bool| past.iter().filter(|event| is(event)).count();
        let done = count(|event| matches!(event, Event::Round(_))) as u64;
        Self {
            form,
            groups,
            looks: settings.looks.clone(),
            budget: settings.budget,
            verbose: talk.verbose,
            done,
            finished: done,
            calibrated: count(|event| matches!(event, Event::Calibrated(_))),
            spent: Duration::ZERO,
            foreign: Vec::new(),
        }
    }

    /// An event happened, so long after the start.
    pub(crate) fn event(&mut self, event: &Event, now: Duration) {
        match event {
            Event::Calibrated(calibrated) => {
                self.calibrated += 1;
                self.spent = now;
                self.show(None, &format!("calibrating {}/{} ({})", self.calibrated, self.groups, calibrated.group));
            }
            Event::Round(round) => {
                self.finished += 1;
                self.foreign.extend(round.foreign);
                let foreign = median(&mut self.foreign.clone());
                let last = self.looks.last().copied().unwrap_or(0);
                // What matters most first: a narrow terminal cuts the end.
                let left = short(self.left(now));
                let text = format!(
                    "round {}/{last}  at most {left} left  others use {:.0} %  {}",
                    round.round,
                    foreign * 100.0,
                    round.group
                );
                let is_line = self.finished.is_multiple_of(self.groups as u64);
                self.show(Some(self.finished), if is_line || matches!(self.form, Form::Bar(_)) { &text } else { "" });
            }
            Event::Sample(sample) if self.verbose => self.say(&said(sample)),
            Event::Hazard(one) => self.show(Some(self.finished), &crate::hazards::said(one)),
            _ => {}
        }
    }

    /// A line that stays.
    fn say(&self, line: &str) {
        match &self.form {
            Form::Bar(bar) => bar.println(line),
            Form::Plain | Form::None => crate::output::note(line),
        }
    }

    /// Time left: what the rounds so far took, up to the last look, and no more than the budget.
    fn left(&self, now: Duration) -> Duration {
        let all = u64::from(self.looks.last().copied().unwrap_or(0)) * self.groups as u64;
        let each = now.saturating_sub(self.spent).as_secs_f64() / (self.finished - self.done).max(1) as f64;
        let left = Duration::from_secs_f64(each * all.saturating_sub(self.finished) as f64);
        self.budget.map_or(left, |budget| left.min(budget.saturating_sub(now)))
    }

    fn show(&self, finished: Option<u64>, text: &str) {
        match &self.form {
            Form::Bar(bar) => {
                bar.set_message(text.to_owned());
                bar.set_position(finished.unwrap_or(0));
            }
            Form::Plain if !text.is_empty() => crate::output::note(text),
            Form::Plain | Form::None => {}
        }
    }

    /// Clears the bar.
    pub(crate) fn end(&self) {
        if let Form::Bar(bar) = &self.form {
            bar.finish_and_clear();
        }
    }
}

/// A sample, with `-v`.
fn said(sample: &Sample) -> String {
    let what = match &sample.outcome {
        Outcome::Measured { elapsed_ns, .. } => {
            let mean = elapsed_ns.iter().sum::<u64>() as f64 / elapsed_ns.len().max(1) as f64;
            format!("{:.3} ms x{}", mean / 1e6, elapsed_ns.len())
        }
        Outcome::Failed { reason } => format!("failed: {reason}"),
        Outcome::TimedOut { reason } => format!("timed out: {reason}"),
    };
    format!("  round {} #{}  {}  {what}", sample.round, sample.position + 1, sample.cell)
}

/// Progress without an end to count to: the part that goes on, and on a terminal the cell that runs.
pub(crate) struct Parts {
    form: Form,
    part: String,
}

impl Parts {
    pub(crate) fn new(progress: cli::Progress) -> Self {
        let form = match progress {
            cli::Progress::None => Form::None,
            cli::Progress::Auto if std::io::stderr().is_terminal() => Form::Bar(line()),
            cli::Progress::Auto | cli::Progress::Plain => Form::Plain,
        };
        Self { form, part: String::new() }
    }

    /// A new part begins.
    pub(crate) fn part(&mut self, part: String) {
        match &self.form {
            Form::Bar(bar) => bar.set_message(part.clone()),
            Form::Plain => crate::output::note(&part),
            Form::None => {}
        }
        self.part = part;
    }

    /// This runs now. One line each would be too many where there is no terminal.
    pub(crate) fn running(&self, what: &str) {
        if let Form::Bar(bar) = &self.form {
            bar.set_message(format!("{}  {what}", self.part));
        }
    }

    /// Clears the line, for what goes to stdout.
    pub(crate) fn end(&self) {
        if let Form::Bar(bar) = &self.form {
            bar.finish_and_clear();
        }
    }
}

/// A line that is written anew when there is something to say, and by no thread in between.
fn line() -> ProgressBar {
    let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    line.set_style(ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_bar()));
    line
}

fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:24} {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// `1 min 20 s`.
pub(crate) fn short(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

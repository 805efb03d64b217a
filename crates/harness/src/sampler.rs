//! Taking a sample: the one place where scheduling meets a machine.

use std::collections::BTreeMap;
use std::time::Duration;

use results::journal::Outcome;

use crate::launcher::{Conversation, Launcher, Trouble};
use crate::pin::pin;
use crate::pmu::{Counters, NO_PMU};
use crate::protocol::{Config, Done};
use crate::system::{self, Usage};
use crate::timing::Moment;
use crate::tree::{Scheduled, Snapshot};

/// One sample to take.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// How the contender is started.
    pub launcher: &'a Launcher,
    /// What it is asked.
    pub config: &'a Config,
    /// A counterexample: its digest is not compared.
    pub wrong: bool,
    /// A program from elsewhere: no oracle runs in it, so without a digest to compare there is no sample.
    pub guest: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// Measured, failed, or timed out.
    pub outcome: Outcome,
    /// Digest of its answer.
    pub digest: Option<String>,
}

/// What the machine did up to now.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    /// CPU time of everybody.
    pub busy: Duration,
    /// CPU time of this run.
    pub own: Duration,
    /// CPU time taken by the hypervisor.
    pub steal: Duration,
    /// CPUs online.
    pub cpus: u32,
}

/// Takes samples. The engine sees no more of a machine than this, so a simulated one can stand in.
pub trait Sampler {
    /// Takes samples at the same time: all are ready before the first goes.
    fn together(&mut self, asks: &[Ask<'_>]) -> Vec<Sampled>;

    /// Takes one sample.
    fn sample(&mut self, ask: Ask<'_>) -> Sampled {
        self.together(&[ask]).pop().unwrap_or_else(|| failed(Trouble::Failed(String::from("no sample was taken"))))
    }

    /// Waits, in the hope that the neighbours get quiet.
    fn rest(&mut self, time: Duration);

    /// Since the sampler was made.
    fn now(&self) -> Duration;

    /// The machine's load; `None` where it cannot be read.
    fn load(&mut self) -> Option<Load>;
}

/// Takes samples in fresh processes. A copy has the same clock.
#[derive(Debug, Clone, Copy)]
pub struct ProcessSampler {
    limit: Duration,
    pinned: bool,
    began: Moment,
}

impl ProcessSampler {
    /// With a limit on each sample.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self { limit, pinned: false, began: Moment::now() }
    }

    /// The same with its clock at zero.
    #[must_use]
    pub fn restarted(self) -> Self {
        Self { began: Moment::now(), ..self }
    }

    /// Whether a sample is bound to as many CPUs as it has workers.
    #[must_use]
    pub fn pinned(self, pinned: bool) -> Self {
        Self { pinned, ..self }
    }
}

impl Sampler for ProcessSampler {
    fn together(&mut self, asks: &[Ask<'_>]) -> Vec<Sampled> {
        let before = Usage::of_children();
        let mut all: Vec<Result<Running, Trouble>> = asks.iter().map(|ask| Running::ready(ask, self)).collect();
        all.iter_mut().flatten().for_each(Running::go);
        // Nothing is read of one before all have answered: the others may be in their timed regions.
        let all: Vec<_> = all.into_iter().map(|running| running.and_then(Running::done)).collect();
        let taken: Vec<_> = all.into_iter().zip(asks).map(|(answered, ask)| answered?.bye(ask)).collect();
        let after = Usage::of_children();
        // Of the whole sample: start-up, input, warm-up and tear-down included.
        let each = |after: f64, before: f64| (after - before) / asks.len() as f64;
        let nanos = |time: Duration| time.as_nanos() as f64;
        let used = [
            ("cpu_user_ns", each(nanos(after.user), nanos(before.user))),
            ("cpu_sys_ns", each(nanos(after.system), nanos(before.system))),
        ];
        let finish = |taken: Result<(Done, Figures), Trouble>| match taken {
            Err(trouble) => failed(trouble),
            Ok((done, Figures { mut metrics, mut absent })) => {
                metrics.extend(used.iter().map(|(id, value)| ((*id).to_owned(), *value)));
                // What the runner measured itself stands, whatever a program says of it.
                done.metrics.into_iter().for_each(|(id, value)| _ = metrics.entry(id).or_insert(value));
                absent.extend(done.absent);
                let outcome = Outcome::Measured { elapsed_ns: done.elapsed_ns, metrics, absent, units: done.units };
                Sampled { outcome, digest: done.digest }
            }
        };
        taken.into_iter().map(finish).collect()
    }

    fn rest(&mut self, time: Duration) {
        std::thread::sleep(time);
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn load(&mut self) -> Option<Load> {
        let machine = system::machine()?;
        let own = Usage::of_self().cpu() + Usage::of_children().cpu();
        Some(Load { busy: machine.busy, own, steal: machine.steal, cpus: machine.cpus })
    }
}

/// What the runner itself knows of a sample.
#[derive(Default)]
struct Figures {
    metrics: BTreeMap<String, f64>,
    absent: BTreeMap<String, String>,
}

impl Figures {
    fn add(&mut self, id: &str, value: f64) {
        self.metrics.insert(id.to_owned(), value);
    }

    fn lack(&mut self, ids: &[&str], why: &str) {
        self.absent.extend(ids.iter().map(|id| ((*id).to_owned(), why.to_owned())));
    }
}

/// A sample whose workers are warm.
struct Running {
    conversation: Conversation,
    counters: Option<Counters>,
    before: Option<Snapshot>,
    figures: Figures,
}

impl Running {
    fn ready(ask: &Ask<'_>, sampler: &ProcessSampler) -> Result<Self, Trouble> {
        let mut conversation = Conversation::start(ask.launcher, sampler.limit)?;
        // It waits for its configuration: what it starts later inherits this.
        if sampler.pinned {
            pin(conversation.pid(), ask.config.workers).map_err(Trouble::Failed)?;
        }
        let mut figures = Figures::default();
        // It waits for its configuration, so everything that it starts inherits the counters. Where time is taken there are
        // none: they make switching threads dearer.
        let counters = ask.config.observe.then(|| Counters::open(conversation.pid())).and_then(|opened| match opened {
            Ok(counters) => Some(counters),
            // Nothing of this machine has any: the table of metrics says so, not every sample.
            Err(why) if why == NO_PMU => None,
            Err(why) => {
                figures.lack(&["instructions", "cache_misses"], &why);
                None
            }
        });
        let ready = conversation.ready(ask.config)?;
        figures.add("spawn_to_ready_ns", conversation.since_start().as_nanos() as f64);
        match ready.cold_start_ns {
            0 => {}
            told => figures.add("cold_start_ns", told as f64),
        }
        let before = Snapshot::of(conversation.pid());
        Ok(Self { conversation, counters, before, figures })
    }

    fn go(&mut self) {
        if let Some(counters) = &mut self.counters {
            counters.start();
        }
        self.conversation.go();
    }

    fn done(mut self) -> Result<Answered, Trouble> {
        let (done, passed) = self.conversation.done()?;
        Ok(Answered { running: self, done, passed })
    }

    /// What happened since `go`, per iteration. The sample waits for `bye` meanwhile.
    fn count(&mut self, iterations: f64) {
        for (id, counted) in self.counters.take().map(Counters::stop).unwrap_or_default() {
            match counted {
                Ok(count) => self.figures.add(id, count / iterations),
                Err(why) => self.figures.lack(&[id], &why),
            }
        }
        let Some((before, after)) = self.before.take().zip(Snapshot::of(self.conversation.pid())) else { return };
        match after.since(&before) {
            Ok(Scheduled { voluntary, involuntary, run_delay_ns }) => {
                let all = SCHEDULED.into_iter().zip([voluntary, involuntary, run_delay_ns]);
                all.for_each(|(id, count)| self.figures.add(id, count as f64 / iterations));
            }
            Err(why) => self.figures.lack(&SCHEDULED, &why),
        }
    }
}

/// A sample that has said `done` and waits for `bye`.
struct Answered {
    running: Running,
    done: Done,
    /// Since `go`.
    passed: Duration,
}

impl Answered {
    fn bye(self, ask: &Ask<'_>) -> Result<(Done, Figures), Trouble> {
        let Self { mut running, done, passed } = self;
        check(&done, passed, ask).map_err(Trouble::Failed)?;
        running.count(f64::from(ask.config.iterations.max(1)));
        let Running { conversation, mut figures, .. } = running;
        if let Some(processes) = system::tree(conversation.pid()) {
            let memory =
                [("peak_rss_bytes", system::peak_rss_bytes(&processes)), ("pss_bytes", system::pss_bytes(&processes))];
            for (id, bytes) in memory {
                match bytes {
                    Some(bytes) => figures.add(id, bytes as f64),
                    None => figures.lack(&[id], "a process of this sample does not show its memory"),
                }
            }
        }
        let answered = Moment::now();
        conversation.bye()?;
        figures.add("tear_down_ns", answered.elapsed().as_nanos() as f64);
        Ok((done, figures))
    }
}

const SCHEDULED: [&str; 3] = ["switches_voluntary", "switches_involuntary", "run_delay_ns"];

fn check(done: &Done, passed: Duration, ask: &Ask<'_>) -> Result<(), String> {
    let asked = ask.config.iterations as usize;
    if done.elapsed_ns.len() != asked {
        return Err(format!("timed {} iterations, was asked for {asked}", done.elapsed_ns.len()));
    }
    if done.elapsed_ns.contains(&0) {
        return Err(String::from("an iteration took 0 ns: nothing was timed"));
    }
    let said = Duration::from_nanos(done.elapsed_ns.iter().fold(0, |sum, ns| sum.saturating_add(*ns)));
    if said > passed {
        return Err(format!("says that its iterations took {said:?}, but from `go` to `done` only {passed:?} passed"));
    }
    match (&ask.config.digest, &done.digest) {
        (None, _) if ask.guest => Err(String::from(
            "its answer cannot be checked: the reference failed, or right answers to this workload differ",
        )),
        (Some(expected), found) if !ask.wrong && Some(expected) != found.as_ref() => Err(format!(
            "wrong answer: its digest is {}, the reference's is {}",
            found.as_deref().map_or("missing", |digest| digest.get(..12).unwrap_or(digest)),
            expected.get(..12).unwrap_or(expected)
        )),
        _ => Ok(()),
    }
}

fn failed(trouble: Trouble) -> Sampled {
    let outcome = match trouble {
        Trouble::Failed(reason) => Outcome::Failed { reason },
        Trouble::TimedOut(reason) => Outcome::TimedOut { reason },
    };
    Sampled { outcome, digest: None }
}

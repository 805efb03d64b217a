//! A machine that is simulated from a seed, and groups to run on it: no clock, no process.
#![allow(dead_code)] // every test program has a copy, and none needs all of it

pub(crate) mod noise;
pub(crate) mod odds;
pub(crate) mod weather;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;
use harness::engine::{Alternative, Engine, Group, Settings};
use harness::launcher::Launcher;
use harness::protocol::Config;
use harness::{Ask, Load, Sampled, Sampler, analysis};
use results::journal::{Event, Outcome, Plan, PlannedCell, PlannedGroup};
use results::{Environment, Run, RunStatus, Support, Sweep, Tool, Units};

use self::noise::Noise;
use self::weather::Weather;

/// CPUs of the simulated machine.
const CPUS: u32 = 2;
/// What a sample takes beside its iterations.
const OVERHEAD: Duration = Duration::from_millis(2);

/// A machine on which a contender takes what its name says, in microseconds, times one draw of noise a sample.
pub(crate) struct Simulated {
    pub(crate) now: Duration,
    weather: Weather,
    random: Rng,
    /// CPU time of this run, and of everybody else.
    own: Duration,
    foreign: Duration,
    /// Waits that were asked for.
    pub(crate) rests: Vec<Duration>,
    /// Fails from this sample of `broken/..` on.
    pub(crate) breaks_at: usize,
    pub(crate) broken: usize,
    /// How long a sample takes depends on its place in the run only, and never on what was measured before.
    pub(crate) places: Option<Places>,
    /// Rounds in which others use 60 % of the machine; needs `places`.
    pub(crate) loud: BTreeSet<u32>,
    /// Factor on a sample at this place of its round; needs `places`.
    pub(crate) bias: fn(u32) -> f64,
}

impl Simulated {
    /// Normal noise of 3 %.
    pub(crate) fn new(seed: u64) -> Self {
        Self::under(Weather::Steady(Noise::Normal), seed)
    }

    pub(crate) fn under(weather: Weather, seed: u64) -> Self {
        Self {
            now: Duration::ZERO,
            weather,
            random: Rng::with_seed(seed),
            own: Duration::ZERO,
            foreign: Duration::ZERO,
            rests: Vec::new(),
            breaks_at: usize::MAX,
            broken: 0,
            places: None,
            loud: BTreeSet::new(),
            bias: |_| 1.0,
        }
    }

    /// A machine that does in a resumed run what it would have done in one that went on.
    pub(crate) fn replayable(past: &[Event]) -> Self {
        let places = Places::default();
        past.iter().for_each(|event| places.see(event));
        Self { places: Some(places), ..Self::new(0) }
    }

    /// The factor on a sample of this cell: 30 % of noise for a contender called `noisy`.
    fn factor(&mut self, config: &Config, copy: usize) -> f64 {
        let group = format!("{}/w2", config.workload);
        let Some((round, place)) = self.places.as_ref().map(|places| places.of(&group)) else {
            let noise = self.weather.draw(&mut self.random);
            return (noise * if config.model == "noisy" { 10.0 } else { 1.0 }).exp();
        };
        let mut hash = DefaultHasher::new();
        (&config.cell, round, place, copy, config.observe).hash(&mut hash);
        let noise = Noise::Normal.draw(&mut Rng::with_seed(hash.finish()));
        (self.bias)(place) * (noise * if config.model == "noisy" { 10.0 } else { 1.0 }).exp()
    }

    fn pass(&mut self, time: Duration, workload: Option<&str>) {
        let round = workload.zip(self.places.as_ref()).map(|(id, places)| places.of(&format!("{id}/w2")).0);
        let foreign = self.weather.pass(&mut self.random, self.now, time);
        let loud = round.is_some_and(|round| self.loud.contains(&round));
        let foreign = if loud { time.mul_f64(0.6) } else { foreign };
        self.foreign += foreign * CPUS;
        self.now += time;
    }
}

impl Sampler for Simulated {
    fn together(&mut self, asks: &[Ask<'_>]) -> Vec<Sampled> {
        let sample = |(copy, ask): (usize, &Ask<'_>)| {
            let config = ask.config;
            if config.model == "broken" {
                self.broken += 1;
                if self.broken >= self.breaks_at {
                    let outcome = Outcome::Failed { reason: String::from("it broke") };
                    return Sampled { outcome, digest: None };
                }
            }
            let micros: f64 = config.strategy.parse().expect("a strategy is its time");
            let once = (micros * 1000.0 * self.factor(config, copy)).round() as u64;
            let took = Duration::from_nanos(once) * config.iterations;
            self.own += took;
            self.pass(took + OVERHEAD, Some(&config.workload));
            let elapsed_ns = vec![once; config.iterations as usize];
            let outcome = Outcome::Measured {
                elapsed_ns,
                metrics: BTreeMap::new(),
                absent: BTreeMap::new(),
                units: Units::default(),
            };
            Sampled { outcome, digest: Some(String::from("right")) }
        };
        asks.iter().enumerate().map(sample).collect()
    }

    fn rest(&mut self, time: Duration) {
        self.rests.push(time);
        self.pass(time, None);
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn load(&mut self) -> Option<Load> {
        Some(Load { busy: self.own + self.foreign, own: self.own, steal: Duration::ZERO, cpus: CPUS })
    }
}

/// Where each group is: its round, 0 for calibration, and samples taken in it. Read off the journal as it is written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(Rc<RefCell<BTreeMap<String, (u32, u32)>>>);

impl Places {
    fn of(&self, group: &str) -> (u32, u32) {
        self.0.borrow().get(group).copied().unwrap_or((0, 0))
    }

    pub(crate) fn see(&self, event: &Event) {
        let mut places = self.0.borrow_mut();
        match event {
            Event::Calibrated(calibrated) => _ = places.insert(calibrated.group.clone(), (1, 0)),
            Event::Round(round) => _ = places.insert(round.group.clone(), (round.round + 1, 0)),
            Event::Sample(sample) => places.entry(sample.group.clone()).or_default().1 += 1,
            // What was not finished begins again.
            Event::Resumed { .. } => places.values_mut().for_each(|(_, place)| *place = 0),
            _ => {}
        }
    }
}

/// The first is the reference. A contender's strategy is how long it takes, microseconds.
pub(crate) fn group(id: &str, contenders: &[(&str, &str)]) -> Group {
    let cell = |(index, (model, strategy)): (usize, &(&str, &str))| PlannedCell {
        id: format!("{id}/{model}/{strategy}/w2"),
        model: (*model).to_owned(),
        strategy: (*strategy).to_owned(),
        support: Support::Idiomatic,
        why: None,
        deliberately_wrong: false,
        reference: index == 0,
        skipped: None,
        demands: Vec::new(),
        source: None,
    };
    let cells: Vec<PlannedCell> = contenders.iter().enumerate().map(cell).collect();
    let alternative = |cell: &PlannedCell| Alternative {
        launcher: Launcher { argv: Vec::new(), env: Vec::new() },
        config: Config {
            cell: cell.id.clone(),
            workload: id.to_owned(),
            knobs: serde_json::Map::new(),
            model: cell.model.clone(),
            strategy: cell.strategy.clone(),
            workers: 2,
            cpus: CPUS,
            seed: 1,
            warmup: 1,
            iterations: 1,
            observe: false,
            digest: None,
        },
        wrong: false,
        reference: cell.reference,
        guest: false,
    };
    let alternatives = cells.iter().map(alternative).collect();
    let (workload, knobs) = (id.to_owned(), serde_json::Map::new());
    let planned = PlannedGroup {
        id: format!("{id}/w2"),
        workload,
        knobs,
        workers: 2,
        pattern: String::new(),
        about: String::new(),
        sweep: None,
        cells,
        known: BTreeMap::new(),
    };
    Group { planned, alternatives, probe: 2, kind: String::new() }
}

/// A group of a sweep of `x` over grain, at this value.
pub(crate) fn swept(value: f64, contenders: &[(&str, &str)]) -> Group {
    let mut group = group(&format!("sweep:x={value}"), contenders);
    let (series, knob) = (String::from("sweep/w2"), String::from("x"));
    let (unit, about) = (String::new(), String::new());
    group.planned.sweep = Some(Sweep { series, knob, value, unit, about, linear: false, granularity: false });
    group
}

/// A check group: the reference, and a contender that is exactly 5 % slower and known to be.
pub(crate) fn known() -> Group {
    let mut group = group("known", &[("sequential", "20000"), ("slower", "21000")]);
    group.planned.known = BTreeMap::from([(String::from("known/slower/21000/w2"), 1.05)]);
    group.probe = 0;
    group
}

pub(crate) fn settings(looks: &[u32]) -> Settings {
    Settings { seed: 7, looks: looks.to_vec(), alpha: 0.05, delta: 0.05, twins_each: 1, ..Settings::default() }
}

pub(crate) fn plan(settings: &Settings) -> Event {
    Event::Plan(Box::new(Plan {
        schema: results::journal::SCHEMA.to_owned(),
        id: String::from("test"),
        tool: Tool::default(),
        environment: Environment::default(),
        argv: Vec::new(),
        seed: settings.seed,
        started: String::new(),
        looks: settings.looks.clone(),
        alpha: settings.alpha,
        delta: settings.delta,
        budget_ns: None,
        program: String::new(),
        pinned: false,
    }))
}

/// A run on this machine, and what it left in the journal.
pub(crate) fn run(
    groups: Vec<Group>,
    settings: &Settings,
    sampler: &mut Simulated,
    stop: &dyn Fn() -> bool,
) -> (RunStatus, Vec<Event>) {
    let places = sampler.places.clone();
    let mut events = vec![plan(settings)];
    let mut emit = |event: Event| {
        places.iter().for_each(|places| places.see(&event));
        events.push(event);
        Ok(())
    };
    let status = Engine::new(groups, settings, sampler, &mut emit, stop).run().expect("events can be written");
    events.push(end(status, sampler));
    (status, events)
}

pub(crate) fn end(status: RunStatus, sampler: &Simulated) -> Event {
    Event::End { status, ended: String::new(), wall_ns: sampler.now.as_nanos() as u64 }
}

pub(crate) fn results(events: &[Event]) -> Run {
    analysis::results(events).expect("a plan")
}

/// Round and name of each sample, in order.
pub(crate) fn samples(events: &[Event]) -> Vec<(u32, String)> {
    let of = |event: &Event| match event {
        Event::Sample(sample) => Some((sample.round, sample.cell.clone())),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

/// Rounds of each group, in the order in which they were finished.
pub(crate) fn finished(events: &[Event]) -> Vec<(String, u32)> {
    let of = |event: &Event| match event {
        Event::Round(round) => Some((round.group.clone(), round.round)),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

/// As they stand in the file.
pub(crate) fn bytes(events: &[Event]) -> String {
    events.iter().map(|event| serde_json::to_string(event).expect("plain data") + "\n").collect()
}

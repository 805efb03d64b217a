//! Pipeline: three stages over lines of text whose order matters at the end, a ring, and the three ways.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use patterns::pipeline::{done, sequential};
use patterns::{
    Demand, Error, Job, Measure, Pipeline, Probe, RunsPipeline, Silent, Start, Strategies, Strategy, Units, Workload,
    Wrong, job, team,
};
use serde::{Deserialize, Serialize};

use crate::Toy;
use crate::stage::{Far, Process, every_strategy, gone, joined, pack, pause, process, spawn, start, unpack};

impl RunsPipeline for Toy {
    fn pipeline<W: Pipeline, P: Probe>() -> Strategies<W, W::Sink> {
        Strategies::of(Strategy::idiomatic("borrowed", Demand::BORROWED, borrowed::<W, P>))
            .and(Strategy::idiomatic("spawned", Demand::SPAWNED, spawned::<W, P>))
            .and(Strategy::idiomatic("shipped", Demand::SHIPPED, shipped::<W, P>))
    }
}

/// An item, and the laps it has behind it.
type Lapped<I> = (usize, I);
/// A way to the next unit.
type Way<I> = SyncSender<Lapped<I>>;

/// The ends of a stage: where items come from and where they go. The source has no inbox, the sink no outbox.
struct Ends<I> {
    inbox: Option<Receiver<Lapped<I>>>,
    outbox: Option<Way<I>>,
    /// The last stage's way back to the first, in a ring.
    back: Option<Way<I>>,
}

/// Source, stages and sink in a row, with bounded channels between them; a ring where there are laps.
fn row<W: Pipeline>(workload: &W) -> Vec<Ends<W::Item>> {
    let stages = workload.stages();
    let (mut inbox, mut first) = (None, None);
    let mut row = Vec::with_capacity(stages + 2);
    for _ in 0..=stages {
        let (sender, receiver) = sync_channel(workload.capacity());
        first.get_or_insert_with(|| sender.clone());
        row.push(Ends { inbox: inbox.replace(receiver), outbox: Some(sender), back: None });
    }
    row.push(Ends { inbox, outbox: None, back: None });
    row[stages].back = first.filter(|_| workload.laps() > 1);
    row
}

/// Where an item goes that has `laps` and this one behind it.
fn onward<'e, W: Pipeline>(
    workload: &W,
    laps: usize,
    back: Option<&'e Way<W::Item>>,
    outbox: &'e Way<W::Item>,
) -> (usize, &'e Way<W::Item>) {
    match back {
        Some(back) if laps + 1 < workload.laps() => (laps + 1, back),
        _ => (laps, outbox),
    }
}

/// A unit's part of a round: stage executions, and the sink of the last one.
fn unit<W: Pipeline>(job: &Job<W>, unit: usize, ends: Ends<W::Item>) -> Result<(Option<W::Sink>, u64), Error> {
    let workload = &job.workload;
    let items = workload.items(&job.input);
    match (ends.inbox, ends.outbox) {
        (None, Some(outbox)) => {
            let mut items = (0..items).map(|index| (0, workload.source(&job.input, index)));
            items.try_for_each(|item| outbox.send(item)).map_err(|_| Error::other("the first stage is gone"))?;
            Ok((None, 0))
        }
        (Some(inbox), Some(outbox)) => {
            // Counted, since a ring holds its own channels open.
            for _ in 0..items * workload.laps() {
                let (laps, item) = inbox.recv().map_err(|_| Error::other("the stage before is gone"))?;
                let item = workload.stage(unit - 1, item);
                let (laps, to) = onward(workload, laps, ends.back.as_ref(), &outbox);
                to.send((laps, item)).map_err(|_| Error::other("the next stage is gone"))?;
            }
            Ok((None, (items * workload.laps()) as u64))
        }
        (Some(inbox), None) => {
            let mut sink = workload.empty();
            inbox.iter().for_each(|(_, item)| workload.absorb(&mut sink, item));
            Ok((Some(sink), 0))
        }
        (None, None) => Err(Error::other("a unit between nothing and nothing")),
    }
}

fn collected<S>(parts: Vec<(Option<S>, u64)>) -> Result<(S, u64), Error> {
    let executed = parts.iter().map(|(_, executed)| executed).sum();
    let sink = parts.into_iter().find_map(|(sink, _)| sink).ok_or_else(|| Error::other("no sink reported"))?;
    Ok((sink, executed))
}

fn borrowed<W: Pipeline, P: Probe>(
    _: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Sink>,
) -> Result<(), Error> {
    let members = std::num::NonZeroUsize::MIN.saturating_add(job.workload.stages() + 1);
    team(
        members,
        |member, ends| unit(job, member, ends),
        |team| {
            measure(&mut |watch| {
                let mut ends = row(&job.workload).into_iter();
                let parts = watch.time(|| team.run(|_| ends.next().expect("one a unit")))?;
                let (sink, executed) = collected(parts)?;
                let units = Units { threads: members.get() as u64, ..Units::default() };
                Ok(done(sink, executed, units, P::default().observed(executed)))
            })
        },
    )
}

fn spawned<W: Pipeline, P: Probe>(
    _: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Sink>,
) -> Result<(), Error> {
    measure(&mut |watch| {
        let parts = watch.time(|| {
            let units = row(&job.workload).into_iter().enumerate();
            let handles: Vec<_> = units.map(|(unit, ends)| spawn(task_unit(job.clone(), unit, ends))).collect();
            let parts = handles.into_iter().enumerate().map(|(unit, handle)| joined(unit, handle)?);
            parts.collect::<Result<Vec<_>, Error>>()
        })?;
        let (sink, executed) = collected(parts)?;
        let units = Units { tasks: job.workload.stages() as u64 + 2, ..Units::default() };
        Ok(done(sink, executed, units, P::default().observed(executed)))
    })
}

/// As [`unit`], with the item in hand while it waits to pass it on.
async fn task_unit<W: Pipeline>(
    job: Arc<Job<W>>,
    number: usize,
    ends: Ends<W::Item>,
) -> Result<(Option<W::Sink>, u64), Error> {
    let Ends { inbox: Some(inbox), outbox: Some(outbox), back } = ends else { return unit(&job, number, ends) };
    let workload = &job.workload;
    let mut executed = 0;
    for _ in 0..workload.items(&job.input) * workload.laps() {
        let (laps, item) = inbox.recv().map_err(|_| Error::other("the stage before is gone"))?;
        let item = workload.stage(number - 1, item);
        executed += 1;
        pause().await;
        let (laps, to) = onward(workload, laps, back.as_ref(), &outbox);
        to.send((laps, item)).map_err(|_| Error::other("the next stage is gone"))?;
    }
    Ok((None, executed))
}

/// A process a stage; the parent, which has the input, is the source, the sink, and here the wire too.
fn shipped<W: Pipeline, P: Probe>(
    _: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, W::Sink>,
) -> Result<(), Error> {
    let workload = &job.workload;
    let processes: Vec<Process> = (0..workload.stages()).map(|_| process(workload, serve_stage::<W>)).collect();
    for (stage, process) in processes.iter().enumerate() {
        process.to.send(pack(&stage)).map_err(gone)?;
    }
    measure(&mut |watch| {
        let (sink, executed) = watch.time(|| {
            let mut sink = workload.empty();
            for index in 0..workload.items(&job.input) {
                let mut message = pack(&workload.source(&job.input, index));
                for _ in 0..workload.laps() {
                    for process in &processes {
                        process.to.send(message).map_err(gone)?;
                        message = process.from.recv().map_err(gone)?;
                    }
                }
                workload.absorb(&mut sink, unpack(&message));
            }
            let mut executed = 0;
            for process in &processes {
                process.to.send(Vec::new()).map_err(gone)?;
                executed += unpack::<u64>(&process.from.recv().map_err(gone)?);
            }
            Ok::<_, Error>((unpack(&pack(&sink)), executed))
        })?;
        let units = Units { processes: processes.len() as u64, ..Units::default() };
        Ok(done(sink, executed, units, P::default().observed(executed)))
    })
}

/// Items of one stage; an empty message asks how many they were.
fn serve_stage<W: Pipeline>(workload: &W, far: Far) {
    let stage: usize = unpack(&far.inbox.recv().expect("the number of the stage comes second"));
    let mut executed: u64 = 0;
    while let Ok(message) = far.inbox.recv() {
        let reply = if message.is_empty() {
            pack(&std::mem::take(&mut executed))
        } else {
            executed += 1;
            pack(&workload.stage(stage, unpack(&message)))
        };
        far.outbox.send(reply).expect("the parent waits for it");
    }
}

/// Trims lines, splits them into words, counts the words; the stages differ in what they hand on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Text {
    pub(crate) lines: usize,
    capacity: usize,
}

impl Default for Text {
    fn default() -> Self {
        Self { lines: 60, capacity: 2 }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Item {
    Raw { line: usize, text: String },
    Trimmed { line: usize, text: String },
    Words { line: usize, words: Vec<String> },
    Counted { line: usize, words: usize },
}

impl Workload for Text {
    const ID: &'static str = "text";
    type Input = Vec<String>;
    fn input(&self, _seed: u64, _clients: usize) -> Vec<String> {
        (0..self.lines).map(|line| format!("  {} ", "word ".repeat(line))).collect()
    }
}

impl Pipeline for Text {
    type Item = Item;
    type Sink = Vec<(usize, usize)>;

    fn stages(&self) -> usize {
        3
    }
    fn capacity(&self) -> usize {
        self.capacity
    }
    fn items(&self, input: &Vec<String>) -> usize {
        input.len()
    }
    fn source(&self, input: &Vec<String>, index: usize) -> Item {
        Item::Raw { line: index, text: input[index].clone() }
    }
    fn stage(&self, stage: usize, item: Item) -> Item {
        match (stage, item) {
            (0, Item::Raw { line, text }) => Item::Trimmed { line, text: text.trim().to_owned() },
            (1, Item::Trimmed { line, text }) => {
                Item::Words { line, words: text.split_whitespace().map(str::to_owned).collect() }
            }
            (2, Item::Words { line, words }) => Item::Counted { line, words: words.len() },
            (stage, item) => panic!("stage {stage} got {item:?}"),
        }
    }
    fn empty(&self) -> Self::Sink {
        Vec::new()
    }
    fn absorb(&self, sink: &mut Self::Sink, item: Item) {
        match item {
            Item::Counted { line, words } => sink.push((line, words)),
            item => panic!("the sink got {item:?}"),
        }
    }
    fn verify(&self, _: &Vec<String>, sink: &Self::Sink) -> Result<(), Wrong> {
        let right: Vec<_> = (0..self.lines).map(|line| (line, line)).collect();
        if *sink == right { Ok(()) } else { Err(format!("{sink:?}").into()) }
    }
}

/// Tokens that go round three stages; each stage adds a hop.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ring {
    pub(crate) tokens: usize,
    laps: usize,
    capacity: usize,
}

impl Default for Ring {
    fn default() -> Self {
        Self { tokens: 1, laps: 100, capacity: 1 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    number: usize,
    hops: usize,
}

impl Workload for Ring {
    const ID: &'static str = "ring";
    type Input = ();
    fn input(&self, _seed: u64, _clients: usize) {}
}

impl Pipeline for Ring {
    type Item = Token;
    type Sink = Vec<Token>;

    fn stages(&self) -> usize {
        3
    }
    fn capacity(&self) -> usize {
        self.capacity
    }
    fn laps(&self) -> usize {
        self.laps
    }
    fn items(&self, (): &()) -> usize {
        self.tokens
    }
    fn source(&self, (): &(), number: usize) -> Token {
        Token { number, hops: 0 }
    }
    fn stage(&self, stage: usize, token: Token) -> Token {
        assert_eq!(token.hops % 3, stage, "{token:?} went out of its way");
        Token { hops: token.hops + 1, ..token }
    }
    fn empty(&self) -> Vec<Token> {
        Vec::new()
    }
    fn absorb(&self, sink: &mut Vec<Token>, token: Token) {
        sink.push(token);
    }
    fn verify(&self, (): &(), sink: &Vec<Token>) -> Result<(), Wrong> {
        let right: Vec<_> = (0..self.tokens).map(|number| Token { number, hops: 3 * self.laps }).collect();
        if *sink == right { Ok(()) } else { Err(format!("{sink:?}").into()) }
    }
}

/// Two tokens of three stages are as many as a ring may have: without room between stages one of them has its hands
/// free, and that is enough.
#[test]
fn a_ring_passes_its_tokens_as_often_as_it_says() {
    for (tokens, laps, capacity) in [(1, 100, 1), (1, 100, 0), (2, 100, 0), (2, 7, 64), (1, 1, 0), (0, 100, 0)] {
        let job = job(Ring { tokens, laps, capacity }, 42, 1);
        let (reference, executed) = sequential(&job);
        assert_eq!(job.workload.verify(&job.input, &reference), Ok(()));
        assert_eq!(executed, (tokens * laps * 3) as u64);
        let (ways, start) = (["borrowed", "spawned", "shipped"], start(2, None));
        every_strategy(Toy::pipeline::<Ring, Silent>(), &ways, &job, &start, |id, done| {
            assert_eq!(done.answer, reference, "{id}, {tokens} tokens, {laps} laps, capacity {capacity}");
            assert_eq!(done.steps, executed, "{id}, {tokens} tokens, {laps} laps, capacity {capacity}");
        });
    }
}

/// The shape fixes the units, so what varies here is the room between them; 0 is a rendezvous.
#[test]
fn lines_come_out_in_order_whatever_the_room_between_stages() {
    for capacity in [0, 1, 2, 100] {
        let job = job(Text { capacity, ..Text::default() }, 42, 1);
        let (reference, executed) = sequential(&job);
        assert_eq!(job.workload.verify(&job.input, &reference), Ok(()));
        assert_eq!(executed, 3 * 60);
        for workers in crate::stage::WORKERS {
            let (ways, start) = (["borrowed", "spawned", "shipped"], start(workers, None));
            every_strategy(Toy::pipeline::<Text, Silent>(), &ways, &job, &start, |id, done| {
                assert_eq!(job.workload.verify(&job.input, &done.answer), Ok(()), "{id}, capacity {capacity}");
                assert_eq!(done.answer, reference, "{id}, capacity {capacity}");
                assert_eq!(done.steps, executed, "{id}, capacity {capacity}");
            });
        }
    }
}

/// A stage that panics must close its channels behind it, so that its neighbours end and the round is an error.
#[test]
fn a_stage_that_panics_is_an_error_and_no_hang() {
    let job = job(Text::default(), 42, 1);
    let members = std::num::NonZeroUsize::MIN.saturating_add(4);
    let result = team(
        members,
        |member, ends| if member == 2 { panic!("broken stage") } else { unit(&job, member, ends) },
        |team| {
            let mut ends = row(&job.workload).into_iter();
            team.run(|_| ends.next().expect("one a unit")).map(drop)
        },
    );
    let message = result.expect_err("a stage is missing").to_string();
    // Which neighbour notices first is a race; that one of them does, or the stage itself, is not.
    assert!(message.contains("broken stage") || message.contains("is gone"), "{message}");
}

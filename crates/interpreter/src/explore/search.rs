//! The search: moments, turns between them, and where they end.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::state::{Frame, Progress, State};
use super::step::{self, Stepped, can_run, next_op, touches_shared};
use super::{Ending, Explored, Found, Granularity, Limits, Unexplorable, talks_to_the_outside, trace};
use crate::Program;

/// A moment that was seen.
struct Node {
    state: Rc<State>,
    /// From which, by whose turn.
    before: Option<(usize, usize)>,
    after: Vec<usize>,
    ending: Option<Ending>,
}

/// Explores a program; `stop` is asked now and then.
///
/// # Errors
/// What cannot be explored.
pub fn explore(
    program: &Program,
    granularity: Granularity,
    limits: &Limits,
    stop: &dyn Fn() -> bool,
) -> Result<Explored, Unexplorable> {
    if let Some(why) = talks_to_the_outside(program) {
        return Err(why);
    }
    let start = Rc::new(start(program));
    let mut seen = HashMap::from([(start.clone(), 0)]);
    let mut nodes = vec![Node { state: start, before: None, after: Vec::new(), ending: None }];
    let (mut at, mut complete, mut transitions, mut threads) = (0, true, 0, 1);
    while at < nodes.len() {
        if nodes.len() > limits.states || (at.is_multiple_of(1024) && stop()) {
            complete = false;
            break;
        }
        let state = nodes[at].state.clone();
        threads = threads.max(state.threads.len());
        let able: Vec<usize> = (0..state.threads.len()).filter(|thread| can_run(program, &state, *thread)).collect();
        if able.is_empty() {
            nodes[at].ending = Some(ending(program, &state));
        }
        for thread in able {
            let mut next = (*state).clone();
            turn(program, &mut next, thread, granularity, limits.turn, &mut |_, _| ())?;
            transitions += 1;
            let next = Rc::new(next.canonical());
            let index = *seen.entry(next.clone()).or_insert_with(|| {
                nodes.push(Node { state: next, before: Some((at, thread)), after: Vec::new(), ending: None });
                nodes.len() - 1
            });
            nodes[at].after.push(index);
        }
        at += 1;
    }
    let schedules = if complete { schedules(&nodes) } else { None };
    let endings = endings(program, granularity, limits, &nodes, schedules.as_deref())?;
    Ok(Explored { endings, states: nodes.len(), transitions, threads, complete })
}

/// The moment in which `main` begins.
pub(super) fn start(program: &Program) -> State {
    let main = &program.functions[program.main];
    let locals = vec![None; main.locals.len()];
    let frame = Frame { function: program.main, at: 0, stack: Vec::new(), locals, tries: Vec::new() };
    State { heap: Vec::new(), globals: vec![None; program.globals.len()], threads: vec![step::thread(frame)] }
}

/// A thread runs until it may be switched. `told` hears of each bytecode before it is done.
pub(super) fn turn(
    program: &Program,
    state: &mut State,
    thread: usize,
    granularity: Granularity,
    longest: usize,
    told: &mut dyn FnMut(&State, Option<bool>),
) -> Result<(), Unexplorable> {
    for done in 0..longest {
        if !can_run(program, state, thread) {
            return Ok(());
        }
        let next = next_op(program, state, thread).map(|(op, ..)| op);
        let another = done > 0 && granularity == Granularity::FreeThreaded;
        if another && next.is_some_and(|op| touches_shared(state, thread, op)) {
            return Ok(());
        }
        told(state, None);
        let Stepped::Done { check_point } = step::step(program, state, thread) else { return Ok(()) };
        told(state, Some(check_point));
        let switched = match granularity {
            Granularity::Sequential | Granularity::FreeThreaded => false,
            Granularity::Gil => check_point,
            Granularity::EveryBytecode => true,
        };
        if switched {
            return Ok(());
        }
    }
    Err(Unexplorable::Endless(longest))
}

/// What it means that nobody can run.
fn ending(program: &Program, state: &State) -> Ending {
    let waiting = state.threads.iter().enumerate().filter(|(_, thread)| !thread.is_over());
    let waiting: Vec<(usize, u32)> =
        waiting.map(|(index, _)| (index, next_op(program, state, index).map_or(0, |(_, line, _)| line))).collect();
    match &state.threads[0].progress {
        _ if !waiting.is_empty() => Ending::Deadlock(waiting),
        Progress::Failed(failure) => {
            Ending::Failed { kind: failure.kind, message: failure.message.clone(), line: failure.line }
        }
        Progress::Returned(value) => Ending::Returned(state.plain(value)),
        Progress::Runs | Progress::Meets | Progress::Met => Ending::Deadlock(waiting),
    }
}

/// How many ways lead to each moment; `None` where moments form a loop, so that there is no number.
fn schedules(nodes: &[Node]) -> Option<Vec<u128>> {
    let mut into = vec![0_usize; nodes.len()];
    nodes.iter().flat_map(|node| &node.after).for_each(|to| into[*to] += 1);
    let mut ways = vec![0_u128; nodes.len()];
    ways[0] = 1;
    let mut ready: Vec<usize> = (0..nodes.len()).filter(|index| into[*index] == 0).collect();
    let mut done = 0;
    while let Some(index) = ready.pop() {
        done += 1;
        for to in &nodes[index].after {
            ways[*to] = ways[*to].saturating_add(ways[index]);
            into[*to] -= 1;
            if into[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    (done == nodes.len()).then_some(ways)
}

fn endings(
    program: &Program,
    granularity: Granularity,
    limits: &Limits,
    nodes: &[Node],
    schedules: Option<&[u128]>,
) -> Result<Vec<Found>, Unexplorable> {
    let mut all: BTreeMap<&Ending, (usize, u64, u128)> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        if let Some(ending) = &node.ending {
            // The first that was found is one of the nearest.
            let entry = all.entry(ending).or_insert((index, 0, 0));
            entry.1 += 1;
            entry.2 = entry.2.saturating_add(schedules.map_or(0, |ways| ways[index]));
        }
    }
    let found = all.into_iter().map(|(ending, (first, states, ways))| {
        let mut way = Vec::new();
        let mut at = first;
        while let Some((before, thread)) = nodes[at].before {
            way.push(thread);
            at = before;
        }
        way.reverse();
        let turns = trace::follow(program, granularity, limits.turn, &way)?;
        Ok(Found { ending: ending.clone(), states, schedules: schedules.map(|_| ways), turns })
    });
    found.collect()
}

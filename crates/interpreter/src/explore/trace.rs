//! One schedule again, bytecode by bytecode, with what each saw.

use super::search::{start, turn};
use super::state::{Progress, State, Value};
use super::step::next_op;
use super::{Granularity, Unexplorable};
use crate::{Op, Program};

/// What a thread does until another has its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Whose it is: 0 is `main`'s, the others count in the order in which they were spawned.
    pub thread: usize,
    /// What it does.
    pub bytecodes: Vec<Bytecode>,
}

/// A bytecode that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bytecode {
    /// Its line.
    pub line: u32,
    /// As it is written.
    pub text: String,
    /// What it took and what it left: `{'key': 0}['key'] -> 0`. Empty where the text says it all.
    pub saw: String,
    /// Whether CPython may switch threads after it under its lock.
    pub check_point: bool,
}

/// Takes the turns of a schedule; what one thread does in a row is one turn.
pub(super) fn follow(
    program: &Program,
    granularity: Granularity,
    longest: usize,
    way: &[usize],
) -> Result<Vec<Turn>, Unexplorable> {
    let mut state = start(program);
    let mut turns: Vec<Turn> = Vec::new();
    for &thread in way {
        let mut bytecodes = Vec::new();
        let mut begun: Option<(Op, u32, Vec<String>, usize)> = None;
        let mut told = |state: &State, done: Option<bool>| match done {
            None => {
                begun = next_op(program, state, thread).map(|(op, line, _)| {
                    (op, line, operands(program, state, thread, op), state.threads[thread].frames.len())
                });
            }
            Some(check_point) => {
                if let Some((op, line, operands, depth)) = begun.take() {
                    let left = left(state, thread, depth);
                    let saw = saw(op, &operands, &left);
                    // A comment is no part of what was done.
                    let text = program.line(line).split(';').next().unwrap_or_default().trim().to_owned();
                    bytecodes.push(Bytecode { line, text, saw, check_point });
                }
            }
        };
        turn(program, &mut state, thread, granularity, longest, &mut told)?;
        state = state.canonical();
        match turns.last_mut() {
            Some(last) if last.thread == thread => last.bytecodes.extend(bytecodes),
            _ => turns.push(Turn { thread, bytecodes }),
        }
    }
    Ok(turns)
}

/// What a bytecode takes from the stack, a local or a global, in the order in which it was pushed.
fn operands(program: &Program, state: &State, thread: usize, op: Op) -> Vec<String> {
    let Some(frame) = state.threads[thread].frames.last() else { return Vec::new() };
    let show = |value: &Value| state.plain(value).to_string();
    match op {
        Op::Load(index) => frame.locals[usize::from(index)].iter().map(show).collect(),
        Op::LoadGlobal(index) => {
            let name = program.globals[usize::from(index)].clone();
            [name].into_iter().chain(state.globals[usize::from(index)].iter().map(show)).collect()
        }
        _ => {
            let pops = usize::from(op.effect().pops);
            frame.stack[frame.stack.len().saturating_sub(pops)..].iter().map(show).collect()
        }
    }
}

/// What it left on top of the stack; how a thread or a call ended.
fn left(state: &State, thread: usize, depth: usize) -> String {
    let now = &state.threads[thread];
    match &now.progress {
        Progress::Failed(failure) => format!("{}: {}", failure.kind, failure.message),
        Progress::Returned(value) => state.plain(value).to_string(),
        _ if now.frames.len() > depth => String::new(),
        _ => now
            .frames
            .last()
            .and_then(|frame| frame.stack.last())
            .map_or_else(String::new, |value| state.plain(value).to_string()),
    }
}

fn saw(op: Op, operands: &[String], left: &str) -> String {
    match (op, operands) {
        (Op::Load(_), [value]) => value.clone(),
        (Op::LoadGlobal(_), [_, value]) => value.clone(),
        (Op::Store(_) | Op::StoreGlobal(_), [value]) => value.clone(),
        (Op::Subscript, [container, key]) => format!("{container}[{key}] -> {left}"),
        (Op::StoreSubscript, [value, container, key]) => format!("{container}[{key}] = {value}"),
        (Op::DeleteSubscript, [container, key]) => format!("del {container}[{key}]"),
        (Op::Contains, [key, container]) => format!("{key} in {container} -> {left}"),
        (Op::CallBuiltin(builtin, _), arguments) => format!("{}({}) -> {left}", builtin.name(), arguments.join(", ")),
        (Op::Return, [value]) => value.clone(),
        (Op::Add | Op::Subtract | Op::Multiply | Op::FloorDivide | Op::Modulo | Op::Compare(_), [a, b]) => {
            format!("{a}, {b} -> {left}")
        }
        (Op::PopJumpIfFalse(_) | Op::PopJumpIfTrue(_), [value]) => value.clone(),
        (Op::ForIter(_), _) if left != "<iterator>" => left.to_owned(),
        _ => String::new(),
    }
}

//! Follows the stack through a function, as the JVM's verifier does: every bytecode is reached with one depth, whichever way
//! leads there. What runs needs no check for an empty stack then, and knows how deep it gets.

use super::{Result, mistake};
use crate::Op;

/// How a bytecode is reached: the depth of the stack, and of the `try`s round it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Reached {
    depth: u16,
    tries: u16,
}

/// The deepest the stack gets.
pub(super) fn follow(code: &[Op], lines: &[u32], end: u32, name: &str) -> Result<usize> {
    let mut reached: Vec<Option<Reached>> = vec![None; code.len()];
    let mut ahead = vec![(0u32, Reached { depth: 0, tries: 0 }, end)];
    let mut deepest = 0;
    while let Some((at, now, from)) = ahead.pop() {
        let Some(op) = code.get(at as usize) else {
            return mistake(from, format!("{name} runs off its end after this; it needs a return or a jump"));
        };
        let line = lines[at as usize];
        match reached[at as usize] {
            Some(before) if before == now => continue,
            Some(before) if before.tries != now.tries => {
                return mistake(line, "one way here leads through an open try, another does not");
            }
            Some(before) => {
                let (one, other) = (before.depth, now.depth);
                return mistake(line, format!("one way here leaves {one} values on the stack, another {other}"));
            }
            None => reached[at as usize] = Some(now),
        }
        let effect = op.effect();
        if now.depth < effect.pops {
            let (needs, has) = (effect.pops, now.depth);
            return mistake(line, format!("stack underflow: this needs {needs} values, and there are {has}"));
        }
        let left = now.depth - effect.pops;
        let tries = match op {
            Op::Try(_) => now.tries + 1,
            Op::EndTry if now.tries == 0 => return mistake(line, "there is no try to end here"),
            Op::EndTry => now.tries - 1,
            Op::Return if now.tries > 0 => return mistake(line, "a try is still open at this return; end_try first"),
            _ => now.tries,
        };
        if let Some(pushes) = effect.next {
            let depth = left + pushes;
            deepest = deepest.max(depth);
            ahead.push((at + 1, Reached { depth, tries }, line));
        }
        if let Some((to, pushes)) = effect.jump {
            let depth = left + pushes;
            deepest = deepest.max(depth);
            // The handler of a try is outside of it.
            ahead.push((to, Reached { depth, tries: now.tries }, line));
        }
    }
    Ok(usize::from(deepest))
}

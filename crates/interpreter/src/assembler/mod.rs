//! The assembler: from text to a program, or to a line that says what is wrong with it.
//!
//! One bytecode a line; `;` begins a comment. Names are declared where they are used: a local by its first `store`, a
//! label by `name:`. Conditional jumps go forward, as in CPython; a `jump` to a label above is the back edge of a loop.
//!
//! ```text
//! param increments = 10000, small 2   ; set from outside; explored with the small value
//! global cache
//! function main
//!     build_dict
//!     store_global cache
//!     push 0
//!     return
//! ```

mod flow;
mod names;
mod words;

use std::collections::BTreeMap;

use crate::op::Signature;
use crate::program::{Constant, Function, Parameter, Program, Settings};
use crate::{Builtin, Comparison, Op};
use names::{Names, nearest};
use words::{Word, words};

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Mistake {
    /// The line, from one; one past the end for what is missing.
    pub line: u32,
    /// What was found, and what is allowed.
    pub what: String,
}

type Result<T> = std::result::Result<T, Mistake>;

fn mistake<T>(line: u32, what: impl Into<String>) -> Result<T> {
    Err(Mistake { line, what: what.into() })
}

/// Assembles a text.
///
/// # Errors
/// An unknown bytecode, name or label, a stack that runs empty, a function that runs off its end, a parameter that is set
/// and not there: with the line.
pub fn assemble(text: &str, settings: &Settings) -> Result<Program> {
    let mut assembler = Assembler::default();
    let source: Vec<String> = text.lines().map(str::to_owned).collect();
    for (number, line) in (1..).zip(&source) {
        assembler.declare(number, &words(number, line)?, settings)?;
    }
    let end = source.len() as u32 + 1;
    if let Some(unknown) = settings.values.keys().find(|name| !assembler.parameters.iter().any(|p| p.name == **name)) {
        let known: Vec<&str> = assembler.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        return mistake(end, format!("there is no parameter {unknown:?} to set; {}", names::allowed(&known)));
    }
    for (number, line) in (1..).zip(&source) {
        assembler.line(number, &words(number, line)?)?;
    }
    assembler.end(end)?;
    let Some(main) = assembler.functions.iter().position(|function| function.name == "main") else {
        return mistake(end, "there is no function main, where a program starts");
    };
    if assembler.functions[main].arguments > 0 {
        return mistake(end, "main takes no arguments");
    }
    let Assembler { functions, constants, globals, parameters, .. } = assembler;
    Ok(Program { functions, main, constants, globals: globals.into_names(), parameters, source })
}

#[derive(Default)]
struct Assembler {
    functions: Vec<Function>,
    headers: Vec<(String, Vec<String>)>,
    constants: Vec<Constant>,
    globals: Names,
    parameters: Vec<Parameter>,
    body: Option<Body>,
}

/// The function that is being read.
struct Body {
    name: String,
    arguments: u16,
    locals: Names,
    code: Vec<Op>,
    lines: Vec<u32>,
    labels: BTreeMap<String, u32>,
    jumps: Vec<(usize, String)>,
}

impl Assembler {
    /// What may be used above where it stands: parameters, globals, functions.
    fn declare(&mut self, line: u32, words: &[Word], settings: &Settings) -> Result<()> {
        match words {
            [Word::Name(keyword), rest @ ..] if keyword == "param" => self.parameter(line, rest, settings),
            [Word::Name(keyword), rest @ ..] if keyword == "global" => {
                for word in rest {
                    self.globals.add(name(line, word, "a global")?);
                }
                Ok(())
            }
            [Word::Name(keyword), rest @ ..] if keyword == "function" => {
                let names = rest.iter().map(|word| Ok(name(line, word, "a function or an argument")?.to_owned()));
                let mut names = names.collect::<Result<Vec<String>>>()?.into_iter();
                let Some(function) = names.next() else { return mistake(line, "function what? its name is missing") };
                if self.headers.iter().any(|(other, _)| *other == function) {
                    return mistake(line, format!("there are two functions {function:?}"));
                }
                self.headers.push((function, names.collect()));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn parameter(&mut self, line: u32, words: &[Word], settings: &Settings) -> Result<()> {
        let (name, value, small) = match words {
            [Word::Name(name), Word::Sign(is), Word::Int(value)] if is == "=" => (name, value, None),
            [Word::Name(name), Word::Sign(is), Word::Int(value), Word::Name(small), Word::Int(least)]
                if is == "=" && small == "small" =>
            {
                (name, value, Some(least))
            }
            _ => return mistake(line, "a parameter is written `param NAME = INT` or `param NAME = INT, small INT`"),
        };
        let small = small.filter(|_| settings.small);
        let value = *settings.values.get(name).unwrap_or(small.unwrap_or(value));
        self.parameters.push(Parameter { name: name.clone(), value });
        Ok(())
    }

    fn line(&mut self, line: u32, words: &[Word]) -> Result<()> {
        match words {
            [] => Ok(()),
            [Word::Name(keyword), ..] if keyword == "param" || keyword == "global" => Ok(()),
            [Word::Name(keyword), Word::Name(name), ..] if keyword == "function" => {
                self.end(line)?;
                let arguments = self.headers.iter().find(|(other, _)| other == name);
                let mut locals = Names::default();
                for argument in arguments.map_or(&[][..], |(_, arguments)| arguments) {
                    locals.add(argument);
                }
                let arguments = locals.len();
                self.body = Some(Body {
                    name: name.clone(),
                    arguments,
                    locals,
                    code: Vec::new(),
                    lines: Vec::new(),
                    labels: BTreeMap::new(),
                    jumps: Vec::new(),
                });
                Ok(())
            }
            [Word::Name(label), Word::Sign(colon)] if colon == ":" => {
                let Some(body) = &mut self.body else { return mistake(line, "a label outside of a function") };
                let here = body.code.len() as u32;
                if body.labels.insert(label.clone(), here).is_some() {
                    return mistake(line, format!("there are two labels {label:?}"));
                }
                Ok(())
            }
            [Word::Name(bytecode), operands @ ..] => {
                let Some(mut body) = self.body.take() else {
                    return mistake(line, format!("{bytecode:?} stands outside of a function"));
                };
                let op = self.op(line, bytecode, operands, &mut body)?;
                body.code.push(op);
                body.lines.push(line);
                self.body = Some(body);
                Ok(())
            }
            [other, ..] => {
                mistake(line, format!("a line begins with a bytecode, a label or a keyword, not with {other}"))
            }
        }
    }

    fn op(&mut self, line: u32, bytecode: &str, operands: &[Word], body: &mut Body) -> Result<Op> {
        if let Some((_, op)) = PLAIN.iter().find(|(name, _)| *name == bytecode) {
            return if operands.is_empty() { Ok(*op) } else { mistake(line, format!("{bytecode} takes no operand")) };
        }
        Ok(match (bytecode, operands) {
            ("push", [word]) => Op::Push(self.constant(line, word)?),
            ("push_function", [Word::Name(name)]) => {
                let known: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
                match known.iter().position(|known| known == name) {
                    Some(index) => Op::PushFunction(index as u16),
                    None => return mistake(line, format!("there is no function {name:?}; {}", nearest(name, &known))),
                }
            }
            ("load", [Word::Name(name)]) => match body.locals.index(name) {
                Some(index) => Op::Load(index),
                None => {
                    let nearest = nearest(name, &body.locals.names());
                    return mistake(line, format!("nothing was stored in {name:?} above; {nearest}"));
                }
            },
            ("store", [Word::Name(name)]) => Op::Store(body.locals.add(name)),
            ("load_global" | "store_global", [Word::Name(name)]) => match self.globals.index(name) {
                Some(index) if bytecode == "load_global" => Op::LoadGlobal(index),
                Some(index) => Op::StoreGlobal(index),
                None => {
                    let nearest = nearest(name, &self.globals.names());
                    return mistake(line, format!("there is no global {name:?}; {nearest}"));
                }
            },
            ("copy", [Word::Int(n)]) => Op::Copy(count(line, *n, 1)?),
            ("swap", [Word::Int(n)]) => Op::Swap(count(line, *n, 2)?),
            ("build_list", [Word::Int(n)]) => Op::BuildList(count(line, *n, 0)?),
            ("call", [Word::Int(n)]) => Op::Call(count(line, *n, 0)?),
            ("call_builtin", [Word::Name(name), Word::Int(n)]) => builtin(line, name, count(line, *n, 0)?)?,
            ("compare", [Word::Sign(sign)]) => match Comparison::ALL.iter().find(|(known, _)| known == sign) {
                Some((_, comparison)) => Op::Compare(*comparison),
                None => return mistake(line, format!("no comparison {sign:?}; it is one of < <= == != > >=")),
            },
            (jump, [Word::Name(label)]) if let Some((_, make)) = JUMPS.iter().find(|(name, _)| *name == jump) => {
                body.jumps.push((body.code.len(), label.clone()));
                make(u32::MAX)
            }
            _ => return Err(unknown(line, bytecode)),
        })
    }

    fn constant(&mut self, line: u32, word: &Word) -> Result<u32> {
        let constant = match word {
            Word::Int(int) => Constant::Int(*int),
            Word::Str(text) => Constant::Str(text.as_str().into()),
            Word::Name(name) if name == "none" => Constant::None,
            Word::Name(name) if name == "true" || name == "false" => Constant::Bool(name == "true"),
            Word::Name(name) => match self.parameters.iter().find(|parameter| parameter.name == *name) {
                Some(parameter) => Constant::Int(parameter.value),
                None => {
                    let known: Vec<&str> = self.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
                    let nearest = nearest(name, &known);
                    return mistake(line, format!("there is no parameter {name:?} to push; {nearest}"));
                }
            },
            Word::Sign(sign) => return mistake(line, format!("{sign} is no constant")),
        };
        let index = self.constants.iter().position(|known| *known == constant).unwrap_or_else(|| {
            self.constants.push(constant);
            self.constants.len() - 1
        });
        Ok(index as u32)
    }

    /// Ends the function that is being read: labels become offsets, and its stack is followed.
    fn end(&mut self, line: u32) -> Result<()> {
        let Some(mut body) = self.body.take() else { return Ok(()) };
        for (at, label) in std::mem::take(&mut body.jumps) {
            let line = body.lines[at];
            let Some(&to) = body.labels.get(&label) else {
                let known: Vec<&str> = body.labels.keys().map(String::as_str).collect();
                return mistake(line, format!("there is no label {label:?}; {}", nearest(&label, &known)));
            };
            body.code[at] = aimed(body.code[at], to, to <= at as u32, line)?;
        }
        let depth = flow::follow(&body.code, &body.lines, line, &body.name)?;
        let locals = body.locals.into_names();
        let Body { name, arguments, code, lines, .. } = body;
        self.functions.push(Function { name, arguments, locals, code, lines, depth });
        Ok(())
    }
}

fn aimed(op: Op, to: u32, back: bool, line: u32) -> Result<Op> {
    match (op, back) {
        (Op::Jump(_), true) => Ok(Op::JumpBackward(to)),
        (Op::Jump(_), false) => Ok(Op::Jump(to)),
        (_, true) => mistake(line, "this jump goes forward only; go back with `jump`"),
        (Op::PopJumpIfFalse(_), false) => Ok(Op::PopJumpIfFalse(to)),
        (Op::PopJumpIfTrue(_), false) => Ok(Op::PopJumpIfTrue(to)),
        (Op::ForIter(_), false) => Ok(Op::ForIter(to)),
        (Op::Try(_), false) => Ok(Op::Try(to)),
        (other, false) => mistake(line, format!("{other:?} has no label")),
    }
}

fn builtin(line: u32, name: &str, arguments: u16) -> Result<Op> {
    let found = Builtin::ALL.iter().find(|Signature(known, ..)| *known == name);
    let Some(Signature(_, builtin, least, most)) = found else {
        let known: Vec<&str> = Builtin::ALL.iter().map(|Signature(name, ..)| *name).collect();
        return mistake(line, format!("there is no built-in {name:?}; {}", nearest(name, &known)));
    };
    if !(*least..=*most).contains(&arguments) {
        let most = if *most == u16::MAX { String::from("any number") } else { most.to_string() };
        return mistake(line, format!("{name} takes {least} to {most} arguments, not {arguments}"));
    }
    Ok(Op::CallBuiltin(*builtin, arguments))
}

/// Bytecodes without an operand.
const PLAIN: [(&str, Op); 16] = [
    ("pop", Op::Pop),
    ("add", Op::Add),
    ("subtract", Op::Subtract),
    ("multiply", Op::Multiply),
    ("floor_divide", Op::FloorDivide),
    ("modulo", Op::Modulo),
    ("negate", Op::Negate),
    ("not", Op::Not),
    ("build_dict", Op::BuildDict),
    ("subscript", Op::Subscript),
    ("store_subscript", Op::StoreSubscript),
    ("delete_subscript", Op::DeleteSubscript),
    ("contains", Op::Contains),
    ("get_iter", Op::GetIter),
    ("return", Op::Return),
    ("end_try", Op::EndTry),
];

/// From an offset to a bytecode that goes there.
type Aim = fn(u32) -> Op;

/// Bytecodes with a label.
const JUMPS: [(&str, Aim); 5] = [
    ("jump", Op::Jump),
    ("pop_jump_if_false", Op::PopJumpIfFalse),
    ("pop_jump_if_true", Op::PopJumpIfTrue),
    ("for_iter", Op::ForIter),
    ("try", Op::Try),
];

/// Bytecodes with another operand, and how they are written.
const WRITTEN: [(&str, &str); 12] = [
    ("push", "push CONSTANT or PARAMETER"),
    ("push_function", "push_function NAME"),
    ("load", "load LOCAL"),
    ("store", "store LOCAL"),
    ("load_global", "load_global GLOBAL"),
    ("store_global", "store_global GLOBAL"),
    ("copy", "copy N"),
    ("swap", "swap N"),
    ("build_list", "build_list N"),
    ("call", "call N"),
    ("call_builtin", "call_builtin NAME N"),
    ("compare", "compare < (or <= == != > >=)"),
];

fn unknown(line: u32, bytecode: &str) -> Mistake {
    let what = if let Some((_, written)) = WRITTEN.iter().find(|(name, _)| *name == bytecode) {
        format!("it is written `{written}`")
    } else if JUMPS.iter().any(|(name, _)| *name == bytecode) {
        format!("it is written `{bytecode} LABEL`")
    } else {
        let names = PLAIN.iter().map(|(name, _)| *name);
        let known: Vec<&str> =
            names.chain(JUMPS.iter().map(|(name, _)| *name)).chain(WRITTEN.iter().map(|(name, _)| *name)).collect();
        format!("there is no bytecode {bytecode:?}; {}", nearest(bytecode, &known))
    };
    Mistake { line, what }
}

fn count(line: u32, given: i64, least: u16) -> Result<u16> {
    match u16::try_from(given) {
        Ok(count) if (least..=255).contains(&count) => Ok(count),
        _ => mistake(line, format!("{given} is not from {least} to 255")),
    }
}

fn name<'w>(line: u32, word: &'w Word, what: &str) -> Result<&'w str> {
    match word {
        Word::Name(name) => Ok(name),
        other => mistake(line, format!("{other} is not the name of {what}")),
    }
}

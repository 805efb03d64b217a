//! A program as it runs: functions, constants and globals, each bytecode with the line it came from.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Op;

/// A program that the assembler accepted: no bytecode finds too little on the stack, and no function runs off its end.
#[derive(Debug, Clone)]
pub struct Program {
    /// Functions; `Op::PushFunction` points here.
    pub functions: Vec<Function>,
    /// The index of `main`.
    pub main: usize,
    /// Constants; `Op::Push` points here.
    pub constants: Vec<Constant>,
    /// Names of the globals.
    pub globals: Vec<String>,
    /// Parameters, with the values it was assembled with.
    pub parameters: Vec<Parameter>,
    /// Its text, line by line, for errors and traces.
    pub source: Vec<String>,
}

/// A function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// How many arguments it takes: its first locals.
    pub arguments: u16,
    /// Names of its locals.
    pub locals: Vec<String>,
    /// Its code.
    pub code: Vec<Op>,
    /// The line of each bytecode, from one.
    pub lines: Vec<u32>,
    /// The deepest its stack gets.
    pub depth: usize,
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Constant {
    /// `none`
    None,
    /// `true`, `false`
    Bool(bool),
    /// A number in 64 bits.
    Int(i64),
    /// A string.
    Str(Arc<str>),
}

/// A number that may be set from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in the program.
    pub name: String,
    /// Its value.
    pub value: i64,
}

/// What parameters are set to.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The small value of each that has one: what can be explored in full.
    pub small: bool,
    /// By name; wins over both values of the text.
    pub values: BTreeMap<String, i64>,
}

impl Settings {
    /// The small value of every parameter that has one.
    #[must_use]
    pub fn small() -> Self {
        Self { small: true, ..Self::default() }
    }

    /// And this one set to that.
    #[must_use]
    pub fn with(mut self, name: &str, value: i64) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }
}

impl Program {
    /// Whether it receives from the outside, or sends there.
    #[must_use]
    pub fn talks_to_the_outside(&self) -> bool {
        crate::explore::talks_to_the_outside(self).is_some()
    }

    /// The text of a line, trimmed; nothing where there is no such line.
    #[must_use]
    pub fn line(&self, number: u32) -> &str {
        self.source.get((number as usize).wrapping_sub(1)).map_or("", |line| line.trim())
    }
}

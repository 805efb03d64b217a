//! What ends a program, or is caught by its `try`.

use std::fmt;

/// An error of a program, and where it happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
#[error("{kind}: {message} (line {line}, in {function}, thread {thread})")]
pub struct Fault {
    /// Of which kind.
    pub kind: FaultKind,
    /// What was found, and what is allowed.
    pub message: String,
    /// The line of the bytecode, from one.
    pub line: u32,
    /// The function it stands in.
    pub function: String,
    /// The thread: 0 is `main`'s, the others count in the order in which they were spawned.
    pub thread: u32,
}

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultKind {
    /// A dict has no such key.
    KeyError,
    /// A list has no such index, or nothing to pop.
    IndexError,
    /// A value of a type that this does not go with.
    TypeError,
    /// A value of the right type that is not allowed: a sleep of less than nothing.
    ValueError,
    /// A division by zero.
    ZeroDivisionError,
    /// An int that does not fit in 64 bits.
    OverflowError,
    /// A lock is released that nobody holds; a thread cannot be started in this build.
    RuntimeError,
    /// Calls are nested too deep.
    RecursionError,
    /// More objects are alive than allowed. Ends the program, as do all below.
    MemoryError,
    /// A thread ran more bytecodes than allowed.
    StepLimit,
    /// The program ran for longer than allowed.
    TimeLimit,
    /// Every thread waits for another.
    Deadlock,
}

impl FaultKind {
    /// Whether a `try` catches it; it pushes the kind's name then.
    #[must_use]
    pub const fn is_caught(self) -> bool {
        !matches!(self, Self::MemoryError | Self::StepLimit | Self::TimeLimit | Self::Deadlock)
    }

    /// All that a `try` can catch.
    pub const CAUGHT: [Self; 8] = [
        Self::KeyError,
        Self::IndexError,
        Self::TypeError,
        Self::ValueError,
        Self::ZeroDivisionError,
        Self::OverflowError,
        Self::RuntimeError,
        Self::RecursionError,
    ];

    /// Its name: what a `try` that catches it pushes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyError => "KeyError",
            Self::IndexError => "IndexError",
            Self::TypeError => "TypeError",
            Self::ValueError => "ValueError",
            Self::ZeroDivisionError => "ZeroDivisionError",
            Self::OverflowError => "OverflowError",
            Self::RuntimeError => "RuntimeError",
            Self::RecursionError => "RecursionError",
            Self::MemoryError => "MemoryError",
            Self::StepLimit => "StepLimit",
            Self::TimeLimit => "TimeLimit",
            Self::Deadlock => "Deadlock",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

//! A small bytecode interpreter under the lens: the same programs in a build with one lock and in a build without it, and
//! an explorer that takes every interleaving of a small one.
//!
//! A program is text ([`assemble`]); what it does with the stack is checked before it runs. The bytecodes, and the
//! points at which a running thread may be switched, are those of CPython 3.13 as far as they go: function entry, the
//! back edge of a loop, and after a call of a built-in.

mod assembler;
pub mod explore;
mod fault;
pub mod machine;
mod op;
mod plain;
mod program;
mod programs;

pub use assembler::{Mistake, assemble};
pub use fault::{Fault, FaultKind};
pub use op::{Builtin, Comparison, Op};
pub use plain::Plain;
pub use program::{Constant, Function, Parameter, Program, Settings};
pub use programs::{Source, find, programs};

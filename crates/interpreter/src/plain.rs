//! Values without identity: what a program returns, whoever ran it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A value as it can be compared, ordered and printed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Plain {
    /// `none`
    None,
    /// A truth; no int, other than in Python.
    Bool(bool),
    /// A number in 64 bits.
    Int(i64),
    /// A string.
    Str(Arc<str>),
    /// A list.
    List(Vec<Self>),
    /// A dict, in the order of its keys: dicts are equal whatever came first.
    Dict(BTreeMap<Self, Self>),
    /// Anything else, by the name of its type: a lock, a function, ..
    Other(&'static str),
}

/// As Python would write it.
impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Int(int) => write!(f, "{int}"),
            // The assembler has no escapes, and no quote inside of a string.
            Self::Str(text) if text.contains('\'') => write!(f, "\"{text}\""),
            Self::Str(text) => write!(f, "'{text}'"),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Dict(items) => {
                f.write_str("{")?;
                for (index, (key, value)) in items.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
            Self::Other(kind) => write!(f, "<{kind}>"),
        }
    }
}

impl Plain {
    /// Its int, if it is one.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_python_writes_them() {
        let words = Plain::Dict([(Plain::Str("a".into()), Plain::Int(-1)), (Plain::Int(2), Plain::None)].into());
        let all = Plain::List(vec![Plain::Bool(true), words, Plain::List(vec![]), Plain::Other("lock")]);
        assert_eq!(all.to_string(), "[True, {2: None, 'a': -1}, [], <lock>]");
        assert_eq!(Plain::Str("it's".into()).to_string(), "\"it's\"");
    }
}

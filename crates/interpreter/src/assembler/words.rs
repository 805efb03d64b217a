//! From a line to its words.

use std::fmt;

use super::{Result, mistake};

/// A word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// A keyword, a bytecode, or a name.
    Name(String),
    /// A number.
    Int(i64),
    /// A string in quotes.
    Str(String),
    /// `:`, `=`, or a comparison.
    Sign(String),
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(text) | Self::Sign(text) => write!(f, "{text}"),
            Self::Int(int) => write!(f, "{int}"),
            Self::Str(text) => write!(f, "{text:?}"),
        }
    }
}

/// The words of a line without its comment. Commas separate like spaces.
pub(super) fn words(number: u32, line: &str) -> Result<Vec<Word>> {
    let mut all = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == ';' {
            break;
        }
        let length = match first {
            ',' => {
                rest = rest[1..].trim_start();
                continue;
            }
            '"' => match rest[1..].find('"') {
                Some(end) => {
                    all.push(Word::Str(rest[1..=end].to_owned()));
                    rest = rest[end + 2..].trim_start();
                    continue;
                }
                None => return mistake(number, "a string is not closed"),
            },
            _ if is_name(first) || first == '-' => rest[1..].find(|c| !is_name(c)).map_or(rest.len(), |end| end + 1),
            _ if first.is_ascii_punctuation() => {
                rest[1..].find(|c: char| !"<>=!".contains(c)).map_or(rest.len(), |end| end + 1)
            }
            _ => return mistake(number, format!("{first:?} is not part of any word")),
        };
        let (word, after) = rest.split_at(length);
        all.push(word_of(number, word, first)?);
        rest = after.trim_start();
    }
    Ok(all)
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn word_of(number: u32, word: &str, first: char) -> Result<Word> {
    if first.is_ascii_digit() || first == '-' {
        let digits = word.replace('_', "");
        return match digits.parse() {
            Ok(int) => Ok(Word::Int(int)),
            Err(_) => mistake(number, format!("{word} is not a number that fits in 64 bits")),
        };
    }
    Ok(if is_name(first) { Word::Name(word.to_owned()) } else { Word::Sign(word.to_owned()) })
}

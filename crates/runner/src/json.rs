//! JSON that people can read and that does not take a line a number: indented down to the second level, so that each
//! cell, contrast and group has a line of its own, and a change of one is a changed line.

use std::io::{Result, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Levels that are indented; what lies deeper stays on its line.
const LEVELS: usize = 2;

/// The value as text that ends in a newline.
///
/// # Errors
/// Where the value cannot be written as JSON: a map whose keys are no text.
pub(crate) fn text(value: &impl Serialize) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Lines { depth: 0 }))?;
    bytes.push(b'\n');
    Ok(String::from_utf8(bytes).expect("serde_json writes UTF-8"))
}

struct Lines {
    depth: usize,
}

impl Lines {
    fn open<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> Result<()> {
        self.depth += 1;
        writer.write_all(bracket)
    }

    fn next<W: ?Sized + Write>(&self, writer: &mut W, first: bool) -> Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        if self.depth <= LEVELS { self.line(writer) } else { Ok(()) }
    }

    fn close<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> Result<()> {
        self.depth -= 1;
        if self.depth < LEVELS {
            self.line(writer)?;
        }
        writer.write_all(bracket)
    }

    fn line<W: ?Sized + Write>(&self, writer: &mut W) -> Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b" "))
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.open(writer, b"[")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        self.next(writer, first)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.close(writer, b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.open(writer, b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        self.next(writer, first)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.close(writer, b"}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    #[test]
    fn two_levels_are_indented_and_nothing_is_lost() {
        let value = json!({ "schema": "x", "cells": [{ "id": "a", "samples": [[1, 2.5], [2, 3.5]] }, { "id": "b" }], "none": [] });
        let text = super::text(&value).expect("plain data");
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), value);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.contains(&r#"  {"id":"a","samples":[[1,2.5],[2,3.5]]},"#), "{text}");
        assert!(lines.contains(&r#" "schema":"x""#) && text.ends_with("}\n"), "{text}");
    }
}

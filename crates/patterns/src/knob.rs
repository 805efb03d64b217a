//! Knobs: how a user names, bounds and writes the fields of a workload.

use serde_json::{Map, Number, Value};

/// One field of a workload that a user may set.
#[derive(Debug, Clone, Copy)]
pub struct Knob {
    /// The field's name in kebab-case, as serde has it.
    pub id: &'static str,
    /// What values it takes, and in which unit.
    pub domain: Domain,
    /// One line for `list`.
    pub about: &'static str,
}

/// The values of a knob.
#[derive(Debug, Clone, Copy)]
pub enum Domain {
    /// A whole number: `64`, `10_000`, `2^9`.
    Integer {
        /// Smallest allowed.
        min: u64,
        /// Largest allowed.
        max: u64,
    },
    /// A whole number, or `auto` (null), which the workload turns into one.
    Auto {
        /// Smallest allowed.
        min: u64,
        /// Largest allowed.
        max: u64,
    },
    /// A number: `0.99`.
    Real {
        /// Smallest allowed.
        min: f64,
        /// Largest allowed.
        max: f64,
    },
    /// A size, written with its unit: `64KiB`.
    Bytes {
        /// Smallest allowed.
        min: u64,
        /// Largest allowed.
        max: u64,
    },
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// The path of a text file; `--text FILE` sets every such knob.
    TextFile,
}

/// A named set of knobs: `primes:coarse`.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    /// Kebab-case name.
    pub id: &'static str,
    /// Knob and value as a user would write them.
    pub knobs: &'static [(&'static str, &'static str)],
}

const AUTO: &str = "auto";
const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl Knob {
    /// Reads a value as a user writes it.
    ///
    /// # Errors
    /// One line: what was given, what is allowed.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        let refuse = |why: &str| format!("`{}={text}`: {why}; allowed: {}", self.id, self.range());
        match self.domain {
            Domain::Auto { .. } if text == AUTO => Ok(Value::Null),
            Domain::Integer { min, max } | Domain::Auto { min, max } => {
                let value = integer(text).ok_or_else(|| refuse("not a whole number"))?;
                within(value, min, max).map(Value::from).ok_or_else(|| refuse("out of range"))
            }
            Domain::Real { min, max } => {
                let value: f64 = text.parse().map_err(|_| refuse("not a number"))?;
                let number = Number::from_f64(value).ok_or_else(|| refuse("not a finite number"))?;
                if value < min || value > max { Err(refuse("out of range")) } else { Ok(Value::Number(number)) }
            }
            Domain::Bytes { min, max } => {
                let value = bytes(text).ok_or_else(|| refuse("a size needs its unit (B, KiB, MiB, GiB)"))?;
                within(value, min, max).map(Value::from).ok_or_else(|| refuse("out of range"))
            }
            Domain::OneOf(words) if words.contains(&text) => Ok(Value::from(text)),
            Domain::OneOf(_) => Err(refuse("unknown")),
            Domain::TextFile if text.is_empty() => Err(refuse("no path")),
            Domain::TextFile => Ok(Value::from(text)),
        }
    }

    /// Writes a value as a user would, without what an ID reserves (`/ , : = % * ? !` and spaces become `%XX`).
    #[must_use]
    pub fn show(&self, value: &Value) -> String {
        match (self.domain, value) {
            (Domain::Bytes { .. }, Value::Number(number)) => {
                number.as_u64().map_or_else(|| value.to_string(), show_bytes)
            }
            (_, Value::String(text)) => escape(text),
            (Domain::Auto { .. }, Value::Null) => String::from(AUTO),
            (_, Value::Null) => String::from("none"),
            _ => value.to_string(),
        }
    }

    /// The unit of its numbers, empty for words and plain numbers.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self.domain {
            Domain::Bytes { .. } => "bytes",
            _ => "",
        }
    }

    /// What is allowed, in words.
    #[must_use]
    pub fn range(&self) -> String {
        match self.domain {
            Domain::Integer { min, max } => format!("{min}..{max}"),
            Domain::Auto { min, max } => format!("{min}..{max}, {AUTO}"),
            Domain::Real { min, max } => format!("{min}..{max}"),
            Domain::Bytes { min, max } => format!("{}..{}", show_bytes(min), show_bytes(max)),
            Domain::OneOf(words) => words.join(", "),
            Domain::TextFile => String::from("a UTF-8 text file"),
        }
    }
}

fn within(value: u64, min: u64, max: u64) -> Option<u64> {
    (min..=max).contains(&value).then_some(value)
}

fn integer(text: &str) -> Option<u64> {
    let digits = text.replace('_', "");
    match digits.split_once('^') {
        Some((base, exponent)) => base.parse::<u64>().ok()?.checked_pow(exponent.parse().ok()?),
        None => digits.parse().ok(),
    }
}

fn bytes(text: &str) -> Option<u64> {
    let (digits, unit) = UNITS.iter().find_map(|&(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
    integer(digits)?.checked_mul(unit)
}

fn show_bytes(value: u64) -> String {
    let exact = UNITS.iter().find(|(_, unit)| value >= *unit && value.is_multiple_of(*unit));
    exact.map_or_else(|| format!("{value}B"), |(name, unit)| format!("{}{name}", value / unit))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "/,:=%*?![]{}\\".contains(c) || c.is_whitespace() || c.is_control() {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Undoes what [`Knob::show`] did to reserved characters.
#[must_use]
pub fn unescape(text: &str) -> String {
    let raw = text.as_bytes();
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let code = (raw[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(raw[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The knobs of `changed` that differ from `default`: what an ID and a report show.
#[must_use]
pub fn difference(default: &Map<String, Value>, changed: &Map<String, Value>) -> Map<String, Value> {
    changed.iter().filter(|(id, value)| default.get(*id) != Some(value)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Knob = Knob { id: "bytes", domain: Domain::Bytes { min: 1, max: 1 << 30 }, about: "" };
    const COUNT: Knob = Knob { id: "tasks", domain: Domain::Integer { min: 1, max: 1 << 20 }, about: "" };
    const TEXT: Knob = Knob { id: "text", domain: Domain::TextFile, about: "" };

    #[test]
    fn sizes_need_their_unit_and_are_shown_with_it() {
        assert_eq!(SIZE.parse("64KiB"), Ok(Value::from(65536)));
        assert_eq!(SIZE.show(&Value::from(65536)), "64KiB");
        assert_eq!(SIZE.show(&Value::from(1000)), "1000B");
        assert!(SIZE.parse("65536").unwrap_err().contains("needs its unit"));
        assert!(SIZE.parse("2GiB").unwrap_err().contains("out of range"));
        assert!(SIZE.parse("18446744073709551615GiB").is_err());
    }

    #[test]
    fn counts_may_be_powers() {
        assert_eq!(COUNT.parse("2^9"), Ok(Value::from(512)));
        assert_eq!(COUNT.parse("10_000"), Ok(Value::from(10_000)));
        for bad in ["0", "-1", "1.5", "", "2^64", "x", "^", "1048577"] {
            assert!(COUNT.parse(bad).unwrap_err().contains("allowed: 1..1048576"), "{bad}");
        }
    }

    #[test]
    fn a_number_may_be_left_to_the_workload() {
        let knob = Knob { id: "tasks", domain: Domain::Auto { min: 0, max: 10 }, about: "" };
        assert_eq!(knob.parse("auto"), Ok(Value::Null));
        assert_eq!(knob.parse("7"), Ok(Value::from(7)));
        assert_eq!((knob.show(&Value::Null), knob.show(&Value::from(7))), (String::from("auto"), String::from("7")));
        assert!(knob.parse("11").unwrap_err().contains("allowed: 0..10, auto"));
        assert!(COUNT.parse("auto").is_err());
    }

    #[test]
    fn paths_survive_an_id() {
        let path = "a dir/b=c,d%:é.txt";
        let shown = TEXT.show(&Value::from(path));
        assert!(!shown.contains(['/', ',', '=', ' ', ':']));
        assert_eq!(unescape(&shown), path);
    }
}

//! `sample/1`: a conversation in lines over stdin and stdout, which any language can hold.
//!
//! | who | line | when |
//! |---|---|---|
//! | contender | `hello sample/1` | at once |
//! | runner | `config {..}` ([`Config`]) | then; `observe` in it asks for a diagnostic pass |
//! | contender | `ready {..}` ([`Ready`]) | workers started, `warmup` iterations done |
//! | runner | `go` | after it has read the counters of the process tree |
//! | contender | `done {..}` ([`Done`]) | `iterations` iterations later; workers still alive |
//! | runner | `bye` | after it has read the counters again |
//! | contender | exits with 0 | |
//!
//! `failed {"error":".."}` may stand in place of any line of the contender. The digest of an answer is the SHA-256 of
//! its canonical JSON (keys sorted, no spaces), in hexadecimal.
//!
//! `config` with `"observe":true` asks for a diagnostic pass: the same conversation, but the workers record what their
//! locks and they themselves do, and `done` says it in `metrics`. Its times are those of the recording.

use std::collections::BTreeMap;

use results::Units;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// What a contender says first, after `hello`.
pub const VERSION: &str = "sample/1";

/// What a contender is asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Cell ID, for messages.
    pub cell: String,
    /// Workload ID.
    pub workload: String,
    /// All its knobs.
    pub knobs: Map<String, Value>,
    /// Model ID.
    pub model: String,
    /// Strategy ID.
    pub strategy: String,
    /// Workers, or clients.
    pub workers: u32,
    /// CPUs the run may use.
    pub cpus: u32,
    /// Seed of the input.
    pub seed: u64,
    /// Iterations before `ready`.
    pub warmup: u32,
    /// Timed iterations.
    pub iterations: u32,
    /// A diagnostic pass: `metrics` say what locks and workers did, and the times are not those of the strategy.
    /// Sent only where it is true; who knows nothing of it takes an ordinary sample.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observe: bool,
    /// What the answer's digest must be, where it is known. Never sent: a contender must not be told what to answer.
    #[serde(skip)]
    pub digest: Option<String>,
}

/// The workers are warm.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// Making the workers, ns; 0 where it cannot be told.
    #[serde(default)]
    pub cold_start_ns: u64,
}

/// The iterations are over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Each iteration, ns.
    pub elapsed_ns: Vec<u64>,
    /// Digest of the last answer; null where right answers differ.
    pub digest: Option<String>,
    /// What an iteration used.
    #[serde(default)]
    pub units: Units,
    /// Anything else: metric ID to value.
    #[serde(default)]
    pub metrics: BTreeMap<String, f64>,
    /// What it could not measure: metric ID to reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub absent: BTreeMap<String, String>,
}

/// It cannot go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// Why, one line.
    pub error: String,
}

/// A line: a word and a value.
#[must_use]
pub fn line(word: &str, value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(json) => format!("{word} {json}\n"),
        Err(error) => format!("failed {{\"error\":\"the {word} line does not serialize: {error}\"}}\n"),
    }
}

/// The digest of an answer in canonical JSON.
#[must_use]
pub fn digest(fingerprint: &str) -> String {
    hex(&Sha256::digest(fingerprint.as_bytes()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_what_any_language_computes() {
        // python3 -c "import hashlib; print(hashlib.sha256(b'4950').hexdigest())"
        assert_eq!(digest("4950"), "44864c96fa1c36602f0d045b268981b6cab638a60fc207c89e3bba235f619450");
        assert_eq!(digest("").get(..8), Some("e3b0c442"));
    }
}

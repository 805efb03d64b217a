//! The programs that come with it: those of the articles, and those that show what a mechanism costs.

/// A program's text.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Its name: the file's, in kebab-case.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

impl Source {
    /// What it is, in one line: the comment at its head.
    #[must_use]
    pub fn about(&self) -> &'static str {
        self.text.lines().next().map_or("", |line| line.trim_start_matches(';').trim())
    }
}

macro_rules! listed {
    ($($name:literal),+ $(,)?) => {
        &[$(Source { name: $name, text: include_str!(concat!("../programs/", $name, ".pyasm")) }),+]
    };
}

const ALL: &[Source] = listed![
    "cache-alone",
    "check-then-act",
    "check-then-act-bare",
    "check-then-get",
    "dict-loop",
    "echo",
    "fib",
    "int-loop",
    "list-loop",
    "lock-loop",
    "locked",
    "locked-bare",
    "locked-immortal",
    "locked-plus-equals",
    "locked-private",
    "one-lock",
    "plus-equals",
    "primes",
    "private-merge",
    "queue-to-owner",
    "rebind-immortal",
    "rebind-private",
    "rebind-shared",
    "sharded-locks",
    "sum-of-squares",
    "unsafe"
];

/// All of them.
#[must_use]
pub fn programs() -> &'static [Source] {
    ALL
}

/// The one of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Source> {
    ALL.iter().find(|source| source.name == name)
}

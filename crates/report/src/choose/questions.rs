//! The questions that a choice is made by, as a user would ask them, and the workloads that speak to each.

/// A question, and what may answer it.
pub(crate) struct Question {
    /// As a user would ask it.
    pub(crate) title: &'static str,
    pub(crate) asks: Asks,
}

/// What answers a question.
pub(crate) enum Asks {
    Workloads(Workloads),
    /// Hazards by name, whatever the model: how a worker died.
    Hazards(&'static [&'static str]),
}

/// Groups that answer a question.
pub(crate) struct Workloads {
    /// By preference.
    pub(crate) ids: &'static [&'static str],
    /// Knobs that the question speaks of: with another value of theirs it is another question.
    pub(crate) fixed: &'static [&'static str],
    /// What the verdict must be about; any metric where none is named.
    pub(crate) metric: Option<&'static str>,
    /// Workers are clients of shared state: as many as these, and not as the machine has CPUs.
    pub(crate) clients: Option<u32>,
}

/// Clients of shared state, where nobody says otherwise.
const CLIENTS: u32 = 8;

const fn by(title: &'static str, ids: &'static [&'static str], fixed: &'static [&'static str]) -> Question {
    Question { title, asks: Asks::Workloads(Workloads { ids, fixed, metric: None, clients: None }) }
}

/// About shared state.
const fn shared(title: &'static str, ids: &'static [&'static str], fixed: &'static [&'static str]) -> Question {
    Question { title, asks: Asks::Workloads(Workloads { ids, fixed, metric: None, clients: Some(CLIENTS) }) }
}

const fn about(title: &'static str, ids: &'static [&'static str], metric: &'static str) -> Question {
    Question { title, asks: Asks::Workloads(Workloads { ids, fixed: &[], metric: Some(metric), clients: None }) }
}

/// In the order of reading: what is computed, what is shared, what is moved, what waits, what breaks.
pub(crate) const QUESTIONS: [Question; 19] = [
    by("CPU-bound, coarse tasks", &["primes", "sum-of-squares"], &[]),
    by("CPU-bound, tasks of 1 µs", &["grain"], &["iterations"]),
    by("CPU-bound, irregular tasks", &["mandelbrot", "uts", "n-queens"], &[]),
    by("Divide and conquer", &["sort", "tree-sum"], &[]),
    by("Steps that wait for each other", &["task-graph"], &[]),
    shared("One hot shared value", &["counter"], &["keys"]),
    shared("Many shared counts", &["histogram"], &[]),
    shared("A shared map, many keys", &["kv-mix"], &["keys"]),
    shared("Look up, then act", &["check-then-act"], &[]),
    shared("Two keys at once", &["bank"], &[]),
    shared("Shared ownership (reference counts)", &["reference-count"], &[]),
    shared("Code that is not thread-safe", &["foreign-code"], &[]),
    by("Large data to move", &["bulk-map", "word-count"], &[]),
    by("One hop from worker to worker", &["ring"], &[]),
    by("A stream through stages, in order", &["log-pipeline"], &[]),
    by("Many waits", &["requests", "echo"], &[]),
    about("Tail latency (p99)", &["requests", "echo"], "latency_p99_ns"),
    by("Memory per waiting unit", &["idle"], &[]),
    Question {
        title: "Must survive a crash",
        asks: Asks::Hazards(&[
            "poisoned-lock",
            "panic-inside",
            "dead-consumer",
            "killed-inside-lock",
            "killed-inside-flag",
        ]),
    },
];

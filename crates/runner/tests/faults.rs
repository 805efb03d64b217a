//! Faults: a kernel that panics, a worker that exits, a hang, a kill. Each is a failed or timed-out cell that names
//! model, workload and workers, or costs nothing; the run goes on.
//!
//! The test program *is* the program over a suite with one faulty workload, as a user's own binary would be.

use std::ops::Range;
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};
use patterns::map_reduce::Bulk;
use patterns::{Domain, Form, Knob, MapReduce, Workload, Wrong};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use suite::Suite;

/// Sums the indices of 100 tasks; one of them misbehaves.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Faulty {
    fault: String,
    /// Exists once the fault has happened, for faults that happen once.
    marker: Option<String>,
}

const TASKS: u64 = 100;

impl Workload for Faulty {
    const ID: &'static str = "faulty";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "fault", domain: Domain::OneOf(&["none", "panic", "exit", "hang", "kill", "wrong"]), about: "" },
        Knob { id: "marker", domain: Domain::TextFile, about: "" },
    ];
    type Input = Vec<u8>;

    fn input(&self, _: u64, _: usize) -> Vec<u8> {
        (0..TASKS).flat_map(u64::to_le_bytes).collect()
    }
}

impl Faulty {
    fn misbehave(&self) {
        if let Some(marker) = &self.marker {
            // Whoever makes the file is the one that dies.
            if std::fs::OpenOptions::new().write(true).create_new(true).open(marker).is_err() {
                return;
            }
        }
        match self.fault.as_str() {
            "panic" => panic!("this kernel panics"),
            "exit" => std::process::exit(7),
            "hang" => loop {
                std::thread::sleep(std::time::Duration::from_secs(3600));
            },
            "kill" => drop(nix::sys::signal::kill(nix::unistd::getpid(), nix::sys::signal::Signal::SIGKILL)),
            _ => {}
        }
    }
}

impl MapReduce for Faulty {
    type Task<'i> = u64;
    type Partial = u64;

    // For the strategies that ship bytes: a task is its own number.
    const BULK: Form<Bulk<Self>> = Form::Has(Bulk {
        bytes: |input| input,
        range: |_, index| index * 8..(index + 1) * 8,
        task: |_, _, bytes| u64::from_le_bytes(bytes.try_into().expect("eight bytes")),
    });

    fn tasks(&self, _: &Vec<u8>) -> usize {
        TASKS as usize
    }
    fn empty(&self) -> u64 {
        0
    }
    fn task(&self, _: &Vec<u8>, index: usize) -> u64 {
        index as u64
    }
    fn items(&self, _: &u64) -> usize {
        1
    }
    fn map(&self, task: &u64, _: Range<usize>, into: &mut u64) {
        if *task == TASKS / 2 {
            self.misbehave();
        }
        *into += task + u64::from(self.fault == "wrong");
    }
    fn merge(&self, into: &mut u64, other: u64) {
        *into += other;
    }
    fn verify(&self, _: &Vec<u8>, answer: &u64) -> Result<(), Wrong> {
        let right = TASKS * (TASKS - 1) / 2;
        if *answer == right { Ok(()) } else { Err(format!("{answer}, not {right}").into()) }
    }
}

const AS_PROGRAM: &str = "CROSSOVER_FAULTS";

fn main() -> ExitCode {
    let suite: Suite = Suite::default().map_reduce::<Faulty>();
    if let Some(code) = runner::hook(&suite) {
        return code;
    }
    if std::env::var_os(AS_PROGRAM).is_some() {
        return runner::main_with(suite);
    }
    let trials = vec![
        Trial::test("no_fault_no_failure", || every_cell("none", &[], |_, cell| status(cell, "measured", ""))),
        Trial::test("a_panicking_kernel_fails_its_cell_with_the_message", || {
            every_cell("panic", &[], |contender, cell| {
                let said = if contender.starts_with("processes/") { "exited with status 101" } else { "panicked" };
                status(cell, "failed", said).and_then(|()| status(cell, "failed", "this kernel panics"))
            })
        }),
        Trial::test("a_worker_that_exits_fails_its_cell", || {
            every_cell("exit", &[], |contender, cell| {
                let said = if contender.starts_with("processes/") { "exited with status 7" } else { "exit status: 7" };
                status(cell, "failed", said)
            })
        }),
        Trial::test("a_hang_times_out_and_is_killed", || {
            every_cell("hang", &["--timeout", "1s"], |_, cell| status(cell, "timed-out", "1s"))
        }),
        Trial::test("a_wrong_answer_fails_its_cell", || {
            every_cell("wrong", &[], |_, cell| status(cell, "failed", "wrong answer: 5050, not 4950"))
        }),
        Trial::test("tasks_that_kill_every_worker_are_given_up", || {
            every_cell("kill", &["processes/"], |contender, cell| {
                let said = if contender.starts_with("processes/") { "tried on each" } else { "signal: 9" };
                status(cell, "failed", said)
            })
        }),
        Trial::test("a_killed_worker_costs_nothing_but_time", killed_once),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn every_cell(
    fault: &str,
    arguments: &[&str],
    check: impl Fn(&str, &Value) -> Result<(), String>,
) -> Result<(), Failed> {
    let expected = if fault == "none" { 0 } else { 3 };
    let results =
        compare(&["--rounds", "2", "--knob", &format!("fault={fault}"), "--workers", "2"], arguments, expected)?;
    let cells = results["cells"].as_array().ok_or("no cells")?;
    let mut checked = 0;
    let runs = |cell: &&Value| cell["status"] != "skipped" && cell["support"] != "not-applicable";
    for cell in cells.iter().filter(runs) {
        let contender = cell["contender"].as_str().ok_or("no contender")?;
        let id = cell["id"].as_str().ok_or("no id")?;
        if !(id.contains("faulty") && id.contains(contender) && id.ends_with("/w2")) {
            return Err(format!("{id} does not name workload, contender and workers").into());
        }
        check(contender, cell).map_err(|why| format!("{id}: {why}"))?;
        checked += 1;
    }
    if checked < 2 { Err("too few cells ran".into()) } else { Ok(()) }
}

fn status(cell: &Value, status: &str, said: &str) -> Result<(), String> {
    let reason = cell["reason"].as_str().unwrap_or_default();
    if cell["status"] == status && reason.contains(said) {
        return Ok(());
    }
    Err(format!("{} ({reason}), expected {status} with `{said}`", cell["status"]))
}

/// The first worker to reach the task dies of SIGKILL; the answer is right all the same, and the death is reported.
fn killed_once() -> Result<(), Failed> {
    for strategy in ["pool", "pool-batched", "pool-vec", "pool-byte-buf", "shared-memory", "shared-memory-resident"] {
        let folder = tempfile::tempdir()?;
        let marker = folder.path().join("died");
        let name = marker.to_str().ok_or("a path that is not UTF-8")?;
        // By `repro`: in a run the reference would be the first to reach the task.
        let id = format!("faulty:fault=kill,marker={}/processes/{strategy}/w3", name.replace('/', "%2F"));
        let output = program().args(["repro", &id, "--iterations", "2"]).output()?;
        if !output.status.success() || !marker.exists() {
            return Err(format!("{id}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
    }
    Ok(())
}

fn compare(arguments: &[&str], more: &[&str], code: i32) -> Result<Value, Failed> {
    let folder = tempfile::tempdir()?;
    let output = program().arg("compare").args(arguments).args(more).arg("--out").arg(folder.path()).output()?;
    if output.status.code() != Some(code) {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}, expected {code}: {said}", output.status).into());
    }
    Ok(serde_json::from_slice(&std::fs::read(folder.path().join("results.json"))?)?)
}

fn program() -> Command {
    let mut program = Command::new(std::env::current_exe().expect("the test has a path"));
    program.env(AS_PROGRAM, "1");
    program
}

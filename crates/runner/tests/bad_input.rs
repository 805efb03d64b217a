//! Bad input is refused before anything is measured, in one line that says what was given and what is allowed; and a
//! disk that fills up costs nothing that was measured.

mod support;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use results::RunStatus;
use support::{COMPLETE, Ended, crossover, files, folder, nothing_is_left, program, run, words};

/// A command line, and what its error must contain: what was given, what is allowed, the nearest match.
type Case = (&'static str, &'static [&'static str]);

/// What the program itself refuses: one line.
const REFUSED: &[Case] = &[
    // Names, with the nearest match.
    ("compare --workload prmes", &["workload `prmes`", "did you mean `primes`?", "counter"]),
    ("compare --model thread", &["model `thread`", "did you mean `threads`?", "processes"]),
    ("compare --strategy mutx", &["strategy `mutx`", "did you mean `mutex`?", "atomic"]),
    ("compare --strategy Mutex", &["strategy `Mutex`", "mutex"]),
    ("compare --workload primes,", &["workload ``", "primes"]),
    ("compare prmes", &["filter `prmes`", "did you mean `primes`?", "crossover list"]),
    ("compare primes !thraeds", &["filter `!thraeds`", "did you mean `threads`?"]),
    ("compare counter/*/mutexes/*", &["filter `counter/*/mutexes/*`", "matches no cell"]),
    ("compare primes/[", &["filter `primes/[`", "not a glob"]),
    ("compare !", &["empty filter"]),
    ("compare prmes:coarse", &["workload `prmes`", "did you mean `primes`?"]),
    ("compare primes:corse", &["preset of primes", "`corse`", "did you mean `coarse`?"]),
    ("compare primes:", &["preset of primes", "``", "coarse"]),
    ("compare primes:m=5", &["knob of primes `m`", "tasks"]),
    ("compare --knob taks=5", &["knob `taks`", "did you mean `tasks`?", "keys"]),
    ("compare --knob primes.keys=5", &["knob of primes `keys`", "tasks"]),
    ("compare --knob prmes.n=5", &["workload `prmes`", "did you mean `primes`?"]),
    ("compare !*", &["no cell"]),
    ("compare primes --model threads --strategy mutex", &["no cell"]),
    // Values of knobs.
    ("compare --knob keys", &["`--knob keys`", "NAME=VALUE"]),
    ("compare --knob =5", &["``", "keys"]),
    ("compare --knob tasks=", &["`tasks=`", "not a whole number", "allowed: "]),
    ("compare --knob primes.tasks=0", &["`tasks=0`", "out of range", "allowed: 1..16777216"]),
    ("compare --knob primes.n=4294967297", &["`n=4294967297`", "out of range", "0..4294967296"]),
    ("compare --knob n=4294967296 histogram", &["`n=4294967296`", "out of range", "0..67108864"]),
    ("compare --knob primes.n=-1", &["`n=-1`", "not a whole number"]),
    ("compare --knob primes.n=1e6", &["`n=1e6`", "not a whole number"]),
    ("compare --knob primes.n=99999999999999999999", &["`n=99999999999999999999`", "allowed: 0..4294967296"]),
    ("compare --knob bytes=65536", &["`bytes=65536`", "needs its unit", "KiB"]),
    ("compare --knob bytes=64kb", &["`bytes=64kb`", "needs its unit"]),
    ("compare --knob bytes=2GiB", &["`bytes=2GiB`", "out of range", "1GiB"]),
    ("compare --knob zipf=steep", &["`zipf=steep`", "not a number", "0..4"]),
    ("compare --knob zipf=NaN", &["`zipf=NaN`", "not a finite number"]),
    ("compare --knob zipf=4.5", &["`zipf=4.5`", "out of range"]),
    ("compare counter:keys=0", &["`keys=0`", "out of range"]),
    // Sweeps.
    ("compare --sweep iterations", &["`--sweep iterations`", "NAME=VALUES", "grain.iterations=2^0..2^10"]),
    ("compare --sweep iteratons=1,2", &["knob `iteratons`", "did you mean `iterations`?"]),
    ("compare --sweep gran.iterations=1,2", &["workload `gran`", "did you mean `grain`?"]),
    ("compare --sweep grain.iteratons=1,2", &["knob of grain `iteratons`", "did you mean `iterations`?"]),
    ("compare --sweep grain.iterations=1..8", &["`--sweep grain.iterations=1..8`", "in which steps?", "`1..8/8`"]),
    ("compare --sweep grain.iterations=2^0..2^21", &["`iterations=2^21`", "out of range", "allowed: 1..1048576"]),
    ("compare --sweep grain.iterations=1..8/0", &["`/0`", "allowed: 1..63"]),
    ("compare --sweep grain.iterations=5", &["one value is no sweep", "--knob"]),
    ("compare --sweep grain.iterations=1,x", &["`iterations=x`", "not a whole number"]),
    ("compare --sweep word-count.bytes=4KiB..100KiB", &["100KiB", "power of two", "64KiB"]),
    ("compare --sweep word-count.bytes=1..64", &["`bytes=1`", "needs its unit"]),
    ("compare --sweep word-count.text=a,b", &["`text` takes no numbers"]),
    ("compare --sweep grain.iterations=1,2 counter", &["the filters leave no cell of grain"]),
    ("compare --sweep iterations=1,2 counter", &["no selected workload", "`iterations`", "grain"]),
    ("compare --sweep grain.iterations=1,2 --sweep grain.tasks=1,2", &["both sweep grain", "one knob a workload"]),
    ("compare --sweep grain.iterations=1,2 --knob iterations=3", &["--knob iterations=3", "leave one out"]),
    ("compare --sweep grain.iterations=1,2 grain:fine", &["`grain:iterations=16,tasks=1048576`", "leave one out"]),
    // Files.
    ("compare --text missing.txt", &["missing.txt", "No such file"]),
    ("compare --text a-folder", &["a-folder", "directory"]),
    ("compare --text latin1.txt", &["latin1.txt", "UTF-8"]),
    ("compare word-count:text=missing.txt", &["missing.txt", "No such file"]),
    ("compare primes --out a-folder", &["a-folder", "not empty", "new or empty"]),
    ("compare primes --out a-file", &["a-file", "not a folder", "new or empty"]),
    ("compare primes --out a-file/below", &["a-file/below", "--out"]),
    ("compare primes --out dangling", &["dangling", "not a folder"]),
    ("render nowhere", &["nowhere/samples.jsonl", "No such file"]),
    ("render a-folder", &["a-folder/samples.jsonl", "No such file"]),
    ("render", &["reports/latest/samples.jsonl", "No such file"]),
    // Contenders.
    ("compare --contender python3", &["`--contender python3`", "MODEL/STRATEGY=COMMAND"]),
    ("compare --contender python=my.py", &["`--contender python=my.py`", "MODEL/STRATEGY=COMMAND"]),
    ("compare --contender a/b=", &["`--contender a/b=`", "MODEL/STRATEGY=COMMAND"]),
    ("compare --contender a/b/c=x", &["`--contender a/b/c=x`", "MODEL/STRATEGY=COMMAND"]),
    ("compare --contender /b=x", &["`--contender /b=x`", "MODEL/STRATEGY=COMMAND"]),
    ("compare --contender threads/static=x", &["threads/static", "taken", "choose another"]),
    ("compare --contender sequential/plain=x", &["sequential/plain", "taken", "choose another"]),
    ("compare --contender a/b=x --contender a/b=y", &["a/b", "taken", "choose another"]),
    // Cells.
    ("repro primes", &["`primes`", "not a cell ID", "primes/threads/static/w2"]),
    ("repro primes/threads/static/2", &["`primes/threads/static/2`", "not a cell ID"]),
    ("repro primes/threads/static/w0", &["`primes/threads/static/w0`", "no worker"]),
    ("repro prmes/threads/static/w2", &["workload `prmes`", "did you mean `primes`?"]),
    ("repro primes/threads/sttic/w2", &["contender `threads/sttic`", "did you mean `threads/static`?"]),
    ("repro primes:n=x/threads/static/w2", &["`n=x`", "allowed: "]),
    ("repro word-count:text=missing.txt/sequential/plain/w1", &["missing.txt", "No such file"]),
    // The same for `race`, which says who has one.
    ("race contuer", &["deliberately wrong version `contuer`", "did you mean `counter`?", "histogram"]),
    ("race primes", &["`primes` has no deliberately wrong version", "counter", "histogram"]),
    ("race primes:coarse", &["`primes` has no deliberately wrong version", "counter"]),
    ("race counter:hoot", &["preset of counter", "`hoot`", "did you mean `hot`?"]),
    ("race counter:keys=0", &["`keys=0`", "out of range"]),
    ("race counter --knob taks=5", &["knob `taks`", "did you mean `tasks`?"]),
    ("race counter/threads", &["`counter/threads`", "did you mean `counter`?"]),
    // The same for `verify`.
    ("verify prmes", &["filter `prmes`", "did you mean `primes`?"]),
    ("verify --workload prmes", &["workload `prmes`"]),
    ("verify --text missing.txt", &["missing.txt"]),
];

/// What the command line's parser refuses, with its usage below: the error still is one line, and names the value.
const UNPARSED: &[Case] = &[
    ("comprae", &["'comprae'", "compare"]),
    // A verb that is not built yet is unknown, never a stub.
    ("calibrate x", &["'calibrate'"]),
    ("", &["Usage"]),
    ("compare --wrokers 2", &["'--wrokers'", "--workers"]),
    ("compare --workers 0", &["'0'", "--workers", "1..=4096"]),
    ("compare --workers 1,0", &["'0'", "1..=4096"]),
    ("compare --workers 5000", &["'5000'", "1..=4096"]),
    ("compare --workers two", &["'two'", "--workers"]),
    ("compare --workers -1", &["-1"]),
    ("compare --rounds 0", &["'0'", "--rounds"]),
    ("compare --rounds many", &["'many'", "--rounds"]),
    ("compare --budget 5", &["'5'", "--budget", "unit", "5m"]),
    ("compare --budget soon", &["'soon'", "--budget", "unit"]),
    ("compare --budget 0s", &["'0s'", "--budget"]),
    ("compare --budget -5m", &["-5"]),
    ("compare --timeout 60", &["'60'", "--timeout", "unit"]),
    ("compare --timeout 0s", &["'0s'", "--timeout"]),
    ("compare --size huge", &["'huge'", "--size", "smoke", "default", "large"]),
    ("compare --seed x", &["'x'", "--seed"]),
    ("compare --seed -1", &["-1"]),
    ("compare --format pdf", &["'pdf'", "--format", "md", "html", "json", "csv"]),
    ("compare --color blue", &["'blue'", "auto", "always", "never"]),
    ("compare --progress fast", &["'fast'", "auto", "plain", "none"]),
    ("compare --quick --rounds 5", &["--quick", "--rounds", "cannot be used with"]),
    ("race --workers 0", &["'0'", "--workers", "1..=4096"]),
    ("race --rounds 0", &["'0'", "--rounds"]),
    ("race counter histogram", &["'histogram'"]),
    ("list --json --markdown", &["--json", "--markdown", "cannot be used with"]),
    ("repro", &["<CELL>"]),
    ("repro primes/threads/static/w2 --iterations 0", &["'0'", "--iterations"]),
    ("render a b", &["'b'"]),
    ("completions cobol", &["'cobol'", "bash"]),
];

/// A folder with what the cases name.
fn home() -> tempfile::TempDir {
    let home = folder();
    let at = |name: &str| home.path().join(name);
    fs::create_dir(at("a-folder")).expect("a folder");
    fs::write(at("a-folder/yours"), "yours").expect("a file");
    fs::write(at("a-file"), "yours\n").expect("a file");
    fs::write(at("latin1.txt"), b"caf\xe9 cr\xe8me\n").expect("a file");
    std::os::unix::fs::symlink("nowhere", at("dangling")).expect("a link");
    home
}

/// Exit code 2, nothing on stdout, nothing written. What is wrong with that, if anything.
fn refused(home: &Path, arguments: &[OsString], needles: &[&str]) -> Result<Ended, String> {
    let before = everything_in(home);
    let ended = run(crossover(home, arguments));
    let wrong = |what: &str| Err(format!("{arguments:?} {what}:\n{ended:?}"));
    if ended.code() != Some(2) {
        return wrong("is not refused");
    }
    if !ended.stdout.is_empty() {
        return wrong("says something on stdout");
    }
    if let Some(needle) = needles.iter().find(|needle| !ended.stderr.contains(**needle)) {
        return wrong(&format!("does not say {needle:?}"));
    }
    if everything_in(home) != before {
        return wrong("leaves something behind");
    }
    nothing_is_left(ended.pid);
    Ok(ended)
}

/// The paths below a folder.
fn everything_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for name in files(folder) {
        let path = folder.join(&name);
        if path.is_dir() && !path.is_symlink() {
            found.extend(everything_in(&path));
        }
        found.push(path.display().to_string());
    }
    found
}

fn is_one_error(ended: &Ended) -> bool {
    ended.stderr.starts_with("error: ") && ended.stderr.trim_end().lines().count() == 1
}

#[test]
fn bad_input_is_refused_in_one_line() {
    let home = home();
    let mut wrong = Vec::new();
    for (line, needles) in REFUSED {
        match refused(home.path(), &words(line), needles) {
            Ok(ended) if is_one_error(&ended) => {}
            Ok(ended) => wrong.push(format!("{line}: not one line:\n{}", ended.stderr)),
            Err(what) => wrong.push(what),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), REFUSED.len(), wrong.join("\n"));
}

#[test]
fn what_does_not_parse_is_named() {
    let home = home();
    let mut wrong = Vec::new();
    for (line, needles) in UNPARSED {
        match refused(home.path(), &words(line), needles) {
            Ok(ended) if line.is_empty() || ended.stderr.matches("error:").count() == 1 => {}
            Ok(ended) => wrong.push(format!("{line}: not one error:\n{}", ended.stderr)),
            Err(what) => wrong.push(what),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), UNPARSED.len(), wrong.join("\n"));
}

/// Values that a table of words cannot hold: spaces, newlines, bytes that are no text.
#[test]
fn strange_values_are_refused_in_one_line() {
    use std::os::unix::ffi::OsStringExt;
    let home = home();
    let cases: [(Vec<OsString>, &[&str]); 5] = [
        (vec!["compare".into(), "".into()], &["empty filter"]),
        (vec!["compare".into(), "--contender".into(), "a/b=  ".into()], &["MODEL/STRATEGY=COMMAND"]),
        (vec!["compare".into(), "--text".into(), "no such\nfile".into()], &["No such file"]),
        (vec!["compare".into(), "--workload".into(), "two\nlines".into()], &["unknown workload"]),
        (vec!["compare".into(), "--text".into(), OsString::from_vec(b"caf\xe9.txt".to_vec())], &["UTF-8"]),
    ];
    let mut wrong = Vec::new();
    for (arguments, needles) in cases {
        match refused(home.path(), &arguments, needles) {
            Ok(ended) if is_one_error(&ended) => {}
            Ok(ended) => wrong.push(format!("{arguments:?}: not one line:\n{}", ended.stderr)),
            Err(what) => wrong.push(what),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Root may write everywhere but where nobody may.
#[test]
fn an_unwritable_folder_is_named() {
    if !support::has_proc() {
        println!("SKIPPED: no /proc, which nobody can write to");
        return;
    }
    let home = home();
    let ended = refused(home.path(), &words("compare primes --out /proc/crossover"), &["/proc/crossover", "--out"]);
    let ended = ended.unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(is_one_error(&ended), "{}", ended.stderr);
}

/// A run of many small samples.
const RUN: &str = "compare --workload primes --size smoke --workers 2 --rounds 40 --progress none --out";

/// What a full disk leaves: one line that names the file and the way on, and a journal of whole events but for its end.
fn salvaged(ended: &Ended, home: &Path, out: &Path) {
    let errors: Vec<&str> = ended.stderr.lines().filter(|line| !line.starts_with("warning: ")).collect();
    assert!(errors.len() == 1 && errors[0].starts_with("error: failed to write "), "{}", ended.stderr);
    for needle in ["samples.jsonl", "crossover render"] {
        assert!(errors[0].contains(needle), "`{needle}` is not in: {}", errors[0]);
    }
    assert_eq!(ended.stdout, "");
    nothing_is_left(ended.pid);
    // On a disk that has room, `render` makes the report of what was measured before.
    let copy = home.join("copy");
    fs::create_dir(&copy).expect("a folder");
    fs::copy(out.join("samples.jsonl"), copy.join("samples.jsonl")).expect("a copy");
    let read = harness::journal::read(&copy.join("samples.jsonl")).expect("a journal");
    assert!(read.events.len() > 3, "{read:?}");
    run(crossover(home, ["render", "copy"])).expect(0);
    assert_eq!(files(&copy), COMPLETE);
    assert_eq!(support::results(&copy).run.status, RunStatus::Interrupted);
    // And `--resume` goes on with it.
    run(crossover(home, words("compare --resume copy --progress none"))).expect(0);
    let resumed = support::events(&copy);
    assert_eq!(resumed[..read.events.len()], read.events[..], "what was measured before stands");
    assert_eq!(support::results(&copy).run.status, RunStatus::Complete);
}

/// A limit on the size of files stands for a full disk, where nobody has one to spare.
#[test]
fn a_full_disk_costs_nothing_that_was_measured() {
    let home = folder();
    let out = home.path().join("out");
    let mut command = Command::new("sh");
    // The signal is ignored, so that a write fails as it does on a full disk. Blocks are of 512 or 1024 bytes.
    command.args(["-c", "trap '' XFSZ; ulimit -f 40; exec \"$@\"", "sh"]).arg(program());
    command.args(words(RUN)).arg(&out).current_dir(home.path());
    let ended = run(command);
    assert_eq!(ended.code(), Some(2), "{ended:?}");
    salvaged(&ended, home.path(), &out);
}

/// The same on a file system that really is full.
#[test]
fn a_full_file_system_costs_nothing_that_was_measured() {
    let home = folder();
    let disk = home.path().join("disk");
    fs::create_dir(&disk).expect("a folder");
    let Some(mounted) = Mounted::new(&disk) else { return };
    let mut arguments = words(RUN);
    arguments.push("disk/out".into());
    let ended = run(crossover(home.path(), arguments));
    assert_eq!(ended.code(), Some(2), "{ended:?}");
    salvaged(&ended, home.path(), &disk.join("out"));
    drop(mounted);
}

/// A small file system in memory, for as long as this lives.
struct Mounted<'p>(&'p Path);

impl<'p> Mounted<'p> {
    fn new(path: &'p Path) -> Option<Self> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=48k", "tmpfs"]).arg(path).output();
        match mount {
            Ok(said) if said.status.success() => Some(Self(path)),
            other => {
                println!("SKIPPED: a file system cannot be mounted here: {other:?}");
                None
            }
        }
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

//! Asks programs whether they are Python interpreters: the version, whether it was built to run threads at once, and
//! after which time a thread must hand the lock over.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// What one is asked: its version, 1 for a free-threaded build, its switch interval in seconds, and itself.
const ASKED: &str = "import sys, sysconfig; print('.'.join(map(str, sys.version_info[:3])), \
    int(bool(sysconfig.get_config_var('Py_GIL_DISABLED'))), sys.getswitchinterval(), sys.executable)";
const NAP: Duration = Duration::from_millis(10);
/// How long those that nobody named may take to answer.
const LOOK: Duration = Duration::from_secs(2);

/// An interpreter that answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// `3.13.0`.
    pub(crate) version: String,
    /// Its first two numbers.
    pub(crate) release: (u32, u32),
    pub(crate) free_threaded: bool,
    /// After so long a thread that waits for the lock asks for it, seconds.
    pub(crate) interval_s: f64,
    /// What is to be started: behind a version manager's shim, not the shim.
    pub(crate) program: PathBuf,
}

/// The interpreters on PATH by the longest of their names: `python3.13t` before `python3`. Who does not answer is left
/// out: a version manager has names for what is not there.
pub(crate) fn on_path() -> Vec<(String, Answer)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let (names, paths): (Vec<_>, Vec<_>) = named_in(std::env::split_paths(&path)).into_iter().unzip();
    let mut found: BTreeMap<PathBuf, (String, Answer)> = BTreeMap::new();
    for (name, answer) in names.into_iter().zip(ask(&paths, LOOK)) {
        let Ok(answer) = answer else { continue };
        // Several names of one interpreter are one.
        let itself = std::fs::canonicalize(&answer.program).unwrap_or_else(|_| answer.program.clone());
        let known = found.entry(itself).or_insert_with(|| (String::new(), answer));
        if name.len() > known.0.len() {
            known.0 = name;
        }
    }
    found.into_values().collect()
}

/// The first of each name.
fn named_in(folders: impl Iterator<Item = PathBuf>) -> BTreeMap<String, PathBuf> {
    let mut all = BTreeMap::new();
    for folder in folders.filter(|folder| folder.is_absolute()) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_interpreter(&name) {
                all.entry(name).or_insert(entry.path());
            }
        }
    }
    all
}

/// `python3`, `python3.13`, `python3.13t`; not `python3-config`.
fn is_interpreter(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("python3") else { return false };
    let rest = rest.strip_suffix('t').unwrap_or(rest);
    rest.is_empty()
        || rest
            .strip_prefix('.')
            .is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Asks all of them at once: the answer of each, or why it is none.
pub(crate) fn ask(paths: &[PathBuf], limit: Duration) -> Vec<Result<Answer, String>> {
    let mut asked: Vec<_> = paths.iter().map(|path| start(path)).collect();
    for _ in 0..limit.as_millis() / NAP.as_millis() {
        if asked.iter_mut().flatten().all(|(child, _)| !matches!(child.try_wait(), Ok(None))) {
            break;
        }
        thread::sleep(NAP);
    }
    asked.into_iter().map(|started| started.and_then(|(child, said)| hear(child, said, limit))).collect()
}

/// What it says goes into a file, complaints as well: a pipe could be held open by whatever it starts.
fn start(path: &Path) -> Result<(Child, File), String> {
    let failed = |error: std::io::Error| format!("failed to start it: {error}");
    let said = tempfile::tempfile().map_err(failed)?;
    let mut command = Command::new(path);
    // Isolated: no start-up file of the user's runs.
    command.args(["-I", "-S", "-c", ASKED]);
    command.stdin(Stdio::null());
    command.stdout(said.try_clone().map_err(failed)?).stderr(said.try_clone().map_err(failed)?);
    Ok((command.spawn().map_err(failed)?, said))
}

/// The time is up: who is still busy is killed.
fn hear(mut child: Child, mut said: File, limit: Duration) -> Result<Answer, String> {
    let late = matches!(child.try_wait(), Ok(None));
    let _ = child.kill();
    let ended = child.wait().map_err(|error| format!("failed to wait for it: {error}"))?;
    if late {
        return Err(format!("it did not answer within {limit:?}"));
    }
    let mut text = Vec::new();
    let _ = said.rewind().and_then(|()| said.take(4096).read_to_end(&mut text));
    let text = String::from_utf8_lossy(&text);
    let line: String = text.lines().next().unwrap_or_default().chars().take(200).collect();
    if !ended.success() {
        let line = if line.is_empty() { line } else { format!(" and said `{line}`") };
        return Err(format!("asked for its version, it ended with {ended}{line}"));
    }
    // Before its answer an interpreter may have something to complain about.
    text.lines().last().and_then(answer).ok_or_else(|| format!("asked for its version, it said `{line}`"))
}

fn answer(text: &str) -> Option<Answer> {
    let mut parts = text.trim().splitn(4, ' ');
    let (version, free, interval, program) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let mut numbers = version.split('.').map(str::parse);
    let (Ok(major), Ok(minor), Ok(_)) = (numbers.next()?, numbers.next()?, numbers.next()?) else { return None };
    Some(Answer {
        version: version.to_owned(),
        release: (major, minor),
        free_threaded: free == "1",
        interval_s: interval.parse().ok().filter(|interval: &f64| interval.is_finite())?,
        program: PathBuf::from(program),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpreters_are_told_by_their_names() {
        for name in ["python3", "python3t", "python3.13", "python3.13t", "python3.9"] {
            assert!(is_interpreter(name), "{name}");
        }
        for name in
            ["python", "python2", "python3-config", "python3.13-config", "python3.", "python3.13.py", "python3x"]
        {
            assert!(!is_interpreter(name), "{name}");
        }
    }

    #[test]
    fn an_answer_has_four_parts() {
        let right = Answer {
            version: String::from("3.13.1"),
            release: (3, 13),
            free_threaded: true,
            interval_s: 0.005,
            program: PathBuf::from("/opt/my python/bin/python3"),
        };
        assert_eq!(answer("3.13.1 1 0.005 /opt/my python/bin/python3\n"), Some(right));
        assert_eq!(answer("3.9.0 0 0.005 /usr/bin/python3").map(|answer| answer.free_threaded), Some(false));
        for wrong in ["no such version", "3.13.1", "3.13.1 1 0.005", "3.13 1 0.005 /python", "3.1.0 0 soon /python"] {
            assert_eq!(answer(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn who_does_not_answer_says_why() {
        let paths = ["/bin/false", "/nowhere", "/bin/echo", "/bin/cat"].map(PathBuf::from);
        let said = ask(&paths, LOOK).into_iter().map(Result::unwrap_err).collect::<Vec<_>>();
        for (said, part) in said.iter().zip(["exit status: 1", "No such file", "it said `-I -S -c", "ended with"]) {
            assert!(said.contains(part), "{said}");
        }
    }
}

//! Real Python interpreters: which there are, what they are called, and how a script is run in one.

mod ask;
mod cells;

use std::cmp::Reverse;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use harness::launcher::Launcher;
use results::python_check::Interpreter;

use self::ask::Answer;
pub(crate) use self::ask::on_path;
pub(crate) use self::cells::{Strategy, Supported};

/// What the scripts are written for.
const OLDEST: (u32, u32) = (3, 9);
/// How long one that was named may take to answer: behind a version manager it may be slow.
const LIMIT: Duration = Duration::from_secs(10);

/// An interpreter, with its lock or without.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Python {
    /// Model ID: `python3.13`, `python3.13t`, or `python3.13t-gil`, which is a free-threaded build with its lock on.
    pub(crate) id: String,
    /// `3.13.0`.
    pub(crate) version: String,
    /// Whether its threads share one lock.
    pub(crate) gil: bool,
    /// What is started.
    pub(crate) path: PathBuf,
    /// After so long a thread that waits for the lock asks for it, seconds.
    pub(crate) interval_s: f64,
    release: (u32, u32),
    free_threaded: bool,
}

impl Python {
    /// The builds in one: a free-threaded one runs with its lock, too.
    fn of(answer: &Answer) -> Vec<Self> {
        let (major, minor) = answer.release;
        let one = |suffix: &str, gil: bool| Self {
            id: format!("python{major}.{minor}{suffix}"),
            version: answer.version.clone(),
            gil,
            path: answer.program.clone(),
            interval_s: answer.interval_s,
            release: answer.release,
            free_threaded: answer.free_threaded,
        };
        if answer.free_threaded { vec![one("t", false), one("t-gil", true)] } else { vec![one("", true)] }
    }

    /// `3.13`.
    pub(crate) fn minor(&self) -> &str {
        self.version.rsplit_once('.').map_or(&self.version, |(minor, _)| minor)
    }

    /// What a report says of it.
    pub(crate) fn described(&self) -> Interpreter {
        let path = self.path.display().to_string();
        Interpreter { id: self.id.clone(), version: self.version.clone(), gil: self.gil, path }
    }

    /// How the text of a script is run. Isolated: neither modules nor start-up files of the user's come into it, and
    /// no variable of the environment changes what is measured.
    pub(crate) fn script(&self, text: &str) -> Launcher {
        let mut argv: Vec<OsString> = vec![self.path.clone().into(), "-I".into()];
        if self.free_threaded {
            // Said in both cases: an extension module could switch the lock on.
            argv.extend(["-X".into(), format!("gil={}", u8::from(self.gil)).into()]);
        }
        argv.extend(["-c".into(), text.into()]);
        Launcher { argv, env: Vec::new() }
    }
}

/// What `--python` names, in that order.
pub(crate) fn named(paths: &[PathBuf]) -> Result<Vec<Python>> {
    let mut found: Vec<Python> = Vec::new();
    let mut whose: Vec<&Path> = Vec::new();
    for (path, answer) in paths.iter().zip(ask::ask(paths, LIMIT)) {
        let given = path.display();
        let answer = match answer {
            Ok(answer) => answer,
            Err(why) => bail!(
                "`--python {given}`: {why}; name a Python interpreter by its path or, if it is on PATH, by its name, as in \
                 `python3.13` (`crossover doctor` lists those on PATH)"
            ),
        };
        if answer.release < OLDEST {
            bail!("`--python {given}` is Python {}; allowed: 3.9 and later", answer.version);
        }
        for python in Python::of(&answer) {
            if let Some(same) = found.iter().position(|other| other.id == python.id) {
                bail!(
                    "`--python {}` and `--python {given}` are both {} ({} and {}); name one of them",
                    whose[same].display(),
                    python.id,
                    found[same].path.display(),
                    python.path.display()
                );
            }
            found.push(python);
            whose.push(path);
        }
    }
    Ok(found)
}

/// For a check of the models: those that are named, or else the newest with and the newest without a lock on PATH.
pub(crate) fn for_check(paths: &[PathBuf]) -> Result<Vec<Python>> {
    if !paths.is_empty() {
        return named(paths);
    }
    Ok(newest(on_path().into_iter().map(|(_, answer)| answer).collect()))
}

/// The newest build of each kind.
fn newest(mut answers: Vec<Answer>) -> Vec<Python> {
    answers.retain(|answer| answer.release >= OLDEST);
    let numbers = |version: &str| version.split('.').filter_map(|part| part.parse::<u32>().ok()).collect::<Vec<_>>();
    answers.sort_by_key(|answer| Reverse(numbers(&answer.version)));
    let first = |free: bool| answers.iter().find(|answer| answer.free_threaded == free);
    [first(false), first(true)]
        .into_iter()
        .flatten()
        .filter_map(|answer| Python::of(answer).into_iter().next())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(version: &str, minor: u32, free_threaded: bool) -> Answer {
        let program = PathBuf::from(format!("/opt/{version}/python"));
        Answer { version: version.to_owned(), release: (3, minor), free_threaded, interval_s: 0.005, program }
    }

    #[test]
    fn a_free_threaded_build_is_two_models() {
        let ids = |answer| Python::of(&answer).into_iter().map(|one| (one.id, one.gil)).collect::<Vec<_>>();
        assert_eq!(ids(answer("3.13.0", 13, false)), [(String::from("python3.13"), true)]);
        let both = [(String::from("python3.13t"), false), (String::from("python3.13t-gil"), true)];
        assert_eq!(ids(answer("3.13.0", 13, true)), both);
        assert_eq!(Python::of(&answer("3.14.2", 14, true))[1].minor(), "3.14");
    }

    #[test]
    fn the_lock_is_set_where_it_can_be() {
        let arguments = |answer, index: usize| {
            let argv = Python::of(&answer)[index].script("pass").argv;
            argv[1..].iter().map(|one| one.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(arguments(answer("3.13.0", 13, false), 0), ["-I", "-c", "pass"]);
        assert_eq!(arguments(answer("3.13.0", 13, true), 0), ["-I", "-X", "gil=0", "-c", "pass"]);
        assert_eq!(arguments(answer("3.13.0", 13, true), 1), ["-I", "-X", "gil=1", "-c", "pass"]);
    }

    #[test]
    fn a_check_takes_the_newest_of_each_kind() {
        let all = vec![
            answer("3.9.18", 9, false),
            answer("3.13.2", 13, true),
            answer("3.8.99", 8, false),
            answer("3.13.10", 13, true),
            answer("3.12.1", 12, false),
        ];
        let versions = |found: Vec<Python>| found.into_iter().map(|one| (one.id, one.version)).collect::<Vec<_>>();
        let text = |id: &str, version: &str| (id.to_owned(), version.to_owned());
        assert_eq!(versions(newest(all)), [text("python3.12", "3.12.1"), text("python3.13t", "3.13.10")]);
        assert_eq!(newest(vec![answer("3.8.1", 8, false)]), []);
    }
}

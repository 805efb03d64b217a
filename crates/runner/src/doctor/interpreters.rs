//! Which Python interpreters are on PATH, which version each is, and whether it was built to run threads at once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::Fact;

/// What one is asked: its version, 1 for a free-threaded build, and itself.
const ASKED: &str = "import sys, sysconfig; \
    print('.'.join(map(str, sys.version_info[:3])), int(bool(sysconfig.get_config_var('Py_GIL_DISABLED'))), sys.executable)";
/// How long one may take to answer, in naps.
const NAPS: u32 = 200;
const NAP: Duration = Duration::from_millis(10);

/// An interpreter that answered.
struct Found {
    name: String,
    version: String,
    free_threaded: bool,
}

pub(super) fn fact() -> Fact {
    const ID: &str = "interpreters";
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = ask(on_path(std::env::split_paths(&path)));
    if found.is_empty() {
        return Fact::cannot(ID, "no Python found", "put a python3 on PATH to compare with one; nothing else needs it");
    }
    let free = found.iter().any(|found| found.free_threaded);
    let shown = found.iter().map(|Found { name, version, free_threaded }| {
        format!("{name} ({version}{})", if *free_threaded { ", free-threaded" } else { "" })
    });
    let value = shown.collect::<Vec<_>>().join(", ");
    if free { Fact::ok(ID, value) } else { Fact::ok(ID, format!("{value}; none is free-threaded")) }
}

/// The first of each name.
fn on_path(folders: impl Iterator<Item = PathBuf>) -> BTreeMap<String, PathBuf> {
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

/// Asks all of them at once. Several names of one interpreter are one.
fn ask(paths: BTreeMap<String, PathBuf>) -> Vec<Found> {
    let mut asked: Vec<(String, Child, File)> =
        paths.into_iter().filter_map(|(name, path)| start(&path).map(|(child, said)| (name, child, said))).collect();
    for _ in 0..NAPS {
        if asked.iter_mut().all(|(_, child, _)| !matches!(child.try_wait(), Ok(None))) {
            break;
        }
        thread::sleep(NAP);
    }
    let mut found: BTreeMap<PathBuf, Found> = BTreeMap::new();
    for (name, mut child, mut said) in asked {
        let _ = child.kill();
        let answered = child.wait().is_ok_and(|status| status.success());
        let mut text = String::new();
        let _ = said.rewind().and_then(|()| said.read_to_string(&mut text));
        let Some((version, free_threaded, program)) = answer(&text).filter(|_| answered) else { continue };
        let program = std::fs::canonicalize(program).unwrap_or_else(|_| PathBuf::from(program));
        // The longer name says more: `python3.13t` before `python3`.
        let known = found.entry(program).or_insert_with(|| Found { name: String::new(), version, free_threaded });
        if name.len() > known.name.len() {
            known.name = name;
        }
    }
    found.into_values().collect()
}

/// What it says goes into a file: a pipe could be held open by whatever it starts.
fn start(path: &Path) -> Option<(Child, File)> {
    let said = tempfile::tempfile().ok()?;
    let mut command = Command::new(path);
    // Isolated: no start-up file of the user's runs.
    command.args(["-I", "-S", "-c", ASKED]).stdin(Stdio::null()).stdout(said.try_clone().ok()?).stderr(Stdio::null());
    Some((command.spawn().ok()?, said))
}

fn answer(text: &str) -> Option<(String, bool, &str)> {
    let mut parts = text.trim().splitn(3, ' ');
    let (version, free, program) = (parts.next()?, parts.next()?, parts.next()?);
    version.starts_with("3.").then(|| (version.to_owned(), free == "1", program))
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
    fn an_answer_has_three_parts() {
        assert_eq!(
            answer("3.13.1 1 /opt/my python/bin/python3\n"),
            Some((String::from("3.13.1"), true, "/opt/my python/bin/python3"))
        );
        assert_eq!(answer("3.9.0 0 /usr/bin/python3").map(|(_, free, _)| free), Some(false));
        assert_eq!(answer("no such version"), None);
        assert_eq!(answer("3.13.1"), None);
    }

    #[test]
    fn who_does_not_answer_is_left_out() {
        let paths = [("python3", "/bin/false"), ("python3.1", "/nowhere")];
        assert!(ask(paths.map(|(name, path)| (name.to_owned(), PathBuf::from(path))).into()).is_empty());
    }
}

//! Ctrl-C: once, finish the sample and write everything; twice, kill what runs and leave the journal as it is.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use anyhow::{Context, Result};

use crate::{exit, output};

static SIGNALS: AtomicU32 = AtomicU32::new(0);
/// What must not be left behind by a second Ctrl-C: the private folder.
static CLEAN: Mutex<Option<std::path::PathBuf>> = Mutex::new(None);

/// Catches SIGINT, SIGTERM and SIGHUP, from the first call on.
pub(crate) fn listen() -> Result<()> {
    static LISTENING: AtomicBool = AtomicBool::new(false);
    // Relaxed: whoever finds it set has nothing to wait for.
    if LISTENING.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    // Relaxed: the flag publishes nothing but itself; whoever polls it acts on what it owns.
    ctrlc::set_handler(|| match SIGNALS.fetch_add(1, Ordering::Relaxed) {
        0 => output::note("\ninterrupted: finishing this sample, then writing the report (again to stop at once)"),
        _ => {
            harness::launcher::kill_all();
            if let Some(folder) = CLEAN.lock().ok().and_then(|mut folder| folder.take()) {
                let _ = std::fs::remove_dir_all(folder);
            }
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
    })
    .context("failed to listen for Ctrl-C")
}

/// Whether to stop.
pub(crate) fn asked() -> bool {
    SIGNALS.load(Ordering::Relaxed) > 0
}

/// A short private folder for the sockets of samples (their names hold 107 bytes); it goes with the run, whatever a
/// killed sample left in it.
pub(crate) fn private_folder() -> Result<tempfile::TempDir> {
    let short = Path::new("/tmp");
    sweep(short);
    let mut name = tempfile::Builder::new();
    let prefix = format!("{}{}-", prefix(), std::process::id());
    let folder = name.prefix(&prefix).tempdir_in(short).or_else(|_| name.tempdir());
    let folder =
        folder.context("failed to make a private folder for sockets: is the disk full, or TMPDIR not writable?")?;
    if let Ok(mut clean) = CLEAN.lock() {
        *clean = Some(folder.path().to_owned());
    }
    Ok(folder)
}

/// Names the folders of this PID namespace: elsewhere the same number is another process.
fn prefix() -> String {
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let number: String = namespace.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    format!("crossover-sockets-{number}-")
}

/// Removes what runs that were killed with SIGKILL left behind: folders of that very name, of a process that is gone,
/// with nothing in them but what ipc-channel makes.
fn sweep(parent: &Path) {
    let prefix = prefix();
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(&prefix)).and_then(|rest| rest.split_once('-'));
        let Some((pid, _)) = rest.filter(|(pid, _)| pid.parse::<u32>().is_ok()) else { continue };
        let gone = Path::new("/proc/self").exists() && !Path::new("/proc").join(pid).exists();
        let ours = |inside: &std::fs::DirEntry| inside.file_name().to_string_lossy().starts_with(".tmp");
        let only_sockets =
            || std::fs::read_dir(entry.path()).is_ok_and(|inside| inside.flatten().all(|one| ours(&one)));
        if gone && only_sockets() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

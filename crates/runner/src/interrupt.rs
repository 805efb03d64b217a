//! Ctrl-C: once, finish the sample and write everything; twice, kill what runs and leave the journal as it is.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

use crate::{exit, output};

static SIGNALS: AtomicU32 = AtomicU32::new(0);
/// What must not be left behind by a second Ctrl-C: the private folder.
static CLEAN: Mutex<Option<std::path::PathBuf>> = Mutex::new(None);

/// Catches SIGINT, SIGTERM and SIGHUP.
pub(crate) fn listen() -> Result<()> {
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
    let short = std::path::Path::new("/tmp");
    sweep(short);
    let mut name = tempfile::Builder::new();
    let prefix = format!("crossover-{}-", std::process::id());
    let folder = name.prefix(&prefix).tempdir_in(short).or_else(|_| name.tempdir());
    let folder =
        folder.context("failed to make a private folder for sockets: is the disk full, or TMPDIR not writable?")?;
    if let Ok(mut clean) = CLEAN.lock() {
        *clean = Some(folder.path().to_owned());
    }
    Ok(folder)
}

/// Removes what runs that were killed with SIGKILL left behind.
fn sweep(parent: &std::path::Path) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid =
            name.to_str().and_then(|name| name.strip_prefix("crossover-")).and_then(|rest| rest.split('-').next());
        let Some(pid) = pid.filter(|pid| pid.parse::<u32>().is_ok()) else { continue };
        if std::path::Path::new("/proc/self").exists() && !std::path::Path::new("/proc").join(pid).exists() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

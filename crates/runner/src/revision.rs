//! Another revision of this repository: its tree beside the build of this one, and its program.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::output;

/// Where other revisions are built, below the root of the checkout.
pub(crate) const BUILDS: &str = "target/crossover-revisions";

/// A commit.
pub(crate) struct Revision {
    root: PathBuf,
    full: String,
    pub(crate) short: String,
}

impl Revision {
    /// The commit of this name, in the checkout that the current folder is in.
    pub(crate) fn find(name: &str) -> Result<Self> {
        let root =
            git(Path::new("."), &["rev-parse", "--show-toplevel"]).context("--git needs a checkout of crossover")?;
        let root = PathBuf::from(root);
        if !root.join("crates/runner/Cargo.toml").exists() {
            bail!("--git {name}: {} is not a checkout of crossover", root.display());
        }
        // What begins with a dash would be an option.
        let full = git(&root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")])
            .with_context(|| format!("--git {name}: no such revision; `git log --oneline` shows some"))?;
        let short = full.get(..9).unwrap_or(&full).to_owned();
        Ok(Self { root, full, short })
    }

    /// Its program, built in release once and kept.
    pub(crate) fn build(&self) -> Result<PathBuf> {
        let home = self.root.join(BUILDS).join(&self.short);
        let program = home.join("target/release/crossover");
        if program.exists() {
            return Ok(program);
        }
        let tree = home.join("tree");
        std::fs::create_dir_all(&tree).with_context(|| format!("failed to make {}", tree.display()))?;
        output::note(&format!("building {} (once; `crossover clean` removes it)", self.short));
        let mut archive = Command::new("git");
        archive.current_dir(&self.root).args(["archive", "--format=tar", &self.full]).stdout(Stdio::piped());
        let mut archive = archive.spawn().context("failed to run git")?;
        let from = archive.stdout.take().context("git has no output")?;
        let unpacked =
            Command::new("tar").arg("-x").current_dir(&tree).stdin(from).status().context("failed to run tar")?;
        if !archive.wait().is_ok_and(|status| status.success()) || !unpacked.success() {
            bail!("failed to unpack {} into {}", self.short, tree.display());
        }
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&tree).args(["build", "--release", "--quiet", "-p", "runner"]).stdout(Stdio::null());
        // The same flags and profile as this one has, in a place of its own.
        cargo.env("CARGO_TARGET_DIR", home.join("target")).env_remove("CROSSOVER_BIN");
        // It lies within this checkout, whose revision is not its own.
        cargo.env("GIT_CEILING_DIRECTORIES", &home);
        let built = cargo.status().context("failed to run cargo")?;
        if !built.success() || !program.exists() {
            bail!("failed to build {}: `cargo build --release -p runner` in {} says why", self.short, tree.display());
        }
        Ok(program)
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").current_dir(folder).args(arguments).output().context("failed to run git")?;
    if !output.status.success() {
        bail!("git {}: {}", arguments[0], String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

//! What only the build knows, for the environment block of a report: revision, dirtiness, compiler, profile.

use std::env;
use std::process::Command;

/// Tells the compiler, as variables.
pub(crate) fn tell() {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| String::from("rustc"));
    let version = said(&rustc, &["--version"]);
    println!("cargo::rustc-env=CROSSOVER_RUSTC={}", version.trim_start_matches("rustc "));
    println!("cargo::rustc-env=CROSSOVER_GIT={}", said("git", &["rev-parse", "--short=12", "HEAD"]));
    let dirty = !said("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty();
    println!("cargo::rustc-env=CROSSOVER_DIRTY={}", u8::from(dirty));
    let (profile, level) = (env::var("PROFILE"), env::var("OPT_LEVEL"));
    let profile = format!("{}, opt-level {}", profile.unwrap_or_default(), level.unwrap_or_default());
    println!("cargo::rustc-env=CROSSOVER_PROFILE={profile}");
}

/// What a command prints on one line; empty where there is no such command, as outside a checkout.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.ok().filter(|output| output.status.success()).map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text).trim().replace('\n', " ")
}

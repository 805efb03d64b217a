//! The workspace as the rules see it: members with their manifests, sources with code and comments apart.

use super::scan;
use crate::exec;
use anyhow::{Context, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

/// Everything a rule may look at.
pub(super) struct Repo {
    pub(super) root: PathBuf,
    pub(super) members: Vec<Member>,
    pub(super) sources: Vec<Source>,
    program: OnceLock<Result<PathBuf, String>>,
}

/// A crate of the workspace.
#[derive(Debug, Default)]
pub(super) struct Member {
    pub(super) name: String,
    /// Path of its manifest from the root.
    pub(super) path: String,
    pub(super) manifest: String,
    pub(super) description: Option<String>,
    pub(super) has_lib: bool,
    pub(super) dependencies: Vec<Dependency>,
}

/// What a crate depends on.
#[derive(Debug)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// Only for tests and benches.
    pub(super) dev: bool,
    /// By path, so a crate of this workspace.
    pub(super) ours: bool,
}

/// A Rust file.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// From the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    /// The text without comments and literals, line for line.
    pub(super) code: String,
    /// The comments alone, line for line.
    pub(super) comments: String,
}

impl Source {
    pub(super) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        let (code, comments) = scan::split(&text);
        Self { path, text, code, comments }
    }
}

impl Member {
    pub(super) fn is_model(&self) -> bool {
        self.name.starts_with("model-")
    }

    /// Folder of the crate from the root.
    pub(super) fn folder(&self) -> &str {
        self.path.strip_suffix("/Cargo.toml").unwrap_or(&self.path)
    }

    /// `path:line` of the first line of the manifest that begins with `key`, or the path alone.
    pub(super) fn at(&self, key: &str) -> String {
        let is_key = |line: &str| {
            let rest = line.trim_start().strip_prefix(key);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_'))
        };
        match self.manifest.lines().position(is_key) {
            Some(index) => format!("{}:{}", self.path, index + 1),
            None => self.path.clone(),
        }
    }
}

impl Repo {
    /// Reads `cargo metadata`, the manifests and every Rust file of every member.
    pub(super) fn load() -> anyhow::Result<Self> {
        let out = exec::cargo("metadata")
            .args(["--format-version", "1", "--no-deps"])
            .stderr(Stdio::inherit())
            .output()
            .context("failed to start `cargo metadata`; is cargo on the PATH?")?;
        if !out.status.success() {
            bail!(
                "failed to read the crate graph: `cargo metadata` ended with {}; its message stands above",
                out.status
            );
        }
        let metadata: Value = serde_json::from_slice(&out.stdout).context("failed to parse `cargo metadata`")?;
        let root = exec::root();
        let members = metadata["packages"].as_array().into_iter().flatten().map(|package| member(package, &root));
        let mut members = members.collect::<anyhow::Result<Vec<_>>>()?;
        members.sort_by(|a, b| a.path.cmp(&b.path));
        let mut sources = Vec::new();
        for member in &members {
            read_sources(&root, &root.join(member.folder()), &mut sources)?;
        }
        Ok(Self { root, members, sources, program: OnceLock::new() })
    }

    /// The release program, brought up to date once: an old one would answer for code that is gone.
    pub(super) fn program(&self) -> Result<&Path, String> {
        let built = self.program.get_or_init(|| exec::build_program().map_err(|error| format!("{error:#}")));
        built.as_deref().map_err(Clone::clone)
    }

    /// Sources below a folder, with their path inside it.
    pub(super) fn below<'r>(&'r self, folder: &'r str) -> impl Iterator<Item = (&'r str, &'r Source)> {
        self.sources.iter().filter_map(move |source| {
            let inner = source.path.strip_prefix(folder)?.strip_prefix('/')?;
            Some((inner, source))
        })
    }
}

fn member(package: &Value, root: &Path) -> anyhow::Result<Member> {
    let path = package["manifest_path"].as_str().context("failed to find `manifest_path` in `cargo metadata`")?;
    let manifest = std::fs::read_to_string(path).with_context(|| format!("failed to read {path}"))?;
    let kinds = |target: &Value| target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "lib"));
    let dependency = |value: &Value| Dependency {
        name: value["name"].as_str().unwrap_or_default().to_owned(),
        dev: value["kind"] == "dev",
        ours: value["path"].is_string(),
    };
    Ok(Member {
        name: package["name"].as_str().unwrap_or_default().to_owned(),
        path: relative(Path::new(path), root),
        manifest,
        description: package["description"].as_str().map(str::to_owned),
        has_lib: package["targets"].as_array().into_iter().flatten().any(kinds),
        dependencies: package["dependencies"].as_array().into_iter().flatten().map(dependency).collect(),
    })
}

/// The path as people write it, from the root.
fn relative(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

fn read_sources(root: &Path, folder: &Path, into: &mut Vec<Source>) -> anyhow::Result<()> {
    let failed = || format!("failed to read {}", folder.display());
    let mut entries =
        std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).with_context(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let is_folder = entry.file_type().with_context(failed)?.is_dir();
        if is_folder && name != "target" && name != "node_modules" && !name.to_string_lossy().starts_with('.') {
            read_sources(root, &path, into)?;
        } else if !is_folder && path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
            into.push(Source::new(relative(&path, root), text));
        }
    }
    Ok(())
}

/// A repository made of strings.
#[cfg(test)]
pub(super) fn of(members: Vec<Member>, sources: &[(&str, &str)]) -> Repo {
    let sources = sources.iter().map(|(path, text)| Source::new(*path, *text)).collect();
    Repo { root: PathBuf::new(), members, sources, program: OnceLock::new() }
}

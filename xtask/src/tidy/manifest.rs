//! What every manifest says: the workspace's lints and head, no libtest benches, one line about the crate.

use super::Finding;
use super::repo::{Member, Repo};

/// Keys that a package takes from the workspace, so that there is one place to change them.
const INHERITED: &[&str] = &["edition", "rust-version", "license"];

/// Rule: lints and head come from the workspace, and libraries stay out of `cargo bench`, whose arguments are
/// Criterion's and stop libtest.
pub(super) fn inherits(repo: &Repo) -> Vec<Finding> {
    repo.members.iter().flat_map(not_inherited).collect()
}

fn not_inherited(member: &Member) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut require = |section: &str, accepted: &[String]| {
        if !section_lines(&member.manifest, section).any(|line| accepted.contains(&line)) {
            let what = format!("{} has no `{}` in [{section}]", member.name, accepted[0].replace('=', " = "));
            findings.push(Finding::error(member.at(&format!("[{section}]")), what));
        }
    };
    require("lints", &["workspace=true".into()]);
    for key in INHERITED {
        require("package", &[format!("{key}.workspace=true"), format!("{key}={{workspace=true}}")]);
    }
    if member.has_lib {
        require("lib", &["bench=false".into()]);
    }
    findings
}

/// The lines of `[section]`, without blanks and comments. Manifests are short and flat; this is no parser of TOML.
fn section_lines<'m>(manifest: &'m str, section: &str) -> impl Iterator<Item = String> + use<'m> {
    let header = format!("[{section}]");
    let bare = |line: &str| line.split('#').next().unwrap_or_default().split_whitespace().collect::<String>();
    let lines = manifest.lines().map(bare);
    lines.skip_while(move |line| *line != header).skip(1).take_while(|line| !line.starts_with('['))
}

/// Rule: every crate says in one line what it is.
pub(super) fn descriptions(repo: &Repo) -> Vec<Finding> {
    let problem = |member: &Member| match member.description.as_deref().map(str::trim) {
        None | Some("") => Some("has no description"),
        Some(text) if text.contains('\n') => Some("is described in more than one line"),
        Some(_) => None,
    };
    let found = |member: &Member| {
        problem(member).map(|problem| Finding::error(member.at("description"), format!("{} {problem}", member.name)))
    };
    repo.members.iter().filter_map(found).collect()
}

#[cfg(test)]
mod tests {
    use super::super::repo::of;
    use super::*;

    const GOOD: &str = "[package]\nname = \"a\"\nedition.workspace = true\nrust-version = { workspace = true }\n\
        license.workspace = true # ours\n\n[lib]\nbench = false\n\n[lints]\nworkspace = true\n";

    fn member(manifest: &str, description: Option<&str>) -> Member {
        Member {
            name: "a".into(),
            path: "a/Cargo.toml".into(),
            manifest: manifest.into(),
            description: description.map(Into::into),
            has_lib: true,
            ..Member::default()
        }
    }

    #[test]
    fn what_a_manifest_takes_from_the_workspace() {
        assert_eq!(not_inherited(&member(GOOD, None)), []);
        let bad =
            GOOD.replace("edition.workspace = true", "edition = \"2024\"").replace("bench = false", "test = false");
        let expected = [
            Finding::error("a/Cargo.toml:1", "a has no `edition.workspace = true` in [package]"),
            Finding::error("a/Cargo.toml:7", "a has no `bench = false` in [lib]"),
        ];
        assert_eq!(not_inherited(&member(&bad, None)), expected);
        assert_eq!(not_inherited(&Member { manifest: "[package]\n".into(), ..member("", None) }).len(), 5);
    }

    #[test]
    fn a_description_is_one_line() {
        let found = |text| descriptions(&of(vec![member(GOOD, text)], &[])).len();
        assert_eq!((found(Some("What it is.")), found(None), found(Some(" ")), found(Some("a\nb"))), (0, 1, 1, 1));
    }
}

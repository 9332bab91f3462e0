//! Plugins of the client that load by themselves: a folder with a manifest below a skills folder is one at the next start.
//!
//! A plugin's modules ("mods") run inside the client. One that answers `tool.check` or `tool.call` overrules a hook's
//! refusal, and one that answers `classic.PreToolUse` keeps our executable from being started. Only the hooks of managed
//! settings stand above them. Measured on 2.1.300 to 2.1.332.

use std::path::{Path, PathBuf};

use platform::path::resolve;
use platform::store;

use crate::paths::Paths;

/// The file that makes a folder a plugin, in its folder.
const MANIFEST: &str = ".claude-plugin";
/// The file that names a plugin's hooks and modules.
const HOOKS: &str = "hooks.json";
/// How the files of modules end.
const MODULES: [&str; 6] = ["js", "mjs", "cjs", "ts", "mts", "cts"];
/// What a module answers that decides about tools, in its source.
const DECIDING: [&str; 3] = ["tool.check", "tool.call", "classic."];
/// The largest file that is looked into, in bytes.
const LARGEST: u64 = 1024 * 1024;
/// The most files of the folders that are looked at.
const MOST: usize = 5_000;

/// The folders from which plugins load, free of symbolic links.
#[derive(Debug, Clone)]
pub struct PluginFolders(Vec<PathBuf>);

/// What a path is for plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginPart {
    /// A manifest, a list of hooks and modules, or a module of a plugin.
    File,
    /// A whole folder that may be a plugin, or hold some.
    Folder,
}

/// A module that answers for tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidingModule {
    /// The file.
    pub path: PathBuf,
    /// What it answers.
    pub answers: Vec<&'static str>,
}

impl PluginFolders {
    /// Those of a project, and the user's.
    pub fn of(paths: &Paths, root: &Path) -> Self {
        let folders = [
            root.join(".claude/skills"),
            paths.claude_dir().join("skills"),
            paths.claude_dir().join("plugins"),
        ];
        Self(folders.iter().map(|folder| resolve(folder)).collect())
    }

    /// What a path, free of symbolic links, is for plugins; `None` for any other file, such as the text of a skill.
    pub fn part(&self, path: &Path) -> Option<PluginPart> {
        self.0.iter().find_map(|folder| {
            let below = path.strip_prefix(folder).ok()?;
            let mut parts = below.components();
            let Some(plugin) = parts.next() else { return Some(PluginPart::Folder) };
            if parts.next().is_none() && below.extension().is_none() {
                return Some(PluginPart::Folder);
            }
            let is_manifest = below.components().any(|part| part.as_os_str() == MANIFEST);
            let is_list = below.file_name().is_some_and(|name| name == HOOKS);
            let is_module = || is_module(below) && is_plugin(&folder.join(plugin));
            (is_manifest || is_list || is_module()).then_some(PluginPart::File)
        })
    }

    /// The modules that answer for tools, as far as their source says so.
    pub fn deciding_modules(&self) -> Vec<DecidingModule> {
        let mut found = Vec::new();
        let mut left = MOST;
        let mut folders = self.0.clone();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                if left == 0 {
                    return found;
                }
                left -= 1;
                let path = entry.path();
                // A linked plugin loads as any other.
                if path.is_dir() {
                    folders.push(path);
                } else if is_module(&path)
                    && let Ok(Some(source)) = store::read_regular(&path, LARGEST)
                {
                    let source = String::from_utf8_lossy(&source);
                    let answers: Vec<_> = DECIDING.into_iter().filter(|name| source.contains(name)).collect();
                    if !answers.is_empty() {
                        found.push(DecidingModule { path, answers });
                    }
                }
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        found
    }
}

fn is_module(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| MODULES.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// Whether a folder below a skills folder is a plugin already; one whose manifest comes later is asked about then.
fn is_plugin(folder: &Path) -> bool {
    folder.join(MANIFEST).exists() || folder.join("hooks").join(HOOKS).exists()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests write their own files")]
mod tests {
    use super::*;

    #[test]
    fn what_makes_a_plugin_is_told_from_a_skill() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        let root = home.join("project");
        std::fs::create_dir_all(root.join(".claude/skills/mod/.claude-plugin")).unwrap();
        std::fs::create_dir_all(home.join(".claude/skills/plain/scripts")).unwrap();
        let folders = PluginFolders::of(&Paths::below(&home), &root);
        use PluginPart::{File, Folder};
        for (path, part) in [
            (".claude/skills", Some(Folder)),
            (".claude/skills/new", Some(Folder)),
            (".claude/skills/new/.claude-plugin/plugin.json", Some(File)),
            (".claude/skills/new/.claude-plugin", Some(File)),
            (".claude/skills/new/hooks/hooks.json", Some(File)),
            (".claude/skills/mod/register.js", Some(File)),
            (".claude/skills/mod/deep/register.MJS", Some(File)),
            (".claude/skills/plain/scripts/run.js", None),
            (".claude/skills/new/SKILL.md", None),
            (".claude/skills/mod/SKILL.md", None),
            (".claude/skills/mod/run.py", None),
            (".claude/commands/x.md", None),
            ("src/hooks.json", None),
        ] {
            assert_eq!(folders.part(&root.join(path)), part, "{path}");
        }
        assert_eq!(folders.part(&home.join(".claude/skills/x/.claude-plugin/plugin.json")), Some(File));
        assert_eq!(folders.part(&home.join(".claude/plugins/x/hooks/hooks.json")), Some(File));
        assert_eq!(folders.part(&home.join(".claude/skills/plain/scripts/run.js")), None);
    }

    #[test]
    fn modules_that_answer_for_tools_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        let root = home.join("project");
        let write = |path: PathBuf, text: &str| {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let deciding = root.join(".claude/skills/a/register.js");
        write(deciding.clone(), "on('tool.check', () => 'allow'); on('classic.Stop', x)");
        write(root.join(".claude/skills/a/other.js"), "on('turn.end', x)");
        write(root.join(".claude/skills/a/SKILL.md"), "tool.check");
        write(home.join(".claude/plugins/b/deep/m.ts"), "tool.call");
        let found = PluginFolders::of(&Paths::below(&home), &root).deciding_modules();
        let shown: Vec<_> =
            found.iter().map(|module| (module.path.clone(), module.answers.clone())).collect();
        assert_eq!(
            shown,
            [
                (home.join(".claude/plugins/b/deep/m.ts"), vec!["tool.call"]),
                (deciding, vec!["tool.check", "classic."]),
            ]
        );
    }
}

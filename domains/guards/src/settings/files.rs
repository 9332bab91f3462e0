//! The files that configure hooks and gates.

use std::path::{Path, PathBuf};

use config::globs;
use config::sources::Level;
use config::types::Names;
use hooks_common::paths::in_project;
use hooks_common::plugins::{PluginFolders, PluginPart};
use platform::path::resolve;

use crate::examined::ExaminedUse;
use crate::objection::Objection;
use crate::touched::is_same;

/// The names of the files, in any folder.
const NAMES: [&str; 5] =
    ["settings.json", "settings.local.json", "requirements.yaml", "requirements.local.yaml", ".rf-optout"];

/// What a file configures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SettingsFileKind {
    /// Claude Code's settings, with Stanchion's hooks.
    Client,
    /// Stanchion's configuration.
    Own(Level),
    /// The mark that excludes the project from `strict_preflight`.
    OptOut,
}

/// The files of a project, with symbolic links resolved.
#[derive(Debug)]
pub(super) struct SettingsFiles {
    files: Vec<(PathBuf, SettingsFileKind)>,
    folders: Vec<PathBuf>,
    state: Vec<PathBuf>,
    plugins: PluginFolders,
}

impl SettingsFiles {
    /// The files that a use of a tool could change. Claude Code also reads the settings of the folder in
    /// which it was started, which may be below the project's root.
    pub(super) fn of(examined: &ExaminedUse<'_>) -> Self {
        let (root, project) = (examined.root(), examined.project);
        let folder = resolve(&examined.tool_use.folder);
        let launched = folder.ancestors().filter(|dir| dir.starts_with(root) && *dir != root);
        let main = project.repository().and_then(|repository| repository.main_worktree());
        // The global file comes first: in a repository at home, the same path is not the project's file.
        let mut files = vec![
            (examined.paths.user_settings(), SettingsFileKind::Client),
            (examined.paths.global_config(), SettingsFileKind::Own(Level::Global)),
        ];
        for dir in launched.chain([root]).chain(main.as_deref()) {
            files.push((in_project::settings(dir), SettingsFileKind::Client));
            files.push((in_project::local_settings(dir), SettingsFileKind::Client));
        }
        let cascade = project.config_files().iter().filter(|file| file.level != Level::Global);
        files.extend(cascade.map(|file| (file.path.clone(), SettingsFileKind::Own(file.level))));
        // A linked work tree uses the main work tree's files until it has its own.
        if main.is_some() {
            files.push((in_project::config(root), SettingsFileKind::Own(Level::Project)));
            files.push((in_project::local_config(root), SettingsFileKind::Own(Level::Local)));
        }
        files.push((in_project::opt_out(root), SettingsFileKind::OptOut));
        let folders = settle(&mut files);
        let mut stores = project.stores().to_vec();
        stores.dedup();
        let kept = stores.iter().flat_map(|store| [store.join("requirements"), store.join("stanchion")]);
        let state = std::iter::once(examined.paths.stanchion_dir().to_owned()).chain(kept);
        let state = state.map(|path| resolve(&path)).collect();
        let plugins = PluginFolders::of(examined.paths, root);
        Self { files, folders, state, plugins }
    }

    /// What a file, whose symbolic links are resolved, configures.
    pub(super) fn kind(&self, file: &Path) -> Option<SettingsFileKind> {
        self.files.iter().find(|(path, _)| is_same(path, file)).map(|(_, kind)| *kind)
    }

    /// Whether a file is part of Stanchion's state or one of its executables.
    pub(super) fn is_state(&self, file: &Path) -> bool {
        self.state.iter().any(|folder| file.starts_with(folder))
    }

    /// The plugin part that a path, whose symbolic links are resolved, is for the client.
    pub(super) fn plugin_part(&self, path: &Path) -> Option<PluginPart> {
        self.plugins.part(path)
    }

    /// Whether a folder is a `.claude` with such files. Replacing it may replace any of them.
    pub(super) fn is_folder(&self, folder: &Path) -> bool {
        self.folders.iter().any(|known| is_same(known, folder))
    }

    /// The files, each with what it configures.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Path, SettingsFileKind)> {
        self.files.iter().map(|(path, kind)| (path.as_path(), *kind))
    }

    /// The folders of Stanchion's state.
    pub(super) fn state(&self) -> impl Iterator<Item = &Path> {
        self.state.iter().map(PathBuf::as_path)
    }
}

/// The finding over a plugin that the client would load at its next start.
pub(super) fn plugin(what: &str) -> Objection {
    Objection::doubtful(
        format!(
            "{what}, a part of a plugin that Claude Code loads when it starts, and a plugin's module can overrule every hook"
        ),
        "let the user decide, who adds plugins by hand",
    )
}

/// Resolves the paths of files and returns their folders. Files of one folder are adjacent, so each folder is
/// resolved once.
fn settle(files: &mut [(PathBuf, SettingsFileKind)]) -> Vec<PathBuf> {
    let (mut parent, mut folders) = (PathBuf::new(), Vec::new());
    for (path, _) in files {
        let Some((folder, name)) = path.parent().zip(path.file_name()) else { continue };
        if folder != parent {
            parent = folder.to_owned();
            folders.push(resolve(folder));
        }
        let place = folders.last().map_or_else(PathBuf::new, |folder| folder.join(name));
        *path = if place.is_symlink() { resolve(&place) } else { place };
    }
    folders
}

/// Whether a file can be one of them, by its name alone.
pub(super) fn may_be(file: &Path, examined: &ExaminedUse<'_>) -> bool {
    let extension = file.extension().unwrap_or_default();
    let is_data = ["json", "yaml", "yml"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    let is_kept = |part: std::path::Component<'_>| {
        part.as_os_str() == "requirements" || part.as_os_str() == "stanchion"
    };
    let is_mark = file.file_name().is_some_and(|name| name.eq_ignore_ascii_case(".rf-optout"));
    let may_be_plugins =
        file.components().any(|part| part.as_os_str() == "skills" || part.as_os_str() == "plugins");
    is_data
        || may_be_plugins
        || is_mark
        || file.components().any(is_kept)
        || file.starts_with(resolve(examined.paths.stanchion_dir()))
}

/// Whether a word of a command line names one of them, or matches one as a wildcard pattern.
pub(super) fn names_one(word: &str) -> bool {
    let word = word.trim_end_matches('/');
    let (folders, name) = word.rsplit_once('/').unwrap_or((".", word));
    let folder = folders.rsplit('/').next().unwrap_or_default();
    let is_open = |part: &str| part.contains(['*', '?', '[', '$']);
    let may_be_ours = matches!(folder, "." | ".." | ".claude") || is_open(folder);
    name == ".claude"
        || may_be_ours && is_named(name)
        || folder == ".claude" && (is_open(name) || name.contains("{}"))
}

/// Whether a path in an unknown folder is one of the files, or in Stanchion's state. A name alone counts only
/// if the words before it lead to a `.claude`.
pub(super) fn is_one_below(path: &str, is_below: bool) -> bool {
    let path = path.trim_end_matches('/');
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_beside = || path.rsplit('/').skip(1).all(|part| matches!(part, "." | ".."));
    leads_to_folder(name)
        || keeps_state(path)
        || is_file(path)
        || is_below && is_beside() && (is_named(name) || name.is_empty() || may_meet_one(name))
}

/// Whether a path is one of the files in a `.claude`.
pub(super) fn is_file(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or_default();
    folders.rsplit('/').next().is_some_and(leads_to_folder) && (is_named(name) || may_meet_one(name))
}

/// Whether a path goes through a `.claude`, or through a wildcard pattern that matches it.
pub(super) fn leads_to_folder(path: &str) -> bool {
    path.split('/').any(|part| part == ".claude" || part.starts_with('.') && meets(part, ".claude"))
}

/// Whether a path ends at a `.claude`.
pub(super) fn ends_in_folder(path: &str) -> bool {
    let mut parts = path.split('/').rev().filter(|part| !matches!(*part, "" | "."));
    parts.next().is_some_and(leads_to_folder) || path.contains("..") && leads_to_folder(path)
}

/// Whether a path is in Stanchion's state.
pub(super) fn keeps_state(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let is_kept = |pair: &[&str]| pair[0] == ".git" && matches!(pair[1], "stanchion" | "requirements");
    parts.contains(&".stanchion") || parts.windows(2).any(is_kept)
}

fn is_named(name: &str) -> bool {
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether a wildcard pattern can match the name of one of the files.
fn may_meet_one(pattern: &str) -> bool {
    NAMES.iter().any(|name| meets(pattern, name))
}

/// Whether a wildcard pattern matches a name; a text without wildcards matches none.
fn meets(pattern: &str, name: &str) -> bool {
    let is_pattern = pattern.contains(['*', '?', '[']);
    is_pattern && globs::matches_real(&Names::of(&[pattern]), Path::new(name), Path::new(""), Path::new(""))
}

/// Whether an unparsed text mentions one of the files.
pub(super) fn speaks_of_one(text: &str) -> bool {
    text.contains(".stanchion") || text.contains(".claude") && NAMES.iter().any(|name| text.contains(name))
}

/// Whether a text contains a word of any of their paths.
pub(super) fn speaks_at_all(text: &str) -> bool {
    [".claude", ".stanchion", ".git/"].iter().any(|word| text.contains(word))
}

/// Whether a text in another language contains the path of one of them in quotes. A name alone counts only in
/// a `.claude`, or next to one.
pub(super) fn quotes_one(text: &str, is_inside: bool) -> bool {
    let names = |path: &str| {
        let path = path.trim_start_matches(['<', '>', '+']);
        !path.contains(char::is_whitespace) && (names_one(path) || keeps_state(path))
    };
    (is_inside || speaks_at_all(text)) && text.split(['"', '\'', '`']).any(names)
}

//! A tool about to run, or just run, and what of it rules look at.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use crate::event::Payload;
use platform::path::expand_tilde;

use shell::{Folder, Script, Write};

/// A use of a tool.
#[derive(Debug)]
pub struct ToolUse<'a> {
    /// The tool.
    pub tool: &'a str,
    /// Bash: the command line.
    pub command: &'a str,
    /// The file it names, absolute.
    pub file: Option<PathBuf>,
    /// The folder it runs in.
    pub folder: PathBuf,
    /// The type of the subagent that uses it; `None` for the session itself.
    pub agent: Option<&'a str>,
    script: OnceCell<Script>,
}

impl<'a> ToolUse<'a> {
    /// A use of `tool` in `folder`.
    pub fn new(
        tool: &'a str,
        command: &'a str,
        file: Option<&Path>,
        folder: PathBuf,
        agent: Option<&'a str>,
    ) -> Self {
        let file = file.map(|file| folder.join(file));
        Self { tool, command, file, folder, agent, script: OnceCell::new() }
    }

    /// The use that a payload is about.
    pub fn of(payload: &'a Payload) -> Self {
        Self::new(
            &payload.tool_name,
            &payload.tool_input.command,
            payload.file(),
            payload.folder(),
            payload.subagent(),
        )
    }

    /// What the command line runs; nothing for other tools than Bash.
    pub fn script(&self) -> &Script {
        self.script
            .get_or_init(|| if self.is_bash() { shell::parse(self.command) } else { Script::default() })
    }

    /// Whether the tool runs a command line.
    pub fn is_bash(&self) -> bool {
        self.tool == "Bash"
    }

    /// The files that a command line writes, absolute; `None` stands for one that the line does not tell.
    pub fn written_files(&self, home: &Path) -> Vec<Option<PathBuf>> {
        self.script().writes().iter().flat_map(|write| self.targets(write, home)).collect()
    }

    /// The files that a command line removes or moves away, absolute, as far as it tells.
    pub fn removed_files(&self, home: &Path) -> Vec<Option<PathBuf>> {
        self.script().removes().iter().flat_map(|write| self.targets(write, home)).collect()
    }

    /// Every file that is known to change: the edited one, or those that a command line writes or removes.
    pub fn changed_files(&self, home: &Path) -> Vec<PathBuf> {
        if !self.is_bash() {
            return self.file.clone().filter(|_| config::tools::is_edit(self.tool)).into_iter().collect();
        }
        self.written_files(home).into_iter().chain(self.removed_files(home)).flatten().collect()
    }

    /// Where a write goes, or what a removal takes, absolute; a target that is a folder now stands for the file in it, if
    /// the line names that. `None` stands for what the line does not tell.
    pub fn targets(&self, write: &Write, home: &Path) -> Vec<Option<PathBuf>> {
        let folder = match &write.folder {
            Folder::Start => Some(self.folder.clone()),
            Folder::In(folder) => Some(self.folder.join(expand_tilde(home, folder))),
            Folder::Unknown => None,
        };
        if let (None, Some(pattern)) = (&write.target, &write.pattern) {
            let base = folder.as_deref().unwrap_or(Path::new(""));
            let pattern = expand_tilde(home, pattern);
            // What a pattern meets now is what it will meet; one that meets nothing tells nothing.
            let met =
                if base.is_absolute() || pattern.is_absolute() { met_by(base, &pattern) } else { Vec::new() };
            return if met.is_empty() { vec![None] } else { met.into_iter().map(Some).collect() };
        }
        let target = write.target.as_ref().map(|target| expand_tilde(home, target));
        let path = match (folder, target) {
            (_, None) => None,
            (_, Some(target)) if target.is_absolute() => Some(target),
            (folder, Some(target)) => folder.map(|folder| folder.join(target)),
        };
        let Some(path) = path else { return vec![None] };
        match &write.inside {
            Some(name) if write.may_be_folder && path.is_dir() => vec![Some(path.join(name))],
            _ => vec![Some(path)],
        }
    }
}

/// The files and folders that a shell's wildcard pattern meets in `folder`, at most a thousand.
fn met_by(folder: &Path, pattern: &Path) -> Vec<PathBuf> {
    const MOST: usize = 1_000;
    let mut met = vec![folder.to_owned()];
    for part in pattern.components() {
        let name = part.as_os_str().to_string_lossy();
        if !name.contains(['*', '?', '[']) {
            met.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        let entries = met.iter().filter_map(|path| std::fs::read_dir(path).ok()).flatten().flatten();
        let is_met = |entry: &std::fs::DirEntry| {
            let entry = entry.file_name();
            // A shell's `*` meets no hidden file.
            let is_hidden = entry.as_encoded_bytes().starts_with(b".") && !name.starts_with('.');
            !is_hidden && fast_glob::glob_match(&*name, &*entry.to_string_lossy())
        };
        met = entries.filter(is_met).map(|entry| entry.path()).take(MOST).collect();
    }
    met.retain(|path| std::fs::symlink_metadata(path).is_ok());
    met
}

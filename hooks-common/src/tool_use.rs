//! A tool use before or after it runs, and the parts of it that rules read.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use crate::event::Payload;
use platform::budget;
use platform::path::expand_tilde;

use shell::{Folder, Script, Write};

/// A use of a tool.
#[derive(Debug)]
pub struct ToolUse<'a> {
    /// The tool.
    pub tool: &'a str,
    /// Bash: the command line.
    pub command: &'a str,
    /// The file in its input, absolute.
    pub file: Option<PathBuf>,
    /// The folder in which it runs.
    pub folder: PathBuf,
    /// The type of the subagent that uses it. `None` for the session itself.
    pub agent: Option<&'a str>,
    script: OnceCell<Script>,
    written: OnceCell<Vec<Option<PathBuf>>>,
    removed: OnceCell<Vec<Option<PathBuf>>>,
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
        Self {
            tool,
            command,
            file,
            folder,
            agent,
            script: OnceCell::new(),
            written: OnceCell::new(),
            removed: OnceCell::new(),
        }
    }

    /// The tool use of a payload.
    pub fn of(payload: &'a Payload) -> Self {
        Self::new(
            &payload.tool_name,
            &payload.tool_input.command,
            payload.file(),
            payload.folder(),
            payload.subagent(),
        )
    }

    /// The parsed command line. Empty for tools other than Bash.
    pub fn script(&self) -> &Script {
        self.script
            .get_or_init(|| if self.is_bash() { shell::parse(self.command) } else { Script::default() })
    }

    /// Whether the tool runs a command line.
    pub fn is_bash(&self) -> bool {
        self.tool == "Bash"
    }

    /// What the command line runs, one command after the other, for as long as the decision's budget lasts. Whoever
    /// decides asks the budget at the end: with a spent one not every command was looked at.
    pub fn commands(&self) -> impl Iterator<Item = &shell::Command> {
        self.script().commands.iter().take_while(|_| !budget::is_spent())
    }

    /// The files that a command line writes, absolute; `None` stands for one that the line does not tell. `home` is the
    /// user's home folder. Several rules ask, and the patterns are looked up once.
    pub fn written_files(&self, home: &Path) -> &[Option<PathBuf>] {
        self.written.get_or_init(|| self.all_targets(shell::Command::writes, home))
    }

    /// The files that a command line removes or moves away, absolute, as far as it tells.
    pub fn removed_files(&self, home: &Path) -> &[Option<PathBuf>] {
        self.removed.get_or_init(|| self.all_targets(shell::Command::removes, home))
    }

    fn all_targets(&self, of: fn(&shell::Command) -> Vec<Write>, home: &Path) -> Vec<Option<PathBuf>> {
        let mut targets = Vec::new();
        for write in self.commands().flat_map(of) {
            if budget::is_spent() || targets.len() > MOST_TARGETS {
                budget::cut(TOO_MANY);
                targets.push(None);
                break;
            }
            targets.extend(self.targets(&write, home));
        }
        targets
    }

    /// All files that are known to change: the edited file, or the files that a command line writes or removes.
    pub fn changed_files(&self, home: &Path) -> Vec<PathBuf> {
        if !self.is_bash() {
            return self.file.clone().filter(|_| config::tools::is_edit(self.tool)).into_iter().collect();
        }
        self.written_files(home).iter().chain(self.removed_files(home)).flatten().cloned().collect()
    }

    /// The absolute paths that a write or a removal affects. If the target is an existing folder and the line names a
    /// file in it, the path is that file. `None` means that the line does not show the path.
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
            if !base.is_absolute() && !pattern.is_absolute() {
                return vec![None];
            }
            let met = met_by(base, &pattern);
            if met.is_cut {
                budget::cut(TOO_MANY);
            }
            let unknown = (met.is_cut || met.paths.is_empty()).then_some(None);
            return met.paths.into_iter().map(Some).chain(unknown).collect();
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

/// The most files that one pattern is followed to.
const MOST_MET: usize = 10_000;
/// The most files that the patterns of one line are followed to.
const MOST_TARGETS: usize = 50_000;

/// What is said where they are more.
const TOO_MANY: &str = "its patterns match more files than are looked at";

/// What a shell's wildcard pattern meets.
struct Met {
    paths: Vec<PathBuf>,
    /// Whether it meets more than was looked at.
    is_cut: bool,
}

/// The files and folders that a shell's wildcard pattern meets in `folder`.
fn met_by(folder: &Path, pattern: &Path) -> Met {
    let mut met = vec![folder.to_owned()];
    let mut is_cut = false;
    for part in pattern.components() {
        let name = part.as_os_str().to_string_lossy();
        if !name.contains(['*', '?', '[']) {
            met.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        let entries = met.iter().filter_map(|path| std::fs::read_dir(path).ok()).flatten().flatten();
        let is_met = |entry: &std::fs::DirEntry| {
            let entry = entry.file_name();
            // A shell's `*` does not match hidden files.
            let is_hidden = entry.as_encoded_bytes().starts_with(b".") && !name.starts_with('.');
            !is_hidden && fast_glob::glob_match(&*name, &*entry.to_string_lossy())
        };
        let mut entries =
            entries.take_while(|_| !budget::is_spent()).filter(is_met).map(|entry| entry.path());
        let found = entries.by_ref().take(MOST_MET).collect();
        is_cut |= entries.next().is_some() || budget::is_spent();
        met = found;
    }
    // A pattern's own entries are there; only names behind a pattern may be missing.
    if !pattern.to_string_lossy().ends_with(['*', '?', ']']) {
        met.retain(|path| !budget::is_spent() && std::fs::symlink_metadata(path).is_ok());
        is_cut |= budget::is_spent();
    }
    Met { paths: met, is_cut }
}

//! The subject of guards: one use of a tool and the file that it names, read at most once.

use std::cell::{OnceCell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::Policy;
use config::tools::is_edit;
use hooks_common::event::Payload;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::tool_use::ToolUse;
use platform::path::resolve;
use platform::store;
use platform::time::Moment;
use shell::Script;

use crate::change;
use crate::error::GuardsError;
use crate::grants::{Grant, Grants, digest_of_file};
use crate::staged::AddedFile;

/// The largest file that is read, in bytes.
pub const LARGEST: u64 = 8 * 1024 * 1024;

/// One use of a tool, with the context that guards need.
#[derive(Debug)]
pub struct ExaminedUse<'a> {
    /// The roots of everything on disk.
    pub paths: &'a Paths,
    /// The project of the event.
    pub project: &'a Project,
    /// The project's policy.
    pub policy: &'a Policy,
    /// The payload that the client sent.
    pub payload: &'a Payload,
    /// The tool; its command line is parsed at most once.
    pub tool_use: ToolUse<'a>,
    /// When the hook began.
    pub now: Moment,
    file: OnceCell<Option<PathBuf>>,
    permits: RefCell<Vec<(String, Grant)>>,
    before: OnceCell<Option<String>>,
    after: OnceCell<Option<String>>,
    commit: OnceCell<Result<Vec<AddedFile>, Arc<GuardsError>>>,
}

impl<'a> ExaminedUse<'a> {
    /// Creates the use that a payload describes.
    pub fn new(
        paths: &'a Paths,
        project: &'a Project,
        policy: &'a Policy,
        payload: &'a Payload,
        now: Moment,
    ) -> Self {
        let tool_use = ToolUse::of(payload);
        Self {
            paths,
            project,
            policy,
            payload,
            tool_use,
            now,
            file: OnceCell::new(),
            permits: RefCell::default(),
            before: OnceCell::new(),
            after: OnceCell::new(),
            commit: OnceCell::new(),
        }
    }

    /// The project's root, with symbolic links resolved.
    pub fn root(&self) -> &Path {
        self.project.root()
    }

    /// The user's home folder.
    pub fn home(&self) -> &Path {
        self.paths.home()
    }

    /// Whether the tool is Bash.
    pub fn is_bash(&self) -> bool {
        self.tool_use.is_bash()
    }

    /// Whether the tool changes the file it names.
    pub fn is_edit(&self) -> bool {
        is_edit(self.tool_use.tool)
    }

    /// The parsed command line; empty for tools other than Bash.
    pub fn script(&self) -> &Script {
        self.tool_use.script()
    }

    /// The file that the tool names, with symbolic links and `..` resolved. It may not exist.
    pub fn file(&self) -> Option<&Path> {
        self.file.get_or_init(|| self.tool_use.file.as_deref().map(resolve)).as_deref()
    }

    /// The current text of the edited file: empty if the file is missing, `None` if it is not text,
    /// too large or not readable.
    pub fn before(&self) -> Option<&str> {
        self.before.get_or_init(|| text_of(self.file()?)).as_deref()
    }

    /// The text of the edited file after the edit; `None` if it cannot be computed, as for notebook
    /// cells.
    pub fn after(&self) -> Option<&str> {
        self.after.get_or_init(|| change::after(self.payload, || self.before())).as_deref()
    }

    /// What the commits on the line would add. `ask` runs on the first call only; the answer is
    /// cached.
    pub(crate) fn commit(
        &self,
        ask: impl FnOnce() -> Result<Vec<AddedFile>, GuardsError>,
    ) -> Result<&[AddedFile], GuardsError> {
        let added = self.commit.get_or_init(|| ask().map_err(Arc::new));
        added.as_deref().map_err(|error| GuardsError::Commit(Arc::clone(error)))
    }

    /// The texts that an edit adds.
    pub fn added(&self) -> Vec<&str> {
        if !self.is_edit() {
            return Vec::new();
        }
        let input = &self.payload.tool_input;
        let edits = input.edits.iter().map(|edit| edit.new.as_str());
        input.content.as_deref().into_iter().chain(edits).collect()
    }

    /// Whether a command of Stanchion permits the edit of a file, whose symbolic links are
    /// resolved. A permit that is used is remembered, and spent once nothing else refuses the tool.
    pub fn is_permitted(&self, file: &Path) -> bool {
        let digest = digest_of_file(file);
        let grant = Grants::of(self.project).permitted(&digest, self.now.epoch());
        let is_held = grant.is_some();
        self.permits.borrow_mut().extend(grant.map(|grant| (digest, grant)));
        is_held
    }

    /// The permits that were used.
    pub(crate) fn into_permits(self) -> Vec<(String, Grant)> {
        self.permits.into_inner()
    }

    /// A path for messages: relative to the project if it is inside.
    pub fn shown<'p>(&self, path: &'p Path) -> std::borrow::Cow<'p, str> {
        path.strip_prefix(self.root()).unwrap_or(path).to_string_lossy()
    }
}

/// A file's text: empty if the file is missing, `None` if it cannot be read as text.
pub fn text_of(path: &Path) -> Option<String> {
    String::from_utf8(store::read_regular(path, LARGEST).ok()?.unwrap_or_default()).ok()
}

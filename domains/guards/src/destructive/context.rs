//! The folders that a destructive command is judged against.

use std::path::Path;

use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::tool_use::ToolUse;

/// The folders of one use of Bash.
#[derive(Debug, Clone, Copy)]
pub struct RunContext<'a> {
    /// The folder it starts in.
    pub folder: &'a Path,
    /// The user's home folder.
    pub home: &'a Path,
    /// The project's root.
    pub project: &'a Path,
}

impl<'a> RunContext<'a> {
    /// The folders of a use of Bash.
    pub fn new(paths: &'a Paths, project: &'a Project, tool_use: &'a ToolUse<'_>) -> Self {
        Self { folder: &tool_use.folder, home: paths.home(), project: project.root() }
    }
}

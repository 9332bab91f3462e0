//! Properties of the client's tools.

/// Whether a tool changes the file in its input.
pub fn is_edit(tool: &str) -> bool {
    matches!(tool, "Edit" | "Write" | "MultiEdit" | "NotebookEdit")
}

//! The client's tools that rules tell apart.

/// Whether a tool changes the file it names.
pub fn is_edit(tool: &str) -> bool {
    matches!(tool, "Edit" | "Write" | "MultiEdit" | "NotebookEdit")
}

//! What wakes the HUD.

use ratatui::crossterm::event::Event as Input;

/// Something that may change what is shown.
#[derive(Debug)]
pub enum Signal {
    /// Files changed.
    Files(TouchedFiles),
    /// A client, or the writer of the document, died.
    Death,
    /// Somebody typed, or the terminal changed its size.
    Input(Input),
    /// Somebody ends us.
    End,
}

/// Which files changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TouchedFiles {
    /// Those of one session, by its directory's name.
    Session(String),
    /// Any: look at everything.
    All,
    /// What sessions are shown with: a branch, requirement state.
    Around,
}

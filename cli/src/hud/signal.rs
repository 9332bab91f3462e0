//! What wakes the HUD.

use ratatui::crossterm::event::Event as Input;

/// An event that may change the screen.
#[derive(Debug)]
pub enum Signal {
    /// Files changed.
    Files(TouchedFiles),
    /// A client, or the writer of the document, died.
    Death,
    /// A key was pressed, or the terminal changed its size.
    Input(Input),
    /// The HUD must end: a signal, or the terminal closed.
    End,
}

/// Which files changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TouchedFiles {
    /// Those of one session, by its directory's name.
    Session(String),
    /// Any: everything is read again.
    All,
    /// Files outside the session directories: a branch, requirement state.
    Around,
}

//! What an installation is made of, and whether it works.
//!
//! The facts stand here once, for the installer that writes them and for whoever judges them: which executable
//! serves which event ([`wiring`]), how our entries look ([`entry`],
//! [`status_line`]), how Claude Code's settings are read
//! ([`settings`]), what an installation recorded ([`record`]). The [`doctor`] judges by them, [`verify`] by what a
//! repository holds alone; both return a [`Report`], which only executables print.

pub mod doctor;
pub mod elf;
pub mod entry;
pub mod firing;
pub mod record;
mod report;
pub mod settings;
pub mod shell_word;
pub mod status_line;
pub mod verify;
pub mod wiring;

pub use report::{Category, Check, Measured, Outcome, Report};

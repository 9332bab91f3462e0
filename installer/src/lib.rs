//! What an installation is made of, how it is wired and unwired, and whether it works.
//!
//! Each fact has one place: which executable serves which event ([`wiring`]), how our entries look ([`entry`],
//! [`status_line`]), how Claude Code's settings are read ([`settings`]), what an installation recorded ([`record`]).
//! [`install`] writes by them and takes back exactly. The [`doctor`] judges by them, [`verify`] by what a repository
//! holds alone; both return a [`Report`].

pub mod doctor;
pub mod elf;
pub mod entry;
pub mod firing;
pub mod install;
pub mod record;
mod report;
pub mod settings;
pub mod shell_word;
pub mod status_line;
pub mod verify;
pub mod wiring;

pub use report::{Category, Check, Measured, Outcome, Report};

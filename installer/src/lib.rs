//! What an installation is made of, how it is wired and unwired, and whether it works. A library: it prints nothing.
//!
//! Each fact has one place: which executable serves which event ([`wiring`]), how our entries look ([`entry`],
//! [`status_line`]), how Claude Code's settings are read ([`settings`]), what an installation recorded ([`record`]).
//! [`install`] writes by them, restores exactly, and returns what it changed. The [`doctor`] checks
//! a machine by them, [`verify`] only what a repository holds; both return a [`CheckReport`].

pub mod doctor;
pub mod elf;
pub mod entry;
mod error;
pub mod firing;
pub mod install;
pub mod record;
mod report;
pub mod settings;
pub mod status_line;
pub mod verify;
pub mod wiring;

pub use error::InstallError;
pub use report::{Category, Check, CheckOutcome, CheckReport, MeasuredExecutable};

//! What an installation is made of, and whether it works.
//!
//! The facts stand here once, for the installer that writes them and for whoever judges them: which executable
//! serves which event ([`wiring`]), how our entries look ([`entry`]), how Claude Code's settings are read
//! ([`settings`]), what an installation recorded ([`record`]).

pub mod elf;
pub mod entry;
pub mod record;
pub mod settings;
pub mod wiring;

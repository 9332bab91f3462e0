//! Readers of the stores that other systems keep. Nothing here writes or deletes, and no hook links this crate.

pub mod capacitor;
mod error;

pub use error::MigrateError;

//! Guards: what a tool is about to do, read from the command it runs, the edit it makes, the file it reads; and how
//! commands ended.
//!
//! Each guard is a module with its name in the configuration; [`table`] has a row for each, [`pre_tool`] asks those that are on
//! and puts what they find together, [`post_tool`] does so after a tool ran. A guard answers with [`objection::Objection`]s: what is
//! wrong, what to do instead, how sure it is. What becomes of that (refused, asked, told, recorded) is the
//! configuration's.

pub mod change;
pub mod destructive;
mod error;
pub mod errors;
mod everyday;
pub mod examined;
pub mod feedback;
pub mod grants;
pub mod large_read;
pub mod loops;
pub mod objection;
pub mod outcome;
pub mod overrides;
pub mod paths;
pub mod patterns;
pub mod post_tool;
pub mod powershell;
pub mod pre_tool;
pub mod projection;
#[cfg(test)]
mod properties;
pub mod protected_content;
pub mod push;
mod record;
pub mod references;
pub mod refusal;
pub mod repository;
pub mod secrets;
pub mod settings;
pub mod sql;
pub mod staged;
pub mod table;
#[cfg(test)]
mod testing;
pub mod tests;
mod touched;

pub use error::GuardsError;
pub use examined::ExaminedUse;
pub use objection::{Certainty, Objection, Raised, Weight};
pub use pre_tool::GuardFindings;
pub use record::{CommandOutcome, GuardRecord, GuardRecords};

//! Guards: built-in rules over what a tool is about to do (its command, its edit, the file that it
//! reads), and over how commands ended.
//!
//! Each guard is a module with its name in the configuration, and a row of [`table`]. [`pre_tool`]
//! runs the enabled guards before a tool runs and combines their findings; [`post_tool`] does so
//! afterwards. A guard returns [`objection::Objection`]s: what is wrong, what to do instead, how
//! certain the finding is. The configuration decides what follows: a refusal, a question, a
//! warning, or a record.

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

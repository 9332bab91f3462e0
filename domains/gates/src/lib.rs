//! Requirement gates: named things that must be satisfied before a tool runs or a turn ends.
//!
//! [`Gates`] is a project's requirements as one session meets them. [`Gates::needs`] answers what a tool needs,
//! [`judge()`] the state of one requirement; every hook and the command line ask them. The other modules are what the
//! events do with the answer.

pub mod briefing;
pub mod carry_over;
pub mod context;
pub mod document;
mod error;
pub mod judge;
pub mod message;
pub mod metrics;
pub mod needed;
pub mod permission;
pub mod phase;
pub mod plan_mode;
pub mod post_tool;
pub mod pre_tool;
pub mod projects;
pub mod protect;
pub mod record;
pub mod refusal;
pub mod reminder;
pub mod replay;
pub mod satisfy;
pub mod session_end;
pub mod stop;
pub mod strict;
pub mod subagent;
pub mod teams;
#[cfg(test)]
mod testing;
pub mod tracking;
pub mod trigger;
pub mod unmarked;
pub mod wip;

pub use context::Gates;
pub use error::GatesError;
pub use hooks_common::decision::RequirementState;
pub use judge::{EvalContext, Judged, judge};
pub use needed::{NeededGate, ToolNeeds};
pub use record::GateRecord;

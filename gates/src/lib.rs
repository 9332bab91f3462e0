//! Requirement gates: named things that must be satisfied before a tool runs or a turn ends.
//!
//! [`view::Gates`] is the one place that answers what is open; every hook and `req` asks it. The other
//! modules are what the events do with the answer.

pub mod briefing;
pub mod carry_over;
pub mod metrics;
pub mod post_tool;
pub mod pre_tool;
pub mod refusal;
pub mod reminder;
pub mod satisfy;
pub mod session_end;
pub mod stop;
pub mod view;

pub use view::{Asked, Gates, Standing, ToolUse, Verdict};

//! Requirement gates: named things that must be satisfied before a tool runs or a turn ends.
//!
//! [`view::Gates`] is the one place that answers what is asked, [`judge()`] the one that answers how a requirement
//! stands; every hook and `req` asks them. The other modules are what the events do with the answer.

pub mod briefing;
pub mod carry_over;
pub mod document;
pub mod judge;
pub mod message;
pub mod metrics;
pub mod permission;
pub mod phase;
pub mod plan_mode;
pub mod post_tool;
pub mod pre_tool;
pub mod projects;
pub mod protect;
pub mod refusal;
pub mod reminder;
pub mod replay;
pub mod satisfy;
pub mod session_end;
pub mod stop;
pub mod strict;
pub mod subagent;
pub mod teams;
pub mod tracking;
pub mod trigger;
pub mod view;
pub mod wip;

pub use hooks_common::tool_use::ToolUse;
pub use judge::{Judged, Situation, Standing, judge};
pub use view::{Asked, Gates, Verdict};

//! A plan must name the work that it belongs to.

use platform::text::fact;

use super::document::{PlanningDocument, is_id};
use crate::objection::Objection;

/// The finding over a plan that names no work; only advice if it never did.
pub fn examine(shown: &str, before: &PlanningDocument, after: &PlanningDocument) -> Option<Objection> {
    let names_work = |document: &PlanningDocument| document.items("backlog_id").any(is_id);
    if names_work(after) {
        return None;
    }
    let what = format!("the plan {} names no work it belongs to", fact(shown));
    let way_out = "add `backlog_id: <id>` to its front matter, with an id such as `E2-001`";
    Some(if before.is_empty || names_work(before) {
        Objection::sure(what, way_out)
    } else {
        Objection::advice(what, way_out)
    })
}

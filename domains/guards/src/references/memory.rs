//! Work that results from an investigation must name what was learned there.

use platform::text::fact;

use super::document::PlanningDocument;
use crate::objection::Objection;

/// Advice about a work document that names an investigation but nothing that was learned.
pub fn examine(shown: &str, after: &PlanningDocument) -> Option<Objection> {
    let is_investigation = |origin: &str| {
        let number = origin.strip_prefix("INV-").or_else(|| origin.strip_prefix("INVESTIGATION-"));
        number.is_some_and(|number| !number.is_empty())
    };
    let origin = after.items("spawned_by").find(|origin| is_investigation(origin))?;
    after.items("memory_refs").next().is_none().then(|| {
        Objection::advice(
            format!("{} comes from {} and names nothing that was learned there", fact(shown), fact(origin)),
            "add `memory_refs: [<ids>]` to its front matter",
        )
    })
}

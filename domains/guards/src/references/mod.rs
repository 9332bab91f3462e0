//! Guard `references`: the references between planning documents. A plan names its work, and an id belongs to
//! one document. Work that results from an investigation names what was learned. Work leaves a node only when
//! that node's criteria are met.
//!
//! The guard reads the front matter of documents as they will be after an edit. After the edit, `validation`
//! reads the whole document and stores what its template requires and the document lacks.

mod document;
mod exit;
mod memory;
mod plan;
mod unique;
pub mod validation;

use config::globs::matches_real;
use config::types::Names;
use config::types::guards::References;

use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::Objection;
use document::PlanningDocument;

/// Whether the guard applies to an edit: documents are Markdown.
pub fn concerns(examined: &ExaminedUse<'_>) -> bool {
    let file = examined.tool_use.file.as_deref();
    let extension = file.and_then(|file| file.extension());
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("md"))
}

/// Returns the guard's findings.
///
/// # Errors
/// If the search for an id did not cover all documents.
pub fn examine(settings: &References, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    let Some(file) = examined.file() else { return Ok(Vec::new()) };
    let is = |globs: &Names| matches_real(globs, file, examined.root(), examined.home());
    let (is_plan, is_work, is_document) = (is(&settings.plans), is(&settings.work), is(&settings.documents));
    if !(is_plan || is_work || is_document) {
        return Ok(Vec::new());
    }
    // An edit that will fail, or does not result in text, cannot be judged.
    let Some(after) = examined.after() else { return Ok(Vec::new()) };
    let before = PlanningDocument::of(examined.before().unwrap_or_default());
    let after = PlanningDocument::of(after);
    let shown = examined.shown(file);
    let mut found = Vec::new();
    if is_plan {
        found.extend(plan::examine(&shown, &before, &after));
    }
    if is_work {
        found.extend(memory::examine(&shown, &after));
        found.extend(exit::examine(examined.root(), file, &before, &after));
    }
    if is_document {
        match unique::examine(&settings.documents, examined, file, &before, &after) {
            Ok(taken) => found.extend(taken),
            Err(error) if found.is_empty() => return Err(error),
            // The error must not hide the findings.
            Err(error) => found.push(Objection::advice(format!("an id was not searched for: {error}"), "")),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;

//! Checks planning documents against their templates after an edit. The errors are stored until they are
//! fixed, and shown at the next prompt.
//!
//! `templates` holds the templates, `check` checks one document, `alerts` stores the errors. The text of a
//! document is never changed.

mod alerts;
mod check;
mod templates;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use config::Policy;
use config::globs::matches_real;
use config::types::Mode;
use config::types::guards::{GuardName, GuardSettings, Placed, References};
use hooks_common::decision::GuardVerdict;
use hooks_common::pause::is_paused_by_person;
use hooks_common::runtime::Hook;
use platform::path::resolve;
use platform::store::{self, Durability, lock};
use platform::text::fact;

use crate::error::GuardsError;
use crate::examined::text_of;
use crate::objection::{Objection, Raised, Weight};
use crate::record::{GuardRecord, GuardRecords, kept};
use crate::refusal;
use alerts::Alerts;
use check::{Checked, check};

/// How many documents a prompt shows.
const MOST_TOLD: usize = 3;
/// How long the check of documents at a prompt may take.
const PATIENCE: Duration = Duration::from_millis(50);

/// PostToolUse of an edit: checks the document as it is now. Errors are stored and shown; the errors of a
/// document that is valid again are removed.
///
/// # Errors
/// If the policy is damaged, or the errors cannot be stored.
pub fn after_edit(hook: &mut Hook, policy: &Policy) -> Result<(), GuardsError> {
    let Some(file) = hook.payload.edited_file().filter(|file| is_markdown(file)).map(resolve) else {
        return Ok(());
    };
    let Some(placed) = policy.guard::<References>()? else {
        return Ok(());
    };
    let root = hook.project().root().to_owned();
    if !is_document(hook, &placed.settings, &file) {
        return Ok(());
    }
    // A file that is not text cannot be checked.
    let Some(found) = text_of(&file).map(|text| redacted(check(&text))) else { return Ok(()) };
    let invalid = found.as_ref().filter(|checked| !checked.errors.is_empty());
    if invalid.is_none() && !alerts::are_pending(&root) {
        return Ok(());
    }
    let shown = shown(&root, &file);
    let done = keep(hook, &file, &shown, found.as_ref()).map_err(GuardsError::Alerts);
    if let Some(checked) = invalid {
        tell(hook, placed, &shown, checked);
    }
    done
}

/// UserPromptSubmit: shows the invalid documents if they changed since the session was last shown them. Each
/// is checked again, because it may have been fixed or removed meanwhile.
///
/// # Errors
/// If the policy is damaged, or the alerts can be neither read nor written.
pub fn at_prompt(hook: &mut Hook) -> Result<(), GuardsError> {
    let Some(dir) = hook.session_dir() else { return Ok(()) };
    let told = dir.file(crate::projection::ALERTS_TOLD);
    let failed = |error| GuardsError::file(&told, error);
    if !alerts::are_pending(hook.project().root()) {
        return store::remove(&told).map(drop).map_err(failed);
    }
    if hook.is_skipped() || is_paused(hook) {
        return Ok(());
    }
    let Some(policy) = hook.policy().filter(Policy::is_enabled) else {
        return Ok(());
    };
    let placed = policy.guard::<References>()?;
    let Some(Placed { settings, .. }) = placed else { return Ok(()) };
    let Some(left) = left(hook, &settings).map_err(GuardsError::Alerts)? else { return Ok(()) };
    if left.is_empty() {
        return store::remove(&told).map(drop).map_err(failed);
    }
    if settings.mode() == Mode::Observe {
        return Ok(());
    }
    let text = summary(&left);
    if store::read(&told).ok().flatten().is_some_and(|before| before == text.as_bytes()) {
        return Ok(());
    }
    hook.answer.add_context(text.clone());
    // A session without a folder yet is shown them again.
    if dir.is_known() {
        dir.refuse_link().map_err(failed)?;
        store::replace(&told, text.as_bytes(), Durability::Rebuildable, 0o600).map_err(failed)?;
    }
    Ok(())
}

/// An invalid document, for display.
struct InvalidDocument {
    shown: String,
    errors: Vec<String>,
}

/// The alerts that remain after the documents are checked again; `None` while another process changes them.
fn left(hook: &Hook, settings: &References) -> std::io::Result<Option<Vec<InvalidDocument>>> {
    let root = hook.project().root();
    let Some(mut alerts) = Alerts::open(hook.project(), lock::HOT, hook.entered.rfc3339())? else {
        return Ok(None);
    };
    let until = Instant::now() + PATIENCE;
    let mut left = Vec::new();
    let known: Vec<_> = alerts.all().map(|alert| (root.join(&alert.file), alert.errors.clone())).collect();
    for (file, errors) in known {
        let shown = shown(root, &file);
        if !is_document(hook, settings, &resolve(&file)) || !file.is_file() {
            alerts.clear(&file);
            continue;
        }
        let text = if Instant::now() < until { text_of(&file) } else { None };
        let errors = match text.map(|text| redacted(check(&text))) {
            Some(Some(checked)) if !checked.errors.is_empty() => {
                alerts.raise(&file, &checked);
                checked.errors
            }
            Some(checked) => {
                settle(&mut alerts, &file, &shown, checked.as_ref())?;
                continue;
            }
            // The document was not checked again, so its stored errors remain.
            None => errors,
        };
        left.push(InvalidDocument { shown, errors });
    }
    alerts.close()?;
    Ok(Some(left))
}

fn summary(left: &[InvalidDocument]) -> String {
    let told = left.iter().take(MOST_TOLD).map(|document| {
        let first = document.errors.first().map_or("", String::as_str);
        let more = match document.errors.len().saturating_sub(1) {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        format!("- {}: {}{more}", fact(&document.shown), fact(first))
    });
    let mut lines = vec!["Planning documents that are not valid by their template:".to_owned()];
    lines.extend(told);
    let more = left.len().saturating_sub(MOST_TOLD);
    if more > 0 {
        lines.push(format!("- and {more} more, in `.claude/pending-alerts.json`"));
    }
    lines.join("\n")
}

/// Stores the errors in the two files.
fn keep(hook: &Hook, file: &Path, shown: &str, found: Option<&Checked>) -> std::io::Result<()> {
    let alerts = Alerts::open(hook.project(), lock::CHANGE, hook.entered.rfc3339())?;
    let Some(mut alerts) = alerts else {
        return Err(std::io::Error::other("others keep the alerts locked, and this check was not recorded"));
    };
    match found {
        Some(checked) if !checked.errors.is_empty() => {
            alerts.log(shown, checked)?;
            alerts.raise(file, checked);
        }
        found if alerts.has(file) => settle(&mut alerts, file, shown, found)?,
        _ => {}
    }
    alerts.close()
}

/// Removes a document's alert. Logs that it is valid, unless it is no longer a planning document.
fn settle(alerts: &mut Alerts, file: &Path, shown: &str, found: Option<&Checked>) -> std::io::Result<()> {
    if let Some(checked) = found {
        alerts.log(shown, checked)?;
    }
    alerts.clear(file);
    Ok(())
}

/// Records the errors, and tells the model unless the guard only observes or a person paused it.
fn tell(hook: &mut Hook, placed: Placed<References>, shown: &str, checked: &Checked) {
    let Placed { place, settings, .. } = placed;
    let what =
        format!("{} is not valid as {}: {}", fact(shown), fact(&checked.template), checked.errors.join("; "));
    let way_out = "write what is missing; a section that has nothing to say says `**SKIPPED:** <reason>`";
    let objection = Objection::advice(what, way_out);
    let raised = Raised {
        guard: GuardName::References,
        weight: objection.weight(settings.mode()),
        message: settings.message().map(str::to_owned),
        place: (place.file, place.line),
        objection,
    };
    let is_paused = is_paused(hook);
    let verdict = if is_paused { GuardVerdict::Paused } else { raised.weight.into() };
    hook.records.get_mut::<GuardRecords>().0.push(GuardRecord::of(&raised, verdict));
    if is_paused || raised.weight == Weight::Observe {
        return;
    }
    hook.answer.add_context(refusal::told(&raised, "which only warns of this"));
}

/// Redacts what is stored and shown of a document.
fn redacted(found: Option<Checked>) -> Option<Checked> {
    let mut found = found?;
    found.errors.iter_mut().for_each(|error| *error = kept(error));
    Some(found)
}

fn is_markdown(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("md"))
}

/// Whether a file, whose symbolic links are resolved, is a planning document of the project.
fn is_document(hook: &Hook, settings: &References, file: &Path) -> bool {
    let root = hook.project().root();
    file.starts_with(root)
        && is_markdown(file)
        && matches_real(&settings.documents, file, root, hook.paths.home())
}

fn shown(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).to_string_lossy().into_owned()
}

fn is_paused(hook: &Hook) -> bool {
    let mark = |key| -> PathBuf { hook.project().state().pause_mark(key) };
    hook.session
        .as_ref()
        .is_some_and(|session| is_paused_by_person(&hook.paths, &mark(session.key()), session.key()))
}

//! The text of a refusal: what is wrong, what to do instead, which guard refuses, and who can allow
//! it.

use std::fmt::Write;
use std::path::Path;

use hooks_common::req::Req;
use hooks_common::runtime::Hook;

use crate::grants::Grant;
use crate::objection::{Certainty, Raised, Weight, asks_nobody};

/// The text that refuses a tool or asks the user about it. `uncovered` is an exception for the same
/// use that does not cover all findings.
pub fn text(hook: &Hook, raised: &[Raised], weight: Weight, code: &str, uncovered: Option<&Grant>) -> String {
    let mut counted: Vec<&Raised> = raised.iter().filter(|one| one.weight >= Weight::Ask).collect();
    // Refusals come before questions.
    counted.sort_by_key(|one| std::cmp::Reverse(one.weight));
    let root = hook.project().root();
    let tool = &hook.payload.tool_name;
    let mut text = String::new();
    for one in &counted {
        let _ = writeln!(text, "{}", said(one));
    }
    text.push_str("\n---\n");
    let _ = match weight {
        Weight::Refuse => writeln!(text, "{tool} was refused before it ran; nothing was changed."),
        _ => writeln!(text, "This cannot be decided in advance, so the user is asked."),
    };
    let in_doubt = counted.iter().all(|one| one.objection.certainty != Certainty::Sure);
    if weight == Weight::Refuse && in_doubt && asks_nobody(&hook.payload.permission_mode) {
        text.push_str("It is in doubt, and in the mode `bypassPermissions` the user would not be asked.\n");
    }
    let mut guards: Vec<String> = counted.iter().map(|one| named(one, root)).collect();
    guards.dedup();
    let _ = write!(text, "Guard: {}", guards.join(", "));
    if let Some(grant) = uncovered {
        let _ = write!(text, "\nWhat was allowed with {} is less: {}", grant.code, grant.reasons.join("; "));
    }
    let req = Req::find(&hook.paths);
    if weight == Weight::Refuse {
        let _ = write!(
            text,
            "\nOnly the user can allow exactly this, once, in a terminal of their own: {}",
            req.call(&format!("allow-once {code}"))
        );
    }
    let session = hook.session.as_ref().map_or("", |session| session.key().as_str());
    let _ = write!(text, "\nTo see why: {}", req.call(&format!("why --last --session {session}")));
    let mut ways: Vec<&str> = counted.iter().map(|one| one.objection.way_out.as_str()).collect();
    ways.retain(|way| !way.is_empty());
    ways.dedup();
    if !ways.is_empty() {
        let _ = write!(text, "\nNext: {}", ways.join("; "));
    }
    text
}

/// The text for the model about an edit that was made and must be changed again.
pub fn after(hook: &Hook, one: &Raised) -> String {
    let root = hook.project().root();
    let mut text = format!("{}\n\n---\nThe edit stands.\nGuard: {}", said(one), named(one, root));
    if !one.objection.way_out.is_empty() {
        let _ = write!(text, "\nNext: {}", one.objection.way_out);
    }
    text
}

/// One line for a warning.
pub fn warning(one: &Raised) -> String {
    told(one, if one.objection.certainty == Certainty::Advice { "as advice" } else { "which only warns" })
}

/// The same line with a remark about the guard.
pub fn told(one: &Raised, of_guard: &str) -> String {
    let way = &one.objection.way_out;
    let way = if way.is_empty() { String::new() } else { format!(" Next: {way}.") };
    format!("{}{way} (guard {}, {of_guard})", said(one), one.guard)
}

/// The configured message, or else the guard's own text.
fn said(one: &Raised) -> String {
    let what = sentence(&one.objection.what);
    match &one.message {
        Some(message) if message.contains("{what}") => message.trim().replace("{what}", &one.objection.what),
        Some(message) => format!("{}\n({what})", message.trim()),
        None => what,
    }
}

/// Turns a clause into a sentence.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

fn named(one: &Raised, root: &Path) -> String {
    let (file, line) = &one.place;
    let file = file.strip_prefix(root).unwrap_or(file);
    format!("{} ({}:{line})", one.guard, file.display())
}

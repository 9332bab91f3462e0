//! The older system's verdicts beside ours, project by project, while both systems write. A difference must be
//! one that was meant before the older system is switched off.

use std::collections::BTreeMap;

use serde::Serialize;

use super::explain::Explainer;
use super::improvement::Improvement;
use super::ours::OurProject;
use super::resolve::{CapacitorVerdict, StoresReader};
use hooks_common::session_state::SessionState;

/// Both sides, project by project.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Every project that either side knows, by path.
    pub projects: Vec<ComparedProject>,
    /// The sums.
    pub totals: ComparisonTotals,
    /// What could not be read of the older system's stores.
    pub problems: Vec<String>,
}

/// One project on both sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedProject {
    /// The project, as we write it if we know it.
    pub path: String,
    /// What the older system shows.
    pub legacy: CapacitorVerdict,
    /// What we show.
    pub ours: OurVerdict,
    /// Whether both show the same state.
    pub agree: bool,
    /// Whether both hold the session to be alive, or not. No matter of agreement, but the next state depends on
    /// it.
    pub same_liveness: bool,
    /// Whether both show the same session, or none.
    pub same_session: bool,
    /// What explains a difference of states.
    pub because: Option<Improvement>,
    /// The same in one sentence.
    pub explanation: Option<&'static str>,
}

/// Our side of a project.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OurVerdict {
    /// The state.
    pub state: SessionState,
    /// Whose state it is.
    pub session_id: Option<String>,
    /// Whether that session is verified to live.
    pub live: bool,
    /// How it was found.
    pub via: String,
    /// The rules that led there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
}

/// How many projects agree.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ComparisonTotals {
    /// All projects.
    pub projects: usize,
    /// Those with the same state on both sides.
    pub agreeing: usize,
    /// Those that differ for a known reason.
    pub explained: usize,
    /// Those that differ for no known reason.
    pub unexplained: usize,
    /// The share of projects that agree, 0 to 1; 1 where there are none.
    pub rate: f64,
    /// The differences by reason.
    pub by_reason: BTreeMap<Improvement, usize>,
}

/// Both sides of every project that either knows. `reader` holds the older system's stores and the moment.
pub fn compare(reader: &StoresReader<'_>, ours: &[OurProject]) -> Comparison {
    let explainer = Explainer::new(reader, ours);
    let mut projects: BTreeMap<_, _> =
        reader.paths().into_iter().map(|(form, path)| (form, OurProject::idle(&path))).collect();
    projects.extend(ours.iter().map(|project| (reader.form(&project.path), project.clone())));
    let projects: Vec<_> =
        projects.into_iter().map(|(form, project)| compared(&explainer, &form, project)).collect();
    Comparison { totals: totals(&projects), projects, problems: reader.stores().problems.clone() }
}

fn compared(explainer: &Explainer<'_>, form: &str, ours: OurProject) -> ComparedProject {
    let legacy = explainer.reader().resolve(&ours.path);
    let agree = legacy.state == ours.state;
    let because = (!agree).then(|| explainer.explain(&legacy, &ours, form));
    ComparedProject {
        agree,
        same_liveness: legacy.is_locked == ours.live,
        same_session: legacy.session_id == ours.session_id,
        because,
        explanation: because.map(Improvement::line),
        legacy,
        path: ours.path,
        ours: OurVerdict {
            state: ours.state,
            session_id: ours.session_id,
            live: ours.live,
            via: ours.via,
            why: ours.why,
        },
    }
}

#[allow(clippy::cast_precision_loss, reason = "nobody has so many projects")]
fn totals(projects: &[ComparedProject]) -> ComparisonTotals {
    let mut totals = ComparisonTotals { projects: projects.len(), rate: 1.0, ..ComparisonTotals::default() };
    for project in projects {
        match project.because {
            None => totals.agreeing += 1,
            Some(Improvement::Unexplained) => totals.unexplained += 1,
            Some(_) => totals.explained += 1,
        }
        if let Some(because) = project.because {
            *totals.by_reason.entry(because).or_default() += 1;
        }
    }
    if totals.projects > 0 {
        totals.rate = totals.agreeing as f64 / totals.projects as f64;
    }
    totals
}

/// Whether the older system surely writes a session's record for such an event. SessionStart is none of these: it
/// is skipped while the session is active.
pub fn is_written_there(event: &str, notification_type: Option<&str>, stop_hook_active: bool) -> bool {
    match event {
        "UserPromptSubmit" | "PreToolUse" | "PostToolUse" | "PermissionRequest" | "PreCompact" => true,
        "Notification" => notification_type == Some("idle_prompt"),
        "Stop" => !stop_hook_active,
        _ => false,
    }
}

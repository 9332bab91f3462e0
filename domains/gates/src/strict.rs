//! `strict_preflight`: no edits in a project that has no enabled requirement.
//!
//! It counts in the global file for projects without any configuration. Off for a process with
//! `RF_STRICT_OFF=true`, and for a project with `.claude/.rf-optout`. The files that end the state may be written.

use crate::error::GatesError;
use config::Policy;
use config::finding::Severity;
use config::tools::is_edit;
use hooks_common::paths::{Paths, in_project};
use hooks_common::project::Project;
use platform::env_vars;
use platform::path::resolve;

use hooks_common::req::Req;
use hooks_common::tool_use::ToolUse;

/// Why a tool use is refused, if it is. `policy` is the project's own.
///
/// # Errors
/// When the stored policy is damaged.
pub fn refusal(
    paths: &Paths,
    project: &Project,
    policy: Option<&Policy>,
    tool_use: &ToolUse<'_>,
) -> Result<Option<String>, GatesError> {
    let rule = match policy {
        Some(policy) => policy.strict().cloned(),
        None => Policy::global(&project.sources(paths)).and_then(|policy| policy.strict().cloned()),
    };
    let Some((file, line)) = rule.filter(|_| changes_project(paths, project, tool_use)) else {
        return Ok(None);
    };
    let Some(lack) = lack(paths, project, policy)? else { return Ok(None) };
    let root = project.root();
    let open = [in_project::local_config(root), in_project::config(root), in_project::opt_out(root)];
    if tool_use.file.as_deref().is_some_and(|file| open.iter().any(|path| resolve(path) == resolve(file))) {
        return Ok(None);
    }
    let req = Req::find(paths);
    Ok(Some(format!(
        "{} was refused before it ran; nothing was changed.\n`strict_preflight` requires an enabled requirement in {}: {lack}.\nRequired: strict_preflight ({}:{line})\nTo keep this project out: create {}\nNext: {}",
        tool_use.tool,
        root.display(),
        file.display(),
        in_project::opt_out(root).display(),
        req.call("init"),
    )))
}

/// What a project lacks under `strict_preflight`; `None` when nothing, or when the rule does not count here.
///
/// # Errors
/// When the stored policy is damaged.
pub fn lack(
    paths: &Paths,
    project: &Project,
    policy: Option<&Policy>,
) -> Result<Option<&'static str>, GatesError> {
    let Some(policy) = policy else {
        let is_strict = Policy::global(&project.sources(paths)).is_some_and(|policy| policy.is_strict());
        return Ok((is_strict && is_in_force(project)).then_some("it has no configuration"));
    };
    if !policy.is_strict() || !is_in_force(project) {
        return Ok(None);
    }
    let failed = |error: config::ConfigError| error.to_string();
    if policy.findings().map_err(failed)?.iter().any(|finding| finding.severity == Severity::Error) {
        return Ok(Some("its configuration has errors"));
    }
    Ok(policy.rules().map_err(failed)?.is_empty().then_some("no requirement is enabled"))
}

fn is_in_force(project: &Project) -> bool {
    let off = env_vars::get(env_vars::RF_STRICT_OFF).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    !off && !in_project::opt_out(project.root()).exists()
}

fn changes_project(paths: &Paths, project: &Project, tool_use: &ToolUse<'_>) -> bool {
    if tool_use.is_bash() {
        let files = tool_use.changed_files(paths.home());
        return files.iter().any(|file| resolve(file).starts_with(project.root()));
    }
    is_edit(tool_use.tool)
}

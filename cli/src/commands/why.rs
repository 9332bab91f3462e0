//! `req why`: what would happen to a tool now, and because of which rule.

use std::io::Write;
use std::path::{Path, PathBuf};

use config::check::nearest;
use config::policy::When;
use config::tools::is_edit;
use config::types::Names;
use gates::trigger::GateExemption;
use gates::{Gates, NeededGate, ToolNeeds, refusal};
use guards::Raised;
use hook_pre_tool::{Findings, ToolEvent, ToolSituation};
use hooks_common::decision::{
    Decision, GuardVerdict, Outcome, RequirementState, Stage, Verdict, Weight, decide,
};
use hooks_common::event::Payload;
use hooks_common::project::Project;
use hooks_common::session_id::{SessionId, SessionKey};
use hooks_common::session_log::SessionDir;
use serde_json::{Value, json};

use super::{json as print_json, why_last};
use crate::cli::WhyArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliResult, Context, bail, note};
use crate::session;

struct WhyInput {
    command: String,
    file: Option<PathBuf>,
    agent: Option<String>,
    /// All of it, where it was given as JSON.
    whole: Option<Value>,
}

impl WhyInput {
    /// Whether guards would check the content of an edit and it was not given.
    fn lacks_content(&self, tool: &str) -> bool {
        self.whole.is_none() && is_edit(tool)
    }
}

/// Explains; a refusal is an answer, not a failure.
pub fn run(arguments: &WhyArgs, out: &mut impl Write) -> CliResult {
    let mut place = CurrentProject::here()?;
    let Some(tool) = arguments.tool.as_deref() else {
        return why_last::run(&place, arguments.session.session.as_deref(), arguments.json.json, out);
    };
    let input = input(tool, arguments.input.as_deref())?;
    check_name(&place, tool)?;
    let folder = std::env::current_dir().context("the current folder is gone")?;
    let file = input.file.as_ref().map(|file| folder.join(file));
    // The hook uses the project of the edited file, so this does too.
    let edited = file.as_deref().filter(|_| is_edit(tool));
    place.project = Project::of_event(&place.paths, edited, &folder);
    let session = session::find_if_any(&place, arguments.session.session.as_deref())?;
    let outcome = explain(&place, tool, &input, &folder, session.as_ref())?;
    if arguments.json.json {
        return print_json(out, &outcome.json);
    }
    for line in outcome.lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// An error for a mistyped tool, which would pass every gate.
fn check_name(place: &CurrentProject, tool: &str) -> CliResult {
    const TOOLS: [&str; 12] = [
        "Agent",
        "Bash",
        "Edit",
        "EnterPlanMode",
        "ExitPlanMode",
        "Glob",
        "Grep",
        "MultiEdit",
        "NotebookEdit",
        "Read",
        "Skill",
        "Write",
    ];
    // Where the policy is damaged the hook decides without its rules, and so does the answer here.
    let rules = place.project.policy(&place.paths).and_then(|policy| policy.rules().ok()).unwrap_or_default();
    let triggers: Vec<_> = rules.iter().flat_map(|rule| rule.requirement.triggers()).collect();
    let known = || TOOLS.into_iter().chain(triggers.iter().map(|trigger| trigger.tool.as_str()));
    let is_known = tool.starts_with("mcp__") || known().any(|name| name == tool);
    let same_letters = known().find(|name| name.eq_ignore_ascii_case(tool));
    match same_letters.or_else(|| nearest(tool, known())).filter(|_| !is_known) {
        Some(near) => bail!("no tool is called `{tool}`; did you mean `{near}`?"),
        None => Ok(()),
    }
}

struct Explanation {
    lines: Vec<String>,
    json: Value,
}

/// What would happen: the hook's own decision, taken without its effects.
fn explain(
    place: &CurrentProject,
    tool: &str,
    input: &WhyInput,
    folder: &Path,
    session: Option<&SessionKey>,
) -> CliResult<Explanation> {
    // The pressure of a context is kept below the session's full id.
    let known = session.and_then(|key| session::full_ids(place, key).pop().map(|(id, _)| id));
    let id = known.or_else(|| SessionId::new(session?.as_str()));
    let mut payload = payload(tool, input, folder)?;
    payload.permission_mode = id.as_ref().map(|id| permission_mode(place, id)).unwrap_or_default();
    let event = ToolEvent {
        paths: &place.paths,
        project: &place.project,
        branch: &place.branch(None),
        payload: &payload,
        session: id.as_ref(),
        now: place.now,
        is_skipped: false,
        is_real: false,
    };
    let policy = place.project.policy(&place.paths);
    let is_guarded =
        policy.as_ref().is_some_and(|policy| policy.is_enabled() && policy.guards().next().is_some());
    let mut situation = ToolSituation::new(event, policy);
    let decision = decide(&mut situation);
    let findings = situation.findings;
    for error in &decision.failures {
        note(error);
    }
    let guards = guard_lines(place, &findings.guards.raised, &decision);
    let mut explanation = told(place, tool, &decision, &findings, &guards, session)?;
    if !guards.is_empty() {
        explanation.json["guards"] = guards.join("\n").trim().into();
        // Guards that refuse or ask come first, after the headline.
        explanation.lines.splice(1..1, guards);
    } else if is_guarded && !decision.refuses() && input.lacks_content(tool) {
        explanation.json["content_judged"] = false.into();
        explanation.lines.push(format!(
            "Guards also check the content, which was not given.\nNext: req why {tool} '{{\"file_path\": …}}' with the tool's whole input."
        ));
    }
    Ok(explanation)
}

/// The permission mode that the session was in last; empty when its log does not say.
fn permission_mode(place: &CurrentProject, session: &SessionId) -> String {
    const RECENT: u64 = 64 * 1024;
    let recent = SessionDir::new(&place.paths, session).read_tail(RECENT).unwrap_or_default();
    let modes = recent.into_iter().map(|event| event.permission_mode);
    modes.rev().find(|mode| !mode.is_empty()).unwrap_or_default()
}

/// What the client would send.
fn payload(tool: &str, input: &WhyInput, folder: &Path) -> CliResult<Payload> {
    let named = || json!({"command": input.command, "file_path": input.file});
    let whole = input.whole.clone().unwrap_or_else(named);
    let mut payload = json!({"tool_name": tool, "tool_input": whole, "cwd": folder});
    if let Some(agent) = &input.agent {
        payload["agent_id"] = "asked".into();
        payload["agent_type"] = agent.as_str().into();
    }
    Ok(Payload::parse(payload.to_string().as_bytes())?)
}

/// What each guard found, with what follows from it: one line a finding.
fn guard_lines(place: &CurrentProject, raised: &[Raised], decision: &Decision) -> Vec<String> {
    let verdicts = decision.guards.iter().map(|(_, verdict)| *verdict);
    raised.iter().zip(verdicts).map(|(raised, verdict)| guard_line(place, raised, verdict)).collect()
}

fn guard_line(place: &CurrentProject, raised: &Raised, verdict: GuardVerdict) -> String {
    let (file, line) = &raised.place;
    let at = format!("{}:{line}", place.shown(file).display());
    let does = match verdict {
        GuardVerdict::Deny => "refuses it",
        GuardVerdict::Ask => "would ask the user",
        GuardVerdict::Warn => "only warns",
        GuardVerdict::Allowed => "is excepted once",
        GuardVerdict::Paused => "is paused",
        _ => "only records",
    };
    format!("  guard {} {does}: {} ({at})", raised.guard, raised.objection.what)
}

/// The decision in words, without the lines of guards.
fn told(
    place: &CurrentProject,
    tool: &str,
    decision: &Decision,
    findings: &Findings,
    guards: &[String],
    session: Option<&SessionKey>,
) -> CliResult<Explanation> {
    let outcome = match decision.verdict {
        Verdict::Pass => "pass",
        Verdict::Ask => "ask",
        Verdict::Refuse => "deny",
    };
    let would = match decision.verdict {
        Verdict::Pass => "pass",
        Verdict::Ask => "need the user's approval",
        Verdict::Refuse => "be refused",
    };
    let reasoned = |text: String| {
        let json = json!({"tool": tool, "outcome": outcome, "reason": text, "requirements": []});
        let lines = if decision.verdict == Verdict::Pass {
            vec![format!("{tool} would {would}: {text}.")]
        } else {
            vec![format!("{tool} would {would}:"), text]
        };
        Explanation { lines, json }
    };
    // The reason of the refusal comes first, whatever else the tool needs.
    if let Some(text) = &findings.strict {
        return Ok(reasoned(text.clone()));
    }
    if let (Some(violation), Some(gates)) = (&findings.violation, &findings.gates) {
        let at =
            gates.policy.protect_cli().map(|(file, line)| format!("{}:{line}", place.shown(file).display()));
        return Ok(reasoned(format!("  {violation} `protect_cli`: {}", at.unwrap_or_default())));
    }
    if let Some(pressure) = &findings.pressure {
        return Ok(reasoned(pressure.text(&place.paths, tool)));
    }
    if decision.is_by(Stage::Closing) {
        let why: Vec<String> = decision.failures.iter().map(ToString::to_string).collect();
        return Ok(reasoned(format!(
            "  it could not be evaluated, and `on_error: deny` is set: {}",
            why.join("; ")
        )));
    }
    if decision.by == [Stage::Guards] {
        let json = json!({"tool": tool, "outcome": outcome, "reason": guards.join("\n"), "requirements": []});
        return Ok(Explanation { lines: vec![format!("{tool} would {would}:")], json });
    }
    let Some(gates) = &findings.gates else {
        return Ok(reasoned(format!("{} has no requirements", place.project.root().display())));
    };
    let needs = match (decision.outcome, &findings.needs) {
        (Outcome::Disabled, _) => return Ok(reasoned("the gates are off (`enabled: false`)".into())),
        (Outcome::Paused, _) => return Ok(reasoned("the gates are paused for this session".into())),
        (_, Some(ToolNeeds::Exempt(GateExemption::Plan))) => {
            return Ok(reasoned("plan files are never gated".into()));
        }
        (_, Some(ToolNeeds::Exempt(GateExemption::CommandLine))) => {
            return Ok(reasoned("the command line itself is never gated".into()));
        }
        (_, None | Some(ToolNeeds::Nothing)) => return Ok(reasoned("no requirement asks for it".into())),
        (_, Some(ToolNeeds::Gates(needs))) => needs,
    };
    let who = session.map_or("a session without a name".to_owned(), |session| format!("session {session}"));
    let mut lines = vec![format!("{tool} would {would} for {who} on {}:", gates.branch)];
    let mut shown = Vec::new();
    for one in needs {
        let rule = gates.policy.rule(&one.gate)?;
        let at = format!("{}:{}", place.shown(&rule.place.file).display(), rule.place.line);
        let requirement = &rule.requirement;
        let state = one.recorded().name();
        lines.push(format!("  {} is {state} ({} scope): {at}", rule.name, requirement.scope));
        lines.push(format!("    asked because {}", reason(one, tool)));
        lines
            .extend(one.judged.detail.iter().map(|detail| format!("    {}", detail.replace('\n', "\n    "))));
        lines.extend(requirement.checklist.iter().map(|item| format!("    - {item}")));
        lines.extend(satisfaction(gates, one));
        shown.push(json!({
            "name": rule.name, "standing": state, "scope": requirement.scope, "mode": requirement.mode,
            "file": rule.place.file, "line": rule.place.line, "because": reason(one, tool),
            "detail": one.judged.detail, "facts": one.judged.facts, "checklist": requirement.checklist,
        }));
    }
    let refusing = needs.iter().filter(|one| one.weight() == Weight::Refuse);
    let rules: Vec<_> = refusing.map(|one| gates.policy.rule(&one.gate)).collect::<Result<_, _>>()?;
    if !rules.is_empty() {
        let session = session.map(ToString::to_string).unwrap_or_default();
        let ways = refusal::ways_on(&rules.iter().collect::<Vec<_>>(), &session);
        lines.extend(ways.iter().map(|way| format!("Next: req {way}")));
    }
    let json = json!({
        "tool": tool, "outcome": outcome, "branch": gates.branch.name(), "policy": gates.policy.hash(),
        "session": session.map(ToString::to_string), "requirements": shown,
    });
    Ok(Explanation { lines, json })
}

fn reason(asked: &NeededGate, tool: &str) -> String {
    if asked.gate.when.is_empty() {
        return format!("every use of {tool} triggers it");
    }
    let told = |when: &When| {
        let mut parts = Vec::new();
        if let Some(pattern) = &when.command {
            let what = if when.raw { "the line matches" } else { "a command matches" };
            parts.push(format!("{what} `{}`", pattern.source()));
        }
        if when.writes {
            parts.push("the line writes a file of the project".to_owned());
        }
        let list = |names: &Names| names.iter().collect::<Vec<_>>().join(" ");
        if !when.files.is_empty() {
            parts.push(format!("the file is one of {}", list(&when.files)));
        }
        if !when.agents.is_empty() {
            parts.push(format!("the agent is one of {}", list(&when.agents)));
        }
        parts.join(" and ")
    };
    asked.gate.when.iter().map(told).collect::<Vec<_>>().join(", or ")
}

fn satisfaction(gates: &Gates, asked: &NeededGate) -> Option<String> {
    let view = gates.view(&asked.gate.name);
    let (by, at, _) = view.satisfaction().filter(|_| asked.judged.state == RequirementState::Satisfied)?;
    Some(format!("    satisfied by {by}, {} ago", platform::time::age(gates.now - at)))
}

/// What the tool would be called with.
fn input(tool: &str, text: Option<&str>) -> CliResult<WhyInput> {
    let text = text.unwrap_or_default();
    if !text.starts_with('{') {
        let is_command = tool == "Bash";
        return Ok(WhyInput {
            command: if is_command { text.to_owned() } else { String::new() },
            file: (!is_command && !text.is_empty()).then(|| text.into()),
            agent: None,
            whole: None,
        });
    }
    let input: Value = serde_json::from_str(text).context("INPUT starts with `{` but is not valid JSON")?;
    let field = |name: &str| input.get(name).and_then(Value::as_str).unwrap_or_default();
    let file = [field("file_path"), field("notebook_path")].into_iter().find(|path| !path.is_empty());
    let agent = Some(field("agent_type")).filter(|agent| !agent.is_empty());
    Ok(WhyInput {
        command: field("command").to_owned(),
        file: file.map(PathBuf::from),
        agent: agent.map(str::to_owned),
        whole: Some(input),
    })
}

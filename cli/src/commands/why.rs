//! `req why`: what would happen to a tool now, and because of which rule.

use std::io::Write;
use std::path::{Path, PathBuf};

use config::check::nearest;
use config::policy::When;
use config::tools::is_edit;
use config::types::Names;
use gates::{Asked, Gates, Standing, ToolUse, Verdict, protect, refusal, strict};
use guards::overrides::is_paused_by_person;
use guards::{Sight, objection};
use hooks_common::event::Payload;
use hooks_common::project::Project;
use hooks_common::session_id::SessionKey;
use serde_json::{Value, json};

use super::{json as print_json, why_last};
use crate::cli::WhyArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult, Context, bail, note};
use crate::session;

struct Input {
    command: String,
    file: Option<PathBuf>,
    agent: Option<String>,
    /// All of it, where it was given as JSON.
    whole: Option<Value>,
}

impl Input {
    /// Whether guards look at something that was not given: what an edit writes.
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
    // The hook takes the project of the edited file, so this does too.
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

/// A mistyped tool would pass every gate.
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
    let rules = place.project.policy(&place.paths).map(|policy| policy.rules()).transpose()?;
    let triggers: Vec<_> =
        rules.unwrap_or_default().iter().flat_map(|rule| rule.requirement.triggers()).collect();
    let known = || TOOLS.into_iter().chain(triggers.iter().map(|trigger| trigger.tool.as_str()));
    let is_known = tool.starts_with("mcp__") || known().any(|name| name == tool);
    let same_letters = known().find(|name| name.eq_ignore_ascii_case(tool));
    match same_letters.or_else(|| nearest(tool, known())).filter(|_| !is_known) {
        Some(near) => bail!("no tool is called `{tool}`; did you mean `{near}`?"),
        None => Ok(()),
    }
}

struct Outcome {
    lines: Vec<String>,
    json: Value,
}

/// What guards have against it. Where only an edit's file was given, what depends on its content is not judged.
fn guarded(
    place: &CurrentProject,
    policy: &config::Policy,
    tool: &str,
    input: &Input,
    folder: &Path,
) -> CliResult<Option<(objection::Verdict, String)>> {
    let named = || json!({"command": input.command, "file_path": input.file});
    let input = input.whole.clone().unwrap_or_else(named);
    let payload = json!({"tool_name": tool, "tool_input": input, "cwd": folder}).to_string();
    let payload = Payload::parse(payload.as_bytes())?;
    let sight = Sight::new(&place.paths, &place.project, policy, &payload, place.now);
    let (raised, failures) = guards::pre_tool::raise(&sight);
    for failure in failures {
        note(format_args!("{failure}"));
    }
    let line = |raised: &objection::Raised| {
        let (file, line) = &raised.place;
        let at = format!("{}:{line}", place.shown(file).display());
        let what = &raised.objection.what;
        let does = match raised.verdict {
            objection::Verdict::Deny => "refuses it",
            objection::Verdict::Ask => "would ask the user",
            objection::Verdict::Warn => "only warns",
            objection::Verdict::Observe => "only records",
        };
        format!("  guard {} {does}: {what} ({at})", raised.guard)
    };
    let worst = raised.iter().map(|one| one.verdict).max();
    let text = || raised.iter().map(line).collect::<Vec<_>>().join("\n");
    Ok(worst.map(|worst| (worst, text())))
}

/// What would happen, by guards and by gates.
fn explain(
    place: &CurrentProject,
    tool: &str,
    input: &Input,
    folder: &Path,
    session: Option<&SessionKey>,
) -> CliResult<Outcome> {
    let policy = place.project.policy(&place.paths).filter(config::Policy::is_enabled);
    let is_paused = session.is_some_and(|session| {
        is_paused_by_person(&place.paths, &place.state().pause_mark(session), session)
    });
    let is_guarded = !is_paused && policy.as_ref().is_some_and(|policy| policy.guards().next().is_some());
    let found = match policy.filter(|_| !is_paused) {
        Some(policy) => guarded(place, &policy, tool, input, folder)?,
        None => None,
    };
    let stopped = |word: &str, outcome: &str, text: String| Outcome {
        json: json!({"tool": tool, "outcome": outcome, "reason": text, "requirements": []}),
        lines: vec![format!("{tool} would be {word}:"), text],
    };
    match found {
        Some((objection::Verdict::Deny, text)) => Ok(stopped("refused", "deny", text)),
        Some((objection::Verdict::Ask, text)) => Ok(stopped("put to the user", "ask", text)),
        Some((_, text)) => {
            let mut outcome = explain_gates(place, tool, input, folder, session)?;
            outcome.json["guards"] = text.trim().into();
            outcome.lines.push(text);
            Ok(outcome)
        }
        None => {
            let mut outcome = explain_gates(place, tool, input, folder, session)?;
            if is_guarded && input.lacks_content(tool) {
                outcome.json["content_judged"] = false.into();
                outcome.lines.push(format!(
                    "What guards say depends on the content, which was not given: req why {tool} '{{\"file_path\": …}}' with all of the tool's input."
                ));
            }
            Ok(outcome)
        }
    }
}

fn explain_gates(
    place: &CurrentProject,
    tool: &str,
    input: &Input,
    folder: &Path,
    session: Option<&SessionKey>,
) -> CliResult<Outcome> {
    let passes = |reason: String| Outcome {
        lines: vec![format!("{tool} would pass: {reason}.")],
        json: json!({"tool": tool, "outcome": "pass", "reason": reason, "requirements": []}),
    };
    let refused = |reason: String| Outcome {
        lines: vec![format!("{tool} would be refused:"), reason.clone()],
        json: json!({"tool": tool, "outcome": "deny", "reason": reason, "requirements": []}),
    };
    let tool_use =
        ToolUse::new(tool, &input.command, input.file.as_deref(), folder.to_owned(), input.agent.as_deref());
    let policy = place.project.policy(&place.paths);
    if let Some(reason) =
        strict::refusal(&place.paths, &place.project, policy.as_ref(), &tool_use).map_err(CliError::system)?
    {
        return Ok(refused(reason));
    }
    if policy.is_none() {
        return Ok(passes(format!("{} has no requirements", place.project.root().display())));
    }
    let gates = place.gates(place.branch(None), session.cloned())?;
    if !gates.policy.is_enabled() {
        return Ok(passes("the gates are off (`enabled: false`)".into()));
    }
    if session.is_some_and(|session| gates.dir.pause_mark(session).exists()) {
        return Ok(passes("the gates are paused for this session".into()));
    }
    if let (Some((file, line)), Some(violation)) =
        (gates.policy.protect_cli(), protect::violation(&place.paths, &place.project, &tool_use))
    {
        return Ok(refused(format!("  {violation} `protect_cli`: {}:{line}", place.shown(file).display())));
    }
    let verdict = gates.verdict(&place.paths, &place.project, &tool_use)?;
    let asked = match &verdict {
        Verdict::NotAsked => return Ok(passes("no requirement asks for it".into())),
        Verdict::Exempt("plan") => return Ok(passes("plan files are never gated".into())),
        Verdict::Exempt(_) => return Ok(passes("`req` itself is never gated".into())),
        Verdict::Asked(asked) => asked,
    };
    let refusing = verdict.refusing();
    let who = session.map_or("a session without a name".to_owned(), |session| format!("session {session}"));
    let mut lines = vec![if refusing.is_empty() {
        format!("{tool} would pass for {who} on {}:", gates.branch)
    } else {
        format!("{tool} would be refused for {who} on {}:", gates.branch)
    }];
    let mut shown = Vec::new();
    for asked in asked {
        let rule = gates.policy.rule(&asked.gate)?;
        let at = format!("{}:{}", place.shown(&rule.place.file).display(), rule.place.line);
        let requirement = &rule.requirement;
        lines.push(format!("  {} is {} ({} scope): {at}", rule.name, asked.word(), requirement.scope));
        lines.push(format!("    asked because {}", reason(asked, tool)));
        lines.extend(
            asked.judged.detail.iter().map(|detail| format!("    {}", detail.replace('\n', "\n    "))),
        );
        lines.extend(requirement.checklist.iter().map(|item| format!("    - {item}")));
        lines.extend(satisfaction(&gates, asked));
        shown.push(json!({
            "name": rule.name, "standing": asked.word(), "scope": requirement.scope, "mode": requirement.mode,
            "file": rule.place.file, "line": rule.place.line, "because": reason(asked, tool),
            "detail": asked.judged.detail, "facts": asked.judged.facts, "checklist": requirement.checklist,
        }));
    }
    if !refusing.is_empty() {
        let rules: Result<Vec<_>, _> = refusing.iter().map(|asked| gates.policy.rule(&asked.gate)).collect();
        let rules = rules?;
        let session = session.map(ToString::to_string).unwrap_or_default();
        let ways = refusal::ways_on(&rules.iter().collect::<Vec<_>>(), &session);
        lines.extend(ways.iter().map(|way| format!("To go on: req {way}")));
    }
    let outcome = if refusing.is_empty() { "pass" } else { "deny" };
    let json = json!({
        "tool": tool, "outcome": outcome, "branch": gates.branch.name(), "policy": gates.policy.hash(),
        "session": session.map(ToString::to_string), "requirements": shown,
    });
    Ok(Outcome { lines, json })
}

fn reason(asked: &Asked, tool: &str) -> String {
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

fn satisfaction(gates: &Gates, asked: &Asked) -> Option<String> {
    let view = gates.state.view(&asked.gate.name, gates.session.as_ref());
    let (by, at, _) = view.satisfaction().filter(|_| asked.judged.standing == Standing::Satisfied)?;
    Some(format!("    satisfied by {by}, {} ago", platform::time::age(gates.now - at)))
}

/// What the tool would be called with.
fn input(tool: &str, text: Option<&str>) -> CliResult<Input> {
    let text = text.unwrap_or_default();
    if !text.starts_with('{') {
        let is_command = tool == "Bash";
        return Ok(Input {
            command: if is_command { text.to_owned() } else { String::new() },
            file: (!is_command && !text.is_empty()).then(|| text.into()),
            agent: None,
            whole: None,
        });
    }
    let input: Value = serde_json::from_str(text).context("INPUT starts with `{` and is no JSON")?;
    let field = |name: &str| input.get(name).and_then(Value::as_str).unwrap_or_default();
    let file = [field("file_path"), field("notebook_path")].into_iter().find(|path| !path.is_empty());
    let agent = Some(field("agent_type")).filter(|agent| !agent.is_empty());
    Ok(Input {
        command: field("command").to_owned(),
        file: file.map(PathBuf::from),
        agent: agent.map(str::to_owned),
        whole: Some(input),
    })
}

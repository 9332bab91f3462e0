//! `req why`: what would happen to a tool now, and because of which rule.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use gates::{Gates, Standing, ToolUse, Verdict};
use hooks_common::event::is_edit_tool;
use hooks_common::project::Project;
use serde_json::{Value, json};

use super::json as print_json;
use crate::cli::Why;
use crate::place::Place;
use crate::session;

struct Input {
    command: String,
    file: Option<PathBuf>,
}

/// Explains; a refusal is an answer, not a failure.
pub fn run(arguments: &Why, out: &mut impl Write) -> anyhow::Result<()> {
    let mut place = Place::here()?;
    let input = input(&arguments.tool, arguments.input.as_deref())?;
    let folder = std::env::current_dir().context("the current folder is gone")?;
    let file = input.file.as_ref().map(|file| folder.join(file));
    // The hook takes the project of the edited file, so this does too.
    let edited = file.as_deref().filter(|_| is_edit_tool(&arguments.tool));
    place.project = Project::of_event(&place.paths, edited, &folder);
    let session = session::find_if_any(&place, arguments.session.session.as_deref())?;
    let outcome = explain(&place, arguments, &input, file.as_deref(), session.as_ref())?;
    if arguments.json.json {
        return print_json(out, &outcome.json);
    }
    for line in outcome.lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

struct Outcome {
    lines: Vec<String>,
    json: Value,
}

fn explain(
    place: &Place,
    arguments: &Why,
    input: &Input,
    file: Option<&Path>,
    session: Option<&hooks_common::session_id::SessionKey>,
) -> anyhow::Result<Outcome> {
    let tool = &arguments.tool;
    let passes = |reason: String| Outcome {
        lines: vec![format!("{tool} would pass: {reason}.")],
        json: json!({"tool": tool, "outcome": "pass", "reason": reason, "requirements": []}),
    };
    if !place.project.is_configured() {
        return Ok(passes(format!("{} has no requirements", place.project.root().display())));
    }
    let gates = place.gates(place.branch(None), session.cloned())?;
    if !gates.policy.is_enabled() {
        return Ok(passes("the gates are off (`enabled: false`)".into()));
    }
    if session.is_some_and(|session| gates.dir.pause_mark(session).exists()) {
        return Ok(passes("the gates are paused for this session".into()));
    }
    let tool_use = ToolUse { tool, command: &input.command, file };
    let verdict = gates.verdict(&place.paths, place.project.root(), &tool_use).map_err(anyhow::Error::msg)?;
    let asked = match &verdict {
        Verdict::NotAsked => return Ok(passes("no requirement asks for it".into())),
        Verdict::Exempt("plan") => return Ok(passes("plan files are never gated".into())),
        Verdict::Exempt(_) => return Ok(passes("`req` itself is never gated".into())),
        Verdict::Asked(asked) => asked,
    };
    let open = verdict.open();
    let who = session.map_or("a session without a name".to_owned(), |session| format!("session {session}"));
    let mut lines = vec![if open.is_empty() {
        format!("{tool} would pass for {who} on {}:", gates.branch)
    } else {
        format!("{tool} would be refused for {who} on {}:", gates.branch)
    }];
    let mut shown = Vec::new();
    for asked in asked {
        let rule = gates.policy.rule(&asked.gate)?;
        let at = format!("{}:{}", place.shown(&rule.place.file).display(), rule.place.line);
        lines.push(format!(
            "  {} is {} ({} scope): {at}",
            rule.name,
            asked.standing.name(),
            rule.requirement.scope
        ));
        lines.push(format!("    asked because {}", reason(asked, tool)));
        lines.extend(satisfaction(&gates, asked));
        shown.push(json!({
            "name": rule.name, "standing": asked.standing.name(), "scope": rule.requirement.scope,
            "file": rule.place.file, "line": rule.place.line, "because": reason(asked, tool),
        }));
    }
    if !open.is_empty() {
        let names: Vec<_> = open.iter().map(|asked| asked.gate.name.as_str()).collect();
        let flag = session.map_or(String::new(), |session| format!(" --session {session}"));
        lines.push(format!("To go on: req satisfy {}{flag}", names.join(" ")));
    }
    let outcome = if open.is_empty() { "pass" } else { "deny" };
    let json = json!({
        "tool": tool, "outcome": outcome, "branch": gates.branch.name(), "policy": gates.policy.hash(),
        "session": session.map(ToString::to_string), "requirements": shown,
    });
    Ok(Outcome { lines, json })
}

fn reason(asked: &gates::Asked, tool: &str) -> String {
    let patterns: Vec<_> =
        asked.gate.patterns.iter().map(|pattern| format!("`{}`", pattern.source())).collect();
    if patterns.is_empty() {
        format!("every use of {tool} triggers it")
    } else {
        format!("the command matches {}", patterns.join(" or "))
    }
}

fn satisfaction(gates: &Gates, asked: &gates::Asked) -> Option<String> {
    let view = gates.state.view(&asked.gate.name, gates.session.as_ref());
    let (by, at, _) = view.satisfaction().filter(|_| asked.standing == Standing::Satisfied)?;
    Some(format!("    satisfied by {by}, {} ago", hooks_common::time::age(gates.now - at)))
}

/// What the tool would be called with.
fn input(tool: &str, text: Option<&str>) -> anyhow::Result<Input> {
    let text = text.unwrap_or_default();
    if !text.starts_with('{') {
        let is_command = tool == "Bash";
        return Ok(Input {
            command: if is_command { text.to_owned() } else { String::new() },
            file: (!is_command && !text.is_empty()).then(|| text.into()),
        });
    }
    let input: Value = serde_json::from_str(text).context("INPUT starts with `{` and is no JSON")?;
    let field = |name: &str| input.get(name).and_then(Value::as_str).unwrap_or_default();
    let file = [field("file_path"), field("notebook_path")].into_iter().find(|path| !path.is_empty());
    Ok(Input { command: field("command").to_owned(), file: file.map(PathBuf::from) })
}

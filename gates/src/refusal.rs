//! What a refusal says: why, what to do next, and where the rule stands.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use config::Rule;
use hooks_common::env_vars;
use hooks_common::paths::Paths;
use hooks_common::text::fact;

use crate::view::{Asked, Gates, ToolUse};

/// How `req` is called from where the reader stands.
#[derive(Debug, Clone)]
pub struct Req(String);

impl Req {
    /// `req` where the shell finds it, else the absolute path of the one beside this executable, else the
    /// installed one.
    pub fn find(paths: &Paths) -> Self {
        let search = env_vars::get_os(env_vars::PATH).unwrap_or_default();
        if std::env::split_paths(&search).any(|dir| dir.is_absolute() && dir.join("req").is_file()) {
            return Self("req".to_owned());
        }
        let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("req")));
        let known = [beside, Some(paths.bin().join("req"))].into_iter().flatten().find(|path| path.is_file());
        Self(known.map_or_else(|| "req".to_owned(), |path| shell_word(&path)))
    }

    /// A call.
    pub fn call(&self, arguments: &str) -> String {
        format!("{} {arguments}", self.0)
    }
}

/// A path as one word of a shell.
fn shell_word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | '@' | ':');
    if text.chars().all(plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// The refusal of a tool.
///
/// # Errors
/// When the stored policy is damaged.
pub fn tool(
    gates: &Gates,
    open: &[&Asked],
    root: &Path,
    tool_use: &ToolUse<'_>,
    req: &Req,
) -> Result<String, String> {
    let rules: Result<Vec<Rule>, _> = open.iter().map(|asked| gates.policy.rule(&asked.gate)).collect();
    let rules = rules.map_err(|error| error.to_string())?;
    let session = gates.session.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut text = String::new();
    match rules.as_slice() {
        [rule] => text.push_str(&message(rule, &session)),
        _ => {
            let _ = writeln!(text, "{} requirements are open before {} may run.", rules.len(), tool_use.tool);
            text.push_str(&ways_out(&rules));
        }
    }
    text.truncate(text.trim_end().len());
    let _ = write!(
        text,
        "\n\n---\n{} was refused before it ran; nothing was changed.\nRequired: {}\nTo go on: {}\nTo see why: {}",
        tool_use.tool,
        rules
            .iter()
            .map(|rule| format!("{} ({} scope, {})", rule.name, rule.requirement.scope, place(rule, root)))
            .collect::<Vec<_>>()
            .join(", "),
        req.call(&satisfy(&rules, &session)),
        req.call(&why(tool_use)),
    );
    Ok(text)
}

/// The refusal of a turn's end.
pub fn stop(rules: &[Rule], session: &str, root: &Path, req: &Req) -> String {
    let mut text =
        String::from("This turn did something that needs these requirements, and they are open.\n");
    for rule in rules {
        let _ = writeln!(text, "\n{} ({} scope, {})", rule.name, rule.requirement.scope, place(rule, root));
        if rule.requirement.message.is_some() {
            let _ = writeln!(text, "{}", message(rule, session));
        }
    }
    text.push_str(&ways_out(rules));
    let _ = write!(text, "\nTo go on: {}", req.call(&satisfy(rules, session)));
    text
}

/// `satisfy` with every name and the session.
pub fn satisfy(rules: &[Rule], session: &str) -> String {
    let names: Vec<_> = rules.iter().map(|rule| rule.name.as_str()).collect();
    format!("satisfy {} --session {session}", names.join(" "))
}

/// The configured message with its placeholders replaced, or what to do when there is none.
pub fn message(rule: &Rule, session: &str) -> String {
    let skill = rule.requirement.auto_resolve_skill.as_deref().unwrap_or_default();
    let short = skill.rsplit(':').next().unwrap_or_default().trim_start_matches('/');
    if let Some(message) = &rule.requirement.message {
        return message.trim().replace("{auto_resolve_skill}", short).replace("{session_id}", session);
    }
    let what = rule.requirement.description.as_deref().unwrap_or("It is not satisfied.");
    let mut text = format!("Requirement {} is open: {what}", rule.name);
    if !skill.is_empty() {
        let _ = write!(text, "\nRun the skill /{}.", skill.trim_start_matches('/'));
    }
    text
}

/// The skills that lead out, each once, with what each leads to.
fn ways_out(rules: &[Rule]) -> String {
    let mut skills: Vec<(&str, Vec<&str>)> = Vec::new();
    for rule in rules {
        let Some(skill) = rule.requirement.auto_resolve_skill.as_deref() else { continue };
        let skill = skill.trim_start_matches('/');
        match skills.iter_mut().find(|(known, _)| *known == skill) {
            Some((_, names)) => names.push(&rule.name),
            None => skills.push((skill, vec![&rule.name])),
        }
    }
    skills.iter().fold(String::new(), |mut text, (skill, names)| {
        let _ = write!(text, "\nRun /{skill} for {}.", names.join(", "));
        text
    })
}

/// Where a rule stands, relative to the project where it lies inside.
pub fn place(rule: &Rule, root: &Path) -> String {
    let file = rule.place.file.strip_prefix(root).map_or_else(|_| rule.place.file.clone(), PathBuf::from);
    format!("{}:{}", file.display(), rule.place.line)
}

/// `why` with the tool and what was asked of it, as one can type it.
fn why(tool_use: &ToolUse<'_>) -> String {
    if tool_use.tool == "Bash" {
        return "why Bash '<command>'".to_owned();
    }
    match tool_use.file {
        Some(file) => {
            let word = shell_word(file);
            // A name with control characters is shown as a fact, not as something to type.
            let word = if word.chars().any(char::is_control) { fact(&word) } else { word };
            format!("why {} {word}", tool_use.tool)
        }
        None => format!("why {}", tool_use.tool),
    }
}

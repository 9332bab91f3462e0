//! What a refusal says: why, what to do next, and where the rule stands.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use config::Rule;
use config::messages::MessageDirs;
use config::types::Kind;
use hooks_common::decision::{RequirementState, Weight};
use hooks_common::req::Req;

use crate::context::Gates;
use crate::judge::{EvalContext, Judged};
use crate::message::{Placeholders, body, first_line};

/// The most requirements that are told one by one.
const MOST_NAMED: usize = 20;

/// One requirement that refuses.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The requirement.
    pub rule: Rule,
    /// Why.
    pub judged: Judged,
}

impl Refused {
    /// What it does to the event.
    pub fn weight(&self) -> Weight {
        self.judged.state.weight(self.rule.requirement.mode, self.rule.closes_on_error)
    }
}

/// Writes refusals for one session in one project.
#[derive(Debug)]
pub struct Writer<'a> {
    gates: &'a Gates,
    situation: &'a EvalContext<'a>,
    messages: MessageDirs,
    session: String,
}

impl<'a> Writer<'a> {
    /// For the session and project of `gates`.
    pub fn new(gates: &'a Gates, situation: &'a EvalContext<'a>) -> Self {
        Self {
            gates,
            situation,
            messages: situation.paths.message_dirs(situation.project.root()),
            session: gates.session.as_ref().map(ToString::to_string).unwrap_or_default(),
        }
    }

    /// How `req` is called. It is looked for on PATH, so only a refusal asks.
    fn req(&self) -> Req {
        Req::find(self.situation.paths)
    }

    /// The refusal of a tool. One that repeats a refusal of a moment ago is short.
    pub fn tool(&self, refused: &[Refused], tool: &str, is_repeated: bool) -> String {
        let mut text = String::new();
        match refused {
            [one] if is_repeated => text.push_str(&self.short(one)),
            [one] => text.push_str(&self.body(one)),
            _ => {
                let _ = writeln!(text, "{} requirements are open before {tool} may run.", refused.len());
                for one in refused.iter().take(MOST_NAMED) {
                    let said = self.body(one);
                    let _ = write!(text, "\n- {}: {}", one.rule.name, first_line(&said));
                }
                text.push_str(&ways_out(refused));
            }
        }
        text.truncate(text.trim_end().len());
        let _ = write!(text, "\n\n---\n{tool} was refused before it ran; nothing was changed.");
        self.required(refused, &mut text);
        let _ = write!(
            text,
            "\nTo see why: {}",
            self.req().call(&format!("why --last --session {}", self.session))
        );
        self.next(refused, &mut text);
        text
    }

    /// The refusal of a turn's end.
    pub fn stop(&self, refused: &[Refused]) -> String {
        let mut text =
            String::from("This turn did something that needs these requirements, and they are open.\n");
        for one in refused {
            let _ = writeln!(text, "\n{}", self.body(one));
        }
        text.push_str(&ways_out(refused));
        text.push_str("\n---");
        self.required(refused, &mut text);
        self.next(refused, &mut text);
        text
    }

    /// Which rules refuse.
    fn required(&self, refused: &[Refused], text: &mut String) {
        let root = self.situation.project.root();
        let named = |one: &Refused| {
            format!("{} ({} scope, {})", one.rule.name, one.rule.requirement.scope, place(&one.rule, root))
        };
        let names: Vec<String> = refused.iter().take(MOST_NAMED).map(named).collect();
        let _ = write!(text, "\nRequired: {}", names.join(", "));
        if refused.len() > MOST_NAMED {
            let _ = write!(text, " and {} more (`req status`)", refused.len() - MOST_NAMED);
        }
    }

    /// What to do: the last line.
    fn next(&self, refused: &[Refused], text: &mut String) {
        let lacks_more = |one: &&Refused| one.judged.facts.get("given") == Some(&true.into());
        let failed = |one: &&Refused| one.judged.state == RequirementState::Failed;
        let waiting: Vec<&Refused> = refused.iter().filter(|one| !lacks_more(one) && !failed(one)).collect();
        if waiting.is_empty() {
            let way = if refused.iter().any(|one| failed(&one)) {
                "fix what could not be evaluated (see `req doctor`), then try again"
            } else {
                "complete the evidence named above, then try again"
            };
            let _ = write!(text, "\nNext: {way}");
            return;
        }
        let command = match waiting.as_slice() {
            [one] => {
                self.messages.messages(&one.rule.name, one.rule.requirement.kind).fallback_text.map(|text| {
                    Placeholders::of(&one.rule, &one.judged.facts, &self.session, self.gates.branch.name())
                        .fill(text.trim())
                })
            }
            _ => None,
        };
        let rules: Vec<&Rule> = waiting.iter().map(|one| &one.rule).collect();
        let mut commands = match command {
            Some(command) => vec![command],
            None => ways_on(&rules, &self.session).iter().map(|way| self.req().call(way)).collect(),
        };
        let command = commands.remove(0);
        for command in commands {
            let _ = write!(text, "\nConditions and limits: the user may approve an exception with {command}");
        }
        if self.gates.policy.protects_cli() {
            let _ = write!(
                text,
                "\nDo not run it yourself: `protect_cli` refuses that.\nNext: ask the user, who runs in a terminal of their own: {command}"
            );
        } else {
            let _ = write!(text, "\nNext: {command}");
        }
    }

    /// What is said about one requirement.
    pub fn body(&self, one: &Refused) -> String {
        let messages = self.messages.messages(&one.rule.name, one.rule.requirement.kind);
        let placeholders =
            Placeholders::of(&one.rule, &one.judged.facts, &self.session, self.gates.branch.name());
        body(&one.rule, &one.judged, &messages, &placeholders)
    }

    fn short(&self, one: &Refused) -> String {
        let messages = self.messages.messages(&one.rule.name, one.rule.requirement.kind);
        let short = messages.short_message.or_else(|| one.rule.requirement.short_message.clone());
        let placeholders =
            Placeholders::of(&one.rule, &one.judged.facts, &self.session, self.gates.branch.name());
        match short {
            Some(short) => placeholders.fill(short.trim()),
            None => format!("{} is still open, as the refusal just before says.", one.rule.name),
        }
    }
}

/// The calls of `req` that lead on: `satisfy` for what can be satisfied, `approve` for conditions and limits that a
/// person may set aside.
pub fn ways_on(rules: &[&Rule], session: &str) -> Vec<String> {
    let flag = if session.is_empty() { String::new() } else { format!(" --session {session}") };
    let call = |verb: &str, is_meant: &dyn Fn(&Rule) -> bool| {
        let names: Vec<_> =
            rules.iter().filter(|rule| is_meant(rule)).map(|rule| rule.name.as_str()).collect();
        (!names.is_empty()).then(|| format!("{verb} {}{flag}", names.join(" ")))
    };
    let is_blocking = |rule: &Rule| rule.requirement.kind == Kind::Blocking;
    [call("satisfy", &is_blocking), call("approve", &|rule| !is_blocking(rule))]
        .into_iter()
        .flatten()
        .collect()
}

/// The skills that lead out, each once, with what each leads to.
fn ways_out(refused: &[Refused]) -> String {
    let mut skills: Vec<(&str, Vec<&str>)> = Vec::new();
    for one in refused {
        let Some(skill) = one.rule.requirement.auto_resolve_skill.as_deref() else { continue };
        let skill = skill.trim_start_matches('/');
        match skills.iter_mut().find(|(known, _)| *known == skill) {
            Some((_, names)) => names.push(&one.rule.name),
            None => skills.push((skill, vec![&one.rule.name])),
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

//! The part of a tool's input and response that the log keeps: planned tasks, started agents, questions to the user.
//! Each text is redacted, one line, and limited in length.

use serde::{Deserialize, Serialize};

use crate::event::{Payload, TaskInput};
use platform::text::{cut_bytes, one_line};
use redact::redact;

/// The most tasks of a list that are kept.
const MOST_TASKS: usize = 40;
/// The longest text of a task, in bytes.
const LONGEST_SUBJECT: usize = 100;
/// The most characters of an agent's prompt that are kept.
const LONGEST_PROMPT: usize = 100;
/// The most answers of the user that are kept.
const MOST_ANSWERS: usize = 4;
/// The longest question or answer, in bytes.
const LONGEST_ANSWER: usize = 200;

/// The kept part of a tool's input and response.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// Read: the number of lines in the file.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub total_lines: u64,
    /// TodoWrite: the whole list. TaskCreate, TaskUpdate: the one task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<LoggedTask>,
    /// Whether `tasks` is the whole list and replaces the previous one, even if it is empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_whole_list: bool,
    /// Agent: the agent that was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<LoggedAgent>,
    /// AskUserQuestion: each question with its answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<(String, String)>,
}

/// A task. Fields that the event does not contain are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedTask {
    /// The task's number; todos have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The task's subject.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// `pending`, `in_progress`, `completed`, `deleted`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub status: String,
}

/// An agent that a session started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedAgent {
    /// Its type.
    pub name: String,
    /// Its purpose.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The beginning of its prompt.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prompt: String,
    /// The host's id for it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
}

impl Detail {
    /// The kept part of a tool use. `None` for most tools.
    pub(super) fn of(payload: &Payload) -> Option<Box<Self>> {
        let (input, response) = (&payload.tool_input, &payload.tool_response);
        if response.has_failed {
            return None;
        }
        let detail = match payload.tool_name.as_str() {
            "Read" if response.total_lines > 0 => {
                Self { total_lines: response.total_lines, ..Self::default() }
            }
            "TodoWrite" => Self {
                tasks: input.todos.iter().take(MOST_TASKS).map(|todo| LoggedTask::of(todo, "")).collect(),
                is_whole_list: true,
                ..Self::default()
            },
            "TaskCreate" | "TaskUpdate" => {
                Self { tasks: vec![LoggedTask::of(&input.task, &response.task_id)], ..Self::default() }
            }
            "Agent" | "Task" if !input.subagent_type.is_empty() => {
                let agent = LoggedAgent {
                    name: kept(&input.subagent_type, 64),
                    description: kept(&input.description, 2 * LONGEST_PROMPT),
                    prompt: beginning(&input.prompt),
                    id: kept(&response.agent_id, 64),
                };
                Self { agent: Some(agent), ..Self::default() }
            }
            "AskUserQuestion" if !response.answers.is_empty() => {
                let pair = |(question, answer): &(String, String)| {
                    (kept(question, LONGEST_ANSWER), kept(answer, LONGEST_ANSWER))
                };
                let answers = response.answers.iter().take(MOST_ANSWERS).map(pair).collect();
                Self { answers, ..Self::default() }
            }
            _ => return None,
        };
        Some(Box::new(detail))
    }

    /// Whether it contains more than the length of a file that was read.
    pub(super) fn means_something(&self) -> bool {
        self.is_whole_list || !self.tasks.is_empty() || self.agent.is_some() || !self.answers.is_empty()
    }
}

impl LoggedTask {
    fn of(task: &TaskInput, new_id: &str) -> Self {
        Self {
            id: kept(if new_id.is_empty() { &task.id } else { new_id }, 64),
            subject: kept(&task.subject, LONGEST_SUBJECT),
            status: kept(&task.status, 32),
        }
    }
}

/// The first characters of a prompt. The prompt is cut before redaction, with a margin for a secret that ends after
/// the kept part.
fn beginning(prompt: &str) -> String {
    let text = redact(cut_bytes(prompt, 16 * LONGEST_PROMPT)).into_owned();
    one_line(text.trim()).chars().take(LONGEST_PROMPT).collect()
}

fn kept(text: &str, most: usize) -> String {
    // The text is cut before redaction, with a margin for a secret that ends after the kept part.
    let text = one_line(&redact(cut_bytes(text, 4 * most)));
    cut_bytes(text.trim(), most).to_owned()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(text: &str) -> Option<Detail> {
        Detail::of(&Payload::parse(text.as_bytes()).unwrap()).map(|detail| *detail)
    }

    #[test]
    fn tasks_agents_and_answers_are_kept_redacted_and_bounded() {
        let todo = detail(
            r#"{"tool_name":"TodoWrite","tool_input":{"todos":[{"content":"use token=hunter2\nnow","status":"pending"},{"status":7}]}}"#,
        );
        assert!(todo.is_some_and(|detail| detail.tasks.is_empty()), "a list that cannot be read is none");
        let todo = detail(
            r#"{"tool_name":"TodoWrite","tool_input":{"todos":[{"content":"use token=hunter2\nnow","status":"pending"}]}}"#,
        )
        .unwrap();
        assert_eq!(todo.tasks[0].subject, "use token=[redacted] now");
        let created = detail(
            r#"{"tool_name":"TaskCreate","tool_input":{"subject":"First"},"tool_response":{"task":{"id":"1"}}}"#,
        )
        .unwrap();
        assert_eq!((created.tasks[0].id.as_str(), created.tasks[0].subject.as_str()), ("1", "First"));
        let prompt = "é".repeat(5_000);
        let agent = detail(&format!(
            r#"{{"tool_name":"Agent","tool_input":{{"subagent_type":"Explore","prompt":"{prompt}"}},"tool_response":{{"agentId":"a1"}}}}"#
        ));
        let agent = agent.unwrap().agent.unwrap();
        assert_eq!((agent.prompt.chars().count(), agent.id.as_str()), (100, "a1"));
        let asked = detail(
            r#"{"tool_name":"AskUserQuestion","tool_response":{"answers":{"Which?":"A"},"questions":[{}]}}"#,
        );
        assert_eq!(asked.unwrap().answers, [("Which?".to_owned(), "A".to_owned())]);
    }

    #[test]
    fn most_tools_tell_nothing() {
        for text in [
            r#"{"tool_name":"Bash","tool_input":{"command":"ls"}}"#,
            r#"{"tool_name":"Read","tool_response":{"file":{"totalLines":"many"}}}"#,
            r#"{"tool_name":"TaskUpdate","tool_response":{"success":false}}"#,
            r#"{"tool_name":"Agent","tool_input":{"prompt":"x"}}"#,
        ] {
            assert_eq!(detail(text), None, "{text}");
        }
    }
}

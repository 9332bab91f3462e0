//! The guard in a real repository: commits, edits and checks, with first warnings moved into the past.
#![allow(clippy::disallowed_methods, reason = "tests write their own files")]

#[path = "../../../tests/rows/patterns.rs"]
mod rows;

mod checks;
mod commits;
mod edits;

use chrono::{DateTime, TimeDelta, Utc};
use config::Policy;
use hooks_common::event::{Event, Payload};
use hooks_common::log::Log;
use hooks_common::paths::{Paths, in_project};
use hooks_common::project::Project;
use hooks_common::runtime::Hook;
use platform::time::{Moment, rfc3339};
use serde_json::{Value, json};

use crate::testing::Bench;

const SESSION: &str = "5ca1ab1e-0000-4000-8000-000000000000";

/// Rules of every severity: `crit`, `high`, `med` and `low` forbid their own name in any `.js` file.
const RULES: &str = "  patterns:
    rules:
    - {id: crit, severity: critical, pattern: '\\bcrit\\(', message: Never this., fix: take that, files: '*.js'}
    - {id: high, severity: high, pattern: '\\bhigh\\(', message: Not this, files: '*.js'}
    - {id: med, pattern: '\\bmed\\(', message: Rather not, files: '*.js'}
    - {id: low, severity: low, pattern: '\\blow\\(', message: A matter of taste, files: '*.js'}";

/// The same rules, with more keys of the guard.
fn rules(more: &str) -> String {
    RULES.replacen("    rules:", &format!("{more}\n    rules:"), 1)
}

impl Bench {
    /// What is recorded.
    fn warned(&self) -> Value {
        let file = in_project::warned_files(&self.root());
        std::fs::read(file).map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).unwrap())
    }

    /// Records that a rule was first warned of so long ago.
    fn warned_ago(&self, key: &str, age: TimeDelta) {
        let mut warned = self.warned();
        if warned.is_null() {
            warned = json!({});
        }
        warned[key] = rfc3339(Utc::now() - age).into();
        self.write(".claude/state/warned-files.json", &warned.to_string());
    }

    /// Makes the session known, begun so long ago.
    fn session_began(&self, age: TimeDelta) {
        let folder = Paths::below(&self.home()).sessions_dir().join(SESSION);
        std::fs::create_dir_all(&folder).unwrap();
        let meta = json!({
            "v": 1, "session_id": SESSION, "created_at": rfc3339(Utc::now() - age), "project_dir": self.root(),
        });
        std::fs::write(folder.join("meta.json"), meta.to_string()).unwrap();
    }

    /// The hook after an edit, which was made.
    fn after(&self, mut payload: Value) -> Hook {
        payload["session_id"] = json!(SESSION);
        payload["cwd"] = json!(self.root());
        payload["hook_event_name"] = json!("PostToolUse");
        let payload = Payload::parse(payload.to_string().as_bytes()).unwrap();
        let paths = Paths::below(&self.home());
        let mut hook = Hook::new(Event::PostToolUse, payload, paths, Moment::now(), Log::default());
        let policy = Policy::compiled_now(&hook.project().sources(&hook.paths));
        assert_eq!(policy.findings().unwrap(), []);
        super::after_edit(&mut hook, &policy).unwrap();
        hook
    }

    fn project(&self) -> (Paths, Project) {
        let paths = Paths::below(&self.home());
        let project = Project::of_event(&paths, None, &self.root());
        (paths, project)
    }

    /// The names of the files that were kept aside, with what they hold.
    fn kept_aside(&self) -> Vec<Vec<u8>> {
        let files = std::fs::read_dir(in_project::state(&self.root())).unwrap().flatten();
        let kept = files.filter(|file| file.file_name().to_string_lossy().contains(".corrupt-"));
        kept.map(|file| std::fs::read(file.path()).unwrap()).collect()
    }
}

fn hours(count: i64) -> TimeDelta {
    TimeDelta::hours(count)
}

fn is_recent(time: &Value) -> bool {
    let time: DateTime<Utc> = time.as_str().unwrap().parse().unwrap();
    (Utc::now() - time).abs() < TimeDelta::minutes(5)
}

//! The run of a hook: stdin → event → stages in order → answer → stdout → record → exit 0.
//!
//! Each stage is isolated. A stage that fails or panics is logged, noted for the next SessionStart, and skipped. The
//! answer is printed before the event is recorded, so recording cannot change it. The exit code is always 0, so that
//! a hook never blocks by accident.

use std::cell::OnceCell;
use std::fmt::Display;
use std::io::Write;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use config::Policy;

use crate::answer::Answer;
use crate::decision::{Stage, StageError};
use crate::event::{Event, Payload, PayloadError, read_payload};
use crate::failures;
use crate::heartbeat;
use crate::log::Log;
use crate::owner::{self, Owner};
use crate::paths::Paths;
use crate::project::{self, Project};
use crate::registry::{Presence, Registry};
use crate::session_id::SessionId;
use crate::session_log::{LoggedEvent, PendingRecords, SessionDir};
use git::Branch;
use platform::env_vars;
use platform::store::lock;
use platform::sys;
use platform::text::cut_bytes;
use platform::time::Moment;

/// When a decision that was not reached is answered for, well below the timeout of a hook's entry (10 s). The budget of
/// a decision ends before, so this is met only by work that does not ask it.
const LAST_WORD_AFTER: Duration = Duration::from_secs(7);

/// One run of a hook.
#[derive(Debug)]
pub struct Hook {
    /// The event that this run serves.
    pub event: Event,
    /// The host's payload.
    pub payload: Payload,
    /// The session. `None` if the payload names none; then no requirement applies and nothing is recorded.
    pub session: Option<SessionId>,
    /// The root folders of all files on disk.
    pub paths: Paths,
    /// The time at which this process started.
    pub entered: Moment,
    /// The answer that the stages build.
    pub answer: Answer,
    /// The records that domains add to the session's log.
    pub records: PendingRecords,
    /// The process's log lines.
    pub log: Log,
    project: OnceCell<Project>,
    branch: OnceCell<Branch>,
    policy: OnceCell<Option<Policy>>,
    policy_panic: OnceCell<String>,
    owner: OnceCell<Option<Owner>>,
    answered: bool,
    recorded_at: Option<Range<u64>>,
}

/// Runs a hook executable: reads the event, runs the stages of `work`, answers, and exits with 0.
///
/// `events` are the events that the executable serves. The first is used if the payload names none.
/// [`Event::Unknown`] in the list accepts every unknown name.
pub fn run(events: &[Event], work: impl FnOnce(&mut Hook)) -> ExitCode {
    run_closing(events, work, |_| None)
}

/// As [`run`]. `unreadable` answers a payload that cannot be read, for hooks whose gates block in that case.
pub fn run_closing(
    events: &[Event],
    work: impl FnOnce(&mut Hook),
    unreadable: impl FnOnce(&Paths) -> Option<Answer>,
) -> ExitCode {
    let entered = Moment::now();
    // The default panic hook writes to stderr. A panic is reported in the log instead.
    std::panic::set_hook(Box::new(|_| {}));
    let paths = Paths::from_env();
    let mut log = Log::default();
    log.set_context("hook", events[0].name());
    let outcome = catch_unwind(AssertUnwindSafe(|| match receive(events) {
        Ok((event, payload)) => {
            let mut hook = Hook::new(event, payload, paths.clone(), entered, std::mem::take(&mut log));
            work(&mut hook);
            hook.finish();
        }
        Err(error) => {
            let message = error.to_string();
            // The answer comes before the log, so that an error while logging cannot suppress it.
            if let Some(document) = unreadable(&paths).and_then(|answer| answer.render(events[0])) {
                let mut stdout = std::io::stdout().lock();
                let _ = writeln!(stdout, "{document}").and_then(|()| stdout.flush());
            }
            log.error(&message);
            failures::note(&paths, events[0].name(), &message);
            log.flush(&paths);
        }
    }));
    if let Err(panic) = outcome {
        let message = format!("the hook itself panicked: {}", panic_text(panic.as_ref()));
        let _ = catch_unwind(|| {
            let mut log = Log::default();
            log.set_context("hook", events[0].name());
            log.error(&message);
            log.flush(&paths);
            failures::note(&paths, events[0].name(), &message);
        });
    }
    ExitCode::SUCCESS
}

fn receive(events: &[Event]) -> Result<(Event, Payload), PayloadError> {
    let bytes = read_payload(&mut std::io::stdin())?;
    let payload = Payload::parse(&bytes)?;
    if payload.hook_event_name.is_empty() {
        return Ok((events[0], payload));
    }
    match events.iter().find(|event| event.name() == payload.hook_event_name) {
        Some(event) => Ok((*event, payload)),
        None if events.contains(&Event::Unknown) && Event::named(&payload.hook_event_name).is_none() => {
            Ok((Event::Unknown, payload))
        }
        None => {
            let name = payload.hook_event_name.chars().take(64).collect();
            Err(PayloadError::OtherEvent { served: events[0].name(), named: name })
        }
    }
}

impl Hook {
    /// A run for a payload. [`run`] creates the run of an executable; tests of stages create their own.
    pub fn new(event: Event, payload: Payload, paths: Paths, entered: Moment, mut log: Log) -> Self {
        let session = payload.session();
        log.set_context("hook", event.name());
        log.set_context("session", session.as_ref().map_or("", |session| session.key().as_str()));
        log.set_context("tool", &payload.tool_name);
        let mut complaints = Vec::new();
        if !payload.mistyped.is_empty() {
            complaints.push(format!(
                "fields of the wrong type were ignored or repaired: {}",
                payload.mistyped.join(", ")
            ));
        }
        if session.is_none() {
            complaints.push("the payload names no session, so no requirement applies".to_owned());
        }
        if !complaints.is_empty() {
            log.error(complaints.join("; "));
        }
        Self {
            event,
            payload,
            session,
            paths,
            entered,
            answer: Answer::default(),
            records: PendingRecords::default(),
            log,
            project: OnceCell::new(),
            branch: OnceCell::new(),
            policy: OnceCell::new(),
            policy_panic: OnceCell::new(),
            owner: OnceCell::new(),
            answered: false,
            recorded_at: None,
        }
    }

    /// Runs an isolated stage. Returns whether it succeeded. `name` is the stage's name in an error message.
    pub fn stage<E: Display>(&mut self, name: &str, work: impl FnOnce(&mut Self) -> Result<(), E>) -> bool {
        let failure = match catch_unwind(AssertUnwindSafe(|| work(self).map_err(|error| error.to_string()))) {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => format!("{name}: {error}"),
            Err(panic) => format!("{name}: panicked: {}", panic_text(panic.as_ref())),
        };
        self.report(&failure);
        false
    }

    /// Logs a failure that does not stop the hook, and notes it for the next SessionStart.
    pub fn report(&mut self, failure: &str) {
        self.log.error(failure);
        failures::note(&self.paths, self.event.name(), failure);
    }

    /// The project of the event.
    pub fn project(&self) -> &Project {
        self.project.get_or_init(|| {
            Project::of_event(&self.paths, self.payload.edited_file(), &self.payload.folder())
        })
    }

    /// The branch of the event's project.
    pub fn branch(&self) -> &Branch {
        self.branch.get_or_init(|| self.project().branch())
    }

    /// The policy of the event's project. It is opened once. `None` if the project has no configuration.
    pub fn policy(&self) -> Option<Policy> {
        // `self.log` cannot be written through `&self`, so `finish` reports the panic.
        let open = || {
            catch_unwind(AssertUnwindSafe(|| self.project().policy(&self.paths))).unwrap_or_else(|panic| {
                let _ = self.policy_panic.set(panic_text(panic.as_ref()).to_owned());
                None
            })
        };
        self.policy.get_or_init(open).clone()
    }

    /// Whether the environment switches the gates off for this process.
    pub fn is_skipped(&self) -> bool {
        env_vars::is_on(env_vars::CLAUDE_SKIP_REQUIREMENTS)
    }

    /// The session's project, and the source that `meta.json` names for it.
    pub fn session_project(&self) -> (PathBuf, &'static str) {
        let launched = env_vars::get_os(env_vars::CLAUDE_PROJECT_DIR).map(PathBuf::from);
        project::of_session(launched.as_deref(), &self.payload.folder(), self.project())
    }

    /// Has `document` printed should the process not reach its own answer: when it still works after
    /// seven seconds, overflows its stack or aborts. The host takes the end of such a process for "go on". The text
    /// is a constant: preparing it must cost an ordinary use of a tool nothing.
    pub fn prepare_last_word(&self, document: &'static str) {
        sys::last_word(document, LAST_WORD_AFTER);
    }

    /// Prints the answer. The first call does; stages that come later record and cannot change it.
    pub fn respond(&mut self) {
        if std::mem::replace(&mut self.answered, true) {
            return;
        }
        let document = self.answer.render(self.event).map(|document| format!("{document}\n"));
        sys::cancel_last_word();
        if let Some(document) = document {
            let mut stdout = std::io::stdout().lock();
            let written = stdout.write_all(document.as_bytes()).and_then(|()| stdout.flush());
            if let Err(error) = written {
                self.report(&format!("answering: {error}"));
            }
        }
    }

    /// Appends the event to the session's log. A new session first gets its directory and its entry in the registry.
    pub fn record(&mut self) {
        self.stage("recording the event", |hook| {
            let Some(session) = hook.session.clone() else { return Ok(()) };
            let dir = SessionDir::new(&hook.paths, &session);
            if hook.event != Event::SessionEnd && hook.is_new_here(&dir) {
                hook.enter_session();
            }
            let mut line = LoggedEvent::of(&hook.payload, &session, hook.event_name(), hook.entered);
            hook.records.write(&mut line.records);
            if hook.tells_owner() {
                line.boot_id = platform::process::boot_id();
                line.owner = hook.owner().map(Into::into);
            }
            let appended = dir.append(&line, lock::HOT)?;
            hook.recorded_at = appended.place;
            // The session was removed as too old between the check above and this line.
            if appended.is_made_anew && hook.event != Event::SessionEnd {
                hook.enter_session();
            }
            Ok::<(), std::io::Error>(())
        });
    }

    /// Whether the event's line moved the log past a multiple of `bytes`. Work that a long turn needs now and then
    /// runs at these events, so the other events pay nothing for it.
    pub fn has_passed(&self, bytes: u64) -> bool {
        self.recorded_at.as_ref().is_some_and(|place| place.start / bytes != place.end / bytes)
    }

    /// The event's name in the log: the host's name, even if it is unknown.
    fn event_name(&self) -> &str {
        match self.event {
            // An unknown name comes from outside, so its length is limited.
            Event::Unknown => cut_bytes(&self.payload.hook_event_name, 64),
            event => event.name(),
        }
    }

    /// Whether the session must be entered first: it is new, or a client that never had it begins a turn in it. The
    /// latter happens if its SessionStart was lost, or came before the hooks were installed.
    fn is_new_here(&self, dir: &SessionDir) -> bool {
        if self.event != Event::UserPromptSubmit {
            return !dir.is_known();
        }
        let Some(meta) = dir.meta() else { return true };
        if let Some(known) = owner::find_known(meta.owners()) {
            let _ = self.owner.set(Some(known.clone()));
            return false;
        }
        self.owner().is_some_and(|found| !meta.owners().any(|owner| owner.is_same(found)))
    }

    /// Whether the event's line names the client that sent it. Lines of tool events do not: each would cost a look-up
    /// in the process table.
    fn tells_owner(&self) -> bool {
        matches!(self.event, Event::SessionStart | Event::UserPromptSubmit | Event::SessionEnd)
    }

    /// The client that sent the event, if it was found.
    pub fn owner(&self) -> Option<&Owner> {
        self.owner.get_or_init(|| owner::find(&self.paths)).as_ref()
    }

    /// The session's directory, if the payload names a session.
    pub fn session_dir(&self) -> Option<SessionDir> {
        Some(SessionDir::new(&self.paths, self.session.as_ref()?))
    }

    /// Creates the session's directory and enters the session in the registry.
    pub fn enter_session(&mut self) -> Option<Owner> {
        let session = self.session.clone()?;
        let owner = self.owner().cloned();
        self.stage("opening the session", |hook| {
            let project = hook.session_project();
            let dir = SessionDir::new(&hook.paths, &session);
            dir.open(&session, &hook.payload, &project, owner.clone(), hook.entered)
        });
        self.stage("registering the session", |hook| {
            let (project, _) = hook.session_project();
            let branch = hook.branch().clone();
            let presence = Presence {
                session: &session,
                project: &project,
                branch: &branch,
                owner: owner.as_ref(),
                now: hook.entered,
            };
            Registry::new(&hook.paths).enter(&presence, lock::CHANGE)
        });
        owner
    }

    fn finish(&mut self) {
        self.respond();
        if self.session.is_some() {
            let now = self.entered;
            self.stage("touching the heartbeat", |hook| heartbeat::touch(&hook.paths, now));
        }
        if let Some(panic) = self.policy_panic.take() {
            self.report(&format!("configuration: panicked: {panic}"));
        }
        // The lines are written last, because the configuration sets the log's level and file.
        if let Some(Some(policy)) = self.policy.get() {
            let logging = policy.logging();
            self.log.configure(logging.level, logging.file.clone(), logging.to_file);
        }
        let paths = self.paths.clone();
        self.log.flush(&paths);
    }
}

/// Runs an isolated part of a decision. A panic becomes an error of its stage and does not stop other parts.
///
/// # Errors
/// When the part fails or panics.
pub fn fenced<T, E: Display>(stage: Stage, work: impl FnOnce() -> Result<T, E>) -> Result<T, StageError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| StageError::new(stage, error)),
        Err(panic) => Err(StageError::new(stage, format!("panicked: {}", panic_text(panic.as_ref())))),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

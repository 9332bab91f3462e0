//! What a turn's beginning, its tools and its end do about the context and about what is saved.

use config::tools::is_edit;
use config::types::Force;
use hooks_common::answer::HostDecision;
use hooks_common::event::Payload;
use hooks_common::paths::Paths;
use hooks_common::paths::in_project;
use hooks_common::project::Project;
use hooks_common::req::Req;
use hooks_common::runtime::Hook;
use hooks_common::session_id::SessionId;
use hooks_common::session_log::SessionDir;
use platform::store::append;
use platform::text::fact;
use serde::Serialize;
use serde_json::json;

use crate::error::ContinuityError;
use crate::failures::Failures;
use crate::journal::{self, Journal};
use crate::meter::{self, Reading};
use crate::number::{self, Beginning};
use crate::place::ContinuityPlace;
use crate::pressure::{self, Band, Pressure};
use crate::{ledger, mirror, save};

/// How often in a long turn the meter is read: whenever the session's log has grown by so many bytes.
const METER_EVERY: u64 = 4 * 1024;
/// How often in a long turn it is asked whether the hand-off is due.
const SAVE_EVERY: u64 = 32 * 1024;
/// Files with fewer lines are never reported as large, whatever is configured.
const NEVER_LARGE: u64 = 500;
/// What the user writes to go on without a checkpoint.
const SKIP: &str = "skip checkpoint";

/// UserPromptSubmit: gives a session that has none its number, reads the meter, tells what the context says and that
/// many files were read.
///
/// # Errors
/// When a file can be neither read nor written; what does not need it is done.
pub fn begin(hook: &mut Hook) -> Result<(), ContinuityError> {
    let Some(place) = ContinuityPlace::of_hook(hook)? else { return Ok(()) };
    let (Some(session), Some(dir)) = (hook.session.clone(), hook.session_dir()) else { return Ok(()) };
    if !dir.is_known() {
        hook.enter_session();
    }
    let mut failures = Failures::default();
    let known = journal::read(&dir);
    if known.number.is_none() || known.is_ended {
        let beginning = Beginning { session: &session, source: "", now: hook.entered };
        if let Some(begun) = failures.note("session number", number::begin(&place, &dir, &beginning)) {
            failures.note("session state", number::show(&place, &dir, &beginning, &begun));
        }
    }
    failures.note("session files", files_read(hook, &place, &dir));
    failures.take(tell_context(hook, &place, &dir));
    failures.into()
}

/// Takes in what the last turn read, and reports once that many files were read.
fn files_read(hook: &mut Hook, place: &ContinuityPlace, dir: &SessionDir) -> Result<(), ContinuityError> {
    let context = &place.settings.context;
    let many = usize::from(context.many_files);
    let is_told = |journal: &mut Journal| {
        let is_due = many > 0 && journal.reads.files.len() >= many && !journal.reads.is_warned;
        journal.reads.is_warned |= is_due;
        is_due
    };
    let (journal, is_told) = journal::update(dir, place.root(), context, is_told)?;
    if is_told {
        hook.answer.add_context(format!(
            "{} files have been read in this session. Write down what you learned from them before the context is compacted.",
            journal.reads.files.len()
        ));
    }
    let session = hook.session.as_ref().map_or("", |session| session.full());
    mirror::show(place, &journal, session)
}

/// Reads the meter, and reports a new band to the model. The user can end the demand by what they write.
fn tell_context(hook: &mut Hook, place: &ContinuityPlace, dir: &SessionDir) -> Result<(), ContinuityError> {
    let mut failures = Failures::default();
    let Some(mut pressure) = measured(hook, place, dir, &mut failures)? else { return failures.into() };
    let journal = journal::read(dir);
    if pressure.is_demanding() && skips_checkpoint(hook) {
        pressure.release("skip");
        failures.note("refusals", pressure::forget_refusals(dir));
        let said = "the user goes on without a checkpoint";
        failures.note("governance events", violation(hook, place, journal.number, Violated::Warned, said));
    }
    if place.settings.context.force != Force::Off && pressure.is_to_be_told() {
        hook.answer.add_context(advice(hook, place, dir, &pressure, journal.number));
    }
    failures.note("pressure", pressure::write(dir, &pressure));
    failures.note("emergency", emergency(hook, place, dir, &journal, &mut pressure));
    failures.into()
}

/// Whether the user says, in a line or sentence of its own, that there will be no checkpoint. What the client itself
/// reports of agents and shells does not count.
fn skips_checkpoint(hook: &Hook) -> bool {
    let is_users = matches!(hook.payload.source.as_str(), "" | "user" | "sdk");
    let prompt = hook.payload.prompt.trim().to_lowercase();
    if !is_users || prompt.starts_with('<') {
        return false;
    }
    prompt.split(['\n', '.', '!', ';', ',']).any(|part| {
        let part = part.trim().trim_matches(['`', '"', '\'']);
        part == SKIP || part.strip_prefix("please ").is_some_and(|part| part == SKIP)
    })
}

/// A context so full that an event is refused until there is a checkpoint.
#[derive(Debug)]
pub struct PressureRefusal {
    place: ContinuityPlace,
    pressure: Pressure,
    number: Option<u64>,
    times: u64,
}

/// Whether a tool is refused because the context is nearly full: a tool that grows the work, a few times, where
/// `context.force: gate` is set. Where there is room it costs one file that is not there. `counts` tells whether the tool
/// is really refused: then the refusal is counted.
///
/// # Errors
/// When the configuration is damaged, or the refusal cannot be counted: without the count it would never end.
pub fn refuses_tool(
    paths: &Paths,
    project: &Project,
    session: &SessionId,
    payload: &Payload,
    counts: bool,
) -> Result<Option<PressureRefusal>, ContinuityError> {
    let dir = SessionDir::new(paths, session);
    let Some(pressure) = pressure::read(&dir) else { return Ok(None) };
    // A subagent has a context of its own.
    if payload.subagent().is_some() || !pressure.is_demanding() {
        return Ok(None);
    }
    let Some(place) = ContinuityPlace::of_session(paths, project, &dir)? else { return Ok(None) };
    let context = &place.settings.context;
    let refused = pressure::refusals(&dir);
    if context.force != Force::Gate
        || refused >= u64::from(context.most_refusals)
        || !grows_the_work(payload, &place)
    {
        return Ok(None);
    }
    if counts {
        pressure::count_refusal(&dir)?;
    }
    let number = journal::number_of(&dir);
    Ok(Some(PressureRefusal { place, pressure, number, times: refused + 1 }))
}

/// Whether the end of a turn is held up because the context is nearly full: once, where `context.force: gate` is set.
/// That it was held up is noted.
///
/// # Errors
/// When the configuration is damaged, or it cannot be noted.
pub fn holds_turn(hook: &Hook) -> Result<Option<String>, ContinuityError> {
    let Some(dir) = hook.session_dir() else { return Ok(None) };
    let Some(mut pressure) = pressure::read(&dir) else { return Ok(None) };
    if pressure.has_held_stop || !pressure.is_demanding() {
        return Ok(None);
    }
    let Some(place) = ContinuityPlace::of_hook(hook)? else { return Ok(None) };
    if place.settings.context.force != Force::Gate {
        return Ok(None);
    }
    pressure.has_held_stop = true;
    pressure::write(&dir, &pressure)?;
    Ok(Some(advice(hook, &place, &dir, &pressure, journal::number_of(&dir))))
}

/// PreToolUse, of a refused tool: notes the violation, and says why.
///
/// # Errors
/// When the violation cannot be noted; the text is set all the same.
pub fn tell_refusal(hook: &mut Hook, found: &PressureRefusal) -> Result<(), ContinuityError> {
    hook.answer.decide(HostDecision::Refuse(found.text(&hook.paths, &hook.payload.tool_name)));
    violation(hook, &found.place, found.number, Violated::Refused, &hook.payload.tool_name.clone())
}

/// PreToolUse, of a tool that runs: tells how full the context is, once, where no prompt told it yet.
///
/// # Errors
/// When the configuration is damaged, or it cannot be noted that it was told.
pub fn advise(hook: &mut Hook) -> Result<(), ContinuityError> {
    let Some(dir) = hook.session_dir() else { return Ok(()) };
    let Some(mut pressure) = pressure::read(&dir).filter(|pressure| pressure.told.is_none()) else {
        return Ok(());
    };
    // A subagent has a context of its own.
    if hook.payload.subagent().is_some() {
        return Ok(());
    }
    let Some(place) = ContinuityPlace::of_hook(hook)? else { return Ok(()) };
    if place.settings.context.force == Force::Off {
        return Ok(());
    }
    let number = journal::number_of(&dir);
    hook.answer.add_context(advice(hook, &place, &dir, &pressure, number));
    pressure.told = Some(pressure.percent);
    pressure.prompts_since = 0;
    pressure::write(&dir, &pressure).map_err(ContinuityError::from)
}

/// Whether a tool adds work that a checkpoint would have to describe.
fn grows_the_work(payload: &Payload, place: &ContinuityPlace) -> bool {
    let tool = payload.tool_name.as_str();
    if matches!(tool, "Agent" | "Task" | "WebFetch" | "WebSearch") {
        return true;
    }
    let Some(file) = payload.file().filter(|_| is_edit(tool)) else { return false };
    let file = platform::path::resolve(&payload.folder().join(file));
    let root = place.root();
    let spared =
        [place.checkpoints(), root.join("docs/work"), root.join(".claude"), root.join("docs/checkpoints")];
    !spared.iter().any(|folder| file.starts_with(platform::path::resolve(folder)))
}

/// PostToolUse: reports that a file which was read whole is large.
///
/// # Errors
/// When the configuration is damaged.
pub fn large_file(hook: &mut Hook) -> Result<(), ContinuityError> {
    let (lines, limit) = (hook.payload.tool_response.total_lines, hook.payload.tool_input.limit);
    if lines < NEVER_LARGE || limit > 0 || hook.payload.tool_name != "Read" {
        return Ok(());
    }
    let Some(policy) = hook.policy() else { return Ok(()) };
    let context = policy.continuity()?.context;
    if context.enabled && lines > u64::from(context.large_file_lines) {
        let name = hook.payload.tool_input.file_path.clone();
        hook.answer.add_context(format!(
            "{} has {lines} lines. Use `offset` and `limit` to read only the part that you need; that saves context.",
            fact(&name)
        ));
    }
    Ok(())
}

/// PostToolUse, behind the answer: now and then in a long turn the meter is read, and the hand-off saved if many files
/// were read.
///
/// # Errors
/// When a file can be neither read nor written.
pub fn look(hook: &mut Hook) -> Result<(), ContinuityError> {
    if !hook.has_passed(METER_EVERY) || hook.payload.subagent().is_some() {
        return Ok(());
    }
    let Some(place) = ContinuityPlace::of_hook(hook)? else { return Ok(()) };
    let (Some(session), Some(dir)) = (hook.session.clone(), hook.session_dir()) else { return Ok(()) };
    let mut failures = Failures::default();
    failures.take(follow_context(hook, &place, &dir));
    if hook.has_passed(SAVE_EVERY) {
        let (journal, shown) = mirror::refresh(&place, &dir, session.full());
        failures.take(shown);
        failures.note("auto-save", auto_save(hook, &place, &dir, &journal));
    }
    failures.into()
}

/// Reads the meter where the answer is already given; what is new is reported at the next tool or prompt.
fn follow_context(hook: &mut Hook, place: &ContinuityPlace, dir: &SessionDir) -> Result<(), ContinuityError> {
    let before = pressure::read(dir);
    let mut failures = Failures::default();
    let Some(mut pressure) = measured(hook, place, dir, &mut failures)? else { return failures.into() };
    if before
        .is_none_or(|before| before.band != pressure.band || before.is_demanding() != pressure.is_demanding())
    {
        failures.note("pressure", pressure::write(dir, &pressure));
    }
    let journal = journal::read(dir);
    failures.note("emergency", emergency(hook, place, dir, &journal, &mut pressure));
    failures.into()
}

/// Stop, once the projections are up to date: the meter, and the hand-off if it is due.
///
/// # Errors
/// When a file can be neither read nor written.
pub fn end(hook: &mut Hook) -> Result<(), ContinuityError> {
    let Some(place) = ContinuityPlace::of_hook(hook)? else { return Ok(()) };
    let Some(dir) = hook.session_dir() else { return Ok(()) };
    let mut failures = Failures::default();
    failures.note("context", follow_context(hook, &place, &dir));
    let journal = journal::read(&dir);
    let is_saved = failures.note("auto-save", auto_save(hook, &place, &dir, &journal)).unwrap_or(false);
    let passed = hook.entered.wall.timestamp_millis() - journal.saved_at;
    let pause = i64::from(place.settings.handoff.snapshot_minutes) * 60_000;
    // A clock that went back must not keep the hand-off from being saved.
    if place.settings.handoff.enabled && !is_saved && !(0..pause).contains(&passed) {
        failures.note("the hand-off", save::hand_off(hook, &place, &dir, &journal, "stop"));
    }
    failures.into()
}

/// Saves the hand-off when many files were read and that was not done lately; whether it did.
fn auto_save(
    hook: &mut Hook,
    place: &ContinuityPlace,
    dir: &SessionDir,
    journal: &Journal,
) -> Result<bool, ContinuityError> {
    let context = &place.settings.context;
    let many = usize::from(context.auto_save_files);
    let passed = hook.entered.wall.timestamp_millis() - journal.auto_saves.last;
    let pause = i64::from(context.auto_save_minutes) * 60_000;
    let is_due = many > 0
        && journal.reads.files.len() >= many
        && (journal.auto_saves.count == 0 || !(0..pause).contains(&passed));
    if !is_due || !place.settings.handoff.enabled {
        return Ok(false);
    }
    save::hand_off(hook, place, dir, journal, "auto_save")?;
    let at = hook.entered.wall.timestamp_millis();
    let note = |journal: &mut Journal| {
        journal.auto_saves.last = at;
        journal.auto_saves.count += 1;
    };
    let (journal, ()) = journal::update(dir, place.root(), context, note)?;
    let session = hook.session.as_ref().map_or("", |session| session.full()).to_owned();
    mirror::show(place, &journal, &session)?;
    Ok(true)
}

/// SessionStart of a session that goes on: what the host tells of its context is written down, so that the first prompt
/// can tell it.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn note_context(
    hook: &Hook,
    place: &ContinuityPlace,
    dir: &SessionDir,
) -> Result<(), ContinuityError> {
    if hook.payload.context_tokens == 0 {
        return Ok(());
    }
    let mut failures = Failures::default();
    if let Some(pressure) = measured(hook, place, dir, &mut failures)? {
        failures.note("pressure", pressure::write(dir, &pressure));
    }
    failures.into()
}

/// The pressure after reading the meter, not yet written; `None` when there is room or the size is unknown.
fn measured(
    hook: &Hook,
    place: &ContinuityPlace,
    dir: &SessionDir,
    failures: &mut Failures,
) -> Result<Option<Pressure>, ContinuityError> {
    let before = pressure::read(dir);
    let reading: Option<Reading> = meter::of_hook(hook, &place.settings.context);
    let Some(reading) = reading else {
        // An unknown size does not mean that there is room: the last known pressure stays until a newer one is read.
        return Ok(before);
    };
    let band_before = before.as_ref().map_or(Band::Calm, |before| before.band);
    let had_pressure = before.is_some();
    let pressure = pressure::follow(before, &reading, &place.settings.context, hook.entered);
    let band = pressure.as_ref().map_or(Band::Calm, |pressure| pressure.band);
    if band > band_before {
        let line = json!({
            "ts": hook.entered.rfc3339(), "type": "band", "band": band, "percent": reading.percent,
            "session": journal::number_of(dir),
        });
        failures.note("ledger", ledger::append_raw(place, line.to_string().as_bytes()));
    }
    if pressure.is_none() && had_pressure {
        pressure::clear(dir)?;
    } else if band < Band::Force && band_before >= Band::Force {
        failures.note("refusals", pressure::forget_refusals(dir));
    }
    Ok(pressure)
}

/// Writes the missing checkpoint, once, when the context is nearly used up.
fn emergency(
    hook: &mut Hook,
    place: &ContinuityPlace,
    dir: &SessionDir,
    journal: &Journal,
    pressure: &mut Pressure,
) -> Result<(), ContinuityError> {
    if pressure.band < Band::Critical
        || pressure.has_emergency
        || pressure.released.as_deref() == Some("checkpoint")
    {
        return Ok(());
    }
    pressure.has_emergency = true;
    pressure::write(dir, pressure)?;
    let mut failures = Failures::default();
    failures.note("the hand-off", save::hand_off(hook, place, dir, journal, "critical"));
    failures.note("the checkpoint", save::in_need(hook, place, dir, journal, pressure.percent));
    failures.into()
}

/// What the model is told about its context.
fn advice(
    hook: &Hook,
    place: &ContinuityPlace,
    dir: &SessionDir,
    pressure: &Pressure,
    number: Option<u64>,
) -> String {
    let of = number.map_or_else(String::new, |number| format!(" of session {number}"));
    let percent = pressure.percent.floor();
    let req = Req::find(&hook.paths);
    let (new, verify) = (req.call("checkpoint new \"<title>\""), req.call("checkpoint verify"));
    let context = &place.settings.context;
    let is_gate = context.force == Force::Gate && pressure::refusals(dir) < u64::from(context.most_refusals);
    match pressure.band {
        Band::Calm | Band::Warn => format!(
            "The context{of} is {percent}% full. Finish what is begun, and write a checkpoint before starting more: {new}"
        ),
        _ if pressure.released.is_some() => format!("The context{of} is {percent}% full."),
        _ if is_gate => format!(
            "The context{of} is {percent}% full. A checkpoint is needed now: {new}, fill it in, then {verify}. Until that passes, tools that start new work are refused."
        ),
        _ => format!(
            "The context{of} is {percent}% full. Write a checkpoint now: {new}, fill it in, then {verify}."
        ),
    }
}

impl PressureRefusal {
    /// What the model reads.
    pub fn text(&self, paths: &Paths, tool: &str) -> String {
        let req = Req::find(paths);
        let of = self.number.map_or_else(|| "the session".to_owned(), |number| format!("session {number}"));
        let settings = &self.place.settings;
        format!(
            "{tool} was refused before it ran; nothing was changed.\nThe context is {}% full, and {of} has no checkpoint since it reached {}%.\nBash, Read and files below {} are not refused. The user can write `{SKIP}` instead.\nThis is refusal {} of {}; after that it is only advised.\nNext: {}, fill it in, then {}",
            self.pressure.percent.floor(),
            settings.context.force_percent,
            settings.checkpoints.dir,
            self.times,
            settings.context.most_refusals,
            req.call("checkpoint new \"<title>\""),
            req.call("checkpoint verify"),
        )
    }
}

/// What followed from a context that was full, in the words that readers of `governance-events.jsonl` know.
#[derive(Debug, Clone, Copy, Serialize)]
enum Violated {
    /// The user went on without a checkpoint.
    #[serde(rename = "warn")]
    Warned,
    /// A tool was refused.
    #[serde(rename = "block")]
    Refused,
}

/// A line in `governance-events.jsonl`, in its documented shape.
fn violation(
    hook: &Hook,
    place: &ContinuityPlace,
    number: Option<u64>,
    kind: Violated,
    context: &str,
) -> Result<(), ContinuityError> {
    let percent = hook.session_dir().and_then(|dir| pressure::read(&dir)).map(|pressure| pressure.percent);
    let line = json!({
        "type": "GateViolation", "gate_id": "context_pressure", "work_id": null, "violation_type": kind,
        "context": context, "timestamp": hook.entered.rfc3339(), "session_id": number.unwrap_or(0),
        "context_pct": percent,
    });
    let file = in_project::governance_events(place.root());
    place.prepare(place.root(), &file)?;
    let lock = ledger::lock_path(place);
    append::append_line(&file, &lock, line.to_string().as_bytes(), platform::store::lock::HOT)
        .map_err(ContinuityError::from)
}

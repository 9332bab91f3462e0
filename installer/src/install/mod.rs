//! Adding our entries to Claude Code's settings, and taking them out again.

use std::path::{Path, PathBuf};

use git::Repository;
use hooks_common::executables::STATUS_LINE;
use hooks_common::paths::Paths;
use platform::path::{leads_out, resolve};
use platform::store::{self, lock, replace};
use platform::time::Moment;

use self::edit::change;
use self::record::digest;
use crate::entry::{EntryForm, HookEntry, OurFolders};
use crate::error::InstallError;
use crate::record::{InstallRecord, InstallRecordDir};
use crate::settings::{SettingsError, SettingsLevel, managed, switches_hooks_off, value};
use crate::status_line::StatusLine;
use crate::wiring::{self, WIRING};

mod edit;
mod outcome;
mod record;
mod settings;
mod status_line;

pub use outcome::{InstallNote, InstallReport, SettingsChange, UninstallReport};

/// What an installation is asked for.
#[derive(Debug, Clone)]
pub struct Installation {
    /// The repository.
    pub repo: PathBuf,
    /// Whose settings.
    pub level: SettingsLevel,
    /// Where the executables are; `None` for the folder that `cargo setup` fills.
    pub bin_dir: Option<PathBuf>,
    /// How Claude Code starts them; `None` for what suits the settings file.
    pub form: Option<EntryForm>,
    /// Whether our status line is installed too.
    pub has_status_line: bool,
    /// Whether to install where the settings keep hooks from running.
    pub force: bool,
    /// Whether only to show what would change.
    pub dry_run: bool,
}

/// What an uninstallation is asked for.
#[derive(Debug, Clone)]
pub struct Removal {
    /// The repository.
    pub repo: PathBuf,
    /// Whose settings.
    pub level: SettingsLevel,
    /// Whether only to show what would change.
    pub dry_run: bool,
}

/// Adds our entries.
///
/// # Errors
/// When the repository, an executable or a settings file does not allow it; then no file differs.
pub fn install(wanted: &Installation) -> Result<InstallReport, InstallError> {
    let paths = Paths::from_env();
    let repo = repository(&wanted.repo)?;
    let bin_dir = executables(wanted, &paths)?;
    if !wanted.force {
        refuse_where_hooks_are_off(&paths, &repo)?;
    }
    let file = wanted.level.file(&paths, &repo);
    let is_shared = wanted.level == SettingsLevel::Project && git::is_tracked(&file);
    let form = wanted.form.unwrap_or(if is_shared { EntryForm::Shell } else { EntryForm::Exec });
    if let Some(target) = elsewhere(&file, wanted.level, &repo).filter(|_| !wanted.force) {
        return Err(InstallError::Elsewhere { file, target });
    }
    let target = replace::link_target(&file);
    let records = InstallRecordDir::of(&paths, &target);
    let _lock = locked(&paths, wanted.dry_run)?;
    let record = read(&records)?;
    let recorded = record.iter().map(|record| record.bin_dir.clone());
    let folders = OurFolders::new(&paths, [bin_dir.clone()].into_iter().chain(recorded));
    let entries: Vec<_> = WIRING
        .iter()
        .map(|(event, executable, timeout)| {
            (*event, HookEntry::new(&bin_dir, paths.home(), executable, *timeout, form))
        })
        .collect();
    let wired = |text: &str| {
        let text = settings::wire(text, &entries, &folders)?;
        if wanted.has_status_line {
            status_line::wire(&text, &bin_dir, paths.home(), form)
        } else {
            status_line::unwire(&text, paths.home())
        }
    };
    let change = change(
        &file,
        &target,
        wanted.dry_run,
        |text| wired(text.unwrap_or(settings::NEW)).map(Some).map_err(not_understood(&target)),
        |before, after| {
            let had_ours = before
                .is_some_and(|before| without_ours(before, &folders).is_ok_and(|without| without != before));
            let new = recorded_change(record.as_ref(), before, after, had_ours, &target, &bin_dir);
            record::write(&records, &new, if had_ours { None } else { Some(before.unwrap_or_default()) })
        },
    )?;
    let mut notes = notes(wanted, &change, &paths, &repo)?;
    if !wanted.dry_run {
        if change.before.is_some() && change.is_any() && records.original_path().exists() {
            notes.push(InstallNote::OriginalIsKept(records.original_path()));
        }
        notes.push(match (form, is_shared) {
            (EntryForm::Exec, false) => InstallNote::StartsDirectly(bin_dir),
            (EntryForm::Exec, true) => InstallNote::StartsDirectlyForAll(bin_dir),
            (EntryForm::Shell, _) => InstallNote::StartsThroughShell,
        });
        notes.push(match wanted.level {
            SettingsLevel::User => InstallNote::RunsEverywhere,
            _ => InstallNote::RunsIn(repo),
        });
    }
    notes.sort_by_key(|note| !note.is_warning());
    Ok(InstallReport { change, notes })
}

/// Takes our entries out.
///
/// # Errors
/// As [`install`].
pub fn uninstall(wanted: &Removal) -> Result<UninstallReport, InstallError> {
    let paths = Paths::from_env();
    let repo = repository(&wanted.repo)?;
    let file = wanted.level.file(&paths, &repo);
    let target = replace::link_target(&file);
    let records = InstallRecordDir::of(&paths, &target);
    let _lock = locked(&paths, wanted.dry_run)?;
    let record = read(&records)?;
    let original = records
        .original()
        .map_err(|source| InstallError::Record { folder: records.path().to_owned(), source })?;
    let folders = OurFolders::new(&paths, record.iter().map(|record| record.bin_dir.clone()));
    let change = change(
        &file,
        &target,
        wanted.dry_run,
        |text| {
            let Some(text) = text else { return Ok(None) };
            let mut folders = folders.clone();
            if record.is_none() {
                folders.find_in(&value(text).map_err(not_understood(&target))?);
            }
            let is_ours = record.as_ref().filter(|record| record.is_exact && digest(text) == record.written);
            match (is_ours, &original) {
                (Some(record), _) if !record.existed => Ok(None),
                (Some(_), Some(original)) => Ok(Some(original.clone())),
                // Someone edited the file since, or the original was deleted: only our entries are removed.
                _ => without_ours(text, &folders).map(Some).map_err(not_understood(&target)),
            }
        },
        |_, _| Ok(()),
    )?;
    if wanted.dry_run {
        return Ok(UninstallReport { change, unwired: None });
    }
    record::remove(&records)?;
    if change.after.is_none()
        && let Some(folder) = target.parent()
    {
        // Only an empty folder is removed, and only ours was created with the file.
        let _ = std::fs::remove_dir(folder);
    }
    let unwired = Repository::discover(&resolve(&repo)).filter(|_| !is_wired(&paths, &repo));
    Ok(UninstallReport { change, unwired })
}

/// The folder of the executables, all of which exist.
fn executables(wanted: &Installation, paths: &Paths) -> Result<PathBuf, InstallError> {
    let named = wanted.bin_dir.clone().unwrap_or_else(|| paths.bin());
    let folder = std::path::absolute(&named).map_err(InstallError::file(named, "found"))?;
    let folder = resolve(&folder);
    let line = wanted.has_status_line.then_some(STATUS_LINE);
    let paths = wiring::executables().into_iter().chain(line).map(|executable| folder.join(executable));
    match paths.into_iter().find(|path| !path.is_file()) {
        Some(missing) => Err(InstallError::NoExecutable(missing)),
        None => Ok(folder),
    }
}

/// Entries that never run would look like an installation that works.
fn refuse_where_hooks_are_off(paths: &Paths, repo: &Path) -> Result<(), InstallError> {
    let own = SettingsLevel::ALL.map(|level| level.file(paths, repo));
    for file in own.iter().map(PathBuf::as_path).chain([managed()]) {
        let text = store::read(file).ok().flatten().and_then(|bytes| String::from_utf8(bytes).ok());
        let settings = text.and_then(|text| value(&text).ok()).unwrap_or_default();
        if let Some(key) = switches_hooks_off(&settings) {
            return Err(InstallError::HooksAreOff { file: file.to_owned(), key });
        }
    }
    Ok(())
}

/// The record of a change. An installation over an older one of ours keeps that one's original, unless the file was
/// edited between the two.
fn recorded_change(
    old: Option<&InstallRecord>,
    before: Option<&str>,
    after: &str,
    had_ours: bool,
    target: &Path,
    bin_dir: &Path,
) -> InstallRecord {
    let is_untouched = old.is_some_and(|old| before.is_some_and(|before| digest(before) == old.written));
    InstallRecord {
        settings: target.to_owned(),
        bin_dir: bin_dir.to_owned(),
        existed: if had_ours { old.is_none_or(|old| old.existed) } else { before.is_some() },
        is_exact: !had_ours || (is_untouched && old.is_some_and(|old| old.is_exact)),
        written: digest(after),
        at: Moment::now().rfc3339(),
    }
}

/// What a person should know about the settings file.
fn notes(
    wanted: &Installation,
    change: &SettingsChange,
    paths: &Paths,
    repo: &Path,
) -> Result<Vec<InstallNote>, InstallError> {
    let mut notes = Vec::new();
    if let (true, Some(before)) = (wanted.has_status_line, &change.before) {
        let (_, root) = crate::settings::parse(before).map_err(not_understood(&change.file))?;
        match crate::status_line::of(&root, paths.home()) {
            StatusLine::Absent | StatusLine::Ours(_) => {}
            StatusLine::Theirs(_) => notes.push(InstallNote::StatusLineIsChained),
            StatusLine::Wrapped(_) => notes.push(InstallNote::StatusLineRunsOurs),
            StatusLine::Broken(problem) => notes.push(InstallNote::StatusLineIsBroken(problem)),
        }
    }
    if wanted.dry_run {
        return Ok(notes);
    }
    let strict = change.after.as_deref().map(|after| after.trim_start_matches('\u{feff}'));
    if let Some(Err(error)) = strict.map(serde_json::from_str::<serde_json::Value>) {
        notes.push(InstallNote::NotStrictJson(error.to_string()));
    }
    let top = Repository::discover(repo).map(|repository| repository.top().to_owned());
    if let Some(top) = top.filter(|top| wanted.level != SettingsLevel::User && top != repo) {
        notes.push(InstallNote::InsideRepository(top));
    }
    Ok(notes)
}

/// Whether a settings file of the repository, or the user's, starts our hooks.
fn is_wired(paths: &Paths, repo: &Path) -> bool {
    SettingsLevel::ALL.map(|level| level.file(paths, repo)).iter().any(|file| {
        let text = store::read(file).ok().flatten().unwrap_or_default();
        String::from_utf8_lossy(&text).contains("hook-session-start")
    })
}

/// The record of an installation. Without it neither the original nor the folder of the executables is known, so one that
/// cannot be read ends the work.
fn read(records: &InstallRecordDir) -> Result<Option<InstallRecord>, InstallError> {
    records.read().map_err(|source| InstallError::Record { folder: records.path().to_owned(), source })
}

/// Where a settings file of the repository really lies, if a link leads out of it.
fn elsewhere(file: &Path, level: SettingsLevel, repo: &Path) -> Option<PathBuf> {
    (level != SettingsLevel::User).then(|| leads_out(file, repo)).flatten()
}

/// Settings without anything of ours, and with the status line that ours ran.
fn without_ours(text: &str, folders: &OurFolders) -> Result<String, SettingsError> {
    settings::unwire(&status_line::unwire(text, &folders.home)?, folders)
}

fn not_understood(file: &Path) -> impl Fn(SettingsError) -> InstallError + use<'_> {
    move |source| InstallError::Settings { file: file.to_owned(), source }
}

fn repository(path: &Path) -> Result<PathBuf, InstallError> {
    let found = path.canonicalize();
    let found = found.map_err(|source| InstallError::NoRepository { path: path.to_owned(), source })?;
    if found.is_dir() { Ok(found) } else { Err(InstallError::NotAFolder(found)) }
}

/// The lock of installers: two at once take turns. A dry run does not wait.
fn locked(paths: &Paths, dry_run: bool) -> Result<Option<lock::Lock>, InstallError> {
    if dry_run {
        return Ok(None);
    }
    let folder = paths.installs_dir();
    store::create_private_dir(&folder).map_err(InstallError::file(&folder, "created"))?;
    lock::exclusive(&folder.join("lock"), lock::PATIENT).map(Some).map_err(InstallError::Locked)
}

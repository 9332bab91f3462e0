//! `stanchion install` and `stanchion uninstall`.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::entry::{Bins, Entry, Form};
use crate::record::{Record, RecordDir};
use crate::settings::{Level, managed, switches_hooks_off, value};
use crate::status_line::StatusLine;
use crate::wiring::{self, WIRING};
use anyhow::{Context, bail};
use git::Repository;
use hooks_common::executables::STATUS_LINE;
use hooks_common::paths::Paths;
use platform::path::resolve;
use platform::store::{self, lock, replace};
use platform::time::Moment;

use self::record::digest;

mod record;
mod settings;
mod status_line;

/// What an installation is asked for.
#[derive(Debug, Clone)]
pub struct Installation {
    /// The repository.
    pub repo: PathBuf,
    /// Whose settings.
    pub level: Level,
    /// Where the executables are; `None` for the folder that `cargo setup` fills.
    pub bin_dir: Option<PathBuf>,
    /// How Claude Code starts them; `None` for what suits the settings file.
    pub form: Option<Form>,
    /// Whether the status line is ours too.
    pub has_status_line: bool,
    /// Also where the settings keep hooks from running.
    pub force: bool,
    /// Only show what would change.
    pub dry_run: bool,
}

/// What is to be taken back.
#[derive(Debug, Clone)]
pub struct Removal {
    /// The repository.
    pub repo: PathBuf,
    /// Whose settings.
    pub level: Level,
    /// Only show what would change.
    pub dry_run: bool,
}

/// How often a file that changes under our hands is read again.
const TRIES: usize = 3;

/// Hooks that are wired and never run would look like an installation that works.
fn refuse_where_hooks_are_off(paths: &Paths, repo: &Path) -> anyhow::Result<()> {
    let own = Level::ALL.map(|level| level.file(paths, repo));
    for file in own.iter().map(PathBuf::as_path).chain([managed()]) {
        let text = store::read(file).ok().flatten().and_then(|bytes| String::from_utf8(bytes).ok());
        let settings = text.and_then(|text| value(&text).ok()).unwrap_or_default();
        if let Some(key) = switches_hooks_off(&settings) {
            bail!(
                "{} has `{key}`: no hook of ours would run, so nothing was changed; remove it, or add --force",
                file.display()
            );
        }
    }
    Ok(())
}

/// Adds our entries.
pub fn install(wanted: &Installation, out: &mut impl Write) -> anyhow::Result<()> {
    let paths = Paths::from_env();
    let repo = repository(&wanted.repo)?;
    let bin_dir = resolve(&std::path::absolute(wanted.bin_dir.clone().unwrap_or_else(|| paths.bin()))?);
    let line = (wanted.has_status_line).then_some(STATUS_LINE);
    for executable in wiring::executables().into_iter().chain(line) {
        let path = bin_dir.join(executable);
        if !path.is_file() {
            bail!("{} is not there; `cargo setup` builds and installs the executables", path.display());
        }
    }
    if !wanted.force {
        refuse_where_hooks_are_off(&paths, &repo)?;
    }
    let path = wanted.level.file(&paths, &repo);
    let is_shared = wanted.level == Level::Project && git::is_tracked(&path);
    let form = wanted.form.unwrap_or(if is_shared { Form::Shell } else { Form::Exec });
    let target = replace::link_target(&path);
    let records = RecordDir::of(&paths, &target);
    let _lock = installing(&paths, wanted.dry_run)?;
    let record = records.read();
    let recorded = record.iter().map(|record| record.bin_dir.clone());
    let bins = Bins::new(&paths, [bin_dir.clone()].into_iter().chain(recorded));
    let entries: Vec<_> = WIRING
        .iter()
        .map(|(event, executable, timeout)| {
            (*event, Entry::new(&bin_dir, paths.home(), executable, *timeout, form))
        })
        .collect();
    let change = change(
        &target,
        wanted.dry_run,
        |text| {
            let text = settings::wire(text.unwrap_or(settings::NEW), &entries, &bins)?;
            let text = if !wanted.has_status_line {
                status_line::unwire(&text, paths.home())?
            } else {
                status_line::wire(&text, &bin_dir, paths.home(), form)?
            };
            Ok(Some(text))
        },
        |before, after| {
            let had_ours = before
                .is_some_and(|before| without_ours(before, &bins).is_ok_and(|without| without != before));
            let untouched = record
                .as_ref()
                .is_some_and(|record| before.is_some_and(|before| digest(before) == record.written));
            let record = Record {
                settings: target.clone(),
                bin_dir: bin_dir.clone(),
                // An installation over an older one of ours keeps that one's original, if nothing came between.
                existed: if had_ours {
                    record.as_ref().is_none_or(|record| record.existed)
                } else {
                    before.is_some()
                },
                is_exact: if had_ours {
                    untouched && record.as_ref().is_some_and(|record| record.is_exact)
                } else {
                    true
                },
                written: digest(after),
                at: Moment::now().rfc3339(),
            };
            record::write(&records, &record, if had_ours { None } else { Some(before.unwrap_or_default()) })
        },
    )?;
    tell(&change, &path, wanted.dry_run, out)?;
    if wanted.has_status_line {
        tell_status_line(change.before.as_deref(), &paths, out)?;
    }
    if wanted.dry_run {
        return Ok(());
    }
    if change.before.is_some() && change.before != change.after && records.original_path().exists() {
        writeln!(out, "The file as it was is kept in {}.", records.original_path().display())?;
    }
    if let Some(after) = &change.after
        && let Err(error) = serde_json::from_str::<serde_json::Value>(after.trim_start_matches('\u{feff}'))
    {
        writeln!(
            out,
            "Warning: {} is not strict JSON ({error}); a client that reads it strictly runs none of its hooks.",
            path.display()
        )?;
    }
    if wanted.level != Level::User
        && let Some(top) = Repository::discover(&repo)
            .map(|repository| repository.top().to_owned())
            .filter(|top| *top != repo)
    {
        writeln!(
            out,
            "Note: this is a folder of the repository {}; launched there, Claude Code does not load it.",
            top.display()
        )?;
    }
    match form {
        Form::Exec => {
            writeln!(
                out,
                "Claude Code starts the executables in {} directly (exec form, the fastest).",
                bin_dir.display()
            )?;
            if is_shared {
                writeln!(
                    out,
                    "git tracks this file: where {} is missing, each event shows an error. `--form shell` avoids that.",
                    bin_dir.display()
                )?;
            }
        }
        Form::Shell => writeln!(
            out,
            "Claude Code starts them through a guarded shell line: nothing happens where they are missing, and each\nstart costs about a millisecond more. `--form exec` is faster, and right when nobody shares the file."
        )?,
    }
    match wanted.level {
        Level::User => writeln!(out, "It counts in every folder.")?,
        _ => writeln!(
            out,
            "It counts when Claude Code is launched in {} itself, not in a folder below (--scope user counts everywhere).",
            repo.display()
        )?,
    }
    Ok(())
}

/// Takes our entries out.
pub fn uninstall(wanted: &Removal, out: &mut impl Write) -> anyhow::Result<()> {
    let paths = Paths::from_env();
    let repo = repository(&wanted.repo)?;
    let path = wanted.level.file(&paths, &repo);
    let target = replace::link_target(&path);
    let records = RecordDir::of(&paths, &target);
    let _lock = installing(&paths, wanted.dry_run)?;
    let record = records.read();
    let bins = Bins::new(&paths, record.iter().map(|record| record.bin_dir.clone()));
    let original = records.original().unwrap_or_default();
    let change = change(
        &target,
        wanted.dry_run,
        |text| {
            let Some(text) = text else { return Ok(None) };
            let is_ours = record.as_ref().filter(|record| record.is_exact && digest(text) == record.written);
            match (is_ours, &original) {
                (Some(record), _) if !record.existed => Ok(None),
                (Some(_), Some(original)) => Ok(Some(original.clone())),
                // An original that is gone is no reason to lose the file.
                _ => without_ours(text, &bins).map(Some),
            }
        },
        |_, _| Ok(()),
    )?;
    tell(&change, &path, wanted.dry_run, out)?;
    if !wanted.dry_run {
        record::remove(&records)?;
        leave_git(&paths, &repo, out)?;
        if change.after.is_none()
            && let Some(folder) = target.parent()
        {
            // Only an empty folder goes, and only ours was made with the file.
            let _ = std::fs::remove_dir(folder);
        }
    }
    Ok(())
}

/// Takes the block out of git's `info/exclude` once no settings of the repository start our hooks any more, and says what
/// sessions leave behind.
fn leave_git(paths: &Paths, repo: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let Some(repository) = Repository::discover(&resolve(repo)) else { return Ok(()) };
    let levels = Level::ALL.map(|level| level.file(paths, repo));
    let is_wired = |file: &PathBuf| {
        let text = store::read(file).ok().flatten().unwrap_or_default();
        String::from_utf8_lossy(&text).contains("hook-session-start")
    };
    if levels.iter().any(is_wired) || !continuity::exclude::is_there(&repository) {
        return Ok(());
    }
    continuity::exclude::remove(&repository).context("the block in git's info/exclude")?;
    writeln!(
        out,
        "Took the block out of {}. What sessions left below .claude/ stays, and git sees it now: `req paths` lists it.",
        repository.common_dir().join("info/exclude").display()
    )?;
    Ok(())
}

/// Settings without anything of ours, and with the status line that ours ran.
fn without_ours(text: &str, bins: &Bins) -> anyhow::Result<String> {
    settings::unwire(&status_line::unwire(text, &bins.home)?, bins)
}

/// What became of the status line that was there.
fn tell_status_line(before: Option<&str>, paths: &Paths, out: &mut impl Write) -> anyhow::Result<()> {
    let Some(before) = before else { return Ok(()) };
    let (_, root) = crate::settings::parse(before)?;
    match crate::status_line::of(&root, paths.home()) {
        StatusLine::Absent | StatusLine::Ours(_) => {}
        StatusLine::Theirs(_) => {
            writeln!(
                out,
                "The status line that was there shows on: ours runs it (--no-status-line leaves it alone)."
            )?;
        }
        StatusLine::Wrapped(_) => {
            writeln!(out, "The status line runs ours in a way of its own; it stays as it is.")?;
        }
        StatusLine::Broken(problem) => writeln!(out, "Warning: {problem}; the status line stays as it is.")?,
    }
    Ok(())
}

fn repository(path: &Path) -> anyhow::Result<PathBuf> {
    let path = path.canonicalize().with_context(|| path.display().to_string())?;
    if !path.is_dir() {
        bail!("{} is no folder", path.display());
    }
    Ok(path)
}

/// Two installers at once take turns. A dry run waits for nobody.
fn installing(paths: &Paths, dry_run: bool) -> anyhow::Result<Option<lock::Lock>> {
    if dry_run {
        return Ok(None);
    }
    let folder = paths.installs_dir();
    store::create_private_dir(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    Ok(Some(lock::exclusive(&folder.join("lock"), lock::PATIENT).context("another installer is at work")?))
}

/// A file before and after.
struct Change {
    before: Option<String>,
    after: Option<String>,
}

/// Reads, edits and replaces a settings file. It is read again right before the replacement: if somebody
/// changed it meanwhile, the edit starts over. `prepare` runs before the file is touched.
fn change(
    target: &Path,
    dry_run: bool,
    edit: impl Fn(Option<&str>) -> anyhow::Result<Option<String>>,
    prepare: impl Fn(Option<&str>, &str) -> anyhow::Result<()>,
) -> anyhow::Result<Change> {
    let shown = target.display();
    let read = || -> anyhow::Result<Option<String>> {
        let bytes = store::read(target).with_context(|| format!("{shown} cannot be read"))?;
        bytes
            .map(String::from_utf8)
            .transpose()
            .with_context(|| format!("{shown} is not UTF-8; it stays as it is"))
    };
    for _ in 0..TRIES {
        let before = read()?;
        let after = edit(before.as_deref()).with_context(|| format!("{shown} stays as it is"))?;
        if dry_run || before == after {
            return Ok(Change { before, after });
        }
        if let Some(after) = &after {
            prepare(before.as_deref(), after)?;
        }
        if read()? != before {
            continue;
        }
        match &after {
            Some(text) => config_edit::write(target, text)
                .with_context(|| format!("{shown} cannot be written; it stays as it is"))?,
            None => std::fs::remove_file(target).with_context(|| format!("{shown} cannot be removed"))?,
        }
        return Ok(Change { before, after });
    }
    bail!("{shown} kept changing while it was edited; it stays as it is")
}

fn tell(change: &Change, path: &Path, dry_run: bool, out: &mut impl Write) -> anyhow::Result<()> {
    if change.before == change.after {
        writeln!(out, "{}: nothing to change.", path.display())?;
        return Ok(());
    }
    if !dry_run {
        let what = match (&change.before, &change.after) {
            (None, _) => "Wrote",
            (_, None) => "Removed",
            _ => "Changed",
        };
        writeln!(out, "{what} {}.", path.display())?;
        return Ok(());
    }
    writeln!(out, "Would change {}:", path.display())?;
    let (before, after) =
        (change.before.clone().unwrap_or_default(), change.after.clone().unwrap_or_default());
    let (before, after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let same_start = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let most = before.len().min(after.len()) - same_start;
    let same_end = before.iter().rev().zip(after.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    for line in &before[same_start..before.len() - same_end] {
        writeln!(out, "- {line}")?;
    }
    for line in &after[same_start..after.len() - same_end] {
        writeln!(out, "+ {line}")?;
    }
    Ok(())
}

//! `req checkpoint commit`: the checkpoint and the configured paths, in one commit of their own.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use continuity::ContinuityPlace;
use continuity::checkpoint::{self, Action, CheckpointDocument, Phase};
use git::{CommittedPaths, GitCommand};
use platform::text;
use platform::time::Moment;
use redact::redact;

use super::checkpoint_file::{chosen, git, note_event, number_of, print_report, shown};
use super::session::Subject;
use crate::cli::CheckpointCommitArgs;
use crate::error::{CliError, CliResult, Context, bail, note};
use crate::interrupts::Interrupts;

/// Commits the checkpoint if it verifies.
pub fn run(
    subject: &Subject,
    arguments: &CheckpointCommitArgs,
    now: Moment,
    out: &mut impl Write,
) -> CliResult {
    let place = &subject.continuity;
    if place.project().repository().is_none() {
        bail!("{} is not in a git repository", place.root().display());
    }
    let path = chosen(subject, arguments.file.as_deref(), arguments.session)?;
    let report = checkpoint::verify(place, &path)?;
    if !report.is_supported() && !arguments.force {
        print_report(&report, &shown(place, &path), out)?;
        writeln!(out, "Nothing was committed.\nNext: fix the findings, or add --force to commit it anyway")?;
        return Err(CliError::Reported);
    }
    let before = checkpoint::read(place.root(), &path)?;
    let document = CheckpointDocument::of(&before);
    let number = arguments.session.unwrap_or_else(|| number_of(&document, &path));
    let title = arguments.title.as_deref().unwrap_or(document.scalar("title"));
    let message = message(number, title);

    let wanted = wanted(place, &path)?;
    let paths: Vec<_> = wanted.iter().map(|name| place.root().join(name)).collect();
    let held = CommittedPaths::of(place.project().repository(), place.root(), &paths);
    let is_entered = matches!(document.scalar("phase"), "" | "commit") && held.holds(&path);
    if is_entered && held.holds_all() {
        writeln!(out, "{} is committed already; nothing changed since.", shown(place, &path))?;
        return Ok(());
    }
    // Ctrl-C ends git as well. Then the checkpoint's phase and the index must be restored, so we must not end with it.
    let interrupts = Interrupts::held_back()?;
    let written =
        if is_entered { before.clone() } else { checkpoint::enter(place.root(), &path, Phase::Commit, now)? };
    let take_back = || checkpoint::leave(place.root(), &path, &written, &before);
    let added = match IntentToAdd::to(place.root(), &wanted) {
        Ok(added) => added,
        Err(error) => {
            take_back()?;
            return Err(error);
        }
    };
    let is_committed = match interrupts.came() {
        true => Ok(false),
        false => commit(place.root(), &message, &added.known),
    };
    if !matches!(is_committed, Ok(true)) {
        take_back()?;
        added.take_back(place.root());
        is_committed?;
        if interrupts.came() {
            bail!("interrupted; the checkpoint and the index are as they were");
        }
        return Err(CliError::system("git did not commit; the checkpoint and the index are as they were")
            .next("fix what git reports above, then run this command again"));
    }
    note_event(place, Action::Committed, number, &path, now);
    writeln!(out, "Committed {}: {}", shown(place, &path), text::one_line(&message))?;
    Ok(())
}

/// `Session N: TITLE`, on one line.
fn message(number: u64, title: &str) -> String {
    const LONGEST: usize = 200;
    let title: Vec<_> = title.split_whitespace().collect();
    let title = text::one_line(&redact(&title.join(" ")));
    let title: String = title.chars().take(LONGEST).collect();
    format!("Session {number}: {}", if title.is_empty() { "checkpoint" } else { &title })
}

/// The checkpoint and the configured paths that exist, relative to the root.
fn wanted(place: &ContinuityPlace, checkpoint: &Path) -> CliResult<Vec<String>> {
    let root = place.root();
    let relative = checkpoint.strip_prefix(root).context("the checkpoint is outside the project")?;
    let relative = relative.to_str().context("the checkpoint's path is not UTF-8")?.to_owned();
    let inside = |name: &str| {
        let path = platform::path::normalise(Path::new(name));
        let is_ours = path.is_relative() && !path.starts_with("..") && !path.as_os_str().is_empty();
        (is_ours && root.join(&path).exists()).then(|| path.to_string_lossy().into_owned())
    };
    let configured = place.settings.checkpoints.commit_paths.iter().filter_map(inside);
    Ok([relative].into_iter().chain(configured).collect())
}

/// New files that the index names without content, so that `git commit --only` can commit them.
struct IntentToAdd {
    /// The new files.
    new: Vec<String>,
    /// The wanted paths below which git knows a file.
    known: Vec<String>,
}

impl IntentToAdd {
    fn to(root: &Path, wanted: &[String]) -> CliResult<Self> {
        let ask = |first: &[&str], paths: &[String]| {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            git(root, &[first, &["--"], &paths].concat())
        };
        let listed = ask(&["ls-files", "-z", "--others", "--exclude-standard"], wanted);
        let listed = listed.context("git cannot list new files, so nothing was committed")?;
        let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        let new: Option<Vec<String>> = names.map(|name| String::from_utf8(name.to_vec()).ok()).collect();
        let new = new.context("the name of a new file is not UTF-8; `git add` it, then commit again")?;
        // git names a nested repository with a trailing slash. It would be committed as a link to a commit that others lack.
        let (foreign, new): (Vec<_>, Vec<_>) = new.into_iter().partition(|name| name.ends_with('/'));
        for name in foreign {
            note(format_args!(
                "{} is a repository of its own, so it is not committed",
                text::one_line(&name)
            ));
        }
        let mut added = Self { new, known: Vec::new() };
        if !added.new.is_empty()
            && !succeeds(about(root, &["add", "--intent-to-add"], &added.new).show_errors())
        {
            added.take_back(root);
            bail!("git cannot add new files, see above; nothing was committed");
        }
        // No answer within the byte limit means that there are many names.
        let is_known = |path: &&String| {
            ask(&["ls-files", "-z"], std::slice::from_ref(path)).is_none_or(|names| !names.is_empty())
        };
        added.known = wanted.iter().filter(is_known).cloned().collect();
        if added.known.first() != wanted.first() {
            added.take_back(root);
            bail!("git ignores {}, so it cannot be committed", text::one_line(&wanted[0]));
        }
        Ok(added)
    }

    /// Removes the new files from the index again.
    fn take_back(&self, root: &Path) {
        if !self.new.is_empty() {
            succeeds(about(root, &["rm", "--cached", "--quiet", "--ignore-unmatch"], &self.new));
        }
    }
}

/// A command about files, of which there may be more than a command line holds.
fn about(root: &Path, arguments: &[&str], names: &[String]) -> GitCommand {
    const PATIENCE: Duration = Duration::from_secs(60);
    let git = GitCommand::in_folder(root).literal_paths().args(arguments);
    let git = git.args(["--pathspec-from-file=-", "--pathspec-file-nul"]);
    git.input(names.join("\0")).within(PATIENCE)
}

fn succeeds(git: GitCommand) -> bool {
    git.succeeds().unwrap_or(false)
}

/// Commits these paths as they are in the work tree, and nothing else that is staged. The output of git and of the user's
/// hooks is shown. There is no deadline, as with a commit by hand.
fn commit(root: &Path, message: &str, paths: &[String]) -> CliResult<bool> {
    let git = GitCommand::in_folder(root).literal_paths();
    let git = git.args(["commit", "--quiet", "--only", "-m", message, "--"]).args(paths);
    Ok(git.run_for_user()?)
}

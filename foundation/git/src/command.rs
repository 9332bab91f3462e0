//! The one way to start git: with a deadline, a limit on its output, and nothing of the user's configuration that
//! would start, lock, write or ask on the way.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;
use std::{io, iter};

use platform::budget;
use platform::child::{self, Errors, Limits};
use platform::text::one_line;

use crate::error::GitError;

/// How long git may take where the caller does not say.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest message of git that is passed on, in characters.
const LONGEST_MESSAGE: usize = 300;

/// A question to git, or an order, in one folder or repository.
#[derive(Debug, Clone)]
#[must_use = "git is not started before `output`, `text` or one of their kind"]
pub struct GitCommand {
    folder: PathBuf,
    place: Vec<OsString>,
    arguments: Vec<OsString>,
    input: Option<Vec<u8>>,
    limits: Limits,
    errors: Errors,
}

/// What git printed, and whether it said yes.
#[derive(Debug)]
pub struct GitOutput {
    /// Whether it ended with 0. `None` when it was stopped because it printed more than its limit.
    pub is_success: Option<bool>,
    /// What it printed, up to the limit.
    pub bytes: Vec<u8>,
}

impl GitCommand {
    /// git as if it were started in `folder`: it finds the repository by itself.
    pub fn in_folder(folder: &Path) -> Self {
        Self::at(folder, ["-C".into(), folder.into()].into())
    }

    /// git on the repository in `git_dir`, without a work tree; `folder` is what messages name.
    pub(crate) fn in_git_dir(folder: &Path, git_dir: &Path) -> Self {
        Self::at(folder, ["--git-dir".into(), git_dir.into()].into())
    }

    fn at(folder: &Path, place: Vec<OsString>) -> Self {
        Self {
            folder: folder.to_owned(),
            place,
            arguments: Vec::new(),
            input: None,
            limits: Limits { time: PATIENCE, bytes: child::MOST_OUTPUT },
            errors: Errors::Kept,
        }
    }

    /// Names the git directory, seen from the folder.
    pub fn git_dir(mut self, git_dir: impl AsRef<OsStr>) -> Self {
        self.place.extend(["--git-dir".into(), git_dir.as_ref().to_owned()]);
        self
    }

    /// Names the root of the work tree.
    pub fn work_tree(mut self, top: &Path) -> Self {
        self.place.extend(["--work-tree".into(), top.into()]);
        self
    }

    /// Sets a configuration value for this run: `name=value`.
    pub fn setting(mut self, setting: &str) -> Self {
        self.place.extend(["-c".into(), setting.into()]);
        self
    }

    /// Takes paths as names, without wildcards and magic.
    pub fn literal_paths(mut self) -> Self {
        self.place.push("--literal-pathspecs".into());
        self
    }

    /// Adds arguments: first the subcommand, then its own.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Gives git something on its stdin. Arguments are visible to every process; this is not.
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// Sets how long git may take; it is killed then.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limits.time = limit;
        self
    }

    /// Sets how many bytes are read of its output.
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.limits.bytes = bytes;
        self
    }

    /// Shows what git says on stderr to the person at the terminal.
    pub fn show_errors(mut self) -> Self {
        self.errors = Errors::Shown;
        self
    }

    /// Runs git; what it printed, up to the limit, whether it said yes or no.
    ///
    /// # Errors
    /// When it is missing, takes too long, or refuses the repository.
    pub fn output(self) -> Result<GitOutput, GitError> {
        self.run().map(|(output, _)| output)
    }

    /// What git prints, up to the limit: the beginning is enough for the caller.
    ///
    /// # Errors
    /// As [`GitCommand::output`], and when it says no.
    pub fn beginning(self) -> Result<Vec<u8>, GitError> {
        let (command, folder) = (self.subcommand(), self.folder.clone());
        match self.run()? {
            (GitOutput { is_success: Some(false), .. }, message) => {
                Err(GitError::Failed { command, folder, message })
            }
            (output, _) => Ok(output.bytes),
        }
    }

    /// What git prints, all of it.
    ///
    /// # Errors
    /// As [`GitCommand::beginning`], and when it prints more than the limit.
    pub fn bytes(self) -> Result<Vec<u8>, GitError> {
        let (command, folder, limit) = (self.subcommand(), self.folder.clone(), self.limits.bytes);
        match self.run()? {
            (GitOutput { is_success: Some(true), bytes }, _) => Ok(bytes),
            (GitOutput { is_success: Some(false), .. }, message) => {
                Err(GitError::Failed { command, folder, message })
            }
            (GitOutput { is_success: None, .. }, _) => Err(GitError::TooMuch { command, folder, limit }),
        }
    }

    /// [`GitCommand::bytes`] as text.
    ///
    /// # Errors
    /// As [`GitCommand::bytes`].
    pub fn text(self) -> Result<String, GitError> {
        self.bytes().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// [`GitCommand::text`]; `None` when git says no.
    ///
    /// # Errors
    /// As [`GitCommand::text`], but for that.
    pub fn answer(self) -> Result<Option<String>, GitError> {
        match self.text() {
            Ok(text) => Ok(Some(text)),
            Err(GitError::Failed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether git says yes.
    ///
    /// # Errors
    /// As [`GitCommand::output`].
    pub fn succeeds(self) -> Result<bool, GitError> {
        Ok(self.output()?.is_success == Some(true))
    }

    /// Runs git as the user would: with their configuration, their locale and their hooks, for as long as it takes.
    /// What it prints goes to stderr, because programs read our stdout. Whether it succeeded.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run_for_user(self) -> Result<bool, GitError> {
        let mut git = program();
        git.args(&self.place).args(&self.arguments).stdin(Stdio::null()).stdout(io::stderr());
        git.status().map(|status| status.success()).map_err(not_run)
    }

    fn run(self) -> Result<(GitOutput, String), GitError> {
        let (command, mut limits) = (self.subcommand(), self.limits);
        limits.time = budget::left().map_or(limits.time, |left| left.min(limits.time));
        if stuck::is_stuck(&self.folder) {
            return Err(GitError::TimedOut { command, folder: self.folder, limit: limits.time });
        }
        let mut git = program();
        // The optional lock of `git status` would make the user's own git fail; a monitor or a pager is a program that
        // the repository may name. Paths come unquoted and messages in English and UTF-8, as they are parsed here.
        git.args(["--no-pager", "--no-optional-locks"]);
        for setting in ["core.fsmonitor=false", "core.quotePath=false", "i18n.logOutputEncoding=UTF-8"] {
            git.args(["-c", setting]);
        }
        git.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
        git.args(&self.place).args(&self.arguments);
        let ended = match child::run(&mut git, self.input, limits, self.errors) {
            Ok(ended) => ended,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                stuck::note(&self.folder, limits.time);
                return Err(GitError::TimedOut { command, folder: self.folder, limit: limits.time });
            }
            Err(error) => return Err(not_run(error)),
        };
        let is_success = ended.status.map(|status| status.success());
        let errors = String::from_utf8_lossy(&ended.errors);
        if is_success == Some(false)
            && let Some(path) = refused(&errors)
        {
            return Err(GitError::Refused(path.map_or(self.folder, PathBuf::from)));
        }
        Ok((GitOutput { is_success, bytes: ended.output }, message(&errors, ended.status)))
    }

    fn subcommand(&self) -> String {
        self.arguments.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// Folders in which git did not answer: the next question would wait as long, and an event asks several.
mod stuck {
    use std::path::{Path, PathBuf};
    use std::sync::Mutex;
    use std::time::{Duration, Instant};

    /// How long git is not asked again.
    const REST: Duration = Duration::from_secs(10);
    /// A question with less time than this says nothing about the others.
    const FAIR: Duration = Duration::from_secs(1);

    static LAST: Mutex<Option<(PathBuf, Instant)>> = Mutex::new(None);

    pub fn note(folder: &Path, limit: Duration) {
        if limit >= FAIR
            && let Ok(mut last) = LAST.lock()
        {
            *last = Some((folder.to_owned(), Instant::now()));
        }
    }

    pub fn is_stuck(folder: &Path) -> bool {
        let last = LAST.lock();
        last.is_ok_and(|last| last.as_ref().is_some_and(|(at, when)| at == folder && when.elapsed() < REST))
    }
}

fn program() -> Command {
    Command::new("git")
}

fn not_run(error: io::Error) -> GitError {
    if error.kind() == io::ErrorKind::NotFound { GitError::Missing } else { GitError::NotRun(error) }
}

/// Whether git does not trust the owner of a repository, and which one, where it says so. The words are those of git
/// 2.35.3 and later, then those of 2.35.2.
fn refused(errors: &str) -> Option<Option<&str>> {
    let quoted = |start: &str| {
        let (_, rest) = errors.split_once(start)?;
        Some(rest.strip_prefix('\'').and_then(|rest| rest.split_once('\'')).map(|(path, _)| path))
    };
    quoted("detected dubious ownership in repository at ").or_else(|| quoted("unsafe repository ("))
}

/// git's own words in one line, without the prefix that every message of its has.
fn message(errors: &str, status: Option<ExitStatus>) -> String {
    let lines = errors.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_told = |line: &&str| line.starts_with("fatal: ") || line.starts_with("error: ");
    let line = lines.clone().find(is_told).or_else(|| lines.clone().next());
    let line = line.map(|line| {
        let prefixes = iter::once("fatal: ").chain(["error: "]);
        prefixes.fold(line, |line, prefix| line.strip_prefix(prefix).unwrap_or(line))
    });
    match (line, status) {
        (Some(line), _) => one_line(line).chars().take(LONGEST_MESSAGE).collect(),
        (None, Some(status)) => status.to_string(),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use platform::error::Explain;

    use super::*;
    use crate::testing::Repo;

    #[test]
    fn git_is_asked_in_a_bounded_way() {
        let repo = Repo::new();
        repo.commit("first");
        let git = || GitCommand::in_folder(repo.root());
        assert_eq!(git().args(["symbolic-ref", "--short", "HEAD"]).text().unwrap(), "main\n");
        assert_eq!(git().args(["rev-parse", "--verify", "--quiet", "none"]).answer().unwrap(), None);
        assert!(!git().args(["rev-parse", "--verify", "--quiet", "none"]).succeeds().unwrap());
        let error = git().args(["log", "none"]).text().unwrap_err();
        assert!(error.to_string().contains("`git log` fails in ") && error.to_string().contains("'none'"));
        let error = git().args(["cat-file", "--batch"]).input("HEAD\n".repeat(100)).at_most(100).bytes();
        assert!(matches!(error, Err(GitError::TooMuch { limit: 100, .. })), "{error:?}");
        let beginning = git().args(["log", "--format=%s"]).at_most(3).beginning().unwrap();
        assert_eq!(beginning, b"fir");
        let slow = git().setting("alias.slow=!sleep 5").args(["slow"]).within(Duration::from_millis(50));
        assert!(slow.text().unwrap_err().to_string().starts_with("`git slow` takes longer than 50 ms in "));
    }

    #[test]
    fn a_git_that_did_not_answer_is_not_asked_again_in_that_folder() {
        let (stuck, other) = (Repo::new(), Repo::new());
        let head = |repo: &Repo| GitCommand::in_folder(repo.root()).args(["symbolic-ref", "HEAD"]).text();
        // A question with little time says nothing about the next one.
        let ask = |limit| {
            let git = GitCommand::in_folder(stuck.root()).setting("alias.slow=!sleep 5");
            git.args(["slow"]).within(limit).text()
        };
        assert!(matches!(ask(Duration::from_millis(50)), Err(GitError::TimedOut { .. })));
        assert_eq!(head(&stuck).unwrap(), "refs/heads/main\n");
        assert!(matches!(ask(Duration::from_secs(1)), Err(GitError::TimedOut { .. })));
        assert!(matches!(head(&stuck), Err(GitError::TimedOut { .. })));
        assert_eq!(head(&other).unwrap(), "refs/heads/main\n");
    }

    #[test]
    fn nothing_of_the_repository_is_run() {
        let repo = Repo::new();
        repo.write("a", "a\n");
        let mark = repo.root().join("ran");
        for name in ["core.fsmonitor", "core.pager"] {
            repo.git(&["config", name, &format!("touch {}; cat", mark.display())]);
        }
        let text = GitCommand::in_folder(repo.root()).args(["status", "--porcelain"]).text().unwrap();
        assert_eq!(text, "?? a\n");
        assert!(!mark.exists());
    }

    #[test]
    fn a_repository_of_another_user_is_named_with_the_way_out() {
        let owned = "fatal: detected dubious ownership in repository at '/srv/x y'\nTo add an exception";
        assert_eq!(refused(owned), Some(Some("/srv/x y")));
        let older = "fatal: unsafe repository ('/srv/x' is owned by someone else)\n";
        assert_eq!(refused(older), Some(Some("/srv/x")));
        assert_eq!(refused("fatal: not a git repository"), None);
        let error = GitError::Refused("/srv/x".into());
        assert_eq!(error.to_string(), "git refuses the repository at /srv/x: it belongs to another user");
        assert!(error.hint().unwrap().ends_with("`git config --global --add safe.directory /srv/x`"));
    }

    /// git itself is made to believe that the repository is another user's.
    #[test]
    fn git_refuses_as_it_is_read_here() {
        let repo = Repo::new();
        let mut git = program();
        git.arg("-C").arg(repo.root()).arg("status").env("LC_ALL", "C");
        git.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1").env("HOME", repo.root());
        git.env("GIT_CONFIG_NOSYSTEM", "1");
        let output = git.output().unwrap();
        assert_eq!(refused(&String::from_utf8_lossy(&output.stderr)).unwrap(), repo.root().to_str());
    }

    #[test]
    fn a_message_loses_its_prefix_only() {
        for (errors, expected) in [
            ("hint: x\nerror: the branch 'a' is not fully merged\n", "the branch 'a' is not fully merged"),
            ("fatal: bad revision\n", "bad revision"),
            ("\nusage: git log\n", "usage: git log"),
        ] {
            assert_eq!(message(errors, None), expected);
        }
    }
}

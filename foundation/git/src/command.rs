//! Starts git. It is the only place that does, with a deadline and a limit on the output. No configured program can
//! start, lock, write or ask.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;
use std::{io, iter};

use platform::budget;
use platform::child::{self, Errors, Limits};
use platform::text::one_line;

use crate::error::GitError;

/// The time limit if the caller sets none.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest message of git that is shown, in characters.
const LONGEST_MESSAGE: usize = 300;

/// A git command in one folder or repository.
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

/// The output of git, and whether it succeeded.
#[derive(Debug)]
pub struct GitOutput {
    /// Whether git exited with 0. `None` if it was stopped because its output exceeded the limit.
    pub is_success: Option<bool>,
    /// The output, up to the limit.
    pub bytes: Vec<u8>,
}

impl GitCommand {
    /// A git command in `folder`. git finds the repository itself.
    pub fn in_folder(folder: &Path) -> Self {
        Self::at(folder, ["-C".into(), folder.into()].into())
    }

    /// A git command on the repository in `git_dir`, without a work tree. Messages name `folder`.
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

    /// Sets the git directory, relative to the folder.
    pub fn git_dir(mut self, git_dir: impl AsRef<OsStr>) -> Self {
        self.place.extend(["--git-dir".into(), git_dir.as_ref().to_owned()]);
        self
    }

    /// Sets the root of the work tree.
    pub fn work_tree(mut self, top: &Path) -> Self {
        self.place.extend(["--work-tree".into(), top.into()]);
        self
    }

    /// Sets a configuration value for this command: `name=value`.
    pub fn setting(mut self, setting: &str) -> Self {
        self.place.extend(["-c".into(), setting.into()]);
        self
    }

    /// Takes paths as plain names, without wildcards and pathspec magic.
    pub fn literal_paths(mut self) -> Self {
        self.place.push("--literal-pathspecs".into());
        self
    }

    /// Adds arguments: first the subcommand, then its arguments.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets git's stdin. Every process can read arguments, but not stdin.
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// Sets the time limit. git is killed when it expires.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limits.time = limit;
        self
    }

    /// Sets the most bytes of output that are read.
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.limits.bytes = bytes;
        self
    }

    /// Shows git's stderr to the user at the terminal.
    pub fn show_errors(mut self) -> Self {
        self.errors = Errors::Shown;
        self
    }

    /// Runs git. Returns the output up to the limit, even if git fails.
    ///
    /// # Errors
    /// When git is missing, takes too long, or refuses the repository.
    pub fn output(self) -> Result<GitOutput, GitError> {
        self.run().map(|(output, _)| output)
    }

    /// The output of git up to the limit, for callers that only need its beginning.
    ///
    /// # Errors
    /// As [`GitCommand::output`], and when git fails.
    pub fn beginning(self) -> Result<Vec<u8>, GitError> {
        let (command, folder) = (self.subcommand(), self.folder.clone());
        match self.run()? {
            (GitOutput { is_success: Some(false), .. }, message) => {
                Err(GitError::Failed { command, folder, message })
            }
            (output, _) => Ok(output.bytes),
        }
    }

    /// The whole output of git.
    ///
    /// # Errors
    /// As [`GitCommand::beginning`], and when the output exceeds the limit.
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

    /// [`GitCommand::text`]; `None` when git fails.
    ///
    /// # Errors
    /// As [`GitCommand::text`], except that a failure of git is not an error.
    pub fn answer(self) -> Result<Option<String>, GitError> {
        match self.text() {
            Ok(text) => Ok(Some(text)),
            Err(GitError::Failed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether git succeeds.
    ///
    /// # Errors
    /// As [`GitCommand::output`].
    pub fn succeeds(self) -> Result<bool, GitError> {
        Ok(self.output()?.is_success == Some(true))
    }

    /// Runs git as the user does, with their configuration, locale and hooks, and without a time limit. Its stdout
    /// goes to stderr, because programs read Stanchion's stdout. Returns whether it succeeded.
    ///
    /// # Errors
    /// When git cannot be started.
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
        // An optional lock of `git status` could make the user's own git fail. A monitor or a pager is a program that
        // the repository may name. The other settings make the output parseable: unquoted paths, UTF-8, messages in
        // English.
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

/// Folders in which git timed out. Each further command would wait as long, and one event runs several.
mod stuck {
    use std::path::{Path, PathBuf};
    use std::sync::Mutex;
    use std::time::{Duration, Instant};

    /// The time during which git is not started again in such a folder.
    const REST: Duration = Duration::from_secs(10);
    /// A command with a shorter limit does not count: its timeout does not show that git is stuck.
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

/// Whether git refuses a repository because of its owner, and the repository if the message names it. The texts are
/// from git 2.35.3 and later, and from 2.35.2.
fn refused(errors: &str) -> Option<Option<&str>> {
    let quoted = |start: &str| {
        let (_, rest) = errors.split_once(start)?;
        Some(rest.strip_prefix('\'').and_then(|rest| rest.split_once('\'')).map(|(path, _)| path))
    };
    quoted("detected dubious ownership in repository at ").or_else(|| quoted("unsafe repository ("))
}

/// git's error message in one line, without its prefix.
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

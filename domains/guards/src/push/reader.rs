//! Reads the git calls of a line in order.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use config::types::guards::Push as Settings;
use git::Repository;
use platform::budget;
use platform::shell_word;
use shell::programs::pushes_nothing;
use shell::{Command, Folder, GitCall, Script, Word};

use super::arguments::{self, PushArguments};
use super::call::{as_git, is_configured_from_outside, is_source_of_configuration, of_send_pack, of_subtree};
use super::course::{Position, RepositoryState};
use super::destinations::{Destination, Push, default_remote};
use super::doubt;
use super::objection::objection;
use super::told::{UNKNOWN, is_query, is_unknown, told};
use crate::examined::ExaminedUse;
use crate::objection::Objection;
use crate::repository::{Protected, folder_of, repository_of};
use git::GitConfig;

/// How many git calls are followed, including those that aliases expand to.
const MOST_CALLS: usize = 300;
/// How deeply nested aliases are followed.
const DEEPEST: usize = 10;
/// How a line names the root of its work tree.
const TOP: [&str; 2] = ["$(git rev-parse --show-toplevel)", "`git rev-parse --show-toplevel`"];

/// The context of a script.
#[derive(Clone, Copy)]
struct LineState<'l> {
    /// The folder in which it starts.
    start: &'l Path,
    text: &'l str,
    /// The number of enclosing aliases.
    depth: usize,
}

/// A git call with its context.
#[derive(Clone, Copy)]
struct GitCallAt<'l> {
    /// The index of its repository in the reader's list, if it is known.
    place: Option<usize>,
    line: LineState<'l>,
    /// Whether it takes configuration from a source that is not read.
    is_hidden: bool,
}

/// Reads the git calls of a line in order.
pub(super) struct Reader<'a, 's> {
    examined: &'a ExaminedUse<'s>,
    settings: &'a Settings,
    places: Vec<RepositoryState>,
    found: Vec<Objection>,
    /// How many git calls were followed.
    calls: usize,
    /// How many pushes were read.
    pushes: usize,
    /// The branch that git printed when the line asked for it.
    shown: Option<Position>,
    /// The work tree root that the line entered, although its words do not determine the folder.
    top: Option<PathBuf>,
    /// The repository that the environment names since a command of the line.
    git_dir: Option<String>,
    /// Whether configuration comes from a source that is not read.
    is_hidden: bool,
}

impl<'a, 's> Reader<'a, 's> {
    /// Returns the findings over the pushes of a line.
    pub(super) fn read(settings: &'a Settings, examined: &'a ExaminedUse<'s>) -> Vec<Objection> {
        let mut reader = Self {
            examined,
            settings,
            places: Vec::new(),
            found: Vec::new(),
            calls: 0,
            pushes: 0,
            shown: None,
            top: None,
            git_dir: None,
            is_hidden: false,
        };
        let line = LineState { start: &examined.tool_use.folder, text: examined.tool_use.command, depth: 0 };
        reader.script(examined.script(), line);
        reader.found
    }

    fn script(&mut self, script: &Script, line: LineState<'_>) {
        for command in script.commands.iter().take_while(|_| !budget::is_spent()) {
            self.command(command, line);
        }
        if let Some(doubt) = script.doubt.as_ref().filter(|_| self.found.is_empty())
            && doubt::may_push(script, line.text, self.pushes)
        {
            self.found.push(Objection::doubtful(
                format!("this line {doubt}, and it may push"),
                "run the push by itself, written out: git push <remote> HEAD:refs/heads/<branch>",
            ));
        }
    }

    fn command(&mut self, command: &Command, line: LineState<'_>) {
        match (command.program(), command.arguments()) {
            (Some("export" | "declare" | "typeset"), words) => return self.export(words),
            // The branch of a pull request can have any name.
            (Some("gh" | "glab"), [_, verb, ..]) if verb.text == "checkout" => {
                return self.lose(command, line);
            }
            (Some("cd" | "pushd" | "popd"), words) => return self.enter(command, words, line),
            _ => {}
        }
        let Some((command, is_certain)) = as_git(command, line.text) else { return };
        let Some(mut call) = command.git() else { return };
        self.calls += 1;
        if self.calls > MOST_CALLS {
            return self.give_up();
        }
        if call.folder == Folder::Unknown
            && let Some(top) = self.top_of(&command, line)
        {
            call.folder = Folder::In(top.to_string_lossy().into_owned());
        }
        if call.git_dir.is_none() {
            call.git_dir.clone_from(&self.git_dir);
        }
        // Skips the variable in `git $OPTIONS push`.
        if let [first, second, ..] = call.words
            && !first.is_literal
            && second.text == "push"
        {
            call.words = &call.words[1..];
        }
        let is_hidden = self.is_hidden || is_configured_from_outside(&command);
        let place = self.place(&call, line.start);
        let at = GitCallAt { place, line, is_hidden };
        let subcommand = call.subcommand();
        match subcommand {
            "push" => self.push(&call, at, &arguments::read(call.arguments()), is_certain),
            _ if !is_certain => {}
            "send-pack" | "http-push" => self.push(&call, at, &of_send_pack(call.arguments()), true),
            "subtree" => {
                if let Some(arguments) = of_subtree(call.arguments()) {
                    self.push(&call, at, &arguments, true);
                }
            }
            _ if !call.words[0].is_literal => {
                if line.text.contains("push") {
                    self.push(&call, at, &arguments::read(call.arguments()), false);
                }
            }
            _ if pushes_nothing(subcommand) => {
                let Some(place) = place.map(|at| &mut self.places[at]) else { return };
                let texts: Vec<&str> = call.words.iter().map(|word| &*word.text).collect();
                if is_query(&format!("git {}", texts.join(" "))) {
                    self.shown = Some(place.position.clone());
                }
                let shown = self.shown.as_ref().unwrap_or(&place.position).branch().map(str::to_owned);
                let text = |word: &Word| told(word, shown.as_deref(), line.text);
                place.follow(&call, &text);
                let folder = folder_of(&call.folder, line.start, self.examined.home());
                let apart = folder.and_then(|folder| place.worktree(&call, &folder, &text));
                self.places.extend(apart);
            }
            _ => self.alias(&command, &call, place, line),
        }
    }

    /// The index of the repository that a call uses.
    fn place(&mut self, call: &GitCall<'_>, start: &Path) -> Option<usize> {
        let folder = folder_of(&call.folder, start, self.examined.home());
        if let Some(folder) = folder.filter(|_| call.git_dir.is_none())
            && let Some(at) = self.places.iter().position(|place| place.is_new_at(&folder))
        {
            return Some(at);
        }
        let repository = repository_of(call, start, self.examined.home())?;
        let is_known = |place: &RepositoryState| place.is_at(&repository);
        if let Some(at) = self.places.iter().position(is_known) {
            return Some(at);
        }
        self.places.push(RepositoryState::new(repository, self.examined.home()));
        Some(self.places.len() - 1)
    }

    fn lose(&mut self, command: &Command, line: LineState<'_>) {
        let folder = command.folder.clone();
        let call = GitCall { words: &[], folder, git_dir: self.git_dir.clone(), settings: Vec::new() };
        if let Some(at) = self.place(&call, line.start) {
            self.places[at].lose();
        }
    }

    /// Tracks a change to an undetermined folder, if it is the root of the current work tree.
    fn enter(&mut self, command: &Command, words: &[Word], line: LineState<'_>) {
        if words.iter().all(|word| word.is_literal) {
            return;
        }
        let is_top = words.iter().any(is_top);
        self.top = if is_top { self.top_around(&command.folder, line) } else { None };
    }

    /// The work tree root that a git call uses, if its words refer to the root.
    fn top_of(&self, command: &Command, line: LineState<'_>) -> Option<PathBuf> {
        if command.folder == Folder::Unknown {
            return self.top.clone();
        }
        if command.words.iter().any(is_top) { self.top_around(&command.folder, line) } else { None }
    }

    fn top_around(&self, folder: &Folder, line: LineState<'_>) -> Option<PathBuf> {
        let folder = match folder {
            Folder::Unknown => return self.top.clone(),
            folder => folder_of(folder, line.start, self.examined.home())?,
        };
        Some(Repository::discover(&folder)?.top().to_owned())
    }

    fn give_up(&mut self) {
        let way_out = "run the push by itself";
        let objection = Objection::doubtful("this line calls git more often than is followed", way_out);
        if !self.found.contains(&objection) {
            self.found.push(objection);
        }
    }

    fn export(&mut self, words: &[Word]) {
        for (name, value) in words.iter().filter_map(|word| word.text.split_once('=')) {
            if name == "GIT_DIR" {
                self.git_dir = Some(value.to_owned());
            }
            self.is_hidden |= is_source_of_configuration(name, value);
        }
    }

    /// Follows the expansion of an alias.
    fn alias(&mut self, command: &Command, call: &GitCall<'_>, place: Option<usize>, line: LineState<'_>) {
        // git itself refuses an alias that refers to itself.
        if line.depth > DEEPEST {
            return;
        }
        let config = match place {
            Some(at) => Cow::Borrowed(&self.places[at].config),
            None => Cow::Owned(GitConfig::read(None, self.examined.home())),
        };
        let config = config.with(&call.settings);
        let Some(value) = config.get(&format!("alias.{}", call.subcommand())).map(str::to_owned) else {
            return;
        };
        let deeper = LineState { depth: line.depth + 1, ..line };
        if let Some(body) = value.strip_prefix('!') {
            let text = call.arguments().iter().fold(body.to_owned(), |text, word| text + " " + &quoted(word));
            let start = place.map_or(line.start, |at| self.places[at].repository.top()).to_owned();
            return self.script(&shell::parse(&text), LineState { start: &start, text: &text, ..deeper });
        }
        let stands_for = shell::parse(&format!("git {value}"));
        let Some(known) = stands_for.commands.first() else { return };
        let before = &command.words[..command.words.len() - call.words.len()];
        let words = [before, known.arguments(), call.arguments()].concat();
        self.command(&Command { words, ..command.clone() }, deeper);
    }

    fn push(&mut self, call: &GitCall<'_>, at: GitCallAt<'_>, arguments: &PushArguments, is_certain: bool) {
        self.pushes += 1;
        if arguments.is_idle {
            return;
        }
        let place = at.place.map(|at| &self.places[at]);
        let config = place.map_or_else(
            || Cow::Owned(GitConfig::read(None, self.examined.home())),
            |place| Cow::Borrowed(&place.config),
        );
        let config = config.with(&call.settings);
        let position = place.map_or(&Position::Unknown, |place| &place.position);
        let shown = self.shown.as_ref().unwrap_or(position).branch();
        let text = |word: &Word| told(word, shown, at.line.text);
        let operands: Vec<String> = arguments.operands.iter().map(text).collect();
        let named = operands.first().cloned().or_else(|| arguments.repo.as_ref().map(text));
        // A single unquoted expansion may contain a remote and refspecs.
        let is_anything = matches!(&*arguments.operands, [word] if !word.is_quoted)
            && named.as_deref().is_some_and(is_unknown);
        let remote = match named {
            Some(name) if name.contains(UNKNOWN) => None,
            Some(name) => Some(name),
            None => place.map(|_| default_remote(&config, position)),
        };
        // `.` is the repository itself.
        if remote.as_deref() == Some(".") {
            return;
        }
        // In an undetermined folder the repository is most likely the project's.
        let repository = place.map(|place| &place.repository).or(self.examined.project.repository());
        let known = remote.as_deref().map(|remote| known_remote(remote, &config));
        let protected = Protected::of(&self.settings.branches, repository, known);
        let push = Push {
            arguments,
            remote: remote.clone(),
            refspecs: operands.get(1..).unwrap_or_default(),
            place,
            config: &config,
            protected: &protected,
        };
        let mut destinations = if is_anything { Vec::new() } else { push.destinations() };
        let is_configured = !arguments.all && push.refspecs.iter().all(|refspec| !refspec.contains(':'));
        if is_anything || at.is_hidden && is_configured {
            destinations.push(Destination::Unknown);
        }
        for destination in &destinations {
            let objection = objection(destination, remote.as_deref(), &protected, is_certain);
            if let Some(objection) = objection.filter(|objection| !self.found.contains(objection)) {
                self.found.push(objection);
            }
        }
    }
}

/// The name of the remote with this address, or else the address.
fn known_remote<'r>(remote: &'r str, config: &'r GitConfig) -> &'r str {
    let has_address = |name: &&str| {
        ["url", "pushurl"]
            .iter()
            .any(|key| config.all(&format!("remote.{name}.{key}")).any(|url| url == remote))
    };
    config.remotes().into_iter().find(has_address).unwrap_or(remote)
}

/// Whether a word names the root of the work tree or a path below it.
fn is_top(word: &Word) -> bool {
    TOP.iter()
        .any(|top| word.text.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// A word in a form that Bash reads back as the same word.
fn quoted(word: &Word) -> String {
    if word.is_literal { shell_word::single(&word.text) } else { format!("\"{}\"", word.text) }
}

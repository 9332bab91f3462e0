//! Guard `push`: nobody pushes to a branch that is shared. Read from the calls of git that a line runs, from what git
//! is configured to do, and from the branch that the repository is on, or will be when the line comes to the push.
//!
//! The way of a line: [`Reader`] takes its calls of git in their order; `course` follows those that change the branch
//! or the configuration; `arguments`, `told` and `refspec` read a push; `destinations` finds where it goes; `doubt` looks at
//! what could not be followed.

mod arguments;
mod course;
mod destinations;
mod doubt;
mod refspec;
#[cfg(test)]
mod tests;
mod told;

use std::borrow::Cow;
use std::path::Path;

use config::types::guards::Push as Settings;
use hooks_common::redact::redact;
use hooks_common::text::fact;
use shell::options::Options;
use shell::{Command, GitCall, Script, Word};

use self::arguments::Arguments;
use self::course::{Place, Position};
use self::destinations::{Destination, Push, default_remote};
use self::told::{UNKNOWN, is_query, is_unknown, told};
use crate::git_config::GitConfig;
use crate::objection::Objection;
use crate::repository::{Protected, folder_of, repository_of};
use crate::sight::Sight;

/// Subcommands of git that push nothing and that no alias can stand for.
const HARMLESS: &str = "add am annotate apply archive bisect blame branch bundle cat-file check-attr check-ignore \
    checkout checkout-index cherry cherry-pick clean clone commit commit-tree config count-objects describe diff \
    diff-files diff-index diff-tree difftool fast-export fetch for-each-ref format-patch fsck gc grep hash-object \
    help init log ls-files ls-remote ls-tree maintenance merge merge-base merge-file merge-tree mergetool mv \
    name-rev notes pack-refs prune pull range-diff read-tree rebase reflog remote replace rerere reset restore \
    rev-list rev-parse revert rm shortlog show show-branch show-ref sparse-checkout stash status submodule switch \
    symbolic-ref tag update-index update-ref var verify-commit version whatchanged worktree write-tree";

/// How deep aliases within aliases are followed.
const DEEPEST: usize = 8;

/// Whether a line may push: a call of git that does, or that may be an alias, or one that cannot be followed.
pub fn concerns(sight: &Sight<'_>) -> bool {
    let script = sight.script();
    script.doubt.is_some() && doubt::names_push(sight.tool_use.command)
        || script.commands.iter().any(may_push)
}

fn may_push(command: &Command) -> bool {
    match command.program() {
        Some("git" | "hub") => {
            command.without_global_options().get(1).is_some_and(|word| !is_harmless(&word.text))
        }
        Some(name) => matches!(name, "git-push" | "git-send-pack" | "git-subtree"),
        None => false,
    }
}

fn is_harmless(subcommand: &str) -> bool {
    HARMLESS.split(' ').any(|harmless| harmless == subcommand)
}

/// The protected branches that a line pushes to.
///
/// # Errors
/// Never: what cannot be read is taken for absent, as git would.
pub fn examine(settings: &Settings, sight: &Sight<'_>) -> Result<Vec<Objection>, String> {
    let mut reader = Reader {
        sight,
        settings,
        places: Vec::new(),
        found: Vec::new(),
        pushes: 0,
        git_dir: None,
        is_hidden: false,
    };
    let line = Line { start: &sight.tool_use.folder, text: sight.tool_use.command, depth: 0 };
    reader.script(sight.script(), line);
    Ok(reader.found)
}

/// Where and how deep a script stands.
#[derive(Clone, Copy)]
struct Line<'l> {
    /// The folder it is started in.
    start: &'l Path,
    text: &'l str,
    depth: usize,
}

/// A call of git, where it stands.
#[derive(Clone, Copy)]
struct At<'l> {
    /// Which of the places it works on, where that is known.
    place: Option<usize>,
    line: Line<'l>,
    /// Whether it takes configuration from where it is not read.
    is_hidden: bool,
}

/// Reads a line's calls of git in their order.
struct Reader<'a, 's> {
    sight: &'a Sight<'s>,
    settings: &'a Settings,
    places: Vec<Place>,
    found: Vec<Objection>,
    /// How many pushes were read.
    pushes: usize,
    /// The repository that the environment names since a command of the line.
    git_dir: Option<String>,
    /// Whether configuration comes from where it is not read.
    is_hidden: bool,
}

impl Reader<'_, '_> {
    fn script(&mut self, script: &Script, line: Line<'_>) {
        for command in &script.commands {
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

    fn command(&mut self, command: &Command, line: Line<'_>) {
        match (command.program(), command.arguments()) {
            (Some("export" | "declare" | "typeset"), words) => return self.export(words),
            // The branch of a pull request, whatever its name.
            (Some("gh" | "glab"), [_, verb, ..]) if verb.text == "checkout" => {
                return self.lose(command, line);
            }
            _ => {}
        }
        let Some((command, is_certain)) = as_git(command, line.text) else { return };
        let Some(mut call) = command.git() else { return };
        if call.git_dir.is_none() {
            call.git_dir.clone_from(&self.git_dir);
        }
        // `git $OPTIONS push`
        if let [first, second, ..] = call.words
            && !first.is_literal
            && second.text == "push"
        {
            call.words = &call.words[1..];
        }
        let is_hidden = self.is_hidden || is_configured_from_outside(&command);
        let place = self.place(&call, line.start);
        let at = At { place, line, is_hidden };
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
            _ if is_harmless(subcommand) => {
                let Some(place) = place.map(|at| &mut self.places[at]) else { return };
                let texts: Vec<&str> = call.words.iter().map(|word| &*word.text).collect();
                if is_query(&format!("git {}", texts.join(" "))) {
                    place.shown = Some(place.position.clone());
                }
                place.follow(&call, line.text);
                let folder = folder_of(&call.folder, line.start, self.sight.home());
                let apart = folder.and_then(|folder| place.worktree(&call, &folder));
                self.places.extend(apart);
            }
            _ => self.alias(&command, &call, place, line),
        }
    }

    /// The repository that a call works on.
    fn place(&mut self, call: &GitCall<'_>, start: &Path) -> Option<usize> {
        let folder = folder_of(&call.folder, start, self.sight.home());
        if let Some(folder) = folder.filter(|_| call.git_dir.is_none())
            && let Some(at) = self.places.iter().position(|place| place.is_new_at(&folder))
        {
            return Some(at);
        }
        let repository = repository_of(call, start, self.sight.home())?;
        let is_known = |place: &Place| place.is_at(&repository);
        if let Some(at) = self.places.iter().position(is_known) {
            return Some(at);
        }
        self.places.push(Place::new(repository, self.sight.home()));
        Some(self.places.len() - 1)
    }

    fn lose(&mut self, command: &Command, line: Line<'_>) {
        let folder = command.folder.clone();
        let call = GitCall { words: &[], folder, git_dir: self.git_dir.clone(), settings: Vec::new() };
        if let Some(at) = self.place(&call, line.start) {
            self.places[at].lose();
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

    /// Follows what an alias stands for.
    fn alias(&mut self, command: &Command, call: &GitCall<'_>, place: Option<usize>, line: Line<'_>) {
        if line.depth > DEEPEST {
            return;
        }
        let config = match place {
            Some(at) => Cow::Borrowed(&self.places[at].config),
            None => Cow::Owned(GitConfig::read(None, self.sight.home())),
        };
        let config = config.with(&call.settings);
        let Some(value) = config.get(&format!("alias.{}", call.subcommand())).map(str::to_owned) else {
            return;
        };
        let deeper = Line { depth: line.depth + 1, ..line };
        if let Some(body) = value.strip_prefix('!') {
            let text = call.arguments().iter().fold(body.to_owned(), |text, word| text + " " + &quoted(word));
            let start = place.map_or(line.start, |at| self.places[at].repository.top()).to_owned();
            return self.script(&shell::parse(&text), Line { start: &start, text: &text, ..deeper });
        }
        let stands_for = shell::parse(&format!("git {value}"));
        let Some(known) = stands_for.commands.first() else { return };
        let before = &command.words[..command.words.len() - call.words.len()];
        let words = [before, known.arguments(), call.arguments()].concat();
        self.command(&Command { words, ..command.clone() }, deeper);
    }

    fn push(&mut self, call: &GitCall<'_>, at: At<'_>, arguments: &Arguments, is_certain: bool) {
        self.pushes += 1;
        if arguments.is_idle {
            return;
        }
        let place = at.place.map(|at| &self.places[at]);
        let config = place.map_or_else(
            || Cow::Owned(GitConfig::read(None, self.sight.home())),
            |place| Cow::Borrowed(&place.config),
        );
        let config = config.with(&call.settings);
        let position = place.map_or(&Position::Unknown, |place| &place.position);
        let shown = place.and_then(|place| place.shown.as_ref().unwrap_or(position).branch());
        let text = |word: &Word| told(word, shown, at.line.text);
        let operands: Vec<String> = arguments.operands.iter().map(text).collect();
        let named = operands.first().cloned().or_else(|| arguments.repo.as_ref().map(text));
        // What stands alone may be the remote and more.
        let is_anything = matches!(&*arguments.operands, [word] if !word.is_quoted)
            && named.as_deref().is_some_and(is_unknown);
        let remote = match named {
            Some(name) if name.contains(UNKNOWN) => None,
            Some(name) => Some(name),
            None => place.map(|_| default_remote(&config, position)),
        };
        // The repository itself.
        if remote.as_deref() == Some(".") {
            return;
        }
        let repository = place.map(|place| &place.repository);
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

/// What is wrong with a destination, if anything is.
fn objection(
    destination: &Destination,
    remote: Option<&str>,
    protected: &Protected<'_>,
    is_certain: bool,
) -> Option<Objection> {
    let is_plain = |remote: &&str| remote.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let plain = remote.filter(is_plain).unwrap_or("origin");
    let shown = remote.map_or_else(|| "a remote".to_owned(), |remote| fact(&redact(remote)));
    let new_branch = format!(
        "push a branch of its own and open a pull request: git push -u {plain} HEAD:refs/heads/<a-new-name>"
    );
    let written_out = format!("write the branch out: git push {plain} HEAD:refs/heads/<branch>");
    let unknown = || {
        let what = format!("this pushes to {shown}, and to which branch is known only when it runs");
        Some(Objection::doubtful(what, written_out.clone()))
    };
    let found = match destination {
        Destination::Unknown => return unknown(),
        Destination::Branch(name) | Destination::Removed(name) if is_unknown(name) => return unknown(),
        Destination::Branch(name) | Destination::Removed(name) if name.contains(UNKNOWN) => {
            let (start, rest) = name.split_once(UNKNOWN)?;
            let end = rest.rsplit_once(UNKNOWN).map_or(rest, |(_, end)| end);
            let name = fact(&name.replace(UNKNOWN, "…"));
            let what = format!("this pushes to {name} on {shown}, a branch that is known only when it runs");
            return protected.may_be(start, end).then(|| Objection::doubtful(what, written_out));
        }
        Destination::Branch(name) => {
            let reason = protected.reason(name)?;
            Objection::sure(
                format!("this pushes to {} on {shown}, which is {reason}", fact(name)),
                new_branch,
            )
        }
        Destination::Removed(name) => {
            let reason = protected.reason(name)?;
            Objection::sure(
                format!("this removes {} from {shown}, which is {reason}", fact(name)),
                "leave that branch to a person, who can remove it where it is hosted",
            )
        }
        Destination::Among(name) => {
            let reason = protected.reason(name)?;
            Objection::sure(
                format!("this pushes many branches to {shown}, among them {}, which is {reason}", fact(name)),
                format!("push the branch that is meant, by its name: git push {plain} <branch>"),
            )
        }
        Destination::Mirror => Objection::sure(
            format!("this makes {shown} a mirror of the repository, its protected branches included"),
            new_branch,
        ),
    };
    Some(if is_certain { found } else { Objection::doubtful(found.what, found.way_out) })
}

/// The name of the remote that has this address; the address where none has.
fn known_remote<'r>(remote: &'r str, config: &'r GitConfig) -> &'r str {
    let has_address = |name: &&str| {
        ["url", "pushurl"]
            .iter()
            .any(|key| config.all(&format!("remote.{name}.{key}")).any(|url| url == remote))
    };
    config.remotes().into_iter().find(has_address).unwrap_or(remote)
}

/// A command as a call of git, and whether it certainly is one. `git-push` and `hub` are; what is named by a variable
/// may be, in a line that speaks of git.
fn as_git<'c>(command: &'c Command, line: &str) -> Option<(Cow<'c, Command>, bool)> {
    let word = |text: &str| Word { text: text.to_owned(), is_literal: true, ..Word::default() };
    let called = |start: &[Word]| {
        let words = [start, command.arguments()].concat();
        Cow::Owned(Command { words, ..command.clone() })
    };
    match command.program() {
        Some("git") => Some((Cow::Borrowed(command), true)),
        Some("hub") => Some((called(&[word("git")]), true)),
        Some(name) => Some((called(&[word("git"), word(name.strip_prefix("git-")?)]), true)),
        None => {
            let is_named = line.as_bytes().windows(3).any(|name| name.eq_ignore_ascii_case(b"git"));
            (is_named && !command.words.is_empty()).then(|| (called(&[word("git")]), false))
        }
    }
}

/// What `git send-pack` does, in the words of `git push`.
fn of_send_pack(words: &[Word]) -> Arguments {
    let mut arguments = arguments::read(words);
    if words.iter().any(|word| word.text == "--stdin") {
        arguments.operands.push(Word { text: "$".to_owned(), ..Word::default() });
    } else if arguments.operands.len() == 1 {
        arguments.operands.push(Word { text: ":".to_owned(), is_literal: true, ..Word::default() });
    }
    arguments
}

/// What `git subtree push` does, in the words of `git push`.
fn of_subtree(words: &[Word]) -> Option<Arguments> {
    let options = Options::new("Pbm", "prefix branch message annotate onto");
    match options.operands(words, 0).as_slice() {
        [verb, remote, reference, ..] if verb.text == "push" => {
            let mut refspec = (*reference).clone();
            if !refspec.text.contains(':') {
                refspec.text.insert_str(0, "HEAD:");
            }
            Some(Arguments { operands: vec![(*remote).clone(), refspec], ..Arguments::default() })
        }
        _ => None,
    }
}

/// Whether a call of git takes configuration from where it is not read.
fn is_configured_from_outside(command: &Command) -> bool {
    command.words.iter().any(|word| word.text.starts_with("--config-env"))
        || command.assignments.iter().any(|(name, value)| is_source_of_configuration(name, &value.text))
}

fn is_source_of_configuration(name: &str, value: &str) -> bool {
    let is_source = matches!(name, "HOME" | "XDG_CONFIG_HOME")
        || name.starts_with("GIT_CONFIG") && name != "GIT_CONFIG_NOSYSTEM";
    is_source && value != "/dev/null"
}

/// A word as Bash would have to read it to come to the same.
fn quoted(word: &Word) -> String {
    if word.is_literal {
        format!("'{}'", word.text.replace('\'', "'\\''"))
    } else {
        format!("\"{}\"", word.text)
    }
}

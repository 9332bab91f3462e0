//! Programs that run a command from within their arguments.

use crate::command::{Folder, Input, Word};
use crate::inner::{InnerCommand, What, joined};
use crate::options::{Argument, Options};
use crate::programs::{self, RUNNER_OPTIONS};
use crate::shells;

/// The most items for which a command is repeated.
const MOST_ITEMS: usize = 16;

const XARGS: Options =
    Options::new("EILnPsad", "arg-file delimiter max-args max-chars max-procs process-slot-var")
        .attached("iel");
const PARALLEL: Options = Options::new(
    "jPNnLSIaCdsE",
    "jobs max-args max-replace-args delay timeout retries joblog results colsep arg-file load \
    memfree tmpdir workdir delimiter sshlogin halt tagstring block recstart recend max-procs \
    nice env",
);

/// `uv run git …`, `bundle exec git …` and similar commands.
pub(crate) fn by_subcommand(name: &str, words: &[Word]) -> Option<InnerCommand> {
    let mut runners = programs::runners_of(name).peekable();
    runners.peek()?;
    let options = programs::global_options_of(name).unwrap_or(RUNNER_OPTIONS);
    let start = options.first_operand(words, 1)?;
    let runner = runners.find(|runner| {
        let given = words[start..].iter().map(|word| &*word.text);
        given.take(runner.subcommand.split(' ').count()).eq(runner.subcommand.split(' '))
    })?;
    let mut skipped = runner.operands;
    for argument in RUNNER_OPTIONS.read(words, start + runner.subcommand.split(' ').count()) {
        match argument {
            Argument::Operand(_) if skipped > 0 => skipped -= 1,
            Argument::Operand(at) => return InnerCommand::words(&words[at..]),
            Argument::Option("c" | "call", Some(value)) if name == "npm" => {
                return Some(InnerCommand::new(What::Text(value.to_word(), name.to_owned())));
            }
            Argument::Option(..) => {}
        }
    }
    None
}

/// The text that `trap` stores for a signal.
pub(crate) fn trap(words: &[Word]) -> Option<InnerCommand> {
    let text = words[1..].iter().find(|word| word.text != "--")?;
    let is_text = words.len() > 2 && !text.text.is_empty() && !text.text.starts_with('-');
    is_text.then(|| InnerCommand::new(What::Text(text.clone(), "trap".to_owned())))
}

/// The values of `alias x=…`. Each counts as if the alias were called.
pub(crate) fn alias(words: &[Word]) -> Vec<InnerCommand> {
    let value = |word: &Word| {
        let (_, value) = word.text.split_once('=')?;
        let text = Word { text: value.to_owned(), ..word.clone() };
        Some(InnerCommand::new(What::Text(text, "alias".to_owned())))
    };
    words[1..].iter().filter_map(value).collect()
}

/// `su` and `runuser`: a text after `-c`, words after `runuser -u x`, or a shell that reads its input.
pub(crate) fn su(name: &str, words: &[Word], input: &Input) -> Option<InnerCommand> {
    let options =
        Options::new("cgGsuwT", "command session-command group supp-group shell user whitelist-environment");
    let mut text = None;
    let mut names_user = false;
    let mut operands = Vec::new();
    let mut is_login = false;
    for argument in options.read(words, 1) {
        match argument {
            Argument::Option("c" | "command" | "session-command", Some(value)) => {
                text = Some(value.to_word());
            }
            Argument::Option("u" | "user", _) => names_user = true,
            Argument::Option("l" | "login", _) => is_login = true,
            Argument::Operand(at) => {
                is_login |= words[at].text == "-";
                operands.push(at);
                if names_user {
                    return InnerCommand::words(&words[at..]);
                }
            }
            Argument::Option(..) => {}
        }
    }
    let inner = match text {
        Some(text) => Some(InnerCommand::new(What::Text(text, name.to_owned()))),
        None => shells::fed(name, input),
    };
    inner.map(|inner| InnerCommand { folder: is_login.then_some(Folder::Unknown), ..inner })
}

/// Whether `sudo` without a command starts a shell.
pub(crate) fn is_sudo_shell(words: &[Word]) -> bool {
    words[1..].iter().all(|word| word.text.starts_with('-'))
        && words[1..].iter().any(|word| matches!(&*word.text, "-s" | "-i" | "--shell" | "--login"))
}

/// `script -c text file`, or `script file command` in BSD.
pub(crate) fn script(words: &[Word]) -> Option<InnerCommand> {
    let options = Options::new(
        "cEIOBTomtF",
        "command echo log-in log-out log-io log-timing output-limit logging-format",
    );
    let mut operands = 0;
    for argument in options.read(words, 1) {
        match argument {
            Argument::Option("c" | "command", Some(value)) => {
                return Some(InnerCommand::new(What::Text(value.to_word(), "script".to_owned())));
            }
            Argument::Operand(at) if operands == 1 => return InnerCommand::words(&words[at..]),
            Argument::Operand(_) => operands += 1,
            Argument::Option(..) => {}
        }
    }
    None
}

/// `nix develop -c command` and `nix-shell --run text`.
pub(crate) fn nix(words: &[Word]) -> Option<InnerCommand> {
    let at = words.iter().position(|word| matches!(&*word.text, "-c" | "--command" | "--run"))?;
    match &*words[0].text {
        "nix" => InnerCommand::words(&words[at + 1..]),
        _ => Some(InnerCommand::new(What::Text(words.get(at + 1)?.clone(), "nix-shell".to_owned()))),
    }
}

/// `flock file command` and `flock file -c text`.
pub(crate) fn flock(words: &[Word]) -> Option<InnerCommand> {
    let options = Options::new("wE", "timeout wait conflict-exit-code");
    let file = options.first_operand(words, 1)?;
    let rest = words.get(file + 1..)?;
    match rest.first().map(|word| &*word.text) {
        Some("-c" | "--command") => {
            Some(InnerCommand::new(What::Text(rest.get(1)?.clone(), "flock".to_owned())))
        }
        _ => InnerCommand::words(rest),
    }
}

/// The commands of `find -exec`. `{}` is the unknown file.
pub(crate) fn find(words: &[Word]) -> Vec<InnerCommand> {
    let mut inner = Vec::new();
    let mut at = 1;
    while at < words.len() {
        let action = &*words[at].text;
        at += 1;
        if !matches!(action, "-exec" | "-execdir" | "-ok" | "-okdir") {
            continue;
        }
        let end = (at..words.len())
            .find(|end| words[*end].text == ";" || words[*end].text == "+" && words[*end - 1].text == "{}");
        let end = end.unwrap_or(words.len());
        let command: Vec<Word> = words[at..end].iter().map(|word| with_item(word, "{}", None)).collect();
        let folder = action.ends_with("dir").then_some(Folder::Unknown);
        inner.extend(InnerCommand::words(&command).map(|inner| InnerCommand { folder, ..inner }));
        at = end + 1;
    }
    inner
}

/// The command of `fd -x`.
pub(crate) fn fd(words: &[Word]) -> Option<InnerCommand> {
    let is_exec = |word: &Word| matches!(&*word.text, "-x" | "-X" | "--exec" | "--exec-batch");
    let start = words.iter().position(is_exec)? + 1;
    let end = words[start..].iter().position(|word| word.text == ";").map_or(words.len(), |end| start + end);
    let mut command: Vec<Word> = words[start..end].iter().map(|word| with_item(word, "{", None)).collect();
    if command.iter().all(|word| word.is_literal) {
        command.push(Word::unknown());
    }
    InnerCommand::words(&command)
}

/// A word with the item in place of `mark`. With an unknown item the word is not literal.
fn with_item(word: &Word, mark: &str, item: Option<&str>) -> Word {
    if !word.text.contains(mark) {
        return word.clone();
    }
    match item {
        Some(item) => Word { text: word.text.replace(mark, item), ..word.clone() },
        None => Word { is_literal: false, ..word.clone() },
    }
}

/// The commands of `xargs`, with the items from its input as arguments, or with `{}` if the input is unknown.
pub(crate) fn xargs(words: &[Word], input: &Input) -> Vec<InnerCommand> {
    let mut mark = None;
    let mut at = words.len();
    let mut is_file = false;
    let mut separators = [' ', '\t', '\n'].as_slice();
    for argument in XARGS.read(words, 1) {
        match argument {
            Argument::Option("I", Some(value)) => mark = Some(value.text.to_owned()),
            Argument::Option("i" | "replace", value) => {
                mark = Some(value.map_or("{}", |value| value.text).to_owned());
            }
            Argument::Option("a" | "arg-file", _) => is_file = true,
            Argument::Option("0" | "null", _) => separators = &['\0'],
            Argument::Option("d" | "delimiter", _) => separators = &['\n'],
            Argument::Operand(place) => {
                at = place;
                break;
            }
            Argument::Option(..) => {}
        }
    }
    let command = &words[at..];
    if command.is_empty() {
        return Vec::new();
    }
    let text = match input {
        Input::Text(text) if !is_file => Some(text),
        _ => None,
    };
    let commands: Vec<Vec<Word>> = match (mark, text) {
        (Some(mark), Some(text)) => text
            .lines()
            .take(MOST_ITEMS)
            .map(|line| command.iter().map(|word| with_item(word, &mark, Some(line.trim()))).collect())
            .collect(),
        (Some(mark), None) => vec![command.iter().map(|word| with_item(word, &mark, None)).collect()],
        (None, Some(text)) => {
            let items = text.split(separators).filter(|item| !item.is_empty());
            vec![command.iter().cloned().chain(items.map(Word::literal)).collect()]
        }
        (None, None) => vec![command.iter().cloned().chain([Word::unknown()]).collect()],
    };
    // xargs reads the input itself and runs its commands with empty input.
    let inner = |words| InnerCommand {
        input: Some(Input::Text(String::new())),
        ..InnerCommand::new(What::Words(words))
    };
    commands.into_iter().map(inner).collect()
}

/// The commands of `parallel`, which are texts for a shell. Unknown items stay `{}`.
pub(crate) fn parallel(words: &[Word]) -> Vec<InnerCommand> {
    let mark = |word: &Word| matches!(&*word.text, ":::" | ":::+" | "::::" | "::::+");
    let end = words.iter().position(mark).unwrap_or(words.len());
    let start = PARALLEL.first_operand(&words[..end], 1).unwrap_or(end);
    let (command, items) = (&words[start..end], words.get(end + 1..).unwrap_or_default());
    let texts: Vec<&str> = command.iter().map(|word| &*word.text).collect();
    let is_literal = command.iter().all(|word| word.is_literal);
    let text = texts.join(" ");
    let of = |text: String, is_literal| {
        let text = Word { text, is_literal, is_quoted: true, is_at_home: false };
        InnerCommand::new(What::Text(text, "parallel".to_owned()))
    };
    if words.get(end).is_none_or(|word| word.text.starts_with("::::")) {
        return if text.is_empty() { Vec::new() } else { vec![of(text, is_literal)] };
    }
    let with = |item: &Word| {
        let text = match &*text {
            "" => item.text.clone(),
            text if text.contains("{}") => text.replace("{}", &item.text),
            text => format!("{text} {}", item.text),
        };
        of(text, is_literal && item.is_literal)
    };
    items.iter().filter(|item| !mark(item)).take(MOST_ITEMS).map(with).collect()
}

/// The commands that git runs because of its arguments, and aliases that `-c` sets.
pub(crate) fn git(words: &[Word]) -> Vec<InnerCommand> {
    let options = programs::global_options_of("git").unwrap_or_default();
    let mut aliases = Vec::new();
    let mut at = words.len();
    for argument in options.read(words, 1) {
        match argument {
            Argument::Option("c", Some(value)) => {
                let alias = value.text.strip_prefix("alias.").and_then(|alias| alias.split_once('='));
                aliases.extend(alias);
            }
            Argument::Operand(place) => {
                at = place;
                break;
            }
            Argument::Option(..) => {}
        }
    }
    let Some((subcommand, rest)) = words[at..].split_first() else { return Vec::new() };
    let text = |text: &Word| InnerCommand::new(What::Text(text.clone(), "git".to_owned()));
    if let Some((_, value)) = aliases.iter().find(|(name, _)| *name == subcommand.text) {
        let command = match value.strip_prefix('!') {
            Some(command) => command.to_owned(),
            None => format!("git {value}"),
        };
        let mut all = vec![Word::literal(command)];
        all.extend_from_slice(rest);
        return joined(&all, "git").into_iter().collect();
    }
    let operand = |at: usize| rest.get(at).map(|word| &*word.text);
    match &*subcommand.text {
        "submodule" if operand(0) == Some("foreach") => {
            let start = Options::NONE.first_operand(rest, 1);
            let inner = start.and_then(|start| joined(&rest[start..], "git"));
            inner.map(|inner| InnerCommand { folder: Some(Folder::Unknown), ..inner }).into_iter().collect()
        }
        "rebase" => Options::new("xXsC", "exec onto strategy strategy-option")
            .read(rest, 0)
            .filter_map(|argument| match argument {
                Argument::Option("x" | "exec", Some(value)) => Some(text(&value.to_word())),
                _ => None,
            })
            .collect(),
        "bisect" if operand(0) == Some("run") => InnerCommand::words(&rest[1..]).into_iter().collect(),
        "filter-branch" => {
            let is_filter = |word: &Word| word.text.starts_with("--") && word.text.ends_with("-filter");
            rest.windows(2).filter(|pair| is_filter(&pair[0])).map(|pair| text(&pair[1])).collect()
        }
        // `git stash`, `git commit` and other subcommands run no command from the line.
        _ => Vec::new(),
    }
}

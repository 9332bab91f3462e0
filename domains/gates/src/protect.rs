//! `protect_cli`: the agent cannot satisfy, disable or reconfigure its own gates.
//!
//! A hook refuses the tool uses that would: calls of `req` and `stanchion` that change something, edits of our
//! files, command lines that write, remove or otherwise touch them. What a script does that the agent wrote
//! first is not seen here; for that `req` itself looks whether an agent started it.
//!
//! Not seen: a program of the agent's own that finds our files without naming them, and git when it puts back what
//! it has (`git reset --hard`, `git stash`, `git clean`, another branch).

use std::path::{Path, PathBuf};

use config::tools::is_edit;
use hooks_common::executables::{COMMAND_LINE, is_command_line};
use hooks_common::paths::{Paths, in_project};
use hooks_common::plugins::{PluginFolders, PluginPart};
use hooks_common::project::Project;
use platform::budget;
use platform::path::resolve;
use platform::text::fact;
use shell::programs::{self, Roles, interpreter_of, leaves_files_alone};
use shell::{Command, Input, Operator};

use crate::trigger::is_beyond;
use hooks_common::tool_use::ToolUse;

/// Calls of `req` that change what is satisfied or configured. `req done` looks for itself whether it may.
const CHANGING: [&str; 14] = [
    "install",
    "uninstall",
    "allow-once",
    "satisfy",
    "approve",
    "clear",
    "pause",
    "resume",
    "enable",
    "disable",
    "prune",
    "init",
    "upgrade",
    "optout",
];
/// Calls of `req` that change something only with options.
const CHANGING_WITH_OPTIONS: [&str; 2] = ["config", "logging"];
/// Their options that change nothing.
const HARMLESS_OPTIONS: [&str; 3] = ["--json", "--sources", "--help"];
/// How our files are named on a command line.
const NAMES: [&str; 7] = [
    ".claude/requirements",
    ".rf-optout",
    ".git/requirements",
    ".git/stanchion",
    ".stanchion",
    ".claude/messages",
    ".claude/settings",
];
/// Our files in `.claude`.
const FILES: [&str; 4] =
    ["requirements.yaml", "requirements.local.yaml", "settings.json", "settings.local.json"];

/// What a tool use would do to the agent's own gates, for the refusal; `None` when nothing.
pub fn violation(paths: &Paths, project: &Project, tool_use: &ToolUse<'_>) -> Option<String> {
    if is_edit(tool_use.tool) {
        let file = tool_use.file.as_deref()?;
        return ProtectedFiles::of(paths, project).contain(file).then(|| touches(file));
    }
    if !tool_use.is_bash() {
        return None;
    }
    let script = tool_use.script();
    if let Some(call) = tool_use.commands().find_map(changing_call) {
        return Some(format!("{} changes what gates this session.", fact(&call)));
    }
    let protected = ProtectedFiles::of(paths, project);
    // What `find` deletes by name is not all that it walks through.
    let removed =
        if tool_use.commands().any(finds_others) { &[] } else { tool_use.removed_files(paths.home()) };
    let mut changed = tool_use.written_files(paths.home()).iter().chain(removed).flatten();
    if let Some(file) = changed.find(|file| !budget::is_spent() && protected.contain(file)) {
        return Some(touches(file));
    }
    let stanchion = paths.stanchion_dir().to_string_lossy().into_owned();
    let names = |text: &str| {
        NAMES.iter().any(|name| text.contains(name))
            || text.contains(&stanchion)
            || text.split(is_between).any(may_meet)
    };
    let touches_ours = |command: &Command| {
        (!only_reads(command) && mentions(command, &names))
            || goes_to(command, &names)
            || writes_by_script(command, &names)
    };
    if tool_use.commands().any(touches_ours) {
        return Some("It touches files that gate this session.".to_owned());
    }
    // A write to what the line does not tell, by a loop or `xargs`, may be one to what it names elsewhere.
    let writes_anywhere = tool_use.written_files(paths.home()).contains(&None) && names(tool_use.command);
    if writes_anywhere {
        return Some(
            "It names files that gate this session, and writes files that it does not name.".to_owned(),
        );
    }
    if is_beyond(script) {
        return Some("It cannot be followed to its end.".to_owned());
    }
    if let Some(folder) = tool_use.commands().find_map(filled_folder) {
        return Some(format!(
            "It writes files that it does not name into {}, which gates this session.",
            fact(&folder)
        ));
    }
    if let Some(name) = tool_use.commands().find_map(written_anywhere) {
        return Some(format!("It writes {} in a folder that the line does not tell.", fact(&name)));
    }
    if let Some(unfinished) = budget::unfinished() {
        return Some(format!(
            "Not all of it was looked at: {unfinished}. It may change what gates this session."
        ));
    }
    let is_blind = script.doubt.is_some() && (names(tool_use.command) || may_call(tool_use.command));
    is_blind.then(|| "It cannot be followed, and names what gates this session.".to_owned())
}

/// A folder of ours that a command fills with files that the line does not name: `tar -C .git`, `unzip -d .claude`.
fn filled_folder(command: &Command) -> Option<String> {
    let is_ours = |folder: &str| {
        let name = folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        matches!(name, ".git" | ".claude" | ".stanchion")
            || [".git/", ".stanchion/"].iter().any(|part| folder.contains(part))
    };
    let unnamed =
        |write: &shell::Write| write.target.is_none() && write.pattern.is_none() && write.may_be_folder;
    command.writes().into_iter().filter(unnamed).find_map(|write| match write.folder {
        shell::Folder::In(folder) if is_ours(&folder) => Some(folder),
        _ => None,
    })
}

/// The name of a file of ours that a command writes or removes in a folder that only the run tells: behind a `cd` to a
/// pattern or a substitution, a `popd`, or with `CDPATH`.
fn written_anywhere(command: &Command) -> Option<String> {
    let is_ours = |name: &str| {
        FILES.iter().chain(&[".rf-optout"]).any(|file| name.eq_ignore_ascii_case(file))
            || name.contains(['*', '?', '[']) && FILES.iter().any(|file| fast_glob::glob_match(name, file))
    };
    let writes = command.writes().into_iter().chain(command.removes());
    let relative = writes.filter(|write| write.folder == shell::Folder::Unknown);
    relative.filter_map(|write| write.target.or(write.pattern)).find_map(|target| {
        let is_below = !target.starts_with(['/', '~']);
        let name = target.rsplit('/').next()?;
        (is_below && is_ours(name)).then(|| name.to_owned())
    })
}

/// Whether a command is a `find` that deletes by a name which none of our files has.
fn finds_others(command: &Command) -> bool {
    let words = command.arguments();
    let names = words
        .windows(2)
        .filter(|pair| matches!(&*pair[0].text, "-name" | "-iname"))
        .map(|pair| &*pair[1].text);
    let mut names = names.peekable();
    let is_ours =
        |name: &str| FILES.iter().any(|file| fast_glob::glob_match(name, file)) || name.contains("json");
    let deletes = words.iter().any(|word| word.text == "-delete");
    command.program() == Some("find") && deletes && names.peek().is_some() && names.all(|name| !is_ours(name))
}

fn is_between(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '|' | '&' | '<' | '>' | '(' | ')' | '=')
}

/// Whether a word is the folder of our files, or a wildcard pattern that meets one of them there.
fn may_meet(word: &str) -> bool {
    let word = word.trim_end_matches('/');
    if word == ".claude" || word.ends_with("/.claude") {
        return true;
    }
    let is_pattern = word.contains(['*', '?', '[', '{']) && word.contains('/');
    let within = |name: &str| {
        let parts = word.split('/').count();
        let file = format!(".claude/{name}");
        let last: Vec<&str> = word.rsplitn(3, '/').take(2).collect();
        let tail = last.into_iter().rev().collect::<Vec<_>>().join("/");
        parts >= 2 && fast_glob::glob_match(&tail, &file)
    };
    is_pattern && FILES.into_iter().any(within)
}

fn touches(file: &Path) -> String {
    format!("{} gates this session.", fact(&file.to_string_lossy()))
}

/// What decides about gates: configuration, messages, settings that hold our hooks, state, executables. Free of symbolic
/// links.
struct ProtectedFiles {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    /// A plugin's module can overrule every hook.
    plugins: PluginFolders,
}

impl ProtectedFiles {
    fn of(paths: &Paths, project: &Project) -> Self {
        let root = project.root();
        let mut files = vec![
            paths.global_config(),
            paths.user_settings(),
            paths.registry(),
            in_project::config(root),
            in_project::local_config(root),
            in_project::opt_out(root),
            in_project::settings(root),
            in_project::local_settings(root),
        ];
        files.extend(project.config_files().iter().map(|file| file.path.clone()));
        let mut folders = vec![paths.stanchion_dir().to_owned(), paths.messages()];
        folders.extend(in_project::messages(root));
        for store in project.stores() {
            folders.extend([store.join("requirements"), store.join("stanchion")]);
        }
        let real = |paths: Vec<PathBuf>| paths.iter().map(|path| resolve(path)).collect();
        let plugins = PluginFolders::of(paths, root);
        Self { files: real(files), folders: real(folders), plugins }
    }

    /// Whether a file is one of them, or lies in one; who removes a folder removes what is in it.
    fn contain(&self, file: &Path) -> bool {
        let file = resolve(file);
        self.files.iter().chain(&self.folders).any(|path| path.starts_with(&file))
            || self.folders.iter().any(|folder| file.starts_with(folder))
            || self.plugins.part(&file) == Some(PluginPart::File)
    }
}

/// The call of `req` or `stanchion` that a command is, if it changes something.
fn changing_call(command: &Command) -> Option<String> {
    let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
    let runs_others = !command.program().is_some_and(|program| programs::is(program, Roles::RUNS_NOTHING));
    if words.contains(&"--help") || !runs_others {
        return None;
    }
    let called = |name: &str| {
        words.iter().position(|word| {
            word.rsplit('/').next().is_some_and(|base| base.trim_end_matches(".exe") == name)
        })
    };
    // Also behind an unknown wrapper, and where the program is found at run time: `$(which req) pause`.
    let first = words.first()?;
    let named = COMMAND_LINE.into_iter().find_map(|name| Some((name, called(name)?)));
    let found = |name: &&str| first.contains(*name) && first.contains('$');
    let named = named.or_else(|| Some((COMMAND_LINE.into_iter().find(found)?, 0)));
    let at = named.map(|(_, at)| at);
    let told = |call: &str| format!("{} {call}", named.map_or("req", |(name, _)| name));
    if let Some(at) = at.filter(|_| !only_reads(command)) {
        let mut rest = words[at + 1..].iter().filter(|word| !word.starts_with('-'));
        let verb = *rest.next()?;
        let is_told =
            command.words[at..].iter().find(|word| word.text == verb).is_none_or(|word| word.is_literal);
        if CHANGING.contains(&verb) || !is_told {
            return Some(told(verb));
        }
        let sets = words[at + 1..].iter().any(|word| {
            word.starts_with('-') && !HARMLESS_OPTIONS.iter().any(|harmless| word.starts_with(harmless))
        });
        if CHANGING_WITH_OPTIONS.contains(&verb) && sets {
            return Some(told(verb));
        }
    }
    None
}

/// Whether a text that cannot be followed may call what changes gates.
fn may_call(text: &str) -> bool {
    let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    words.any(is_command_line) && CHANGING.iter().any(|verb| text.contains(verb))
}

fn only_reads(command: &Command) -> bool {
    match command.program() {
        Some(program) if is_command_line(program) => false,
        Some("git") => {
            let words = command.without_global_options();
            words.get(1).is_some_and(|word| leaves_files_alone(&word.text))
        }
        Some("sed" | "yq") => !command.arguments().iter().any(|word| {
            let option = word.text.strip_prefix('-').filter(|option| !option.starts_with('-'));
            option.is_some_and(|letters| letters.contains('i')) || word.text.starts_with("--in")
        }),
        // A copy of a configuration changes nothing; one of an executable is a way around its name.
        Some("cp" | "rsync") => !command.words.iter().any(|word| word.text.contains(".stanchion")),
        Some("find") => !command.arguments().iter().any(|word| {
            matches!(
                word.text.as_str(),
                "-delete" | "-exec" | "-execdir" | "-ok" | "-okdir" | "-fprint" | "-fls"
            )
        }),
        Some(program) => programs::is(program, Roles::READS),
        None => command.words.is_empty(),
    }
}

/// Whether a command that does more than read names our files: as a word, as where its output goes, or, for a
/// program that runs texts, anywhere in one.
fn mentions(command: &Command, names: &impl Fn(&str) -> bool) -> bool {
    // Another call of ours says itself what it does; `req why` may name any file.
    if command.program().is_some_and(is_command_line) {
        return false;
    }
    let runs_texts = command.program().is_none_or(runs_texts);
    let is_named = |text: &str| names(text) && (runs_texts || !text.contains(char::is_whitespace));
    let is_inside = matches!(&command.folder, shell::Folder::In(folder) if names(folder))
        && command.words.iter().any(|word| FILES.iter().any(|file| word.text.contains(file)));
    let by_input = matches!(&command.input, Input::Text(text) if runs_texts && names(text));
    is_inside || by_input || command.words.iter().any(|word| is_named(&word.text))
}

/// Whether a program runs a text that it is given; in others a text that mentions our files is only a text.
fn runs_texts(program: &str) -> bool {
    interpreter_of(program).is_some() || programs::is(program, Roles::EDITS_STREAM.and(Roles::EDITOR))
}

/// Whether a command's output goes to one of our files, by a name that is known only when it runs.
fn goes_to(command: &Command, names: &impl Fn(&str) -> bool) -> bool {
    let written = |redirection: &&shell::Redirection| {
        !matches!(
            redirection.operator,
            Operator::Read | Operator::HereDocument | Operator::HereString | Operator::DuplicateIn
        )
    };
    command.redirections.iter().filter(written).any(|redirection| names(&redirection.target.text))
}

/// Whether a script of `sed` or `awk` writes a file of ours itself.
fn writes_by_script(command: &Command, names: &impl Fn(&str) -> bool) -> bool {
    matches!(command.program(), Some("sed" | "awk" | "gawk"))
        && command.arguments().iter().any(|word| names(&word.text) && word.text.contains([' ', '{', '"']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> bool {
        let paths = Paths::from_env();
        let dir = Path::new("/nowhere/project");
        let project = Project::of_event(&paths, None, dir);
        let tool_use = ToolUse::new("Bash", line, None, dir.to_owned(), None);
        violation(&paths, &project, &tool_use).is_some()
    }

    #[test]
    fn the_agent_cannot_reach_its_own_gates() {
        for line in [
            "tar xf /tmp/x.tar -C .git",
            "cd .git && tar xf /tmp/x.tar",
            "unzip -d .claude x.zip",
            "cd .cl*; echo 'enabled: false' > requirements.local.yaml",
            "cd \"$(git rev-parse --show-toplevel)\"/.cl* && rm requirements.yaml",
            "pushd .claude; pushd; popd; tee settings.json < /dev/null",
            "CDPATH=.claude:. ; cd x; echo > requirements.yaml",
            "req satisfy plan",
            "req --json satisfy plan --session x",
            "cd x && ~/.stanchion/bin/req approve size",
            "bash -c 'req clear plan'",
            "env A=1 req pause",
            "$(which req) satisfy plan",
            "somewrapper req disable plan",
            "req config plan --disable -y",
            "req config --set enabled=false -y",
            "req logging --level debug",
            "stanchion uninstall",
            "echo 'enabled: false' > .claude/requirements.local.yaml",
            "cat x | tee .claude/requirements.yaml",
            "sed -i s/true/false/ .claude/requirements.yaml",
            "rm -rf .git/requirements",
            "rm -rf .claude",
            "mv .claude /tmp/x",
            "cd .claude && rm requirements.yaml",
            "cp x ~/.claude/settings.json",
            "git checkout -- .claude/requirements.yaml",
            "python3 -c \"open('.claude/requirements.yaml','w').write('')\"",
            "python3 <<'EOF'\nopen('.claude/requirements.yaml','w')\nEOF",
            "perl -pi -e 's/a/b/' .claude/requirements.yaml",
            "cp ~/.stanchion/bin/req /tmp/x",
            "ln -sf /tmp/other .git/requirements",
            "req sat'isf'y plan",
            "eval \"$X req satisfy plan",
            "find .claude -name requirements.yaml -delete",
            "sed -i s/true/false/ .claude/*.yaml",
            "perl -pi -e s/a/b/ .cl*/req*.yaml",
            "rm -rf .claude/*",
            "echo > .claude/requirement?.yaml",
            "for f in .claude/*.yaml; do echo > $f; done",
            "ls .claude/*.yaml | xargs sed -i s/a/b/",
            "chmod 0 .claude/*",
            "git checkout .claude",
            "git stash -- .claude",
            "awk 'BEGIN{print \"enabled: false\" > \".claude/requirements.local.yaml\"}'",
            "sed -n 's/x/y/w .claude/requirements.local.yaml' a.txt",
            "echo x > \"$(pwd)/.claude/requirements.local.yaml\"",
            "ln -s .claude c9",
            "grep -rl enabled .claude | xargs sed -i s/a/b/",
            "find .claude -name 'req*' -exec rm {} +",
            "git config -f .claude/requirements.local.yaml a.b c",
            "yq -yi .enabled=false .claude/requirements.yaml",
            "tar xf x.tar -C .claude",
            "req $(cat v) plan",
            "rm .claude/req*",
            "cd .claude; python3 x.py requirements.yaml",
        ] {
            assert!(refused(line), "{line}");
        }
        for line in [
            "req status",
            "req why Edit .claude/requirements.yaml",
            "req why --last",
            "req done plan",
            "req config show",
            "req config plan --json",
            "req logging",
            "stanchion doctor",
            "cat .claude/requirements.yaml",
            "git diff .claude/requirements.yaml",
            "git log -- .claude/requirements.yaml",
            "git commit -m 'explain req satisfy'",
            "grep -rn 'req satisfy' docs",
            "echo req satisfy plan",
            "sed -n 1,5p .claude/requirements.yaml",
            "ls ~/.stanchion",
            "cargo test",
            "rm -rf target",
            "echo x > notes.md",
            "mkdir -p .claude/plans && echo x > .claude/plans/a.md",
            "ls .claude/*.yaml && cargo test",
            "cat .claude/requirements.yaml && make",
            "for f in src/*.rs; do echo > $f; done",
            "find . -name '*.py' -delete",
            "helm dependency update charts/requirements.yaml",
            "conda env create -f requirements.yaml",
            "gh pr create --body 'change .claude/requirements.yaml'",
            "npm install req enable",
            "kubectl get req pause",
            "req satisfy --help",
            "sort .claude/requirements.yaml",
            "cp .claude/requirements.yaml /tmp/b",
        ] {
            assert!(!refused(line), "{line}");
        }
    }
}

//! Commands that irreversibly destroy data wherever they run. They are found in the parsed line, not in its
//! text.
//!
//! Covered: recursive removal, or change of owner or mode, of a root, of home, of the project or of a folder
//! around them; formatting and overwriting devices; `DROP` and `TRUNCATE` given to an SQL client; the fork
//! bomb. Not covered: the effects of programs and scripts of the project, and files that matter for other
//! reasons.

use shell::programs::{self, Roles};
use shell::{Command, Input, Operator, Word};

use super::context::RunContext;
use super::roots;

/// What a command irreversibly removes or overwrites, wherever it runs.
pub fn hopeless(command: &Command, context: RunContext<'_>) -> Option<String> {
    roots::find(command, context).or_else(|| device(command))
}

/// Whether a command may be one of these: a cheap check.
pub fn is_candidate(command: &Command) -> bool {
    if overwrites_device(command) || copies_to_device(command) {
        return true;
    }
    let Some(program) = command.program() else { return false };
    matches!(program, "rm" | "grm" | "find" | "gfind" | "chmod" | "chown" | "chgrp")
        || erases(program)
        || programs::sql_client_of(program).is_some()
}

/// What to do instead of such a command.
pub fn way_out(command: &Command) -> &'static str {
    let is_repository = |word: &Word| word.text.split('/').any(|part| part == ".git");
    match command.program() {
        Some("rm" | "grm" | "find" | "gfind") if command.arguments().iter().any(is_repository) => {
            "commit and push what matters, and let a person remove it"
        }
        Some("rm" | "grm" | "find" | "gfind") => "remove one folder by its name",
        Some("chmod" | "chown" | "chgrp") => "name the one folder that needs it",
        _ => "ask the user to run it",
    }
}

fn erases(program: &str) -> bool {
    // `mkfs.ext4` and others: one program for each file system.
    program.starts_with("mkfs") || programs::is(program, Roles::ERASES)
}

fn is_device(text: &str) -> bool {
    const KINDS: [&str; 8] = ["sd", "hd", "nvme", "vd", "xvd", "disk", "mmcblk", "mapper/"];
    text.strip_prefix("/dev/").is_some_and(|name| KINDS.iter().any(|kind| name.starts_with(kind)))
}

fn overwrites_device(command: &Command) -> bool {
    let writes = |operator: Operator| {
        matches!(
            operator,
            Operator::Write | Operator::Append | Operator::Clobber | Operator::Both | Operator::BothAppend
        )
    };
    command.redirections.iter().any(|one| writes(one.operator) && is_device(&one.target.text))
}

/// Whether a program that writes files has a device as its target.
fn copies_to_device(command: &Command) -> bool {
    matches!(command.program(), Some("tee" | "gtee" | "cp" | "gcp" | "truncate" | "gtruncate" | "sponge"))
        && command.arguments().iter().any(|word| is_device(&word.text))
        && command.writes().iter().any(|write| write.target.as_deref().is_some_and(is_device))
}

fn device(command: &Command) -> Option<String> {
    if overwrites_device(command) || copies_to_device(command) {
        return Some("a device would be overwritten".to_owned());
    }
    let program = command.program()?;
    let arguments = command.arguments();
    let names_device =
        arguments.iter().any(|word| is_device(word.text.strip_prefix("of=").unwrap_or(&word.text)));
    (erases(program) && names_device).then(|| format!("`{program}` would overwrite a device"))
}

/// The statement with which a command makes an SQL client drop or empty a table.
pub fn sql(command: &Command) -> Option<String> {
    let program = command.program().filter(|program| programs::sql_client_of(program).is_some())?;
    let said = |text: &str| {
        let words: Vec<String> = text
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        words.windows(2).any(|pair| {
            let drops = pair[0] == "drop" && matches!(pair[1].as_str(), "table" | "database" | "schema");
            drops || (pair[0] == "truncate" && pair[1] == "table")
        })
    };
    let by_word = command.arguments().iter().any(|word| said(&word.text));
    let by_input = matches!(&command.input, Input::Text(text) if said(text));
    (by_word || by_input).then(|| format!("`{program}` would drop or empty tables"))
}

/// Whether a line has the characters of every fork bomb.
pub fn may_be_bomb(line: &str) -> bool {
    line.contains("()") && line.contains('|') && line.contains('&')
}

/// `:(){ :|:& };:`, under any name.
pub fn fork_bomb(line: &str) -> Option<String> {
    let plain: String = line.chars().filter(|c| !c.is_whitespace()).collect();
    let (name, rest) = plain.split_once("(){")?;
    let name = name.rsplit([';', '&', '|', '{', '(']).next().filter(|name| !name.is_empty())?;
    rest.starts_with(&format!("{name}|{name}&")).then(|| "it starts itself without end".to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn is_dangerous(line: &str) -> bool {
        let context = RunContext {
            folder: Path::new("/home/dev/project/src"),
            home: Path::new("/home/dev"),
            project: Path::new("/home/dev/project"),
        };
        let is_found = |command: &Command| hopeless(command, context).or_else(|| sql(command)).is_some();
        shell::parse(line).commands.iter().any(is_found) || fork_bomb(line).is_some()
    }

    #[test]
    fn what_cannot_be_brought_back_is_found() {
        for line in [
            "rm -rf /",
            "rm -r -f /",
            "rm -fr /*",
            "rm -rf ~",
            "rm -rf ~/",
            "rm -rf $HOME",
            "rm -rf \"$HOME\"/*",
            "rm --recursive --force /etc",
            "rm -rf --no-preserve-root /",
            "sudo rm -rf /usr",
            "rm -rf ..",
            "rm -rf ../../",
            "cd / && rm -rf *",
            "cd .. && rm -rf .",
            "rm -rf /home/dev/project/.git",
            "bash -c 'rm -rf ~'",
            "rm -rf -- /",
            "find / -delete",
            "find -L ~ -type f -print -delete",
            "find ~ -exec rm -rf {} +",
            "cd .. && find -delete",
            "rm -rf build ~/.ssh",
            "rm -rf /usr/lib",
            "rm -rf /home/other",
            "rm -rf ../.git/objects",
            "rm --recurs ~",
            "chmod -R 777 /",
            "chown -R me ~",
            "dd if=/dev/zero of=/dev/sda",
            "mkfs.ext4 /dev/nvme0n1",
            "echo x > /dev/sda",
            "psql -c 'DROP TABLE users'",
            "mysql db <<< 'truncate table users'",
            "echo 'drop database x' | psql",
            ":(){ :|:& };:",
            "bomb() { bomb | bomb & }; bomb",
        ] {
            assert!(is_dangerous(line), "{line}");
        }
        for line in [
            "rm /home/me/f",
            "rm -rf target",
            "rm -rf ./build node_modules",
            "rm -rf /tmp/x",
            "rm -rf /usr/lib/debug/x ~/.cache ~/.config/x",
            "rm -rf ../.git/rebase-merge",
            "rm -rf \"$X\"/*",
            "find . -name x -exec rm -rf {} +",
            "find ~ -type f -print",
            "rm -rf /home/dev/project/target",
            "rm -f a.txt",
            "rm -rf \"$TMP/x\"",
            "echo 'rm -rf /'",
            "git commit -m 'never rm -rf /'",
            "grep -r 'DROP TABLE' .",
            "psql -c 'select 1'",
            "psql -c \"select 'truncated tables'\"",
            "find . -name '*.tmp' -delete -print",
            "find build -delete",
            "cd .. && find . -name '*.orig' -type f -delete",
            "chmod -R u+w target",
            "sudo chown -R dev /usr/local",
            "cd .. && chmod -R u+w .",
            "dd if=a of=b",
            "f() { echo x; }; f",
            "echo x > /dev/null",
        ] {
            assert!(!is_dangerous(line), "{line}");
        }
    }
}

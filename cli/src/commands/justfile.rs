//! `req justfile`: recipes for `just` that call `req`.

use std::io::Write;

use platform::store;

use crate::cli::JustfileArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult};

/// The line before the recipes. Arguments become positional parameters of the shell, so it does not expand a title.
const SETTINGS: &str = "set positional-arguments := true";

/// The recipes. They contain nothing that `just` itself expands.
const RECIPES: [&str; 9] = [
    "# Record that session N begins
session-start N:
    @req session start \"$1\"",
    "# Record that session N ends
session-end N:
    @req session end \"$1\"",
    "# Verify and commit session N's checkpoint with the configured paths, as `Session N: TITLE`
commit-session N +TITLE:
    @n=\"$1\"; shift; req checkpoint commit --session \"$n\" --title=\"$*\"",
    "# Write session N's next checkpoint: just scaffold checkpoint N \"TITLE\"
scaffold KIND N +TITLE:
    @[ \"$1\" = checkpoint ] || { echo \"only checkpoints can be scaffolded\" >&2; exit 2; }; n=\"$2\"; shift 2; req checkpoint new --session \"$n\" -- \"$*\"",
    "# Print the path of the latest checkpoint
checkpoint-latest:
    @req checkpoint list --latest",
    "# Check what a checkpoint claims
checkpoint-verify FILE:
    @req checkpoint verify -- \"$1\"",
    "# Print the last 20 events
events:
    @tail -n 20 .claude/haios-events.jsonl",
    "# Print the events since a date or a moment
events-since SINCE:
    @SINCE=\"$1\" awk 'match($0, /\"ts\": *\"[^\"]*/) { ts = substr($0, RSTART, RLENGTH); sub(/^\"ts\": *\"/, \"\", ts); if (ts \"\" >= ENVIRON[\"SINCE\"] \"\") print }' .claude/haios-events.jsonl",
    "# Print the last 10 transitions of cycles
cycle-events:
    @grep -E '\"type\": *\"cycle_transition\"' .claude/haios-events.jsonl | tail -n 10",
];

/// Prints the recipes, or compares the project's with them.
pub fn run(arguments: &JustfileArgs, out: &mut impl Write) -> CliResult {
    if !arguments.check {
        writeln!(out, "{SETTINGS}\n\n{}", RECIPES.join("\n\n"))?;
        return Ok(());
    }
    let root = CurrentProject::here()?.project.root().to_owned();
    let found = ["justfile", "Justfile", ".justfile"].map(|name| root.join(name));
    let Some(path) = found.iter().find(|path| path.is_file()) else {
        return Err(CliError::user(format_args!("{} has no justfile", root.display()))
            .next("run `req justfile > justfile`"));
    };
    let text = String::from_utf8_lossy(&store::read(path)?.unwrap_or_default()).replace("\r\n", "\n");
    let has = |part: &&&str| {
        let body = part.split_once('\n').filter(|_| part.starts_with('#')).map_or(**part, |(_, body)| body);
        format!("\n{text}\n").contains(&format!("\n{body}\n"))
    };
    let parts: Vec<_> =
        [SETTINGS].iter().chain(&RECIPES).filter(|part| !has(part)).map(|part| name(part)).collect();
    if !parts.is_empty() {
        let parts = parts.join(", ");
        return Err(CliError::user(format_args!("{} lacks or changes: {parts}", path.display()))
            .next("run `req justfile` to print these recipes"));
    }
    Ok(())
}

/// The name of a part: a recipe's name, or the setting.
fn name(part: &str) -> &str {
    match part.lines().nth(1) {
        Some(head) => head.split([' ', ':']).next().unwrap_or(head),
        None => part,
    }
}

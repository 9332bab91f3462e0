//! `req shell-init`: the script with which a shell reports its folder.

use std::io::Write;
use std::path::PathBuf;

use hooks_common::paths::Paths;
use platform::shell_word;

use crate::cli::InitShell;
use crate::error::{CliError, CliResult, Context};

/// The placeholder in the scripts for the executable's path, a word of the shell.
const MARK: &str = "@SHELL_CWD@";

/// Prints the script that a start-up file evaluates.
pub fn run(shell: InitShell, out: &mut impl Write) -> CliResult {
    let executable = executable()?;
    let path = executable.to_str().with_context(|| format!("{} is not UTF-8", executable.display()))?;
    write!(out, "{}", script(shell, path))?;
    Ok(())
}

fn script(shell: InitShell, path: &str) -> String {
    let script = match shell {
        InitShell::Bash => include_str!("init.bash"),
        InitShell::Zsh => include_str!("init.zsh"),
        InitShell::Fish => include_str!("init.fish"),
    };
    script.replacen(MARK, &word(shell, path), 1)
}

/// The text as one word of the shell. In fish's single quotes a backslash escapes.
fn word(shell: InitShell, text: &str) -> String {
    match shell {
        InitShell::Bash | InitShell::Zsh => shell_word::single(text),
        InitShell::Fish => format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'")),
    }
}

/// The executable that the prompt runs: the one beside this `req`, else the installed one.
fn executable() -> CliResult<PathBuf> {
    const NAME: &str = "shell-cwd";
    // `req` may be a link; `shell-cwd` is beside the file that it leads to.
    let req = std::env::current_exe().and_then(|req| req.canonicalize()).ok();
    let beside = req.map(|req| req.with_file_name(NAME));
    let installed = Paths::from_env().bin().join(NAME);
    let found = beside.into_iter().chain([installed.clone()]).find(|path| path.is_file());
    match found {
        Some(path) => Ok(path),
        None => Err(CliError::system(format_args!(
            "{NAME} is neither beside `req` nor at {}",
            installed.display()
        ))
        .next("run `cargo setup`, which builds and installs it")),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const PATHS: [&str; 5] =
        ["/bin/x", "/a b/it's \"x\"", "/$HOME/`id`/\\n\\'/x", "/émoji 🦀/%s!x*", "/two\nlines/x"];

    #[test]
    fn each_shell_reads_the_path_as_it_is() {
        for (name, shell) in [("bash", InitShell::Bash), ("zsh", InitShell::Zsh), ("fish", InitShell::Fish)] {
            for path in PATHS {
                assert_eq!(script(shell, path).matches(&word(shell, path)).count(), 1);
                let line = format!("printf %s {}", word(shell, path));
                // A shell that is not installed here is tested where it is.
                let Ok(output) = Command::new(name).args(["-c", &line]).output() else { continue };
                assert_eq!(String::from_utf8_lossy(&output.stdout), path, "{name}: {line}");
            }
        }
    }
}

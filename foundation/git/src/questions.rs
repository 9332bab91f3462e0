//! Single queries about a folder.

use std::path::Path;
use std::time::Duration;

use crate::command::GitCommand;

/// The time limit for searching a commit.
const PATIENCE: Duration = Duration::from_secs(2);

/// The author name that git would write into a commit. `None` if none is configured.
pub fn author(folder: &Path) -> Option<String> {
    const PATIENCE: Duration = Duration::from_millis(500);
    // Without an address git does not print the name.
    let git = GitCommand::in_folder(folder).setting("user.email=nobody@invalid");
    let identity = git.args(["var", "GIT_AUTHOR_IDENT"]).within(PATIENCE).text().ok()?;
    Some(identity.rsplit_once(" <")?.0.to_owned())
}

/// Whether git tracks a file, so that it is shared with other clones.
pub fn is_tracked(file: &Path) -> bool {
    let Some(folder) = file.parent().filter(|folder| folder.is_dir()) else { return false };
    let git = GitCommand::in_folder(folder).args(["ls-files", "--error-unmatch", "--"]);
    git.args([file]).succeeds().unwrap_or(false)
}

/// Whether a file in HEAD contains a line of text. git reads the text from stdin, because every process can read
/// arguments.
pub fn is_in_head(top: &Path, line: &str) -> bool {
    let git = GitCommand::in_folder(top);
    let git = git.args(["grep", "--quiet", "--fixed-strings", "--text", "-f", "-", "HEAD"]);
    git.input(line).within(PATIENCE).succeeds().unwrap_or(false)
}

//! Replacing a settings file: read, edited, compared, written whole.

use std::path::Path;

use platform::store;

use super::outcome::SettingsChange;
use crate::error::InstallError;

/// How often a file that other programs change is read again.
const TRIES: usize = 3;

/// Reads, edits and replaces the settings file `file`, which leads to `target`. `prepare` runs before the file is
/// touched.
///
/// There is no lock that Claude Code and editors respect. So the file is read again right before it is replaced: when
/// its text differs, the edit starts over.
pub fn change(
    file: &Path,
    target: &Path,
    is_dry_run: bool,
    edit: impl Fn(Option<&str>) -> Result<Option<String>, InstallError>,
    prepare: impl Fn(Option<&str>, &str) -> Result<(), InstallError>,
) -> Result<SettingsChange, InstallError> {
    for _ in 0..TRIES {
        let before = read(target)?;
        let after = edit(before.as_deref())?;
        let change = SettingsChange { file: file.to_owned(), before, after, is_dry_run };
        if is_dry_run || !change.is_any() {
            return Ok(change);
        }
        if let Some(after) = &change.after {
            prepare(change.before.as_deref(), after)?;
        }
        if read(target)? != change.before {
            continue;
        }
        match &change.after {
            Some(text) => {
                config_edit::write(target, text).map_err(InstallError::file(target, "written"))?;
            }
            None => std::fs::remove_file(target).map_err(InstallError::file(target, "removed"))?,
        }
        return Ok(change);
    }
    Err(InstallError::KeepsChanging(target.to_owned()))
}

fn read(target: &Path) -> Result<Option<String>, InstallError> {
    let bytes = store::read(target).map_err(InstallError::file(target, "read"))?;
    let text = bytes.map(String::from_utf8).transpose();
    text.map_err(|_| InstallError::NotText(target.to_owned()))
}

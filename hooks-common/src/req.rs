//! The `req` command as people and the model can call it.

use crate::paths::Paths;
use platform::{env_vars, shell_word};

/// A command word that starts `req` from the reader's shell.
#[derive(Debug, Clone)]
pub struct Req(String);

impl Req {
    /// `req` if the search path contains it. Otherwise the absolute path of the `req` beside this executable, or of
    /// the installed one.
    pub fn find(paths: &Paths) -> Self {
        let search = env_vars::get_os(env_vars::PATH).unwrap_or_default();
        // A relative folder is ignored, because the reader's shell may be in another folder.
        if std::env::split_paths(&search).any(|dir| dir.is_absolute() && dir.join("req").is_file()) {
            return Self("req".to_owned());
        }
        let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("req")));
        let known = [beside, Some(paths.bin().join("req"))].into_iter().flatten().find(|path| path.is_file());
        Self(known.map_or_else(|| "req".to_owned(), |path| shell_word::plain(&path.to_string_lossy())))
    }

    /// A command line that calls `req` with these arguments.
    pub fn call(&self, arguments: &str) -> String {
        format!("{} {arguments}", self.0)
    }
}

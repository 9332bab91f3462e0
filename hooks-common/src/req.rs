//! How people and the model call `req`.

use crate::paths::Paths;
use platform::{env_vars, shell_word};

/// How `req` is called from where the reader stands.
#[derive(Debug, Clone)]
pub struct Req(String);

impl Req {
    /// `req` where the shell finds it, else the absolute path of the one beside this executable, else the
    /// installed one.
    pub fn find(paths: &Paths) -> Self {
        let search = env_vars::get_os(env_vars::PATH).unwrap_or_default();
        if std::env::split_paths(&search).any(|dir| dir.is_absolute() && dir.join("req").is_file()) {
            return Self("req".to_owned());
        }
        let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("req")));
        let known = [beside, Some(paths.bin().join("req"))].into_iter().flatten().find(|path| path.is_file());
        Self(known.map_or_else(|| "req".to_owned(), |path| shell_word::plain(&path.to_string_lossy())))
    }

    /// A call.
    pub fn call(&self, arguments: &str) -> String {
        format!("{} {arguments}", self.0)
    }
}

//! Files whose content the line itself writes.

/// A file of which the line tells what it says.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    /// Its path, or a process substitution as written.
    pub(crate) path: String,
    /// What it says; `None` for what a process says that is not known.
    pub(crate) text: Option<String>,
}

/// What the line tells of a file.
pub(crate) fn told<'a>(feeds: &'a [Feed], path: &str) -> Option<&'a Feed> {
    let plain = |path: &'a str| path.strip_prefix("./").unwrap_or(path);
    let path = path.strip_prefix("./").unwrap_or(path);
    feeds.iter().rev().find(|feed| plain(&feed.path) == path)
}

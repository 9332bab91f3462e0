//! Files whose content the line itself writes.

/// A file whose content the line determines.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    /// Its path, or a process substitution as written.
    pub(crate) path: String,
    /// Its content. `None` if it is the unknown output of a process.
    pub(crate) text: Option<String>,
}

/// The entry for a path.
pub(crate) fn told<'a>(feeds: &'a [Feed], path: &str) -> Option<&'a Feed> {
    let plain = |path: &'a str| path.strip_prefix("./").unwrap_or(path);
    let path = path.strip_prefix("./").unwrap_or(path);
    feeds.iter().rev().find(|feed| plain(&feed.path) == path)
}

//! Paths as text, and as the kernel resolves them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// `path` with a leading `~` replaced by `home`. A relative path is joined to `home`.
pub fn expand(home: &Path, path: &Path) -> PathBuf {
    home.join(expand_tilde(home, path))
}

/// `path` with a leading `~` replaced by `home`, as a shell does. Any other path is unchanged. `~name`, the folder of
/// another user, is not looked up.
pub fn expand_tilde(home: &Path, path: impl AsRef<Path>) -> PathBuf {
    let path = path.as_ref();
    path.strip_prefix("~").map_or_else(|_| path.to_owned(), |rest| home.join(rest))
}

/// `path` without `.`, `..` and doubled separators. The file system is not read.
pub fn normalise(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            Component::ParentDir if out.has_root() => {}
            part => out.push(part),
        }
    }
    out
}

/// The real path of `path`, resolved as the kernel does: links first, then `..` from the link's target. Parts that do
/// not exist stay as written. A relative path is only normalised.
pub fn resolve(path: &Path) -> PathBuf {
    /// The limits of the Linux kernel.
    const MOST_LINKS: usize = 40;
    const LONGEST: usize = 4096;
    if !path.is_absolute() || path.as_os_str().len() > LONGEST {
        return normalise(path);
    }
    let mut rest: Vec<OsString> = parts(path);
    let mut real = PathBuf::from("/");
    let mut links = 0;
    // The number of trailing parts that do not exist. Nothing below a missing part exists, so no link is read there.
    let mut missing: usize = 0;
    while let Some(part) = rest.pop() {
        if part == ".." {
            real.pop();
            missing = missing.saturating_sub(1);
            continue;
        }
        real.push(&part);
        if missing > 0 {
            missing += 1;
            continue;
        }
        match std::fs::read_link(&real) {
            Ok(target) if links < MOST_LINKS => {
                links += 1;
                real.pop();
                if target.is_absolute() {
                    real = PathBuf::from("/");
                }
                rest.extend(parts(&target));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => missing = 1,
            _ => {}
        }
    }
    real
}

/// The named parts of a path and its `..`, last part first.
fn parts(path: &Path) -> Vec<OsString> {
    use std::path::Component;
    let named = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        _ => None,
    };
    path.components().rev().filter_map(named).collect()
}

/// Where a file of a folder really lies, if that is outside the folder: a link leads there.
pub fn leads_out(path: &Path, folder: &Path) -> Option<PathBuf> {
    let real = resolve(path);
    (!real.starts_with(resolve(folder))).then_some(real)
}

/// The user's home folder by the password database, for an environment without `HOME`; `None` where it has none.
///
/// The file is read here: the C library would load a module for it, and in a static executable that is the end of the
/// process. A user that only a network service knows has no home then.
#[cfg(target_os = "linux")]
pub fn home_by_database() -> Option<PathBuf> {
    const LARGEST: u64 = 8 * 1024 * 1024;
    let text = crate::store::read_regular(Path::new("/etc/passwd"), LARGEST).ok()??;
    home_of(&String::from_utf8_lossy(&text), crate::sys::user_id())
}

/// See above. Elsewhere executables are dynamic.
#[cfg(not(target_os = "linux"))]
#[allow(clippy::disallowed_methods, reason = "the system library of macOS knows more than a file")]
pub fn home_by_database() -> Option<PathBuf> {
    std::env::home_dir()
}

/// The home folder of a user in a password file: `name:password:number:group:about:home:shell`.
#[cfg(any(target_os = "linux", test))]
fn home_of(passwd: &str, user: u32) -> Option<PathBuf> {
    let is_users = |line: &&str| line.split(':').nth(2).and_then(|number| number.parse().ok()) == Some(user);
    let home = passwd.lines().find(is_users)?.split(':').nth(5)?;
    (!home.is_empty()).then(|| PathBuf::from(home))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalising_is_lexical() {
        for (given, expected) in
            [("/a/./b//c/..", "/a/b"), ("/../x", "/x"), ("a/../../b", "../b"), ("/", "/")]
        {
            assert_eq!(normalise(Path::new(given)), Path::new(expected), "{given}");
        }
    }

    #[test]
    fn a_path_is_resolved_as_the_kernel_does() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("a/deep")).unwrap();
        for (target, link) in [("a/deep", "l"), ("../new.py", "a/dangling"), ("loop", "loop")] {
            std::os::unix::fs::symlink(target, root.join(link)).unwrap();
        }
        for (given, expected) in [
            ("l/../x", "a/x"),
            ("a/dangling", "new.py"),
            ("l/./y", "a/deep/y"),
            ("none/../x", "x"),
            ("none/a/../../l/z", "a/deep/z"),
            ("a/../../../../../../../../..", ""),
        ] {
            let expected = if expected.is_empty() { PathBuf::from("/") } else { root.join(expected) };
            assert_eq!(resolve(&root.join(given)), expected, "{given}");
        }
        assert!(resolve(&root.join("loop/x")).starts_with(&root));
        let long = format!("/{}", "a/".repeat(100_000));
        let started = std::time::Instant::now();
        resolve(Path::new(&long));
        assert!(started.elapsed() < std::time::Duration::from_millis(500));
    }

    #[test]
    fn a_tilde_means_home() {
        let home = Path::new("/home/dev");
        assert_eq!(expand(home, Path::new("~/x")), Path::new("/home/dev/x"));
        assert_eq!(expand(home, Path::new("/x")), Path::new("/x"));
        assert_eq!(expand(home, Path::new("x")), Path::new("/home/dev/x"));
        for (path, expanded) in
            [("~", "/home/dev"), ("~/x", "/home/dev/x"), ("~ann/x", "~ann/x"), ("x/~", "x/~")]
        {
            assert_eq!(expand_tilde(home, path), Path::new(expanded));
        }
    }

    #[test]
    fn the_password_database_knows_homes() {
        let passwd =
            "root:x:0:0:root:/root:/bin/sh\nbroken\ndev:x:1000:1000:Dev,,,:/home/dev:/bin/zsh\nno:x:7:7:::\n";
        for (user, home) in [(0, Some("/root")), (1000, Some("/home/dev")), (7, None), (8, None)] {
            assert_eq!(home_of(passwd, user), home.map(PathBuf::from), "{user}");
        }
    }
}

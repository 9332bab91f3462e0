//! Reads git's configuration without git. The files are read in the order machine, user, repository, work tree.
//!
//! The format is from `git help config`, section "CONFIGURATION FILE". An `include.path` is followed. One inside an
//! included file is not, and `includeIf` is not.

use std::borrow::Cow;
use std::io::Read;
use std::path::{Path, PathBuf};

use platform::env_vars;
use platform::path::expand;
use platform::store;

use crate::repository::Repository;

/// The most bytes that are read of one file.
const LARGEST: u64 = 1024 * 1024;
/// The paths of the machine's configuration. The build of git decides which one it uses.
const SYSTEM: [&str; 3] = ["/etc/gitconfig", "/usr/local/etc/gitconfig", "/opt/homebrew/etc/gitconfig"];

/// git's configuration for one repository.
#[derive(Debug, Clone, Default)]
pub struct GitConfig {
    /// Names in the form of [`canonical`], with their values, in the order in which git reads them.
    entries: Vec<(String, String)>,
}

impl GitConfig {
    /// The configuration that git uses in this repository, or outside a repository. Files that cannot be read are
    /// skipped.
    pub fn read(repository: Option<&Repository>, home: &Path) -> Self {
        let mut config = Self::default();
        for file in files_of_machine(home) {
            config.add_file(&file, home);
        }
        if let Some(repository) = repository {
            config.add_file(&repository.common_dir().join("config"), home);
            if config.is_true("extensions.worktreeConfig") {
                config.add_file(&repository.git_dir().join("config.worktree"), home);
            }
        }
        config
    }

    /// Parses the text of a configuration file.
    pub fn parse(text: &str) -> Self {
        let mut config = Self::default();
        parse(text, |name, value| config.set(name, value));
        config
    }

    /// The effective value, which is the last one. The case of the name's section and last part is ignored.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).last()
    }

    /// All values of a name, in their order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let name = canonical(name).into_owned();
        self.entries.iter().filter(move |(known, _)| *known == name).map(|(_, value)| &**value)
    }

    /// Whether git interprets the value as true.
    pub fn is_true(&self, name: &str) -> bool {
        let is_true = |value: &str| {
            ["true", "yes", "on"].iter().any(|word| value.eq_ignore_ascii_case(word))
                || value.parse::<i64>().is_ok_and(|number| number != 0)
        };
        self.get(name).is_some_and(is_true)
    }

    /// The names of the remotes that have a section.
    pub fn remotes(&self) -> Vec<&str> {
        let name = |(name, _): &'_ (String, String)| name.starts_with("remote.");
        let named = self.entries.iter().filter(|entry| name(entry));
        let mut remotes: Vec<&str> =
            named.filter_map(|(name, _)| Some(name.strip_prefix("remote.")?.rsplit_once('.')?.0)).collect();
        remotes.sort_unstable();
        remotes.dedup();
        remotes
    }

    /// Adds a value, which overrides earlier ones.
    pub fn set(&mut self, name: &str, value: &str) {
        self.entries.push((canonical(name).into_owned(), value.to_owned()));
    }

    /// Removes all values of a name.
    pub fn unset(&mut self, name: &str) {
        let name = canonical(name);
        self.entries.retain(|(known, _)| *known != *name);
    }

    /// This configuration with the settings of `-c` added.
    pub fn with(&self, settings: &[(String, String)]) -> Cow<'_, Self> {
        if settings.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut config = self.clone();
        settings.iter().for_each(|(name, value)| config.set(name, value));
        Cow::Owned(config)
    }

    fn add_file(&mut self, file: &Path, home: &Path) {
        let Some(text) = text_of(file) else { return };
        parse(&text, |name, value| {
            self.set(name, value);
            // An included file is read at this position, because later values override earlier ones.
            if name == "include.path" {
                let path = Path::new(value);
                let included = if path.starts_with("~") { expand(home, path) } else { sibling(file, path) };
                let text = text_of(&included).unwrap_or_default();
                parse(&text, |name, value| self.set(name, value));
            }
        });
    }
}

/// A name in the form for comparisons: the section and the last part in lower case, the part between them unchanged.
fn canonical(name: &str) -> Cow<'_, str> {
    let Some((section, rest)) = name.split_once('.') else { return Cow::Owned(name.to_ascii_lowercase()) };
    let (between, last) = rest.rsplit_once('.').map_or((None, rest), |(between, last)| (Some(between), last));
    let is_lower = |text: &str| !text.bytes().any(|byte| byte.is_ascii_uppercase());
    if is_lower(section) && is_lower(last) {
        return Cow::Borrowed(name);
    }
    let (section, last) = (section.to_ascii_lowercase(), last.to_ascii_lowercase());
    Cow::Owned(match between {
        Some(between) => format!("{section}.{between}.{last}"),
        None => format!("{section}.{last}"),
    })
}

fn files_of_machine(home: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    if env_vars::get_os(env_vars::GIT_CONFIG_NOSYSTEM).is_none() {
        match env_vars::get_os(env_vars::GIT_CONFIG_SYSTEM) {
            Some(file) => files.push(PathBuf::from(file)),
            None => files.extend(SYSTEM.map(PathBuf::from)),
        }
    }
    if let Some(file) = env_vars::get_os(env_vars::GIT_CONFIG_GLOBAL) {
        files.push(PathBuf::from(file));
        return files;
    }
    let xdg = env_vars::get_os(env_vars::XDG_CONFIG_HOME).map_or_else(|| home.join(".config"), PathBuf::from);
    files.push(xdg.join("git/config"));
    files.push(home.join(".gitconfig"));
    files
}

fn sibling(file: &Path, path: &Path) -> PathBuf {
    file.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path))
}

fn text_of(file: &Path) -> Option<String> {
    /// Most files are shorter, and are read with one read.
    const USUAL: usize = 4096;
    let mut bytes = Vec::with_capacity(USUAL);
    let (file, _) = store::open_regular(file).ok()?;
    file.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Parses a file. Calls `found` with each name, including its section, and its value. Parsing stops at a line that
/// git does not accept.
fn parse(text: &str, mut found: impl FnMut(&str, &str)) {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut section = String::new();
    loop {
        rest = rest.trim_start();
        match rest.chars().next() {
            None => return,
            Some('#' | ';') => rest = rest.split_once('\n').map_or("", |(_, next)| next),
            Some('[') => match header(&rest[1..]) {
                Some((name, next)) => (section, rest) = (name, next),
                None => return,
            },
            Some(letter) if letter.is_ascii_alphabetic() && !section.is_empty() => {
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
                let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
                let name = format!("{section}.{}", rest[..end].to_ascii_lowercase());
                let after = rest[end..].trim_start_matches([' ', '\t']);
                let value;
                (value, rest) = match after.strip_prefix('=') {
                    Some(text) => match value_of(text) {
                        Some(read) => read,
                        None => return,
                    },
                    // A name without a value means true.
                    None if after.is_empty() || after.starts_with(['\r', '\n']) => ("true".to_owned(), after),
                    None => return,
                };
                found(&name, &value);
            }
            Some(_) => return,
        }
    }
}

/// Parses a section header after its `[`. Returns its name and the rest of the text.
fn header(text: &str) -> Option<(String, &str)> {
    let end = text.find([']', ' ', '\t', '\n'])?;
    let name = text[..end].to_ascii_lowercase();
    let rest = text[end..].trim_start_matches([' ', '\t']);
    if let Some(rest) = rest.strip_prefix(']') {
        return Some((name, rest));
    }
    let mut subsection = String::new();
    let mut characters = rest.strip_prefix('"')?.chars();
    loop {
        match characters.next()? {
            '"' => break,
            '\n' => return None,
            '\\' => subsection.push(characters.next()?),
            character => subsection.push(character),
        }
    }
    let rest = characters.as_str().strip_prefix(']')?;
    Some((format!("{name}.{subsection}"), rest))
}

/// Parses a value after its `=`. Returns the value and the rest of the text.
fn value_of(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    // The length of the value without spaces at its end.
    let mut kept = 0;
    let mut is_quoted = false;
    let mut characters = text.trim_start_matches([' ', '\t']).chars();
    loop {
        match characters.next() {
            None | Some('\n') => break,
            Some('#' | ';') if !is_quoted => {
                let rest = characters.as_str();
                characters = rest[rest.find('\n').unwrap_or(rest.len())..].chars();
                continue;
            }
            Some('"') => {
                is_quoted = !is_quoted;
                kept = value.len();
                continue;
            }
            Some('\\') => match characters.next()? {
                '\r' if characters.as_str().starts_with('\n') => drop(characters.next()),
                '\n' => {}
                escaped => {
                    value.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'b' => '\u{8}',
                        '"' | '\\' => escaped,
                        _ => return None,
                    });
                    kept = value.len();
                }
            },
            Some(character) => {
                value.push(character);
                if is_quoted || !matches!(character, ' ' | '\t' | '\r') {
                    kept = value.len();
                }
            }
        }
    }
    value.truncate(kept);
    (!is_quoted).then_some((value, characters.as_str()))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;
    use crate::testing::Repo;

    #[test]
    fn a_file_is_read_as_git_reads_it() {
        let text = "\u{feff}# comment\r\n[Push] default = upstream ; why\n\tfollowTags\n\
            [branch \"Feature/A.\\\"b\"]\n merge=refs/heads/main\n remote = \"my remote\"  # x\n\
            [alias]\n  p = push \\\n    origin\n  q = \"!git push # no comment\"\\n\n\
            [remote.Old]\nurl = a;b\n[push]\ndefault = simple\nno value = broken\n[push]\ndefault = never\n";
        let config = GitConfig::parse(text);
        for (name, expected) in [
            ("push.default", Some("simple")),
            ("PUSH.Default", Some("simple")),
            ("push.followtags", Some("true")),
            ("branch.Feature/A.\"b.merge", Some("refs/heads/main")),
            ("branch.feature/a.\"b.merge", None),
            ("branch.Feature/A.\"b.Remote", Some("my remote")),
            ("alias.p", Some("push     origin")),
            ("alias.q", Some("!git push # no comment\n")),
            ("remote.old.url", Some("a")),
            ("push.broken", None),
        ] {
            assert_eq!(config.get(name), expected, "{name}");
        }
        assert_eq!(config.all("push.default").collect::<Vec<_>>(), ["upstream", "simple"]);
        assert!(config.is_true("push.followTags") && !config.is_true("push.default"));
        assert_eq!(config.remotes(), ["old"]);
    }

    /// Whatever we make of these, git must make the same of it.
    #[test]
    fn git_itself_agrees() {
        let repo = Repo::new();
        let text = "[a \"b c\"] x = 1 2  \n y=\"q;#\" # c\n z\n[A.B]k= \"a\"b \"c\" ;\n w = \\\"q\\\"\\\\\n v=\n\
            u = a\\\n\tb\\\n  # c\nt = \"  s  \"  \n";
        repo.write("config", text);
        let listed = repo.git(&["config", "--file", "config", "--list", "--null"]);
        let theirs: Vec<(String, String)> = listed
            .split_terminator('\0')
            .map(|entry| entry.split_once('\n').unwrap_or((entry, "true")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(GitConfig::parse(text).entries, theirs);
    }

    #[test]
    fn what_is_nearer_counts() {
        let repo = Repo::new();
        let home = repo.root().with_file_name("home");
        std::fs::create_dir(&home).unwrap();
        let write = |name: &str, text: &str| std::fs::write(home.join(name), text).unwrap();
        write(".gitconfig", "[push]\ndefault = current\n[include]\npath = more\n[user]\nname = a\n");
        write("more", "[alias]\np = push\n[include]\npath = never\n[user]\nname = b\n");
        write("never", "[alias]\nq = push\n");
        let read = || {
            let repository = Repository::discover(repo.root());
            GitConfig::read(repository.as_ref(), &home)
        };
        assert_eq!(read().get("push.default"), Some("current"));
        assert_eq!((read().get("alias.p"), read().get("alias.q")), (Some("push"), None));
        assert_eq!(read().get("user.name"), Some("a"), "what follows the inclusion counts");
        repo.git(&["config", "push.default", "matching"]);
        assert_eq!(read().get("push.default"), Some("matching"));
        let settings = [("Push.Default".to_owned(), "nothing".to_owned())];
        assert_eq!(read().with(&settings).get("push.default"), Some("nothing"));
        repo.git(&["config", "extensions.worktreeConfig", "true"]);
        repo.git(&["config", "--worktree", "push.default", "upstream"]);
        assert_eq!(read().get("push.default"), Some("upstream"));
    }
}

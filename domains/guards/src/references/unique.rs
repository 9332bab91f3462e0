//! An id belongs to one document of the same template.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use config::globs::matches_real;
use config::types::Names;
use memchr::memmem::Finder;
use platform::store;
use platform::text::fact;

use super::document::{DocumentKey, PlanningDocument};
use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::Objection;

/// How many files are searched.
const MOST: usize = 5_000;
/// How many bytes of each file are read.
const HEAD: u64 = 4 * 1024;
/// How long the search may take.
const PATIENCE: Duration = Duration::from_millis(150);

/// The finding over an edit that gives a document the id of another document.
pub fn examine(
    documents: &Names,
    examined: &ExaminedUse<'_>,
    file: &Path,
    before: &PlanningDocument,
    after: &PlanningDocument,
) -> Result<Option<Objection>, GuardsError> {
    let Some(key) = after.key().filter(|key| before.key().as_ref() != Some(key)) else { return Ok(None) };
    let is_document = |path: &Path| matches_real(documents, path, examined.root(), examined.home());
    let mut search = IdSearch { files: 0, until: Instant::now() + PATIENCE };
    let owner =
        search.owner(&key, roots(documents, examined.root()), |path| path != file && is_document(path))?;
    Ok(owner.map(|owner| {
        Objection::sure(
            format!(
                "{} belongs to {} already, which is of the same template {}",
                fact(key.id),
                fact(&examined.shown(&owner)),
                fact(key.template)
            ),
            "give the document an id of its own, or change the one that has it",
        )
    }))
}

/// The folders in which globs start.
fn roots(globs: &Names, root: &Path) -> Vec<PathBuf> {
    let is_plain = |part: &&str| !part.contains(['*', '?', '[', '{']);
    let folder = |glob: &str| -> PathBuf {
        let parent = glob.trim_start_matches('/').rsplit_once('/').map_or("", |(parent, _)| parent);
        root.join(parent.split('/').take_while(is_plain).collect::<PathBuf>())
    };
    let mut roots: Vec<PathBuf> =
        globs.iter().filter(|glob| !glob.starts_with(['!', '~'])).map(folder).collect();
    roots.sort();
    // A folder inside another one is searched with that one.
    roots.dedup_by(|later, earlier| later.starts_with(&*earlier));
    roots
}

/// A bounded search.
struct IdSearch {
    files: usize,
    until: Instant,
}

impl IdSearch {
    /// The document with this key. Symbolic links are not followed, hidden folders are not searched.
    fn owner(
        &mut self,
        key: &DocumentKey<'_>,
        mut folders: Vec<PathBuf>,
        is_document: impl Fn(&Path) -> bool,
    ) -> Result<Option<PathBuf>, GuardsError> {
        let id = Finder::new(key.id);
        while let Some(folder) = folders.pop() {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if store::is_absent(&error) => continue,
                Err(error) => return Err(GuardsError::file(folder, error)),
            };
            for entry in entries.flatten() {
                self.may_go_on()?;
                let Ok(kind) = entry.file_type() else { continue };
                let name = entry.file_name();
                let name = name.as_encoded_bytes();
                if kind.is_dir() && !name.starts_with(b".") {
                    folders.push(entry.path());
                } else if kind.is_file() && name.to_ascii_lowercase().ends_with(b".md") {
                    self.files += 1;
                    let path = entry.path();
                    // Most files do not contain the id, and nearly all that contain it are documents, so the
                    // text is searched first.
                    let head = head_of(&path).filter(|head| id.find(head.as_bytes()).is_some());
                    let is_owner =
                        |head: &String| PlanningDocument::of_beginning(head).key().as_ref() == Some(key);
                    if head.is_some_and(|head| is_owner(&head)) && is_document(&path) {
                        return Ok(Some(path));
                    }
                }
            }
        }
        Ok(None)
    }

    /// An error if the search has reached its limits.
    fn may_go_on(&self) -> Result<(), GuardsError> {
        let reason = if self.files >= MOST {
            "no more are searched"
        } else if Instant::now() >= self.until {
            "it took too long"
        } else {
            return Ok(());
        };
        Err(GuardsError::SearchEnded { files: self.files, reason })
    }
}

fn head_of(path: &Path) -> Option<String> {
    let mut head = Vec::new();
    store::open_regular(path).ok()?.0.take(HEAD).read_to_end(&mut head).ok()?;
    Some(String::from_utf8_lossy(&head).into_owned())
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests write their own files")]
mod tests {
    use std::fs;

    use super::*;

    const KEY: DocumentKey<'_> = DocumentKey { template: "plan", id: "E2-001" };

    fn owner_in(folder: &Path, patience: Duration) -> Result<Option<PathBuf>, GuardsError> {
        let mut search = IdSearch { files: 0, until: Instant::now() + patience };
        search.owner(&KEY, vec![folder.to_owned()], |_| true)
    }

    #[test]
    fn a_search_ends_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        for at in 0..6_000 {
            fs::write(dir.path().join(format!("{at}.md")), "---\ntemplate: plan\nid: E2-002\n---\n").unwrap();
        }
        let long = Duration::from_secs(60);
        assert!(
            owner_in(dir.path(), long).unwrap_err().to_string().contains("after 5000 documents: no more")
        );
        for at in 4_000..6_000 {
            fs::remove_file(dir.path().join(format!("{at}.md"))).unwrap();
        }
        assert_eq!(owner_in(dir.path(), long).unwrap(), None);
        assert!(owner_in(dir.path(), Duration::ZERO).unwrap_err().to_string().contains("too long"));
        fs::write(dir.path().join("own.md"), "---\ntemplate: plan\nid: E2-001\n---\n").unwrap();
        assert_eq!(owner_in(dir.path(), long).unwrap(), Some(dir.path().join("own.md")));
    }

    #[test]
    fn links_and_loops_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (docs, other) = (dir.path().join("docs"), dir.path().join("other"));
        fs::create_dir_all(docs.join("deep/deeper")).unwrap();
        fs::create_dir_all(&other).unwrap();
        fs::write(other.join("own.md"), "---\ntemplate: plan\nid: E2-001\n---\n").unwrap();
        std::os::unix::fs::symlink("..", docs.join("deep/up")).unwrap();
        std::os::unix::fs::symlink("loop.md", docs.join("loop.md")).unwrap();
        std::os::unix::fs::symlink(&other, docs.join("other")).unwrap();
        std::os::unix::fs::symlink(other.join("own.md"), docs.join("own.md")).unwrap();
        let long = Duration::from_secs(60);
        assert_eq!(owner_in(&docs, long).unwrap(), None);
        fs::copy(other.join("own.md"), docs.join("deep/deeper/copy.MD")).unwrap();
        assert_eq!(owner_in(&docs, long).unwrap(), Some(docs.join("deep/deeper/copy.MD")));
    }

    #[test]
    fn a_search_begins_where_globs_do() {
        let roots = |globs: &[&str]| {
            let below = |path: PathBuf| path.strip_prefix("/p").unwrap().to_str().unwrap().to_owned();
            roots(&Names::of(globs), Path::new("/p")).into_iter().map(below).collect::<Vec<_>>()
        };
        assert_eq!(roots(&["docs/**/*.md"]), ["docs"]);
        assert_eq!(roots(&["plans/*.md", "docs/*/a.md", "docs/adr/x.md", "!docs/old/**"]), ["docs", "plans"]);
        assert_eq!(roots(&["docs/**", "*.md"]), [""]);
    }
}

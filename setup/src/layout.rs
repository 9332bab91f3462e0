//! Where functions lie in the executables.
//!
//! A hook runs some five hundred functions of an executable of several megabytes. The linker puts them where it
//! happens to meet them, and each page that is touched for the first time costs a fault: microseconds, more than what
//! is done on it. `layout.ld` names what hooks run, of ours and of the C library's, so that it lies together: that
//! takes a fifth off the time of a hook. `cargo figures --layout` writes it anew; functions that it does not know
//! stay where they were, and the figure `page_faults` of the benchmark tells when these became many.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::Path;

use crate::SetupError;

/// A linker script for GNU ld and LLD that only adds to their own one.
const LAYOUT: &str = include_str!("../layout.ld");

/// The flags of rustc that make the linker follow the layout. Its name holds what it says: cargo links again when it
/// was changed.
///
/// # Errors
/// When the script cannot be written into the target folder.
pub(crate) fn flags(target_folder: &Path) -> Result<Vec<String>, SetupError> {
    let mut hasher = DefaultHasher::new();
    LAYOUT.hash(&mut hasher);
    let path = target_folder.join(format!("layout-{:016x}.ld", hasher.finish()));
    if std::fs::read_to_string(&path).ok().as_deref() != Some(LAYOUT) {
        write(&path, target_folder).map_err(|error| SetupError(format!("{}: {error}", path.display())))?;
    }
    let script = format!("link-arg={}", path.display());
    // The names of this form tell instances of a generic function apart without a hash of the compiler's.
    Ok(["-C", "symbol-mangling-version=v0", "-C", "link-arg=-T", "-C", &script].map(str::to_owned).to_vec())
}

/// Whole: another build may be linking with it.
fn write(path: &Path, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(LAYOUT.as_bytes())?;
    new.persist(path)?;
    Ok(())
}

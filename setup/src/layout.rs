//! The order of functions in the executables.
//!
//! A hook runs about five hundred functions of an executable of several megabytes. The linker places them in the order
//! of its input. The first access to each page costs a fault: microseconds, more than the work that is done on the page.
//! `layout.ld` names the functions that hooks run, ours and the C library's, and the linker places them together. That
//! saves a fifth of a hook's time. `cargo figures --layout` writes the file again. Functions that it does not name stay
//! where they were; the figure `page_faults` of the benchmark shows when these became many.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::Path;

use crate::SetupError;

/// A linker script for GNU ld and LLD that extends their default script.
const LAYOUT: &str = include_str!("../layout.ld");

/// The flags of rustc that make the linker follow the layout. The script's name has a hash of its content, so that cargo
/// links again after a change.
///
/// # Errors
/// When the script cannot be written into the target folder.
pub(crate) fn flags(target_folder: &Path) -> Result<Vec<String>, SetupError> {
    let mut hasher = DefaultHasher::new();
    LAYOUT.hash(&mut hasher);
    let path = target_folder.join(format!("layout-{:016x}.ld", hasher.finish()));
    if std::fs::read_to_string(&path).ok().as_deref() != Some(LAYOUT) {
        write(&path, target_folder).map_err(SetupError::of_file(&path))?;
    }
    let script = format!("link-arg={}", path.display());
    // Symbol names of this form distinguish instances of a generic function without a hash of the compiler's.
    Ok(["-C", "symbol-mangling-version=v0", "-C", "link-arg=-T", "-C", &script].map(str::to_owned).to_vec())
}

/// Writes the script whole, because another build may be linking with it.
fn write(path: &Path, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(LAYOUT.as_bytes())?;
    new.persist(path)?;
    Ok(())
}

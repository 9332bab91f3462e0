//! Whether an executable is static, read from its own headers (System V ABI, ELF-64, little endian).

use std::os::unix::fs::FileExt;
use std::path::Path;

use platform::store;

/// `Some(true)` when the program names an interpreter and so is linked dynamically; `None` for other
/// files, as on macOS.
pub fn is_dynamic(path: &Path) -> Option<bool> {
    const INTERPRETER: u32 = 3;
    let (file, _) = store::open_regular(path).ok()?;
    let mut header = [0; 64];
    file.read_exact_at(&mut header, 0).ok()?;
    if header[..6] != [0x7f, b'E', b'L', b'F', 2, 1] {
        return None;
    }
    let offset = u64::from_le_bytes(header[32..40].try_into().ok()?);
    let size = u64::from(u16::from_le_bytes(header[54..56].try_into().ok()?));
    let count = u64::from(u16::from_le_bytes(header[56..58].try_into().ok()?));
    let mut kind = [0; 4];
    for index in 0..count {
        file.read_exact_at(&mut kind, offset + index * size).ok()?;
        if u32::from_le_bytes(kind) == INTERPRETER {
            return Some(true);
        }
    }
    Some(false)
}

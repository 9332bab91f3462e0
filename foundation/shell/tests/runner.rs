//! All tests of the crate from outside, in one binary: one build, one link.
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "tests write their own files and talk")]

#[path = "runner/bash.rs"]
mod bash;
#[path = "runner/commands.rs"]
mod commands;
#[path = "runner/files.rs"]
mod files;
#[path = "runner/properties.rs"]
mod properties;

/// A file that is not named above would compile nowhere and test nothing.
#[test]
fn no_test_file_is_forgotten() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runner");
    let here = std::fs::read_to_string(folder.with_extension("rs")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        assert!(here.contains(&format!("\"runner/{name}\"")), "{name}");
    }
}

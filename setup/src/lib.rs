//! Builds the executables that Stanchion ships and puts them where they run from. `cargo setup` and the tests
//! use the same code, so the tests run what users get.
#![allow(
    clippy::disallowed_methods,
    reason = "setup runs before anything of ours is installed; it writes new files whole"
)]

pub mod demo;
mod error;
mod layout;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use error::{SetupError, SetupErrorKind};

/// The executables that Claude Code, git, shells and people start.
pub const EXECUTABLES: [&str; 12] = [
    "hook-session-start",
    "hook-session-end",
    "hook-prompt-submit",
    "hook-pre-tool",
    "hook-post-tool",
    "hook-stop",
    "hook-pre-compact",
    "hook-observe",
    "hook-status-line",
    "shell-cwd",
    "req",
    "stanchion",
];

/// The package whose executable is installed under a name: all hooks are one executable, and the command line has two
/// names.
fn package(executable: &str) -> &str {
    match executable {
        "stanchion" | "req" => "cli",
        hook if hook.starts_with("hook-") => "hooks",
        other => other,
    }
}

/// What cargo calls a package's executable.
fn built_as(package: &str) -> &str {
    if package == "cli" { "stanchion" } else { package }
}

/// A finished build.
#[derive(Debug)]
pub struct Build {
    /// Where the executables are.
    pub folder: PathBuf,
    /// Why they are linked dynamically, if they are: a hook then starts about half a millisecond later.
    pub dynamic_because: Option<String>,
    /// Whether the functions that hooks run are next to each other in the executables (`setup/layout.ld`). If not, a
    /// hook takes about a quarter longer.
    pub is_laid_out: bool,
}

/// The workspace's root, known since this crate was compiled.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// How executables are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildProfile {
    /// As users run them: optimised across crates, with the functions that hooks run next to each other.
    Release,
    /// As tests run them: linked in seconds.
    Tested,
}

impl BuildProfile {
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Tested => "tested",
        }
    }
}

/// Builds the shipped executables: static on Linux where a static C library exists, dynamic elsewhere. When they are up
/// to date, this takes a second or less.
///
/// # Errors
/// When the compiler cannot be run or the build fails; cargo has printed the reason.
pub fn build(profile: BuildProfile) -> Result<Build, SetupError> {
    let target = host_target()?;
    let dynamic_because = why_dynamic(&target);
    let root = target_folder()?;
    let mut flags = Vec::new();
    if dynamic_because.is_none() {
        flags =
            ["-C", "target-feature=+crt-static", "-C", "relocation-model=static"].map(str::to_owned).to_vec();
    }
    let is_laid_out = dynamic_because.is_none() && profile == BuildProfile::Release;
    let layout = if is_laid_out { layout::flags(&root)? } else { Vec::new() };
    let mut is_laid_out = !layout.is_empty();
    let with_layout = [flags.as_slice(), layout.as_slice()].concat();
    let mut built = is_laid_out && compile(profile, &target, &with_layout)?;
    if !built {
        // A linker that cannot take the order of functions (mold, gold) still links.
        is_laid_out = false;
        built = compile(profile, &target, &flags)?;
    }
    if !built {
        return Err(SetupError::NotBuilt);
    }
    let folder = root.join(target).join(profile.name());
    name_all(&folder).map_err(SetupError::of_file(&folder))?;
    Ok(Build { folder, dynamic_because, is_laid_out })
}

/// Gives each executable all of its names.
fn name_all(folder: &Path) -> std::io::Result<()> {
    let identity = |path: &Path| std::fs::metadata(path).map(|meta| (meta.dev(), meta.ino())).ok();
    for name in EXECUTABLES {
        let (built, named) = (folder.join(built_as(package(name))), folder.join(name));
        if identity(&built) == identity(&named) {
            continue;
        }
        let new = folder.join(format!(".{name}.{}", std::process::id()));
        std::fs::hard_link(&built, &new)?;
        std::fs::rename(&new, &named)?;
    }
    Ok(())
}

/// Whether cargo could build the executables with these flags of rustc's.
fn compile(profile: BuildProfile, target: &str, flags: &[String]) -> Result<bool, SetupError> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let mut build = Command::new(cargo);
    build.current_dir(workspace()).args([
        "build",
        "--profile",
        profile.name(),
        "--locked",
        "--target",
        target,
    ]);
    for package in EXECUTABLES.map(package).into_iter().collect::<BTreeSet<_>>() {
        build.args(["--package", package]);
    }
    // Flags of the surrounding cargo (of a coverage run, say) are not part of what is shipped.
    build.env_remove("CARGO_ENCODED_RUSTFLAGS");
    if !flags.is_empty() {
        // Proc-macros cannot be static: with an explicit target the flags reach the executables alone.
        build.args(["--config", &format!("target.{target}.rustflags={}", serde_json::json!(flags))]);
    }
    let done = build.status().map_err(SetupError::of_program(cargo))?;
    Ok(done.success())
}

/// The folder that cargo builds into, wherever the user's configuration puts it.
fn target_folder() -> Result<PathBuf, SetupError> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let mut metadata = Command::new(cargo);
    metadata.current_dir(workspace()).args(["metadata", "--format-version", "1", "--no-deps", "--locked"]);
    let output = metadata.output().map_err(SetupError::of_program(cargo))?;
    let metadata: Option<serde_json::Value> = serde_json::from_slice(&output.stdout).ok();
    let folder = metadata.as_ref().and_then(|metadata| metadata["target_directory"].as_str());
    folder
        .map(PathBuf::from)
        .ok_or(SetupError::NoAnswer { command: "cargo metadata", lacks: "its target folder" })
}

/// The triple that this machine's compiler builds for.
pub fn host_target() -> Result<String, SetupError> {
    let output = Command::new("rustc").current_dir(workspace()).arg("-vV").output();
    let output = output.map_err(SetupError::of_program("rustc"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or(SetupError::NoAnswer { command: "rustc -vV", lacks: "its host" })
}

/// Why this machine cannot link statically; `None` when it can.
fn why_dynamic(target: &str) -> Option<String> {
    if !target.contains("linux") {
        return Some(format!("{target} has no static C library"));
    }
    if target.contains("musl") {
        return None;
    }
    let output = Command::new("cc").arg("-print-file-name=libc.a").output();
    let path =
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    // A compiler that has no such file prints the bare name.
    let there = path.contains('/') && Path::new(&path).exists();
    (!there).then(|| "libc.a is missing (Debian and Ubuntu: libc6-dev; Fedora: glibc-static)".to_owned())
}

/// Installs a build's executables into `folder`. Each is replaced whole, so a hook that starts meanwhile runs the old
/// one or the new one. The names of one executable share its file where the file system supports hard links.
///
/// # Errors
/// When the folder cannot be created or an executable cannot be written.
pub fn install(build: &Build, folder: &Path) -> Result<(), SetupError> {
    std::fs::create_dir_all(folder).map_err(SetupError::of_file(folder))?;
    let mut installed: BTreeMap<&str, PathBuf> = BTreeMap::new();
    for name in EXECUTABLES {
        let (from, to) = (build.folder.join(name), folder.join(name));
        let new = tempfile::Builder::new().prefix(&format!(".{name}.")).tempfile_in(folder);
        // Only the path may stay: an executable that is open for writing cannot be started.
        let new = new.map_err(SetupError::of_file(folder))?.into_temp_path();
        let shares = installed.get(package(name)).is_some_and(|first| link(first, &new).is_ok());
        if !shares {
            std::fs::copy(&from, &new).map_err(SetupError::of_file(&from))?;
            std::fs::File::open(&new).and_then(|file| file.sync_all()).map_err(SetupError::of_file(&to))?;
        }
        new.persist(&to).map_err(|error| SetupError::of_file(&to)(error.error))?;
        installed.entry(package(name)).or_insert(to);
    }
    Ok(())
}

/// Makes the existing `path` another name of `first`.
fn link(first: &Path, path: &Path) -> std::io::Result<()> {
    std::fs::remove_file(path)?;
    std::fs::hard_link(first, path)
}

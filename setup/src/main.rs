//! `cargo setup [REPO]`: builds, installs, wires a repository and checks it. Without a repository it runs a
//! demonstration in a scratch one.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a command for people")]
#![allow(clippy::disallowed_methods, reason = "it links nothing of ours, so that it builds fast")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use setup::{BuildProfile, SetupError, build, demo, install};

const HELP: &str = "\
Builds Stanchion, installs it into ~/.stanchion/bin and wires a repository.

Usage: cargo setup [REPO] [--link]

  REPO     wire this repository: add hooks and the status line to
           .claude/settings.json, write a first .claude/requirements.yaml if
           there is none, and run `stanchion doctor`.
           Without REPO, a demonstration runs in a scratch repository.
  --link   also link `req` and `stanchion` into ~/.local/bin
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let is_linked = arguments.iter().any(|argument| argument == "--link");
    let repositories: Vec<&String> = arguments.iter().filter(|argument| *argument != "--link").collect();
    if repositories.len() > 1 || repositories.iter().any(|argument| argument.starts_with('-')) {
        eprint!("{HELP}");
        return ExitCode::from(2);
    }
    match run(repositories.first().map(|repository| Path::new(repository.as_str())), is_linked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("setup: {error}\nNext: {}", error.hint());
            ExitCode::FAILURE
        }
    }
}

fn run(repository: Option<&Path>, link: bool) -> Result<(), SetupError> {
    // A wrong folder is reported before the build, which takes minutes.
    let repository = match repository {
        Some(path) => {
            Some(path.canonicalize().map_err(|source| SetupError::File { path: path.to_owned(), source })?)
        }
        None => None,
    };
    println!("Building the executables in release mode; the first build takes some minutes.");
    let build = build(BuildProfile::Release)?;
    if let Some(reason) = &build.dynamic_because {
        println!("Linked dynamically, so each hook takes about half a millisecond longer: {reason}.");
    } else if !build.is_laid_out {
        println!(
            "This linker cannot order functions, so each hook takes about a fifth of a millisecond longer."
        );
    }
    #[allow(clippy::disallowed_methods, reason = "this executable is dynamic, and hooks are not")]
    let home = std::env::home_dir().ok_or(SetupError::NoHome)?;
    let root = std::env::var_os("STANCHION_HOME").filter(|root| !root.is_empty());
    let bin = root.map_or_else(|| home.join(".stanchion"), PathBuf::from).join("bin");
    install(&build, &bin)?;
    println!("Installed {} executables into {}.", setup::EXECUTABLES.len(), bin.display());
    if link {
        link_commands(&bin, &home.join(".local/bin"))?;
    }
    match &repository {
        Some(repository) => wire(&bin, repository)?,
        None => demo::play(&bin, &mut std::io::stdout())?,
    }
    print_path(&bin, link);
    Ok(())
}

fn wire(bin: &Path, repository: &Path) -> Result<(), SetupError> {
    let step = |name: &str, arguments: &[&str]| {
        let mut command = Command::new(bin.join(name));
        let status = command.current_dir(repository).args(arguments).arg(repository).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(SetupError::Step(format!("{name} {}", arguments.join(" ")))),
            Err(source) => Err(SetupError::NotRun { program: name.to_owned(), source }),
        }
    };
    println!();
    step("stanchion", &["install", "--bin-dir", &bin.to_string_lossy()])?;
    let configured = ["requirements.yaml", "requirements.local.yaml"]
        .iter()
        .any(|name| repository.join(".claude").join(name).exists());
    if !configured {
        let status = Command::new(bin.join("req")).current_dir(repository).args(["init", "--yes"]).status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(SetupError::Step("req init".to_owned()));
        }
    }
    println!();
    step("stanchion", &["doctor", "--verbose"])
}

fn link_commands(bin: &Path, folder: &Path) -> Result<(), SetupError> {
    let failed = |path: &Path, source| SetupError::File { path: path.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    for name in ["req", "stanchion"] {
        let (link, target) = (folder.join(name), bin.join(name));
        if std::fs::read_link(&link).is_ok_and(|old| old == target) {
            continue;
        }
        if link.symlink_metadata().is_ok() {
            println!("{} exists and is not a link of ours, so it stays.", link.display());
            continue;
        }
        std::os::unix::fs::symlink(&target, &link).map_err(|source| failed(&link, source))?;
        println!("Linked {}.", link.display());
    }
    Ok(())
}

fn print_path(bin: &Path, linked: bool) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let finds = |name: &str| std::env::split_paths(&path).any(|dir| dir.join(name).is_file());
    if !finds("req") {
        println!("\n`req` is not in PATH. Call it as {}", bin.join("req").display());
        if !linked {
            println!("or run `cargo setup --link`, or add {} to PATH.", bin.display());
        }
    }
}

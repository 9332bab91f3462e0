//! `cargo setup`'s parts.

use tests::World;

/// `setup` links nothing of ours, so it has a list of its own.
#[test]
fn what_claude_code_starts_is_built() {
    use hooks_common::executables::{HOOKS, STATUS_LINE};
    for name in HOOKS.into_iter().chain([STATUS_LINE]) {
        assert!(setup::EXECUTABLES.contains(&name), "{name}");
    }
}

#[test]
fn the_show_plays_the_main_job_and_touches_nothing_else() {
    let world = World::new();
    let bin = world.home.join("bin");
    let build = setup::build(setup::BuildProfile::Tested).unwrap();
    setup::install(&build, &bin).unwrap();
    setup::install(&build, &bin).unwrap();
    let mut told = Vec::new();
    setup::demo::play(&bin, &mut told).unwrap();
    let told = String::from_utf8(told).unwrap();
    for step in [
        "refused before it runs",
        "req satisfy commit_plan",
        "would be refused",
        "the edit runs",
        "the turn ends",
    ] {
        assert!(told.contains(step), "{step}\n{told}");
    }
    assert!(!world.home.join(".stanchion").exists());
    if build.dynamic_because.is_none() {
        for name in setup::EXECUTABLES {
            let output = world.command("file").arg("-b").arg(bin.join(name)).output();
            let Ok(output) = output else { continue };
            assert!(String::from_utf8_lossy(&output.stdout).contains("statically linked"), "{name}");
        }
    }
}

#[test]
fn the_names_of_one_executable_share_its_file_and_each_does_its_own_work() {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;

    let world = World::with(tests::world::ONE);
    let bin = world.home.join("bin");
    let build = setup::build(setup::BuildProfile::Tested).unwrap();
    // A second time over the first, as an upgrade does.
    for _ in 0..2 {
        setup::install(&build, &bin).unwrap();
    }
    let inode = |name: &str| std::fs::metadata(bin.join(name)).unwrap().ino();
    assert_eq!(inode("hook-stop"), inode("hook-pre-tool"));
    assert_eq!(inode("req"), inode("stanchion"));
    assert_ne!(inode("req"), inode("hook-stop"));
    let names: Vec<_> = std::fs::read_dir(&bin).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(names.len(), setup::EXECUTABLES.len(), "{names:?}");

    // Whatever the host calls the process, the file's name counts then.
    let payload = world.edit().to_string();
    let input = world.home.join("payload.json");
    std::fs::write(&input, payload).unwrap();
    let started_as = |program: &std::path::Path, name: &str| {
        let input = std::fs::File::open(&input).unwrap();
        world.command(program).arg0(name).stdin(input).output().unwrap()
    };
    let refused = started_as(&bin.join("hook-pre-tool"), "something else");
    assert!(String::from_utf8_lossy(&refused.stdout).contains("\"deny\""), "{refused:?}");
    tests::copy_executable(bin.join("hook-pre-tool"), bin.join("renamed"));
    let unknown = started_as(&bin.join("renamed"), "renamed");
    assert_eq!((unknown.status.code(), unknown.stdout.as_slice()), (Some(0), &b""[..]));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("hook-pre-tool"), "{unknown:?}");
}

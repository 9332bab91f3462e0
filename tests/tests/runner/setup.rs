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
    let build = setup::build(setup::Profile::Tested).unwrap();
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

//! Wherever an event comes from in a repository, its gates hold.

use std::path::Path;

use serde_json::{Value, json};
use tests::World;
use tests::world::{KEY, ONE, SESSION};

fn edit_in(world: &World, cwd: &Path, file: &Path) -> Value {
    let mut payload = world.edit();
    payload["cwd"] = cwd.to_string_lossy().into();
    payload["tool_input"]["file_path"] = file.to_string_lossy().into();
    payload
}

#[test]
fn a_subfolder_is_gated_like_the_root() {
    let mut world = World::with(ONE);
    let deep = world.repo.join("src/deep");
    for project in [None, Some(world.repo.clone()), Some(world.home.clone())] {
        world.env.clear();
        if let Some(project) = project {
            world.env.push(("CLAUDE_PROJECT_DIR".into(), project.to_string_lossy().into()));
        }
        world.hook(&edit_in(&world, &deep, &deep.join("x.txt"))).refusal();
    }
    world.env.clear();
    let output = world.req_in(&deep, &["satisfy", "commit_plan", "--session", SESSION]);
    assert!(output.status.success());
    world.hook(&edit_in(&world, &deep, &deep.join("x.txt"))).silent();
    assert!(
        world.repo.join(".git/requirements/main.json").exists(),
        "state lies in the git common directory"
    );
}

#[test]
fn a_linked_worktree_is_gated_by_its_branch_with_state_in_the_common_directory() {
    let world = World::with(ONE);
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "configure"]);
    let tree = world.root().join("tree");
    world.git(&["worktree", "add", "-q", "-b", "feature/x", &tree.to_string_lossy()]);
    world.hook(&edit_in(&world, &tree.join("src"), &tree.join("src/a.txt"))).refusal();
    world.satisfy("commit_plan");
    world.hook(&edit_in(&world, &tree, &tree.join("src/a.txt"))).refusal();
    assert!(world.req_in(&tree, &["satisfy", "commit_plan", "--session", SESSION]).status.success());
    world.hook(&edit_in(&world, &tree, &tree.join("src/a.txt"))).silent();
    assert!(world.repo.join(".git/requirements/feature-x.json").exists());
    // The project of the session is elsewhere: what counts is the edited file.
    world.hook(&edit_in(&world, &world.repo, &tree.join("src/a.txt"))).silent();
}

#[test]
fn a_worktree_borrows_a_configuration_that_was_never_committed() {
    let world = World::with(ONE);
    let tree = world.repo.join(".claude/worktrees/w");
    world.git(&["worktree", "add", "-q", "-b", "w", &tree.to_string_lossy()]);
    assert!(!tree.join(".claude/requirements.yaml").exists());
    world.hook(&edit_in(&world, &tree, &tree.join("src/a.txt"))).refusal();
}

#[test]
fn a_detached_head_is_a_branch_of_its_own() {
    let world = World::with(ONE);
    world.git(&["checkout", "-q", "--detach"]);
    world.hook(&world.edit()).refusal();
    world.satisfy("commit_plan");
    world.hook(&world.edit()).silent();
    let sha = world.git(&["rev-parse", "HEAD"]);
    let state = world.state(&format!("detached-{}", &sha[..8]));
    assert_eq!(state["requirements"]["commit_plan"]["sessions"][KEY]["satisfied"], true);
}

#[test]
fn a_rebase_belongs_to_the_branch_being_rebased() {
    let world = World::with(ONE);
    world.git(&["checkout", "-qb", "feature/r"]);
    world.satisfy("commit_plan");
    world.git(&["checkout", "-q", "--detach"]);
    world.write(".git/rebase-merge/head-name", "refs/heads/feature/r\n");
    world.hook(&world.edit()).silent();
}

#[test]
fn an_unborn_branch_packed_refs_and_a_symbolic_link_are_read() {
    let world = World::with(ONE);
    world.git(&["pack-refs", "--all"]);
    world.hook(&world.edit()).refusal();
    world.git(&["checkout", "-q", "--orphan", "unborn"]);
    world.satisfy("commit_plan");
    assert!(world.repo.join(".git/requirements/unborn.json").exists());
    let link = world.root().join("link");
    std::os::unix::fs::symlink(&world.repo, &link).unwrap();
    world.hook(&edit_in(&world, &link.join("src"), &link.join("src/a.txt"))).silent();
}

#[test]
fn a_reftable_repository_falls_back_to_git() {
    let world = World::new();
    let repo = world.root().join("reftable");
    let made = world
        .command("git")
        .args(["init", "-q", "--ref-format=reftable", "-b", "topic"])
        .arg(&repo)
        .status()
        .unwrap();
    if !made.success() {
        eprintln!("SKIPPED: this git knows no reftable");
        return;
    }
    std::fs::create_dir_all(repo.join(".claude")).unwrap();
    std::fs::write(repo.join(".claude/requirements.yaml"), ONE).unwrap();
    world.hook(&edit_in(&world, &repo, &repo.join("x"))).refusal();
    assert!(world.req_in(&repo, &["satisfy", "commit_plan", "--session", SESSION]).status.success());
    assert!(repo.join(".git/requirements/topic.json").exists());
    world.hook(&edit_in(&world, &repo, &repo.join("x"))).silent();
}

#[test]
fn nested_repositories_belong_to_the_configured_one_around_them() {
    let world = World::with(ONE);
    let inner = world.repo.join("vendor/inner");
    std::fs::create_dir_all(&inner).unwrap();
    world.git_in(&inner, &["init", "-q", "-b", "trunk"]);
    world.hook(&edit_in(&world, &inner, &inner.join("x"))).refusal();
    std::fs::create_dir_all(inner.join(".claude")).unwrap();
    std::fs::write(inner.join(".claude/requirements.yaml"), "requirements: {}\n").unwrap();
    world.hook(&edit_in(&world, &inner, &inner.join("x"))).silent();
}

#[test]
fn outside_git_the_nearest_configuration_counts_and_nothing_is_made_up() {
    let world = World::new();
    let folder = world.home.join("notes/deep");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(world.home.join(".claude/requirements.yaml"), ONE).unwrap();
    world.hook(&edit_in(&world, &folder, &folder.join("x"))).silent();
    std::fs::create_dir_all(world.home.join("notes/.claude")).unwrap();
    std::fs::write(world.home.join("notes/.claude/requirements.local.yaml"), ONE).unwrap();
    world.hook(&edit_in(&world, &folder, &folder.join("x"))).refusal();
    assert!(world.req_in(&folder, &["satisfy", "commit_plan", "--session", SESSION]).status.success());
    world.hook(&edit_in(&world, &folder, &folder.join("x"))).silent();
    assert!(!world.home.join("notes/.git").exists() && world.home.join(".stanchion/projects").exists());
}

#[test]
fn git_environment_variables_are_honoured() {
    let mut world = World::with(ONE);
    let tree = world.root().join("bare-tree");
    std::fs::create_dir_all(tree.join(".claude")).unwrap();
    std::fs::write(tree.join(".claude/requirements.yaml"), ONE).unwrap();
    let git_dir = world.root().join("elsewhere.git");
    world.git_in(&world.root(), &["init", "-q", "--bare", "-b", "trunk", &git_dir.to_string_lossy()]);
    world.env.push(("GIT_DIR".into(), git_dir.to_string_lossy().into()));
    world.env.push(("GIT_WORK_TREE".into(), tree.to_string_lossy().into()));
    world.hook(&edit_in(&world, &tree, &tree.join("x"))).refusal();
    assert!(world.req_in(&tree, &["satisfy", "commit_plan", "--session", SESSION]).status.success());
    assert!(git_dir.join("requirements/trunk.json").exists());
}

#[test]
fn the_session_keeps_its_project() {
    let mut world = World::with(ONE);
    world.env.push(("CLAUDE_PROJECT_DIR".into(), world.repo.to_string_lossy().into()));
    world.hook(&world.payload("SessionStart-startup", json!({"cwd": world.repo.join("src")})));
    let meta = world.home.join(".stanchion/sessions").join(SESSION).join("meta.json");
    let before = std::fs::read(&meta).unwrap();
    world.hook(&edit_in(&world, &world.home, &world.home.join("x")));
    assert_eq!(std::fs::read(&meta).unwrap(), before);
    assert_eq!(world.json(&meta)["project_dir"], world.repo.to_string_lossy().as_ref());
}

/// A container may run as a user that nothing knows, without a `HOME`.
#[test]
fn a_user_without_a_home_is_gated_all_the_same() {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    let world = World::with(ONE);
    for folder in [world.root(), world.home.clone(), world.repo.clone(), world.repo.join(".git")] {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let is_root = world.command("id").arg("-u").output().unwrap().stdout == b"0\n";
    for (name, value) in [
        ("HOME", None),
        ("HOME", Some("")),
        ("HOME", Some("home of mine")),
        ("CLAUDE_CONFIG_DIR", Some("settings")),
    ] {
        let hook = tests::executables().join("hook-pre-tool");
        let mut command = if is_root {
            let mut command = world.command("setpriv");
            command.args(["--reuid", "54321", "--clear-groups"]).arg(hook);
            command
        } else {
            world.command(hook)
        };
        command.env_remove("HOME").env("TMPDIR", world.root()).env("GIT_CONFIG_COUNT", "1");
        command.env("GIT_CONFIG_KEY_0", "safe.directory").env("GIT_CONFIG_VALUE_0", "*");
        if let Some(value) = value {
            command.env(name, value);
        }
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(world.edit().to_string().as_bytes()).unwrap();
        let answer = tests::world::Answer::of(child.wait_with_output().unwrap());
        assert_eq!(answer.code, Some(0), "{name}={value:?}: {answer:?}");
        assert!(answer.refusal().contains("commit_plan"), "{name}={value:?}");
    }
}

/// A relative folder begins where the client was launched, as it does for the client.
#[test]
fn a_relative_home_is_the_clients() {
    let mut world = World::with(ONE);
    world.env = vec![
        ("HOME".to_owned(), "own/home".to_owned()),
        ("CLAUDE_PROJECT_DIR".to_owned(), world.repo.display().to_string()),
    ];
    world.hook(&world.recorded("SessionStart-startup"));
    assert!(world.repo.join("own/home/.stanchion/sessions").is_dir());
    world.env[0].1 = world.home.display().to_string();
    world.env.push(("CLAUDE_CONFIG_DIR".to_owned(), "settings".to_owned()));
    let mut start = world.recorded("SessionStart-startup");
    start["cwd"] = world.repo.join("src").to_str().unwrap().into();
    world.hook(&start);
    assert!(world.repo.join("settings/sessions.json").is_file());
}

#[test]
fn nobody_else_may_write_where_we_keep_things_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    fn open_to_all(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let about = path.symlink_metadata().unwrap();
            if !about.is_symlink() && about.permissions().mode() & 0o002 != 0 {
                found.push(path.clone());
            }
            if about.is_dir() {
                open_to_all(&path, found);
            }
        }
    }
    let world = World::with(&format!("{ONE}guards:\n  destructive: {{}}\n  errors: {{}}\n  tests: {{}}\n"));
    for name in tests::world::recorded_names() {
        let payload = world.recorded(&name);
        let Some(event) = payload["hook_event_name"].as_str() else { continue };
        let file = world.root().join("payload.json");
        std::fs::write(&file, payload.to_string()).unwrap();
        let hook = tests::executables().join(tests::world::executable(event));
        let line = format!("umask 000; '{}' < '{}'", hook.display(), file.display());
        assert!(world.command("sh").args(["-c", &line]).output().unwrap().status.success(), "{name}");
    }
    let req = tests::executables().join("req");
    for arguments in ["satisfy commit_plan", "pause --reason x", "sync", "checkpoint new x"] {
        let line = format!("umask 000; '{}' {arguments} --session {SESSION}", req.display());
        let _ = world.command("sh").args(["-c", &line]).output().unwrap();
    }
    let mut found = Vec::new();
    for folder in [".git/requirements", ".git/stanchion", ".claude"] {
        open_to_all(&world.repo.join(folder), &mut found);
    }
    open_to_all(&world.home, &mut found);
    assert_eq!(found, Vec::<std::path::PathBuf>::new());
}

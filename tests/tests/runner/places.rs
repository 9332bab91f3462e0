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

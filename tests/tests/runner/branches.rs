//! Folders, work trees, branches and levels of configuration.

use serde_json::json;
use tests::World;
use tests::world::{KEY, ONE, SESSION, of};

use crate::support::{OTHER, OTHER_KEY, commit_all, plan};

#[test]
fn case_09_a_subfolder_and_a_work_tree_are_gated_like_the_root() {
    let mut world = plan();
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "configure"]);
    let deep = world.repo.join("src/deep");
    let at_root = world.hook(&world.edit()).refusal().to_owned();
    let in_folder = world.hook(&of(OTHER, world.payload("PreToolUse-Edit", json!({"cwd": deep}))));
    assert_eq!(in_folder.refusal().replace(OTHER_KEY, KEY), at_root);
    assert!(world.req_in(&deep, &["satisfy", "commit_plan", "--session", SESSION]).status.success());
    world.hook(&world.payload("PreToolUse-Edit", json!({"cwd": deep}))).silent();
    assert!(world.state("feature-auth").is_object());

    let tree = world.root().join("tree");
    world.git(&["worktree", "add", "-q", "-b", "side", &tree.to_string_lossy()]);
    for (at, project) in [None, Some(&tree), Some(&world.repo.clone())].into_iter().enumerate() {
        world.env.clear();
        world
            .env
            .extend(project.map(|dir| ("CLAUDE_PROJECT_DIR".to_owned(), dir.to_string_lossy().into_owned())));
        let session = format!("{at:08}-bbbb");
        let mut payload = of(&session, world.payload("PreToolUse-Edit", json!({"cwd": tree.join("src")})));
        payload["tool_input"]["file_path"] = tree.join("src/a.txt").to_string_lossy().into();
        world.hook(&payload).refusal();
        let mut used = of(&session, world.payload("PostToolUse-Skill", json!({"cwd": tree.join("src")})));
        used["tool_input"]["skill"] = "unknown".into();
        world.hook(&used).silent();
        assert!(world.req_in(&tree, &["satisfy", "commit_plan", "--session", &session]).status.success());
        world.hook(&payload).silent();
        assert!(world.state("side")["requirements"]["commit_plan"]["sessions"][&session[..8]].is_object());
    }
}

#[test]
fn case_11_levels_merge_replace_and_override() {
    let world = World::new();
    world.configure_globally(
        "requirements:\n  g1: {enabled: true, checklist: [look twice], trigger_tools: [Edit, Write]}\n",
    );
    let write = world.recorded("PreToolUse-Write");
    for inherit in ["", "inherit: true\n"] {
        world.configure(&format!(
            "{inherit}requirements:\n  g1: {{trigger_tools: [Write]}}\n  silent: {{message: x}}\n"
        ));
        world.hook(&world.edit()).silent();
        let session = if inherit.is_empty() { SESSION } else { OTHER };
        assert!(world.hook(&of(session, write.clone())).refusal().contains("look twice"), "{inherit}");
    }
    world.configure("inherit: false\nrequirements:\n  p1: {enabled: true}\n");
    let reason = world.hook(&of("11112222-x", write.clone()));
    assert!(reason.refusal().contains("p1") && !reason.refusal().contains("g1"));
    world.write(".claude/requirements.local.yaml", "requirements: {p1: {message: From the local file}}\n");
    assert!(world.hook(&of("11113333-x", write.clone())).refusal().contains("From the local file"));
    world.configure("requirements:\n  g1: {message: From the project}\n");
    world.write(".claude/requirements.local.yaml", "requirements: {g1: {message: From the local file}}\n");
    assert!(world.hook(&of("11114444-x", write.clone())).refusal().contains("From the local file"));
    world.write(".claude/requirements.local.yaml", "requirements: {g1: {enabled: false}}\n");
    world.hook(&write).silent();
}

#[test]
fn case_25_branches_of_one_file_name_stay_apart_and_only_deleted_ones_are_pruned() {
    let world = World::with(ONE);
    world.write(".git/requirements/learning_history.json", "{\"version\": \"1.0\", \"updates\": []}");
    for branch in ["feature/auth", "feature-auth"] {
        world.git(&["checkout", "-qb", branch]);
        world.hook(&world.edit()).refusal();
        world.satisfy("commit_plan");
    }
    let files = || {
        let entries = std::fs::read_dir(world.repo.join(".git/requirements")).unwrap().flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "json")).count()
    };
    assert_eq!(files(), 3);
    let head = std::fs::read(world.repo.join(".git/HEAD")).unwrap();
    world.git(&["checkout", "-q", "--orphan", "unborn"]);
    world.req_ok(&["prune"]);
    assert_eq!(files(), 3, "an unborn branch deletes no other");
    std::fs::write(world.repo.join(".git/HEAD"), head).unwrap();
    world.git(&["checkout", "-qf", "main"]);
    std::fs::rename(world.repo.join(".git/refs"), world.repo.join(".git/refs-away")).unwrap();
    assert_ne!(world.req(&["prune"]).status.code(), Some(0), "git cannot tell");
    assert_eq!(files(), 3);
    std::fs::rename(world.repo.join(".git/refs-away"), world.repo.join(".git/refs")).unwrap();
    world.git(&["branch", "-qD", "feature-auth"]);
    assert!(world.req_ok(&["prune"]).contains("feature-auth"));
    assert!(world.repo.join(".git/requirements/learning_history.json").exists());
    let kept = world.json(&world.repo.join(".git/requirements/feature-auth.json"));
    assert_eq!((files(), &kept["branch"]), (2, &json!("feature/auth")));
}

#[test]
fn gap_01_a_folder_below_the_root_is_gated() {
    // `cwd` was taken for the project, so from a subfolder every edit passed.
    let world = World::with(ONE);
    world.hook(&world.payload("PreToolUse-Edit", json!({"cwd": world.repo.join("src/deep")}))).refusal();
}

#[test]
fn gap_02_a_detached_head_is_gated() {
    // Without a branch the gates were off.
    let world = World::with(ONE);
    world.git(&["checkout", "-q", "--detach"]);
    world.hook(&world.edit()).refusal();
    world.satisfy("commit_plan");
    world.hook(&world.edit()).silent();
    let commit = world.git(&["rev-parse", "HEAD"]);
    assert_eq!(
        world.state(&format!("detached-{}", &commit[..8]))["branch"],
        format!("detached-{}", &commit[..8])
    );
}

#[test]
fn gap_06_branches_that_share_a_file_name_share_no_state() {
    // `feature/auth` and `feature-auth` were one file, and so one satisfaction.
    let world = World::with(ONE);
    world.git(&["checkout", "-qb", "feature/auth"]);
    world.satisfy("commit_plan");
    world.git(&["checkout", "-qb", "feature-auth"]);
    world.hook(&world.edit()).refusal();
    world.satisfy("commit_plan");
    world.req_ok(&["clear", "commit_plan"]);
    world.git(&["checkout", "-q", "feature/auth"]);
    world.hook(&world.edit()).silent();
}

#[test]
fn gap_07_prune_removes_state_alone_and_nothing_on_an_unborn_branch() {
    // Every JSON file without a branch of its name was deleted, on an unborn branch all of them.
    let world = World::with(ONE);
    let history = "{\"version\": \"1.0\", \"updates\": []}";
    world.write(".git/requirements/learning_history.json", history);
    world.satisfy("commit_plan");
    world.req_ok(&["prune"]);
    assert!(!world.req_ok(&["list"]).contains("learning_history"));
    assert_eq!(
        std::fs::read_to_string(world.repo.join(".git/requirements/learning_history.json")).unwrap(),
        history
    );
    let unborn = world.root().join("unborn");
    world.git_in(&world.root(), &["init", "-q", "-b", "main", "unborn"]);
    std::fs::create_dir_all(unborn.join(".claude")).unwrap();
    std::fs::write(unborn.join(".claude/requirements.yaml"), ONE).unwrap();
    assert!(world.req_in(&unborn, &["satisfy", "commit_plan", "--session", SESSION]).status.success());
    assert_eq!(world.req_in(&unborn, &["prune"]).status.code(), Some(1));
    assert!(unborn.join(".git/requirements/main.json").exists());
}

#[test]
fn gap_22_a_fresh_branch_is_not_done_and_its_status_is_asked_for_once() {
    // A branch without commits counted as merged, and Stop asked at every turn until it was done.
    let world = World::with("requirements: {}\nhooks: {wip_tracking: {enabled: true}}\n");
    commit_all(&world);
    world.git(&["checkout", "-qb", "feature/x"]);
    let status = || {
        let all = world.json(&world.home.join(".claude/wip_projects.json"));
        all["entries"][format!("{}::feature/x", world.repo.display())]["status"].clone()
    };
    world.hook(&world.recorded("SessionStart-startup"));
    assert_eq!(status(), "wip");
    assert!(world.hook(&world.recorded("Stop-first")).block().contains("req wip set"));
    world.hook(&world.recorded("Stop-first")).silent();
    world.req_ok(&["wip", "set", "paused"]);
    assert_eq!(status(), "paused");
    world.req_ok(&["wip", "set", "wip"]);
    world.write("src/new.txt", "1\n");
    commit_all(&world);
    world.git(&["checkout", "-q", "main"]);
    world.git(&["merge", "-q", "--no-ff", "-m", "merge", "feature/x"]);
    world.git(&["checkout", "-qb", "feature/y"]);
    world.hook(&of(OTHER, world.recorded("SessionStart-startup")));
    assert_eq!(status(), "done", "merged, with commits of its own");
}

//! Texts: message files, short repetitions, and what the model is told before a plan or a review.

use serde_json::{Value, json};
use tests::World;
use tests::world::{KEY, ONE, of};

use crate::support::{OTHER, commit_all, one};

fn tool_done(world: &World, tool: &str) -> Value {
    world.payload("PostToolUse-TodoWrite", json!({"tool_name": tool, "tool_input": {}}))
}

#[test]
fn message_files_say_what_is_said_and_the_nearest_one_counts() {
    let world = World::with(
        "requirements:\n  plan: {enabled: true, message: From the configuration}\n  other: {enabled: true, trigger_tools: [Write]}\n",
    );
    std::fs::create_dir_all(world.home.join(".claude/messages")).unwrap();
    let files = [
        (world.home.join(".claude/messages/plan.yaml"), "blocking_message: From home\n"),
        (world.repo.join(".claude/messages/plan.yaml"), "blocking_message: From the project\n"),
        (
            world.repo.join(".claude/messages.local/plan.yaml"),
            "blocking_message: 'From this clone: {name} on {branch}'\nheader: '## {name}'\nfallback_text: ask somebody\nsuccess_message: Thanks\naction_label: ask around\n",
        ),
    ];
    let mut said = "From the configuration".to_owned();
    for (at, (file, text)) in files.iter().enumerate() {
        assert!(
            world.hook(&of(&format!("{at}0000000"), world.edit())).refusal().starts_with(&said),
            "{said}"
        );
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
        said = text.lines().next().unwrap().replace("blocking_message: ", "");
    }
    let text = world.hook(&world.edit()).refusal().to_owned();
    assert!(
        text.starts_with("## plan\nFrom this clone: plan on main") && text.contains("Next: ask somebody"),
        "{text}"
    );
    assert!(world.req_ok(&["satisfy", "plan", "--session", OTHER]).contains("Thanks"));
    world.write(".claude/messages/_templates.yaml", "blocking: {blocking_message: 'Template for {name}'}\n");
    assert!(world.hook(&world.recorded("PreToolUse-Write")).refusal().contains("Template for other"));
    let start = world.hook(&world.recorded("SessionStart-startup"));
    assert!(start.context().contains("plan is open (ask around)"), "{}", start.context());
    world.write(
        ".claude/messages/_status.yaml",
        "compact: 'Mine: {satisfied_count}/{total_count} on {branch}: {unsatisfied_names}'\n",
    );
    let start = world.hook(&world.recorded("SessionStart-startup"));
    assert_eq!(start.context(), "Mine: 0/2 on main: plan other");
    assert!(world.req(&["messages", "validate"]).status.success());
    world.write(".claude/messages/plan.yaml", "blocking_message: [\n");
    assert_eq!(world.req(&["messages", "validate"]).status.code(), Some(1));
}

#[test]
fn a_refusal_that_repeats_is_short() {
    let world = World::with(
        "requirements:\n  plan: {enabled: true, message: A long story, short_message: 'Still no {name}', checklist: [look twice, 'ask {branch}']}\n  more: {enabled: true, trigger_tools: [Write]}\n",
    );
    let first = world.hook(&world.edit()).refusal().to_owned();
    assert!(first.contains("A long story") && first.contains("- [ ] look twice\n- [ ] ask main"), "{first}");
    let again = world.hook(&world.edit()).refusal().to_owned();
    assert!(again.starts_with("Still no plan") && !again.contains("A long story"), "{again}");
    assert!(again.contains("req satisfy plan"), "the way out stays");
    assert!(
        world.hook(&of(OTHER, world.edit())).refusal().contains("A long story"),
        "not for another session"
    );
    let both = world.hook(&world.recorded("PreToolUse-Write")).refusal().to_owned();
    assert!(both.contains("A long story") && both.contains("more"), "nor for other requirements: {both}");
    assert!(world.req_ok(&["why", "Edit", "src/a.txt"]).contains("- look twice"));
}

#[test]
fn plan_mode_is_told_what_the_plan_will_meet() {
    let world = World::with(
        "requirements:\n  plan: {enabled: true, auto_resolve_skill: 'acme:plan'}\nworkflow: {phases: [{name: thinking, gate: plan, skill: 'acme:think'}]}\n",
    );
    let entered = world.hook(&tool_done(&world, "EnterPlanMode"));
    assert!(
        entered.context().contains("- plan (/plan)")
            && entered.context().contains("The phase is thinking; its skill is /acme:think."),
        "{}",
        entered.context()
    );
    let left = world.hook(&tool_done(&world, "ExitPlanMode"));
    assert!(left.context().contains(&format!("req satisfy plan --session {KEY}")), "{}", left.context());
    world.hook(&tool_done(&world, "TodoWrite")).silent();
    world.satisfy("plan");
    world.hook(&tool_done(&world, "EnterPlanMode")).silent();
    world.hook(&tool_done(&world, "ExitPlanMode")).silent();
    world.configure(&format!(
        "{}hooks: {{plan_enter: {{inject_context: false}}, plan_exit: {{inject_context: false}}}}\n",
        one("new", "scope: session")
    ));
    world.hook(&tool_done(&world, "EnterPlanMode")).silent();
    world.hook(&tool_done(&world, "ExitPlanMode")).silent();
}

#[test]
fn a_subagent_that_reviews_is_told_what_it_reviews_against() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SubagentStart-Explore")).silent();
    let reviewer = world.payload("SubagentStart-Explore", json!({"agent_type": "acme:code-reviewer"}));
    let told = world.hook(&reviewer).context().to_owned();
    assert!(told.contains("on branch `main`") && told.contains("Open requirements: commit_plan"), "{told}");
    world.satisfy("commit_plan");
    assert!(world.hook(&reviewer).context().contains("Open requirements: none"));
    world.configure(&format!("{ONE}hooks: {{subagent_start: {{agents: Explore}}}}\n"));
    world.hook(&reviewer).silent();
    assert!(world.hook(&world.recorded("SubagentStart-Explore")).context().contains("main"));
    world.hook(&world.recorded("Stop-first")).silent();
    let metrics = world.metrics();
    assert_eq!(metrics["tools"]["SubagentStart:Explore"]["count"], 2);
    assert_eq!(metrics["agents"].as_array().unwrap().len(), 5);
}

#[test]
fn gap_14_what_is_configured_to_be_said_is_said() {
    // Message files, evidence, checklists and texts of values were read and thrown away.
    let world = World::with(
        "requirements:\n  filed: {enabled: true, checklist: [look twice], trigger_tools: [Edit]}\n  proven: {enabled: true, evidence: {}, trigger_tools: [Write]}\n  \
         size: {enabled: true, type: limit, calculator: branch_size_calculator, thresholds: {block: 1}, trigger_tools: [NotebookEdit], blocking_message: 'Big: {total} > {block_threshold} since {base_branch} {oops {'}\n",
    );
    commit_all(&world);
    world.git(&["checkout", "-qb", "feature/x"]);
    world.write("src/new.txt", "1\n2\n3\n");
    world.write(".claude/messages/filed.yaml", "blocking_message: From the file of {req_name}.\n");
    let filed = world.hook(&world.edit()).refusal().to_owned();
    assert!(filed.contains("From the file of filed.") && filed.contains("look twice"), "{filed}");
    world.satisfy("proven");
    let proven = world.hook(&world.recorded("PreToolUse-Write")).refusal().to_owned();
    assert!(proven.contains("Evidence is missing"), "{proven}");
    let mut notebook = world.edit();
    notebook["tool_name"] = "NotebookEdit".into();
    // A lone brace used to open this gate.
    let size = world.hook(&notebook).refusal().to_owned();
    assert!(size.contains("Big: 4 > 1 since main {oops {"), "{size}");
}

//! Each rule with a valid and an invalid document, on Write, Edit and MultiEdit, in both layouts.
#![allow(clippy::disallowed_methods, reason = "tests write their own files")]

use serde_json::json;

use crate::objection::{Certainty, Raised};
use crate::testing::{Bench, edit, worst, write};

const PLAN: &str = "docs/work/active/E2-001/plans/PLAN.md";
const WORK: &str = "docs/work/active/E2-001/WORK.md";
const FOUND: &str = "## Findings\nThe parser reads a line twice, once for each of the two passes.\n";

fn bench() -> Bench {
    Bench::new("  references: {mode: enforce}")
}

fn front(lines: &str) -> String {
    format!("---\n{lines}\n---\n\n# Title\n")
}

fn written(bench: &Bench, file: &str, text: &str) -> Vec<Raised> {
    bench.raised(write(&bench.root().join(file), text))
}

fn edited(bench: &Bench, file: &str, old: &str, new: &str) -> Vec<Raised> {
    bench.raised(edit(&bench.root().join(file), old, new))
}

#[test]
fn a_new_plan_names_its_work() {
    let bench = bench();
    for file in [PLAN, "docs/plans/PLAN-parser.md"] {
        for (text, expected) in [
            (front("template: implementation_plan\nbacklog_id: E2-001"), "pass"),
            (front("backlog_id: 'WORK-12' # the parser"), "pass"),
            (front("backlog_id: [E2-001, E2-002]"), "pass"),
            (front("backlog_id:\n  - E2-ABC-001"), "pass"),
            ("\u{feff}---\r\nbacklog_id: INV-003\r\n---\r\n".to_owned(), "pass"),
            (front("title: a plan for E2-001"), "deny"),
            (front("backlog_id: TBD"), "deny"),
            (front("backlog_id:"), "deny"),
            (front("  backlog_id: E2-001"), "deny"),
            ("# Plan\nbacklog_id: E2-001\n".to_owned(), "deny"),
            ("---\nbacklog_id: E2-001\n".to_owned(), "deny"),
            (String::new(), "deny"),
        ] {
            assert_eq!(worst(&written(&bench, file, &text)), expected, "{file}: {text}");
        }
    }
    assert_eq!(worst(&written(&bench, "docs/plans/notes.md", "# Notes\n")), "pass");
    assert_eq!(worst(&written(&bench, "src/PLAN-x.md", "# Notes\n")), "pass");
    let raised = written(&bench, PLAN, "# Plan\n");
    assert_eq!(raised[0].objection.what, format!("the plan `{PLAN}` names no work it belongs to"));
    assert_eq!(worst(&edited(&bench, PLAN, "", "# Plan\n")), "deny", "Edit makes files too");
}

#[test]
fn a_plan_that_never_named_its_work_is_only_told_of() {
    let bench = bench();
    bench.write(PLAN, "# Plan\nold\n");
    assert_eq!(worst(&edited(&bench, PLAN, "old", "new")), "warn");
    assert_eq!(worst(&edited(&bench, PLAN, "absent", "new")), "pass", "the edit fails");
    bench.write(PLAN, &front("backlog_id: E2-001"));
    assert_eq!(worst(&edited(&bench, PLAN, "Title", "Plan")), "pass");
    assert_eq!(worst(&edited(&bench, PLAN, "backlog_id: E2-001", "")), "deny");
    let edits =
        json!([{"old_string": "Title", "new_string": "Plan"}, {"old_string": "E2-001", "new_string": "x"}]);
    let many = json!({"tool_name": "MultiEdit", "tool_input": {"file_path": bench.root().join(PLAN), "edits": edits}});
    assert_eq!(worst(&bench.raised(many)), "deny");
}

#[test]
fn work_from_an_investigation_names_what_was_learned() {
    let bench = bench();
    for (lines, expected) in [
        ("spawned_by: INV-003", "warn"),
        ("spawned_by: INVESTIGATION-E2-001-parser\nmemory_refs: []", "warn"),
        ("spawned_by: INV-003\nmemory_refs:", "warn"),
        ("spawned_by: INV-003\nmemory_refs:\n  -", "warn"),
        ("spawned_by:\n  - E2-004\n  - INV-003", "warn"),
        ("spawned_by: INV-003\nmemory_refs: [12, 13]", "pass"),
        ("spawned_by: INV-003\nmemory_refs:\n- 12", "pass"),
        ("spawned_by: E2-004", "pass"),
        ("spawned_by: INV-", "pass"),
        ("title: spawned_by INV-003", "pass"),
    ] {
        for file in [WORK, "docs/work/active/WORK-E2-001-parser.md"] {
            assert_eq!(worst(&written(&bench, file, &front(lines))), expected, "{file}: {lines}");
        }
    }
    assert_eq!(worst(&written(&bench, "docs/notes.md", &front("spawned_by: INV-003"))), "pass");
    let raised = written(&bench, WORK, &front("spawned_by: INV-003"));
    assert_eq!(raised[0].objection.certainty, Certainty::Advice);
}

#[test]
fn an_id_has_one_owner() {
    let bench = bench();
    let work = front("template: work_item\nid: E2-001");
    bench.write("docs/work/archive/E2-001/WORK.md", &work);
    bench.write(
        "docs/investigations/INVESTIGATION-x.md",
        "---\r\ntemplate: investigation\r\nbacklog_id: INV-003\r\n---\r\n",
    );
    bench.write("src/notes.md", &front("template: work_item\nid: E2-007"));
    for (file, lines, expected) in [
        (WORK, "template: work_item\nid: E2-001", "deny"),
        ("docs/work/active/WORK-E2-001.md", "template: 'work_item'\nbacklog_id: E2-001", "deny"),
        ("docs/investigations/y.md", "template: investigation\nbacklog_id: INV-003", "deny"),
        (WORK, "template: work_item\nid: E2-0010", "pass"),
        (WORK, "template: work_item\nid: E2-00", "pass"),
        (WORK, "template: work_item\nid: E2-007", "pass"),
        (WORK, "template: work_item\nid: SPEC-1\nbacklog_id: E2-001", "pass"),
        (WORK, "id: E2-001", "pass"),
        (PLAN, "template: implementation_plan\nbacklog_id: E2-001", "pass"),
        ("docs/work/archive/E2-001/WORK.md", "template: work_item\nid: E2-001\nstatus: done", "pass"),
        ("notes/E2-001.md", "template: work_item\nid: E2-001", "pass"),
    ] {
        assert_eq!(worst(&written(&bench, file, &front(lines))), expected, "{file}: {lines}");
    }
    let raised = written(&bench, WORK, &work);
    assert!(raised[0].objection.what.contains("`docs/work/archive/E2-001/WORK.md`"), "{raised:?}");
}

#[test]
fn only_who_takes_an_id_is_refused() {
    let bench = bench();
    bench.write("docs/work/active/E2-002/WORK.md", &front("template: work_item\nid: E2-002"));
    bench.write(WORK, &front("template: work_item\nid: E2-001"));
    assert_eq!(worst(&edited(&bench, WORK, "E2-001", "E2-002")), "deny");
    assert_eq!(worst(&edited(&bench, WORK, "E2-001", "E2-003")), "pass");
    bench.write(WORK, &front("template: work_item\nid: E2-002"));
    assert_eq!(worst(&edited(&bench, WORK, "Title", "Other")), "pass", "it was so before");
}

fn discovered(bench: &Bench, name: &str, status: &str, body: &str) {
    bench.write(
        &format!("docs/investigations/{name}"),
        &format!("{}{body}", front(&format!("status: {status}"))),
    );
}

fn at(node: &str) -> String {
    front(&format!("template: work_item\nid: E2-001\ncurrent_node: {node}"))
}

#[test]
fn work_leaves_discovery_with_findings() {
    for file in [WORK, "docs/work/active/WORK-E2-001-parser.md"] {
        let bench = bench();
        bench.write(file, &at("discovery"));
        let moved = || edited(&bench, file, "current_node: discovery", "current_node: plan");
        let said = |raised: &[Raised]| raised[0].objection.what.clone();
        assert!(said(&moved()).contains("there is no `docs/investigations/INVESTIGATION-E2-001-*.md`"));
        discovered(&bench, "INVESTIGATION-E2-0011-x.md", "complete", FOUND);
        assert!(said(&moved()).contains("there is no"), "another one's");
        discovered(&bench, "INVESTIGATION-E2-001-a.md", "active", "## Findings\nnone yet\n");
        let what = said(&moved());
        assert!(what.contains("has status `active`, not `complete`; `## Findings` of"), "{what}");
        assert!(what.contains("has 8 characters, not 50"), "{what}");
        assert_eq!(worst(&moved()), "deny");
        discovered(&bench, "INVESTIGATION-E2-001-b.md", "complete", FOUND);
        assert_eq!(worst(&moved()), "pass");
        discovered(&bench, "INVESTIGATION-E2-001-b.md", "complete", "");
        assert_eq!(worst(&moved()), "deny");
    }
}

#[test]
fn work_leaves_plan_with_an_approved_one() {
    let bench = bench();
    bench.write(WORK, &at("plan"));
    let moved = || worst(&written(&bench, WORK, &at("implement")));
    assert_eq!(moved(), "deny");
    bench.write(PLAN, &front("status: draft"));
    assert_eq!(moved(), "deny");
    bench.write(PLAN, "---\r\nstatus: approved\r\n---\r\n");
    assert_eq!(moved(), "pass");
    // The folder gives the id if the document does not.
    bench.write(WORK, &front("current_node: plan"));
    assert_eq!(worst(&written(&bench, WORK, &front("current_node: implement"))), "pass");
    let flat = "docs/work/WORK-parser.md";
    bench.write(flat, &front("current_node: plan"));
    let raised = written(&bench, flat, &front("current_node: implement"));
    assert!(raised[0].objection.what.ends_with("the document has no `id`"), "{raised:?}");
}

#[test]
fn other_nodes_ask_for_nothing_but_their_order() {
    let bench = bench();
    for (from, to, expected) in [
        ("backlog", "discovery", "pass"),
        ("backlog", "plan", "pass"),
        ("implement", "close", "pass"),
        ("close", "complete", "pass"),
        ("implement", "implement", "pass"),
        ("backlog", "implement", "warn"),
        ("complete", "backlog", "warn"),
        ("implement", "done", "warn"),
        ("plan", "close", "deny"),
    ] {
        bench.write(WORK, &at(from));
        assert_eq!(worst(&written(&bench, WORK, &at(to))), expected, "{from} to {to}");
    }
    assert_eq!(
        worst(&written(&bench, "docs/work/active/E2-002/WORK.md", &at("plan").replace("E2-001", "E2-002"))),
        "pass",
        "a new one moves from nowhere"
    );
    let notes = "docs/work/active/E2-001/notes.md";
    bench.write(notes, &front("current_node: discovery"));
    assert_eq!(worst(&written(&bench, notes, &front("current_node: plan"))), "pass", "no document of work");
}

#[test]
fn the_guard_warns_unless_it_is_told_otherwise() {
    let bench = Bench::new("  references: {}");
    assert_eq!(worst(&written(&bench, PLAN, "# Plan\n")), "warn");
}

#[test]
fn a_document_in_a_folder_by_another_name_is_seen() {
    let bench = bench();
    std::fs::create_dir_all(bench.root().join("docs/plans")).unwrap();
    std::os::unix::fs::symlink("docs/plans", bench.root().join("plans")).unwrap();
    assert_eq!(worst(&written(&bench, "plans/PLAN-x.md", "# Plan\n")), "deny");
    assert_eq!(worst(&written(&bench, "plans/PLAN-x.txt", "# Plan\n")), "pass");
    let notebook = json!({"tool_name": "NotebookEdit", "tool_input": {"notebook_path": bench.root().join("docs/plans/PLAN-x.md"), "new_source": "x"}});
    assert_eq!(worst(&bench.raised(notebook)), "pass");
}

#[test]
fn a_search_that_ends_early_does_not_hide_what_was_found() {
    let bench = bench();
    for at in 0..6_000 {
        bench.write(&format!("docs/notes/{at}.md"), "");
    }
    let plan = front("template: implementation_plan\nid: PLAN-1");
    let raised = written(&bench, PLAN, &plan);
    assert_eq!((worst(&raised), raised.len()), ("deny", 2));
    assert!(raised[1].objection.what.starts_with("an id was not searched for: "), "{raised:?}");
}

//! The guard over command lines and edits, and with permits.
#![allow(clippy::disallowed_methods, reason = "tests write their own files")]

use std::os::unix::fs::symlink;
use std::path::Path;

use config::Policy;
use hooks_common::event::Payload;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use platform::time::Moment;
use serde_json::json;

use crate::examined::ExaminedUse;
use crate::grants::{Grants, digest_of_file, permit_file};
use crate::pre_tool;
use crate::testing::{Bench, edit, worst, write};

#[path = "../../tests/rows/paths.rs"]
mod rows;

const ON: &str = "  paths: {}";

/// A project with a checkpoint, a plan, and folders with other names.
fn planned() -> Bench {
    let bench = Bench::new(ON);
    bench.write("docs/checkpoints/old.md", "old\n");
    bench.write("docs/work/active/E2-001/WORK.md", "old\n");
    bench.write("docs/work/active/E2-001/observations.md", "old\n");
    symlink("docs/checkpoints", bench.root().join("saves")).unwrap();
    symlink("docs/checkpoints/later.md", bench.root().join("later")).unwrap();
    symlink("loop", bench.root().join("loop")).unwrap();
    bench
}

fn said(bench: &Bench, command: &str) -> (String, String) {
    let raised = bench.line(command);
    let [one] = &raised[..] else { panic!("{raised:?}") };
    (one.objection.what.clone(), one.objection.way_out.clone())
}

#[test]
fn rows_hold() {
    Bench::new(ON).check(rows::ROWS);
}

#[test]
fn a_line_is_followed_to_where_the_file_really_lies() {
    planned().check(&[
        ("echo text > saves/x.md", "deny"),
        ("echo text > later", "deny"),
        ("cd saves && touch x.md", "deny"),
        ("echo text > saves/../checkpoints/x.md", "deny"),
        ("mv README.md saves", "deny"),
        ("cp \"$FILE\" saves", "ask"),
        ("cp -r notes/. docs/work/active/E2-002", "ask"),
        ("mv E2-002 docs/work/active/", "ask"),
        ("tar -xf notes.tar -C saves", "ask"),
        // An existing file is only changed.
        ("echo text >> docs/checkpoints/old.md", "pass"),
        ("echo text > saves/old.md", "pass"),
        ("sed -i 's/a/b/' docs/checkpoints/*.md", "pass"),
        ("cp README.md docs/checkpoints/old.md", "pass"),
        ("cp -r notes docs/checkpoints/", "pass"),
        ("mv chart.png docs/checkpoints", "pass"),
        ("cp -r images/. docs/work/active/E2-001", "pass"),
        ("tar -xf notes.tar -C docs/work/active/E2-001/images", "pass"),
        ("echo text > loop", "pass"),
        ("echo text > loop/x.md", "pass"),
    ]);
}

#[test]
fn a_refusal_names_the_command() {
    let bench = planned();
    let (what, way_out) = said(&bench, "touch saves/x.md docs/checkpoints/x.md");
    assert_eq!(
        what,
        "`docs/checkpoints/x.md` is made by /new-checkpoint, which is `req checkpoint new <title>`, not by hand"
    );
    assert_eq!(
        way_out,
        "run /new-checkpoint, which is `req checkpoint new <title>`, then edit the file that it makes; where there is none, say under `guards.paths.rules` what makes these files"
    );
    let (what, _) = said(&bench, "cp $FILE saves");
    assert_eq!(what, "this may put files into `docs/checkpoints` that are not made by hand");
    assert_eq!(bench.line("touch docs/checkpoints/{a,b,c,d,e,f,g,h}.md").len(), super::MOST);
}

#[test]
fn every_tool_that_edits_is_seen() {
    let bench = planned();
    let root = bench.root();
    let on = |file: &str, tool: &str| {
        let file = root.join(file);
        let payload = match tool {
            "Write" => write(&file, "text"),
            "Edit" => edit(&file, "", "text"),
            "MultiEdit" => json!({"tool_name": "MultiEdit", "tool_input": {"file_path": file,
                "edits": [{"old_string": "", "new_string": "text"}]}}),
            _ => json!({"tool_name": tool, "tool_input": {"notebook_path": file, "new_source": "text"}}),
        };
        worst(&bench.raised(payload))
    };
    for tool in ["Write", "Edit", "MultiEdit", "NotebookEdit"] {
        for (file, expected) in [
            ("docs/checkpoints/new.md", "deny"),
            ("docs/../docs//checkpoints/./new.md", "deny"),
            ("saves/new.md", "deny"),
            ("later", "deny"),
            ("docs/work/active/E2-002/plans/PLAN.md", "deny"),
            ("docs/checkpoints/old.md", "pass"),
            ("saves/old.md", "pass"),
            ("docs/checkpoints/new.txt", "pass"),
            ("docs/work/active/E2-001/notes.md", "pass"),
            ("src/main.rs", "pass"),
        ] {
            assert_eq!(on(file, tool), expected, "{tool} {file}");
        }
    }
    assert_eq!(on("docs/checkpoints/new.md", "Read"), "pass");
    for (folder, file) in [("docs", "checkpoints/new.md"), ("src", "../docs/checkpoints/new.md")] {
        let relative = json!({"tool_name": "Write", "cwd": root.join(folder),
            "tool_input": {"file_path": file, "content": "text"}});
        assert_eq!(worst(&bench.raised(relative)), "deny", "{file} in {folder}");
    }
}

#[test]
fn rules_of_ones_own_replace_the_others() {
    let bench = Bench::new(
        "  paths:\n    rules:\n      - {files: [CHANGELOG.md, docs/api/, '!docs/api/notes.md'], command: make docs, existing: true}\n      - {files: 'keys/*', command: make keys}",
    );
    bench.write("CHANGELOG.md", "text\n");
    bench.write("keys/a", "text\n");
    bench.check(&[
        ("echo text >> CHANGELOG.md", "deny"),
        ("sed -i s/a/b/ CHANGELOG.md", "deny"),
        ("echo text > docs/api/deep/a.md", "deny"),
        ("cp \"$FILE\" docs/api/", "ask"),
        ("echo text > keys/b", "deny"),
        ("cat CHANGELOG.md > copy.md", "pass"),
        ("echo text > docs/api/notes.md", "pass"),
        ("echo text >> keys/a", "pass"),
        ("echo text > docs/checkpoints/x.md", "pass"),
    ]);
    let (what, way_out) = said(&bench, "echo text >> CHANGELOG.md");
    assert_eq!(what, "`CHANGELOG.md` is made and changed by make docs, not by hand");
    assert_eq!(way_out, "run make docs");
    assert_eq!(said(&bench, "touch keys/b").0, "`keys/b` is made by make keys, not by hand");
    let changed = edit(&bench.root().join("CHANGELOG.md"), "text", "other");
    assert_eq!(worst(&bench.raised(changed)), "deny");
}

/// The number of findings over a Write, and the permits that it would use.
fn with_permits(bench: &Bench, file: &Path) -> (usize, Vec<String>) {
    let mut payload = write(file, "text");
    payload["cwd"] = json!(bench.root());
    let payload = Payload::parse(payload.to_string().as_bytes()).unwrap();
    let paths = Paths::below(&bench.home());
    let project = Project::of_event(&paths, payload.edited_file(), &payload.folder());
    let policy = Policy::compiled_now(&project.sources(&paths));
    let examined = ExaminedUse::new(&paths, &project, &policy, &payload, Moment::now());
    let (raised, failures) = pre_tool::raise(&examined);
    assert!(failures.is_empty(), "{failures:?}");
    (raised.len(), examined.into_permits().into_iter().map(|(digest, _)| digest).collect())
}

#[test]
fn a_permit_lets_one_file_be_made_once() {
    let bench = planned();
    let root = bench.root();
    let project = Project::of_event(&Paths::below(&bench.home()), None, &root);
    let file = root.join("docs/checkpoints/new.md");
    assert_eq!(with_permits(&bench, &file), (1, vec![]));

    permit_file(&project, &root.join("saves/new.md"), "`req checkpoint new`", Moment::now()).unwrap();
    let digest = digest_of_file(&file);
    assert_eq!(with_permits(&bench, &file), (0, vec![digest.clone()]));
    assert_eq!(with_permits(&bench, &file), (0, vec![digest.clone()]), "looking does not use it up");
    assert_eq!(with_permits(&bench, &root.join("docs/checkpoints/other.md")), (1, vec![]));
    assert_eq!(bench.verdict("touch docs/checkpoints/new.md"), "pass");
    assert_eq!(bench.verdict("touch docs/checkpoints/new.md docs/checkpoints/other.md"), "deny");
    let grants = Grants::of(&project);
    let paths = Paths::below(&bench.home());
    let permit = grants.permitted(&digest, Moment::now().epoch()).unwrap();
    assert!(grants.spend(&paths, &digest, &permit) && !grants.spend(&paths, &digest, &permit));
    assert_eq!(with_permits(&bench, &file), (1, vec![]));
}

#[test]
fn a_permit_ends() {
    let bench = planned();
    let project = Project::of_event(&Paths::below(&bench.home()), None, &bench.root());
    let file = bench.root().join("docs/checkpoints/new.md");
    let mut long_ago = Moment::now();
    long_ago.wall -= chrono::TimeDelta::seconds(crate::grants::LIFE + 1);
    permit_file(&project, &file, "`req checkpoint new`", long_ago).unwrap();
    assert_eq!(with_permits(&bench, &file), (1, vec![]));
    permit_file(&project, &bench.root().join("x"), "`req checkpoint new`", Moment::now()).unwrap();
    let swept = Grants::of(&project).permitted(&digest_of_file(&file), long_ago.epoch());
    assert!(swept.is_none(), "it is swept away");
}

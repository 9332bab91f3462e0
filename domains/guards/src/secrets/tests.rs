//! The guard on command lines, edits and commits of a real project.
#![allow(clippy::disallowed_methods, reason = "tests write their own files")]

use serde_json::{Value, json};

use super::*;
use crate::objection::Raised;
use crate::testing::{Bench, edit, worst, write};

#[path = "../../tests/rows/secrets.rs"]
mod rows;

/// A credential with the shape of a GitHub token.
const TOKEN: &str = concat!("gh", "p_kJ8sd7Fq2LmZx0N0tRea1PvTb4RwQ9yHc3Ge");

fn bench() -> Bench {
    Bench::new("  secrets: {}")
}

/// The rules that match in a text for a file.
fn found(text: &str, file: &str) -> Vec<String> {
    scan::scan(text, FileTraits::of(Some(Path::new(file)), true)).into_iter().map(|found| found.id).collect()
}

fn said(raised: &[Raised]) -> Vec<&str> {
    raised.iter().map(|one| one.objection.what.as_str()).collect()
}

#[test]
fn command_lines_that_write_credentials_are_refused() {
    bench().check(rows::ROWS);
}

#[test]
fn a_sealed_value_is_no_credential() {
    // The format of kubeseal: 512 bytes of a key, a tag, the value.
    let random = |length: usize| -> String {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut state = 7_u64;
        let next = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(letters[(state >> 58) as usize])
        };
        (0..length).map(next).collect()
    };
    for length in [400, 800] {
        let text = format!("spec:\n  encryptedData:\n    password: AgBy{}==\n", random(length));
        assert!(found(&text, "sealed.yaml").is_empty(), "{text}");
    }
    let text = format!("data:\n  password: {}\n", random(40));
    assert_eq!(found(&text, "plain.yaml").len(), 1, "{text}");
}

#[test]
fn credentials_are_found_by_their_rule() {
    let wrong: Vec<_> = rows::SECRETS
        .iter()
        .filter(|(line, file, rule)| found(line, file) != [*rule])
        .map(|(line, file, rule)| format!("{file}: {line}\n   is {:?}, not {rule}", found(line, file)))
        .collect();
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn innocent_lines_are_passed_over() {
    let wrong: Vec<_> = rows::INNOCENTS
        .iter()
        .filter(|(line, file)| !found(line, file).is_empty())
        .map(|(line, file)| format!("{file}: {line}\n   is {:?}", found(line, file)))
        .collect();
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn an_edit_is_asked_only_for_what_it_brings() {
    let bench = bench();
    let file = bench.root().join("src/a.rs");
    let with = format!("let a = 1;\nlet token = \"{TOKEN}\";\n");
    let raised = bench.raised(write(&file, &with));
    assert_eq!(said(&raised), ["a GitHub token would be written to `src/a.rs`, line 2"]);
    assert_eq!(worst(&raised), "deny");
    assert!(raised[0].objection.way_out.contains("secret-ok: <reason of ten characters at least>"));

    bench.write("src/a.rs", "let a = 1;\nlet token = \"\";\n");
    let raised = bench.raised(edit(&file, "\"\"", &format!("\"{TOKEN}\"")));
    assert_eq!(said(&raised), ["a GitHub token would be written to `src/a.rs`, line 2"], "the file's line");
    let (first, second) = TOKEN.split_at(9);
    bench.write("src/a.rs", &format!("let a = 1;\nlet token = \"{first}\";\n"));
    let raised = bench.raised(edit(&file, first, &format!("{first}{second}")));
    assert_eq!(worst(&raised), "deny", "put together from what is there");
    let raised = bench.raised(json!({"tool_name": "MultiEdit", "tool_input": {"file_path": file, "edits": [
        {"old_string": "1", "new_string": "2"}, {"old_string": first, "new_string": TOKEN}]}}));
    assert_eq!(worst(&raised), "deny");
    let raised = bench.raised(edit(&file, "not there", TOKEN));
    assert_eq!(worst(&raised), "deny", "an edit that would fail is looked at as it is");

    bench.write("src/a.rs", &with);
    for payload in [
        edit(&file, "let a = 1;", "let a = 2;"),
        edit(&file, &format!("let token = \"{TOKEN}\";"), &format!("let moved = \"{TOKEN}\";")),
        edit(&file, TOKEN, "x"),
        write(&file, &format!("// again\n{with}")),
    ] {
        assert_eq!(worst(&bench.raised(payload)), "pass", "it stood there before");
    }
    assert_eq!(worst(&bench.raised(write(&bench.root().join("src/b.rs"), &with))), "deny", "but not here");
}

#[test]
fn notebooks_and_files_elsewhere_are_looked_at() {
    let bench = bench();
    let notebook = json!({"tool_name": "NotebookEdit", "tool_input": {
        "notebook_path": bench.root().join("a.ipynb"), "new_source": format!("x = 1\ny = '{TOKEN}'")}});
    assert_eq!(said(&bench.raised(notebook)), ["a GitHub token would be written to `a.ipynb`, line 2"]);
    assert_eq!(worst(&bench.raised(write(&bench.home().join(".netrc"), TOKEN))), "deny");
    bench.write("b.ipynb", &format!("{{\"cells\": [\"y = '{TOKEN}'\"]}}"));
    let again = json!({"tool_name": "NotebookEdit", "tool_input": {
        "notebook_path": bench.root().join("b.ipynb"), "new_source": format!("z = '{TOKEN}'")}});
    assert_eq!(worst(&bench.raised(again)), "pass");
}

#[test]
fn a_line_that_writes_again_what_is_there_brings_nothing() {
    let bench = bench();
    bench.write(".env", &format!("A={TOKEN}\n"));
    assert_eq!(bench.verdict(&format!("echo B={TOKEN} > .env")), "pass");
    assert_eq!(bench.verdict(&format!("echo B={TOKEN} > other")), "deny");
    assert_eq!(bench.verdict(&format!("echo B={TOKEN} | tee .env other")), "deny");
}

#[test]
fn a_commit_is_asked_for_the_lines_that_it_adds() {
    let bench = bench();
    bench.write("src/a.rs", &format!("fn a() {{}}\n\nconst T: &str = \"{TOKEN}\";\n"));
    assert_eq!(bench.verdict("git commit -m x"), "pass", "it is not staged");
    let raised = bench.line("git add -A && git commit -m 'add a'");
    assert_eq!(said(&raised), ["a GitHub token would be committed in `src/a.rs`, line 3"]);
    bench.git(&["add", "-A"]);
    for line in [
        "git commit -m x",
        "cd src && git commit --amend --no-edit",
        "git -C src commit -qm x",
        "bash -c 'git commit -m x'",
    ] {
        assert_eq!(bench.verdict(line), "deny", "{line}");
    }
    for line in [
        "git commit --dry-run",
        "git status",
        "git diff --cached",
        "echo git commit",
        "git commit -m x README.md",
    ] {
        assert_eq!(bench.verdict(line), "pass", "{line}");
    }
    bench.git(&["commit", "-q", "-m", "it is there now"]);
    bench.git(&["mv", "src/a.rs", "src/b.rs"]);
    assert_eq!(bench.verdict("git commit -m 'move a'"), "pass", "what is only moved is not new");
    bench.write("src/b.rs", "fn a() {}\n");
    assert_eq!(bench.verdict("git commit -am 'take it out'"), "pass");
    bench.write("src/marker.rs", concat!("const MARKER: &str = \"-----BEGIN RSA ", "PRIVATE KEY-----\";\n"));
    bench.git(&["add", "src/marker.rs"]);
    bench.git(&["commit", "-q", "-m", "talk about keys"]);
    bench.write(
        "key.pem",
        concat!(
            "-----BEGIN RSA ",
            "PRIVATE KEY-----\nMIIkJ8sd7Fq2LmZx0N0tRea1PvTb4RwQ9yHc3GekJ8sd7Fq2LmZx0N0tRea1Pv\n"
        ),
    );
    let raised = bench.line("git add key.pem && git commit -m key");
    assert_eq!(said(&raised), ["a private key would be committed in `key.pem`, line 1"]);
}

#[test]
fn a_waiver_lets_a_line_through_and_is_told() {
    let bench = bench();
    let file = bench.root().join("a.py");
    let line = |reason: &str| write(&file, &format!("x = 1\nt = '{TOKEN}'  # secret-ok: {reason}\n"));
    let raised = bench.raised(line("revoked in the first week"));
    assert_eq!(worst(&raised), "warn");
    let what = "a GitHub token would be written to `a.py`, line 2, and is allowed there, because: `revoked in the first week`";
    assert_eq!(said(&raised), [what]);
    assert_eq!(worst(&bench.raised(line("fine"))), "deny", "that is no reason");
    assert_eq!(worst(&bench.raised(line(TOKEN))), "deny", "nor is this");
    let elsewhere = format!("# secret-ok: this is another line\nt = '{TOKEN}'\n");
    assert_eq!(worst(&bench.raised(write(&file, &elsewhere))), "deny");
}

#[test]
fn exemptions_hold_for_their_files_rules_and_days() {
    let check = |exemption: &str, expected: &str| {
        let bench = Bench::new(&format!("  secrets:\n    exemptions:\n      - {exemption}"));
        let raised = bench.raised(write(&bench.root().join("tests/data/a.txt"), TOKEN));
        assert_eq!(worst(&raised), expected, "{exemption}");
        assert_eq!(
            worst(&bench.raised(write(&bench.root().join("src/a.txt"), TOKEN))),
            "deny",
            "{exemption}"
        );
        let line = format!("echo {TOKEN} > tests/data/a.txt");
        assert_eq!(bench.verdict(&line), expected, "{exemption}");
        bench.write("tests/data/b.txt", TOKEN);
        assert_eq!(bench.verdict("git add . && git commit -m x"), expected, "{exemption}");
    };
    check("{files: tests/data/**, reason: made up for tests}", "pass");
    check("{files: tests/data/**, rules: [github-token], reason: made up for tests}", "pass");
    check("{files: tests/data/**, until: '2999-12-31', reason: made up for tests}", "pass");
    check("{files: tests/data/**, rules: jwt, reason: made up for tests}", "deny");
    check("{files: tests/data/**, until: '2020-12-31', reason: made up for tests}", "deny");
}

#[test]
fn rules_of_the_users_own_are_searched_line_by_line() {
    let bench = Bench::new("  secrets:\n    rules:\n      - {id: house-key, pattern: 'HOUSE-[0-9]{6}\\b'}");
    let file = bench.root().join("a.txt");
    let raised = bench.raised(write(&file, "one\r\ntwo HOUSE-482716\r\n"));
    assert_eq!(said(&raised), ["what your rule `house-key` finds would be written to `a.txt`, line 2"]);
    for (text, expected) in [
        ("house-482716", "pass"),
        ("HOUSE-48271", "pass"),
        ("HOUSE-\n482716", "pass"),
        ("HOUSE-482716 // secret-ok: the door is gone", "warn"),
    ] {
        assert_eq!(worst(&bench.raised(write(&file, text))), expected, "{text}");
    }
    assert_eq!(bench.verdict("echo HOUSE-482716 > a.txt"), "deny");
}

#[test]
fn values_that_only_look_random_can_be_let_be() {
    let text = "db_password = \"Tr0ub4dor&3x\"\n";
    for (settings, expected) in [("{}", "deny"), ("{entropy: true}", "deny"), ("{entropy: false}", "pass")] {
        let bench = Bench::new(&format!("  secrets: {settings}"));
        let file = bench.root().join("a.py");
        assert_eq!(worst(&bench.raised(write(&file, text))), expected, "{settings}");
        assert_eq!(worst(&bench.raised(write(&file, TOKEN))), "deny", "{settings}");
    }
}

/// The longest part of a credential that may be shown: the common prefix of a kind is not secret.
#[test]
fn no_credential_is_ever_said() {
    const LONGEST: usize = 8;
    let bench = bench();
    let mut payloads: Vec<(String, Value)> = Vec::new();
    let mut is_said = 0;
    for (line, file, _) in rows::SECRETS {
        for name in [(*file).to_owned(), format!("{}.env", line.replace(['/', '\n'], "_"))] {
            if name.len() < 250 {
                payloads.push(((*line).to_owned(), write(&bench.root().join(name), line)));
            }
        }
        let waived = format!("{line} # secret-ok: it is {line}, as all know");
        payloads.push(((*line).to_owned(), write(&bench.root().join(file), &waived)));
    }
    for (line, payload) in payloads {
        let raised = bench.raised(payload);
        is_said += usize::from(!raised.is_empty());
        let found = scan::scan(&line, FileTraits::of(Some(Path::new(".env")), true));
        for one in raised {
            let said = format!("{}{}", one.objection.what, one.objection.way_out);
            for value in &found {
                let value = line[value.at.clone()].as_bytes();
                let leaked = value
                    .windows(LONGEST)
                    .filter_map(|part| std::str::from_utf8(part).ok())
                    .find(|part| said.contains(part));
                assert_eq!(leaked, None, "{said}");
            }
        }
    }
    assert!(is_said > rows::SECRETS.len() * 2, "{is_said}");
}

#[test]
fn of_many_credentials_some_are_listed() {
    let bench = bench();
    let text: String = (10..40).map(|at| format!("{}{at}\n", &TOKEN[..TOKEN.len() - 2])).collect();
    let raised = bench.raised(write(&bench.root().join("a.txt"), &text));
    assert_eq!(raised.len(), MOST_NAMED + 1);
    assert_eq!(said(&raised)[MOST_NAMED], "these are not all of them");
    let waived: String =
        text.lines().map(|line| format!("{line} # secret-ok: made up for tests\n")).collect();
    let raised = bench.raised(write(&bench.root().join("a.txt"), &waived));
    assert_eq!((raised.len(), worst(&raised)), (MOST_NAMED, "warn"));
    let raised = bench.raised(write(&bench.root().join("a.txt"), &format!("{waived}{TOKEN}\n")));
    assert_eq!(worst(&raised), "deny", "what is let through hides nothing");
}

#[test]
fn no_text_takes_long() {
    let started = std::time::Instant::now();
    for part in [
        "-eyJ",
        "eyJ.",
        "sk-ant-",
        "-----BEGIN PRIVATE KEY-----x: ",
        "twilio",
        "token=",
        "://a:b@",
        "1:AA",
        "AccountKey=",
        "secret_key",
        "SG.a",
    ] {
        scan::scan(&part.repeat(128 * 1024 / part.len()), FileTraits::of(None, true));
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn lines_that_programs_made_are_not_guessed_about() {
    let minified = format!("var a={{token:\"kJ8sd7Fq2LmZx0PvTb4R\"}};{}", "f(1);".repeat(400));
    assert!(found(&minified, "a.min.js").is_empty());
    assert_eq!(
        found(&format!("{minified}\"{TOKEN}\""), "a.min.js"),
        ["github-token"],
        "but known shapes count"
    );
    assert_eq!(found("a={token:\"kJ8sd7Fq2LmZx0PvTb4R\"}", "a.js"), ["generic-assignment"]);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(text in ".{0,300}", at in 0_usize..64) {
        let anchors: Vec<&str> = rules::RULES.iter().flat_map(|rule| rule.anchors).copied().collect();
        let text = format!("{text}{}{text}", anchors[at % anchors.len()]);
        for cut in 0..text.len() {
            if let Some(beginning) = text.get(..cut) {
                scan::scan(beginning, FileTraits::of(None, true));
            }
        }
    }
}

use proptest::prelude::*;

use super::*;

/// Before, path, value, after.
const SETS: &[(&str, &str, &str, &str)] = &[
    // Sections that are not there.
    ("", "logging.level", "debug", "logging:\n  level: debug\n"),
    ("# only words\n", "enabled", "false", "# only words\nenabled: false\n"),
    ("a: 1 # x", "logging.level", "debug", "a: 1 # x\nlogging:\n  level: debug\n"),
    ("a: 1\n# end\n", "b", "2", "a: 1\n# end\nb: 2\n"),
    ("a: 1\n...\n", "b", "2", "a: 1\nb: 2\n...\n"),
    ("---\na: 1\n", "b.c", "2", "---\na: 1\nb:\n  c: 2\n"),
    ("a:\n    b: 1\n", "x.y.z", "2", "a:\n    b: 1\nx:\n    y:\n        z: 2\n"),
    // Scalars in place.
    ("enabled: true\n", "enabled", "false", "enabled: false\n"),
    ("enabled: true   # why\nb: 2\n", "enabled", "false", "enabled: false   # why\nb: 2\n"),
    ("a: 'it''s' # c\n", "a", "5", "a: 5 # c\n"),
    ("a: \"x \\\" # y\" # c\n", "a", "z", "a: z # c\n"),
    ("a: one\n  two # c\nb: 1\n", "a", "x", "a: x # c\nb: 1\n"),
    ("a:\n  far # c\nb: 1\n", "a", "x", "a: x\nb: 1\n"),
    ("a: 1\na: 2\n", "a", "3", "a: 1\na: 3\n"),
    ("a: true\n", "a", "\"true\"", "a: \"true\"\n"),
    ("a: &once 1\nb: 2\n", "a", "3", "a: 3\nb: 2\n"),
    ("a: &x 1\nb: *x\n", "b", "3", "a: &x 1\nb: 3\n"),
    ("größe: {ä: 1} # é\nb: 2\n", "größe.ä", "3", "größe: {ä: 3} # é\nb: 2\n"),
    // Entries of block maps.
    ("l:\n  level: info  # why\n  file: x\n", "l.level", "debug", "l:\n  level: debug  # why\n  file: x\n"),
    (
        "l:\n    # first\n    file: x # c\nb: 1\n",
        "l.level",
        "d",
        "l:\n    # first\n    file: x # c\n    level: d\nb: 1\n",
    ),
    (
        "r:\n  a:\n    b: 1\n\n  # next\n  c:\n    d: 1\n",
        "r.a.x",
        "2",
        "r:\n  a:\n    b: 1\n    x: 2\n\n  # next\n  c:\n    d: 1\n",
    ),
    (
        "r:\n  a:\n    m: |\n      t\n\ne: 1\n",
        "r.a.x",
        "2",
        "r:\n  a:\n    m: |\n      t\n    x: 2\n\ne: 1\n",
    ),
    ("r:\n  a:\n    t: [1,\n      2] # c\n", "r.a.x", "2", "r:\n  a:\n    t: [1,\n      2] # c\n    x: 2\n"),
    ("r:\n  a:\n  - 1\n  -\nb: 1\n", "r.x", "2", "r:\n  a:\n  - 1\n  -\n  x: 2\nb: 1\n"),
    ("r:\n  a:\n", "r.b", "2", "r:\n  a:\n  b: 2\n"),
    ("r: # c\n", "r.b.c", "2", "r: # c\n  b:\n    c: 2\n"),
    ("r: ~\nb: 1\n", "r.b", "2", "r:\n  b: 2\nb: 1\n"),
    ("r:\nb: 1\n", "r.b", "2", "r:\n  b: 2\nb: 1\n"),
    ("a: 1\r\nl:\r\n  file: x\r\n", "l.level", "d", "a: 1\r\nl:\r\n  file: x\r\n  level: d\r\n"),
    ("\u{feff}a: 1\n", "a", "2", "\u{feff}a: 2\n"),
    ("\u{feff}", "a", "2", "\u{feff}a: 2\n"),
    ("d: &d {x: 1}\na:\n  <<: *d\n", "a.x", "2", "d: &d {x: 1}\na:\n  <<: *d\n  x: 2\n"),
    // Flow maps.
    ("l: {file: x, level: 'info'}\nb: 2\n", "l.level", "debug", "l: {file: x, level: debug}\nb: 2\n"),
    ("l: {}\n", "l.level", "debug", "l: {level: debug}\n"),
    ("l: { }  # c\n", "l.level", "debug", "l: {level: debug}  # c\n"),
    ("l: {file: x}\n", "l.level", "debug", "l: {file: x, level: debug}\n"),
    ("l: {file: x,}\n", "l.level", "debug", "l: {file: x, level: debug,}\n"),
    ("l: {a, b: }\n", "l.a", "1", "l: {a: 1, b: }\n"),
    ("l: {a: , b: 1}\n", "l.a", "[x]", "l: {a: [x], b: 1}\n"),
    ("l: {a: 1}\n", "l.b.c", "2", "l: {a: 1, b: {c: 2}}\n"),
    ("r: {}\n", "r.a.enabled", "true", "r:\n  a:\n    enabled: true\n"),
    ("l: {a: 1}\n", "l.b", "\"x, y\"", "l: {a: 1, b: \"x, y\"}\n"),
    ("l: {\n  a: 1,\n  b: 2  # c\n}\n", "l.d", "3", "l: {\n  a: 1,\n  b: 2,  # c\n  d: 3\n}\n"),
    ("l: {\n  a: 1, # c\n}\n", "l.d", "3", "l: {\n  a: 1, # c\n  d: 3,\n}\n"),
    // JSON stays JSON.
    ("{}\n", "a.b", "true", "{\"a\": {\"b\": true}}\n"),
    ("{\"a\":{\"b\":1}}", "a.b", "off", "{\"a\":{\"b\":false}}"),
    ("{\"a\": {\"b\": \"x\"}}", "a.b", "y", "{\"a\": {\"b\": \"y\"}}"),
    ("{\"a\": {}}", "a.c.d", "[x, 1]", "{\"a\": {\"c\": {\"d\": [\"x\", 1]}}}"),
    (
        "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n",
        "a.c",
        "x",
        "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": \"x\"\n  }\n}\n",
    ),
    ("{\n  \"a\": 1\n}\n", "m", "\"x\\ny\"", "{\n  \"a\": 1,\n  \"m\": \"x\\ny\"\n}\n"),
    ("a: {\"b\": 1}\n", "a.c", "x", "a: {\"b\": 1, \"c\": \"x\"}\n"),
    // Lists and maps replaced whole.
    ("a: [1, [2, 3]] # c\n", "a", "[4]", "a: [4] # c\n"),
    ("a: # c\n  - 1 # one\n  - 2 # two\nb: 1\n", "a", "[3]", "a: [3] # c\nb: 1\n"),
    ("a:\n- 1\n- x: 1\n  y: 2\nb: 1\n", "a", "[3]", "a: [3]\nb: 1\n"),
    ("a:\n  # note\n  x: 1\n\n# next\nb: 1\n", "a", "5", "a: 5\n\n# next\nb: 1\n"),
    ("a: 1 # c\nb: 1\n", "a", "- x\n- y\n", "a: # c\n  - x\n  - y\nb: 1\n"),
    (
        "r: {}\n",
        "r.a",
        "# why\nx: 1 # one\ny: |\n  t\n",
        "r:\n  a:\n    # why\n    x: 1 # one\n    y: |\n      t\n",
    ),
    ("r: {q: 1}\n", "r.a", "# why\nx: 1 # one\ny: [2]\n", "r: {q: 1, a: {x: 1, y: [2]}}\n"),
    // Texts of several lines.
    ("m: |  # c\n  one\n\n  two\n\n# z\nb: 1\n", "m", "\"x\"", "m: \"x\"  # c\n\n# z\nb: 1\n"),
    ("m: >-\n  one\nb: 1\n", "m", "\"x\\ny\\n\"", "m: |\n  x\n  y\nb: 1\n"),
    ("m: x # c\nb: 1\n", "m", "\"x\\n\\n y\"", "m: |- # c\n  x\n\n   y\nb: 1\n"),
    ("m: x\r\nb: 1\r\n", "m", "\"x\\ny\\n\"", "m: |\r\n  x\r\n  y\r\nb: 1\r\n"),
    ("m: x\n", "m", "\" x\\ny\"", "m: \" x\\ny\"\n"),
    ("a: {m: x}\n", "a.m", "\"x\\ny\"", "a: {m: \"x\\ny\"}\n"),
    ("r:\n  a:\n    m: |\n      one\n", "r.a.m", "\"x\\ny\\n\"", "r:\n  a:\n    m: |\n      x\n      y\n"),
    // Keys that need quotes.
    ("a: 1\n", "true", "2", "a: 1\n\"true\": 2\n"),
    ("a: 1\n", "b c", "2", "a: 1\n\"b c\": 2\n"),
    ("\"b c\": 1\n", "b c", "2", "\"b c\": 2\n"),
    // What is so already stays, however it is written.
    ("a: yes\n", "a", "true", "a: yes\n"),
    ("a: {b: 'x'} # c\n", "a", "b: x\n", "a: {b: 'x'} # c\n"),
];

fn keys(path: &str) -> Vec<&str> {
    path.split('.').collect()
}

#[test]
fn one_value_changes_and_every_other_byte_stays() {
    for (before, path, value, after) in SETS {
        let edited = set(before, &keys(path), value);
        assert_eq!(
            edited.as_deref().map_err(ToString::to_string),
            Ok(*after),
            "{before:?} {path}: {value:?}"
        );
        let again = set(after, &keys(path), value).unwrap();
        assert_eq!(again, *after, "twice is once");
    }
}

#[test]
fn a_value_is_taken_out_with_its_lines() {
    for (before, path, after) in [
        ("a: 1\nb: 2 # c\n# z\nc: 3\n", "b", "a: 1\n# z\nc: 3\n"),
        ("a: 1\nb: 2", "b", "a: 1\n"),
        ("a: 1\n", "a", ""),
        ("a: 1\n", "x.y", "a: 1\n"),
        ("r:\n  a:\n    x: 1\n    y:\n    - 1\n  b: 2\n", "r.a.y", "r:\n  a:\n    x: 1\n  b: 2\n"),
        ("r:\n  a:\n    x: |\n      t\n\n    z: 1\n", "r.a.x", "r:\n  a:\n\n    z: 1\n"),
        ("r: # c\n  a: 1\nb: 2\n", "r.a", "r: {} # c\nb: 2\n"),
        ("r: {a: 1, b: 2, c: 3}\n", "r.a", "r: {b: 2, c: 3}\n"),
        ("r: {a: 1, b: 2, c: 3}\n", "r.c", "r: {a: 1, b: 2}\n"),
        ("r: {a: 1}\n", "r.a", "r: {}\n"),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}\n", "a", "{\n  \"b\": 2\n}\n"),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}\n", "b", "{\n  \"a\": 1\n}\n"),
        ("\u{feff}a: 1\r\nb: 2\r\n", "a", "\u{feff}b: 2\r\n"),
    ] {
        assert_eq!(remove(before, &keys(path)).unwrap(), after, "{before:?} {path}");
    }
}

#[test]
fn what_a_person_types_is_taken_as_meant() {
    for (typed_text, value) in [
        ("true", "true"),
        ("off", "off"),
        ("~", "~"),
        ("5", "5"),
        ("", "\"\""),
        ("session", "session"),
        ("Plan first", "Plan first"),
        ("Plan: first", "\"Plan: first\""),
        ("a # b", "\"a # b\""),
        ("# b", "\"# b\""),
        ("- x", "\"- x\""),
        ("[a, b]", "[a, b]"),
        ("[a, b", "\"[a, b\""),
        ("{tool: Bash}", "{tool: Bash}"),
        ("{\"a\": [1]}", "{\"a\": [1]}"),
        ("'yes'", "'yes'"),
        ("git\\s+push", "git\\s+push"),
        (" x", "\" x\""),
        ("*x", "\"*x\""),
        ("a\nb", "\"a\\nb\""),
    ] {
        assert_eq!(typed(typed_text), value, "{typed_text:?}");
    }
    assert_eq!([text("yes"), text("5"), text("null")], ["\"yes\"", "5", "\"null\""]);
}

#[test]
fn what_cannot_be_changed_safely_is_refused() {
    for (text, path) in [
        ("logging: &a {file: x}\nother: *a\n", "logging.level"),
        ("logging: &a\n  file: x\nother: *a\n", "logging.file"),
        ("a: &a {file: x}\nlogging: *a\n", "logging.level"),
        ("logging: 5\n", "logging.level"),
        ("logging: [1]\n", "logging.level"),
        ("base: &b {l: {x: 1}}\n<<: *b\n", "l.y"),
    ] {
        assert!(matches!(set(text, &keys(path), "info"), Err(EditError::ByHand(_))), "{text:?}");
    }
    assert!(matches!(remove("a: 1\na: 2\n", &["a"]), Err(EditError::ByHand(_))));
    assert!(matches!(remove("a: &x 1\nb: *x\n", &["a"]), Err(EditError::ByHand(_))));
    assert!(matches!(set("a: [", &["b"], "1"), Err(EditError::Broken(_))));
    for value in ["a: b", "[1", "x\nb: 1", "*x", "\"", "a: 1\n---\nb: 2"] {
        assert!(matches!(set("a: 1\n", &["b"], value), Err(EditError::Value { .. })), "{value:?}");
    }
}

/// A file written in many ways, with the owner of each line: the path of the innermost map or value that the
/// line belongs to.
#[derive(Debug, Clone)]
enum Tree {
    Line(&'static str),
    Below(&'static str, Vec<&'static str>),
    Flow(&'static str),
    Block(Vec<(char, bool, Tree)>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "1",
            "'two'",
            "\"th\\\"ree\" # c",
            "[a, [b], {c: d}]  # e",
            "",
            "# nothing",
            "~",
            "yes"
        ])
        .prop_map(Tree::Line),
        prop::sample::select(vec![
            "{}",
            "{a: 1, b: {c: x}}",
            "{ \"a\": 1 }",
            "{a, b: }",
            "{ }",
            "{\"a\": {\"b\": []}}"
        ])
        .prop_map(Tree::Flow),
        prop::sample::select(vec![
            ("|", vec!["text", "", "  more"]),
            (">- # folded", vec!["text", "text"]),
            ("", vec!["- a # x", "- b: 1", "  c: 2", "-"]),
            ("# below", vec!["plain", "words"]),
            ("[", vec!["1, # one", "2]"]),
        ])
        .prop_map(|(head, lines)| Tree::Below(head, lines)),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop::collection::btree_map(prop::char::range('a', 'd'), (any::<bool>(), inner), 1..4).prop_map(
            |map| Tree::Block(map.into_iter().map(|(key, (note, tree))| (key, note, tree)).collect()),
        )
    })
}

/// The lines of a tree, each with its owner.
fn lines(tree: &Tree, owner: &str, indent: usize, step: usize, out: &mut Vec<(String, String)>) {
    let Tree::Block(entries) = tree else { return };
    let margin = " ".repeat(indent);
    for (key, note, value) in entries {
        let path = format!("{owner}{key}.");
        if *note {
            out.push(("#".to_owned(), format!("{margin}# about {key}")));
        }
        match value {
            Tree::Line(text) | Tree::Flow(text) => out.push((path, format!("{margin}{key}: {text}"))),
            Tree::Below(head, below) => {
                out.push((path.clone(), format!("{margin}{key}: {head}")));
                let inner = |line: &&str| {
                    if line.is_empty() {
                        String::new()
                    } else {
                        format!("{margin}{}{line}", " ".repeat(step))
                    }
                };
                out.extend(below.iter().map(|line| (path.clone(), inner(line))));
            }
            Tree::Block(_) => {
                out.push(("#".to_owned(), format!("{margin}{key}:")));
                let at = out.len() - 1;
                lines(value, &path, indent + step, step, out);
                // The key's own line changes when the whole map is replaced.
                out[at].0 = format!("={path}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_was_set_reads_back_and_no_other_line_changes(
        entries in tree().prop_filter("a map", |tree| matches!(tree, Tree::Block(_))),
        step in prop::sample::select(vec![2_usize, 4]),
        crlf in any::<bool>(),
        path in prop::collection::vec("[a-e]", 1..4),
        value in prop::sample::select(vec!["7", "off", "[x, y]", "\"q: #\"", "\"l1\\nl2\\n\"", "k: v # c\nl: [1]\n", "{k: v}"]),
    ) {
        let mut written = Vec::new();
        lines(&entries, "", 0, step, &mut written);
        let newline = if crlf { "\r\n" } else { "\n" };
        let text: String = written.iter().map(|(_, line)| format!("{line}{newline}")).collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let mut meant = parse(&text).unwrap();
        let possible = put(&mut meant, &path, render::parse(value).unwrap()).is_some();
        match set(&text, &path, value) {
            Err(EditError::ByHand(_)) => prop_assert!(!possible, "refused: {text}"),
            Err(error) => prop_assert!(false, "{error}: {text}"),
            Ok(edited) => {
                prop_assert!(possible && is_same(&parse(&edited).unwrap(), &meant));
                let target = path.join(".") + ".";
                let concerned = |owner: &str| match owner.strip_prefix('=') {
                    Some(owner) => owner.starts_with(&target),
                    None => owner.starts_with(&target) || target.starts_with(owner),
                };
                let replaces_map = written.iter().any(|(owner, _)| owner.strip_prefix('=') == Some(&target));
                let mut after = edited.split(newline);
                for (owner, line) in &written {
                    // A comment inside a map that was replaced goes with it.
                    if concerned(owner) || (replaces_map && owner == "#") {
                        continue;
                    }
                    prop_assert!(after.any(|found| found == line), "{line:?} is gone:\n{text}\n->\n{edited}");
                }
                let taken = remove(&edited, &path);
                prop_assert!(taken.is_ok(), "{taken:?}: {edited}");
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[-a-c:{}\\[\\],&*<'\"#| \\n\\r\\té!]{0,60}", value in "[-a-c:{}\\[\\],&*'\"#| \\n]{0,12}") {
        let _ = set(&text, &["a", "b"], &value);
        let _ = set(&text, &["a"], &value);
        let _ = remove(&text, &["a", "b"]);
        let _ = remove(&text, &["a"]);
    }
}

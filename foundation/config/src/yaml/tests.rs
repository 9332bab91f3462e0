//! The dialect, and its limits.

use proptest::prelude::*;

use super::*;

fn tree(text: &str) -> YamlNode {
    parse(text, 0).unwrap().0
}

/// What `json.dump` writes, with and without `indent`.
#[test]
fn json_is_read_as_it_is_written() {
    let read = |text: &str| {
        let (tree, complaints) = parse(text, 0).unwrap();
        assert!(complaints.is_empty(), "{text}");
        tree.get("a").unwrap().text().unwrap().to_owned()
    };
    for (text, expected) in [
        (r#"{"a": "\ud83d\udeab plan"}"#, "\u{1f6ab} plan"),
        (r#"{"a": "\uD83D\uDEAB\u00e9\/\"\\ud83d"}"#, "\u{1f6ab}é/\"\\ud83d"),
        (r#"{"a": "x\ud83d y"}"#, "x\u{fffd} y"),
        (r#"{"a": "\udeab\ud83d\udeab"}"#, "\u{fffd}\u{1f6ab}"),
        ("{\n\t\"a\":\t\"b\"\n}\n", "b"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
    // In YAML single quotes escape nothing.
    assert_eq!(read(r"a: '\ud83d\udeab'"), r"\ud83d\udeab");
    assert_eq!(read(r"{a: '\ud83d\udeab'}"), r"\ud83d\udeab");
}

#[test]
fn words_of_yaml_1_1_are_booleans() {
    for (text, expected) in [
        ("yes", Some(true)),
        ("Off", Some(false)),
        ("TRUE", Some(true)),
        ("'yes'", None),
        ("y", None),
        ("!!str no", None),
    ] {
        assert_eq!(tree(&format!("a: {text}")).get("a").unwrap().as_bool(), expected, "{text}");
    }
}

#[test]
fn merge_keys_fill_in_and_duplicates_are_told() {
    let (root, complaints) = parse("base: &b {x: 1, y: 2}\na:\n  <<: *b\n  x: 3\na2: 1\na2: 2\n", 0).unwrap();
    let a = root.get("a").unwrap();
    assert_eq!((a.get("x").unwrap().text(), a.get("y").unwrap().text()), (Some("3"), Some("2")));
    assert_eq!(root.get("a2").unwrap().text(), Some("2"));
    assert_eq!(complaints.len(), 1);
    assert_eq!(complaints[0].mark, Mark { source: 0, line: 6, column: 1 });
}

#[test]
fn broken_files_say_where() {
    for (text, line) in [
        ("a: [1, 2\nb: 3\n", 2),
        ("a:\n  b: 1\n c: 2\n", 3),
        ("- 1\n", 1),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: *x\n", 1),
    ] {
        assert_eq!(parse(text, 0).unwrap_err().mark.line, line, "{text:?}");
    }
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let before = level - 1;
        let items = vec![format!("*a{before}"); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    assert!(parse(&text, 0).unwrap_err().message.contains("more than"));
    assert!(parse(&"[".repeat(500), 0).is_err());
}

#[test]
fn nothing_a_byte_order_mark_and_json_are_files() {
    assert_eq!(tree("").value, YamlValue::Mapping(Vec::new()));
    assert_eq!(tree("# only a comment\n").value, YamlValue::Mapping(Vec::new()));
    assert_eq!(tree("\u{feff}{\"a\": true}").get("a").unwrap().as_bool(), Some(true));
}

#[test]
fn merging_levels_replaces_lists_and_keeps_the_rest() {
    let mut base = tree("r: {list: [1, 2], keep: x}\n");
    base.merge(parse("r:\n  list: [3]\n", 1).unwrap().0);
    let r = base.get("r").unwrap();
    assert!(matches!(&r.get("list").unwrap().value, YamlValue::Sequence(items) if items.len() == 1));
    assert_eq!(r.get("keep").unwrap().text(), Some("x"));
    assert_eq!(base.entry("r").unwrap().0.mark.source, 1);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[-a-z:{}\\[\\],&*<'\"#| \\n\\t!]{0,120}") {
        let _ = parse(&text, 0);
    }

    #[test]
    fn the_higher_level_wins_key_by_key(
        low in proptest::collection::btree_map("[a-d]", "[0-9]{1,2}", 0..4),
        high in proptest::collection::btree_map("[a-d]", "[0-9]{1,2}", 0..4),
    ) {
        let text = |map: &std::collections::BTreeMap<String, String>| {
            map.iter().fold("r:\n  keep: x\n".to_owned(), |text, (key, value)| text + &format!("  {key}: [{value}]\n"))
        };
        let mut merged = tree(&text(&low));
        merged.merge(tree(&text(&high)));
        let merged = merged.get("r").unwrap();
        for key in ["a", "b", "c", "d"] {
            let expected = high.get(key).or(low.get(key));
            let found = merged.get(key).map(|node| match &node.value {
                YamlValue::Sequence(items) => (items.len(), items[0].text().unwrap().to_owned()),
                _ => unreachable!("a list stays a list"),
            });
            prop_assert_eq!(found, expected.map(|value| (1, value.clone())));
        }
    }

    #[test]
    fn merging_nothing_changes_nothing(keys in proptest::collection::vec("[a-e]{1,2}", 0..6)) {
        let text: String = keys.iter().enumerate().map(|(at, key)| format!("{key}: {at}\n")).collect();
        let base = tree(&text);
        let mut merged = base.clone();
        merged.merge(tree(""));
        prop_assert_eq!(base.value, merged.value);
    }
}

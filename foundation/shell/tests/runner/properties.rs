//! What holds for every line: it is followed without a panic, in bounded time, and by its meaning, not its look.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use shell::{Command, Doubt};

/// How long any line may take where nothing is optimised and other tests run.
const LONGEST: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 50 });

fn texts(line: &str) -> Vec<String> {
    shell::parse(line).commands.iter().flat_map(Command::texts).collect()
}

/// Everything that a guard would ask of a line.
fn ask(line: &str) {
    let script = shell::parse(line);
    for command in &script.commands {
        let _ = (command.program(), command.arguments(), command.without_global_options(), command.texts());
    }
    let _ = (script.writes(), script.removes());
    let _ = script.doubt.map(|doubt| doubt.to_string());
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A word that means only itself, not quoted.
fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_./:@%+-]{1,8}".prop_filter("no keyword or option to a wrapper", |word| {
        let keywords =
            ["if", "then", "fi", "do", "done", "case", "esac", "for", "while", "until", "time", "select"];
        !keywords.contains(&&**word) && !word.starts_with('-')
    })
}

fn simple() -> impl Strategy<Value = String> {
    prop::collection::vec(word(), 1..4).prop_map(|words| format!("git {}", words.join(" ")))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(line in "[ \\t\\n\\r\"'`$(){}\\[\\]|&;<>#\\\\*?~!=,a-f0-3xEOF\u{0}é-]{0,80}") {
        ask(&line);
    }

    #[test]
    fn no_commands_panic(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "git", "sudo", "env", "xargs", "find", "-exec", "{}", ";", "\\;", "+", "-c", "-S", "-C", "-u", "--", "-",
                "bash", "sh", "eval", "trap", "alias", "x=y", "su", "script", "flock", "parallel", ":::", "timeout", "5",
                "cp", "mv", "-t", "sed", "-i", "", "''", "tar", "xf", "curl", "-O", "-o", "http://a/b", "dd", "of=",
                "ln", "git mv", "checkout", "restore", "rsync", "a:b", "|", "&&", "(", ")", "<<<", ">", "cd", "$X", "~",
                "printf", "%s", "echo", "-e", "base64", "-d", "tee", "install", "patch", "wget", "nice", "-n", "uv",
                "run", "npx", "submodule", "foreach", "rebase", "-x", "alias.x=!y", "x", "set", "shift", "$1", "\"$@\"",
            ]),
            0..12,
        )
    ) {
        ask(&words.join(" "));
    }

    #[test]
    fn quotes_change_no_word(words in prop::collection::vec(word(), 1..6), at in 0_usize..6) {
        let plain = format!("git {}", words.join(" "));
        let mut words = words;
        if let Some(word) = words.get_mut(at) {
            *word = quoted(word);
        }
        let of = |line: &str| -> Vec<String> {
            shell::parse(line).commands[0].words.iter().map(|word| word.text.clone()).collect()
        };
        prop_assert_eq!(of(&plain), of(&format!("git {}", words.join(" "))));
    }

    #[test]
    fn any_text_in_single_quotes_is_one_word(text in "[^\u{0}]{0,40}") {
        let script = shell::parse(&format!("git {}", quoted(&text)));
        prop_assert_eq!(script.doubt, None);
        prop_assert_eq!(script.commands.len(), 1);
        prop_assert_eq!(&script.commands[0].words[1].text, &text);
        prop_assert!(script.commands[0].words[1].is_literal);
    }

    #[test]
    fn a_wrapped_command_is_found(simple in simple(), wrappers in prop::collection::vec(0_usize..12, 0..5)) {
        let mut line = simple.clone();
        for (level, wrapper) in wrappers.into_iter().enumerate() {
            line = match wrapper {
                0 => format!("( {line} )"),
                1 => format!("{{ {line}; }}"),
                2 => format!("bash -c {}", quoted(&line)),
                3 => format!("if true; then {line}; fi"),
                4 => format!("sudo -u x sh -c {}", quoted(&line)),
                5 => format!("echo \"$( {line} )\""),
                6 => format!("a && {line} | b"),
                7 => format!("eval {}", quoted(&line)),
                8 => format!("echo {} | sh", quoted(&line)),
                9 => format!("{{ bash <<'STOP{level}'\n{line}\nSTOP{level}\n}}"),
                10 => format!("f() {{ {line}; }}; f"),
                _ => format!("for i in 1 2; do {line}; done"),
            };
        }
        prop_assert!(texts(&line).contains(&texts(&simple)[0]), "{}", line);
        prop_assert_eq!(shell::parse(&line).doubt, None, "{}", line);
    }

    #[test]
    fn a_mention_is_no_command(text in "[a-z ]{0,8}(git commit)[a-z ;|&$()`]{0,8}") {
        for line in [format!("echo {}", quoted(&text)), format!("cat <<'STOP'\n{text}\nSTOP"), format!("# {text}")] {
            let found = texts(&line);
            prop_assert!(!found.iter().any(|found| found.contains("git commit")), "{:?}", found);
        }
    }
}

#[test]
fn no_line_takes_long() {
    let many = |text: &str| text.repeat(100_000 / text.len());
    let mut lines: Vec<String> = [
        "(",
        "$(",
        "((",
        "$((",
        "`",
        "\\`",
        "'",
        "\"",
        "\"$(",
        "{a,b}",
        "{a,",
        "{",
        "}",
        "{a,b} ",
        "${",
        "${x:-",
        "<<E ",
        "<<E\n",
        "<<E\nE\n",
        "<(",
        "a;",
        "a|",
        "a&&",
        "if ",
        "if a;then ",
        "case x in ",
        "case x in a) ",
        "while a;do ",
        "f(){ ",
        "f(){ f;};f;",
        "[[ ",
        "a=b;",
        "a=$a$a;",
        "$x ",
        "\\\n",
        "#\n",
        "!",
        "! ",
        "time ",
        "sudo ",
        "env ",
        "xargs ",
        "find -exec ",
        "bash -c ",
        "eval ",
        "x=y ",
        "a=(",
        "a[0]=",
        "git -c alias.x=x x ",
        "> f ",
        "2>&1 ",
        "é",
        "\u{0}",
        "\r\n",
        "for x in 1 2 3 4 5 6 7 8;do ",
        "$'\\x",
        "coproc ",
        "function f ",
        "$[",
        "~",
        "*",
        "|&",
        ";;",
        ")",
        "fi ",
        "cd a;",
        "cd ..&&",
        "echo a|",
        "printf %s a|",
        "trap a b;",
        "alias a=b;",
        "a&",
        "\t",
        "--",
        "{a..b}",
        "{a,b}{c,d}",
        "x+=a;",
        "\"$@\" ",
        "set -- a b;",
        "parallel a ::: b ",
    ]
    .iter()
    .map(|text| many(text))
    .collect();
    lines.push(format!("x={};{}", "a".repeat(4_000), many("$x ")));
    lines.push(format!("x={};{}", "a b ".repeat(1_000), many("$x ")));
    lines.push(format!("bash -c {}", quoted(&many("(bash -c 'x') "))));
    lines.push(format!("{}git commit", many("for i in 1 2 3 4 5 6 7 8; do ")));
    lines.push(
        (0..12).fold("git commit".to_owned(), |line, _| format!("for i in 1 2 3 4 5 6 7 8; do {line}; done")),
    );
    lines.push(
        (0..30)
            .fold("a() { b; }".to_owned(), |line, at| format!("{line}; f{}() {{ f{at}; f{at}; }}", at + 1)),
    );
    lines.push("a='eval \"$a\"; eval \"$a\"'; eval \"$a\"".to_owned());
    lines.push("f() { f | f & }; f".to_owned());
    lines.push((0..10).fold("git commit".to_owned(), |line, _| format!("bash -c {}", quoted(&line))));
    lines.push(format!("echo {} | sh", many("a;").replace(';', "\\;")));
    lines.push(format!("printf '{}' {}", "%s".repeat(10_000), many("a ")));
    lines.push(format!("cat <<'E' | {{ {} }}\n{}\nE\n", "a; ".repeat(5_000), "b".repeat(30_000)));
    lines.push(format!("x={};{}", "a".repeat(4_000), many("echo \"$x\" >> f; bash f; ")));
    lines.push(many("echo 'bash f' > f; bash f; "));
    lines.push(many("echo ./f > f; ./f; "));
    for line in &lines {
        let taken = processor_time(|| ask(line));
        let shown: String = line.chars().take(30).collect();
        assert!(taken < LONGEST, "{shown:?}… took {taken:?}");
    }
}

/// How long this thread had the processor for something: another process that wants it too must fail no test.
fn processor_time(work: impl FnOnce()) -> Duration {
    let used = || {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        stat.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    };
    let (before, started) = (used(), Instant::now());
    work();
    match (before, used()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => started.elapsed(),
    }
}

#[test]
fn bounds_are_told() {
    for (line, doubt) in [
        ("a ".repeat(140_000), Doubt::TooLong),
        ("(".repeat(1_000), Doubt::TooDeep),
        ("$(".repeat(1_000), Doubt::TooDeep),
        ("sudo ".repeat(1_000), Doubt::TooDeep),
        ("a='eval \"$a\"'; eval \"$a\"".to_owned(), Doubt::TooDeep),
        ("a;".repeat(15_000), Doubt::TooMuch),
        (format!("x={};{}", "a".repeat(4_000), "b $x;".repeat(2_000)), Doubt::TooMuch),
    ] {
        let script = shell::parse(&line);
        assert_eq!(script.doubt, Some(doubt), "{}", &line[..20]);
    }
    let script = shell::parse(&format!("git commit; {}", "(".repeat(1_000)));
    assert_eq!(script.commands[0].texts(), ["git commit"], "what was understood before stays");
}

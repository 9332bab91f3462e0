//! What we claim, compared with what a real Bash runs: its commands are stubs that write down their arguments.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use shell::{Doubt, Script};

/// The programs that exist for the lines under test.
const STUBS: [&str; 4] = ["git", "a", "b", "c"];

/// A folder to run lines in, removed with the value.
pub struct Place {
    folder: PathBuf,
}

impl Place {
    /// A place whose programs are the stubs and, when `with_tools`, those of the machine. `None` without a Bash.
    pub fn new(with_tools: bool) -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let bash = ["/bin/bash", "/usr/bin/bash"].iter().find(|path| Path::new(path).exists())?;
        let name = format!("shell-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let place = Self { folder: std::env::temp_dir().join(name) };
        let bin = place.folder.join("bin");
        fs::create_dir_all(&bin).unwrap();
        let stub = bin.join("stub");
        let text = "#!/bin/sh\nprintf '%s\\037' \"${0##*/}\" \"$@\" > \"$STUB_LOG/$$\"\n";
        fs::write(&stub, text).unwrap();
        fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).unwrap();
        for name in STUBS {
            symlink(&stub, bin.join(name)).unwrap();
        }
        let tools: &[&str] = if with_tools {
            &[
                "bash", "sh", "cat", "env", "xargs", "find", "nice", "nohup", "timeout", "setsid", "tee",
                "base64", "stdbuf", "which", "dash", "flock", "mkdir", "grep", "sort", "head", "wc", "ls",
                "sed", "true",
            ]
        } else {
            &[]
        };
        for tool in tools {
            let found = ["/bin", "/usr/bin"]
                .iter()
                .map(|folder| Path::new(folder).join(tool))
                .find(|path| path.exists());
            if let Some(path) = found {
                symlink(path, bin.join(tool)).unwrap();
            }
        }
        symlink(bash, bin.join("the-bash")).unwrap();
        Some(place)
    }

    /// The commands that Bash runs for a line, as words.
    pub fn run(&self, line: &str) -> Vec<Vec<String>> {
        let work = self.folder.join("work");
        let _ = fs::remove_dir_all(&work);
        fs::create_dir_all(&work).unwrap();
        // A file for each command: some run at the same time.
        let log = self.folder.join("log");
        let _ = fs::remove_dir_all(&log);
        fs::create_dir_all(&log).unwrap();
        let bin = self.folder.join("bin");
        // Its own session and a limit of time: a line may loop or wait.
        let _ = Command::new("timeout")
            .args(["-s", "KILL", "2"])
            .arg(bin.join("the-bash"))
            .args(["-c", line])
            .env_clear()
            .env("PATH", &bin)
            .env("STUB_LOG", &log)
            .env("FUNCNEST", "8")
            .current_dir(&work)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let words = |text: &str| text.split_terminator('\u{1f}').map(str::to_owned).collect();
        let entries = fs::read_dir(&log).unwrap().flatten();
        let commands = entries.map(|entry| words(&String::from_utf8_lossy(&fs::read(entry.path()).unwrap())));
        // What still runs in the background has not written yet.
        commands.filter(|words: &Vec<String>| !words.is_empty()).collect()
    }

    /// Whether Bash can read a line.
    pub fn reads(&self, line: &str) -> bool {
        let mut bash = Command::new(self.folder.join("bin/the-bash"));
        let output = bash.args(["-n", "-c", line]).stdin(Stdio::null()).output().unwrap();
        output.status.success() && output.stderr.is_empty()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Whether a command that ran is among those that we found; a word that we do not know may be anything.
pub fn is_found(ran: &[String], script: &Script) -> bool {
    script.commands.iter().any(|command| {
        let known = command.words.iter().take_while(|word| word.is_literal).count();
        let is_same = |at: usize| ran.get(at) == Some(&command.words[at].text);
        let is_whole = known == command.words.len();
        (0..known).all(is_same) && (!is_whole || ran.len() == known) && known > 0
    })
}

fn token() -> impl Strategy<Value = String> {
    let fixed: Vec<&'static str> = vec![
        "git",
        "a",
        "b",
        "c",
        "x=git",
        "$x",
        "\"$x\"",
        "${x}",
        "git a",
        "git b",
        "cd",
        "x",
        ";",
        "&&",
        "||",
        "|",
        "&",
        "\n",
        "(",
        ")",
        "{",
        "}",
        "$(",
        ")",
        "`",
        "'",
        "\"",
        "\\",
        "if",
        "then",
        "else",
        "elif",
        "fi",
        "while",
        "do",
        "done",
        "for x in",
        "case x in",
        "esac",
        ";;",
        "x)",
        "*)",
        "[[",
        "]]",
        "((",
        "))",
        "$((",
        "f()",
        "function f",
        "f",
        "!",
        "time",
        "#",
        ">",
        ">>",
        "<",
        "2>&1",
        "&>",
        "<<<",
        "<<E\n",
        "\nE\n",
        "<<'E'\n",
        "<<-E\n",
        "eval",
        "echo",
        "true",
        "false",
        "{a,b}",
        "{",
        ",",
        "}",
        "~",
        "*",
        "=",
        "x+=a",
        "a=(",
        "\"${a[@]}\"",
        "set --",
        "\"$@\"",
        "$*",
        "$1",
        "shift",
        "${x:-",
        "$'",
        "\\n",
        "$\"",
        "command",
        "builtin",
        "exec",
        "export",
        "unset x",
        "until",
        "coproc",
        "<(",
        ">(",
        "break",
        "return",
        "exit",
        "trap",
        "EXIT",
        "local",
        "printf '%s\\n'",
        "\t",
        "\\\n",
    ];
    prop_oneof![4 => prop::sample::select(fixed).prop_map(str::to_owned), 1 => "[ a-c]{0,2}"]
}

fn line() -> impl Strategy<Value = String> {
    let joined = |tokens: Vec<(String, bool)>| {
        let mut line = String::new();
        for (token, is_apart) in tokens {
            line.push_str(&token);
            if is_apart {
                line.push(' ');
            }
        }
        line
    };
    prop::collection::vec((token(), prop::bool::weighted(0.85)), 1..14).prop_map(joined)
}

/// Lines that Bash is likely to accept: commands within commands.
fn nested() -> impl Strategy<Value = String> {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let simple = prop_oneof![
        Just("git a".to_owned()),
        Just("'git' b".to_owned()),
        Just("x=git\n$x c".to_owned()),
        Just("g\\it \"a b\"".to_owned()),
        Just("a {b,c}".to_owned()),
        Just("git $'a\\tb' c#d # e".to_owned()),
        Just("VAR=1 git a".to_owned()),
        Just("cat <<E\ngit $(git b)\nE".to_owned()),
        Just("c=(git 'a b'); \"${c[@]}\"".to_owned()),
        Just("f() { git \"$@\"; }; f a 'b c'".to_owned()),
        Just("set -- git a; \"$@\"".to_owned()),
        Just("git \"$(echo a)\"`echo b`".to_owned()),
        Just("echo 'git a'".to_owned()),
        Just("git a > out 2>&1".to_owned()),
    ];
    simple.prop_recursive(5, 32, 2, move |inner| {
        prop_oneof![
            inner.clone().prop_map(|line| format!("( {line}\n)")),
            inner.clone().prop_map(|line| format!("{{ {line}\n}}")),
            inner.clone().prop_map(|line| format!("echo $({line}\n)")),
            inner.clone().prop_map(|line| format!("echo \"x $({line}\n) y\"")),
            inner.clone().prop_map(|line| format!("if true; then {line}\nfi")),
            inner.clone().prop_map(|line| format!("for i in 1 2; do {line}\ndone")),
            inner.clone().prop_map(|line| format!("case x in x) {line}\n;; esac")),
            inner.clone().prop_map(|line| format!("while {line}\nfalse; do a; done")),
            inner.clone().prop_map(|line| format!("fn() {{ {line}\n}}; fn")),
            inner.clone().prop_map(|line| format!("[[ -z \"$({line}\n)\" ]]")),
            inner.clone().prop_map(move |line| format!("bash -c {}", quoted(&line))),
            inner.clone().prop_map(move |line| format!("eval {}", quoted(&line))),
            inner.clone().prop_map(move |line| format!("printf '%s\\n' {} | bash", quoted(&line))),
            inner.clone().prop_map(move |line| format!("env A=1 bash -ec {}", quoted(&line))),
            inner.clone().prop_map(|line| format!("bash <<'DONE'\n{line}\nDONE\n")),
            inner.clone().prop_map(|line| format!("a | {{ {line}\n}}")),
            inner.clone().prop_map(|line| format!("cat <({line}\n)")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("{one}\n{other}")),
            (inner.clone(), inner).prop_map(|(one, other)| format!("{{ {one}\n}} && {{ {other}\n}}")),
        ]
    })
}

/// More lines than a test run has time for: `PROPTEST_CASES=20000 cargo test -p shell bash`.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150)
}

fn compared(name: &str, strategy: impl Strategy<Value = String>, with_tools: bool) {
    let Some(place) = Place::new(with_tools) else {
        eprintln!("skipped {name}: there is no Bash");
        return;
    };
    let config = ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = runner.run(&strategy, |line| {
        let script = shell::parse(&line);
        // What `bash -n` does not look into.
        let is_checked = !["<<", "((", "[[", "`", "eval", "trap"].iter().any(|unseen| line.contains(unseen));
        if is_checked && matches!(script.doubt, Some(Doubt::Syntax | Doubt::Unclosed)) {
            prop_assert!(!place.reads(&line), "Bash reads it, we have {:?}", script.doubt);
        }
        if script.doubt.is_none() {
            for ran in place.run(&line) {
                prop_assert!(is_found(&ran, &script), "Bash ran {ran:?}, we found {:#?}", script.commands);
            }
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn random_tokens_run_nothing_that_is_not_found() {
    compared("random tokens", line(), false);
}

#[test]
fn nested_commands_run_nothing_that_is_not_found() {
    compared("nested commands", nested(), true);
}

//! Command lines for the guard `patterns` with [`GUARD`] in the repository of [`fixture`]: `bad.js` is staged and holds
//! `eval(input)`; `good.js` is tracked and changed, and breaks nothing; so is `README.md`, which mentions `eval(input)`.

/// The guard's settings.
pub const GUARD: &str = r"  patterns:
    rules:
    - {id: no-eval, severity: critical, pattern: '\beval\(', files: '*.js'}";

/// Makes the files, given what writes one and what runs git.
pub fn fixture(write: impl Fn(&str, &str), git: impl Fn(&[&str])) {
    write("good.js", "fine\n");
    git(&["add", "good.js"]);
    git(&["commit", "-q", "-m", "second"]);
    write("good.js", "fine\nevaluate(input)\n");
    write("README.md", "never call eval(input)\n");
    write("bad.js", "eval(input)\n");
    git(&["add", "bad.js"]);
}

#[rustfmt::skip]
pub const ROWS: &[(&str, &str)] = &[
    ("git commit -m x", "deny"),
    ("git commit -am x", "deny"),
    ("git commit --no-verify -m x", "deny"),
    ("git commit --amend --no-edit", "deny"),
    ("git -C . commit -m x", "deny"),
    ("git -c core.hooksPath=/dev/null commit -m x", "deny"),
    ("git 'commit' -m x", "deny"),
    ("git com\"mit\" -m x", "deny"),
    ("/usr/bin/git commit -m x", "deny"),
    ("GIT_AUTHOR_NAME=x git commit -m x", "deny"),
    ("env A=1 git commit -m x", "deny"),
    ("command git commit -m x", "deny"),
    ("cd . && git commit -m x", "deny"),
    ("(git commit -m x)", "deny"),
    ("if true; then git commit -m x; fi", "deny"),
    ("bash -c 'git commit -m x'", "deny"),
    ("sh -c \"git commit -m x\"", "deny"),
    ("eval 'git commit -m x'", "deny"),
    ("G=git; $G commit -m x", "deny"),
    ("echo x | xargs git commit -m", "deny"),
    ("git commit -F - <<'EOF'\nmessage\nEOF", "deny"),
    ("git commit -m \"$(cat <<'EOF'\nmessage\nEOF\n)\"", "deny"),
    ("git add -A && git commit -m x", "deny"),
    ("git commit -m x bad.js", "deny"),
    ("git commit -m 'pattern-ok: no-eval the message is no waiver'", "deny"),

    ("git status", "pass"),
    ("git add bad.js", "pass"),
    ("git diff --cached", "pass"),
    ("git stash", "pass"),
    ("git commit --dry-run", "pass"),
    ("git commit --help", "pass"),
    ("git commit -m x good.js", "pass"),
    ("git commit -m 'about eval(input)' -- README.md", "pass"),
    ("git commit -m x -- good.js README.md", "pass"),
    ("git log --grep='git commit'", "pass"),
    ("git show HEAD", "pass"),
    ("git config alias.x commit", "pass"),
    ("git commit-tree HEAD^{tree} -m x", "pass"),
    ("git reset bad.js", "pass"),
    ("echo git commit", "pass"),
    ("echo 'git commit -m x'", "pass"),
    ("printf 'git commit\\n'", "pass"),
    ("grep -rn 'git commit' docs", "pass"),
    ("rg 'eval\\(' --files-with-matches", "pass"),
    ("cat bad.js", "pass"),
    ("man git-commit", "pass"),
    ("bash -c 'echo git commit'", "pass"),
    ("node -e 'eval(input)'", "pass"),
    ("cat <<'EOF'\ngit commit -m x\nEOF", "pass"),
    ("ls # git commit -m x", "pass"),
];

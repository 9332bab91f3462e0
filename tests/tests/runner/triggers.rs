//! Which command lines a `command_pattern` and `bash_writes` are about, through the shipped executable.

use serde_json::json;
use tests::World;

/// Requirements on `git commit`, `gh pr create` and `npm publish`.
const COMMANDS: &str = r"requirements:
  commit: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: 'git\s+commit'}]}
  pr: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: 'gh\s+pr\s+create'}]}
  publish: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: '(npm|yarn|pnpm)\s+publish'}]}
  force: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: '--no-verify'}]}
";

/// Lines, and whether one of the requirements asks.
const LINES: [(&str, bool); 118] = [
    // As one writes it.
    ("git commit", true),
    ("git commit -m 'x'", true),
    ("GIT COMMIT -m x", true),
    ("git  commit\t-a", true),
    ("gh pr create --fill", true),
    ("npm publish", true),
    ("pnpm publish --access public", true),
    ("git push --no-verify", true),
    // Options before the subcommand.
    ("git -C . commit -m x", true),
    ("git -c user.name=x commit", true),
    ("git -c user.name='a b' commit", true),
    ("git --git-dir=.git --work-tree . commit", true),
    ("git --no-pager -C ../other commit", true),
    ("gh -R owner/repo pr create", true),
    ("npm --prefix web publish", true),
    // Paths, quotes, escapes.
    ("/usr/bin/git commit", true),
    ("\"git\" commit", true),
    ("'git' 'commit'", true),
    ("g'i't com\"mi\"t", true),
    ("gi\\t commit", true),
    ("git \\\n  commit -m x", true),
    ("$'git' commit", true),
    // Variables and environments.
    ("VAR=1 git commit", true),
    ("A=1 B='2 3' git commit", true),
    ("env VAR=1 git commit", true),
    ("env -i PATH=/bin git commit", true),
    ("G=git; $G commit", true),
    ("export G=git; ${G} commit", true),
    ("A=com; git ${A}mit", true),
    // Several commands on a line.
    ("a && git commit", true),
    ("a || git commit", true),
    ("a; git commit", true),
    ("a | git commit -F -", true),
    ("a & git commit", true),
    ("cd src\ngit commit", true),
    ("! git commit", true),
    ("true && (cd x && git commit)", true),
    ("{ git commit; }", true),
    ("if true; then git commit; fi", true),
    ("if git commit; then echo; fi", true),
    ("while read l; do git commit; done < f", true),
    ("for f in *; do git commit $f; done", true),
    ("case x in x) git commit;; esac", true),
    ("f() { git commit; }; f", true),
    ("[[ -f x ]] && git commit", true),
    ("(( 1 )) && git commit", true),
    // Inside other commands.
    ("bash -c 'git commit'", true),
    ("bash -lc \"git commit\"", true),
    ("sh -ec 'a; git commit'", true),
    ("bash -c \"bash -c 'git commit'\"", true),
    ("eval 'git commit'", true),
    ("eval git commit", true),
    ("echo $(git commit)", true),
    ("echo `git commit`", true),
    ("echo \"$(git commit)\"", true),
    ("cat <(git commit)", true),
    ("x=$(git commit)", true),
    ("bash <<'EOF'\ngit commit\nEOF", true),
    ("bash <<< 'git commit'", true),
    ("echo 'git commit' | sh", true),
    ("printf 'git commit\\n' | bash -s", true),
    ("cat <<EOF | sh\ngit commit\nEOF", true),
    // Wrappers.
    ("sudo git commit", true),
    ("sudo -u me -- git commit", true),
    ("time git commit", true),
    ("time -p git commit", true),
    ("nohup git commit &", true),
    ("nice -n 5 git commit", true),
    ("timeout 10 git commit", true),
    ("timeout -k 5 10s git commit", true),
    ("command git commit", true),
    ("exec git commit", true),
    ("xargs git commit", true),
    ("echo a | xargs -n1 git commit -m", true),
    ("find . -name x -exec git commit {} \\;", true),
    ("setsid -w git commit", true),
    ("stdbuf -oL git commit", true),
    ("flock /tmp/l git commit", true),
    ("watch -n1 git commit", true),
    ("su me -c 'git commit'", true),
    ("git submodule foreach 'git commit'", true),
    ("git rebase -x 'git commit' main", true),
    ("trap 'git commit' EXIT", true),
    // What only talks about it.
    ("ls", false),
    ("git status", false),
    ("git commit-tree HEAD^{tree}", false),
    ("git log --grep 'git commit'", false),
    ("echo 'git commit'", false),
    ("echo \"remember to git commit\"", false),
    ("echo git commit", false),
    ("printf 'git commit'", false),
    ("# git commit", false),
    ("ls # git commit", false),
    ("ls #git commit\nls", false),
    ("grep -rn 'git commit' docs", false),
    ("grep -rn git commit.md", false),
    ("rg 'gh pr create' .", false),
    ("git log --oneline -- commit", false),
    ("git show commit", false),
    ("cat <<EOF\ngit commit\nEOF", false),
    ("cat > notes.md <<'EOF'\ngit commit\nEOF", false),
    ("git tag -m 'after git commit' v1", false),
    ("sed -n 's/git commit/x/p' f", false),
    ("man git commit", false),
    ("python3 -c \"print('git commit')\"", false),
    ("A='git commit'", false),
    ("A='git commit' ls", false),
    ("[ \"$x\" = 'git commit' ]", false),
    ("case 'git commit' in x) ls;; esac", false),
    ("for w in git commit; do echo $w; done", false),
    ("legit commit", false),
    ("git-commit-helper", false),
    ("ls git commit", false),
    ("cat git\\ commit", false),
    ("npm run publish-docs", false),
    ("gh pr list", false),
    ("gh issue create -t 'gh pr create fails'", false),
    ("jq '.scripts[\"git commit\"]' package.json", false),
];

#[test]
fn a_pattern_is_about_the_commands_that_a_line_runs() {
    let world = World::with(COMMANDS);
    let wrong: Vec<_> = LINES
        .iter()
        .filter(|(line, expected)| world.hook(&world.bash("PreToolUse", line)).json.is_some() != *expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_raw_pattern_is_about_the_text() {
    let world = World::with(
        "requirements:\n  drop: {enabled: true, trigger_tools: [{tool: Bash, raw: true, command_pattern: 'drop\\s+table'}]}\n",
    );
    world.hook(&world.bash("PreToolUse", "psql -c 'DROP TABLE users'")).refusal();
    world.hook(&world.bash("PreToolUse", "psql -c 'select 1'")).silent();
}

#[test]
fn a_line_that_cannot_be_followed_is_searched_whole() {
    let world = World::with(COMMANDS);
    for line in ["eval \"$X git commit", "echo 'unclosed git commit", "$X git commit --no-verify"] {
        world.hook(&world.bash("PreToolUse", line)).refusal();
    }
    let huge = format!("echo {}; git commit", "x ".repeat(100_000));
    world.hook(&world.bash("PreToolUse", &huge)).refusal();
}

/// Lines, and whether they write a file of the project.
const WRITES: [(&str, bool); 34] = [
    ("echo x > src/a.txt", true),
    ("echo x >> src/a.txt", true),
    ("echo x >| src/a.txt", true),
    ("make &> build.log", true),
    ("cat <<EOF > src/a.txt\nx\nEOF", true),
    ("echo x | tee src/a.txt", true),
    ("echo x | sudo tee -a src/a.txt > /dev/null", true),
    ("sed -i s/a/b/ src/a.txt", true),
    ("sed -i.bak -e s/a/b/ src/a.txt", true),
    ("perl -pi -e s/a/b/ src/a.txt", true),
    ("cp src/a.txt src/b.txt", true),
    ("mv src/a.txt src/b.txt", true),
    ("cp /etc/hosts .", true),
    ("install -m 644 /etc/hosts src/", true),
    ("ln -s /etc/hosts src/hosts", true),
    ("dd if=/dev/zero of=src/a.txt count=1", true),
    ("truncate -s 0 src/a.txt", true),
    ("cd src && echo x > a.txt", true),
    ("bash -c 'echo x > src/a.txt'", true),
    ("touch src/new.txt", true),
    ("echo x > \"$UNKNOWN\"", true),
    ("git checkout -- src/a.txt", true),
    ("ls", false),
    ("ls > /dev/null 2>&1", false),
    ("echo x > /tmp/stanchion-elsewhere", false),
    ("cp src/a.txt /tmp/stanchion-elsewhere", false),
    ("cd /tmp && echo x > stanchion-elsewhere", false),
    ("cat < src/a.txt", false),
    ("echo 'x > src/a.txt'", false),
    ("sed s/a/b/ src/a.txt", false),
    ("grep -c '>' src/a.txt", false),
    ("echo x >&2", false),
    ("echo plan > docs/plans/p.md", false),
    ("git diff > /dev/stdout", false),
];

#[test]
fn bash_writes_are_edits_of_the_projects_files() {
    let world = World::with("requirements:\n  plan: {enabled: true, bash_writes: true}\n");
    let wrong: Vec<_> = WRITES
        .iter()
        .filter(|(line, expected)| world.hook(&world.bash("PreToolUse", line)).json.is_some() != *expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let world = World::with(
        "requirements:\n  rust: {enabled: true, bash_writes: true, trigger_tools: [{tool: Edit, file_pattern: '*.rs'}]}\n",
    );
    world.hook(&world.bash("PreToolUse", "echo x > src/a.rs")).refusal();
    world.hook(&world.bash("PreToolUse", "echo x > src/a.txt")).silent();
    world.hook(&world.edit()).silent();
    let mut edit = world.edit();
    edit["tool_input"] =
        json!({"file_path": world.repo.join("src/a.rs"), "old_string": "a", "new_string": "b"});
    world.hook(&edit).refusal();
}

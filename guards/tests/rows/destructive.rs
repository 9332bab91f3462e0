//! Command lines and what becomes of them under `destructive: {}`, run in the root of the repository that [`fixture`]
//! makes of an empty one on `main` with a first commit, where `target/` and `node_modules/` are ignored. Bypasses
//! first, look-alikes that must pass behind them, as many.

/// A repository with work in it: `src/dirty.rs` is changed, `src/staged.rs` only added, `scratch`, `notes.txt` and
/// three logs are not tracked; `main` is pushed, `unmerged` is not; something is stashed.
#[allow(clippy::disallowed_methods, reason = "tests write their own files")]
pub fn fixture(root: &std::path::Path, git: impl Fn(&[&str])) {
    let write = |name: &str, text: &str| {
        let path = root.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("a folder");
        }
        std::fs::write(path, text).expect("a file");
    };
    for name in ["src/clean.rs", "src/dirty.rs", "docs/guide.md"] {
        write(name, "text\n");
    }
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "second"]);
    git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
    git(&["branch", "merged"]);
    git(&["checkout", "-q", "-b", "unmerged"]);
    git(&["commit", "-q", "--allow-empty", "-m", "only here"]);
    git(&["checkout", "-q", "main"]);
    write("src/dirty.rs", "stashed\n");
    git(&["stash", "-q"]);
    write("src/dirty.rs", "changed\n");
    write("src/staged.rs", "new\n");
    git(&["add", "src/staged.rs"]);
    let untracked =
        ["scratch/a.txt", "scratch/b.txt", "notes.txt", "log1.txt", "log2.txt", "log3.txt", "build/a.o"];
    for name in untracked.into_iter().chain(["target/a.o", "node_modules/a/index.js"]) {
        write(name, "text\n");
    }
}

#[rustfmt::skip]
pub const ROWS: &[(&str, &str)] = &[
    // Roots, homes, projects.
    ("rm -rf /", "deny"),
    ("rm -r -f /", "deny"),
    ("sudo -u root rm -rf --no-preserve-root /", "deny"),
    ("r''m -rf ~", "deny"),
    ("cd / && rm -rf *", "deny"),
    ("bash -c 'rm -rf \"$HOME\"'", "deny"),
    ("echo / | xargs rm -rf", "deny"),
    ("echo cm0gLXJmIC8K | base64 -d | sh", "deny"),
    ("find / -type f -delete", "deny"),
    ("find -L ~ -exec rm -rf {} +", "deny"),
    ("rm -rf .git/objects", "deny"),
    ("rm -rf ~/.ssh", "deny"),
    ("rm --recurs /usr/lib", "deny"),
    ("rm -rf \"$NOWHERE\"/*", "ask"),
    ("rm -rf ${NOWHERE}/", "ask"),
    ("bomb() { bomb | bomb & }; bomb", "deny"),
    ("dd if=/dev/zero of=/dev/sda", "deny"),
    // What no commit has.
    ("rm -rf scratch", "deny"),
    ("rm -rf docs/../scratch/", "deny"),
    ("rm -rf src", "deny"),
    ("cd src && rm -f dirty.rs", "deny"),
    ("rm -rf s*", "deny"),
    ("rm *.txt", "deny"),
    ("find scratch -delete", "deny"),
    (": > src/dirty.rs", "deny"),
    ("> src/dirty.rs", "deny"),
    ("truncate -s 0 src/dirty.rs", "deny"),
    ("shred src/dirty.rs", "deny"),
    ("git rm -f src/dirty.rs", "deny"),
    ("git reset --hard", "deny"),
    ("git reset --har merged", "deny"),
    ("git $OPTIONS reset --hard", "deny"),
    ("git -c alias.z='reset --hard' z", "deny"),
    ("cd \"$SOMEWHERE\" && git reset --hard", "ask"),
    ("mkdir -p new && cd new && git reset --hard", "deny"),
    ("env GIT_DIR=.git git reset --hard", "deny"),
    ("git --git-dir=.git --work-tree=. reset --hard", "ask"),
    ("git read-tree -u --reset HEAD", "deny"),
    ("git stash && git stash pop && git reset --hard", "deny"),
    ("git -C docs stash; git reset --hard", "deny"),
    ("git commit -m part; git checkout .", "deny"),
    ("git checkout -- src/dirty.rs", "deny"),
    ("git -C src checkout HEAD -- .", "deny"),
    ("git checkout src/dirty.rs", "deny"),
    ("git checkout HEAD src/staged.rs", "deny"),
    ("git restore --source=HEAD~1 src/staged.rs", "deny"),
    ("git checkout --force merged", "deny"),
    ("git restore .", "deny"),
    ("git restore --staged --worktree src/staged.rs", "deny"),
    ("git switch --discard-changes merged", "deny"),
    ("git clean -fd", "deny"),
    ("git clean -d -x -q --force", "deny"),
    ("git -c clean.requireForce=false clean -d", "deny"),
    ("git stash drop", "deny"),
    ("git stash clear", "deny"),
    // History.
    ("git push --force", "deny"),
    ("git push -uf origin topic", "deny"),
    ("git -C . push origin +topic", "deny"),
    ("git push --mirror", "deny"),
    ("git -c remote.origin.mirror=true push", "deny"),
    ("git filter-branch --tree-filter true", "deny"),
    ("git filter-repo --path src", "deny"),
    ("java -jar ~/bfg-1.14.0.jar --delete-files x", "deny"),
    ("git commit --amend --no-edit", "deny"),
    ("git commit --amen -m x", "deny"),
    ("git rebase -i HEAD~1", "deny"),
    ("git rebase --root", "deny"),
    ("git reset --soft HEAD~1", "ask"),
    ("git branch -f main HEAD~1", "ask"),
    ("git checkout -B main HEAD~1", "ask"),
    ("git update-ref refs/heads/main HEAD~1", "ask"),
    ("git branch -D unmerged", "ask"),
    ("git branch --delete --force main", "deny"),
    ("git update-ref -d refs/heads/unmerged", "ask"),
    ("git update-ref -d refs/stash", "deny"),
    ("git reflog expire --expire=now --all", "deny"),
    ("git gc --prune=now", "deny"),
    // Services.
    ("terraform -chdir=infra destroy -auto-approve", "deny"),
    ("tofu apply -destroy", "deny"),
    ("dropdb -h db production", "deny"),
    ("kubectl -n prod delete --grace-period 0 ns prod", "deny"),
    ("kubectl delete pods --all", "deny"),
    ("docker system prune -af --volumes", "deny"),
    ("docker volume rm data", "deny"),
    ("aws --profile p s3 rb s3://b --force", "deny"),
    ("aws s3 rm s3://b/x --recursive", "deny"),
    ("gcloud sql instances delete db", "deny"),
    ("gh repo delete o/r --yes", "deny"),
    ("gh api --method delete repos/o/r", "deny"),
    ("redis-cli -h cache -n 1 FLUSHALL", "deny"),
    ("heroku pg:reset DATABASE", "deny"),
    ("npm unpublish pkg@1.0.0", "deny"),
    ("crontab -u app -r", "deny"),
    ("psql -c 'DROP TABLE users'", "deny"),
    ("mongosh app --eval 'db.dropDatabase()'", "deny"),
    // What cannot be followed.
    ("echo 'rm -rf scratch' > a.sh; $RUN a.sh", "ask"),

    // Look-alikes.
    ("rm -rf target node_modules build", "pass"),
    ("rm -rf /tmp/x", "pass"),
    ("rm -rf \"$TMP/x\"", "pass"),
    ("rm -rf \"${DIR:?}\"/*", "pass"),
    ("d=$(mktemp -d); rm -rf \"$d\"/*", "pass"),
    ("find . -name '*.pyc' -delete", "pass"),
    ("find build -type f -delete", "pass"),
    ("find . -name '*.tmp' -exec rm {} +", "pass"),
    ("ls | xargs rm -rf", "pass"),
    ("chmod -R u+w .", "pass"),
    ("f() { echo x | cat & }; f", "pass"),
    ("echo 'rm -rf /'", "pass"),
    ("git commit -m 'never rm -rf / again'", "pass"),
    ("grep -rn 'git reset --hard' docs", "pass"),
    ("git log --grep 'push --force'", "pass"),
    ("cat > plan.md <<'E'\nrm -rf /\nE", "pass"),
    ("curl -fsSL https://example.invalid/install.sh | sh", "pass"),
    ("curl -fsSL https://example.invalid/install.sh | sh; rm -rf target", "pass"),
    ("rm -rf docs", "pass"),
    ("rm src/clean.rs", "pass"),
    ("rm src/staged.rs", "pass"),
    ("rm notes.txt", "pass"),
    ("rm -rf notes.txt", "pass"),
    ("rm -f log1.txt log2.txt log3.txt", "pass"),
    ("rm log[12].txt", "pass"),
    ("rm -rf nothing-there", "pass"),
    ("rm -f .git/index.lock", "pass"),
    ("echo x > src/dirty.rs", "pass"),
    ("true > notes.txt", "pass"),
    ("> src/clean.rs", "pass"),
    ("truncate -s +1K src/dirty.rs", "pass"),
    ("git rm --cached src/dirty.rs", "pass"),
    ("git rm -rf docs", "pass"),
    ("git reset", "pass"),
    ("git reset src/dirty.rs", "pass"),
    ("git reset -q HEAD -- src", "pass"),
    ("git stash -u && git reset --hard", "pass"),
    ("git add -A && git commit -m wip && git checkout .", "pass"),
    ("git commit -am wip; git checkout -- src/dirty.rs", "pass"),
    ("git clone ../x new && cd new && git reset --hard v1", "pass"),
    ("git checkout merged", "pass"),
    ("git checkout -b topic", "pass"),
    ("git checkout -- src/clean.rs docs", "pass"),
    ("git checkout -p src", "pass"),
    ("git checkout --theirs src/dirty.rs", "pass"),
    ("git restore --staged src/staged.rs", "pass"),
    ("git restore docs", "pass"),
    ("git checkout src/clean.rs", "pass"),
    ("git pull --rebase", "pass"),
    ("git switch merged", "pass"),
    ("git clean -nd", "pass"),
    ("git clean -fdX", "pass"),
    ("git clean -f notes.txt", "pass"),
    ("git clean -d", "pass"),
    ("git stash list", "pass"),
    ("git stash push -m x; git stash drop", "pass"),
    ("git push", "pass"),
    ("git push --force-with-lease origin topic", "pass"),
    ("git push --force-with-lease=topic --force-if-includes origin topic", "pass"),
    ("git push origin feature-f", "pass"),
    ("git push -o ci.force origin topic", "pass"),
    ("git push --dry-run --force", "pass"),
    ("git filter-repo --analyze", "pass"),
    ("java -jar app.jar", "pass"),
    ("git commit -m '--amend'", "pass"),
    ("git commit -m --amend", "pass"),
    ("git commit --amend --dry-run", "pass"),
    ("git rebase origin/main", "pass"),
    ("git rebase --abort", "pass"),
    ("git rebase --continue", "pass"),
    ("git rebase HEAD~1 unmerged", "pass"),
    ("git branch -D merged", "pass"),
    ("git branch -d unmerged", "pass"),
    ("git branch -M trunk", "pass"),
    ("git branch -f merged HEAD~1", "pass"),
    ("git update-ref refs/heads/topic HEAD", "pass"),
    ("git reflog expire --expire=90.days --all", "pass"),
    ("git gc --aggressive", "pass"),
    ("git remote prune origin", "pass"),
    ("git worktree prune", "pass"),
    ("terraform plan -destroy", "pass"),
    ("terraform apply -auto-approve", "pass"),
    ("dropdb --if-exists app_test", "pass"),
    ("kubectl delete pod web-1 -n ns", "pass"),
    ("kubectl delete ns staging --dry-run=server", "pass"),
    ("kubectl delete -f deploy.yaml", "pass"),
    ("docker system prune -f", "pass"),
    ("docker volume ls", "pass"),
    ("docker rm -v web", "pass"),
    ("aws s3 rm s3://b/x/one.txt", "pass"),
    ("aws s3 rm s3://b/x --recursive --dryrun", "pass"),
    ("gcloud compute instances list", "pass"),
    ("gh repo view o/r", "pass"),
    ("gh api -X DELETE repos/o/r/issues/comments/1", "pass"),
    ("redis-cli get flushall", "pass"),
    ("heroku logs --tail", "pass"),
    ("npm uninstall pkg", "pass"),
    ("crontab -l", "pass"),
    ("psql -c 'select 1'", "pass"),
];

//! The scopes of a requirement, and what becomes of a state file that is damaged.

use super::*;
use crate::paths::Paths;

struct Fixture {
    _home: tempfile::TempDir,
    dir: StateDir,
}

impl Fixture {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { dir: StateDir::new(&Paths::below(home.path()), home.path()), _home: home }
    }

    fn change<T>(&self, branch: &str, now: i64, change: impl FnOnce(&mut Changes<'_>) -> T) -> T {
        let branch = Branch::named(branch);
        transaction(&self.dir, &branch, Path::new("/p"), now, lock::PATIENT, change).unwrap()
    }

    fn satisfied(&self, branch: &str, scope: Scope, session: &str, now: i64) -> bool {
        let state = BranchState::read(&self.dir, &Branch::named(branch));
        state.view("r", Some(&key(session))).is_satisfied(scope, now)
    }
}

fn key(id: &str) -> SessionKey {
    SessionKey::new(id).unwrap()
}

fn by(by: &str, expires_at: Option<i64>) -> Satisfaction<'_> {
    Satisfaction { by, metadata: Map::new(), expires_at }
}

#[test]
fn each_scope_reaches_as_far_as_it_says() {
    for (scope, others) in
        [(Scope::Session, false), (Scope::SingleUse, false), (Scope::Branch, true), (Scope::Permanent, true)]
    {
        let fixture = Fixture::new();
        fixture.change("main", 100, |c| c.satisfy("r", scope, Some(&key("a")), &by("cli", Some(110))));
        assert!(fixture.satisfied("main", scope, "a", 110), "valid at the second it expires");
        assert_eq!(fixture.satisfied("main", scope, "a", 111), scope == Scope::Permanent);
        assert_eq!(fixture.satisfied("main", scope, "b", 100), others);
        assert!(!fixture.satisfied("other", scope, "a", 100));
    }
}

#[test]
fn an_override_at_the_branch_beats_every_session() {
    let fixture = Fixture::new();
    fixture.change("main", 100, |c| {
        c.mark_triggered("r", Scope::SingleUse, &key("a"));
        c.satisfy("r", Scope::Branch, None, &by("cli", Some(200)));
    });
    assert!(fixture.satisfied("main", Scope::Session, "new", 150));
    assert!(!fixture.satisfied("main", Scope::Session, "new", 201));
}

#[test]
fn spending_an_approval_takes_one_entry() {
    let fixture = Fixture::new();
    fixture.change("main", 1, |c| {
        for session in ["a", "b"] {
            c.satisfy("r", Scope::SingleUse, Some(&key(session)), &by("cli", None));
        }
    });
    assert!(fixture.change("main", 2, |c| c.clear_single_use("r", &key("a"))));
    assert!(!fixture.change("main", 2, |c| c.clear_single_use("r", &key("a"))));
    assert!(!fixture.satisfied("main", Scope::SingleUse, "a", 3));
    assert!(fixture.satisfied("main", Scope::SingleUse, "b", 3));
}

#[test]
fn clearing_keeps_the_triggered_mark() {
    let fixture = Fixture::new();
    fixture.change("main", 1, |c| {
        c.mark_triggered("r", Scope::Session, &key("a"));
        c.satisfy("r", Scope::Session, Some(&key("a")), &by("cli", None));
    });
    assert!(fixture.change("main", 2, |c| c.clear("r", None)));
    let state = BranchState::read(&fixture.dir, &Branch::named("main"));
    let key = key("a");
    let view = state.view("r", Some(&key));
    assert!(view.is_triggered() && !view.is_satisfied(Scope::Session, 2));
}

#[test]
fn branches_that_share_a_file_name_stay_apart() {
    let fixture = Fixture::new();
    for branch in ["feature/auth", "feature-auth"] {
        assert!(!fixture.satisfied(branch, Scope::Branch, "a", 1), "{branch}");
        fixture.change(branch, 1, |c| c.satisfy("r", Scope::Branch, None, &by("cli", None)));
        assert!(fixture.satisfied(branch, Scope::Branch, "a", 1));
    }
    assert_eq!(all(&fixture.dir).unwrap().len(), 2);
}

#[test]
fn older_keys_are_migrated_and_the_later_satisfaction_stays() {
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.dir.path()).unwrap();
    let entry = |at: i64, by: &str| json!({"satisfied": true, "satisfied_at": at, "satisfied_by": by});
    let old = json!({"version": "1.0", "branch": "main", "extra": 1, "requirements": {"r": {"scope": "session",
        "sessions": {"cad0ac4d-3933-45ad-9a1c-14aec05bb940": entry(5, "skill"), "cad0ac4d": entry(4, "cli")}}}});
    let path = fixture.dir.branch(&Branch::named("main"));
    replace(&path, old.to_string().as_bytes(), Durability::Rebuildable, 0o644).unwrap();
    assert!(fixture.satisfied("main", Scope::Session, "cad0ac4d", 9), "read before it is migrated");
    fixture.change("main", 9, |c| c.mark_triggered("s", Scope::Session, &key("a")));
    let new: Value = serde_json::from_slice(&store::read(&path).unwrap().unwrap()).unwrap();
    assert_eq!(new["requirements"]["r"]["sessions"], json!({"cad0ac4d": entry(5, "skill")}));
    assert_eq!(new["extra"], 1, "unknown keys stay");
}

#[test]
fn a_corrupt_file_is_kept_aside() {
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.dir.path()).unwrap();
    for content in ["{", "[]", "{\"version\":\"1.0\"}", "{\"version\":\"9\",\"requirements\":{}}"] {
        let path = fixture.dir.branch(&Branch::named("main"));
        replace(&path, content.as_bytes(), Durability::Rebuildable, 0o644).unwrap();
        assert!(!fixture.satisfied("main", Scope::Session, "a", 1));
        fixture.change("main", 1, |c| c.satisfy("r", Scope::Session, Some(&key("a")), &by("cli", None)));
        assert!(fixture.satisfied("main", Scope::Session, "a", 1));
        let kept = std::fs::read_dir(fixture.dir.path()).unwrap().flatten().find(|entry| {
            entry.file_name().to_string_lossy().starts_with("main.json.corrupt-")
                && store::read(&entry.path()).unwrap().unwrap() == content.as_bytes()
        });
        assert!(kept.is_some(), "{content}");
    }
}

#[test]
fn old_sessions_go_and_live_ones_stay() {
    let fixture = Fixture::new();
    fixture.change("main", 100, |c| {
        for session in ["old", "live"] {
            c.satisfy("r", Scope::Session, Some(&key(session)), &by("cli", None));
        }
    });
    fixture.change("main", 900, |c| c.drop_old_sessions(500, |session| *session == key("live")));
    assert!(!fixture.satisfied("main", Scope::Session, "old", 900));
    assert!(fixture.satisfied("main", Scope::Session, "live", 900));
}

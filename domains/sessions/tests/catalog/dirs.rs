//! Which directories are sessions, and what is known of those whose `meta.json` is odd.
#![allow(clippy::disallowed_methods, reason = "a test writes its own files")]

use std::fs;

use sessions::SessionState::{Idle, Ready, Working};
use sessions::catalog::SessionCatalog;
use sessions::derived::derive;
use sessions::projects::Boundaries;

use crate::support::home::{Home, age, append, put, put_log, put_meta};
use crate::support::log::{Table, at, client, millis};

fn now() -> i64 {
    platform::time::Moment::now().wall.timestamp_millis()
}

#[test]
fn odd_metas_cost_only_what_they_held() {
    let home = Home::new();
    let log = [
        at(1, "SessionStart").with("cwd", "/mono").by(&client(7)),
        at(2, "UserPromptSubmit").with("cwd", "/mono/sub").by(&client(7)),
    ];
    let metas: [(&str, Option<&str>); 6] = [
        ("missing", None),
        ("empty", Some("")),
        ("torn", Some("{\"v\":1,\"session_id\":\"to")),
        ("newer", Some("{\"v\":2,\"session_id\":\"newer\",\"created_at\":\"\",\"project_dir\":\"/x\"}")),
        ("unlike", Some("{\"v\":3,\"session\":{}}")),
        ("whole", None),
    ];
    for (name, meta) in metas {
        let dir = home.session(name);
        put_log(&dir, &log);
        match meta {
            Some(meta) => put(&dir, "meta.json", meta),
            None if name == "whole" => put_meta(&dir, "/repo", Some(&client(7))),
            None => {}
        }
    }
    let mut book = SessionCatalog::default();
    book.refresh(&home.paths, now());
    let mut unsupported = book.unsupported().cloned().collect::<Vec<_>>();
    unsupported.sort();
    assert_eq!(unsupported, ["newer", "unlike"]);
    book.refresh_one(&home.paths, "newer", now());
    assert_eq!(book.unsupported().count(), 2, "each is named once");
    let mut boundaries = Boundaries::new(home.paths.home(), Vec::new());
    let state = derive(&book, &mut Table::of(&[7]), &mut boundaries, &[], millis(3));
    let projects: Vec<_> =
        state.sessions.iter().map(|s| (&*s.session_id, s.project_dir.to_str().unwrap())).collect();
    let begun_there = "/mono";
    assert_eq!(
        projects,
        [("empty", begun_there), ("missing", begun_there), ("torn", begun_there), ("whole", "/repo")]
    );
    assert!(state.sessions.iter().all(|session| session.cwd.ends_with("mono/sub")));

    // A meta that is lost while we look is remembered, and one that comes is read.
    put(&home.session("whole"), "meta.json", "{");
    put_meta(&home.session("torn"), "/other", None);
    book.refresh(&home.paths, now());
    let state = derive(&book, &mut Table::of(&[7]), &mut boundaries, &[], millis(3));
    let found = |id: &str| state.sessions.iter().find(|s| s.session_id == id).unwrap().project_dir.clone();
    assert_eq!((found("whole"), found("torn")), ("/repo".into(), "/other".into()));
}

#[test]
fn foreign_things_are_no_sessions() {
    let home = Home::new();
    let folder = home.paths.sessions_dir();
    put_log(&home.session("mine"), &[at(1, "Stop")]);
    for name in ["mine-7.lock", "legacy", ".trash-1-2", ".hidden"] {
        put_log(&home.session(name), &[at(1, "Stop")]);
    }
    fs::write(folder.join("file"), "").unwrap();
    fs::create_dir(home.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(home.join("elsewhere"), folder.join("link")).unwrap();
    let mut book = SessionCatalog::default();
    book.refresh(&home.paths, now());
    assert_eq!(book.sessions().map(|(name, _)| name).collect::<Vec<_>>(), ["mine"]);
}

#[test]
fn old_sessions_are_listed_only_while_somebody_may_be_there() {
    let home = Home::new();
    let dir = home.session("old");
    put_meta(&dir, "/repo", None);
    put_log(&dir, &[at(1, "UserPromptSubmit")]);
    age(&dir, 2);
    let listed = |book: &SessionCatalog| book.sessions().count();
    let mut book = SessionCatalog::default();
    book.refresh(&home.paths, now());
    assert_eq!(listed(&book), 0);
    append(&dir, at(2, "Stop").text());
    book.refresh(&home.paths, now());
    assert_eq!(listed(&book), 1, "it is back");
    fs::remove_dir_all(dir.path()).unwrap();
    book.refresh(&home.paths, now());
    assert_eq!(listed(&book), 0);
}

#[test]
fn one_session_can_be_looked_at_alone() {
    let home = Home::new();
    let mut book = SessionCatalog::default();
    for name in ["a", "b"] {
        put_log(&home.session(name), &[at(1, "UserPromptSubmit")]);
    }
    book.refresh(&home.paths, now());
    for name in ["a", "b"] {
        append(&home.session(name), at(2, "Stop").text());
    }
    book.refresh_one(&home.paths, "b", now());
    let states: Vec<_> = book.sessions().map(|(_, session)| session.log.machine().state).collect();
    assert_eq!(states, [Working, Ready]);
    fs::remove_dir_all(home.session("a").path()).unwrap();
    book.refresh_one(&home.paths, "a", now());
    assert_eq!(book.sessions().count(), 1);
    let state = derive(
        &book,
        &mut Table::default(),
        &mut Boundaries::new(home.paths.home(), Vec::new()),
        &["/gone".into()],
        millis(10_000),
    );
    assert_eq!((state.sessions[0].state, state.projects["/gone"].state), (Idle, Idle));
}

//! Projects and packages of `derived-state.json`, and what is told of a session.
#![allow(clippy::disallowed_methods, reason = "a test writes its own files")]

use std::fs;
use std::path::Path;

use hooks_common::owner::LoggedOwner;
use platform::process::Liveness;
use sessions::SessionState::{self, Idle, Ready, Waiting, Working};
use sessions::catalog::SessionCatalog;
use sessions::derived::{DerivedState, WriterLock, derive};
use sessions::projects::Boundaries;

use crate::support::home::{Home, append, put_log, put_meta};
use crate::support::log::{Line, Table, at, client, millis};

/// A repository with a package in it, and a session at each that is asked for.
struct Mono {
    home: Home,
    table: Table,
}

impl Mono {
    fn new() -> Self {
        let home = Home::new();
        fs::create_dir_all(home.join("mono/.git")).unwrap();
        for package in ["auth", "other"] {
            fs::create_dir_all(home.join("mono/packages").join(package)).unwrap();
            fs::write(home.join("mono/packages").join(package).join("package.json"), "").unwrap();
        }
        Self { home, table: Table::of(&[7, 8]) }
    }

    fn session(&self, name: &str, project: &str, client: &LoggedOwner, lines: &[Line]) {
        let dir = self.home.session(name);
        put_meta(&dir, self.home.join(project).to_str().unwrap(), Some(client));
        let by: Vec<_> = lines.iter().map(|line| line.clone().by(client)).collect();
        put_log(&dir, &by);
    }

    fn edit(&self, second: u32, file: &str) -> Line {
        let line = at(second, "PostToolUse").tool("Edit", "e", "1").with("file_op", "edit");
        line.with("file_path", self.home.join(file).to_str().unwrap())
    }

    fn derive(&self, second: i64) -> DerivedState {
        let mut book = SessionCatalog::default();
        book.refresh(&self.home.paths, platform::time::Moment::now().wall.timestamp_millis());
        let tracked = vec![self.home.join("mono/packages/other")];
        let mut boundaries = Boundaries::new(self.home.paths.home(), tracked.clone());
        derive(&book, &mut self.table.clone(), &mut boundaries, &tracked, millis(second))
    }

    fn project(&self, path: &str, second: i64) -> (SessionState, &'static str, bool) {
        let state = self.derive(second);
        let project = &state.projects[self.home.join(path).to_str().unwrap()];
        (project.state, project.via, project.live)
    }
}

const AUTH: &str = "mono/packages/auth";

fn working() -> Vec<Line> {
    vec![at(1, "SessionStart"), at(2, "UserPromptSubmit")]
}

#[test]
fn a_package_works_where_a_session_of_its_repository_edits() {
    let mono = Mono::new();
    let edited = [working(), vec![mono.edit(3, "mono/packages/auth/src/a.ts")]].concat();
    mono.session("root", "mono", &client(7), &edited);
    assert_eq!(mono.project("mono", 4), (Working, "session", true));
    assert_eq!(mono.project(AUTH, 303), (Working, "activity", true));
    assert_eq!(mono.project("mono/packages/other", 4), (Idle, "none", false));
    assert!(!mono.derive(304).projects.contains_key(mono.home.join(AUTH).to_str().unwrap()));

    append(&mono.home.session("root"), at(4, "Stop").text());
    assert!(!mono.derive(5).projects.contains_key(mono.home.join(AUTH).to_str().unwrap()));
}

#[test]
fn edits_count_for_a_package_only_where_nobody_else_is() {
    let mut mono = Mono::new();
    let edited = [working(), vec![mono.edit(3, "mono/packages/auth/src/a.ts")]].concat();
    mono.session("root", "mono", &client(7), &edited);
    mono.session("auth", AUTH, &client(8), &[at(1, "SessionStart")]);
    assert_eq!(mono.project(AUTH, 4), (Ready, "session", true));
    // Whom nobody can ask counts until the state is not believed any more.
    mono.table.0.insert(8, Liveness::Unknown);
    assert_eq!(mono.project(AUTH, 300), (Ready, "session", false));
    assert_eq!(mono.project(AUTH, 302), (Working, "activity", true));
    mono.table.0.remove(&8);
    assert_eq!(mono.project(AUTH, 5), (Working, "activity", true));
    mono.table.0.remove(&7);
    assert_eq!(mono.project(AUTH, 6), (Idle, "none", false));
}

#[test]
fn the_most_urgent_session_of_a_project_is_shown() {
    let mono = Mono::new();
    mono.session("a", "mono", &client(7), &working());
    mono.session("b", "mono", &client(8), &[at(3, "SessionStart")]);
    mono.session("c", "mono/packages", &client(9), &working());
    let state = mono.derive(4);
    let project = &state.projects[mono.home.join("mono").to_str().unwrap()];
    assert_eq!((project.state, project.session_id.as_deref()), (Working, Some("a")));
    assert_eq!(project.sessions, ["a", "b"]);
    let real = mono.home.join("mono");
    std::os::unix::fs::symlink(&real, mono.home.join("link")).unwrap();
    mono.session("d", "link", &client(8), &[at(4, "SessionStart"), at(5, "Elicitation")]);
    let shown = mono.derive(6).projects.into_iter().filter(|(path, _)| path.ends_with("mono"));
    let shown: Vec<_> = shown.map(|(_, project)| project.sessions).collect();
    assert_eq!(shown, [["a", "b", "d"]], "one project, however it is spelled");
}

#[test]
fn what_is_waited_for_is_told_while_it_is() {
    let mut mono = Mono::new();
    let asked = at(3, "PermissionRequest").tool("Bash", "", "1");
    mono.session("a", "mono", &client(7), &[working(), vec![asked]].concat());
    let session = |mono: &Mono, second| mono.derive(second).sessions.remove(0);
    let waiting = session(&mono, 4);
    assert_eq!((waiting.state, waiting.pending.unwrap().tool_name), (Waiting, "Bash".to_owned()));
    mono.table.0.insert(7, Liveness::Unknown);
    assert_eq!(session(&mono, 34).pending, None);
    mono.table.0.remove(&7);
    let gone = session(&mono, 34);
    assert_eq!((gone.pending, gone.liveness, gone.state), (None, "dead", Idle));
}

#[test]
fn one_process_writes_and_only_what_is_new() {
    let mono = Mono::new();
    mono.session("a", "mono", &client(7), &working());
    let file = mono.home.paths.derived_state();
    let written = || serde_json::from_slice::<serde_json::Value>(&fs::read(&file).unwrap()).unwrap();
    let mut writer = WriterLock::take(&mono.home.paths).unwrap().unwrap();
    assert!(WriterLock::take(&mono.home.paths).unwrap().is_none());
    assert!(writer.write(&mono.derive(4)).unwrap() && !writer.write(&mono.derive(9)).unwrap());
    let first = written();
    fs::remove_file(&file).unwrap();
    assert!(writer.write(&mono.derive(4)).unwrap());
    assert_eq!(written(), first, "deleting it changes nothing");
    drop(writer);
    fs::write(&file, "{\"v\":").unwrap();
    assert!(WriterLock::take(&mono.home.paths).unwrap().unwrap().write(&mono.derive(4)).unwrap());
    assert_eq!(written(), first);
    assert!(Path::new(&file).exists());
}

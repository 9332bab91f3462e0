//! `req upgrade`: the features that the configuration uses, and those that it could use.

use std::io::Write;
use std::path::{Path, PathBuf};

use config::finding::{Finding, Severity};
use config::sources::Level;
use config::yaml::{self, YamlNode};
use config::{cascade, older};
use gates::projects::{self, KnownProject};
use hooks_common::project::Project;
use platform::store::{self, lock};
use serde_json::json;

use super::{counted, json as print_json};
use crate::catalog::features::{Feature, features};
use crate::change::{ConfigFileChange, keep_copy};
use crate::cli::{UpgradeArgs, UpgradeCommand, UpgradeStatusArgs};
use crate::current_project::{CurrentProject, current_folder};
use crate::error::{CliResult, bail, on_stderr, unknown_name};
use crate::scan;

/// Shows, recommends or applies features, or scans for projects.
pub fn run(arguments: &UpgradeArgs, out: &mut impl Write) -> CliResult {
    match &arguments.command {
        None => status(&arguments.status, out),
        Some(UpgradeCommand::Status(arguments)) => status(arguments, out),
        Some(UpgradeCommand::Recommend { path, feature, json }) => {
            recommend(&place(path.as_deref())?, feature, json.json, out)
        }
        Some(UpgradeCommand::Apply { feature, to, dry_run, yes, json }) => {
            let change = Apply { features: named(feature)?, dry_run: *dry_run, yes: *yes, json: json.json };
            apply(&place(None)?, to.level(), &change, out)
        }
        Some(UpgradeCommand::Scan { paths, json }) => find(paths, json.json, out),
    }
}

/// This project, or the one at a path.
fn place(path: Option<&Path>) -> CliResult<CurrentProject> {
    let mut place = CurrentProject::here()?;
    if let Some(path) = path {
        let folder = absolute(path)?;
        if !folder.is_dir() {
            bail!("{} is not a folder", folder.display());
        }
        place.project = Project::of_event(&place.paths, None, &folder);
    }
    Ok(place)
}

fn absolute(path: &Path) -> CliResult<PathBuf> {
    Ok(platform::path::normalise(&current_folder()?.join(path)))
}

/// The features of these names, or an error with the closest name.
fn named(names: &[String]) -> CliResult<Vec<&'static Feature>> {
    let find = |name: &String| match Feature::named(name) {
        Some(feature) => Ok(feature),
        None => Err(unknown_name("feature", name, features().iter().map(|feature| feature.name.as_str()))),
    };
    names.iter().map(find).collect()
}

/// The configuration files in force of a project as trees, without those that cannot be parsed.
fn trees(project: &Project) -> Vec<(Level, YamlNode)> {
    let mut trees: Vec<(Level, YamlNode)> = Vec::new();
    for file in project.config_files() {
        let Some(bytes) = store::read(&file.path).ok().flatten() else { continue };
        let Ok((mut tree, _)) = yaml::parse(&String::from_utf8_lossy(&bytes), 0) else { continue };
        older::renew(&mut tree);
        if file.level == Level::Project && !inherits(&tree) {
            trees.clear();
        }
        trees.push((file.level, tree));
    }
    trees
}

fn inherits(tree: &YamlNode) -> bool {
    tree.get("inherit").and_then(YamlNode::as_bool) != Some(false)
}

/// The features, those in use first.
fn sorted(project: &Project) -> (Vec<&'static Feature>, Vec<&'static Feature>) {
    let trees = trees(project);
    features().iter().partition(|feature| trees.iter().any(|(_, tree)| feature.is_used(tree)))
}

fn status(arguments: &UpgradeStatusArgs, out: &mut impl Write) -> CliResult {
    if arguments.all {
        return status_of_all(arguments.json.json, out);
    }
    let place = place(arguments.path.as_deref())?;
    let root = place.project.root();
    let (used, free) = sorted(&place.project);
    let findings = cascade::load(place.project.config_files()).findings;
    if arguments.json.json {
        let shown = |features: &[&Feature]| -> Vec<_> {
            features.iter().map(|feature| json!({"name": feature.name, "about": feature.about})).collect()
        };
        return print_json(
            out,
            &json!({"project": root, "configured": place.project.is_configured(), "used": shown(&used),
                    "available": shown(&free), "findings": findings}),
        );
    }
    writeln!(out, "{} uses {} of {} features.", root.display(), used.len(), features().len())?;
    for (features, heading) in [(&used, "In use:"), (&free, "Available:")] {
        if !features.is_empty() {
            writeln!(out, "{heading}")?;
        }
        for feature in features {
            writeln!(out, "  {:19} {}", feature.name, feature.about)?;
        }
    }
    let problems: Vec<&Finding> =
        findings.iter().filter(|finding| finding.severity > Severity::Note).collect();
    if !problems.is_empty() {
        writeln!(out, "To fix:")?;
    }
    for finding in problems {
        writeln!(out, "  {finding}")?;
    }
    if let (true, Some(feature)) = (place.project.is_configured(), free.first()) {
        writeln!(out, "Next: req upgrade apply -f {}", feature.name)?;
    }
    Ok(())
}

fn status_of_all(as_json: bool, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let known = projects::all(&place.paths)?;
    let mut shown = Vec::new();
    for project in &known {
        let is_configured = scan::is_configured(&place.paths, &project.root);
        let now = Project::of_event(&place.paths, None, &project.root);
        let used = if is_configured { sorted(&now).0 } else { Vec::new() };
        let names: Vec<_> = used.iter().map(|feature| feature.name.as_str()).collect();
        let findings = if is_configured { cascade::load(now.config_files()).findings } else { Vec::new() };
        let wrong = findings.iter().filter(|finding| finding.severity > Severity::Note).count();
        if as_json {
            shown.push(
                json!({"project": project.root, "configured": is_configured, "used": names, "findings": findings}),
            );
        } else if is_configured {
            let to_fix = if wrong == 0 { String::new() } else { format!(", {wrong} to fix") };
            let list = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
            writeln!(
                out,
                "{}  {} of {}{to_fix}{list}",
                project.root.display(),
                names.len(),
                features().len()
            )?;
        } else {
            writeln!(out, "{}  no longer has a configuration", project.root.display())?;
        }
    }
    if as_json {
        return print_json(out, &json!({"file": place.paths.project_registry(), "projects": shown}));
    }
    if known.is_empty() {
        writeln!(out, "No project is known yet; `req upgrade scan` finds them.")?;
    }
    Ok(())
}

/// A feature as YAML.
fn lines(feature: &Feature) -> CliResult<String> {
    Ok(config_edit::set("", &feature.keys(), &feature.snippet())?)
}

fn recommend(place: &CurrentProject, names: &[String], as_json: bool, out: &mut impl Write) -> CliResult {
    let features = if names.is_empty() { sorted(&place.project).1 } else { named(names)? };
    if as_json {
        let mut shown = Vec::new();
        for feature in &features {
            let yaml = lines(feature)?;
            shown.push(json!({"name": feature.name, "about": feature.about, "path": feature.path.join("."), "yaml": yaml}));
        }
        return print_json(out, &json!({"project": place.project.root(), "features": shown}));
    }
    for feature in &features {
        writeln!(out, "# {}: {}\n#   req upgrade apply -f {}", feature.name, feature.about, feature.name)?;
        writeln!(out, "{}", lines(feature)?)?;
    }
    if features.is_empty() {
        writeln!(out, "Every feature is in use.")?;
    }
    Ok(())
}

struct Apply {
    features: Vec<&'static Feature>,
    dry_run: bool,
    yes: bool,
    json: bool,
}

/// Adds all features or none.
fn apply(place: &CurrentProject, level: Level, apply: &Apply, out: &mut impl Write) -> CliResult {
    if level != Level::Global {
        crate::change::configured(place)?;
    }
    let mut change = ConfigFileChange::open(place, level)?;
    let trees = trees(&place.project);
    for feature in &apply.features {
        if trees.iter().any(|(at, tree)| *at == level && feature.is_there(tree)) {
            let path = feature.path.join(".");
            bail!("{} already has `{path}`; nothing was changed", change.path.display());
        }
        change.set(&feature.keys(), &feature.snippet())?;
    }
    let notes = change.tried(place)?;
    if !apply.json {
        change.preview(out)?;
    }
    let mut copy = None;
    if !apply.dry_run {
        change.confirm(apply.yes, out)?;
        change.check_writable()?;
        copy = keep_copy(&change.path)?;
        change.write()?;
    }
    if apply.json {
        let names: Vec<_> = apply.features.iter().map(|feature| feature.name.as_str()).collect();
        return print_json(
            out,
            &json!({"file": change.path, "features": names, "changed": !apply.dry_run, "copy": copy, "findings": notes}),
        );
    }
    if apply.dry_run {
        writeln!(out, "Nothing was changed.")?;
    } else {
        writeln!(out, "Changed {}.", change.path.display())?;
    }
    if let Some(copy) = copy {
        writeln!(out, "The old file is kept as {}.", copy.display())?;
    }
    for note in notes {
        on_stderr(note);
    }
    Ok(())
}

fn find(named: &[PathBuf], as_json: bool, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let mut folders = Vec::new();
    for path in named {
        let folder = absolute(path)?;
        if !folder.is_dir() {
            bail!("{} is not a folder", folder.display());
        }
        folders.push(platform::path::resolve(&folder));
    }
    if named.is_empty() {
        folders = scan::usual(&place.paths);
    }
    let known: Vec<KnownProject> = scan::projects(&place.paths, &folders)
        .into_iter()
        .map(|root| {
            let project = Project::of_event(&place.paths, None, &root);
            let own = trees(&project).into_iter().find(|(level, _)| *level == Level::Project);
            let features = sorted(&project).0.iter().map(|feature| feature.name.clone()).collect();
            KnownProject { inherits: own.is_none_or(|(_, tree)| inherits(&tree)), features, root }
        })
        .collect();
    let is_gone = |root: &Path| !scan::is_configured(&place.paths, root);
    let (new, forgotten) =
        projects::record(&place.paths, &known, &folders, is_gone, place.now.epoch(), lock::PATIENT)?;
    let file = place.paths.project_registry();
    if as_json {
        let roots: Vec<_> = known.iter().map(|known| &known.root).collect();
        return print_json(
            out,
            &json!({"file": file, "searched": folders, "projects": roots, "new": new, "forgotten": forgotten}),
        );
    }
    for known in &known {
        writeln!(out, "{}  {}", known.root.display(), counted(known.features.len(), "feature"))?;
    }
    if folders.is_empty() {
        writeln!(out, "None of the usual folders exists.\nNext: name one, as in `req upgrade scan ~/src`")?;
    } else {
        writeln!(
            out,
            "{} found, {new} new, {forgotten} forgotten: {}",
            counted(known.len(), "project"),
            file.display()
        )?;
    }
    Ok(())
}

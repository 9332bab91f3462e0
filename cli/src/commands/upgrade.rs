//! `req upgrade`: which features the configuration uses, and which it could.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use config::check::nearest;
use config::finding::{Finding, Severity};
use config::sources::Level;
use config::yaml::{self, YamlNode};
use config::{cascade, older};
use gates::projects::{self, Known};
use hooks_common::project::Project;
use platform::store::{self, lock};
use serde_json::json;

use super::json as print_json;
use crate::catalog::features::{Feature, features};
use crate::change::{Change, keep_copy};
use crate::cli::{Upgrade, UpgradeCommand, UpgradeStatus};
use crate::place::Place;
use crate::scan;

/// Tells, recommends, applies, scans.
pub fn run(arguments: &Upgrade, out: &mut impl Write) -> anyhow::Result<()> {
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
fn place(path: Option<&Path>) -> anyhow::Result<Place> {
    let mut place = Place::here()?;
    if let Some(path) = path {
        let folder = absolute(path)?;
        if !folder.is_dir() {
            bail!("{} is no folder", folder.display());
        }
        place.project = Project::of_event(&place.paths, None, &folder);
    }
    Ok(place)
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("the current folder is gone")?;
    Ok(platform::path::normalise(&here.join(path)))
}

/// The features of these names, or an error with the name that was meant.
fn named(names: &[String]) -> anyhow::Result<Vec<&'static Feature>> {
    let find = |name: &String| match Feature::named(name) {
        Some(feature) => Ok(feature),
        None => match nearest(name, features().iter().map(|feature| feature.name.as_str())) {
            Some(near) => bail!("no feature is called `{name}`; did you mean `{near}`?"),
            None => bail!("no feature is called `{name}`; `req upgrade status` lists them"),
        },
    };
    names.iter().map(find).collect()
}

/// The files of a project that count, as trees; broken ones are left out.
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

fn status(arguments: &UpgradeStatus, out: &mut impl Write) -> anyhow::Result<()> {
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
    for (features, heading) in [(&used, "In use:"), (&free, "Could be used:")] {
        if !features.is_empty() {
            writeln!(out, "{heading}")?;
        }
        for feature in features {
            writeln!(out, "  {:19} {}", feature.name, feature.about)?;
        }
    }
    let told: Vec<&Finding> = findings.iter().filter(|finding| finding.severity > Severity::Note).collect();
    if !told.is_empty() {
        writeln!(out, "To be mended:")?;
    }
    for finding in told {
        writeln!(out, "  {finding}")?;
    }
    if let (true, Some(feature)) = (place.project.is_configured(), free.first()) {
        writeln!(out, "To add one: req upgrade apply -f {}", feature.name)?;
    }
    Ok(())
}

fn status_of_all(as_json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
    let known = projects::all(&place.paths)?;
    let mut shown = Vec::new();
    for project in &known {
        let is_there = scan::is_configured(&place.paths, &project.root);
        let now = Project::of_event(&place.paths, None, &project.root);
        let used = if is_there { sorted(&now).0 } else { Vec::new() };
        let names: Vec<_> = used.iter().map(|feature| feature.name.as_str()).collect();
        let findings = if is_there { cascade::load(now.config_files()).findings } else { Vec::new() };
        let wrong = findings.iter().filter(|finding| finding.severity > Severity::Note).count();
        if as_json {
            shown.push(
                json!({"project": project.root, "configured": is_there, "used": names, "findings": findings}),
            );
        } else if is_there {
            let mend = if wrong == 0 { String::new() } else { format!(", {wrong} to be mended") };
            let list = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
            writeln!(out, "{}  {} of {}{mend}{list}", project.root.display(), names.len(), features().len())?;
        } else {
            writeln!(out, "{}  has no configuration any more", project.root.display())?;
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

/// A feature as the lines of a file that has nothing else.
fn lines(feature: &Feature) -> anyhow::Result<String> {
    Ok(config_edit::set("", &feature.keys(), &feature.snippet())?)
}

fn recommend(place: &Place, names: &[String], as_json: bool, out: &mut impl Write) -> anyhow::Result<()> {
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
fn apply(place: &Place, level: Level, apply: &Apply, out: &mut impl Write) -> anyhow::Result<()> {
    if level != Level::Global {
        crate::change::configured(place)?;
    }
    let mut change = Change::open(place, level)?;
    let trees = trees(&place.project);
    for feature in &apply.features {
        if trees.iter().any(|(at, tree)| *at == level && feature.is_there(tree)) {
            let path = feature.path.join(".");
            bail!("{} has `{path}` already; nothing was changed", change.path.display());
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
        writeln!(out, "The old file: {}", copy.display())?;
    }
    for note in notes {
        eprintln!("req: {note}");
    }
    Ok(())
}

fn find(named: &[PathBuf], as_json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
    let mut folders = Vec::new();
    for path in named {
        let folder = absolute(path)?;
        if !folder.is_dir() {
            bail!("{} is no folder", folder.display());
        }
        folders.push(platform::path::resolve(&folder));
    }
    if named.is_empty() {
        folders = scan::usual(&place.paths);
    }
    let known: Vec<Known> = scan::projects(&place.paths, &folders)
        .into_iter()
        .map(|root| {
            let project = Project::of_event(&place.paths, None, &root);
            let own = trees(&project).into_iter().find(|(level, _)| *level == Level::Project);
            let features = sorted(&project).0.iter().map(|feature| feature.name.clone()).collect();
            Known { inherits: own.is_none_or(|(_, tree)| inherits(&tree)), features, root }
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
        writeln!(out, "{}  {} features", known.root.display(), known.features.len())?;
    }
    if folders.is_empty() {
        writeln!(out, "None of the usual folders is there; name one: req upgrade scan ~/src")?;
    } else {
        writeln!(out, "Found {}, new {new}, forgotten {forgotten}: {}", known.len(), file.display())?;
    }
    Ok(())
}

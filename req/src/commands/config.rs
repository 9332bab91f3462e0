//! `req config`: the configuration as it is in force.

use std::io::Write;

use anyhow::bail;
use config::cascade;
use config::check::nearest;
use hooks_common::project::Level;
use serde_json::{Map, json};

use super::json as print_json;
use crate::cli::Config;
use crate::place::Place;

/// Prints the merged configuration, one requirement of it, or each level by itself.
pub fn run(arguments: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
    let merged = cascade::load(place.project.config_files());
    if arguments.sources {
        let mut levels = Map::new();
        for file in place.project.config_files().iter().filter(|file| file.identity.is_some()) {
            let name = match file.level {
                Level::Global => "global",
                Level::Project => "project",
                Level::Local => "local",
            };
            let alone = cascade::load_one(&file.path, file.level);
            levels.insert(name.to_owned(), json!({"file": file.path, "configuration": alone.configuration}));
        }
        levels.insert(
            "merged".to_owned(),
            json!({"configuration": merged.configuration, "findings": merged.findings}),
        );
        return print_json(out, &levels);
    }
    match arguments.name.as_deref() {
        None | Some("show") => print_json(out, &merged.configuration),
        Some(name) => {
            let all = &merged.configuration.requirements.0;
            let found = all.iter().zip(&merged.places).find(|((known, _), _)| known == name);
            let Some(((_, requirement), at)) = found else {
                let known = all.iter().map(|(name, _)| name.as_str());
                match nearest(name, known.clone()) {
                    Some(near) => bail!("no requirement is called `{name}`; did you mean `{near}`?"),
                    None => bail!(
                        "no requirement is called `{name}`; there are: {}",
                        known.collect::<Vec<_>>().join(", ")
                    ),
                }
            };
            if arguments.json.json {
                return print_json(out, &json!({"name": name, "place": at, "requirement": requirement}));
            }
            writeln!(out, "{name}  ({}:{})", place.shown(&at.file).display(), at.line)?;
            print_json(out, requirement)
        }
    }
}

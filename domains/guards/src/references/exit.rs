//! Work moves to another node of its cycle only if the node's criteria are met and the other node follows it.

use std::path::Path;

use platform::text::fact;

use super::document::{PlanningDocument, is_id};
use crate::examined::text_of;
use crate::objection::Objection;

/// The nodes, each with the nodes that follow it.
const NODES: [(&str, &[&str]); 5] = [
    ("backlog", &["discovery", "plan"]),
    ("discovery", &["backlog", "plan"]),
    ("plan", &["backlog", "implement"]),
    ("implement", &["plan", "close"]),
    ("close", &["implement", "complete"]),
];
/// The minimum number of characters of findings.
const LEAST_FOUND: usize = 50;

/// The findings over a work document that moves from one node to another.
pub fn examine(
    root: &Path,
    file: &Path,
    before: &PlanningDocument,
    after: &PlanningDocument,
) -> Vec<Objection> {
    let (from, to) = (before.scalar("current_node"), after.scalar("current_node"));
    if !is_work(file) || from.is_empty() || to.is_empty() || from == to {
        return Vec::new();
    }
    let shown = file.strip_prefix(root).unwrap_or(file).to_string_lossy();
    let moves = format!("{} moves from {} to {}", fact(&shown), fact(from), fact(to));
    let mut found = Vec::new();
    let unmet = unmet(root, from, id_of(file, before, after));
    if !unmet.is_empty() {
        found.push(Objection::sure(
            format!("{moves} with unmet criteria: {}", unmet.join("; ")),
            format!("meet the criteria of {} first", fact(from)),
        ));
    }
    let following = NODES.iter().find(|(node, _)| *node == from).map_or(&[][..], |(_, following)| following);
    if !following.contains(&to) {
        let way_out = match following {
            [] => "use a node of the work cycle: backlog, discovery, plan, implement, close, complete"
                .to_owned(),
            _ => format!("go on to {}", following.join(" or ")),
        };
        found.push(Objection::advice(format!("{moves}, which does not follow it"), way_out));
    }
    found
}

/// Whether a file is a work document in one of the layouts: `E2-001/WORK.md` or `WORK-E2-001-title.md`.
fn is_work(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name == "WORK.md" || (name.starts_with("WORK-") && name.ends_with(".md"))
}

/// The id of the work, from the document or else from the name of its folder.
fn id_of<'a>(file: &'a Path, before: &'a PlanningDocument, after: &'a PlanningDocument) -> Option<&'a str> {
    let folder = || file.parent()?.file_name()?.to_str().filter(|name| is_id(name));
    after.id().or_else(|| before.id()).or_else(folder)
}

/// The unmet criteria of a node, as clauses.
fn unmet(root: &Path, node: &str, id: Option<&str>) -> Vec<String> {
    match (node, id) {
        ("discovery" | "plan", None) => vec!["the document has no `id`".to_owned()],
        ("discovery", Some(id)) => unmet_in_discovery(root, id),
        ("plan", Some(id)) => {
            let plan = format!("docs/work/active/{id}/plans/PLAN.md");
            let text = text_of(&root.join(&plan)).unwrap_or_default();
            let document = PlanningDocument::of(&text);
            match document.scalar("status") {
                "approved" => Vec::new(),
                _ if document.is_empty => vec![format!("there is no {}", fact(&plan))],
                status => vec![is_not(&plan, status, "approved")],
            }
        }
        _ => Vec::new(),
    }
}

/// One investigation of the work must be complete and have findings; otherwise the failure of the last one is
/// returned.
fn unmet_in_discovery(root: &Path, id: &str) -> Vec<String> {
    const FOLDER: &str = "docs/investigations";
    let beginning = format!("INVESTIGATION-{id}-");
    let is_named = |name: &String| name.starts_with(&beginning) && name.ends_with(".md");
    let entries = std::fs::read_dir(root.join(FOLDER)).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(is_named).collect();
    names.sort();
    let mut unmet = vec![format!("there is no {}", fact(&format!("{FOLDER}/{beginning}*.md")))];
    for name in names {
        let name = format!("{FOLDER}/{name}");
        let text = text_of(&root.join(&name)).unwrap_or_default();
        let document = PlanningDocument::of(&text);
        unmet.clear();
        if document.scalar("status") != "complete" {
            unmet.push(is_not(&name, document.scalar("status"), "complete"));
        }
        let found = findings(&text).trim().chars().count();
        if found < LEAST_FOUND {
            let name = fact(&name);
            unmet.push(format!("`## Findings` of {name} has {found} characters, not {LEAST_FOUND}"));
        }
        if unmet.is_empty() {
            break;
        }
    }
    unmet
}

fn is_not(file: &str, status: &str, expected: &str) -> String {
    match status {
        "" => format!("{} has no status, not `{expected}`", fact(file)),
        status => format!("{} has status {}, not `{expected}`", fact(file), fact(status)),
    }
}

/// The text below `## Findings`, including deeper headings. Headings in code blocks do not count.
fn findings(text: &str) -> String {
    let mut is_code = false;
    let mut is_inside = false;
    let mut found = String::new();
    for line in text.lines() {
        is_code ^= line.trim_start().starts_with("```");
        if !is_code && (line.starts_with("## ") || line.starts_with("# ")) {
            is_inside = line.trim_end().eq_ignore_ascii_case("## findings");
        } else if is_inside {
            found.push_str(line.trim_end());
            found.push('\n');
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_end_where_the_next_section_begins() {
        for (text, expected) in [
            (
                "# T\n## Findings\r\n\r\nfound\r\n### More\r\nit\r\n## Next\r\nother\r\n",
                "\nfound\n### More\nit\n",
            ),
            ("## Findings\n```\n## not a heading\n```\nend", "```\n## not a heading\n```\nend\n"),
            ("## findings \na\n# T\nb\n", "a\n"),
            ("## Findings so far\na\n", ""),
            ("Findings\n", ""),
        ] {
            assert_eq!(findings(text), expected, "{text}");
        }
    }
}

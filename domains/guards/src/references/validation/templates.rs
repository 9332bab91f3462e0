//! The known templates as data: the required content of a document of each.

use documents::front_matter::Field;

/// The required content of a document of a template, from one version of the template on.
#[derive(Debug)]
pub struct TemplateRules {
    /// The name in `template`.
    pub template: &'static str,
    /// The documents of the template that it applies to.
    applies: Applies,
    /// The fields of the front matter that must have a value.
    pub required: &'static [&'static str],
    /// The fields with a fixed set of values, each with these values.
    pub choices: &'static [(&'static str, &'static [&'static str])],
    /// The sections that must have content, or a reason for having none.
    pub sections: &'static [&'static str],
}

/// The documents of a template that a profile applies to.
#[derive(Debug)]
enum Applies {
    Always,
    /// Documents with an older `version`.
    Before(u32, u32),
    /// Documents with this field.
    With(&'static str),
}

const PLAN_FIELDS: &[&str] = &["template", "status", "date", "backlog_id"];
const PLAN_CHOICES: &[(&str, &[&str])] =
    &[("status", &["draft", "ready", "approved", "rejected", "complete"])];

/// The profiles. Of those of a template, the first one that applies is used.
const PROFILES: &[TemplateRules] = &[
    // A manifest lists what to load and what is pending; it has no content of its own.
    TemplateRules {
        template: "checkpoint",
        applies: Applies::With("load_principles"),
        required: &["template", "session", "date"],
        choices: &[],
        sections: &[],
    },
    TemplateRules {
        template: "checkpoint",
        applies: Applies::Always,
        required: &["template", "status", "date", "version", "author", "project_phase"],
        choices: &[("status", &["draft", "active", "complete", "archived"])],
        sections: &[],
    },
    // Version 1.5 introduced the sections.
    TemplateRules {
        template: "implementation_plan",
        applies: Applies::Before(1, 5),
        required: PLAN_FIELDS,
        choices: PLAN_CHOICES,
        sections: &[],
    },
    TemplateRules {
        template: "implementation_plan",
        applies: Applies::Always,
        required: PLAN_FIELDS,
        choices: PLAN_CHOICES,
        sections: &[
            "Goal",
            "Effort Estimation (Ground Truth)",
            "Current State vs Desired State",
            "Tests First (TDD)",
            "Detailed Design",
            "Implementation Steps",
            "Verification",
            "Ground Truth Verification (Before Closing)",
        ],
    },
    TemplateRules {
        template: "architecture_decision_record",
        applies: Applies::Always,
        required: &["template", "status", "date", "adr_id"],
        choices: &[("status", &["proposed", "accepted", "rejected", "superseded", "deprecated"])],
        sections: &[],
    },
    TemplateRules {
        template: "investigation",
        applies: Applies::Always,
        required: &["template", "status", "date", "backlog_id"],
        choices: &[("status", &["draft", "active", "pending", "closed", "complete", "archived"])],
        sections: &[
            "Context",
            "Prior Work Query",
            "Objective",
            "Scope",
            "Hypotheses",
            "Exploration Plan",
            "Evidence Collection",
            "Findings",
            "Spawned Work Items",
            "Ground Truth Verification",
            "Closure Checklist",
        ],
    },
    TemplateRules {
        template: "report",
        applies: Applies::Always,
        required: &["template", "status", "date"],
        choices: &[("status", &["draft", "active", "complete", "archived", "final", "reviewed", "disputed"])],
        sections: &[],
    },
    TemplateRules {
        template: "readme",
        applies: Applies::Always,
        required: &["template", "status", "date", "component"],
        choices: &[("status", &["draft", "active", "deprecated", "archived"])],
        sections: &[],
    },
    TemplateRules {
        template: "backlog_item",
        applies: Applies::Always,
        required: &["template", "status", "date", "backlog_id", "priority", "complexity", "category"],
        choices: &[
            ("status", &["proposed", "researching", "ready", "implementing", "cancelled", "complete"]),
            ("priority", &["critical", "high", "medium", "low"]),
            ("complexity", &["small", "medium", "large", "unknown"]),
            ("category", &["enhancement", "technical_debt", "bug", "research", "documentation"]),
        ],
        sections: &[],
    },
    TemplateRules {
        template: "work_item",
        applies: Applies::Always,
        required: &["template", "status", "id", "title", "current_node"],
        choices: &[("status", &["active", "blocked", "complete", "archived"])],
        sections: &["Context", "Deliverables"],
    },
];

/// The rules for a document with this front matter; `None` if its template is unknown.
pub fn profile(template: &str, version: &str, fields: &[Field]) -> Option<&'static TemplateRules> {
    PROFILES.iter().filter(|profile| profile.template == template).find(|profile| match profile.applies {
        Applies::Always => true,
        Applies::Before(major, minor) => numbers(version).is_some_and(|version| version < (major, minor)),
        Applies::With(key) => fields.iter().any(|field| field.key == key),
    })
}

/// The first two numbers of a version; `None` if it does not begin with one.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches(['v', 'V']).split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next().map_or(Some(0), |minor| minor.parse().ok())?;
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use documents::front_matter;

    use super::*;

    fn profile_of(lines: &str) -> Option<&'static TemplateRules> {
        let (fields, _) = front_matter::read(&format!("---\n{lines}\n---\n")).unwrap();
        let scalar = |key| front_matter::scalar(&fields, key);
        profile(scalar("template"), scalar("version"), &fields)
    }

    #[test]
    fn a_version_has_its_own_profile() {
        let sections = |lines: &str| profile_of(lines).unwrap().sections.len();
        for (version, expected) in
            [("'1.4'", 0), ("1", 0), ("v0.9", 0), ("'1.5'", 8), ("1.10", 8), ("2", 8), ("new", 8), ("", 8)]
        {
            assert_eq!(
                sections(&format!("template: implementation_plan\nversion: {version}")),
                expected,
                "{version}"
            );
        }
        let required = |lines: &str| profile_of(lines).unwrap().required.len();
        assert_eq!(required("template: checkpoint"), 6);
        assert_eq!(required("template: checkpoint\nload_principles:\n  - a.md"), 3);
        assert!(profile_of("template: home.html").is_none() && profile_of("title: x").is_none());
    }

    #[test]
    fn every_template_has_a_profile_for_all_of_its_documents() {
        for profile in PROFILES {
            let last = PROFILES.iter().rfind(|other| other.template == profile.template).unwrap();
            assert!(matches!(last.applies, Applies::Always), "{}", profile.template);
            assert_eq!(profile.required[0], "template");
        }
    }
}

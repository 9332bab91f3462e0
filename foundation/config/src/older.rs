//! Words of older versions. They are always read and never written.

use crate::yaml::{YamlNode, YamlProblem, YamlValue};

/// The key that `condition` replaced.
const GUARD_TYPE: &str = "guard_type";
const CONDITION: &str = "condition";

/// The current word for a requirement's `type`.
pub fn kind(word: &str) -> &str {
    match word {
        "guard" => CONDITION,
        "dynamic" => "limit",
        word => word,
    }
}

/// The older word for a requirement's `type`, if there is one.
pub fn word(kind: &str) -> Option<&'static str> {
    ["guard", "dynamic"].into_iter().find(|word| self::kind(word) == kind)
}

/// Replaces the older words in one file by the current ones, and returns warnings about them.
///
/// It runs on each file before the levels are merged. A project's `condition` must replace a global `guard_type` as
/// it replaces a global `condition`. Comparisons, output and suggestions then never contain older words.
pub fn renew(file: &mut YamlNode) -> Vec<YamlProblem> {
    let mut complaints = Vec::new();
    let Some(YamlValue::Mapping(requirements)) = file.get_mut("requirements").map(|node| &mut node.value)
    else {
        return complaints;
    };
    for (_, requirement) in requirements {
        if let Some(YamlValue::Scalar { text, .. }) = requirement.get_mut("type").map(|node| &mut node.value)
        {
            *text = kind(text).to_owned();
        }
        let is_renewed = requirement.get(CONDITION).is_some();
        let YamlValue::Mapping(entries) = &mut requirement.value else { continue };
        let Some(at) = entries.iter().position(|(key, _)| key.text() == Some(GUARD_TYPE)) else { continue };
        if is_renewed {
            let message = format!("`{GUARD_TYPE}` has no effect beside `{CONDITION}`");
            complaints.push(YamlProblem { mark: entries.remove(at).0.mark, message });
        } else {
            entries[at].0.value = YamlValue::Scalar { text: CONDITION.to_owned(), plain: true };
        }
    }
    complaints
}

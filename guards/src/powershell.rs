//! Guard `powershell`.

use config::types::guards::Powershell;

use crate::objection::Objection;
use crate::sight::Sight;

/// Whether the guard has anything to look at: a cheap look, before its settings are read.
pub fn concerns(_sight: &Sight<'_>) -> bool {
    false
}

/// What the guard finds.
///
/// # Errors
/// When it cannot look.
pub fn examine(_settings: &Powershell, _sight: &Sight<'_>) -> Result<Vec<Objection>, String> {
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn rows_hold() {
        Bench::new("  powershell: {}").check(&[("ls", "pass")]);
    }
}

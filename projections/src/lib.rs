//! The one list of projections. A domain that derives files from session logs adds one row.
//!
//! The list stands above the domains because no domain knows another; the events at whose end projections are brought up
//! to date, and the command line, share it.

use hooks_common::projection::{Projection, ProjectionError, ProjectionScope};
use hooks_common::runtime::Hook;
use hooks_common::session_log;

/// Every projection, in the order in which they are brought up to date.
pub const TABLE: [Projection; 3] =
    [gates::metrics::PROJECTION, continuity::mirror::PROJECTION, guards::projection::PROJECTION];

/// Brings all of them up to date for the hook's session: when a turn begins or ends, at a compaction, when a session
/// starts.
pub fn bring_up_to_date(hook: &mut Hook) {
    hooks_common::projection::bring_up_to_date(hook, &TABLE, false);
}

/// The same when the session ends.
pub fn finish(hook: &mut Hook) {
    hooks_common::projection::bring_up_to_date(hook, &TABLE, true);
}

/// The same for any session; the first failure, with the name of its projection, once all were tried.
///
/// # Errors
/// When one of them fails.
pub fn of_session(scope: &ProjectionScope<'_>) -> Result<(), (&'static str, ProjectionError)> {
    let mut failed = None;
    for projection in TABLE {
        if let Err(error) = (projection.bring_up_to_date)(scope) {
            failed.get_or_insert((projection.name, error));
        }
    }
    failed.map_or(Ok(()), Err)
}

/// The names of everything that lies in a session's directory: the spine's own files, and those of each projection.
pub fn session_files() -> Vec<&'static str> {
    let of_domains = TABLE.iter().flat_map(|projection| projection.session_files);
    session_log::FILES.iter().chain(of_domains).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_session_has_one_owner() {
        let mut files = session_files();
        let all = files.len();
        files.sort_unstable();
        files.dedup();
        assert_eq!(files.len(), all, "two rows claim one file");
        for known in
            ["meta.json", "events.jsonl", "continuity.json", "handoff.json", "outcomes.json", "alerts.told"]
        {
            assert!(files.contains(&known), "{known}");
        }
    }
}

//! Removals that affect the root or a system folder if a variable is empty.

use platform::text::fact;
use shell::Command;

use super::pieces::{self, Piece};
use super::roots;
use crate::objection::Objection;

/// Folders that a system needs. Folders for user content such as `/opt/$APP` are not in the list.
const SYSTEM: [&str; 15] = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/root",
    "/sbin",
    "/usr",
    "/var",
    "/Users",
    "/Library",
    "/System",
    "/Applications",
];

/// Finds a recursive removal that affects the root, or all of `/etc`, if a variable is empty: `rm -rf
/// "$DIR"/*`, `rm -rf /etc/$X`. A variable that the line itself sets is not reported.
pub fn find(command: &Command, written: &str) -> Option<Objection> {
    if !matches!(command.program(), Some("rm" | "grm")) || !roots::is_recursive(command.arguments()) {
        return None;
    }
    command.arguments().iter().filter(|word| !word.is_literal).find_map(|word| {
        let (name, what, instead) = reached(&word.text, written)?;
        Some(Objection::doubtful(
            format!(
                "where {} is empty, this removes {what}: {}",
                fact(&format!("${name}")),
                fact(&word.text)
            ),
            format!("let it fail where the variable is empty: rm -rf {instead}"),
        ))
    })
}

/// The variable, the path that is removed if it is empty, and what to write instead.
fn reached(text: &str, written: &str) -> Option<(String, String, String)> {
    let may_be_empty = |name: &str| {
        let is_set =
            [format!("{name}="), format!("for {name} "), format!("read {name}"), format!("read -r {name}")]
                .iter()
                .any(|set| written.contains(set.as_str()));
        !is_set
            && !matches!(name, "HOME" | "PWD" | "OLDPWD" | "TMPDIR" | "USER" | "LOGNAME" | "UID" | "HOSTNAME")
    };
    let pieces = pieces::of(text);
    // A word such as `"$DIR"/*`.
    if let Some((Piece::Variable(_, name, ""), rest)) = pieces.split_first() {
        let rest: String = rest.iter().map(|piece| piece.written()).collect();
        let is_root = matches!(&*rest, "/" | "/*" | "/." | "/.*" | "/{*,.*}");
        return (is_root && may_be_empty(name)).then(|| {
            ((*name).to_owned(), "all files there are".to_owned(), format!("\"${{{name}:?}}\"{rest}"))
        });
    }
    // A word such as `/$X` or `/etc/$X`.
    let mut first = None;
    let (mut empty, mut instead) = (String::new(), String::new());
    for piece in pieces {
        match piece {
            Piece::Variable(_, name, "") if may_be_empty(name) => {
                first.get_or_insert(name);
                instead.push_str(&format!("\"${{{name}:?}}\""));
            }
            Piece::Plain(plain) => {
                empty.push_str(plain);
                instead.push_str(plain);
            }
            _ => return None,
        }
    }
    let left = empty.strip_suffix("/*").unwrap_or(&empty);
    let path = left.trim_end_matches('/');
    let is_root = path.is_empty() && empty.starts_with('/');
    let what = match is_root {
        true => "all files there are".to_owned(),
        false => format!("all of {}", fact(SYSTEM.iter().find(|folder| **folder == path)?)),
    };
    Some((first?.to_owned(), what, instead))
}

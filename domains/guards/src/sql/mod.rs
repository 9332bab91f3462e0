//! Guard `sql`: statements that change a database, given to a client or inside the text of a program.
//!
//! The called program and its inputs count: `sqlite3 x.db "DROP TABLE t"` changes a database, `git commit -m
//! "Drop table t"` and `rg "DELETE FROM"` do not. `client` knows which programs take SQL and in which
//! arguments, and `lexer` splits it. `statement` and `meta` classify its parts, `source` examines `python -c`
//! and similar calls, and `remote` examines `docker exec`. `look` combines them for one command.

mod client;
mod lexer;
mod look;
mod meta;
mod remote;
mod source;
mod statement;

use config::types::guards::Sql;
use platform::budget;
use platform::text::fact;
use shell::Command;
use shell::programs::{self, Roles};

use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::Objection;
use look::{SqlFinding, SqlReader};
use statement::Class;

/// Whether the guard applies: a cheap check before its settings are read.
pub fn concerns(examined: &ExaminedUse<'_>) -> bool {
    let script = examined.script();
    let may_take = |command: &Command| match command.program() {
        Some(name) => !programs::is(name, Roles::TAKES_NO_SQL.and(Roles::EVERYDAY)),
        None => !command.words.is_empty(),
    };
    script.doubt.is_some() || script.commands.iter().any(may_take)
}

/// Returns the guard's findings.
///
/// # Errors
/// Never: an input that cannot be read is a doubtful finding.
pub fn examine(settings: &Sql, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    let look = SqlReader::new(settings, examined);
    let script = examined.script();
    let mut objections: Vec<Objection> = Vec::new();
    for at in (0..script.commands.len()).take_while(|_| !budget::is_spent()) {
        let Some((name, finding)) = look.command(&script.commands, at) else { continue };
        let objection = objection(&name, &finding, settings.allow_select);
        objections.extend(objection.filter(|objection| !objections.contains(objection)));
    }
    // The part that cannot be parsed may contain statements that the search above missed.
    if objections.is_empty()
        && let Some(doubt) = &script.doubt
        && client::is_mentioned(examined.tool_use.command)
        && source::holds_write(examined.tool_use.command)
    {
        let what = format!("this line {doubt}, and it names a database client and a statement that writes");
        objections.push(Objection::doubtful(what, WRITE));
    }
    Ok(objections)
}

const WRITE: &str = "let a person run it, or put the change into a migration that is reviewed";

/// The finding over a call of the client `name`.
fn objection(name: &str, finding: &SqlFinding, allow_select: bool) -> Option<Objection> {
    let client = fact(name);
    let shown = finding.shown();
    match finding.class {
        Class::Write => {
            let read = if allow_select { "; reading is allowed: SELECT …" } else { "" };
            Some(Objection::sure(
                format!("this changes a database with {client}: {shown}"),
                format!("{WRITE}{read}"),
            ))
        }
        Class::Unknown => Some(Objection::doubtful(
            format!("this gives {client} something whose effect on the database is not known: {shown}"),
            "give it statements that can be read here, as an argument or a here-document; SELECT … passes",
        )),
        Class::Read if !allow_select => Some(Objection::sure(
            format!("this reads a database with {client}, which the configuration does not allow: {shown}"),
            "use the command or the agent that the project has for queries; `.schema`, `.tables` and \
            `PRAGMA table_info(t)` pass",
        )),
        Class::Read | Class::Schema | Class::Neutral => None,
    }
}

#[cfg(test)]
#[path = "../../tests/rows/sql.rs"]
mod rows;
#[cfg(test)]
mod tests;

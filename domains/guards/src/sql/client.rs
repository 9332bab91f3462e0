//! Programs that take SQL, and which of their arguments are SQL.

use shell::Word;
use shell::options::{Argument, OptionValue};
use shell::programs::{ANY_SQL_CLIENT, Dialect, SqlClient, SqlOperands, sql_client_of};

use super::lexer::{among, is_option};

/// A call of a client.
pub struct ClientCall<'a> {
    /// The client's name.
    pub name: &'a str,
    /// The dialects that it may use.
    pub dialects: &'static [Dialect],
    /// The inputs that it runs.
    pub given: Vec<ClientInput>,
    /// Whether its database is in memory, so that it is lost when the client ends.
    pub is_in_memory: bool,
}

/// An input of a client.
pub enum ClientInput {
    /// SQL.
    Sql(Word),
    /// A word that may be SQL.
    Perhaps(Word),
    /// A file of SQL.
    File(Word),
    /// Standard input.
    Input,
}

/// Whether a text names a program that takes SQL.
pub fn is_mentioned(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.split(|c| !is_name(c)).any(|word| sql_client_of(word).is_some())
}

/// The call that these words make of the program `name`. `is_configured` accepts a client that only the
/// configuration names.
pub fn call<'a>(
    name: &'a str,
    words: &[Word],
    is_configured: impl FnOnce(&str) -> bool,
) -> Option<ClientCall<'a>> {
    let client = match sql_client_of(name) {
        Some(client) => client,
        None if is_configured(name) => &ANY_SQL_CLIENT,
        None => return None,
    };
    let mut words = words.to_vec();
    // These programs combine several tools; a subcommand selects the client.
    let subcommand = match name {
        "clickhouse" => words.iter().position(|word| among("client local", &word.text)),
        "cockroach" => Some(words.iter().position(|word| among("sql demo", &word.text))?),
        _ => None,
    };
    if let Some(at) = subcommand {
        words.remove(at);
    }
    if client.operands == SqlOperands::DatabaseThenSql {
        for word in words.iter_mut().skip(1).filter(|word| is_long_with_one_dash(&word.text)) {
            word.text.insert(0, '-');
        }
    }
    Some(read(client, name, &words))
}

/// Whether a file with this name is standard input.
pub fn is_input(file: &str) -> bool {
    matches!(file, "-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0")
}

/// Whether a word is a single name, which no statement is.
fn is_name(word: &Word) -> bool {
    word.is_literal && !word.text.contains(char::is_whitespace)
}

fn is_long_with_one_dash(word: &str) -> bool {
    word.len() > 2 && word.starts_with('-') && !word.starts_with("--")
}

fn read<'a>(client: &SqlClient, name: &'a str, words: &[Word]) -> ClientCall<'a> {
    let is_loose = client.operands == SqlOperands::Anything;
    let mut given = Vec::new();
    let (mut is_told, mut is_in_memory) = (false, false);
    let mut operands = 0;
    let mut arguments = client.options.read(words, 1);
    while let Some(argument) = arguments.next() {
        let (option, value) = match argument {
            Argument::Operand(at) => {
                operands += 1;
                let is_database = operands == 1 && client.operands == SqlOperands::DatabaseThenSql;
                is_in_memory |=
                    is_database && words[at].is_literal && matches!(&*words[at].text, ":memory:" | "");
                let operand = operand(client, &words[at], operands);
                is_told |= matches!(operand, Some(ClientInput::Sql(_)));
                given.extend(operand);
                continue;
            }
            Argument::Option("help" | "version", None) => {
                is_told = true;
                continue;
            }
            Argument::Option("V" | "?", None) if !is_loose => {
                is_told = true;
                continue;
            }
            Argument::Option(option, value) => (whole(client, option), value.map(OptionValue::to_word)),
        };
        if !is_option(client.sql, option)
            && !is_option(client.first, option)
            && !is_option(client.files, option)
        {
            continue;
        }
        // An abbreviated option takes the next word like its full name.
        let value = value.or_else(|| {
            let place = arguments.place();
            arguments = client.options.read(words, place + 1);
            words.get(place).cloned()
        });
        let Some(value) = value else { break };
        // SQL that runs first or at startup does not replace the client's input; nor does an input that is
        // not SQL.
        is_told |= !is_option(client.first, option) && option != "init" && !(is_loose && is_name(&value));
        given.push(match () {
            () if is_option(client.files, option) && is_input(&value.text) => ClientInput::Input,
            () if is_option(client.files, option) => ClientInput::File(value),
            () if is_loose => ClientInput::Perhaps(value),
            () => ClientInput::Sql(value),
        });
    }
    if !is_told {
        given.push(ClientInput::Input);
    }
    // Without a file the database is in memory too.
    is_in_memory |= client.operands == SqlOperands::DatabaseThenSql && operands == 0;
    ClientCall { name, dialects: client.dialects, given, is_in_memory }
}

fn operand(client: &SqlClient, word: &Word, count: usize) -> Option<ClientInput> {
    match client.operands {
        SqlOperands::Names => None,
        SqlOperands::DatabaseThenSql => (count > 1).then(|| ClientInput::Sql(word.clone())),
        SqlOperands::Scripts => {
            let file = word.text.strip_prefix('@')?.to_owned();
            Some(ClientInput::File(Word { text: file, ..word.clone() }))
        }
        SqlOperands::Anything if word.text.ends_with(".sql") => Some(ClientInput::File(word.clone())),
        SqlOperands::Anything => {
            word.text.contains(char::is_whitespace).then(|| ClientInput::Perhaps(word.clone()))
        }
    }
}

/// The full name of an abbreviated long option.
fn whole<'o>(client: &SqlClient, option: &'o str) -> &'o str {
    if option.len() < 3 || is_option(client.options.long, option) {
        return option;
    }
    let mut names = [client.sql, client.first, client.files].into_iter().flat_map(|names| names.split(' '));
    names.find(|name| name.starts_with(option)).unwrap_or(option)
}

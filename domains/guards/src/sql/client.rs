//! Programs that take SQL, and where in their arguments they take it.

use shell::Word;
use shell::options::{Argument, OptionValue};
use shell::programs::{ANY_SQL_CLIENT, Dialect, SqlClient, SqlOperands, sql_client_of};

use super::lexer::{among, is_option};

/// A call of a client.
pub struct ClientCall<'a> {
    /// How the client is called.
    pub name: &'a str,
    /// The dialects that it may speak.
    pub dialects: &'static [Dialect],
    /// What it is given to run.
    pub given: Vec<ClientInput>,
    /// Whether its database is one in memory, which is nobody's and gone when it ends.
    pub is_in_memory: bool,
}

/// Something that a client is given.
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

/// The call that these words make, `name` being the program. `is_configured` tells one that only the configuration
/// knows.
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
    // These are many programs, the client one of them.
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

/// Whether a file of this name is standard input.
pub fn is_input(file: &str) -> bool {
    matches!(file, "-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0")
}

/// Whether a word is one name, as no statement is.
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
        // A name cut short takes the next word as the whole name would.
        let value = value.or_else(|| {
            let place = arguments.place();
            arguments = client.options.read(words, place + 1);
            words.get(place).cloned()
        });
        let Some(value) = value else { break };
        // What is run first, or at the start, keeps no client from its input; nor does what is no SQL.
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
    // Without a file it is one in memory as well.
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

/// The whole name of a long option that was cut short.
fn whole<'o>(client: &SqlClient, option: &'o str) -> &'o str {
    if option.len() < 3 || is_option(client.options.long, option) {
        return option;
    }
    let mut names = [client.sql, client.first, client.files].into_iter().flat_map(|names| names.split(' '));
    names.find(|name| name.starts_with(option)).unwrap_or(option)
}

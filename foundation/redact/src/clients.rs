//! Options of programs that take a credential, but whose name does not show it: `mysql -p…`, `curl -u me:…`.

use crate::hidden::{Hidden, MARK, is_variable};

/// The secret part of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The whole value.
    Whole,
    /// The part after the first of this character. Without the character nothing is secret.
    After(char),
}

/// The position of an option's value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// In the same word only, as mysql's `-psecret`. The next word is a different argument.
    Attached,
    /// In the next word only, as openssl's `-k secret`, because `-kfile` is another option.
    Next,
    /// In the same word or in the next one.
    Both,
    /// In the same word or in the next one, and the letter may end a cluster: curl's `-sSu me:secret`.
    Cluster,
}

/// An option of a program.
struct Opt {
    /// The programs: names, or prefixes of names that end in `*`.
    programs: &'static [&'static str],
    /// The options, with their dashes.
    options: &'static [&'static str],
    form: Form,
    part: Part,
}

const fn opt(
    programs: &'static [&'static str],
    options: &'static [&'static str],
    form: Form,
    part: Part,
) -> Opt {
    Opt { programs, options, form, part }
}

/// From the manuals of these programs.
const OPTIONS: &[Opt] = &[
    opt(&["mysql*", "mariadb*", "mycli"], &["-p"], Form::Attached, Part::Whole),
    opt(&["mycli"], &["-p"], Form::Next, Part::Whole),
    opt(&["curl"], &["-u", "-U"], Form::Cluster, Part::After(':')),
    opt(&["curl"], &["--user", "--proxy-user", "--cert", "--proxy-cert"], Form::Both, Part::After(':')),
    opt(&["curl"], &["-E"], Form::Both, Part::After(':')),
    opt(&["curl"], &["--oauth2-bearer", "--pass", "--proxy-pass"], Form::Both, Part::Whole),
    opt(&["curl"], &["-b", "--cookie"], Form::Both, Part::After('=')),
    opt(&["http", "https", "xh", "xhs"], &["-a", "--auth"], Form::Both, Part::Whole),
    opt(&["sshpass"], &["-p"], Form::Both, Part::Whole),
    opt(&["redis-cli", "valkey-cli", "keydb-cli"], &["-a", "--pass"], Form::Both, Part::Whole),
    // docker, podman, helm, oc, az, cf and crane: they all have `… login -u me -p secret`.
    opt(&["login"], &["-p"], Form::Both, Part::Whole),
    opt(
        &["skopeo", "podman", "buildah"],
        &["--creds", "--src-creds", "--dest-creds"],
        Form::Both,
        Part::After(':'),
    ),
    opt(&["mongo*", "cqlsh", "twine"], &["-p"], Form::Both, Part::Whole),
    opt(&["sqlcmd", "bcp", "osql", "isql", "tsql", "ipmitool"], &["-P"], Form::Both, Part::Whole),
    opt(&["ldap*"], &["-w"], Form::Both, Part::Whole),
    opt(&["smbclient", "rpcclient"], &["-U"], Form::Both, Part::After('%')),
    opt(&["lftp"], &["-u"], Form::Both, Part::After(',')),
    opt(&["zip", "zipcloak", "unzip"], &["-P"], Form::Both, Part::Whole),
    opt(&["7z", "7za", "7zr", "7zz", "rar", "unrar"], &["-p", "-hp"], Form::Attached, Part::Whole),
    opt(&["openssl"], &["-k", "-K"], Form::Next, Part::Whole),
    opt(&["mysqladmin"], &["password"], Form::Next, Part::Whole),
    opt(&["redis-cli", "valkey-cli", "keydb-cli"], &["AUTH", "auth"], Form::Next, Part::Whole),
    opt(&["secret"], &["-b", "--body"], Form::Both, Part::Whole),
    opt(
        &["secretsmanager", "ssm", "keyvault"],
        &["--secret-string", "--secret-binary", "--value"],
        Form::Both,
        Part::Whole,
    ),
    opt(&["plink", "pscp", "psftp"], &["-pw"], Form::Next, Part::Whole),
    opt(&["poetry"], &["-p"], Form::Both, Part::Whole),
    opt(&["mosquitto_pub", "mosquitto_sub"], &["-P"], Form::Both, Part::Whole),
    opt(&["ab"], &["-A", "-P"], Form::Both, Part::After(':')),
    opt(&["hey"], &["-a"], Form::Both, Part::After(':')),
    opt(&["ssh-keygen"], &["-N", "-P"], Form::Both, Part::Whole),
    opt(&["xfreerdp*"], &["/p:"], Form::Attached, Part::Whole),
];

/// Programs whose operands contain credentials, and the number of operands before them.
const POSITIONS: &[(&str, usize, Part)] = &[
    ("htpasswd", 1, Part::Whole),
    ("sqlplus", 0, Part::After('/')),
    ("expdp", 0, Part::After('/')),
    ("impdp", 0, Part::After('/')),
    ("add_user", 1, Part::Whole),
    ("change_password", 1, Part::Whole),
];

/// The first bytes of all names, as one bit each.
const INITIALS: u128 = {
    let mut initials = 0;
    let mut at = 0;
    while at < OPTIONS.len() {
        let mut program = 0;
        while program < OPTIONS[at].programs.len() {
            initials |= bit(OPTIONS[at].programs[program].as_bytes()[0]);
            program += 1;
        }
        at += 1;
    }
    let mut at = 0;
    while at < POSITIONS.len() {
        initials |= bit(POSITIONS[at].0.as_bytes()[0]);
        at += 1;
    }
    initials
};

const fn bit(byte: u8) -> u128 {
    if byte < 128 { 1 << byte } else { 0 }
}

/// Whether `text` may begin with a program of these tables. The first byte is checked first, because that is fast.
pub(super) fn is_named(text: &[u8]) -> bool {
    let Some(first) = text.first() else { return false };
    if INITIALS & bit(*first) == 0 {
        return false;
    }
    let begins = |pattern: &str| {
        let name = pattern.strip_suffix('*').unwrap_or(pattern).as_bytes();
        name[0] == *first && text.starts_with(name)
    };
    OPTIONS.iter().any(|opt| opt.programs.iter().any(|pattern| begins(pattern)))
        || POSITIONS.iter().any(|(program, ..)| begins(program))
}

/// The state of a command line: its program, and the meaning of its words.
#[derive(Default)]
pub(super) struct Client {
    /// The rows of [`OPTIONS`] for the program.
    options: Vec<&'static Opt>,
    /// The number of operands before the credential, and the credential's secret part.
    position: Option<(usize, Part)>,
    /// The secret part of the next word, if the previous option takes a value.
    next: Option<Part>,
    /// Whether the previous word was `cargo` or `vault`, whose `login` takes a token as operand.
    is_token_login: bool,
    /// The previous word.
    before: String,
    /// Whether the previous word was an option, so that this word may be its value.
    is_behind_option: bool,
}

impl Client {
    /// Resets the state, because another command follows.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    /// `word` with its secret hidden, if it has one. Updates the state for the next word.
    pub(super) fn redact(&mut self, word: &str) -> Option<Hidden> {
        if let Some(part) = self.next.take() {
            return hide(word, 0, part);
        }
        let bare = word.trim_matches(QUOTES);
        let start = word.len() - word.trim_start_matches(QUOTES).len();
        if !self.options.is_empty()
            && let Some(hidden) = self.option(word, bare, start)
        {
            return hidden;
        }
        let is_value = std::mem::replace(&mut self.is_behind_option, bare.starts_with('-'));
        // A word such as `login` is a subcommand only after its program.
        const BEFORE_LOGIN: [&str; 13] = [
            "docker", "podman", "nerdctl", "buildah", "helm", "oc", "az", "cf", "auth", "registry", "skopeo",
            "vault", "cargo",
        ];
        let before = std::mem::take(&mut self.before);
        self.before = bare.to_owned();
        if bare.ends_with("login") && (is_value || !BEFORE_LOGIN.contains(&before.as_str())) {
            return None;
        }
        if bare == "secret" && before != "gh" {
            return None;
        }
        let name = bare.rsplit([';', '|', '&', '(', '`', '/', '\\']).next().unwrap_or(bare);
        let name = name.strip_suffix(".exe").unwrap_or(name);
        if self.program(name) {
            return None;
        }
        let (left, part) = self.position.as_mut().filter(|_| !bare.is_empty() && !bare.starts_with('-'))?;
        if *left == 0 {
            return hide(word, 0, *part);
        }
        *left -= 1;
        None
    }

    /// The result of an option of the program. `Some(None)` if the word is an option without a secret in the same
    /// word.
    fn option(&mut self, word: &str, bare: &str, start: usize) -> Option<Option<Hidden>> {
        for opt in &self.options {
            for option in opt.options {
                if bare == *option && opt.form != Form::Attached {
                    self.next = Some(opt.part);
                    return Some(None);
                }
                let cluster = opt.form == Form::Cluster
                    && bare.len() > 2
                    && !bare.starts_with("--")
                    && bare[1..].bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'#')
                    && bare.ends_with(&option[1..]);
                if cluster {
                    self.next = Some(opt.part);
                    return Some(None);
                }
                let is_long = option.starts_with("--");
                let value = bare.strip_prefix(option).filter(|value| !value.is_empty());
                let value = if is_long { value.and_then(|value| value.strip_prefix('=')) } else { value };
                if let Some(value) = value.filter(|_| opt.form != Form::Next) {
                    let from = start + bare.len() - value.len();
                    return Some(hide(word, from, opt.part));
                }
            }
        }
        None
    }

    /// Whether `name` is a program or subcommand of the tables. If so, it becomes the current program.
    fn program(&mut self, name: &str) -> bool {
        let is = |pattern: &str| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == pattern,
        };
        let was_token_login = std::mem::replace(&mut self.is_token_login, matches!(name, "cargo" | "vault"));
        let options = OPTIONS.iter().filter(|opt| opt.programs.iter().any(|pattern| is(pattern)));
        let options: Vec<&Opt> = options.collect();
        let position = POSITIONS.iter().find(|(program, ..)| *program == name);
        let position = position.map(|(_, before, part)| (*before, *part));
        let is_known = !options.is_empty() || position.is_some();
        if is_known {
            self.options.extend(options);
            self.position = position.or(self.position);
        }
        if name == "login" && was_token_login {
            self.position = Some((0, Part::Whole));
        }
        is_known
    }
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// `word` with the secret part of its value hidden; the value begins at `from`. `None` if there is no secret part, or
/// if it is a variable.
fn hide(word: &str, from: usize, part: Part) -> Option<Hidden> {
    let value = &word[from..];
    let start = from + value.len() - value.trim_start_matches(QUOTES).len();
    let start = match part {
        Part::Whole => start,
        Part::After(separator) => start + word[start..].find(separator)? + 1,
    };
    let end = word.trim_end_matches(['"', '\'', '`', ';', ')']).len();
    (start < end && !is_variable(&word[start..]))
        .then(|| Hidden { shown: format!("{}{MARK}{}", &word[..start], &word[end..]), value: from })
}

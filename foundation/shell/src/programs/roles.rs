//! Properties of programs that follow from the name alone.

/// A set of properties of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles(u32);

impl Roles {
    const NONE: Self = Self(0);
    /// Only reads the files that its arguments name.
    pub const READS: Self = Self(1 << 0);
    /// Prints names, sizes or kinds of files, and none of their content.
    pub const LISTS: Self = Self(1 << 1);
    /// Its arguments are prose or patterns. A command or file in them is only mentioned.
    pub const TAKES_PROSE: Self = Self(1 << 2);
    /// Writes its input, changed or unchanged.
    pub const FILTERS: Self = Self(1 << 3);
    /// A filter whose arguments may contain text that it writes.
    pub const EDITS_STREAM: Self = Self(1 << 4);
    /// A shell after it in a pipe may run its output.
    pub const FEEDS_SHELL: Self = Self(1 << 5);
    /// Before another command it is an unlikely cause of a failure.
    pub const SETS_UP: Self = Self(1 << 6);
    /// After another command, in a pipe or after `&&`, it is an unlikely cause of a failure.
    pub const SHOWS: Self = Self(1 << 7);
    /// It is the cause of a failure only if no other program runs.
    pub const IS_NO_REASON: Self = Self(1 << 8);
    /// Runs a command and does not return its exit code.
    pub const SWALLOWS: Self = Self(1 << 9);
    /// Its exit code is an answer, or it is run repeatedly to wait.
    pub const ANSWERS: Self = Self(1 << 10);
    /// Never pushes, removes, runs a text or writes a file in its arguments. No built-in rule of a guard applies to
    /// it, whatever its arguments are.
    pub const EVERYDAY: Self = Self(1 << 11);
    /// Never takes SQL, so the settings are not searched for it. All everyday programs are such programs.
    pub const TAKES_NO_SQL: Self = Self(1 << 12);
    /// Runs no command from its arguments.
    pub const RUNS_NOTHING: Self = Self(1 << 13);
    /// Reads commands from `-c`, a file, or standard input.
    pub const SHELL: Self = Self(1 << 14);
    /// Changes the permissions or owners of the files in its arguments.
    pub const RIGHTS: Self = Self(1 << 15);
    /// Overwrites the device in its arguments.
    pub const ERASES: Self = Self(1 << 16);
    /// Changes the files in its arguments.
    pub const EDITOR: Self = Self(1 << 17);
    /// Types its arguments into another terminal, or runs them there.
    pub const TERMINAL: Self = Self(1 << 18);
    /// Its first operand determines its effect.
    pub const SUBCOMMANDS: Self = Self(1 << 19);
    /// Its operands are targets.
    pub const TARGETS: Self = Self(1 << 20);
    /// Runs the scripts of a package: `npm run build`.
    pub const PACKAGE_SCRIPTS: Self = Self(1 << 21);

    /// Both sets of properties.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the set contains one of `others`.
    pub const fn has_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

// A `match` compares the lengths of most names only. A list of texts would need a relocation for each one, at every
// start of every hook.
macro_rules! programs {
    ($($($name:literal)|+ => $($role:ident)|+;)+) => {
        /// The properties of the program with this name.
        pub fn roles(program: &str) -> Roles {
            match program {
                $($($name)|+ => Roles($(Roles::$role.0)|+),)+
                _ => Roles::NONE,
            }
        }

        const ROWS: &[(&[&str], Roles)] = &[$((&[$($name),+], Roles($(Roles::$role.0)|+))),+];
    };
}

programs! {
    "[[" | "ag" | "bat" | "md5sum" | "more" | "od" | "sha256sum" | "yamllint" => READS;
    "tree" => READS | LISTS;
    "echo" => READS | LISTS | TAKES_PROSE | FEEDS_SHELL | SETS_UP | SHOWS | IS_NO_REASON | EVERYDAY;
    "cd" => READS | LISTS | SETS_UP | IS_NO_REASON | EVERYDAY;
    "wc" => READS | LISTS | SHOWS | IS_NO_REASON | EVERYDAY;
    "[" | "test" => READS | LISTS | IS_NO_REASON | ANSWERS | EVERYDAY;
    "file" | "ls" | "stat" => READS | LISTS | EVERYDAY;
    "grep" | "rg" => READS | TAKES_PROSE | FILTERS | IS_NO_REASON | ANSWERS | EVERYDAY;
    "printf" => READS | TAKES_PROSE | FEEDS_SHELL | SETS_UP | SHOWS | IS_NO_REASON | EVERYDAY;
    "nl" => READS | FILTERS;
    "cat" => READS | FILTERS | FEEDS_SHELL | SHOWS | IS_NO_REASON | EVERYDAY;
    "cut" | "head" | "tail" => READS | FILTERS | SHOWS | IS_NO_REASON | EVERYDAY;
    "sort" => READS | FILTERS | SHOWS | IS_NO_REASON | TAKES_NO_SQL;
    "egrep" => READS | FILTERS | IS_NO_REASON | ANSWERS | EVERYDAY;
    "fgrep" => READS | FILTERS | ANSWERS | EVERYDAY;
    "jq" => READS | EDITS_STREAM | IS_NO_REASON | EVERYDAY;
    "less" => READS | SHOWS | IS_NO_REASON;
    "cmp" => READS | ANSWERS;
    "diff" => READS | ANSWERS | EVERYDAY;
    "mkdir" => LISTS | SETS_UP | IS_NO_REASON | TAKES_NO_SQL;
    "find" => LISTS | SWALLOWS | TAKES_NO_SQL;
    "du" => LISTS | EVERYDAY;
    "hub" | "man" => TAKES_PROSE;
    "gh" | "git" => TAKES_PROSE | TAKES_NO_SQL | RUNS_NOTHING | SUBCOMMANDS;
    "glab" => TAKES_PROSE | SUBCOMMANDS;
    "column" | "envsubst" | "fold" | "paste" | "rev" | "sponge" | "tac" => FILTERS;
    "base64" => FILTERS | FEEDS_SHELL;
    "tee" => FILTERS | FEEDS_SHELL | SHOWS | IS_NO_REASON | TAKES_NO_SQL;
    "tr" => FILTERS | SHOWS | IS_NO_REASON | EVERYDAY;
    "uniq" => FILTERS | SHOWS | IS_NO_REASON | TAKES_NO_SQL;
    "dd" => FILTERS | ERASES;
    "gawk" | "gsed" | "perl" | "yq" => EDITS_STREAM;
    "awk" | "sed" => EDITS_STREAM | SHOWS | IS_NO_REASON | TAKES_NO_SQL;
    "eval" => FEEDS_SHELL | IS_NO_REASON;
    "clear" | "ulimit" => SETS_UP;
    ":" => SETS_UP | SHOWS | IS_NO_REASON;
    "true" => SETS_UP | SHOWS | IS_NO_REASON | EVERYDAY;
    "." | "popd" | "pushd" | "shopt" | "unset" => SETS_UP | IS_NO_REASON;
    "sleep" => SETS_UP | IS_NO_REASON | EVERYDAY;
    "export" | "set" | "source" | "touch" => SETS_UP | IS_NO_REASON | TAKES_NO_SQL;
    "rm" => SETS_UP | TAKES_NO_SQL;
    "exit" | "read" | "return" | "trap" | "wait" => IS_NO_REASON;
    "false" => IS_NO_REASON | EVERYDAY;
    "env" | "sudo" | "time" | "timeout" | "xargs" => IS_NO_REASON | TAKES_NO_SQL;
    "bash" | "sh" => IS_NO_REASON | TAKES_NO_SQL | SHELL;
    "dash" | "zsh" => IS_NO_REASON | SHELL;
    "entr" | "gfind" | "parallel" | "watch" => SWALLOWS;
    "comm" | "nc" | "pgrep" | "ping" | "wget" => ANSWERS;
    "which" => ANSWERS | EVERYDAY;
    "curl" => ANSWERS | TAKES_NO_SQL;
    "basename" | "date" | "df" | "dirname" | "hostname" | "id" | "nproc" | "ps" | "pwd" | "pytest" | "rustc" | "seq" | "tsc" | "type" | "uname" | "whoami" => EVERYDAY;
    "cargo" => EVERYDAY | RUNS_NOTHING | SUBCOMMANDS;
    "cp" | "fd" | "kill" | "ln" | "mv" | "npx" | "tar" => TAKES_NO_SQL;
    "npm" | "pnpm" | "yarn" => TAKES_NO_SQL | RUNS_NOTHING | PACKAGE_SCRIPTS;
    "chmod" => TAKES_NO_SQL | RIGHTS;
    "go" => TAKES_NO_SQL | SUBCOMMANDS;
    "just" | "make" => TAKES_NO_SQL | TARGETS;
    "apt" | "brew" | "docker" | "kubectl" | "pip" => RUNS_NOTHING | SUBCOMMANDS;
    "ash" | "fish" | "hush" | "ksh" | "ksh93" | "mksh" | "rbash" | "yash" => SHELL;
    "chattr" | "chgrp" | "chown" | "setfacl" => RIGHTS;
    "blkdiscard" | "shred" | "wipefs" => ERASES;
    "ed" | "emacs" | "emacsclient" | "ex" | "joe" | "micro" | "nano" | "nvim" | "pico" | "vi" | "vim" => EDITOR;
    "screen" | "tmux" | "xterm" => TERMINAL;
    "apk" | "apt-get" | "aws" | "az" | "bazel" | "bundle" | "cabal" | "composer" | "conda" | "cypress" | "dart" | "deno" | "dnf" | "dotnet" | "dune" | "flutter" | "gcloud" | "gem" | "hatch" | "helm" | "mix" | "nix" | "pdm" | "pipenv" | "playwright" | "podman" | "poetry" | "prisma" | "rails" | "rustup" | "stack" | "supabase" | "swift" | "systemctl" | "terraform" | "tofu" | "uv" | "wrangler" | "zig" => SUBCOMMANDS;
    "ant" | "gradle" | "invoke" | "mage" | "mvn" | "ninja" | "rake" | "sbt" | "task" => TARGETS;
    "bun" => PACKAGE_SCRIPTS;
}

/// The programs with one of these properties, for tests that check each of them.
pub fn named(role: Roles) -> impl Iterator<Item = &'static str> {
    ROWS.iter().filter(move |(_, roles)| roles.has_any(role)).flat_map(|(names, _)| names.iter().copied())
}

/// Whether the program with this name has one of these properties.
pub fn is(program: &str, role: Roles) -> bool {
    roles(program).has_any(role)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every property of every program, told a second time: by property. A row that is lost, or gains a property, is
    /// found here.
    const EXPECTED: &[(Roles, &str)] = &[
        (
            Roles::READS,
            "[ [[ ag bat cat cd cmp cut diff echo egrep fgrep file grep head jq less ls md5sum more nl od printf rg sha256sum sort stat tail test tree wc yamllint",
        ),
        (Roles::LISTS, "[ cd du echo file find ls mkdir stat test tree wc"),
        (Roles::TAKES_PROSE, "echo gh git glab grep hub man printf rg"),
        (
            Roles::FILTERS,
            "base64 cat column cut dd egrep envsubst fgrep fold grep head nl paste rev rg sort sponge tac tail tee tr uniq",
        ),
        (Roles::EDITS_STREAM, "awk gawk gsed jq perl sed yq"),
        (Roles::FEEDS_SHELL, "base64 cat echo eval printf tee"),
        (
            Roles::SETS_UP,
            ". : cd clear echo export mkdir popd printf pushd rm set shopt sleep source touch true ulimit unset",
        ),
        (Roles::SHOWS, ": awk cat cut echo head less printf sed sort tail tee tr true uniq wc"),
        (
            Roles::IS_NO_REASON,
            ". : [ awk bash cat cd cut dash echo egrep env eval exit export false grep head jq less mkdir popd printf pushd read return rg sed set sh shopt sleep sort source sudo tail tee test time timeout touch tr trap true uniq unset wait wc xargs zsh",
        ),
        (Roles::SWALLOWS, "entr find gfind parallel watch"),
        (Roles::ANSWERS, "[ cmp comm curl diff egrep fgrep grep nc pgrep ping rg test wget which"),
        (
            Roles::EVERYDAY,
            "[ basename cargo cat cd cut date df diff dirname du echo egrep false fgrep file grep head hostname id jq ls nproc printf ps pwd pytest rg rustc seq sleep stat tail test tr true tsc type uname wc which whoami",
        ),
        (
            Roles::TAKES_NO_SQL,
            "awk bash chmod cp curl env export fd find gh git go just kill ln make mkdir mv npm npx pnpm rm sed set sh sort source sudo tar tee time timeout touch uniq xargs yarn",
        ),
        (Roles::RUNS_NOTHING, "apt brew cargo docker gh git kubectl npm pip pnpm yarn"),
        (Roles::SHELL, "ash bash dash fish hush ksh ksh93 mksh rbash sh yash zsh"),
        (Roles::RIGHTS, "chattr chgrp chmod chown setfacl"),
        (Roles::ERASES, "blkdiscard dd shred wipefs"),
        (Roles::EDITOR, "ed emacs emacsclient ex joe micro nano nvim pico vi vim"),
        (Roles::TERMINAL, "screen tmux xterm"),
        (
            Roles::SUBCOMMANDS,
            "apk apt apt-get aws az bazel brew bundle cabal cargo composer conda cypress dart deno dnf docker dotnet dune flutter gcloud gem gh git glab go hatch helm kubectl mix nix pdm pip pipenv playwright podman poetry prisma rails rustup stack supabase swift systemctl terraform tofu uv wrangler zig",
        ),
        (Roles::TARGETS, "ant gradle invoke just mage make mvn ninja rake sbt task"),
        (Roles::PACKAGE_SCRIPTS, "bun npm pnpm yarn"),
    ];

    #[test]
    fn every_property_of_every_program_is_expected() {
        for (role, names) in EXPECTED {
            for name in names.split(' ') {
                assert!(is(name, *role), "{name}: {role:?}");
            }
        }
        let expected: usize = EXPECTED.iter().map(|(_, names)| names.split(' ').count()).sum();
        let given = ROWS.iter().map(|(names, roles)| names.len() * roles.0.count_ones() as usize);
        assert_eq!(given.sum::<usize>(), expected);
        for (names, _) in ROWS {
            for name in *names {
                assert!(
                    EXPECTED.iter().any(|(_, known)| known.split(' ').any(|known| known == *name)),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn other_programs_have_no_property() {
        for name in ["", "ca", "catt", "CAT", "git-push"] {
            assert_eq!(roles(name), Roles::NONE, "{name}");
        }
    }
}

//! The application that a shell runs in.

use std::fmt;

use platform::env_vars;
use platform::process::{self, Process};
use serde::{Deserialize, Serialize};

/// How far up the family tree it is looked for.
const HIGHEST: usize = 20;

/// The applications that readers know; the names on disk are theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParentApp {
    /// Ghostty.
    Ghostty,
    /// iTerm2.
    #[serde(rename = "iterm2")]
    Iterm2,
    /// The Terminal of macOS.
    Terminal,
    /// Alacritty.
    Alacritty,
    /// kitty.
    Kitty,
    /// Warp.
    Warp,
    /// Cursor.
    Cursor,
    /// Visual Studio Code.
    Vscode,
    /// Its insiders' edition.
    VscodeInsiders,
    /// Zed.
    Zed,
    /// A tmux server; where it is shown is another question.
    Tmux,
    /// None of these.
    #[default]
    #[serde(other)]
    Unknown,
}

impl ParentApp {
    /// The name on disk.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ghostty => "ghostty",
            Self::Iterm2 => "iterm2",
            Self::Terminal => "terminal",
            Self::Alacritty => "alacritty",
            Self::Kitty => "kitty",
            Self::Warp => "warp",
            Self::Cursor => "cursor",
            Self::Vscode => "vscode",
            Self::VscodeInsiders => "vscode-insiders",
            Self::Zed => "zed",
            Self::Tmux => "tmux",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for ParentApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a shell's environment says about its terminal. It is inherited, so an ancestor's word comes first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terminal {
    /// The name that the terminal gives itself.
    pub program: Option<String>,
    /// The version that it gives.
    pub version: Option<String>,
    /// The tmux pane.
    pub tmux_pane: Option<String>,
}

impl Terminal {
    /// What this process's environment says; a shell's child has its shell's.
    pub fn from_env() -> Self {
        Self {
            program: env_vars::get(env_vars::TERM_PROGRAM),
            version: env_vars::get(env_vars::TERM_PROGRAM_VERSION),
            tmux_pane: env_vars::get_os(env_vars::TMUX).and_then(|_| env_vars::get(env_vars::TMUX_PANE)),
        }
    }

    fn app(&self) -> ParentApp {
        let is_insiders = || self.version.as_deref().is_some_and(|version| version.contains("insider"));
        match self.program.as_deref().unwrap_or_default() {
            "ghostty" => ParentApp::Ghostty,
            "iTerm.app" => ParentApp::Iterm2,
            "Apple_Terminal" => ParentApp::Terminal,
            "alacritty" => ParentApp::Alacritty,
            "kitty" => ParentApp::Kitty,
            "WarpTerminal" => ParentApp::Warp,
            "cursor" => ParentApp::Cursor,
            "vscode" if is_insiders() => ParentApp::VscodeInsiders,
            "vscode" => ParentApp::Vscode,
            "zed" => ParentApp::Zed,
            "tmux" => ParentApp::Tmux,
            _ => ParentApp::Unknown,
        }
    }
}

/// The application that a shell runs in: the nearest ancestor that is one, else what the environment says.
pub fn of(shell: Option<&Process>, terminal: &Terminal) -> ParentApp {
    let mut names = Vec::new();
    let mut at = shell.cloned();
    while let Some(process) = at.filter(|process| process.parent > 1 && names.len() < HIGHEST) {
        let parent = process::look_up(process.parent).ok().flatten();
        // A "parent" that is younger than its child got the number of one that has ended.
        at = parent.filter(|parent| parent.start_raw <= process.start_raw);
        names.extend(at.as_ref().map(|parent| parent.name.clone()));
    }
    nearest(&names).unwrap_or_else(|| terminal.app())
}

/// The first of these processes that is an application. One that readers do not know is one all the same: whoever
/// started it does not hold the shell.
fn nearest(names: &[String]) -> Option<ParentApp> {
    names.iter().find_map(|name| recognise(name))
}

/// The application that a process of this name belongs to. Linux cuts names at 15 bytes; macOS has helpers,
/// `Code Helper (Plugin)`; NixOS wraps, `.ghostty-wrappe`.
fn recognise(name: &str) -> Option<ParentApp> {
    let name = name.to_lowercase();
    let unwrapped = name.strip_prefix('.').map(|name| name.split("-wrap").next().unwrap_or(name));
    let name = unwrapped.unwrap_or(&name);
    let name = name.split(" helper").next().unwrap_or(name);
    Some(match name {
        "ghostty" => ParentApp::Ghostty,
        "iterm2" => ParentApp::Iterm2,
        name if name.starts_with("itermserver") => ParentApp::Iterm2,
        "terminal" => ParentApp::Terminal,
        "alacritty" => ParentApp::Alacritty,
        "kitty" => ParentApp::Kitty,
        "warp" | "warpterminal" | "warp-terminal" => ParentApp::Warp,
        "cursor" => ParentApp::Cursor,
        "code" => ParentApp::Vscode,
        "code-insiders" | "code - insiders" => ParentApp::VscodeInsiders,
        "zed" | "zed-editor" => ParentApp::Zed,
        name if name == "tmux" || name.starts_with("tmux:") => ParentApp::Tmux,
        "gnome-terminal-" | "gnome-terminal" | "kgx" | "ptyxis" | "ptyxis-agent" | "konsole" | "yakuake"
        | "xfce4-terminal" | "mate-terminal" | "lxterminal" | "qterminal" | "terminator" | "tilix"
        | "guake" | "deepin-terminal" | "deepin-termina" | "xterm" | "urxvt" | "urxvtd" | "rxvt" | "st"
        | "foot" | "wezterm-gui" | "wezterm-mux-ser" | "rio" | "contour" | "hyper" | "screen" | "zellij"
        | "sshd" | "sshd-session" | "mosh-server" => ParentApp::Unknown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_recognised_as_each_system_names_them() {
        let apps: [(ParentApp, &[&str]); 12] = [
            (ParentApp::Ghostty, &["ghostty", "Ghostty", ".ghostty-wrappe"]),
            (ParentApp::Iterm2, &["iTerm2", "iTermServer-3.5."]),
            (ParentApp::Terminal, &["Terminal"]),
            (ParentApp::Alacritty, &["alacritty", "Alacritty"]),
            (ParentApp::Kitty, &["kitty", ".kitty-wrapped"]),
            (ParentApp::Warp, &["WarpTerminal", "Warp", "warp-terminal"]),
            (ParentApp::Cursor, &["Cursor", "Cursor Helper (Plugin)", "cursor"]),
            (ParentApp::Vscode, &["Code", "Code Helper", "Code Helper (Renderer)", "code"]),
            (ParentApp::VscodeInsiders, &["Code - Insiders", "Code - Insiders Helper", "code-insiders"]),
            (ParentApp::Zed, &["Zed", "zed", "zed-editor"]),
            (ParentApp::Tmux, &["tmux", "tmux: server", "tmux: client"]),
            (
                ParentApp::Unknown,
                &[
                    "gnome-terminal-",
                    "gnome-terminal",
                    "kgx",
                    "ptyxis",
                    "ptyxis-agent",
                    "konsole",
                    "yakuake",
                    "xfce4-terminal",
                    "mate-terminal",
                    "lxterminal",
                    "qterminal",
                    "terminator",
                    "tilix",
                    "guake",
                    "deepin-terminal",
                    "deepin-termina",
                    "xterm",
                    "urxvt",
                    "urxvtd",
                    "rxvt",
                    "st",
                    "foot",
                    "wezterm-gui",
                    "wezterm-mux-ser",
                    "rio",
                    "contour",
                    "hyper",
                    "screen",
                    "zellij",
                    "sshd",
                    "sshd-session",
                    "mosh-server",
                ],
            ),
        ];
        for (app, names) in apps {
            for name in names {
                assert_eq!(recognise(name), Some(app), "{name}");
            }
        }
        for none in
            ["zsh", "-bash", "codex", "node", "login", "systemd", "tmuxinator", "barcode", "kitten", ""]
        {
            assert_eq!(recognise(none), None, "{none}");
        }
    }

    #[test]
    fn the_nearest_application_counts() {
        let app = |names: &[&str]| nearest(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(app(&["bash", "tmux: server", "kitty"]), Some(ParentApp::Tmux));
        assert_eq!(app(&["sudo", "code", "tmux: server"]), Some(ParentApp::Vscode));
        assert_eq!(app(&["bash", "konsole", "zsh", "kitty"]), Some(ParentApp::Unknown), "it is in konsole");
        assert_eq!(app(&["login", "systemd"]), None);
    }

    #[test]
    fn the_environment_is_asked_when_no_ancestor_tells() {
        let says = |program: &str, version: &str| Terminal {
            program: Some(program.to_owned()),
            version: Some(version.to_owned()),
            tmux_pane: None,
        };
        for (program, version, app) in [
            ("ghostty", "1.2", ParentApp::Ghostty),
            ("iTerm.app", "3.5", ParentApp::Iterm2),
            ("alacritty", "", ParentApp::Alacritty),
            ("kitty", "", ParentApp::Kitty),
            ("cursor", "", ParentApp::Cursor),
            ("zed", "", ParentApp::Zed),
            ("tmux", "3.5a", ParentApp::Tmux),
            ("vscode", "1.99.0", ParentApp::Vscode),
            ("vscode", "1.99.0-insider", ParentApp::VscodeInsiders),
            ("Apple_Terminal", "453", ParentApp::Terminal),
            ("WarpTerminal", "v1", ParentApp::Warp),
            ("WezTerm", "2024", ParentApp::Unknown),
        ] {
            assert_eq!(of(None, &says(program, version)), app, "{program} {version}");
        }
        assert_eq!(of(None, &Terminal::default()), ParentApp::Unknown);
    }

    #[test]
    fn the_climb_ends() {
        let me = process::look_up(std::process::id()).unwrap();
        of(me.as_ref(), &Terminal::default());
        let loops = Process { parent: std::process::id(), ..me.unwrap() };
        of(Some(&loops), &Terminal::default());
    }

    #[test]
    fn the_names_on_disk_are_the_documented_ones() {
        const DOCUMENTED: &str =
            "ghostty iterm2 terminal alacritty kitty warp cursor vscode vscode-insiders zed tmux unknown";
        for name in DOCUMENTED.split(' ') {
            let app: ParentApp = serde_json::from_value(name.into()).unwrap();
            assert_eq!((app.name(), serde_json::to_value(app).unwrap()), (name, name.into()));
        }
        let newer: ParentApp = serde_json::from_str("\"wezterm\"").unwrap();
        assert_eq!(newer, ParentApp::Unknown);
    }
}

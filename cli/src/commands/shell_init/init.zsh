# Tells Stanchion at each prompt where this shell is. Printed by `req shell-init zsh`.
if [[ -o interactive ]]; then
  typeset -g __stanchion_shell_cwd=@SHELL_CWD@
  typeset -g __stanchion_tty="${TTY-}"

  __stanchion_report() {
    local ret=$?
    # Where niceness cannot be changed, zsh would say so.
    setopt local_options no_bg_nice
    if [[ -x "$__stanchion_shell_cwd" ]]; then
      "$__stanchion_shell_cwd" "${PWD-}" "$$" "$__stanchion_tty" </dev/null >/dev/null 2>&1 &!
    fi
    return "$ret"
  }

  # A function is added once, however often this is read.
  autoload -Uz add-zsh-hook && add-zsh-hook precmd __stanchion_report
fi

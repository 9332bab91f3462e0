# Tells Stanchion at each prompt where this shell is. Printed by `req shell-init bash`.
if [[ $- == *i* ]]; then
  __stanchion_shell_cwd=@SHELL_CWD@
  __stanchion_tty=$(command tty 2>/dev/null) || __stanchion_tty=

  __stanchion_report() {
    local ret=$?
    # In the background of a subshell, so that no job of this shell begins or ends.
    if [[ -x $__stanchion_shell_cwd ]]; then
      ("$__stanchion_shell_cwd" "${PWD-}" "$$" "$__stanchion_tty" </dev/null >/dev/null 2>&1 &)
    fi
    # What runs next at this prompt sees the status of the user's command.
    return "$ret"
  }

  # What is there already stays, behind ours: a string may end in anything, and older versions of bash run the
  # first element of a list alone. A file that is read twice may have set it anew.
  if [[ "${PROMPT_COMMAND[*]-}" != *__stanchion_report* ]]; then
    PROMPT_COMMAND="__stanchion_report${PROMPT_COMMAND:+; $PROMPT_COMMAND}"
  fi
fi

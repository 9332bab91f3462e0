# Tells Stanchion at each prompt where this shell is. Printed by `req shell-init fish`.
if status is-interactive
    set -g __stanchion_shell_cwd @SHELL_CWD@

    # Defined again it is the same handler, however often this is read.
    function __stanchion_report --on-event fish_prompt
        set -l ret $status
        # Not before the first prompt: while this is read from a pipe, stdin is the pipe.
        set -q __stanchion_tty
        or set -g __stanchion_tty (command tty 2>/dev/null)
        if test -x "$__stanchion_shell_cwd"
            $__stanchion_shell_cwd "$PWD" $fish_pid "$__stanchion_tty" </dev/null >/dev/null 2>&1 &
            disown 2>/dev/null
        end
        return $ret
    end
end

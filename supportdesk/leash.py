"""Runs one command that may not outlive the process that asked for it: `leash.py PIPE exec|watch COMMAND…`.

PIPE is the read end of a pipe whose write end only the owner holds, so it ends when the owner does, however it dies.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import threading

PR_SET_PDEATHSIG = 1


def become(pipe: int, command: list[str]) -> None:
    """Linux: turn into the command, to be killed by the kernel when the owner dies."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The race: an owner that died before the line above sends no signal any more, but its pipe has ended.
    if not select.select([pipe], [], [], 0)[0]:
        os.close(pipe)
        os.execvp(command[0], command)  # noqa: S606 - a list that the supervisor wrote; no shell reads it


def watch(pipe: int, command: list[str]) -> int:
    """Elsewhere: stay as the command's parent, and kill the whole group when the pipe ends."""
    # The owner signals the group; this process waits for the command's own answer to it.
    signal.signal(signal.SIGTERM, lambda *_: None)
    threading.Thread(target=_kill_at_end_of, args=(pipe,), daemon=True).start()
    code = subprocess.call(command, close_fds=False)  # it may have been given a socket to listen on
    return code if code >= 0 else 128 - code


def _kill_at_end_of(pipe: int) -> None:
    os.read(pipe, 1)
    os.killpg(0, signal.SIGKILL)


def main(pipe: str, how: str, *command: str) -> None:
    if how == "watch":
        sys.exit(watch(int(pipe), list(command)))
    become(int(pipe), list(command))


if __name__ == "__main__":
    main(*sys.argv[1:])

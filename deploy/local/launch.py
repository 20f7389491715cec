"""Run by a fresh interpreter just before a server: become its user, tie its life to the hall's, then turn into it.

Usage: python -I -S launch.py PARENT_PID DEATH_SIGNAL UID GID PROGRAM [ARGUMENT …]   (UID 0 = stay who you are)

A program of its own, since code between fork and exec of a threaded process may deadlock.
"""

import ctypes  # first of all: another user may not be able to read this interpreter's library
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, death_signal, uid, gid = map(int, sys.argv[1:5])
    program = sys.argv[5:]
    if uid:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # After setuid, which clears it; exec keeps it.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            # The hall died before the line above could tie us to it.
            os.kill(os.getpid(), signal.SIGKILL)
    os.execv(program[0], program)  # noqa: S606  # no shell is what we want


main()

"""What a supervisor and its children say to each other: one pipe, the child's standard input.

A child starts at once and imports what it needs; the line `go` lets it begin. The end of the pipe means that the
supervisor is gone, however it went, and the child ends in order: nothing is left behind by a kill -9.
"""

import os
import signal
import sys
import threading

VARIABLE = "DOITONG_SUPERVISED"
GO = "go\n"


def is_supervised() -> bool:
    return os.environ.get(VARIABLE) == "1"


def wait_for_go() -> None:
    """Return when the supervisor says go, and from then on end with it. Does nothing without one."""
    if not is_supervised():
        return
    if sys.stdin.readline() != GO:
        sys.exit(1)
    threading.Thread(target=_end_with_supervisor, name="supervisor", daemon=True).start()


def _end_with_supervisor() -> None:
    # not sys.stdin: a daemon thread that holds its lock would abort the interpreter's end
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)

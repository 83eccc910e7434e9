"""Starts API and worker processes by fork, with everything imported already, so that a hundred restarts take a minute.

What is forked is the real process: `doitong serve` or `doitong work` from their entry points on, with sockets,
loop and connections of its own. Lines in: a name ("api" or "worker"); lines out: the new process's id.
"""

import ctypes
import os
import signal
import sys


def main() -> None:
    from doitong.core.settings import Settings
    from doitong.doors.http import app, serve
    from doitong.doors.worker.main import run
    from doitong.engines.scripted import film
    from doitong.engines.studio import engine
    from doitong.telemetry.logging import configure_logging

    assert all((app, film, engine))  # imported so that a fork has them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    entry = {"api": serve, "worker": run}
    for line in sys.stdin:
        name = line.strip()
        child = os.fork()
        if child == 0:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)
            settings = Settings()
            configure_logging(settings.log_level, "json", process=name)
            entry[name](settings)
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()

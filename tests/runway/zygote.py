"""Starts workers by fork, with everything imported already, so that hundreds of restarts take minutes.

Lines in: anything; lines out: the new process's id. What is forked is `doitong work` from its entry point on. The
argument says how many times shorter the half minutes are after which something is tried again.
"""

import ctypes
import os
import signal
import sys
from dataclasses import replace
from typing import Any


def hurry(times: float) -> None:
    """Shorten the pauses before what is tried again; what is tried, and how often, stays as it is."""
    from doitong.engines.runway import breaker, engine
    from doitong.generations.attempts import AttemptRunner

    put_back, again = AttemptRunner._put_back, engine._again

    async def put_back_sooner(self: Any, generation: Any, delay: Any, **named: Any) -> None:
        await put_back(self, generation, delay / times, **named)

    def again_sooner(detail: str) -> Any:
        failure = again(detail)
        assert failure.wait is not None
        return replace(failure, wait=failure.wait / times)

    AttemptRunner._put_back = put_back_sooner  # type: ignore[method-assign]
    engine._again = again_sooner
    breaker.PAUSE /= times


def main() -> None:
    import av

    from doitong.core.settings import Settings
    from doitong.doors.worker.main import run
    from doitong.engines.runway import engine, films, pictures
    from doitong.engines.scripted import engine as scripted
    from doitong.engines.studio import engine as studio
    from doitong.media import preview_maker
    from doitong.telemetry.logging import configure_logging

    assert all((av, engine, films, pictures, scripted, studio, preview_maker))  # imported so that a fork has them
    hurry(float(sys.argv[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)
            settings = Settings()
            configure_logging(settings.log_level, "json", process="worker")
            run(settings)
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()

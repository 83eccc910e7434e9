"""The child process: one order on standard input, one film, JSON lines on standard output.

`{"progress": 0.42}` at least twice a second, then `{"done": {…}}` or `{"error": {"code", "detail", "isTransient"}}`.
Leaves at once on SIGTERM and when its parent dies, and takes its unfinished file with it.
"""

import errno
import io
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path
from types import FrameType
from typing import Any

from doitong.engines.studio.parent import end_with_parent
from doitong.engines.studio.parts import remove_film
from doitong.engines.studio.wire import Order, read_order

_REPORT_SECONDS = 0.4
_PARENT_CHECK_SECONDS = 0.5
_TERMINATED = 143
_REAP_SECONDS = 0.1


def main() -> int:
    """Read the order, render, report; 0 when a film was made."""
    order = read_order(sys.stdin.buffer.readline())
    _die_with_parent(order.out_path)
    signal.signal(signal.SIGTERM, _Leave(order.out_path))
    voice = _Voice()
    threading.Thread(target=voice.keep_telling, daemon=True).start()
    try:
        report = _render(order, voice)
    except Exception as error:  # the parent decides; nothing is swallowed
        voice.say({"error": _describe(error)})
        return 1
    voice.say({"done": report})
    return 0


def _render(order: Order, voice: "_Voice") -> dict[str, Any]:
    from doitong.engines.studio.renderer import render_film  # noqa: PLC0415

    return render_film(order.request, order.out_path, voice.note, order.workers)


def _describe(error: Exception) -> dict[str, Any]:
    number = getattr(error, "errno", None) or 0  # PyAV's errors carry one too
    is_passing = isinstance(error, OSError | MemoryError | BrokenExecutor)
    is_transient = is_passing or number in {errno.ENOSPC, errno.EDQUOT, errno.EIO}
    name = errno.errorcode.get(number, "")
    detail = f"{type(error).__name__} {name}: {error}"
    return {"code": "ENGINE_FAILED", "detail": detail, "isTransient": is_transient}


class _Voice:
    """Tells progress on standard output at a steady pace."""

    def __init__(self) -> None:
        self._progress = 0.0
        self._out = io.FileIO(sys.stdout.fileno(), "w", closefd=False)  # holds nothing back that a fork would repeat
        self._lock = threading.Lock()
        self._is_over = False

    def note(self, progress: float) -> None:
        self._progress = progress

    def say(self, message: dict[str, Any]) -> None:
        with self._lock:
            if self._is_over:
                return
            self._is_over = "progress" not in message
            self._out.write(json.dumps(message).encode() + b"\n")

    def keep_telling(self) -> None:
        while True:
            self.say({"progress": round(self._progress, 4)})
            time.sleep(_REPORT_SECONDS)


class _Leave:
    """Signal handler: end those that draw, remove what is unfinished and end, without waiting for the frame in work."""

    def __init__(self, out_path: Path) -> None:
        self._out_path = out_path

    def __call__(self, number: int = 0, frame: FrameType | None = None) -> None:
        for drawer in multiprocessing.active_children():  # not every first process reaps what is left to it
            drawer.kill()
            drawer.join(_REAP_SECONDS)
        remove_film(self._out_path)
        os._exit(_TERMINATED)


def _die_with_parent(out_path: Path) -> None:
    parent = os.getppid()
    end_with_parent(parent)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_CHECK_SECONDS)
        _Leave(out_path)()

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())

"""One supervised process: started, let go, watched, started again with a growing pause, and stopped."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from doitong.doors.cli._supervised import GO, VARIABLE

RESTART_PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # the last one repeats
HEALTHY_AFTER_SECONDS = 60.0
LOG_BYTES_MAXIMUM = 10_000_000
READ_BYTES_MAXIMUM = 64_000
LINE_SHOWN_CHARACTERS = 400


class Child:
    """A `doitong` command as a process of its own, logging into a file."""

    def __init__(self, name: str, arguments: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self._arguments = arguments
        self._environment = dict(os.environ) | dict(environment) | {VARIABLE: "1"}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._failures = 0
        self._due_at: float | None = None
        self._shown_bytes = 0

    def start(self) -> None:
        """Start the process; it imports, then waits for `go`."""
        _rotate(self._log)
        with self._log.open("ab") as log:
            self._shown_bytes = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "doitong.doors.cli.main", *self._arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,  # Ctrl-C reaches the supervisor, which stops its children in order
            )
        self._started_at = time.monotonic()
        self._due_at = None

    def go(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(GO.encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, as `exit_code` says

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    @property
    def process_id(self) -> int | None:
        return self._process.pid if self._process else None

    def keep_alive(self, now: float) -> str | None:
        """Start it again when it has ended and its pause is over; a line about it when there is one."""
        if self._due_at is not None and now >= self._due_at:
            self.start()
            self.go()
            return None
        if self._due_at is not None or self.exit_code is None:
            return None
        if now - self._started_at > HEALTHY_AFTER_SECONDS:
            self._failures = 0
        pause = RESTART_PAUSES_SECONDS[min(self._failures, len(RESTART_PAUSES_SECONDS) - 1)]
        self._failures += 1
        self._due_at = now + pause
        return f"{self.name} ended ({_reason(self.exit_code)}); starting it again in {pause:g} s."

    def terminate(self) -> None:
        self._due_at = None
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def finish(self, seconds: float) -> None:
        """Wait for its end, and end it by force when that takes too long."""
        if self._process is None:
            return
        try:
            self._process.wait(max(seconds, 0.1))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def new_problems(self) -> Iterator[str]:
        """What it wrote since the last look that a person at the terminal should see: errors, and raw text."""
        with self._log.open("rb") as log:
            log.seek(self._shown_bytes)
            written = log.read(READ_BYTES_MAXIMUM)
        end = written.rfind(b"\n") + 1
        self._shown_bytes += end if end or len(written) < READ_BYTES_MAXIMUM else len(written)
        for line in written[:end].decode("utf-8", "replace").splitlines():
            shown = _problem(line)
            if shown:
                yield f"{self.name}: {shown[:LINE_SHOWN_CHARACTERS]}"

    def last_lines(self, count: int = 15) -> str:
        """The end of its log, for a message about why it did not start."""
        with self._log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - READ_BYTES_MAXIMUM))
            return "\n".join(log.read().decode("utf-8", "replace").splitlines()[-count:])


def _problem(line: str) -> str | None:
    try:
        event = json.loads(line)
    except ValueError:
        return line or None
    if not isinstance(event, dict) or event.get("level") not in ("error", "critical"):
        return None
    detail = str(event.get("exception") or event.get("error") or "").strip().splitlines()[-1:]
    return " ".join([str(event.get("event", "")), *detail])


def _reason(exit_code: int) -> str:
    return f"signal {-exit_code}" if exit_code < 0 else f"exit status {exit_code}"


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES_MAXIMUM:
        log.replace(log.with_suffix(".log.1"))

"""From typing `doitong up` to its being ready, on a data folder that exists."""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.system import free_port

RUNS = 5


def _start_once(folder: Path) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-u", "-m", "doitong", "up", "--port", str(free_port()), "--data-dir", str(folder)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
    assert process.stdout
    try:
        for line in process.stdout:
            if b"is ready" in line:
                return time.perf_counter() - started
        raise RuntimeError("doitong up ended before it was ready")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def measure() -> dict[str, Any]:
    """Seconds: the very first start (it makes the database), and the median of later ones."""
    with tempfile.TemporaryDirectory(prefix="doitong-ready-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        first = _start_once(folder)
        later = [_start_once(folder) for _ in range(RUNS)]
    return {"first_seconds": first, "median_seconds": statistics.median(later), "all_seconds": later}

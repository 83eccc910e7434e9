"""`python -m bench`: runs the measurements and prints them; `--write` keeps them in bench/results.md."""

import argparse
import json
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import api, dashboard, growth, lag, ready, report, studio
from bench.system import running_system

PARTS = ("api", "memory", "lag", "growth", "dashboard", "ready", "studio")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"which of {', '.join(PARTS)}; all when left out")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of one load, in seconds")
    parser.add_argument("--write", action="store_true", help="keep the results in bench/results.md")
    given = parser.parse_args()
    parts = given.parts or list(PARTS)
    unknown = set(parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    results = run(parts, given.seconds)
    text = report.render(results)
    print(text)
    if given.write:
        Path(__file__).with_name("results.md").write_text(text)
        Path(__file__).with_name("results.json").write_text(json.dumps(results, indent=1) + "\n")


def run(parts: list[str], seconds: float) -> dict[str, Any]:
    results: dict[str, Any] = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "when": datetime.now(UTC).strftime("%Y-%m-%d"),
    }
    if "ready" in parts:
        results["ready"] = _said("time to ready", ready.measure)
    if {"api", "memory", "lag", "growth"} & set(parts):
        with running_system() as system:
            if "api" in parts:
                results["api"] = _said("submissions and reads", lambda: api.measure(system, seconds))
            if "growth" in parts:
                results["growth"] = _said("growth", lambda: growth.measure(system, seconds))
        with running_system() as system:
            system.start("worker", "-m", "doitong", "work")
            if "lag" in parts:
                results["lag"] = _said("completion lag", lambda: lag.measure(system))
            if "memory" in parts:
                api.submit_one(system)
                results["memory"] = system.memory_mb()
    if "dashboard" in parts:
        with running_system() as system:
            results["dashboard"] = _said("the dashboard's pages", lambda: dashboard.measure(system))
    if "studio" in parts:
        results["studio"] = _said("Studio", studio.measure)
    return results


def _said(name: str, measure: Any) -> Any:
    print(f"measuring {name} ...", file=sys.stderr, flush=True)
    return measure()


if __name__ == "__main__":
    main()

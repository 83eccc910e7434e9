"""The results as a page: tables with ratios, because single figures depend on the machine."""

from typing import Any

AIMS = {
    "GraphQL generate": "≥ 400/s, ≤ 5 ms at 1, p99 ≤ 150 ms at 64",
    "REST text_to_video": "≥ 400/s, ≤ 5 ms at 1, p99 ≤ 150 ms at 64",
    "REST status": "≥ 2,000/s, ≤ 1 ms at 1, p99 ≤ 60 ms at 64",
    "GraphQL status": "≥ 2,000/s, ≤ 1 ms at 1, p99 ≤ 60 ms at 64",
}
FLOORS = {
    "GraphQL generate": "hello GraphQL mutation",
    "GraphQL status": "hello GraphQL mutation",
    "REST text_to_video": "bare JSON route",
    "REST status": "bare JSON route",
}


def render(results: dict[str, Any]) -> str:
    """Markdown of everything that was measured."""
    parts = [
        f"# Measurements\n\n{results['machine']}, 2 cores shared by all processes and the load, {results['when']}.\n"
    ]
    writers = {
        "api": _api,
        "growth": _growth,
        "dashboard": _dashboard,
        "memory": _memory,
        "lag": _lag,
        "ready": _ready,
        "studio": _studio,
    }
    parts += [write(results[name]) for name, write in writers.items() if name in results]
    return "\n".join(parts)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _api(rows: dict[str, Any]) -> str:
    out = []
    for name, by_concurrency in rows.items():
        for concurrency, row in by_concurrency.items():
            floor = rows[FLOORS[name]][concurrency]["per_second"] if name in FLOORS else None
            share = f"{floor / row['per_second']:.1f}× slower" if floor else ""
            refused = str(row["refused"]) if row["refused"] else ""
            out.append(
                [
                    name,
                    str(concurrency),
                    f"{row['per_second']:.0f}",
                    f"{row['p50_ms']:.1f}",
                    f"{row['p99_ms']:.1f}",
                    share,
                    refused,
                    AIMS.get(name, "") if concurrency in ("1", 1) else "",
                ]
            )
    head = ["request", "at once", "per second", "p50 ms", "p99 ms", "against its floor", "refused", "aim"]
    note = (
        "A submission is durable: idempotency record, hold, generation and job in one commit before the answer. "
        "The floor of a GraphQL request is a hello mutation, of a REST request a bare JSON route, on the same server.\n"
    )
    return f"## Submissions and reads, one API process\n\n{note}\n{_table(head, out)}"


def _growth(rows: dict[Any, Any]) -> str:
    out = [
        [f"{int(stored):,}", f"{row['per_second']:.0f}", f"{row['p50_ms']:.1f}", f"{row['p99_ms']:.1f}"]
        for stored, row in rows.items()
    ]
    return "## Submissions by stored generations (16 at once)\n\n" + _table(
        ["stored", "per second", "p50 ms", "p99 ms"], out
    )


def _dashboard(rows: dict[str, Any]) -> str:
    out = [
        [
            f"`{name}`" if name.startswith("/") else name,
            f"{row['p50_ms']:.1f}",
            f"{row['max_ms']:.1f}",
            f"{row['kb']:.0f}",
        ]
        for name, row in rows.items()
    ]
    table = _table(["page", "median ms", "slowest ms", "KB"], out)
    return f"## The dashboard's pages, 100,000 generations in the account\n\nOne visitor; aim: 50 ms.\n\n{table}"


def _memory(row: dict[str, float]) -> str:
    out = [[name, f"{megabytes:.0f}"] for name, megabytes in row.items()]
    return "## Memory\n\nResident; of PostgreSQL what its processes do not share.\n\n" + _table(["process", "MB"], out)


def _lag(row: dict[str, float]) -> str:
    return (
        "## Completion lag\n\nEngine finished → webhook received, scripted engine (polled), "
        f"{row['generations']} generations: p50 {row['p50_ms']:.0f} ms, p99 {row['p99_ms']:.0f} ms, "
        f"max {row['max_ms']:.0f} ms (aim: p99 ≤ 300 ms).\n"
    )


def _ready(row: dict[str, Any]) -> str:
    return (
        f"## Time to ready\n\n`doitong up`: {row['first_seconds']:.1f} s the first time (it makes the database), "
        f"{row['median_seconds']:.1f} s later (median; aim ≤ 3 s).\n"
    )


def _studio(rows: dict[str, Any]) -> str:
    out = [
        [
            label,
            f"{row['render']['wall']:.2f}",
            f"{row['render']['cpu']:.2f}",
            f"{row['encode']['cpu']:.2f}",
            f"{row['render']['cpu'] / row['encode']['cpu']:.1f}×",
            f"{row['render']['mib']:.0f} MiB",
            f"{row['render']['spoke']:.2f} s",
            f"{row['render']['first']:.2f} s",
        ]
        for label, row in rows.items()
    ]
    head = ["film", "wall s per s", "CPU s per s", "encoding alone, CPU s per s", "render / encode", "peak memory",
            "engine ready", "first frame"]  # fmt: skip
    return (
        "## Studio, two cores\n\nSeconds of work for one second of film at 24 fps, sound and previews included; the "
        "engine's process is ready, and its first frame encoded, so long after it was started.\n\n" + _table(head, out)
    )

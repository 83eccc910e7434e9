"""Submissions and status reads a second, with p50 and p99, against a hello on the same server."""

import json
import time
import urllib.request
from typing import Any

from bench.requests import GENERATE, HELLO, SEED_INPUT, STATUS, graphql, head
from bench.system import System, free_port

CONCURRENCIES = (1, 16, 64)


def measure(system: System, seconds: float) -> dict[str, dict[int, dict[str, Any]]]:
    """Rows by name, then by concurrency."""
    hello_port = free_port()
    system.start("hello", "-m", "bench.hello", str(hello_port))
    system.wait_until_answers("/json", hello_port)
    generation_id = rendering_one(system)
    key = system.api_key
    status_body = graphql(STATUS, {"id": generation_id})
    rows = {
        "bare JSON route": (head("GET", "/json"), "", hello_port),
        "hello GraphQL mutation": (head("POST", "/graphql"), graphql(HELLO, {"name": "you"}), hello_port),
        "GraphQL generate": (head("POST", "/graphql", key, idempotent=True), _generate(), system.port),
        "REST text_to_video": (head("POST", "/v1/text_to_video", key, idempotent=True), _flat(), system.port),
        "REST status": (head("GET", f"/v1/generations/{generation_id}", key), "", system.port),
        "GraphQL status": (head("POST", "/graphql", key), status_body, system.port),
    }
    try:
        return {
            name: {
                concurrency: system.load(request_head, body, concurrency, seconds, port)
                for concurrency in CONCURRENCIES
            }
            for name, (request_head, body, port) in rows.items()
        }
    finally:
        system.stop("hello")


def rendering_one(system: System) -> str:
    """A generation as clients poll it: being rendered. The worker is gone again when this returns."""
    system.start("worker", "-m", "doitong", "work")
    generation_id = submit_one(system, "#delay=3600")
    url = f"http://127.0.0.1:{system.port}/v1/generations/{generation_id}"
    request = urllib.request.Request(url, headers={"X-API-Key": system.api_key})
    for _ in range(200):
        with urllib.request.urlopen(request, timeout=10) as answer:
            if json.load(answer)["data"]["generatevideo"]["stage"] == "rendering":
                system.stop("worker")
                return generation_id
        time.sleep(0.1)
    raise TimeoutError("nothing began to render")


def submit_one(system: System, prompt: str = "A serene landscape with mountains and a lake at sunset") -> str:
    """One generation; returns its id."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{system.port}/v1/text_to_video",
        _flat(prompt).encode(),
        {"Content-Type": "application/json", "X-API-Key": system.api_key},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["data"]["generatevideo"]["id"])


def _generate() -> str:
    return graphql(GENERATE, {"input": SEED_INPUT})


def _flat(prompt: str = "A serene landscape with mountains and a lake at sunset") -> str:
    return json.dumps({"service": "runway", "prompt": prompt})

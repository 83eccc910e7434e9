"""Guarantee: the page's polling and retry loops end well, on the Free plan too."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.seed.page import Page
from tests.seed.test_samples import node
from tests.system import Customer, System

# what the page leaves undefined: a pause, and the status call that our documentation names
SLEEP = "const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));\n"
CHECK = """
async function checkJobStatus(jobId) {
  const response = await fetch(`%s/v1/generations/${jobId}`, { headers: { 'X-API-Key': '%s' } });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).data.generatevideo;
}
"""


def polled(customer: Customer, page: Page, generation_id: str, folder: Path) -> dict[str, Any]:
    """The page's loop with one word changed.

    As printed it cannot return: `const result` lives inside the loop's block and is read outside of it, so any
    JavaScript throws a ReferenceError once the job has ended. Our own documentation shows it corrected.
    """
    assert page.polling.count("const result =") == 1
    program = SLEEP + CHECK % (customer.url, customer.key) + page.polling.replace("const result =", "var result =")
    program += f"\nconsole.log(JSON.stringify(await pollStatus('{generation_id}')));\n"
    return dict(json.loads(node(folder, program)))


@pytest.mark.parametrize(("word", "status"), [("#delay=1", "completed"), ("#fail #delay=1", "failed")])
def test_the_polling_loop_ends_on_the_free_plan(
    system: System, page: Page, tmp_path: Path, word: str, status: str
) -> None:
    customer = system.customer("free")
    result = polled(customer, page, customer.submit(f"A bear {word}")["id"], tmp_path)
    assert result["status"] == status
    assert (result["url"] is not None) == (status == "completed")


def test_polling_takes_nothing_of_the_free_plans_ten_a_minute(system: System) -> None:
    customer = system.customer("free")
    first = customer.submit("#delay=600")
    answers = [customer.get(f"/v1/generations/{first['id']}") for _ in range(120)]  # four minutes of the page's loop
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["data"]["generatevideo"]["status"] for answer in answers} == {"processing"}
    second = customer.post("/v1/text_to_video", {"service": "runway", "prompt": "A bear #delay=600"})
    assert second.headers["X-RateLimit-Remaining"] == "8"


class Unreliable:
    """A network that delivers a request and loses its answer, `losses` times."""

    def __init__(self, upstream: str, losses: int) -> None:
        self.delivered = 0
        network = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                kept = ("authorization", "content-type", "idempotency-key")
                headers = {name: value for name, value in self.headers.items() if name.lower() in kept}
                answer = httpx.post(upstream + self.path, content=body, headers=headers, trust_env=False)
                network.delivered += 1
                if network.delivered <= losses:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                self.send_response(answer.status_code)
                self.send_header("Content-Type", answer.headers["content-type"])
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_: Any) -> None:
                return

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    return

        class Server(ThreadingHTTPServer):
            def shutdown_request(self, request: Any) -> None:
                self.close_request(request)

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def unreliable(system: System) -> Iterator[Unreliable]:
    network = Unreliable(system.url, losses=1)
    yield network
    network.close()


def test_the_retry_loop_is_safe_when_an_answer_is_lost(
    system: System, page: Page, unreliable: Unreliable, tmp_path: Path
) -> None:
    customer = system.customer("free")
    through = system.known(customer.account_id, customer.key, unreliable.url)
    sample = page.javascript.replace("https://api.doitong.com", through.url).replace("YOUR_API_KEY", customer.key)
    body = sample.replace("console.log('Result:', data.data.generate);", "return data;")
    program = SLEEP + page.retrying + f"\nconst answer = await retryWithBackoff(async () => {{\n{body}\n}});\n"
    answer = json.loads(node(tmp_path, program + "console.log(JSON.stringify(answer));\n"))
    assert unreliable.delivered == 2
    assert answer["data"]["generate"]["status"] == "processing"
    listed = customer.get("/v1/generations").json()["data"]["generations"]
    assert [item["id"] for item in listed] == [answer["data"]["generate"]["id"]]
    customer.wait(listed[0]["id"])
    assert customer.credits() == {"available": 900, "held": 0}

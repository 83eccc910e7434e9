"""What an operator can watch, in Prometheus's words. One `Metrics` a process; nothing global.

Label values come from closed sets (a door, a status, a state), never from a customer's input, so the number
of series is bounded.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_STAGE_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800)
_DELIVERY_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)


class Metrics:
    """The series of one process and their registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._problems: dict[str, set[str]] = {}
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._define_http()
        self._define_work()

    def _define_http(self) -> None:
        self.http_requests = Counter(
            "doitong_http_requests", "Answers by door and status.", ("door", "status"), registry=self.registry
        )
        self.http_seconds = Histogram(
            "doitong_http_request_seconds",
            "Time from a request's first byte to its answer's head.",
            ("door",),
            buckets=_REQUEST_SECONDS,
            registry=self.registry,
        )

    def _define_work(self) -> None:
        self.generations = Counter(
            "doitong_generations",
            "Generations by the status that they were submitted into or ended in.",
            ("status",),
            registry=self.registry,
        )
        self.stage_seconds = Histogram(
            "doitong_generation_stage_seconds",
            "How long generations stay in a stage.",
            ("stage",),
            buckets=_STAGE_SECONDS,
            registry=self.registry,
        )
        self.queue_depth = Gauge("doitong_queue_depth", "What waits, by queue.", ("queue",), registry=self.registry)
        self.engine_attempts = Counter(
            "doitong_engine_attempts",
            "Tries of a generation on an engine by outcome.",
            ("engine", "outcome"),
            registry=self.registry,
        )
        self.engine_problems = Gauge(
            "doitong_engine_problem",
            "1 for what is wrong with an upstream engine's account now.",
            ("engine", "problem"),
            registry=self.registry,
        )
        self.engine_credits = Gauge(
            "doitong_engine_credits", "Credits left at an upstream engine.", ("engine",), registry=self.registry
        )
        self.engine_alarms = Counter(
            "doitong_engine_alarms",
            "Problems of upstream engines as they arose.",
            ("engine", "problem"),
            registry=self.registry,
        )
        self.webhook_deliveries = Counter(
            "doitong_webhook_deliveries",
            "Webhook delivery attempts by outcome.",
            ("outcome",),
            registry=self.registry,
        )
        self.webhook_seconds = Histogram(
            "doitong_webhook_delivery_seconds",
            "How long receivers of webhooks take to answer.",
            buckets=_DELIVERY_SECONDS,
            registry=self.registry,
        )

    def record_request(self, door: str, status: int, seconds: float) -> None:
        self.http_requests.labels(door, str(status)).inc()
        self.http_seconds.labels(door).observe(seconds)

    def record_generation(self, status: str) -> None:
        self.generations.labels(status).inc()

    def record_stage(self, stage: str, seconds: float) -> None:
        self.stage_seconds.labels(stage).observe(seconds)

    @contextmanager
    def stage(self, stage: str) -> Iterator[None]:
        """Time a stage that begins and ends in this process."""
        started = perf_counter()
        try:
            yield
        finally:
            self.record_stage(stage, perf_counter() - started)

    def record_attempt(self, engine: str, outcome: str) -> None:
        self.engine_attempts.labels(engine, outcome).inc()

    def record_alarm(self, engine: str, problem: str) -> None:
        self.engine_alarms.labels(engine, problem).inc()

    def set_engine(self, engine: str, problem: str | None, credits: int | None) -> None:
        """How an upstream stands; of its problems at most one is 1."""
        self._problems.setdefault(engine, set()).update({problem} if problem else ())
        for name in self._problems[engine]:
            self.engine_problems.labels(engine, name).set(1 if name == problem else 0)
        if credits is not None:
            self.engine_credits.labels(engine).set(credits)

    def record_delivery(self, outcome: str, seconds: float) -> None:
        self.webhook_deliveries.labels(outcome).inc()
        self.webhook_seconds.observe(seconds)

    def set_queue_depths(self, depths: Mapping[str, int]) -> None:
        for queue, depth in depths.items():
            self.queue_depth.labels(queue).set(depth)

    def render(self) -> bytes:
        """The page of /metrics, in the text format of CONTENT_TYPE."""
        return generate_latest(self.registry)

"""Wake-ups through LISTEN/NOTIFY: a hint that a row changed, never the news itself.

One connection listens for the whole process and comes back by itself. A message may be lost while it is
away, or before a channel is listened to, so both end with waking everybody concerned: who is woken looks at the
row. Memory is bounded: a subscriber that does not keep up loses single messages and is told so by one
`EVERYTHING`.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import asyncpg
import structlog

if TYPE_CHECKING:
    from doitong.db.pool import Connection

EVERYTHING: Final = ""  # the payload that says: messages may have been missed, look at everything
BACKLOG_MAXIMUM = 1000  # messages a subscriber may lag behind
BACKOFF_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)  # the last one repeats
CONNECT_TIMEOUT_SECONDS = 10
CHANNELS_MAXIMUM = 100  # a channel is a constant of the code; ids belong into the payload
PROBE_SECONDS = 20.0  # an idle connection is asked whether it is still there, since TCP may not tell

_log = structlog.get_logger(__name__)


async def notify(connection: "Connection", channel: str, payload: str) -> None:
    """Tell `channel` when the caller's transaction commits; nothing is sent if it does not."""
    await connection.execute("SELECT pg_notify($1, $2)", channel, payload)


class Subscription:
    """The payloads of one channel from now on, as an async iterator. Close it, or use it in `with`."""

    def __init__(self, owner: "Notifications", channel: str) -> None:
        self._owner = owner
        self._channel = channel
        self._backlog: deque[str] = deque()
        self._arrived = asyncio.Event()
        self._is_closed = False

    def push(self, payload: str) -> None:
        """Hand over one payload; past the backlog all of them collapse into EVERYTHING."""
        if payload == EVERYTHING or len(self._backlog) >= BACKLOG_MAXIMUM:
            self._backlog.clear()
            payload = EVERYTHING
        if self._backlog and self._backlog[0] == EVERYTHING:
            return  # the reader will look at everything anyway
        self._backlog.append(payload)
        self._arrived.set()

    def close(self) -> None:
        """End the iteration, also for a reader that waits now."""
        self._is_closed = True
        self._arrived.set()
        self._owner.forget(self._channel, self)

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        while not self._backlog:
            if self._is_closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._backlog.popleft()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Notifications:
    """The listening connection of one process. `start()` it once, in the loop that it serves."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._subscriptions: dict[str, set[Subscription]] = {}
        self._waiters: dict[tuple[str, str], set[asyncio.Future[None]]] = {}
        self._channels: set[str] = set()  # wanted once, listened to from then on
        self._changed = asyncio.Event()
        self._lost = asyncio.Event()
        self._synchronized = asyncio.Condition()
        self._listening: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen. A database that does not answer now is tried again in the background."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="notifications")

    async def close(self) -> None:
        """Stop listening; subscriptions end."""
        for subscription in [item for group in self._subscriptions.values() for item in group]:
            subscription.close()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def subscribe(self, channel: str) -> Subscription:
        """The payloads of `channel` from now on."""
        subscription = Subscription(self, channel)
        self._subscriptions.setdefault(channel, set()).add(subscription)
        self._want(channel)
        return subscription

    def forget(self, channel: str, subscription: Subscription) -> None:
        group = self._subscriptions.get(channel, set())
        if subscription in group:
            group.remove(subscription)
        if not group:
            self._subscriptions.pop(channel, None)

    async def listening(self, channel: str) -> None:
        """Return when messages to `channel` reach us."""
        async with self._synchronized:
            await self._synchronized.wait_for(lambda: channel in self._listening)

    async def wait_for(self, channel: str, payload: str, timeout: float) -> bool:  # noqa: ASYNC109
        """Whether `payload` came (or may have been missed) within `timeout` seconds. Then look at the row.

        To miss nothing between reading a row and waiting for its change, use `expect` around both.
        """
        with self.expect(channel, payload) as arrival:
            return await arrival.within(timeout)

    @contextlib.contextmanager
    def expect(self, channel: str, payload: str) -> "Iterator[Arrival]":
        """Register first, read the row inside the block, then await `arrival.within(seconds)`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        key = (channel, payload)
        self._waiters.setdefault(key, set()).add(future)
        self._want(channel)
        try:
            yield Arrival(future)
        finally:
            future.cancel()
            group = self._waiters[key]
            group.discard(future)
            if not group:
                del self._waiters[key]

    def _want(self, channel: str) -> None:
        if channel not in self._channels:
            assert len(self._channels) < CHANNELS_MAXIMUM
            self._channels.add(channel)
            self._changed.set()

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                connection = await asyncpg.connect(
                    self._dsn,
                    timeout=CONNECT_TIMEOUT_SECONDS,
                    command_timeout=CONNECT_TIMEOUT_SECONDS,
                    server_settings={"application_name": "doitong notifications"},
                )
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as problem:
                pause = BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)]
                failures += 1
                _log.warning("notifications_unavailable", error=type(problem).__name__, retry_seconds=pause)
                await asyncio.sleep(pause)
                continue
            failures = 0
            try:
                await self._serve(connection)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as problem:
                _log.warning("notifications_lost", error=type(problem).__name__)
            finally:
                self._listening.clear()
                connection.terminate()
            await asyncio.sleep(BACKOFF_SECONDS[0])

    async def _serve(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Keep the connection's LISTENs as they are wanted, until it is lost."""
        self._lost.clear()
        connection.add_termination_listener(lambda *_: self._end())
        await self._listen(connection)
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                await connection.execute("SELECT 1")
            await self._listen(connection)

    def _end(self) -> None:
        self._lost.set()
        self._changed.set()

    async def _listen(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._changed.clear()
        if self._lost.is_set():
            return
        fresh = self._channels - self._listening
        for channel in fresh:
            await connection.add_listener(channel, self._receive)
        async with self._synchronized:
            self._listening |= fresh
            self._synchronized.notify_all()
        self._wake_everybody_of(fresh)

    def _receive(self, _connection: Any, _pid: int, channel: str, payload: Any) -> None:
        for subscription in list(self._subscriptions.get(channel, ())):
            subscription.push(str(payload))
        _resolve(self._waiters.get((channel, str(payload)), set()))

    def _wake_everybody_of(self, channels: set[str]) -> None:
        for channel in channels:
            for subscription in self._subscriptions.get(channel, ()):
                subscription.push(EVERYTHING)
        for (channel, _payload), waiters in self._waiters.items():
            if channel in channels:
                _resolve(waiters)


class Arrival:
    """A message that is waited for."""

    def __init__(self, future: "asyncio.Future[None]") -> None:
        self._future = future

    async def within(self, seconds: float) -> bool:
        """Whether it came, or may have been missed, within `seconds`."""
        done, _ = await asyncio.wait({self._future}, timeout=seconds)
        return bool(done)


def _resolve(waiters: "set[asyncio.Future[None]]") -> None:
    for future in waiters:
        if not future.done():
            future.set_result(None)

"""An account's export and its end.

The end refuses while generations run. What is left of an account is its row, without name and address, and the
ledger, the audit log and the counts of usage, which are never rewritten. Films, pictures and words are removed by a
job, in bounded steps.
"""

import asyncio
import csv
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson

from doitong.audit import store as audit
from doitong.core.clock import Clock
from doitong.core.errors import DoitongError, InvalidParameter, rule
from doitong.db.pool import Database
from doitong.db.queue import DELETE, ERASE, enqueue
from doitong.generations.lifecycle import LEFTOVERS_AGAIN
from doitong.mail import service as mail
from doitong.mail.model import Kind
from doitong.members import closing_store as store
from doitong.members.model import Role, SignedIn
from doitong.members.service import MemberService
from doitong.members.team import lock_as_owner
from doitong.outputs.storage import upload_name
from doitong.plans import store as plans

EXPORT_PAGE = 500
ERASE_BATCH = 200
AGAIN = timedelta(seconds=1)
IN_CSV = ("generations", "statement")
NAME_WRONG = rule("is not the account's name", "ni ime računa")


class Files(Protocol):
    async def delete(self, name: str) -> None: ...


class Closing:
    """Every change is one transaction."""

    def __init__(self, database: Database, clock: Clock, members: MemberService, files: Files) -> None:
        self._database, self._clock, self._members, self._files = database, clock, members, files

    async def export(self, signed_in: SignedIn) -> AsyncIterator[bytes]:
        """A ZIP file of what is kept of the account, a piece at a time; memory holds a page of rows. For owners."""
        _require_owner(signed_in)
        now, account_id = self._clock.now(), signed_in.account.id
        async with self._database.transaction() as connection:
            await audit.record(connection, account_id, signed_in.actor, "account.export", account_id, {}, now)
        return self._pieces(account_id, now)

    async def _pieces(self, account_id: str, now: datetime) -> AsyncIterator[bytes]:
        out = _Pieces()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in store.EXPORTS:
                for form in ("json", "csv") if name in IN_CSV else ("json",):
                    entry = zipfile.ZipInfo(f"{name}.{form}", now.timetuple()[:6])
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    with archive.open(entry, "w", force_zip64=True) as file:
                        async for text in self._texts(account_id, name, form):
                            await asyncio.to_thread(file.write, text)  # deflates
                            yield out.take()
        yield out.take()

    async def _texts(self, account_id: str, name: str, form: str) -> AsyncIterator[bytes]:
        write, after, is_first = (_to_json if form == "json" else _to_csv), "", True
        while True:
            async with self._database.reading() as connection:
                rows = await store.read_page(connection, name, account_id, after, EXPORT_PAGE)
            yield await asyncio.to_thread(write, rows, is_first=is_first)
            is_first = False
            if len(rows) < EXPORT_PAGE:
                break
            after = rows[-1]["id"]
        if form == "json":
            yield b"\n]\n"

    async def delete(self, signed_in: SignedIn, password: str, name: str) -> None:
        """End the account. For owners, who say its name and their password, or have just signed in elsewhere.

        Raises InvalidParameter, TOO_MANY_TRIES, GENERATIONS_RUNNING.
        """
        _require_owner(signed_in)
        account = signed_in.account
        if " ".join(name.split()) != " ".join(account.name.split()):
            raise InvalidParameter("name", NAME_WRONG)
        await self._members.confirm(signed_in, password)
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await plans.lock_usage(connection, [account.id])  # nothing is submitted meanwhile
            await lock_as_owner(connection, signed_in)
            if await store.has_running(connection, account.id):
                raise DoitongError("GENERATIONS_RUNNING")
            for owner in await store.list_owners(connection, account.id):
                values = {"account": account.name}
                await mail.write(connection, Kind.ACCOUNT_DELETED, owner.email, owner.language, values, now)
            await store.close_account(connection, account.id, now)
            await store.delete_members(connection, account.id)
            await enqueue(connection, ERASE, [account.id])
            # a key that was looked up a moment before may still have submitted something
            await enqueue(connection, ERASE, [account.id], delay=LEFTOVERS_AGAIN)
            await audit.record(connection, account.id, signed_in.actor, "account.delete", account.id, {}, now)

    async def erase(self, account_id: str) -> timedelta | None:
        """The step behind an ERASE job: remove what a closed account leaves. A returned pause asks for more."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            generations = await store.erase_generations(connection, account_id, now, ERASE_BATCH)
            for delay in (None, LEFTOVERS_AGAIN):
                await enqueue(connection, DELETE, generations, delay=delay)
            uploads = await store.list_uploads(connection, account_id, ERASE_BATCH)
        for upload_id in uploads:
            await self._files.delete(upload_name(upload_id))
        async with self._database.transaction() as connection:
            await store.delete_uploads(connection, uploads)
            is_running = await store.has_running(connection, account_id)
        return AGAIN if is_running or max(len(generations), len(uploads)) == ERASE_BATCH else None


def _require_owner(signed_in: SignedIn) -> None:
    if signed_in.role is not Role.OWNER:
        raise DoitongError("ROLE_REQUIRED", role=Role.OWNER.value)


class _Pieces(io.RawIOBase):
    """What a ZIP file is written to: forgets what was taken, so that it never seeks and never grows."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def _to_json(rows: list[dict[str, Any]], *, is_first: bool) -> bytes:
    lines = b",\n".join(orjson.dumps(row, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z) for row in rows)
    return (b"[\n" if is_first else b",\n" if rows else b"") + lines


def _to_csv(rows: list[dict[str, Any]], *, is_first: bool) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    if is_first and rows:
        writer.writerow(rows[0])
    writer.writerows([[_cell(value) for value in row.values()] for row in rows])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, dict | list):
        value = orjson.dumps(value).decode()
    shown = "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{shown}" if shown[:1] in ("=", "+", "-", "@", "\t", "\r") and not shown[1:].isdigit() else shown

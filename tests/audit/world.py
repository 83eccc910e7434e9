"""An owner who is also the operator, and one of everything that can be changed."""

import io
import re
import secrets

import httpx
from PIL import Image

from doitong.core.clock import SteppedClock
from doitong.core.ids import new_id
from doitong.generations import lifecycle
from doitong.generations import store as generations
from doitong.generations.model import RawRequest, Status
from doitong.generations.rules import Ending
from doitong.members.model import Role
from tests.dashboard.conftest import SignedInHouse, add_member
from tests.dashboard.test_gallery import complete
from tests.payments.standin import StripeStandIn

RAW = RawRequest({"service": ("service", "runway"), "prompt": ("prompt", "A lake")})
FLAT = {"service": "runway", "prompt": "A lake"}
URL = "http://93.184.216.34/hook"


class World:
    """An operator who is also an owner and has a key with every scope, and one of everything to change."""

    def __init__(self, house: SignedInHouse, clock: SteppedClock, stripe: StripeStandIn) -> None:
        self.house, self.app, self.clock, self.stripe = house, house.application, clock, stripe

    async def count(self) -> int:
        async with self.app.database.reading() as connection:
            return int(await connection.fetchval("SELECT count(*) FROM audit"))

    async def rows(self) -> dict[str, tuple[str, str]]:
        """Who acted, by the row's id."""
        async with self.app.database.reading() as connection:
            found = await connection.fetch("SELECT id, actor_kind, actor_name FROM audit")
        return {row["id"]: (row["actor_kind"], row["actor_name"]) for row in found}

    async def endpoint(self, *, is_enabled: bool = True) -> str:
        made = await self.app.webhooks.create_endpoint(self.house.account_id, URL)
        if not is_enabled:
            await self._run("UPDATE endpoint SET disabled_at = now(), disabled_reason = 'failing'")
        return made.id

    async def delivery(self) -> str:
        return (await self.app.webhooks.send_test(self.house.account_id, await self.endpoint())).id

    async def key(self) -> str:
        return (await self.app.keys.create(self.house.account_id, "one")).key.id

    async def generation(self, *, stage: str | None = None) -> str:
        made = (await self.app.generations.submit(self.house.signed_in.caller, RAW, None)).generation.id
        if stage == "unknown":
            await self._run("UPDATE generation SET stage = 'unknown', attempt = 1, sent_at = now()")
            await self._run("UPDATE account_usage SET ready = 0")
        return made

    async def captured(self) -> str:
        made = await self.generation()
        now = self.clock.now()
        async with self.app.database.transaction() as connection:
            generation = await generations.lock(connection, made)
            assert generation is not None
            await lifecycle.finish(connection, generation, Ending(Status.FAILED, 100, "SUBMISSION_LOST"), now, "")
        return made

    async def other_account(self) -> str:
        return (await self.app.accounts.create("Other", "free")).id

    async def film(self, *, is_shared: bool = False) -> str:
        """One that is completed."""
        made = await self.generation()
        await complete(self.house, made)
        if is_shared:
            await self.app.sharing.share(self.house.signed_in.caller, made)
        return made

    # people

    @property
    def email(self) -> str:
        return self.house.signed_in.member.email

    async def colleague(self, role: Role = Role.DEVELOPER) -> str:
        """The id of another member of the account."""
        return (await add_member(self.app, self.house.account_id, secrets.token_hex(20), role)).member.id

    async def other_session(self) -> str:
        """The id of a session of the member's in another browser."""
        made, member = new_id(self.clock.now()), self.house.signed_in.member
        await self._run(
            "INSERT INTO session (id, digest, member_id, account_id, created_at, last_seen_at, expires_at, address,"
            " agent) SELECT $1, sha256($1::text::bytea), member_id, account_id, created_at, last_seen_at, expires_at,"
            " address, agent FROM session WHERE member_id = $2",
            *(made, member.id),
        )
        return made

    async def second_account(self) -> str:
        """Another account of the member's."""
        account, member = await self.other_account(), self.house.signed_in.member
        await self._run(
            "INSERT INTO membership (account_id, member_id, role, created_at) VALUES ($1, $2, 'owner', now())",
            *(account, member.id),
        )
        return account

    async def without_password(self) -> None:
        """As one who signed in elsewhere, just now: nothing has to be confirmed."""
        await self._run("UPDATE member SET password = NULL")

    async def with_password(self) -> str:
        password = "four words are enough"
        await self._run("UPDATE member SET password = $1", await self.app.members.passwords.hash(password))
        return password

    async def as_stranger(self, path: str, **form: str) -> httpx.Response:
        """A POST of somebody who is not signed in, from our own pages."""
        origin = {"Origin": self.house.client.headers["Origin"]}
        return await self.house.stranger.post(f"/dashboard{path}", data=form, headers=origin)

    async def code_for(self, recipient: str) -> str:
        """What the only mail to an address has in its link."""
        [body] = [mail.body_text for mail in await self.app.mailbox.latest() if mail.recipient == recipient]
        found = re.search(r"code=([\w-]+)", body)
        assert found
        return found[1]

    async def invitation(self, email: str) -> str:
        """The id of an open invitation to the account."""
        await self.app.team.invite(self.house.signed_in, email, Role.DEVELOPER)
        return (await self.app.team.list(self.house.account_id))[1][0].id

    async def _run(self, statement: str, *values: object) -> None:
        async with self.app.database.transaction() as connection:
            await connection.execute(statement, *values)


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (320, 320), "teal").save(file, "PNG")
    return file.getvalue()

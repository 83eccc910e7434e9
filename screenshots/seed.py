"""A lively account: members, films of many days, keys, credits that came and went, webhooks that worked and did not.

Films are made by the scripted engine and show stills of Studio, so that the pages look as with a customer's own.
"""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from PIL import Image
from tests.system import Customer, Receiver, System, free_port

from doitong.app import Application
from doitong.core.ids import new_id
from doitong.members.model import DASHBOARD
from doitong.members.rules import digest

STILLS = Path(__file__).parents[1] / "docs" / "images" / "studio"
SECRET = "seen-only-on-this-machine"
FILMS = (
    ("mountains", "Snowy mountains above the clouds at dawn, slow dolly in"),
    ("lake", "A serene landscape with mountains and a lake at sunset"),
    ("city", "City skyline at night in the rain, lit windows, slow pan right"),
    ("forest", "Autumn forest with sun rays, falling leaves"),
    ("space", "A ringed planet and a nebula, slow orbit"),
    ("underwater", "Coral reef with fish, sunlight from above"),
    ("canyon", "Red canyon at noon, flyover"),
    ("dunes", "Pustinja ob sončnem zahodu, veter, kamera se dviga"),
    ("sea", "Storm at sea, lightning, handheld"),
    ("field", "Wheat field under a big sky, time-lapse clouds"),
    ("abstract", "Ink in water, violet and gold"),
)
HISTORY_DAYS = 90
TALL = 3  # of the films: the one in 9:16


@dataclass
class Town:
    """What the pages are asked for."""

    session: str = SECRET
    ids: dict[str, str] = field(default_factory=dict)


def seed(system: System) -> Town:
    """Fill the system; takes some ten seconds."""
    town, customer, receiver = Town(), system.customer("pro", credits=24_000), Receiver()
    try:
        town.ids["account"] = customer.account_id
        _watch(system, customer, receiver)
        films = [
            customer.submit(prompt, duration=5 + place % 6, aspectRatio="9:16" if place == TALL else "16:9")["id"]
            for place, (_, prompt) in enumerate(FILMS)
        ]
        failed = customer.submit("Waves at a lighthouse #fail")["id"]
        for film in [*films, failed]:
            customer.wait(film)
        for film, (still, _) in zip(films, FILMS, strict=True):
            for found in (system.data_dir / "files").rglob(f"{film}*.jpg"):
                with Image.open(STILLS / f"{still}.jpg") as picture:
                    width, height = picture.size
                    left = (width - height * 9 / 16) / 2
                    picture.crop((left, 0, width - left, height) if film == films[TALL] else None).save(found)
        customer.submit("Islands in the morning mist #delay=600")
        town.ids |= {"film": films[1], "tall": films[TALL], "failed": failed}
        system.operator.use(lambda app: _people(app, town))
        system.operator.use(lambda app: _links(app, town))
        system.operator.use(lambda app: _keys_and_credits(app, customer.account_id))
        system.operator.use(lambda app: _history(app, customer.account_id))
        system.operator.use(lambda app: _waiting(app, customer.account_id))
        town.ids |= system.operator.use(lambda app: _found(app, customer.account_id, films[1]))
    finally:
        receiver.close()
    return town


def _watch(system: System, customer: Customer, receiver: Receiver) -> None:
    for url in (f"{receiver.url}/doitong", f"http://127.0.0.1:{free_port()}/down"):
        made = customer.post("/v1/webhook_endpoints", {"url": url, "description": "Production"})
        assert made.status_code == 200, made.text


async def _people(app: Application, town: Town) -> None:
    """An owner who is the operator too, two colleagues, and the session that the pages are taken with."""
    now, account_id = app.clock.now(), town.ids["account"]
    people = (("Maja Novak", "maja", "owner"), ("Luka Kranjc", "luka", "developer"), ("Ana Zupan", "ana", "viewer"))
    async with app.database.transaction() as connection:
        await connection.execute("UPDATE account SET name = 'Studio Bled' WHERE id = $1", account_id)
        for place, (name, word, role) in enumerate(people):
            member_id, email = new_id(now), f"{word}@studio-bled.example"
            await connection.execute(
                "INSERT INTO member (id, email, email_key, name, password, is_operator, created_at, verified_at)"
                " VALUES ($1, $2, $2, $3, 'x', $4, $5, $5)",
                *(member_id, email, name, place == 0, now - timedelta(days=90)),
            )
            await connection.execute(
                "INSERT INTO membership (account_id, member_id, role, created_at) VALUES ($1, $2, $3, $4)",
                *(account_id, member_id, role, now),
            )
            await connection.execute(
                "INSERT INTO session (id, digest, member_id, account_id, created_at, last_seen_at, expires_at, address,"
                " agent) VALUES ($1, $2, $3, $4, $5, $5, $6, '127.0.0.1', 'X11; Linux x86_64 Chrome/156.0')",
                *(new_id(now), digest(SECRET if place == 0 else f"{SECRET}-{word}"), member_id, account_id),
                *(now, now + timedelta(days=14)),
            )


async def _links(app: Application, town: Town) -> None:
    """What mails lead to, and how two payments ended."""
    now, account_id = app.clock.now(), town.ids["account"]
    later, new = now + timedelta(days=1), "jana@example.si"
    other, third = [await app.accounts.create(name, "free") for name in ("Kino Šiška", "Filmski krožek")]
    async with app.database.transaction() as connection:
        maja = await connection.fetchval("SELECT id FROM member WHERE email_key = 'maja@studio-bled.example'")
        await connection.execute(
            "INSERT INTO sign_up (digest, email, email_key, name, password, language, account_name, browser,"
            " created_at, expires_at) VALUES ($1, $2, $2, '', 'x', 'en', '', '', $3, $4)",
            *(digest("verify"), new, now, later),
        )
        for code, purpose, email, member_id, invited_to in (
            ("reset", "reset", "maja@studio-bled.example", maja, None),
            ("change_email", "change_email", "maja.novak@example.si", maja, None),
            ("invite", "invite", new, None, account_id),
            ("invite_own", "invite", "maja@studio-bled.example", None, third.id),
        ):
            await connection.execute(
                "INSERT INTO member_token (id, digest, purpose, email, member_id, account_id, role, created_by,"
                " created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, 'developer', $7, $8, $9)",
                *(new_id(now), digest(code), purpose, email, member_id, invited_to, maja, now, later),
            )
            town.ids[code] = code
        await connection.execute(
            "INSERT INTO membership (account_id, member_id, role, created_at) VALUES ($1, $2, 'owner', $3)",
            *(other.id, maja, now),
        )
        await connection.execute("UPDATE account SET disabled_at = $2 WHERE id = $1", other.id, now)
        await connection.execute(
            "INSERT INTO session (id, digest, member_id, account_id, created_at, last_seen_at, expires_at, address,"
            " agent) VALUES ($1, $2, $3, $4, $5, $5, $6, '127.0.0.1', '')",
            *(new_id(now), digest(f"{SECRET}-off"), maja, other.id, now, later),
        )
        for hours, state in enumerate(("paid", "expired"), start=3):
            moment = now - timedelta(hours=hours)
            town.ids[state] = new_id(moment)
            await connection.execute(
                "INSERT INTO payment (id, checkout_id, account_id, member_id, credits, amount_minor, currency, state,"
                " created_at, ended_at) VALUES ($1, $1, $2, $3, 5000, 4000, 'eur', $4, $5, $5)",
                *(town.ids[state], account_id, maja, state, moment),
            )
    town.ids["verify"] = "verify"


async def _waiting(app: Application, account_id: str) -> None:
    """Two payments that wait for the operator's word: one came with other money, one was refunded once spent."""
    now = app.clock.now()
    async with app.database.transaction() as connection:
        for number, (state, paid, refunded, taken, owed) in enumerate(
            (("mismatched", 3600, 0, 0, 0), ("paid", 4000, 4000, 3_800, 1_200)), start=1
        ):
            moment = now - timedelta(hours=number)
            await connection.execute(
                "INSERT INTO payment (id, checkout_id, payment_intent, account_id, credits, amount_minor, currency,"
                " state, paid_minor, paid_currency, refunded_minor, taken, owed, created_at, ended_at)"
                " VALUES ($1, $2, $3, $4, 5000, 4000, 'eur', $5, $6, 'eur', $7, $8, $9, $10, $10)",
                *(new_id(moment), f"cs_test_b1Yz{number}", f"pi_3SxQ{number}", account_id, state),
                *(paid, refunded, taken, owed, moment),
            )


async def _keys_and_credits(app: Application, account_id: str) -> None:
    await app.keys.create(account_id, "Production", expires_at=app.clock.now() + timedelta(days=180))
    old = await app.keys.create(account_id, "Old website")
    await app.keys.revoke(account_id, old.key.id)
    await app.keys.create(account_id, "Nightly batch", scopes=["generations:read", "generations:write"])
    await app.ledger.grant(account_id, 5_000, reason="Spring campaign")
    await app.ledger.adjust(account_id, -250, reason="Corrected a double grant")


async def _history(app: Application, account_id: str) -> None:
    """Usage of the past months, as ended generations would have left it."""
    dice, today = random.Random(7), app.clock.now().date()
    rows = []
    for back in range(1, HISTORY_DAYS):
        for key, weight in ((DASHBOARD, 3), ("dk_live_production", 8), ("dk_live_nightlyba", 2)):
            for quality, price in (("standard", 120), ("high", 380)):
                done = max(0, round(dice.gauss(weight, weight / 2) * (0.4 if quality == "high" else 1)))
                if done:
                    failed = int(dice.random() < 0.1)
                    service = "runway" if dice.random() < 0.8 else "runway-i2v"
                    day = today - timedelta(days=back)
                    rows.append((account_id, day, service, quality, key, done, failed, done * price))
    async with app.database.transaction() as connection:
        await connection.executemany(
            "INSERT INTO usage_day (account_id, day, service, quality, key_prefix, engine, completed, failed, credits,"
            " seconds) VALUES ($1, $2, $3, $4, $5, 'studio', $6, $7, $8, $6 * 6) ON CONFLICT DO NOTHING",
            rows,
        )


async def _found(app: Application, account_id: str, film: str) -> dict[str, str]:
    member = "SELECT member_id FROM membership WHERE account_id = $1 AND role = 'owner'"
    async with app.database.transaction() as connection:
        assert await connection.fetchval(member, account_id)
        delivery = await connection.fetchval(
            "SELECT id FROM delivery WHERE account_id = $1 ORDER BY attempts DESC, id LIMIT 1", account_id
        )
        await connection.execute(
            "INSERT INTO share (generation_id, token, account_id, created_at) VALUES ($1, $2, $3, $4)",
            *(film, "s" * 22, account_id, app.clock.now()),
        )
    return {"delivery": delivery, "share": "s" * 22}

"""The pages of credits: every entry is there, in few statements however many there are; what is bought comes once."""

import csv
import io
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from doitong.app import Application
from doitong.core.clock import SteppedClock
from doitong.core.settings import Settings
from doitong.doors.dashboard import charts
from doitong.doors.dashboard.credits import harmless
from doitong.doors.http.app import build_app
from doitong.members.model import Role
from doitong.words.catalogue import words
from tests.dashboard.conftest import SECRET, SignedInHouse, add_member, signed_in_house
from tests.doors.conftest import serving
from tests.payments.standin import SECRET_KEY, WEBHOOK_SECRET, event, sign, stripe_standin

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


async def submit(house: SignedInHouse) -> str:
    body = {"service": "runway", "prompt": "a lake"}
    made = await house.stranger.post("/v1/text_to_video", json=body, headers=house.api_key)
    return str(made.json()["data"]["generatevideo"]["id"])


async def test_every_movement_stands_with_its_film(signed_in: SignedInHouse) -> None:
    made = await submit(signed_in)
    await signed_in.stranger.post(f"/v1/generations/{made}/cancel", headers=signed_in.api_key)
    page = await signed_in.client.get("/dashboard/credits")
    assert page.status_code == 200
    assert page.text.count(f"/dashboard/gallery/{made}") == 2
    for kind, count in (("grant", 0), ("hold", 1), ("release", 1), ("refund", 0)):
        found = await signed_in.client.get(f"/dashboard/credits?kind={kind}")
        assert found.text.count(f"/dashboard/gallery/{made}") == count
    assert (await signed_in.client.get("/dashboard/credits?kind=nonsense")).status_code == 400


async def test_the_whole_statement_as_csv(signed_in: SignedInHouse) -> None:
    account_id, ledger = signed_in.account_id, signed_in.application.ledger
    for number in range(5):
        await ledger.grant(account_id, 1 + number, reason='=HYPERLINK("x")' if number == 3 else f"no. {number}")
    answer = await signed_in.client.get("/dashboard/credits/statement.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["amount"] for row in rows] == ["5", "4", "3", "2", "1", "1000"]
    assert rows[1]["reason"] == '\'=HYPERLINK("x")'
    assert rows[-1]["reason"] == "sign-up credits"
    assert harmless("plain") == "plain"


async def test_alerts_are_set_and_taken_away(signed_in: SignedInHouse) -> None:
    alerts = signed_in.application.alerts
    for threshold in ("500", "2500"):
        answer = await signed_in.client.post("/dashboard/credits/alerts", data={"threshold": threshold})
        assert answer.status_code == 303
    await signed_in.client.post("/dashboard/credits/alerts/remove", data={"threshold": "500"})
    assert [item.threshold for item in await alerts.list(signed_in.account_id)] == [2500]
    wrong = await signed_in.client.post("/dashboard/credits/alerts", data={"threshold": "-1"})
    assert wrong.status_code == 400
    assert 'value="-1"' in wrong.text


async def test_alerts_at_both_doors(signed_in: SignedInHouse) -> None:
    put = await signed_in.stranger.put("/v1/credits/alerts", json={"thresholds": [10, 200]}, headers=signed_in.api_key)
    assert [item["threshold"] for item in put.json()["data"]["alerts"]] == [200, 10]
    found = await signed_in.graphql("{ creditAlerts { threshold firedAt } }")
    assert [item["threshold"] for item in found["data"]["creditAlerts"]] == [200, 10]
    found = await signed_in.graphql("mutation { setCreditAlerts(thresholds: []) { threshold } }")
    assert found["data"]["setCreditAlerts"] == []


async def test_without_stripe_the_operator_grants(signed_in: SignedInHouse) -> None:
    assert "the operator grants credits" in (await signed_in.client.get("/dashboard/credits")).text
    assert (await signed_in.client.post("/dashboard/credits/buy", data={"credits": "1000"})).status_code == 404
    assert (await signed_in.stranger.post("/dashboard/stripe", content=b"{}")).status_code == 404


async def test_an_owner_buys_and_the_webhook_grants(dsn: str, tmp_path: Path, clock: SteppedClock) -> None:
    async with stripe_standin() as stripe:
        settings = Settings(
            database_url=dsn,
            data_dir=tmp_path,
            stripe_secret_key=SECRET_KEY,
            stripe_webhook_secret=WEBHOOK_SECRET,
            stripe_base_url=stripe.base_url,
        )
        app = await Application.open(settings, clock)
        account = await app.accounts.create("buyer", "starter")
        await add_member(app, account.id, SECRET)
        async with serving(build_app(app)) as client:
            await _buy(app, client, stripe, account.id)
        await app.close()


async def _buy(app: Any, client: Any, stripe: Any, account_id: str) -> None:
    browser = {"Origin": str(client.base_url).rstrip("/"), "Cookie": f"doitong_session={SECRET}"}
    assert "10.00 EUR" in (await client.get("/dashboard/credits", headers=browser)).text
    plain = await client.post("/dashboard/credits/buy", data={"credits": "1000"}, headers=browser)
    assert f'href="{stripe.base_url}/pay/cs_test_1"' in plain.text
    script = browser | {"Accept": "application/json"}
    asked = await client.post("/dashboard/credits/buy", data={"credits": "5000"}, headers=script)
    assert asked.json() == {"url": f"{stripe.base_url}/pay/cs_test_2"}
    body = event("checkout.session.completed", stripe.pay("cs_test_2"))
    for signature, status in (("t=1,v1=00", 400), (sign(body), 200), (sign(body), 200)):
        answer = await client.post("/dashboard/stripe", content=body, headers={"Stripe-Signature": signature})
        assert answer.status_code == status
    assert (await app.ledger.balance(account_id)).available == 5000
    thanks = stripe.pay("cs_test_1")["success_url"].partition("8000")[2]
    assert "1,000 credits for 10.00 EUR" in (await client.get(thanks, headers=browser)).text
    assert (await app.ledger.balance(account_id)).available == 6000


async def test_only_an_owner_buys(dsn: str, tmp_path: Path, clock: SteppedClock) -> None:
    async with signed_in_house(dsn, tmp_path, clock, Role.DEVELOPER) as house:
        assert (await house.client.post("/dashboard/credits/buy", data={"credits": "1000"})).status_code == 403


async def test_a_hundred_thousand_films_cost_no_more(signed_in: SignedInHouse) -> None:
    """Counted days and indexed pages only: few statements, and quick."""
    await _fill(signed_in)
    credits = ("/credits", "/credits?kind=grant", "/credits?kind=capture", "/credits/usage?range=90")
    for path in (*credits, "/keys", "/limits"):
        await signed_in.client.get(f"/dashboard{path}")
        taken = []
        for _ in range(5):
            started = time.perf_counter()
            answer = await signed_in.client.get(f"/dashboard{path}")
            taken.append(time.perf_counter() - started)
            assert answer.status_code == 200
        print(f"{path}: {min(taken) * 1000:.1f} ms, {len(answer.content)} bytes")
        assert min(taken) < 0.25  # 50 ms on an idle machine; this bound only catches a full pass


async def _fill(house: SignedInHouse, count: int = 100_000) -> None:
    async with house.application.database.transaction() as connection:
        await connection.execute(
            f"""
            INSERT INTO generation (id, account_id, key_prefix, kind, service, prompt, parameters, credit_cost, status,
                stage, lane, engine, created_at, completed_at, deadline_at)
            SELECT lpad(n::text, 26, '0'), '{house.account_id}', 'dashboard', 'text_to_video', 'runway', 'a lake',
                '{{}}', 100, 'completed', 'ended', 'render', 'studio', now(), now(), now()
            FROM generate_series(1, {count}) n;
            INSERT INTO ledger_transfer (account_id, kind, amount, generation_id, available_after, held_after,
                created_at)
            SELECT '{house.account_id}', kind, 100, lpad(n::text, 26, '0'), 0, 0, now()
            FROM generate_series(1, {count}) n CROSS JOIN (VALUES ('hold'), ('capture')) k (kind);
            INSERT INTO usage_day (account_id, day, service, quality, key_prefix, engine, completed, credits, seconds)
            SELECT '{house.account_id}', date '2026-01-15' - n % 90,
                CASE n % 2 WHEN 0 THEN 'runway' ELSE 'runway-i2v' END,
                CASE n % 3 WHEN 0 THEN 'high' ELSE 'standard' END,
                'dk_live_' || n % 20, 'studio', 10, 1000, 50
            FROM generate_series(1, 5000) n ON CONFLICT DO NOTHING;
            ANALYZE generation, ledger_transfer, usage_day;
            """
        )


# charts are pure

DAYS = charts.span(date(2026, 1, 1), date(2026, 1, 30))


@pytest.mark.parametrize(
    ("largest", "top"),
    [(0, 4), (3, 4), (4, 4), (5, 8), (9, 20), (21, 40), (41, 80), (81, 200), (1000, 2000), (99_999, 200_000)],
)
def test_the_axis_ends_at_a_round_number_of_four_steps(largest: int, top: int) -> None:
    assert charts.nice_top(largest) == top
    assert top % 4 == 0


def test_more_than_six_series_are_five_and_the_rest() -> None:
    found = {(DAYS[n], f"key {n}"): 100 - n for n in range(9)}
    chart = charts.make_chart(DAYS, found, {}, "Others")
    assert [item.label for item in chart.series] == [*(f"key {n}" for n in range(5)), "Others"]
    assert chart.total == sum(found.values())
    assert chart.on(7) == 93


@pytest.mark.parametrize("language", ["en", "sl"])
def test_a_drawing_names_itself_and_stays_text(language: str) -> None:
    found = {(DAYS[3], "<script>"): 1500, (DAYS[3], "b"): 10}
    chart = charts.make_chart(DAYS, found, {}, "Others")
    drawing = charts.draw(chart, words(language), "key", 'By "key"', "credits")
    assert drawing.count('role="img"') == 2
    assert drawing.count('<rect class="s') == 4
    assert "<script>" not in drawing
    assert "style=" not in drawing
    number = "1,500" if language == "en" else "1.500"
    assert number in drawing


def test_nothing_is_drawn_of_nothing() -> None:
    chart = charts.make_chart(DAYS, {}, {}, "Others")
    assert '<rect class="s' not in charts.draw(chart, words("en"), "x", "x", "credits")
    assert timedelta(days=29) == DAYS[-1] - DAYS[0]

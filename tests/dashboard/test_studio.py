"""Guarantee: the studio asks for exactly what is filled in, buys it once, and shows code that does the same."""

import asyncio
import html
import json
import re
import shutil
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from doitong.catalogue.services import PRICES, SERVICES
from doitong.core.clock import SteppedClock
from doitong.members.model import Role
from tests.dashboard.conftest import SignedInHouse, signed_in_house

TERMS: dict[str, Any] = {
    "service": "runway",
    "prompt": 'A lake\'s "shore" at dawn — jezero\nwith $HOME and `ticks` and \\ slashes',
    "duration": 6,
    "aspectRatio": "1:1",
    "version": "gen-3",
    "quality": "standard",
    "motionIntensity": "low",
    "motion": {"camera": [{"move": "pan_left", "strength": 0.7, "seconds": 2.5, "easing": "linear"}]},
    "audio": False,
    "seed": 4294967295,
    "negativePrompt": "it's raining",
}
JSON = {"Accept": "application/json"}


def picture(width: int = 64, height: int = 48) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()


async def generations(house: SignedInHouse) -> list[dict[str, Any]]:
    async with house.application.database.reading() as connection:
        rows = await connection.fetch("SELECT id, prompt, parameters, service, key_prefix FROM generation ORDER BY id")
    return [dict(row) for row in rows]


def page_data(text: str) -> dict[str, Any]:
    found = re.search(r'data-studio="([^"]*)"', text)
    assert found
    data: dict[str, Any] = json.loads(html.unescape(found[1]))
    return data


async def test_the_page_offers_what_the_catalogue_says(signed_in: SignedInHouse) -> None:
    answer = await signed_in.client.get("/dashboard/studio")
    assert answer.status_code == 200
    data = page_data(answer.text)
    assert [service["id"] for service in data["services"]] == list(SERVICES)
    shown = {row["quality"]: row["baseCredits"] for row in data["services"][0]["prices"]}
    assert shown == {quality.value: price.base_credits for quality, price in PRICES.items()}
    assert data["available"] == 1000
    for version in SERVICES["runway"].versions:
        assert f'value="{version.value}"' in answer.text


@pytest.mark.parametrize("language", ["en", "sl"])
async def test_no_text_of_the_member_becomes_markup(signed_in: SignedInHouse, language: str) -> None:
    evil = "\"><script>alert(1)</script>'{{7*7}}"
    answer = await signed_in.client.get("/dashboard/studio", params={"prompt": evil, "lang": language})
    assert "<script>alert" not in answer.text
    assert html.escape(evil, quote=False).replace("'", "&#39;").replace('"', "&#34;") in answer.text


async def test_a_press_is_bought_once_however_often_it_is_sent(signed_in: SignedInHouse) -> None:
    headers = JSON | {"Idempotency-Key": "press-1"}
    answers = [await signed_in.client.post("/dashboard/studio", json=TERMS, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.json()["generation"]["id"] for answer in answers}) == 1
    (made,) = await generations(signed_in)
    assert made["key_prefix"] == "dashboard"
    kept = made["parameters"]
    assert {name: kept[name] for name in TERMS if name not in ("service", "prompt", "motion")} == {
        name: value for name, value in TERMS.items() if name not in ("service", "prompt", "motion")
    }
    assert kept["motion"] == {"camera": TERMS["motion"]["camera"], "brushes": []}


async def test_what_is_quoted_is_what_is_paid(signed_in: SignedInHouse) -> None:
    quote = (await signed_in.client.post("/dashboard/quotes", json=TERMS, headers=JSON)).json()["quote"]
    body = TERMS | {"quoteId": quote["id"]}
    made = (await signed_in.client.post("/dashboard/studio", json=body, headers=JSON)).json()["generation"]
    assert quote["creditCost"] == made["creditCost"] == 120


async def test_the_bare_form_leads_to_the_films_page(signed_in: SignedInHouse) -> None:
    page = (await signed_in.client.get("/dashboard/studio")).text
    press = re.search(r'name="press" value="([^"]+)"', page)
    assert press
    form = {"press": press[1], "prompt": "A lake", "duration": "7", "quality": "high", "seed": "5", "audio": "on"}
    answers = [await signed_in.client.post("/dashboard/studio", data=form) for _ in range(2)]
    (made,) = await generations(signed_in)
    assert {answer.headers["location"] for answer in answers} == {f"/dashboard/gallery/{made['id']}"}
    assert (made["parameters"]["duration"], made["parameters"]["seed"]) == (7, 5)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("duration", "99"),
        ("duration", "soon"),
        ("seed", "-1"),
        ("aspectRatio", "4:3"),
        ("prompt", " "),
        ("motion", "x"),
    ],
)
async def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(
    signed_in: SignedInHouse, field: str, value: str
) -> None:
    form = {"prompt": "A quiet lake", "negativePrompt": "fog", "press": "p"} | {field: value}
    answer = await signed_in.client.post("/dashboard/studio", data=form)
    assert answer.status_code == 400
    wrong = re.search(rf'data-wrong="{field}">([^<]+)<', answer.text)
    assert wrong
    assert wrong[1].strip()
    assert 'value="fog"' in answer.text
    assert await generations(signed_in) == []
    script = await signed_in.client.post("/dashboard/studio", json={"prompt": "x", "duration": 99}, headers=JSON)
    assert script.json()["errors"][0]["extensions"]["parameter"] == "duration"


async def test_too_few_credits_are_named(signed_in: SignedInHouse) -> None:
    for _ in range(3):
        await signed_in.client.post("/dashboard/studio", json={"prompt": "a", "quality": "high"}, headers=JSON)
    refused = await signed_in.client.post("/dashboard/studio", json={"prompt": "a", "quality": "high"}, headers=JSON)
    assert refused.status_code == 402
    assert refused.json()["errors"][0]["extensions"]["creditsAvailable"] == 100
    form = await signed_in.client.post("/dashboard/studio", data={"prompt": "a", "quality": "high"})
    assert form.status_code == 402
    assert 'role="alert"' in form.text


async def test_a_picture_is_uploaded_shown_to_its_account_only_and_animated(
    signed_in: SignedInHouse, tmp_path: Path, clock: SteppedClock
) -> None:
    files = {"image": ("cat.png", picture(), "image/png")}
    upload = (await signed_in.client.post("/dashboard/uploads", files=files, headers=JSON)).json()["upload"]
    shown = await signed_in.client.get(f"/dashboard/uploads/{upload['id']}")
    assert (shown.status_code, shown.headers["content-type"], len(shown.content)) == (200, "image/png", upload["bytes"])
    assert shown.headers["x-content-type-options"] == "nosniff"
    stranger = await signed_in.stranger.get(f"/dashboard/uploads/{upload['id']}", headers=JSON)
    assert stranger.status_code == 401
    body = {"image": upload["id"], "motion": {"brushes": [{"mask": upload["id"], "direction": 90, "mode": "sway"}]}}
    made = await signed_in.client.post("/dashboard/studio", json=body, headers=JSON)
    assert made.status_code == 200, made.text
    again = await signed_in.client.get("/dashboard/studio", params={"from": made.json()["generation"]["id"]})
    terms = page_data(again.text)["terms"]
    assert terms["image"] == upload["id"]
    assert terms["motion"]["brushes"][0]["mode"] == "sway"


@pytest.mark.parametrize(
    ("content", "status"), [(b"not a picture", 400), (b"", 400), (b"\x89PNG" + b"\0" * (21 << 20), 413)]
)
async def test_an_upload_is_bounded_as_rests_is(signed_in: SignedInHouse, content: bytes, status: int) -> None:
    answer = await signed_in.client.post("/dashboard/uploads", files={"image": ("a.png", content)}, headers=JSON)
    assert answer.status_code == status


async def test_use_again_fills_in_the_same_request(signed_in: SignedInHouse) -> None:
    made = await signed_in.client.post("/dashboard/studio", json=TERMS, headers=JSON)
    page = await signed_in.client.get("/dashboard/studio", params={"from": made.json()["generation"]["id"]})
    terms = page_data(page.text)["terms"]
    assert {name: terms[name] for name in TERMS} == TERMS


async def test_a_viewer_looks_and_cannot_make(dsn: str, tmp_path: Path, clock: SteppedClock) -> None:
    async with signed_in_house(dsn, tmp_path, clock, Role.VIEWER) as house:
        page = await house.client.get("/dashboard/studio")
        assert page.status_code == 200
        assert re.search(r'<fieldset class="whole" disabled>', page.text)
        assert 'role="note"' in page.text
        for path in ("/dashboard/studio", "/dashboard/uploads"):
            refused = await house.client.post(path, json={"prompt": "a"}, headers=JSON)
            assert refused.status_code in (403, 415), path
        assert await generations(house) == []


@pytest.mark.parametrize("path", ["/dashboard/studio", "/dashboard/quotes", "/dashboard/uploads"])
async def test_another_site_buys_nothing(signed_in: SignedInHouse, path: str) -> None:
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = await signed_in.client.post(path, data={"prompt": "a"}, headers=headers)
    assert answer.status_code == 403
    assert await generations(signed_in) == []


COMMANDS = {
    "curl": ("sh", "sample.sh"),
    "graphql": ("sh", "sample.sh"),
    "python": (sys.executable, "sample.py"),
    "javascript": ("node", "sample.mjs"),
}


@pytest.mark.parametrize("name", list(COMMANDS))
@pytest.mark.parametrize("with_picture", [False, True])
async def test_the_code_on_the_page_runs_as_it_stands(
    signed_in: SignedInHouse, tmp_path: Path, name: str, with_picture: bool
) -> None:
    """Only the address of the test's server and the key are put in."""
    command, file = COMMANDS[name]
    if shutil.which(command) is None or (command == "sh" and shutil.which("curl") is None):
        pytest.skip(f"{command.upper()} OR CURL IS NOT INSTALLED: the sample in {name} was not run")
    terms = dict(TERMS)
    if with_picture:
        files = {"image": ("a.png", picture())}
        upload = (await signed_in.client.post("/dashboard/uploads", files=files, headers=JSON)).json()["upload"]["id"]
        brush = {"polygon": [[0, 0], [1, 0], [1, 0.5]], "direction": 45, "speed": 0.25, "mode": "wave"}
        terms |= {"image": upload, "motion": TERMS["motion"] | {"brushes": [brush]}}
    told = await signed_in.client.post("/dashboard/studio/samples", json=terms, headers=JSON)
    assert told.status_code == 200
    first = (await signed_in.client.post("/dashboard/studio", json=terms, headers=JSON)).json()["generation"]["id"]
    await signed_in.client.post(f"/dashboard/generations/{first}/cancel", headers=JSON)
    page = (await signed_in.client.get(f"/dashboard/gallery/{first}")).text
    block = re.search(rf'data-sample="{name}".*?<code>(.*?)</code>', page, re.DOTALL)
    assert block
    code = html.unescape(block[1])
    assert code == told.json()["samples"][name]
    assert "YOUR_API_KEY" in code
    code = code.replace("YOUR_API_KEY", signed_in.key)
    script = tmp_path / file
    script.write_text(code.replace("http://127.0.0.1:8000", str(signed_in.stranger.base_url).rstrip("/")))
    child = await asyncio.create_subprocess_exec(
        *(command, str(script)), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(30):
        while len(rows := await generations(signed_in)) < 2 and child.returncode is None:
            await asyncio.sleep(0.05)
        if len(rows) == 2:
            (second,) = (row["id"] for row in rows if row["id"] != first)
            await signed_in.client.post(f"/dashboard/generations/{second}/cancel", headers=JSON)
        output = (await child.communicate())[0].decode()
    assert len(rows) == 2, output
    assert child.returncode == 0, output
    assert (rows[1]["prompt"], rows[1]["service"]) == (rows[0]["prompt"], rows[0]["service"])
    assert rows[1]["parameters"] == rows[0]["parameters"]

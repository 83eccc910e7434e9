"""Guarantee "Provenance": a stored film says where it comes from, under one identity, and a changed byte is seen."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from doitong.core.clock import SteppedClock
from doitong.db.pool import Database
from doitong.doors.cdn.roots import PATH, RootsDoor
from doitong.doors.http.edge import Edge
from doitong.doors.http.routes import Routes
from doitong.media.probe import probe_film
from doitong.provenance.certificates import make_leaf, make_root
from doitong.provenance.model import Claim, Identity, NoProvenance, ProvenanceFailed
from doitong.provenance.service import Provenance
from doitong.provenance.signer import read_film, sign_film
from tests.media.conftest import make_film  # noqa: F401  (a fixture)

CLAIM = Claim("0" * 26, "studio", "studio-gen-4", "1.0.0", "gen-4", 4_000_000_000)
SECRET = b"the installation's secret"
# the library judges certificates by the machine's own clock
NOW = datetime.now(UTC)


def new_identity() -> Identity:
    root = make_root(NOW, SECRET)
    return Identity(make_leaf(root, NOW, SECRET), root)


IDENTITY = new_identity()


@pytest.fixture
def film(make_film: Callable[..., Path], tmp_path: Path) -> Path:  # noqa: F811
    return make_film(tmp_path / "film.mp4")


def actions_of(film: Path) -> list[dict[str, object]]:
    manifest = read_film(film, IDENTITY.root.certificate).manifest
    return next(item["data"]["actions"] for item in manifest["assertions"] if item["label"].startswith("c2pa.actions"))


def test_a_signed_film_says_what_made_it_and_still_plays(film: Path) -> None:
    before = probe_film(film)
    sign_film(film, CLAIM, IDENTITY)
    reading = read_film(film, IDENTITY.root.certificate)
    assert (reading.state, reading.issuer, reading.problems) == ("Trusted", "Doitong", ())
    [action] = actions_of(film)
    assert action["action"] == "c2pa.created"
    assert action["softwareAgent"] == {"name": "studio-gen-4", "version": "1.0.0"}
    assert str(action["digitalSourceType"]).endswith("/algorithmicMedia")
    said = {"com.doitong.engine": "studio", "com.doitong.version": "gen-4", "com.doitong.seed": "4000000000"}
    assert action["parameters"] == said
    assert replace(probe_film(film), bytes=before.bytes) == before
    assert read_film(film).state == "Valid"  # nobody outside knows our root: intact, by somebody unknown
    assert read_film(film, new_identity().root.certificate).state == "Valid"
    assert [path.name for path in film.parent.iterdir()] == ["film.mp4"]


def test_an_animated_picture_is_named_as_the_source_and_not_shown(film: Path, tmp_path: Path) -> None:
    from PIL import Image

    picture = tmp_path / "picture"
    Image.new("RGB", (640, 360), "red").save(picture, "JPEG")
    sign_film(film, replace(CLAIM, picture=picture), IDENTITY)
    opened, edited = actions_of(film)
    assert (opened["action"], edited["action"]) == ("c2pa.opened", "c2pa.edited")
    assert "ingredient" in json.dumps(opened)
    assert str(edited["digitalSourceType"]).endswith("/algorithmicallyEnhanced")
    manifest = read_film(film, IDENTITY.root.certificate).manifest
    [ingredient] = manifest["ingredients"]
    assert (ingredient["title"], ingredient["relationship"]) == ("Picture", "parentOf")
    assert "thumbnail" not in json.dumps(manifest)


@pytest.mark.parametrize(("has_picture", "kind"), [(False, "trained"), (True, "compositeWithTrained")])
def test_a_trained_model_is_called_one(has_picture: bool, kind: str, film: Path, tmp_path: Path) -> None:
    from PIL import Image

    picture = tmp_path / "picture"
    Image.new("RGB", (64, 36), "red").save(picture, "PNG")
    claim = replace(CLAIM, engine="diffusers", model="Wan2.2-TI2V-5B", picture=picture if has_picture else None)
    sign_film(film, claim, IDENTITY)
    assert str(actions_of(film)[-1]["digitalSourceType"]).endswith(f"/{kind}AlgorithmicMedia")


def test_every_changed_byte_is_seen(film: Path) -> None:
    sign_film(film, CLAIM, IDENTITY)
    whole = film.read_bytes()
    start = whole.index(b"mdat")
    for place in (whole.index(b"moov") + 30, start + 100, start + (len(whole) - start) // 2, len(whole) - 1):
        changed = bytearray(whole)
        changed[place] ^= 1
        film.write_bytes(changed)
        assert read_film(film, IDENTITY.root.certificate).state == "Invalid", place


def test_a_film_without_a_manifest_says_nothing(film: Path) -> None:
    with pytest.raises(NoProvenance):
        read_film(film)


def test_a_signer_that_fails_leaves_the_film_as_it_was_and_may_be_tried_again(film: Path) -> None:
    """A key that is not the certificate's. An OSError is what the storing step takes for a passing failure."""
    before = film.read_bytes()
    wrong = Identity(replace(IDENTITY.leaf, private_key=new_identity().leaf.private_key), IDENTITY.root)
    with pytest.raises(ProvenanceFailed) as failure:
        sign_film(film, CLAIM, wrong)
    assert isinstance(failure.value, OSError)
    assert film.read_bytes() == before
    assert [path.name for path in film.parent.iterdir()] == ["film.mp4"]


async def test_processes_that_start_together_have_one_identity(database: Database, film: Path) -> None:
    clock = SteppedClock(NOW)
    several = [Provenance(database, SECRET, clock) for _ in range(4)]
    identities = await asyncio.gather(*(one.identity() for one in several))
    assert len({identity.leaf.fingerprint for identity in identities}) == 1
    elsewhere = Provenance(database, b"a worker on another machine with nothing but DATABASE_URL", clock)
    said = await elsewhere.sign(film, CLAIM)
    assert said["certificate"] == identities[0].leaf.fingerprint
    assert read_film(film, await several[0].roots()).state == "Trusted"


async def test_a_leaf_is_renewed_in_time_under_the_same_root(database: Database) -> None:
    clock = SteppedClock(NOW)
    stranger = Provenance(database, b"another secret", clock)
    first = await Provenance(database, SECRET, clock).identity()
    clock.advance(timedelta(days=340))
    assert (await stranger.identity()).leaf == first.leaf  # cannot open the root, and goes on with what there is
    renewed = await Provenance(database, SECRET, clock).identity()
    assert renewed.root == first.root
    assert renewed.leaf.fingerprint != first.leaf.fingerprint
    assert renewed.leaf.expires_at - clock.now() == timedelta(days=365)
    clock.advance(timedelta(hours=2))
    assert (await stranger.identity()).leaf == renewed.leaf
    clock.advance(timedelta(days=364))  # nobody with the secret was there: rather a new root than unsigned films
    last = await stranger.identity()
    assert last.root != first.root
    assert (await stranger.roots()).count("BEGIN CERTIFICATE") == 2


async def test_the_root_s_key_is_not_in_the_database(database: Database) -> None:
    await Provenance(database, SECRET, SteppedClock(NOW)).identity()
    async with database.reading() as connection:
        sealed = await connection.fetchval("SELECT sealed_key FROM provenance_root")
    assert b"PRIVATE" not in sealed
    assert b"MII" not in sealed


async def test_the_root_can_be_downloaded_unless_films_are_not_signed(database: Database) -> None:
    for is_on in (True, False):
        service = Provenance(database, SECRET, SteppedClock(NOW), is_on=is_on)
        transport = httpx.ASGITransport(Edge(Routes({PATH: ("cdn", RootsDoor(service))})))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            answer = await client.get("/provenance/root.pem")
        if is_on:
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-pem-file")
            assert answer.text == (await service.identity()).root.certificate
        else:
            assert answer.status_code == 404
            assert await service.sign(Path("no film"), CLAIM) == {"signed": False}


def test_the_command_reads_a_film(film: Path, tmp_path: Path) -> None:
    root = tmp_path / "root.pem"
    root.write_text(IDENTITY.root.certificate)

    def verify(path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "doitong.doors.cli.main", "provenance", "verify", str(path)]
        return subprocess.run([*command, "--root", str(root)], capture_output=True, text=True, check=False)

    plain = tmp_path / "plain.mp4"
    shutil.copy(film, plain)
    sign_film(film, CLAIM, IDENTITY)
    told = verify(film)
    assert told.returncode == 0
    for words in ("Trusted", "studio-gen-4 1.0.0", "algorithmicMedia", "4000000000"):
        assert words in told.stdout
    silent = verify(plain)
    assert silent.returncode == 1
    assert "says nothing" in silent.stderr

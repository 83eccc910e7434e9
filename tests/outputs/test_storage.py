"""Guarantee "Outputs": complete or absent, checksum stored, streamed with flat memory; locally and on S3."""

import asyncio
import hashlib
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from doitong.core.ids import new_id
from doitong.outputs.storage import FileMissing, OutputStorage, StorageFailed, open_storage

ID = new_id(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A stand-in for S3 on loopback, in its own process; its address."""
    python = Path(sys.prefix) / "s3" / "bin" / "python"
    if not python.exists():
        pytest.skip("no S3 stand-in: `make test` installs it in an environment of its own")
    code = (
        "import sys; from moto.server import ThreadedMotoServer as S; s = S('127.0.0.1', 0, verbose=False);"
        "s.start(); print(s.get_host_and_port()[1], flush=True); sys.stdin.read(); s.stop()"
    )
    server = subprocess.Popen(
        [str(python), "-W", "ignore", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
    server.stdin.close()
    server.wait()
    server.stdout.close()


@pytest.fixture(params=["local", "s3"])
async def storage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OutputStorage]:
    if request.param == "local":
        yield open_storage("", tmp_path / "data")
        return
    import requests

    address = request.getfixturevalue("s3")
    for name, value in {
        "AWS_ENDPOINT": address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    await asyncio.to_thread(requests.put, f"{address}/films", timeout=10)
    yield open_storage("s3://films/site", tmp_path)


async def read(storage: OutputStorage, name: str, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in storage.read_range(name, start, end)])


@pytest.mark.parametrize("size", [1, 1000, 12_000_000])  # the last one goes to S3 in several parts
async def test_what_was_put_is_what_is_read(storage: OutputStorage, tmp_path: Path, size: int) -> None:
    data = random.Random(size).randbytes(size)
    source = tmp_path / "film"
    source.write_bytes(data)
    stored = await storage.put_film(ID, source)
    assert stored.name == f"outputs/{ID}.mp4"
    assert (stored.sha256, stored.bytes) == (hashlib.sha256(data).hexdigest(), size)
    assert await storage.stat(stored.name) == stored
    assert abs(stored.modified_at - datetime.now(UTC)) < timedelta(minutes=1)
    for start, end in [(0, size), (0, 1), (size - 1, size), (size // 3, size // 2), (5, 5)]:
        assert await read(storage, stored.name, start, end) == data[start:end]
    await storage.copy_to(stored.name, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data


async def test_films_posters_and_uploads_have_names_of_their_own(storage: OutputStorage, tmp_path: Path) -> None:
    source = tmp_path / "file"
    source.write_bytes(b"data")
    names = [
        (await storage.put_film(ID, source)).name,
        (await storage.put_poster(ID, source)).name,
        (await storage.put_animation(ID, source)).name,
        (await storage.put_preview_video(ID, source)).name,
        (await storage.put_upload(ID, source, "image/png")).name,
    ]
    outputs = [f"outputs/{ID}{suffix}" for suffix in (".mp4", ".jpg", ".webp", ".preview.mp4")]
    assert names == [*outputs, f"uploads/{ID}"]
    for bad in ("../../etc/passwd", "", ID + "x", ID.upper()):
        with pytest.raises(ValueError, match="not an"):
            await storage.put_film(bad, source)


async def test_a_deleted_file_is_missing_and_can_be_deleted_again(storage: OutputStorage, tmp_path: Path) -> None:
    source = tmp_path / "file"
    source.write_bytes(b"data")
    name = (await storage.put_film(ID, source)).name
    for _ in range(2):
        await storage.delete(name)
    with pytest.raises(FileMissing):
        await storage.stat(name)
    with pytest.raises(FileMissing):
        await read(storage, name, 0, 4)


async def test_a_film_is_deleted_with_its_previews_and_the_upload_stays(storage: OutputStorage, tmp_path: Path) -> None:
    source = tmp_path / "file"
    source.write_bytes(b"data")
    for put in (storage.put_film, storage.put_poster, storage.put_animation, storage.put_preview_video):
        await put(ID, source)
    await storage.put_upload(ID, source, "image/png")
    await storage.delete_outputs(ID)
    for suffix in (".mp4", ".jpg", ".webp", ".preview.mp4"):
        with pytest.raises(FileMissing):
            await storage.stat(f"outputs/{ID}{suffix}")
    assert (await storage.stat(f"uploads/{ID}")).bytes == 4


async def test_a_second_put_replaces_the_file_and_its_checksum(storage: OutputStorage, tmp_path: Path) -> None:
    source = tmp_path / "file"
    for data in (b"first", b"second"):
        source.write_bytes(data)
        name = (await storage.put_film(ID, source)).name
    assert (await storage.stat(name)).sha256 == hashlib.sha256(b"second").hexdigest()
    assert await read(storage, name, 0, 6) == b"second"


async def test_a_checksum_is_the_file_s_even_if_somebody_else_replaced_it(tmp_path: Path) -> None:
    storage = open_storage("", tmp_path)
    source = tmp_path / "file"
    source.write_bytes(b"ours")
    name = (await storage.put_film(ID, source)).name
    stored = tmp_path / "files" / name
    stored.write_bytes(b"another")
    assert (await storage.stat(name)).sha256 == hashlib.sha256(b"another").hexdigest()
    (stored.parent / f"{stored.name}.sha256").write_text("nonsense")
    assert (await storage.stat(name)).sha256 == hashlib.sha256(b"another").hexdigest()


async def test_a_storage_that_cannot_be_reached_is_an_oserror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    storage = open_storage("s3://films", tmp_path, retries=0)
    with pytest.raises(StorageFailed):
        await storage.stat(f"outputs/{ID}.mp4")


def test_other_schemes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="s3://"):
        open_storage("ftp://films", tmp_path)


async def test_a_hundred_kills_leave_a_complete_file_or_none(tmp_path: Path) -> None:
    """A writer puts films of 3 MB without pause and is killed at a random moment, 100 times."""
    source = tmp_path / "film"
    data = random.Random(1).randbytes(3_000_000)
    source.write_bytes(data)
    root, wanted = tmp_path / "data" / "files", hashlib.sha256(data).hexdigest()
    moments = random.Random(2)
    code = (
        "import sys, itertools, pathlib; from doitong.outputs.local import put_local; print(flush=True);"
        "root, source = map(pathlib.Path, sys.argv[1:]);"
        "[put_local(root, f'outputs/{number}.mp4', source) for number in itertools.count()]"
    )
    seen = 0
    for _ in range(100):
        command = [sys.executable, "-c", code, str(root), str(source)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()  # it is about to write
            time.sleep(moments.uniform(0.0, 0.06))  # the random moment itself, not a wait for something
            child.kill()
        for film in root.glob("outputs/*.mp4"):
            assert hashlib.sha256(film.read_bytes()).hexdigest() == wanted
            assert (film.parent / f"{film.name}.sha256").read_text().startswith(wanted)
            film.unlink()
            seen += 1
    assert seen > 20  # else the kills came too early to prove anything
    storage = open_storage("", tmp_path / "data")
    assert await storage.sweep(datetime.now(UTC) + timedelta(seconds=1)) > 0
    assert not list((root / ".partial").iterdir())


async def test_memory_stays_flat_for_a_film_of_a_gigabyte(tmp_path: Path) -> None:
    storage = open_storage("", tmp_path)
    path = tmp_path / "files" / "outputs" / f"{ID}.mp4"
    path.parent.mkdir(parents=True)
    size = 1024**3
    with path.open("wb") as file:
        file.truncate(size)
    before, most, count = resident_bytes(), 0, 0
    async for piece in storage.read_range(f"outputs/{ID}.mp4", 0, size):
        count += len(piece)
        most = max(most, resident_bytes())
    print(f"read {count} bytes, resident memory grew by {most - before} bytes")
    assert count == size
    assert most - before < 32 * 1024 * 1024


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.parametrize("failing_sync", [1, 2, 3])  # of the film, of its checksum's note, of the folder
def test_a_failing_disk_is_an_error_and_leaves_no_torn_film(tmp_path: Path, failing_sync: int) -> None:
    """The disk answers EIO to one fsync: the writer is told, and what it could not sync is not in place."""
    code = (
        "import sys, pathlib; from doitong.outputs.local import put_local; source = pathlib.Path(sys.argv[1]);"
        "source.write_bytes(b'film'); put_local(source.parent / 'files', 'outputs/a.mp4', source)"
    )
    inject = f"inject=fsync:error=EIO:when={failing_sync}"
    failing = ["strace", "-f", "-o", str(tmp_path / "trace"), "-e", inject]
    if shutil.which("strace") is None or subprocess.run([*failing, "true"], check=False).returncode:
        pytest.skip("strace cannot inject faults here")
    command = [sys.executable, "-c", code, str(tmp_path / "source")]
    ran = subprocess.run([*failing, *command], capture_output=True, text=True, check=False)
    assert "OSError: [Errno 5]" in ran.stderr
    film = tmp_path / "files" / "outputs" / "a.mp4"
    assert film.exists() is (failing_sync == 3)
    assert not list((tmp_path / "files" / ".partial").iterdir())
    assert subprocess.run(command, check=False).returncode == 0
    assert film.read_bytes() == b"film"

"""Writing files into a local folder so that each is complete or absent, also after a crash."""

import os
import secrets
import shutil
from pathlib import Path

from doitong.outputs.checksums import Note, hash_file, note_path

PARTIAL = ".partial"


def put_local(root: Path, key: str, source: Path) -> Note:
    """Copy `source` to `root/key`: written aside, synced to disk, renamed, and the folder synced.

    The checksum's note is renamed first: a file never stands without one.
    """
    target = root / key
    aside = root / PARTIAL / f"{target.name}.{secrets.token_hex(8)}"
    for folder in (target.parent, aside.parent):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        _copy_synced(source, aside)
        status = aside.stat()
        note = Note(hash_file(aside), status.st_size, status.st_mtime_ns)
        _write_note(note, aside, note_path(target))
        os.replace(aside, target)
        _sync_folder(target.parent)
    finally:
        aside.unlink(missing_ok=True)
    return note


def delete_local(root: Path, key: str) -> None:
    target = root / key
    target.unlink(missing_ok=True)
    note_path(target).unlink(missing_ok=True)


def sweep_partial(root: Path, before_timestamp: float) -> int:
    """Delete what crashed writers left aside before that moment; returns how many files."""
    swept = 0
    for path in (root / PARTIAL).glob("*"):
        if path.stat().st_mtime < before_timestamp:
            path.unlink(missing_ok=True)
            swept += 1
    return swept


def _copy_synced(source: Path, aside: Path) -> None:
    with source.open("rb") as given, aside.open("xb") as written:
        shutil.copyfileobj(given, written, 1024 * 1024)
        written.flush()
        os.fsync(written.fileno())


def _write_note(note: Note, aside: Path, target: Path) -> None:
    beside = aside.with_name(f"{aside.name}.note")
    try:
        with beside.open("x") as file:
            file.write(str(note))
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

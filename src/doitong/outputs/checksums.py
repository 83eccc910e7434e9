"""SHA-256 of local files, and the note beside a file that remembers it.

A note is believed only when the size and the modification time in it are the file's own; otherwise the file
is read again. So a file may be restored from a backup or replaced, and its checksum is still the truth.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

_READ_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Note:
    sha256: str
    bytes: int
    modified_ns: int

    def __str__(self) -> str:
        return f"{self.sha256} {self.bytes} {self.modified_ns}\n"


def hash_file(path: Path) -> str:
    """SHA-256 in hex, read in pieces of 1 MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_READ_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def note_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def read_note(path: Path) -> Note | None:
    try:
        sha256, size, modified = note_path(path).read_text().split()
        return Note(sha256, int(size), int(modified))
    except (OSError, ValueError):
        return None


def checksum_of(path: Path, status: os.stat_result) -> str:
    """The file's SHA-256, from its note or from its bytes."""
    note = read_note(path)
    if note is not None and (note.bytes, note.modified_ns) == (status.st_size, status.st_mtime_ns):
        return note.sha256
    return hash_file(path)

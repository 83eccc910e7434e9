"""The key of API-key digests: a setting, or a file made on the first start."""

import asyncio
import os
import secrets
from pathlib import Path

from doitong.core.settings import Settings


async def read_secret(settings: Settings) -> bytes:
    """The key of API-key digests: the setting, or a file made on first start."""
    if settings.secret_key:
        return settings.secret_key.encode()
    return await asyncio.to_thread(_secret_file, settings.data_dir.resolve() / "secret.key")


def _secret_file(path: Path) -> bytes:
    """Create-once: two processes that start together read the same secret."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_bytes().strip()

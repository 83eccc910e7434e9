"""How a PostgreSQL program is started: as whom, and tied to our own life.

PostgreSQL refuses to run as root. Started by root, its programs run as the owner of the database's folder,
for a new folder the system user `doitong`. Where that user cannot walk to the folder or to the programs (a
checkout under /root), it is lent CAP_DAC_OVERRIDE, instead of opening root's folders to everybody.
"""

import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SYSTEM_USER = "doitong"


class StartProblem(Exception):
    """Why something cannot start, in one sentence, and what to do about it."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(f"{sentence} {remedy}")
        self.sentence = sentence
        self.remedy = remedy


class FolderInUse(StartProblem):
    """Another supervisor serves the data folder."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The user that PostgreSQL's programs run as; `None` for the one that we are."""

    user_id: int
    group_id: int


def identity_for(folder: Path) -> Identity | None:
    """Who owns, or shall own, the database in `folder`. Raises StartProblem."""
    if os.geteuid() != 0:
        return None
    if folder.exists() and (status := folder.stat()).st_uid != 0:
        return Identity(status.st_uid, status.st_gid)
    return _system_user()


def _system_user() -> Identity:
    import pwd  # noqa: PLC0415 (absent on Windows)

    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _add_system_user()
        entry = pwd.getpwnam(SYSTEM_USER)
    return Identity(entry.pw_uid, entry.pw_gid)


def _add_system_user() -> None:
    remedy = f"Run as an ordinary user, or create a system user named {SYSTEM_USER}."
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    try:
        result = subprocess.run(  # noqa: S603
            [*command, SYSTEM_USER], check=False, capture_output=True, text=True
        )
    except OSError as problem:
        raise StartProblem("PostgreSQL does not run as root, and useradd is missing.", remedy) from problem
    user_exists = 9  # somebody else made it meanwhile
    if result.returncode not in (0, user_exists):
        sentence = f"PostgreSQL does not run as root, and useradd failed: {result.stderr.strip()}"
        raise StartProblem(sentence, remedy)


def command_as(identity: Identity | None, command: list[str], reached: list[Path]) -> list[str]:
    """`command` as it is run by `identity`, who must be able to walk to every path of `reached`.

    On Linux the program also gets a fast-shutdown signal when the thread that started it is gone.
    """
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    if setpriv is None:
        if identity is not None:
            raise StartProblem(
                "PostgreSQL does not run as root, and setpriv (util-linux) is missing.",
                "Run as an ordinary user.",
            )
        return command
    options = ["--pdeathsig", "INT"]
    if identity is not None:
        options += ["--reuid", str(identity.user_id), "--regid", str(identity.group_id), "--clear-groups"]
        if not all(_can_reach(identity, path) for path in reached):
            options += ["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"]
    return [setpriv, *options, "--", *command]


def _can_reach(identity: Identity, path: Path) -> bool:
    return all(_can_enter(identity, folder.stat()) for folder in path.resolve().parents)


def _can_enter(identity: Identity, status: os.stat_result) -> bool:
    if status.st_uid == identity.user_id:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == identity.group_id:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)

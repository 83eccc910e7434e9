"""Intake of pictures from outside: refused by their header, or decoded in a bounded child and encoded anew.

It promises: no decoder runs in this process, nothing above the caps is ever decoded, and what comes out holds
no byte of the file's metadata. Every refusal is IMAGE_REFUSED and names the parameter.
"""

import asyncio
import sys
from pathlib import Path

from doitong.core.errors import DoitongError, Rule, rule
from doitong.media.headers import HeaderInvalid, read_header
from doitong.media.model import Picture, PictureHeader

MAXIMUM_BYTES = 20 * 1024 * 1024
MAXIMUM_PIXELS = 64_000_000
MAXIMUM_SIDE = 8000
MINIMUM_SIDE = 1
CHILD_SECONDS = 20.0
WAIT_SECONDS = 30.0
MAXIMUM_BYTES_OUT = 128 * 1024 * 1024

_CHILD = Path(__file__).with_name("picture_child.py")

NOT_A_PICTURE = rule("must be a complete JPEG, PNG or WebP picture", "mora biti cela slika JPEG, PNG ali WebP")
NOT_DECODABLE = rule("is a picture that cannot be decoded", "je slika, ki je ni mogoče dekodirati")
TOO_MANY_BYTES = rule(
    "must be a picture of at most {maximum} bytes",
    "mora biti slika z največ {maximum} bajti",
    maximum=MAXIMUM_BYTES,
)
SIZE_OUT_OF_BOUNDS = rule(
    "must be a picture with sides of {minimum} to {maximum} pixels and at most {pixels} pixels",
    "mora biti slika s stranicami od {minimum} do {maximum} pik in z največ {pixels} pikami",
    minimum=MINIMUM_SIDE,
    maximum=MAXIMUM_SIDE,
    pixels=MAXIMUM_PIXELS,
)


def refuse(parameter: str, allowed: Rule) -> DoitongError:
    return DoitongError("IMAGE_REFUSED", parameter=parameter, allowed=allowed)


def check_picture(data: bytes, parameter: str) -> PictureHeader:
    """Judge a picture by its header alone. Raises IMAGE_REFUSED."""
    if len(data) > MAXIMUM_BYTES:
        raise refuse(parameter, TOO_MANY_BYTES)
    try:
        header = read_header(data)
    except HeaderInvalid as error:
        raise refuse(parameter, NOT_A_PICTURE) from error
    sides = (header.width, header.height)
    if min(sides) < MINIMUM_SIDE or max(sides) > MAXIMUM_SIDE or sides[0] * sides[1] > MAXIMUM_PIXELS:
        raise refuse(parameter, SIZE_OUT_OF_BOUNDS)
    return header


class PictureCleaner:
    """Cleans pictures, a few at a time; each decode is a child process with bounds of its own."""

    def __init__(self, *, children: int = 2) -> None:
        self._places = asyncio.Semaphore(children)

    async def clean(self, data: bytes, parameter: str) -> Picture:
        """The picture upright, at most 4096 pixels a side, cut-outs on a plain ground, without metadata.

        Of an animation it is the first frame.

        A PNG stays a PNG; JPEG and WebP become JPEG. Raises IMAGE_REFUSED, and UNAVAILABLE when too many
        pictures wait.
        """
        header = check_picture(data, parameter)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError as error:
            raise DoitongError("UNAVAILABLE") from error
        try:
            answer = await _run_child(data, header)
        finally:
            self._places.release()
        if answer is None:
            raise refuse(parameter, NOT_DECODABLE)
        return answer


async def _run_child(data: bytes, header: PictureHeader) -> Picture | None:
    """The child's picture, or None when it refused, was killed by a bound or took too long."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-B", str(_CHILD), str(header.width), str(header.height)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        async with asyncio.timeout(CHILD_SECONDS):
            out, _ = await child.communicate(data)
    except TimeoutError:
        return None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return _read_answer(out) if child.returncode == 0 else None


def _read_answer(out: bytes) -> Picture | None:
    line, _, encoded = out.partition(b"\n")
    media_type, width, height = line.decode().split()
    if len(encoded) > MAXIMUM_BYTES_OUT:
        return None
    return Picture(media_type, int(width), int(height), encoded)

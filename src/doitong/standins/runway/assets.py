"""Looking at the pictures and films that a request points to, as far as the options ask for it.

Bytes in the request, uploads and the stand-in's own outputs are always looked at. An https address is fetched only
with `fetches`; otherwise its form is all that is checked. Every refusal is a 400 with an issue, as the real one.
"""

import asyncio
import base64
import binascii
import ipaddress
import re
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from doitong.media.headers import HeaderInvalid, read_header
from doitong.media.probe import FilmUnplayable, probe_film
from doitong.standins.runway import answers
from doitong.standins.runway.catalogue import FRAMES_PER_SECOND, UPSCALE_SECONDS_MAXIMUM
from doitong.standins.runway.model import Asset, Call, Film, Json, Options, Refused
from doitong.standins.runway.organization import Organization
from doitong.standins.runway.schema import Path as FieldPath
from doitong.standins.runway.schema import custom
from doitong.standins.runway.signing import Signer

PICTURE_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
PICTURE_BYTES, FILM_BYTES = 16 * 1024 * 1024, 32 * 1024 * 1024
SIDE_MAXIMUM = 8000
SHAPE_MINIMUM = 0.5
USER_AGENT = "RunwayML API/1.0"
FETCH_SECONDS = 10.0
OWN_PATH = re.compile(r"/outputs/([0-9a-f-]{36})/[\w.]+")


class Assets:
    """Resolves what an address in a request stands for."""

    def __init__(self, options: Options, organization: Organization, signer: Signer) -> None:
        self._options = options
        self._organization = organization
        self._signer = signer

    async def look(self, uri: str, path: FieldPath, call: Call) -> Asset | None:
        """What `uri` holds; None where that is not looked at. Raises `Refused`."""
        if self._options.is_conformance:
            return None
        if uri.startswith("data:"):
            return await measure(_decode(uri, path), uri[5:].partition(";")[0], path)
        if uri.startswith("runway://"):
            return self._uploaded(uri, path, call.now)
        if uri.startswith(f"{call.base_url}/outputs/"):
            return self._own(uri, path, call.now)
        return await self._fetched(uri, path) if self._options.fetches else None

    def _uploaded(self, uri: str, path: FieldPath, now: float) -> Asset:
        upload = self._organization.uploads.get(uri)
        if upload is None or upload.asset is None or upload.expires_at <= now:
            raise Refused(answers.invalid(not_fetched(404, path)))
        return upload.asset

    def _own(self, uri: str, path: FieldPath, now: float) -> Asset:
        parts = urlsplit(uri)
        match = OWN_PATH.fullmatch(parts.path)
        task = self._organization.find(match[1], now) if match else None
        if task is None:
            raise Refused(answers.invalid(not_fetched(404, path)))
        if not self._signer.is_valid(parse_qs(parts.query).get("_jwt", [""])[0], parts.path, now):
            raise Refused(answers.invalid(not_fetched(403, path)))
        output = task.output
        if isinstance(output, Film):
            return Asset("video/mp4", output.width, output.height, 0, output.frames / FRAMES_PER_SECOND)
        return Asset("image/png", output.width, output.height)

    async def _fetched(self, uri: str, path: FieldPath) -> Asset:
        host = urlsplit(uri).hostname or ""
        if not self._options.allows_http and _is_ip(host):
            raise Refused(answers.invalid(custom("Invalid asset URL. A domain name is required.", *path)))
        async with httpx.AsyncClient(
            headers={"User-Agent": USER_AGENT}, trust_env=False, timeout=FETCH_SECONDS, follow_redirects=False
        ) as client:
            try:
                head = await client.head(uri)
                self._check_head(head, path)
                body = await client.get(uri)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Refused(answers.invalid(custom("Failed to fetch asset.", *path))) from error
        if body.status_code != 200:
            raise Refused(answers.invalid(not_fetched(body.status_code, path)))
        return await measure(body.content, head.headers["content-type"].partition(";")[0], path)

    def _check_head(self, head: httpx.Response, path: FieldPath) -> None:
        if head.status_code != 200:
            raise Refused(answers.invalid(not_fetched(head.status_code, path)))
        media_type = head.headers.get("content-type", "").partition(";")[0]
        length = head.headers.get("content-length", "")
        if not media_type.startswith(("image/", "video/")):
            raise Refused(answers.invalid(custom(f'Unsupported asset type "{media_type}".', *path)))
        if not length.isdigit():
            raise Refused(answers.invalid(custom("Asset has no Content-Length.", *path)))
        if int(length) > (PICTURE_BYTES if media_type.startswith("image/") else FILM_BYTES):
            raise Refused(answers.invalid(custom("Asset is too large.", *path)))


async def measure(data: bytes, media_type: str, path: FieldPath) -> Asset:
    """What the bytes of a picture or film say of themselves. Raises `Refused`."""
    try:
        if media_type.startswith("video/"):
            return await asyncio.to_thread(_measure_film, data, media_type)
        if media_type not in PICTURE_TYPES:
            raise Refused(answers.invalid(custom(f'Unsupported asset type "{media_type}".', *path)))
        header = read_header(data)
    except (HeaderInvalid, FilmUnplayable) as error:
        raise Refused(answers.invalid(custom("Invalid asset. It could not be read.", *path))) from error
    return Asset(header.media_type, header.width, header.height, len(data))


def _measure_film(data: bytes, media_type: str) -> Asset:
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(data)
        file.flush()
        facts = probe_film(Path(file.name))
    return Asset(media_type, facts.width, facts.height, len(data), facts.duration_seconds)


def check_picture(asset: Asset, shape_maximum: float, path: FieldPath) -> None:
    """Sides and shape of an input picture. Raises `Refused`."""
    if asset.seconds is not None:
        raise Refused(answers.invalid(custom(f'Unsupported asset type "{asset.media_type}".', *path)))
    if max(asset.width, asset.height) > SIDE_MAXIMUM:
        raise Refused(answers.invalid(custom("Invalid asset dimensions", *path)))
    shape = asset.width / asset.height
    words = "Invalid asset aspect ratio. width / height ratio must be at"
    if shape < SHAPE_MINIMUM:
        raise Refused(answers.invalid(custom(f"{words} least {SHAPE_MINIMUM}. Got {shape:.3f}.", *path)))
    if shape > shape_maximum:
        raise Refused(answers.invalid(custom(f"{words} most {shape_maximum:g}. Got {shape:.3f}.", *path)))


def check_film(asset: Asset, path: FieldPath) -> Film:
    """The film that is to be worked on. Raises `Refused`."""
    if asset.seconds is None:
        raise Refused(answers.invalid(custom(f'Unsupported asset type "{asset.media_type}".', *path)))
    if asset.seconds > UPSCALE_SECONDS_MAXIMUM:
        raise Refused(answers.invalid(_too_long(path)))
    return Film(asset.width, asset.height, max(1, round(asset.seconds * FRAMES_PER_SECOND)))


def _too_long(path: FieldPath) -> Json:
    message = f"Asset duration must be at most {UPSCALE_SECONDS_MAXIMUM} seconds"
    bound = {"code": "too_big", "maximum": UPSCALE_SECONDS_MAXIMUM, "type": "number", "inclusive": True}
    return bound | {"origin": "number", "message": message, "path": list(path)}


def not_fetched(status: int, path: FieldPath) -> Json:
    return custom(f'Failed to fetch asset. Received HTTP response code "{status}".', *path)


def _decode(uri: str, path: FieldPath) -> bytes:
    head, comma, data = uri.partition(",")
    if not comma or not head.endswith(";base64"):
        raise Refused(answers.invalid(custom("Invalid data URI.", *path)))
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise Refused(answers.invalid(custom("Invalid data URI.", *path))) from error


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

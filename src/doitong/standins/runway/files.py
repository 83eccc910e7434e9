"""What lies outside the API: outputs behind expiring addresses, and the storage that uploads are posted to."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from doitong.standins.runway import answers
from doitong.standins.runway.assets import OWN_PATH, measure
from doitong.standins.runway.faults import Faults
from doitong.standins.runway.films import Roll
from doitong.standins.runway.model import Answer, Asset, Call, Dropped, Film, Output, Refused, Status, Upload
from doitong.standins.runway.organization import Organization
from doitong.standins.runway.rules import snapshot
from doitong.standins.runway.script import HEADER, parse_script
from doitong.standins.runway.signing import Signer

if TYPE_CHECKING:
    from starlette.datastructures import FormData

UPLOAD_BYTES_MINIMUM, UPLOAD_BYTES_MAXIMUM = 512, 200 * 1024 * 1024
HUGE_BYTES = 8 * 1024**3
MEDIA_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Files:
    """Serves outputs, takes uploads."""

    def __init__(self, organization: Organization, faults: Faults, signer: Signer) -> None:
        self._organization = organization
        self._faults = faults
        self._signer = signer
        self._roll = Roll()

    async def output(self, call: Call) -> Answer:
        """A task's file, by GET or HEAD, whole or a range of it. Raises `Refused`, `Dropped`."""
        if call.method not in ("GET", "HEAD"):
            return answers.xml_error(405, "MethodNotAllowed", "The specified method is not allowed.")
        match = OWN_PATH.fullmatch(call.path)
        task = self._organization.find(match[1], call.now) if match else None
        is_there = task is not None and snapshot(task, call.now).status is Status.SUCCEEDED
        if not is_there or not self._signer.is_valid(call.query.get("_jwt", ""), call.path, call.now):
            return answers.xml_error(403, "AccessDenied", "Access Denied")
        assert task is not None
        due = self._faults.due(task.faults + parse_script(call.headers.get(HEADER, "")), "output", task.id)
        kind = due[0].value if due else ""
        output = _other_size(task.output) if kind == "wrongsize" else task.output
        return _spoilt(kind, await self._file(output, call))

    async def _file(self, output: Output, call: Call) -> Answer:
        media_type = "video/mp4" if isinstance(output, Film) else "image/png"
        return ranged(await self._roll.file(output), media_type, call.headers.get("range", ""))

    async def store(self, form: "FormData", headers: dict[str, str], now: float) -> Answer:
        """The form that an upload is posted with, as S3 judges it. Raises `Refused`, `Dropped`."""
        due = self._faults.due(parse_script(headers.get(HEADER, "")), "store", "store")
        if due and due[0].value == "drop":
            raise Dropped
        if due and due[0].value.isdigit():
            return answers.xml_error(int(due[0].value), "InternalError", "We encountered an internal error.")
        place = self._place(form, now)
        file = form.get("file")
        if place is None:
            return answers.xml_error(403, "AccessDenied", "Invalid according to Policy.")
        if file is None or isinstance(file, str):
            return answers.xml_error(400, "InvalidArgument", "POST requires exactly one file upload per request.")
        size = file.size or 0
        if size < UPLOAD_BYTES_MINIMUM:
            return answers.xml_error(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum size.")
        if size > UPLOAD_BYTES_MAXIMUM:
            return answers.xml_error(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.")
        place.asset = await _measured(await file.read(), place.filename)
        return Answer(204)

    def _place(self, form: "FormData", now: float) -> Upload | None:
        key, policy = form.get("key"), form.get("policy")
        places = (place for place in self._organization.uploads.values() if place.key == key)
        place = next(places, None)
        return place if place and place.policy == policy and now < place.expires_at else None


async def _measured(data: bytes, filename: str) -> Asset:
    """What was uploaded; a file that is no picture or film is kept as what it is, and refused when it is used."""
    extension = re.search(r"\.\w+$", filename.lower())
    media_type = MEDIA_TYPES.get(extension[0] if extension else "", "application/octet-stream")
    try:
        return await measure(data, media_type, ("file",))
    except Refused:
        return Asset("application/octet-stream", 1, 1, len(data), 0.0)


def ranged(data: bytes, media_type: str, wanted: str) -> Answer:
    """The bytes, or the one range of them that is wanted (RFC 9110); several ranges get everything."""
    etag, accepts = ("etag", f'"{len(data):x}"'), ("accept-ranges", "bytes")
    match = _RANGE.fullmatch(wanted)
    if match is None or not (match[1] or match[2]):
        return Answer(200, data, media_type, (etag, accepts))
    if match[1]:
        start, end = int(match[1]), min(int(match[2] or len(data)), len(data) - 1)
    else:
        start, end = max(len(data) - int(match[2]), 0), len(data) - 1
    if start > end:
        return Answer(416, b"", media_type, (accepts, ("content-range", f"bytes */{len(data)}")))
    content_range = ("content-range", f"bytes {start}-{end}/{len(data)}")
    return Answer(206, data[start : end + 1], media_type, (etag, accepts, content_range))


def _spoilt(kind: str, answer: Answer) -> Answer:
    match kind:
        case "drop":
            raise Dropped
        case "cut":
            half = answer.body[: len(answer.body) // 2]
            return replace(answer, body=half, length=len(answer.body), is_cut=True)
        case "html":
            return answers.html(200, "OK")
        case "garbage":
            return replace(answer, body=b"\0not a film\n" * 100)
        case "huge":
            return replace(answer, length=HUGE_BYTES)
        case _ if kind.isdigit():
            return answers.refusal(int(kind))
    return answer


def _other_size(output: Output) -> Output:
    return replace(output, width=output.height // 4 * 2, height=output.width // 4 * 2)

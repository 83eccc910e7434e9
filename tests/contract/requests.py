"""Requests exactly as they are written, over a plain socket, so that no client corrects them on the way."""

import http.client
import json
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

GRAPHQL_JSON = "application/graphql-response+json"
FLAT = {"service": "runway", "prompt": "A bear"}
NESTED = {"type": "VIDEO", "provider": "runway", "input": {"text": "A bear"}}
PICTURE = {"service": "runway-i2v", "image": "http://127.0.0.1:47999/picture.png"}
GENERATE = "mutation M($input: GenerateInput!) { generate(input: $input) { id } }"
ANIMATE = "mutation M($input: ImageAnimationInput!) { animateImage(input: $input) { id } }"
SUBMIT = "mutation M($input: GenerateVideoInput!) { generatevideo(input: $input) { id } }"
UNKNOWN_ID = "01aaaaaaaaaaaaaaaaaaaaaaaa"


@dataclass(frozen=True)
class Request:
    """`key` None takes the account's own; `size` declares a body of so many bytes that is never sent."""

    method: str
    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    key: str | None = None
    size: int | None = None

    def having(self, **headers: str) -> "Request":
        """With these headers; an underscore stands for a hyphen."""
        return replace(self, headers=self.headers | {name.replace("_", "-"): text for name, text in headers.items()})

    def with_key(self, key: str) -> "Request":
        return replace(self, key=key)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, Any]:
        """The first error."""
        return dict(json.loads(self.body)["errors"][0])


def send(url: str, request: Request, own_key: str) -> Answer:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        connection.putrequest(request.method, request.path, skip_accept_encoding=True)
        headers = {"X-API-Key": own_key if request.key is None else request.key} | request.headers
        if request.body is not None or request.size is not None:
            headers["Content-Length"] = str(request.size or len(request.body or b""))
        for name, value in headers.items():
            if value or name not in ("X-API-Key", "Content-Type"):
                connection.putheader(name, value.encode("utf-8"))
        connection.endheaders(None if request.size else request.body)
        got = connection.getresponse()
        lowered = {name.lower(): value for name, value in got.getheaders()}
        return Answer(got.status, lowered, got.read())
    finally:
        connection.close()


JSON = {"Content-Type": "application/json"}


def body(method: str, path: str, value: Any) -> Request:
    """A JSON body: bytes as they stand, anything else written as JSON (lone surrogates as escapes)."""
    return Request(method, path, value if isinstance(value, bytes) else json.dumps(value).encode(), JSON)


def post(path: str, value: Any) -> Request:
    return body("POST", path, value)


def get(path: str) -> Request:
    return Request("GET", path)


def text(value: Any = None, **changes: Any) -> Request:
    """POST /v1/text_to_video, with these parameters changed, or this body."""
    return post("/v1/text_to_video", FLAT | changes if value is None else value)


def picture(**changes: Any) -> Request:
    return post("/v1/image_to_video", PICTURE | changes)


def without(name: str) -> Request:
    return text({key: value for key, value in FLAT.items() if key != name})


def graphql(query: Any, variables: Any = None, **more: Any) -> Request:
    """POST /graphql, asked for in the media type that tells a refused document by its status."""
    return post("/graphql", {"query": query, "variables": variables} | more).having(Accept=GRAPHQL_JSON)


def generate(**changes: Any) -> Request:
    """The documented mutation; names with two underscores go inside `options`."""
    options = {name.removeprefix("options__"): value for name, value in changes.items() if "__" in name}
    outer = {name: value for name, value in changes.items() if "__" not in name}
    return graphql(GENERATE, {"input": NESTED | outer | ({"options": options} if options else {})})


def upload(data: bytes, content_type: str = "image/png") -> Request:
    return Request("POST", "/v1/uploads", data, {"Content-Type": content_type})


def form(data: bytes, name: str = "file") -> bytes:
    head = f'--B\r\nContent-Disposition: form-data; name="{name}"; filename="a.png"\r\n\r\n'
    return head.encode() + data + b"\r\n--B--\r\n"

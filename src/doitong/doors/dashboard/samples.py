"""The same request as a program makes it: curl, Python, JavaScript and GraphQL, each ready to run as it stands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KEY = "YOUR_API_KEY"

# what a request may hold, in the order in which a reader expects it
TERMS = (
    "service",
    "prompt",
    "image",
    "duration",
    "aspectRatio",
    "version",
    "quality",
    "motionIntensity",
    "motion",
    "audio",
    "seed",
    "negativePrompt",
)
_OPTIONS = tuple(name for name in TERMS if name not in ("service", "prompt", "image"))


@dataclass(frozen=True, slots=True)
class Sample:
    """One way to write the request. `name` is the tab's id."""

    name: str
    label: str
    code: str


_MOVE = ("move", "strength", "degrees", "seconds", "easing")
_BRUSH = ("mask", "polygon", "direction", "speed", "mode")


def tidy_motion(motion: Any) -> Any:
    """A motion as somebody would write it: nothing empty, its words in their order. What is no motion stays."""
    if not isinstance(motion, Mapping):
        return motion
    tidied = {name: value for name, value in motion.items() if value not in ([], None)}
    for name, order in (("camera", _MOVE), ("brushes", _BRUSH)):
        if isinstance(tidied.get(name), list):
            tidied[name] = [_in_order(item, order) for item in tidied[name]]
    return {name: tidied[name] for name in ("camera", "brushes", *tidied) if name in tidied} or None


def _in_order(item: Any, order: tuple[str, ...]) -> Any:
    return {name: _plain(item[name]) for name in (*order, *item) if name in item} if isinstance(item, Mapping) else item


def _plain(value: Any) -> Any:
    """A whole number without a point, as somebody would write it."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def make_samples(terms: Mapping[str, Any], url: str) -> list[Sample]:
    """The four ways. `terms` are a request's own, by the names of the API; `url` is where the API is."""
    given = dict(terms) | {"motion": tidy_motion(terms.get("motion"))}
    body = {name: given[name] for name in TERMS if given.get(name) not in (None, "")}
    path = "image_to_video" if "image" in body else "text_to_video"
    return [
        Sample("curl", "curl", _curl(f"{url}/v1/{path}", body)),
        Sample("python", "Python", _PYTHON.format(url=url, path=path, key=KEY, body=_python(body))),
        Sample("javascript", "JavaScript", _JAVASCRIPT.format(url=url, path=path, key=KEY, body=_json(body))),
        Sample("graphql", "GraphQL", _curl(f"{url}/graphql", _graphql(body))),
    ]


def _graphql(body: Mapping[str, Any]) -> dict[str, Any]:
    source = {"text": body.get("prompt"), "image": body.get("image")}
    return {
        "query": "mutation Generate($input: GenerateInput!) { generate(input: $input) "
        "{ id status provider url creditCost metadata } }",
        "variables": {
            "input": {
                "type": "VIDEO",
                "provider": body["service"],
                "input": {name: value for name, value in source.items() if value is not None},
                "options": {name: body[name] for name in _OPTIONS if name in body},
            }
        },
    }


def _curl(address: str, body: Mapping[str, Any]) -> str:
    quoted = _json(body).replace("'", "'\\''")
    return (
        f"curl -X POST {address} \\\n"
        f'  -H "Authorization: Bearer {KEY}" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d '{quoted}'"
    )


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _python(value: Any, indent: str = "") -> str:
    """A literal of Python; a string of JSON is one of Python too."""
    inner = indent + "    "
    if isinstance(value, Mapping):
        lines = "".join(f"{inner}{json.dumps(name)}: {_python(item, inner)},\n" for name, item in value.items())
        return f"{{\n{lines}{indent}}}" if value else "{}"
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return "[\n" + "".join(f"{inner}{_python(item, inner)},\n" for item in value) + f"{indent}]"
    if value is None or isinstance(value, bool | list):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


_PYTHON = """\
import uuid

import requests

API = "{url}/v1"
KEY = {{"Authorization": "Bearer {key}"}}

wanted = {body}
once = {{"Idempotency-Key": str(uuid.uuid4())}}  # sent again with the same key, it buys nothing twice
answer = requests.post(f"{{API}}/{path}", json=wanted, headers=KEY | once, timeout=30)
while True:
    answer.raise_for_status()
    film = answer.json()["data"]["generatevideo"]
    if film["status"] != "processing":
        break
    answer = requests.get(f"{{API}}/generations/{{film['id']}}?wait=30", headers=KEY, timeout=60)
print(film["url"] or film["error"] or film["status"])
"""

_JAVASCRIPT = """\
const api = "{url}/v1";
const key = {{ Authorization: "Bearer {key}" }};

const wanted = {body};

async function ask(path, options) {{
  const answer = await fetch(`${{api}}/${{path}}`, options);
  const {{ data, errors }} = await answer.json();
  if (!answer.ok) throw new Error(errors[0].message);
  return data.generatevideo;
}}

let film = await ask("{path}", {{
  method: "POST",
  headers: {{ ...key, "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() }},
  body: JSON.stringify(wanted),
}});
while (film.status === "processing") {{
  film = await ask(`generations/${{film.id}}?wait=30`, {{ headers: key }});
}}
console.log(film.url ?? film.error ?? film.status);
"""

"""Guarantee: requests are judged, and answers look, as those of the real service: headers, envelope, issues."""

import base64
from typing import Any

import pytest

from doitong.standins.runway.films import make_still
from doitong.standins.runway.model import Picture
from tests.standins.conftest import GEN4_5, KEY, Caller, OpenStandin

DOCS = "https://docs.dev.runwayml.com/api"
PICTURE = "https://media.example.com/in.png"
I2V = {**GEN4_5, "promptImage": PICTURE}
TURBO = {"model": "gen4_turbo", "promptImage": PICTURE, "ratio": "960:960", "duration": 10}


def inline(width: int, height: int, media_type: str = "image/png") -> str:
    still = make_still(Picture(width, height))
    return f"data:{media_type};base64,{base64.b64encode(still).decode()}"


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Basic a2V5", "Bearer wrong", f"Token {KEY}"])
async def test_without_the_key_it_is_a_401(caller: Caller, authorization: str | None) -> None:
    for path in ("organization", "tasks/5b0e6f0a-7f3b-4c1d-9a52-0d7f6f0c1e22"):
        headers = {} if authorization is None else {"Authorization": authorization}
        caller.http.headers.pop("Authorization", None)
        answer = await caller.http.get(f"/v1/{path}", headers=headers)
        assert answer.status_code == 401
        assert list(answer.json()) == ["error", "docUrl"]
    assert (await caller.http.post("/v1/text_to_video", json=GEN4_5)).status_code == 401
    assert caller.state()["tasks"] == []


@pytest.mark.parametrize("version", ["", "2024-09-13", "latest"])
async def test_another_version_is_a_400(caller: Caller, version: str) -> None:
    answer = await caller.post("text_to_video", GEN4_5, **{"X-Runway-Version": version})
    assert answer.status_code == 400
    assert isinstance(answer.json()["error"], str)


async def test_answers_have_the_headers_of_the_real_ones(caller: Caller) -> None:
    answer = await caller.get("organization")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["etag"].startswith('W/"')
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert answer.headers["x-powered-by"] == "Express"
    assert answer.headers["apigw-requestid"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "server" not in answer.headers


async def test_unknown_paths_and_methods(caller: Caller) -> None:
    for method, path, status in [
        ("GET", "nothing", 404),
        ("GET", "text_to_video", 405),
        ("PUT", "organization", 405),
        ("POST", "video_to_video", 404),
    ]:
        answer = await caller.http.request(method, f"/v1/{path}")
        assert answer.status_code == status
        assert isinstance(answer.json()["error"], str)


async def test_an_empty_body_gives_the_two_issues_as_seen_live(caller: Caller) -> None:
    answer = await caller.post("text_to_video", {})
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "Validation of body failed",
        "issues": [
            {
                "expected": "string",
                "code": "invalid_type",
                "path": ["model"],
                "message": "Invalid input: expected string, received undefined",
            },
            _NO_DISCRIMINATOR,
        ],
        "docUrl": DOCS,
    }


_NO_DISCRIMINATOR = {
    "code": "invalid_union",
    "errors": [],
    "note": "No matching discriminator",
    "discriminator": "model",
    "path": ["model"],
    "message": "Invalid input",
}


@pytest.mark.parametrize("model", ["gen2", "gen3a_turbo", "gen4_turbo", "GEN4.5"])
async def test_a_model_that_the_path_does_not_have(caller: Caller, model: str) -> None:
    answer = await caller.post("text_to_video", {**GEN4_5, "model": model})
    assert answer.json()["issues"] == [_NO_DISCRIMINATOR]


INVALID: list[tuple[str, dict[str, Any], list[Any], str, str]] = [
    ("text_to_video", {"promptText": ""}, ["promptText"], "too_small", "Too small: expected string to have >=1"),
    ("text_to_video", {"promptText": "a" * 1001}, ["promptText"], "too_big", "Too big: expected string to have <=1000"),
    ("text_to_video", {"promptText": "🌊" * 501}, ["promptText"], "too_big", "Too big"),  # two code units each
    (
        "text_to_video",
        {"promptText": 5},
        ["promptText"],
        "invalid_type",
        "Invalid input: expected string, received num",
    ),
    ("text_to_video", {"ratio": "960:960"}, ["ratio"], "invalid_value", 'Invalid option: expected one of "1280:720"|'),
    ("text_to_video", {"duration": 1}, ["duration"], "too_small", "Too small: expected number to be >=2"),
    ("text_to_video", {"duration": 11}, ["duration"], "too_big", "Too big: expected number to be <=10"),
    ("text_to_video", {"duration": 5.5}, ["duration"], "invalid_type", "Invalid input: expected int, received number"),
    ("text_to_video", {"duration": "5"}, ["duration"], "invalid_type", "Invalid input: expected number, received str"),
    ("text_to_video", {"duration": True}, ["duration"], "invalid_type", "Invalid input: expected number, received boo"),
    ("text_to_video", {"seed": 2**32}, ["seed"], "too_big", "Too big"),
    ("text_to_video", {"seed": None}, ["seed"], "invalid_type", "Invalid input: expected number, received null"),
    ("text_to_video", {"outputFormat": "avi"}, ["outputFormat"], "invalid_value", "Invalid option"),
    ("text_to_video", {"promptImage": PICTURE}, [], "unrecognized_keys", 'Unrecognized key: "promptImage"'),
    (
        "text_to_video",
        {"contentModeration": {"publicFigureThreshold": "high"}},
        ["contentModeration", "publicFigureThreshold"],
        "invalid_value",
        "Invalid option",
    ),
    ("image_to_video", {"promptImage": "http://media.example.com/a.png"}, ["promptImage"], "invalid_union", "Invalid"),
    ("image_to_video", {"promptImage": "https://" + "a" * 2041}, ["promptImage"], "invalid_union", "Invalid input"),
    ("image_to_video", {"promptImage": "data:text/plain;base64,AAAA"}, ["promptImage"], "invalid_union", "Invalid"),
    (
        "image_to_video",
        {"promptImage": "data:image/png;base64," + "A" * 5_242_880},
        ["promptImage"],
        "invalid_union",
        "",
    ),
    ("image_to_video", {"promptImage": []}, ["promptImage"], "invalid_union", "Invalid input"),
    (
        "image_to_video",
        {"promptImage": [{"uri": PICTURE, "position": "last"}]},
        ["promptImage"],
        "invalid_union",
        "Invalid input",
    ),
    ("image_to_video", {"ratio": "672:1584"}, ["ratio"], "invalid_value", "Invalid option"),
]


@pytest.mark.parametrize(("path", "change", "where", "code", "message"), INVALID)
async def test_what_is_invalid_is_told_as_zod_tells_it(
    caller: Caller, path: str, change: dict[str, Any], where: list[Any], code: str, message: str
) -> None:
    answer = await caller.post(path, {**(I2V if path == "image_to_video" else GEN4_5), **change})
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert (body["error"], body["docUrl"]) == ("Validation of body failed", DOCS)
    [issue] = body["issues"]
    assert (issue["path"], issue["code"]) == (where, code)
    assert issue["message"].startswith(message)


@pytest.mark.parametrize("name", ["promptText", "ratio", "duration", "promptImage"])
async def test_what_is_required_is_missed(caller: Caller, name: str) -> None:
    answer = await caller.post("image_to_video", {key: value for key, value in I2V.items() if key != name})
    assert [issue["path"] for issue in answer.json()["issues"]] == [[name]]


@pytest.mark.parametrize("change", [{}, {"promptText": "a cat"}, {"duration": 2}, {"ratio": "1584:672"}])
async def test_gen4_turbo_needs_no_prompt(caller: Caller, change: dict[str, Any]) -> None:
    assert (await caller.post("image_to_video", {**TURBO, **change})).status_code == 200


@pytest.mark.parametrize("name", ["outputFormat", "proresProfile", "position"])
async def test_gen4_turbo_has_no_such_key_unless_it_is_lenient(open_standin: OpenStandin, name: str) -> None:
    strict, lenient = await open_standin(), await open_standin(refuses_unknown_keys=False)
    body = {**TURBO, name: "mp4"}
    assert (await strict.post("image_to_video", body)).status_code == 400
    assert (await lenient.post("image_to_video", body)).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"text"', b"null", b"\xff"])
async def test_a_body_that_is_no_object(caller: Caller, body: bytes) -> None:
    answer = await caller.http.post("/v1/text_to_video", content=body)
    assert answer.status_code == 400
    assert isinstance(answer.json()["error"], str)


async def test_too_large_a_body_is_a_413(caller: Caller) -> None:
    answer = await caller.http.post("/v1/image_to_video", content=b" " * (10 * 1024 * 1024 + 1))
    assert answer.status_code == 413


async def test_the_account_may_have_to_say_for_whom(open_standin: OpenStandin) -> None:
    caller = await open_standin(needs_on_behalf_of=True)
    answer = await caller.post("text_to_video", GEN4_5)
    error = "X-Runway-On-Behalf-Of request header was not specified for task creation"
    assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert (await caller.post("text_to_video", GEN4_5, **{"X-Runway-On-Behalf-Of": "a" * 64})).status_code == 200


SHAPES = [
    ("gen4_turbo", 1280, 720, None),
    ("gen4_turbo", 2300, 1000, None),
    ("gen4.5", 2300, 1000, "width / height ratio must be at most 2. Got 2.300."),
    ("gen4_turbo", 2400, 1000, "width / height ratio must be at most 2.358. Got 2.400."),
    ("gen4.5", 462, 1000, "width / height ratio must be at least 0.5. Got 0.462."),
    ("gen4.5", 8001, 8001, "Invalid asset dimensions"),
]


@pytest.mark.parametrize(("model", "width", "height", "refused"), SHAPES)
async def test_the_shape_of_an_input_picture(
    caller: Caller, model: str, width: int, height: int, refused: str | None
) -> None:
    answer = await caller.post("image_to_video", {**I2V, "model": model, "promptImage": inline(width, height)})
    if refused is None:
        assert answer.status_code == 200, answer.text
    else:
        [issue] = answer.json()["issues"]
        assert (answer.status_code, issue["code"], issue["path"]) == (400, "custom", ["promptImage"])
        assert issue["message"].endswith(refused)


@pytest.mark.parametrize("uri", [inline(64, 64, "image/gif"), "data:image/png;base64,AAAA", "data:image/png,AAAAAAA"])
async def test_bytes_that_are_no_picture(caller: Caller, uri: str) -> None:
    answer = await caller.post("image_to_video", {**I2V, "promptImage": [{"uri": uri, "position": "first"}]})
    [issue] = answer.json()["issues"]
    assert (answer.status_code, issue["code"], issue["path"]) == (400, "custom", ["promptImage", 0, "uri"])

"""Guarantee: a picture becomes a film from an upload, a data: URI and a URL, through every door that takes one."""

import base64
import io
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.system import Customer, Receiver, System, video_of

ANIMATE = "mutation AnimateImage($input: ImageAnimationInput!) { animateImage(input: $input) { id status url } }"
GENERATE = "mutation Generate($input: GenerateInput!) { generate(input: $input) { id status url } }"


def picture(width: int, height: int, kind: str = "JPEG") -> bytes:
    written = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(written, kind)
    return written.getvalue()


WIDE = picture(640, 360)


def data_uri(content: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(content).decode()


def uploaded(customer: Customer, content: bytes = WIDE, media: str = "image/jpeg") -> dict[str, Any]:
    answer = customer.client.post("/v1/uploads", content=content, headers={"Content-Type": media})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"]["upload"])


def sources(customer: Customer, receiver: Receiver) -> list[str]:
    receiver.files["/picture.jpg"] = WIDE
    return [uploaded(customer)["id"], data_uri(WIDE), f"{receiver.url}/picture.jpg"]


@pytest.fixture
def customer(system: System) -> Customer:
    return system.customer(credits=5000)


def test_the_documented_animation_from_every_source(customer: Customer, receiver: Receiver) -> None:
    for source in sources(customer, receiver):
        asked = {"service": "runway-i2v", "imageUrl": source, "duration": 5, "motionIntensity": "medium"}
        answer = customer.graphql(ANIMATE, {"input": asked})
        assert answer.status_code == 200, answer.text
        accepted = answer.json()["data"]["animateImage"]
        assert (accepted["status"], accepted["url"]) == ("processing", None)
        check_film(customer.wait(accepted["id"]), 1280, 720)


def check_film(ended: dict[str, Any], width: int, height: int) -> None:
    assert (ended["status"], ended["kind"], ended["provider"]) == ("completed", "image_to_video", "runway-i2v")
    assert (ended["metadata"]["width"], ended["metadata"]["height"]) == (width, height)
    assert httpx.get(ended["url"], trust_env=False).content[4:8] == b"ftyp"


def test_rest_from_every_source(customer: Customer, receiver: Receiver) -> None:
    for name in ("image", "imageUrl"):
        for source in sources(customer, receiver):
            answer = customer.post("/v1/image_to_video", {"service": "runway-i2v", name: source, "prompt": "slowly"})
            assert answer.status_code == 200, answer.text
            check_film(customer.wait(video_of(answer)["id"]), 1280, 720)


def test_generate_takes_a_picture_with_and_without_words(customer: Customer) -> None:
    for given in ({"image": data_uri(WIDE)}, {"image": data_uri(WIDE), "text": "The wind rises"}):
        asked = {"type": "VIDEO", "provider": "runway-i2v", "input": given, "options": {"motionIntensity": "high"}}
        accepted = customer.graphql(GENERATE, {"input": asked}).json()["data"]["generate"]
        ended = customer.wait(accepted["id"])
        check_film(ended, 1280, 720)
        assert ended["metadata"]["motionIntensity"] == "high"


@pytest.mark.parametrize(("sides", "frame"), [((900, 1600), (720, 1280)), ((500, 480), (960, 960))])
def test_the_frame_is_the_nearest_of_the_three(
    customer: Customer, sides: tuple[int, int], frame: tuple[int, int]
) -> None:
    given = {"service": "runway-i2v", "image": data_uri(picture(*sides))}
    assert frame_of(customer, given) == frame
    assert frame_of(customer, given | {"aspectRatio": "16:9"}) == (1280, 720)  # what is asked for wins


def frame_of(customer: Customer, given: dict[str, Any]) -> tuple[int, int]:
    metadata = video_of(customer.post("/v1/image_to_video", given))["metadata"]
    return metadata["width"], metadata["height"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_upload_is_cleaned_and_read_back(customer: Customer, kind: str) -> None:
    made = uploaded(customer, picture(300, 200, kind), f"image/{kind.lower()}")
    assert (made["width"], made["height"]) == (300, 200)
    assert made["mediaType"] == ("image/png" if kind == "PNG" else "image/jpeg")
    assert customer.get(f"/v1/uploads/{made['id']}").json()["data"]["upload"] == made


def test_a_form_is_an_upload_too(customer: Customer) -> None:
    answer = customer.client.post("/v1/uploads", files={"file": ("bear.jpg", WIDE, "image/jpeg")})
    assert answer.json()["data"]["upload"]["width"] == 640


def test_a_picture_is_fetched_once_and_kept(customer: Customer, receiver: Receiver) -> None:
    """The film is made from what was there at submission, whatever the URL serves later."""
    receiver.files["/once.jpg"] = WIDE
    given = {"service": "runway-i2v", "image": f"{receiver.url}/once.jpg"}
    once = {"Idempotency-Key": "once"}
    first = customer.post("/v1/image_to_video", given, **once)
    del receiver.files["/once.jpg"]
    again = customer.post("/v1/image_to_video", given, **once)
    assert again.json()["data"]["generatevideo"]["id"] == video_of(first)["id"]
    assert [arrival.path for arrival in receiver.arrivals] == ["/once.jpg"]
    check_film(customer.wait(video_of(first)["id"]), 1280, 720)


@pytest.mark.parametrize("answer", [b"", b"<html>not a picture</html>", WIDE[:2000], None])
def test_what_is_no_picture_costs_nothing(customer: Customer, receiver: Receiver, answer: bytes | None) -> None:
    if answer is not None:
        receiver.files["/picture.jpg"] = answer
    given = {"service": "runway-i2v", "imageUrl": f"{receiver.url}/picture.jpg"}
    refused = customer.graphql(ANIMATE, {"input": given})
    assert refused.status_code == 400
    error = refused.json()["errors"][0]
    assert error["extensions"]["code"] == "IMAGE_REFUSED"
    assert "input.imageUrl" in error["message"]
    assert customer.credits() == {"available": 5000, "held": 0}
    assert customer.get("/v1/generations").json()["data"]["generations"] == []


def grey(level: int, corner: int) -> bytes:
    """A map: one half of it as bright as `corner`."""
    written = io.BytesIO()
    drawn = Image.new("L", (160, 90), level)
    drawn.paste(corner, (80, 0, 160, 90))
    drawn.save(written, "PNG")
    return written.getvalue()


def test_a_depth_map_and_masks_are_taken_as_a_picture_is(customer: Customer, receiver: Receiver) -> None:
    receiver.files["/mask.png"] = grey(0, 255)
    map_uri = "data:image/png;base64," + base64.b64encode(grey(30, 220)).decode()
    brushes = [
        {"mask": f"{receiver.url}/mask.png", "mode": "wave", "direction": 90},
        {"mask": uploaded(customer, grey(255, 0), "image/png")["id"], "mode": "flow", "speed": 0.2},
    ]
    motion = {"camera": [{"move": "orbit_left"}], "depth": map_uri, "depthInverted": True, "brushes": brushes}
    asked = {"service": "runway-i2v", "imageUrl": data_uri(WIDE), "duration": 5, "version": "gen-2", "motion": motion}
    answer = customer.graphql(ANIMATE, {"input": asked})
    assert answer.status_code == 200, answer.text
    check_film(customer.wait(answer.json()["data"]["animateImage"]["id"]), 1280, 720)


@pytest.mark.parametrize("place", ["depth", "brushes[0].mask"])
@pytest.mark.parametrize("bad", ["data:image/png;base64,aGVsbG8=", "https://127.0.0.1:1/x.png", "0" * 26])
def test_a_map_that_is_none_costs_nothing(customer: Customer, place: str, bad: str) -> None:
    motion = {"depth": bad} if place == "depth" else {"brushes": [{"mask": bad}]}
    given = {"service": "runway-i2v", "image": data_uri(WIDE), "motion": motion}
    refused = customer.post("/v1/image_to_video", given)
    assert refused.status_code == 400, refused.text
    assert f"motion.{place}" in refused.text
    assert customer.credits() == {"available": 5000, "held": 0}

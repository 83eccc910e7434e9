"""What the service offers, as data: models by path with their fields, prices and shapes, and the tiers' limits.

Runway's own models of the core paths. Prices are credits: `gen4.5` 12 and `gen4_turbo` 5 a second, stills 2, 5 or 8,
an upscale by output frame.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from doitong.standins.runway.model import Film, Json, Kind, Limits, Output, Picture, Tier
from doitong.standins.runway.schema import Check, Field, either, flag, items, matching, option, optional, record, text
from doitong.standins.runway.schema import whole as integer

FRAMES_PER_SECOND = 24
DEFAULT_SECONDS = 10  # of gen4_turbo without a duration; the real default is not known
SEED_MAXIMUM = 4_294_967_295
URL_CHARACTERS, RUNWAY_URI_CHARACTERS, DATA_URI_CHARACTERS = 2048, 5000, 5_242_880
VIDEO_DATA_URI_CHARACTERS = 16_777_216
UPSCALE_SECONDS_MAXIMUM = 30

VIDEO_RATIOS = ("1280:720", "720:1280", "1104:832", "960:960", "832:1104", "1584:672")
SMALL_STILLS = ("1280:720", "720:1280", "720:720", "960:720", "720:960", "1680:720")
LARGE_STILLS = (
    *("1024:1024", "1080:1080", "1168:880", "1360:768", "1440:1080"),
    *("1080:1440", "1808:768", "1920:1080", "1080:1920", "2112:912"),
)
OUTPUT_FORMATS = (
    *("mp4", "prores", "png_sequence", "hdr10", "hlg", "sdr_rec709_10bit", "hdr_pq_12bit_master", "hdr_prores"),
    *("hdr_png_sequence", "hdr_exr_sequence", "hdr_exr_acescg_sequence_1_3", "hdr_exr_acescg_sequence_2_0"),
)
PRORES_PROFILES = ("422", "4444", "422 Proxy", "422 LT", "422 HQ", "4444 XQ")
UPSCALE_SIDES = {"720p": 720, "1k": 1080, "2k": 1440, "4k": 2160}  # the shorter side; not published
UPSCALE_RATES = {"720p": 0.7, "1k": 0.7, "2k": 0.9, "4k": 1.2}
UNSEEN_FILM = Film(1280, 720, 5 * FRAMES_PER_SECOND)  # what stands for a film at an address that is not fetched

Price = Callable[[Json, Output], float]


@dataclass(frozen=True, slots=True)
class Offer:
    """One model on one path."""

    path: str
    model: str
    kind: Kind
    fields: Mapping[str, Field]
    price: Price
    seconds: float  # how long it takes at speed 1, measured from its slot
    shape_maximum: float = 0.0  # of an input picture's width / height; 0 where no shape is asked for


OWN_OUTPUT = "^http://[^/]+/outputs/"  # an output of the stand-in stands for one of the real service


def _address(allows_http: bool) -> tuple[str, ...]:
    return ("^https?://",) if allows_http else ("^https://", OWN_OUTPUT)


def media(prefix: str, data_characters: int, *, allows_http: bool) -> Check:
    """An address, an upload, or the bytes themselves, each with its own bounds."""
    return either(
        matching(13, URL_CHARACTERS, *_address(allows_http)),
        matching(13, RUNWAY_URI_CHARACTERS, "^runway://"),
        matching(13, data_characters, f"^data:{prefix}/"),
    )


def _seed() -> Field:
    return optional(integer(0, SEED_MAXIMUM))


def _moderation() -> Field:
    return optional(record({"publicFigureThreshold": optional(option("auto", "low"))}))


def _formats() -> dict[str, Field]:
    return {
        "outputFormat": optional(option(*OUTPUT_FORMATS)),
        "proresProfile": optional(option(*PRORES_PROFILES)),
    }


def make_offers(*, allows_http: bool) -> dict[str, dict[str, Offer]]:
    """Offers by path and model."""
    picture = media("image", DATA_URI_CHARACTERS, allows_http=allows_http)
    first = record({"uri": Field(picture), "position": Field(option("first"))})
    prompt_image = Field(either(picture, items(first, 1, 1)))
    film = Field(media("video", VIDEO_DATA_URI_CHARACTERS, allows_http=allows_http))
    offers = [
        _gen4_5_from_text(),
        _gen4_5_from_picture(prompt_image),
        _gen4_turbo(prompt_image),
        _still("gen4_image", picture, 0, lambda body, _: 5 if body["ratio"] in SMALL_STILLS else 8),
        _still("gen4_image_turbo", picture, 1, lambda body, _: 2),
        _upscaler(film),
    ]
    return {path: {o.model: o for o in offers if o.path == path} for path in {offer.path for offer in offers}}


def _gen4_5_from_text() -> Offer:
    fields = {
        "promptText": Field(text(1, 1000)),
        "ratio": Field(option("1280:720", "720:1280")),
        "duration": Field(integer(2, 10)),
        "seed": _seed(),
        "contentModeration": _moderation(),
        **_formats(),
    }
    return Offer("text_to_video", "gen4.5", Kind.VIDEO, fields, _by_second(12), 30)


def _gen4_5_from_picture(prompt_image: Field) -> Offer:
    fields = {
        "promptImage": prompt_image,
        "promptText": Field(text(1, 1000)),
        "ratio": Field(option(*VIDEO_RATIOS)),
        "duration": Field(integer(2, 10)),
        "seed": _seed(),
        "contentModeration": _moderation(),
        **_formats(),
    }
    return Offer("image_to_video", "gen4.5", Kind.VIDEO, fields, _by_second(12), 30, 2.0)


def _gen4_turbo(prompt_image: Field) -> Offer:
    fields = {
        "promptImage": prompt_image,
        "promptText": optional(text(1, 1000)),
        "ratio": Field(option(*VIDEO_RATIOS)),
        "duration": optional(integer(2, 10)),
        "seed": _seed(),
        "contentModeration": _moderation(),
    }
    return Offer("image_to_video", "gen4_turbo", Kind.VIDEO, fields, _by_second(5), 15, 2.358)


def _still(model: str, picture: Check, references_minimum: int, price: Price) -> Offer:
    tag = matching(3, 16, "^[A-Za-z][A-Za-z0-9_]*$")
    reference = record({"uri": Field(picture), "tag": optional(tag)})
    references = Field(items(reference, references_minimum, 3), is_required=references_minimum > 0)
    fields = {
        "promptText": Field(text(1, 1000)),
        "ratio": Field(option(*LARGE_STILLS, *SMALL_STILLS)),
        "referenceImages": references,
        "seed": _seed(),
        "contentModeration": _moderation(),
    }
    return Offer("text_to_image", model, Kind.IMAGE, fields, price, 8, 2.0)


def _upscaler(film: Field) -> Offer:
    percent = optional(integer(0, 100))
    fields = {
        "videoUri": film,
        "resolution": optional(option(*UPSCALE_SIDES)),
        "creativity": percent,
        "sharpen": percent,
        "smartGrain": percent,
        "flavor": optional(option("vivid", "natural")),
        "fpsBoost": optional(flag()),
    }
    return Offer("video_upscale", "magnific_video_upscaler_creative", Kind.VIDEO, fields, _by_frame, 60)


def vendor_offer(path: str, model: str) -> Offer:
    """A vendor's model as the conformance mode takes it: any fields, no price."""
    kind = Kind.IMAGE if path == "text_to_image" else Kind.VIDEO
    return Offer(path, model, kind, {}, lambda body, output: 0, 10)


def _by_second(rate: int) -> Price:
    def price(body: Json, output: Output) -> float:
        assert isinstance(output, Film)
        surcharge = {"mp4": 0, "prores": 5, "png_sequence": 5}.get(body.get("outputFormat", "mp4"), 20)
        return (rate + surcharge) * output.frames // FRAMES_PER_SECOND

    return price


def _by_frame(body: Json, output: Output) -> float:
    assert isinstance(output, Film)
    return math.ceil(UPSCALE_RATES[body.get("resolution", "2k")] * output.frames)


def output_of(offer: Offer, body: Json, source: Film | None) -> Output:
    """What a task makes; `source` is the film that is worked on, where there is one."""
    if offer.path == "video_upscale":
        return _upscaled(source or UNSEEN_FILM, UPSCALE_SIDES[body.get("resolution", "2k")])
    width, height = _sides(str(body.get("ratio", "1280:720")))
    if offer.kind is Kind.IMAGE:
        return Picture(width, height)
    seconds = body.get("duration", DEFAULT_SECONDS) if "duration" in offer.fields else DEFAULT_SECONDS
    return Film(width, height, int(seconds) * FRAMES_PER_SECOND)


def _sides(ratio: str) -> tuple[int, int]:
    width, _, height = ratio.partition(":")
    return (int(width), int(height)) if width.isdigit() and height.isdigit() else (1280, 720)


def _upscaled(source: Film, side: int) -> Film:
    scale = side / min(source.width, source.height)
    return Film(round(source.width * scale / 2) * 2, round(source.height * scale / 2) * 2, source.frames)


def _tier(at_once: int, daily: int, image_at_once: int, image_daily: int, monthly_credits: int) -> Tier:
    limits = {Kind.VIDEO: Limits(at_once, daily), Kind.IMAGE: Limits(image_at_once, image_daily)}
    return Tier(limits, monthly_credits)


TIERS: Mapping[str, Tier] = {
    "1": _tier(1, 50, 2, 200, 10_000),
    "2": _tier(3, 500, 3, 1_000, 50_000),
    "3": _tier(5, 1_000, 5, 2_000, 200_000),
    "4": _tier(10, 5_000, 10, 10_000, 2_000_000),
    "5": _tier(20, 25_000, 20, 30_000, 10_000_000),
    "unlimited": Tier({kind: Limits(None, None) for kind in Kind}, 10_000_000),
}
assert all(low.monthly_credits <= high.monthly_credits for low, high in pairwise(TIERS.values()))

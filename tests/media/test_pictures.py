"""Guarantee "Files": pictures are refused by their header or decoded in a bounded child, without metadata."""

import contextlib
import io
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from doitong.core.errors import DoitongError
from doitong.media.headers import HeaderInvalid, read_header
from doitong.media.model import Picture
from doitong.media.picture import MAXIMUM_BYTES, PictureCleaner, check_picture

Encode = Callable[..., bytes]
MARK = b"SECRET-METADATA"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """A PNG that claims a size; its picture data is whatever the chunks hold."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


async def refused(data: bytes) -> str:
    with pytest.raises(DoitongError) as caught:
        await PictureCleaner().clean(data, "image")
    assert (caught.value.code, caught.value.status) == ("IMAGE_REFUSED", 400)
    assert caught.value.details["parameter"] == "image"
    return caught.value.message()


class ImageRefused(Exception):
    """The one failure that a picture may end in."""


async def clean_or_refuse(data: bytes) -> Picture:
    try:
        return await PictureCleaner().clean(data, "image")
    except DoitongError as error:
        if error.code != "IMAGE_REFUSED":
            raise
        raise ImageRefused from error


def reopened(picture: Picture) -> Image.Image:
    opened = Image.open(io.BytesIO(picture.data))
    assert opened.size == (picture.width, picture.height)
    assert Image.MIME[opened.format or ""] == picture.media_type
    return opened


@pytest.mark.parametrize(
    ("kind", "options", "media_type"),
    [
        ("JPEG", {"quality": 95}, "image/jpeg"),
        ("JPEG", {"progressive": True}, "image/jpeg"),
        ("PNG", {}, "image/png"),
        ("WEBP", {"lossless": True}, "image/jpeg"),
        ("WEBP", {"quality": 90}, "image/jpeg"),
    ],
)
async def test_each_format_comes_out_as_it_went_in(
    gradient: Image.Image, encode: Encode, kind: str, options: dict[str, object], media_type: str
) -> None:
    data = encode(gradient, kind, **options)
    header = read_header(data)
    assert (header.width, header.height, header.frames) == (60, 40, 1)
    cleaned = await PictureCleaner().clean(data, "image")
    assert cleaned.media_type == media_type
    got, wanted = reopened(cleaned).getpixel((50, 5)), gradient.getpixel((50, 5))
    assert all(abs(one - other) < 16 for one, other in zip(got, wanted, strict=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_photograph_is_turned_upright(gradient: Image.Image, encode: Encode, orientation: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(gradient, "PNG", exif=exif)
    wanted = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    got = reopened(await PictureCleaner().clean(data, "image"))
    assert got.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_no_metadata_survives(gradient: Image.Image, encode: Encode, kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = MARK.decode()
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", MARK.decode())
    extra = {"pnginfo": notes} if kind == "PNG" else {"xmp": MARK}
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encode(gradient, kind, exif=exif, icc_profile=profile, **extra)
    assert MARK in data
    cleaned = await PictureCleaner().clean(data, "image")
    opened = reopened(cleaned)
    assert MARK not in cleaned.data
    assert not opened.getexif()
    assert not {"icc_profile", "exif", "xmp", "Comment"} & set(opened.info)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
async def test_every_colour_mode_becomes_rgb(encode: Encode, mode: str) -> None:
    picture = Image.new("L", (20, 10), 255).convert("I").point(lambda level: level * 257).convert("I;16")
    picture = picture if mode == "I;16" else Image.new("RGB", (20, 10), "white").convert(mode)
    data = encode(picture, "JPEG" if mode == "CMYK" else "PNG")
    got = reopened(await PictureCleaner().clean(data, "image"))
    assert got.mode == "RGB"
    assert min(got.getpixel((10, 5))) > 250  # type: ignore[type-var,arg-type]


@pytest.mark.parametrize("level", [10, 245])
async def test_what_is_cut_out_lies_on_a_ground_that_it_stands_out_from(encode: Encode, level: int) -> None:
    picture = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    picture.paste((level, level, level, 255), (6, 6, 14, 14))
    got = reopened(await PictureCleaner().clean(encode(picture, "PNG"), "image")).convert("L")
    assert abs(got.getpixel((10, 10)) - level) < 3  # type: ignore[operator]
    assert abs(got.getpixel((1, 1)) - level) > 120  # type: ignore[operator]


async def test_16_bits_that_use_few_are_shown_in_full_strength(encode: Encode) -> None:
    """A depth map in millimetres would be black otherwise."""
    picture = Image.new("I;16", (4, 4), 4000)
    got = reopened(await PictureCleaner().clean(encode(picture, "PNG"), "motion.depth"))
    assert got.getpixel((1, 1)) == (249, 249, 249)


async def test_a_large_picture_is_made_smaller(encode: Encode) -> None:
    data = encode(Image.new("RGB", (8000, 2000), "navy"), "JPEG")
    cleaned = await PictureCleaner().clean(data, "image")
    assert (cleaned.width, cleaned.height) == (4096, 1024)


async def test_a_single_pixel_is_a_picture(encode: Encode) -> None:
    cleaned = await PictureCleaner().clean(encode(Image.new("RGB", (1, 1)), "PNG"), "image")
    assert (cleaned.width, cleaned.height) == (1, 1)


@pytest.mark.parametrize(("width", "height"), [(8001, 10), (10, 8001), (8000, 8001), (0, 10), (10, 0), (2**31, 2**31)])
def test_a_bomb_is_refused_by_its_header_quickly_and_in_little_memory(width: int, height: int) -> None:
    data = png(width, height, chunk(b"IDAT", zlib.compress(bytes(10_000_000))))
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(DoitongError) as caught:
        check_picture(data, "image")
    seconds, (_, peak) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.code == "IMAGE_REFUSED"
    assert seconds < 0.05
    assert peak < 100_000_000


async def test_too_many_pixels_and_too_many_bytes_are_refused(encode: Encode) -> None:
    assert "64000000 pixels" in await refused(png(8000, 8000 + 1))
    assert str(MAXIMUM_BYTES) in await refused(png(10, 10) + bytes(MAXIMUM_BYTES))


async def test_of_an_animation_the_first_picture_is_taken(encode: Encode) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    for kind in ("PNG", "WEBP"):
        data = encode(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
        red, green, blue = reopened(await PictureCleaner().clean(data, "image")).getpixel((4, 4))  # type: ignore[misc]
        assert red > 240
        assert max(green, blue) < 16


def webp_animation_that_claims(frames: int) -> bytes:
    """A WebP whose every frame is the largest that a frame may claim, without a pixel behind it."""
    side = (8000 - 1).to_bytes(3, "little")
    header = b"VP8X" + struct.pack("<I", 10) + bytes([0b10, 0, 0, 0]) + side + side
    loop = b"ANIM" + struct.pack("<I", 6) + bytes(6)
    frame = b"ANMF" + struct.pack("<I", 24) + bytes(6) + side + side + bytes(4) + b"VP8L" + struct.pack("<I", 0)
    body = b"WEBP" + header + loop + frame * frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


async def test_an_animation_of_huge_frames_costs_no_more_than_a_picture() -> None:
    started = time.perf_counter()
    assert "cannot be decoded" in await refused(webp_animation_that_claims(2000))
    assert time.perf_counter() - started < 8


async def test_a_polyglot_is_only_ever_the_picture_that_it_begins_with(gradient: Image.Image, encode: Encode) -> None:
    """Bytes of another format before the magic are refused; after the picture's end they do not survive."""
    script = b"<script>alert(1)</script>PK\x03\x04%PDF-1.4"
    for kind in ("PNG", "JPEG"):
        cleaned = await PictureCleaner().clean(encode(gradient, kind) + script, "image")
        assert b"script" not in cleaned.data
        assert b"PK\x03\x04" not in cleaned.data
        assert "JPEG, PNG or WebP" in await refused(script + encode(gradient, kind))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"BM" + bytes(100),
        b"%PDF-1.4",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"RIFF\x04\x00\x00\x00WEBP",
        b"RIFF\xff\xff\xff\xffWEBPVP8 ",
        bytes(4096),
    ],
)
async def test_other_formats_are_refused_by_their_magic_bytes(data: bytes) -> None:
    assert "JPEG, PNG or WebP" in await refused(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_no_prefix_of_a_picture_passes_the_header(gradient: Image.Image, encode: Encode, kind: str) -> None:
    data = encode(gradient, kind)
    for length in range(len(data)):
        with pytest.raises(DoitongError):
            check_picture(data[:length], "image")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_damaged_pictures_are_refused_or_cleaned_and_never_an_error_of_ours(
    gradient: Image.Image, encode: Encode, kind: str
) -> None:
    data = encode(gradient, kind)
    for place in range(20, len(data), max(1, len(data) // 8)):
        damaged = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
        with contextlib.suppress(ImageRefused):
            reopened(await clean_or_refuse(damaged))


async def test_a_header_that_lies_to_the_decoder_is_refused() -> None:
    """The picture data is far more than the header claims, or it is no picture data at all."""
    assert "cannot be decoded" in await refused(png(40, 40, chunk(b"IDAT", b"garbage")))
    assert "cannot be decoded" in await refused(png(40, 40))


async def test_a_child_that_needs_too_much_memory_is_a_refusal(encode: Encode) -> None:
    """A 30 MB text in a 30 KB chunk: the child's own bounds hold, the parent answers 400."""
    text = chunk(b"zTXt", b"k\x00\x00" + zlib.compress(bytes(200_000_000)))
    row = b"\x00" + bytes(40 * 3)
    data = png(40, 40, text, chunk(b"IDAT", zlib.compress(row * 40)))
    assert "cannot be decoded" in await refused(data)


def test_random_bytes_after_magic_never_crash_the_header() -> None:
    import random

    source = random.Random(7)
    for _ in range(3000):
        for magic in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x40\x00\x00\x00WEBPVP8X"):
            try:
                read_header(magic + source.randbytes(source.randrange(80)))
            except HeaderInvalid:
                continue


def test_the_decoders_are_not_imported_with_the_module() -> None:
    names = "doitong.media.picture, doitong.media.probe, doitong.media.previews, doitong.uploads.service"
    code = f"import sys, {names}; print([m for m in ('PIL', 'av', 'numpy', 'cv2') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"

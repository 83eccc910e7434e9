"""The child process that decodes one picture: bytes in, a clean picture out, and nothing else.

It runs by its path in an isolated interpreter, limits itself before it reads a byte, and imports only Pillow
beside the standard library. Its parent believes nothing but the exit status and the size of what it says.
Output: one line `MEDIA_TYPE WIDTH HEIGHT`, then the encoded bytes. Exit status 3: not decodable.
"""

import io
import resource
import sys
from typing import Any

MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 10
MAXIMUM_SIDE_OUT = 4096
REFUSED = 3
ORIENTATION = 0x0112  # the Exif tag; its values 2–8 as Pillow's transpositions
TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}


def limit_itself() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def clean(data: bytes, width: int, height: int) -> tuple[str, int, int, bytes]:
    """Decode, turn upright, shrink to at most 4096 pixels a side, drop all metadata, encode anew."""
    from PIL import Image  # noqa: PLC0415  # after the limits

    Image.MAX_IMAGE_PIXELS = width * height
    picture = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
    source = picture.format  # MPO for a photograph that carries a second one; of several pictures the first is taken
    if picture.size != (width, height):
        raise ValueError("the header and the picture differ")
    orientation = picture.getexif().get(ORIENTATION, 1)
    if source in ("JPEG", "MPO"):
        picture.draft("RGB", (MAXIMUM_SIDE_OUT, MAXIMUM_SIDE_OUT))
    picture.load()
    flat = to_rgb(picture)
    flat.thumbnail((MAXIMUM_SIDE_OUT, MAXIMUM_SIDE_OUT), reducing_gap=2.0)
    turned = flat.transpose(TURNS[orientation]) if orientation in TURNS else flat
    bare = Image.new("RGB", turned.size)
    bare.paste(turned)
    out = io.BytesIO()
    if source == "PNG":
        bare.save(out, "PNG", compress_level=1)
        return "image/png", *bare.size, out.getvalue()
    bare.save(out, "JPEG", quality=95, subsampling=0)
    return "image/jpeg", *bare.size, out.getvalue()


def to_rgb(picture: Any) -> Any:
    """8-bit sRGB, opaque."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return to_bytes(picture).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        return on_ground(picture.convert("RGBA"))
    return in_srgb(picture)


def to_bytes(picture: Any) -> Any:
    """Grey of 16 bits as 8; one that uses only its lower bits, as depth maps do, in full strength."""
    levels = picture.convert("I")
    highest = max(255, int(levels.getextrema()[1]))
    whole = 2 ** highest.bit_length() - 1
    return levels.point(lambda level: level * (255 / whole)).convert("L")


def on_ground(seen: Any) -> Any:
    """What is cut out, on a plain ground that it stands out from: dark under a light thing, light under a dark one."""
    from PIL import Image, ImageStat  # noqa: PLC0415

    alpha = seen.getchannel("A")
    opaque = alpha.point(lambda level: 255 if level > 127 else 0)
    has_any = opaque.getbbox() is not None
    light = ImageStat.Stat(seen.convert("L"), opaque).mean[0] if has_any else 255.0
    top, bottom = (46, 14) if light > 96 else (246, 206)
    shade = Image.linear_gradient("L").point(lambda level: top + (bottom - top) * level / 255)
    ground = shade.resize(seen.size).convert("RGB")
    ground.paste(seen, mask=alpha)
    return ground


def in_srgb(picture: Any) -> Any:
    """Colours of an embedded profile in sRGB; a profile that cannot be read is left out."""
    from PIL import ImageCms  # noqa: PLC0415

    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "CMYK"):
        try:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            changed = ImageCms.profileToProfile(picture, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return changed or picture.convert("RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return picture.convert("RGB")


def main() -> int:
    width, height = int(sys.argv[1]), int(sys.argv[2])
    limit_itself()
    try:
        media_type, *size, out = clean(sys.stdin.buffer.read(), width, height)
    except Exception as error:  # whatever a broken picture makes a decoder raise
        sys.stderr.write(f"{type(error).__name__}: {error}"[:500])
        return REFUSED
    sys.stdout.buffer.write(f"{media_type} {size[0]} {size[1]}\n".encode() + out)
    return 0


if __name__ == "__main__":
    sys.exit(main())

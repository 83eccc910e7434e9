"""`doitong generate` and `animate`: a video by one command, with its progress, saved as a file."""

import base64
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from doitong.core.settings import Settings
from doitong.doors.cli._client import Client
from doitong.doors.cli._credentials import read_credentials

POLL_SECONDS = 0.5
BAR_WIDTH = 30
PICTURE_BYTES_MAXIMUM = 3_900_000  # as a data: URI within the API's 5 MiB
DEMO_PROMPT = "A serene landscape with mountains and a lake at sunset"
DEMO_REQUEST = {  # the documentation's own
    "query": "mutation Generate($input: GenerateInput!) "
    "{ generate(input: $input) { id status type provider url metadata creditCost } }",
    "variables": {
        "input": {
            "type": "VIDEO",
            "provider": "runway",
            "input": {"text": DEMO_PROMPT},
            "options": {"duration": 5, "aspectRatio": "16:9"},
        }
    },
}
PICTURE_TYPES = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp"}

Command = Callable[..., None]


def _common_options(command: Command) -> Command:
    options = [
        click.option("--duration", type=click.IntRange(5, 10), help="Seconds, 5 to 10 (default 5)."),
        click.option(
            "--aspect-ratio",
            type=click.Choice(["16:9", "9:16", "1:1"]),
            help="Shape of the frame (default 16:9; for a picture, the nearest).",
        ),
        click.option("--version", type=click.Choice(["gen-2", "gen-3", "gen-4"]), help="Default gen-4."),
        click.option("--quality", type=click.Choice(["standard", "high", "pro"]), help="Default standard."),
        click.option("--motion-intensity", type=click.Choice(["low", "medium", "high"])),
        click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Same request and seed, same film."),
        click.option("--audio/--no-audio", default=None, help="With sound (default), or silent."),
        click.option("--provider", help="Service that shall render it, such as runway."),
        click.option("--wait/--no-wait", default=True, help="Wait for the film (default), or print the id."),
        click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Default doitong-ID.mp4."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.argument("prompt")
@click.option("--image", help="Picture to animate: a file, an https URL or an upload's id.")
@_common_options
def generate(prompt: str, image: str | None, **options: Any) -> None:
    """Make a video from PROMPT, show its progress and save it.

    \b
    doitong generate "A serene landscape with mountains and a lake at sunset"
    doitong generate "Slow zoom" --image photo.jpg --quality high -o zoom.mp4
    """
    _run({"prompt": prompt, "image": image}, options)


@click.command()
@click.argument("image")
@click.option("--prompt", help="What shall move, and how.")
@_common_options
def animate(image: str, prompt: str | None, **options: Any) -> None:
    """Animate IMAGE: a JPEG, PNG or WebP file, an https URL or an upload's id.

    \b
    doitong animate photo.jpg --motion-intensity high
    """
    _run({"prompt": prompt, "image": image}, options)


def run_demo(url: str, key: str) -> int:
    """The documentation's first request against `url`; 0 when the film is saved in the current folder."""
    client = Client(url, key)
    click.echo(f"Making: {DEMO_PROMPT}")
    try:
        accepted = client.call("POST", "/graphql", DEMO_REQUEST, headers={"Idempotency-Key": str(uuid4())})
        _save(client, _finish(client, _generation_in(accepted)), None)
    except click.ClickException as problem:
        problem.show()
        return 1
    finally:
        client.close()
    return 0


def _run(given: dict[str, Any], options: dict[str, Any]) -> None:
    should_wait, output = options.pop("wait"), options.pop("output")
    client = Client(*read_credentials(os.environ, Settings().data_dir))
    try:
        generation = _submit(client, _body(given | options))
        if not should_wait:
            click.echo(generation["id"])
            return
        _save(client, _finish(client, generation), output)
    finally:
        client.close()


def _body(given: dict[str, Any]) -> dict[str, Any]:
    names = {"aspect_ratio": "aspectRatio", "motion_intensity": "motionIntensity", "provider": "service"}
    body = {names.get(name, name): value for name, value in given.items() if value is not None}
    if "image" in body:
        body["image"] = _picture(body["image"])
        body.setdefault("service", "runway-i2v")
    return {"service": "runway"} | body


def _picture(image: str) -> str:
    """A local file as a `data:` URI; an address or an upload's id as it is."""
    path = Path(image)
    if "://" in image or image.startswith("data:") or not (path.suffix or path.exists()):
        return image
    kind = PICTURE_TYPES.get(path.suffix.lower())
    if kind is None:
        raise click.ClickException(f"{image} is not a JPEG, PNG or WebP file.")
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise click.ClickException(f"{image} cannot be read: {problem.strerror}.") from problem
    if len(content) > PICTURE_BYTES_MAXIMUM:
        raise click.ClickException(f"{image} is over {PICTURE_BYTES_MAXIMUM:,} bytes; make it smaller.")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _submit(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    path = "/v1/image_to_video" if "image" in body else "/v1/text_to_video"
    # made once: however often the request is repeated, it is one generation and one charge
    headers = {"Idempotency-Key": str(uuid4())}
    return _generation_in(client.call("POST", path, body, headers=headers))


def _finish(client: Client, generation: dict[str, Any]) -> dict[str, Any]:
    """The generation in its last state, drawing its progress until then."""
    is_terminal = sys.stderr.isatty()
    shown = ""
    while generation["status"] == "processing":
        line = _progress_line(generation)
        if is_terminal or line.split()[0] != shown.split(" ", maxsplit=1)[0]:
            click.echo(f"\r\x1b[K{line}" if is_terminal else line, nl=not is_terminal, err=True)
        shown = line
        time.sleep(POLL_SECONDS)
        generation = _generation_in(client.call("GET", f"/v1/generations/{generation['id']}"))
    if is_terminal:
        click.echo("\r\x1b[K", nl=False, err=True)
    return generation


def _progress_line(generation: dict[str, Any]) -> str:
    progress = float(generation.get("progress") or 0)
    full = round(progress * BAR_WIDTH)
    position = generation.get("queuePosition")
    place = f"  {position} in the queue" if position else ""
    stage = generation.get("stage", "queued")
    return f"{stage:<10} [{'█' * full}{'·' * (BAR_WIDTH - full)}] {progress:4.0%}{place}"


def _save(client: Client, generation: dict[str, Any], output: Path | None) -> None:
    if generation["status"] != "completed":
        error = generation.get("error") or {}
        reason = error.get("message", f"it is {generation['status']}")
        raise click.ClickException(f"Generation {generation['id']} made no film: {reason}")
    path = output or Path(f"doitong-{generation['id']}.mp4")
    client.download(generation["url"], path)
    click.echo(str(path.absolute()))


def _generation_in(data: Any) -> dict[str, Any]:
    """The one generation of an answer, whatever name it stands under."""
    if isinstance(data, dict) and "status" not in data and len(data) == 1:
        data = next(iter(data.values()))
    if not isinstance(data, dict) or "id" not in data:
        raise click.ClickException("The API's answer holds no generation.")
    return data

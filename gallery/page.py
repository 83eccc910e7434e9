"""The gallery's page: one static HTML file beside the films, that needs nothing but a browser."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1240px; margin: 2rem auto; padding: 0 1rem; }
main { display: grid; gap: 2.5rem; }
article { border-top: 1px solid var(--line); padding-top: 1rem; }
h2 { font-size: 1.05rem; margin: 0 0 .3rem; }
video, img { max-width: 100%; border-radius: 6px; display: block; background: #222; }
.side { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 1rem; align-items: start; }
@media (max-width: 760px) { .side { grid-template-columns: 1fr; } }
.bad { color: #c62828; font-weight: 600; }
dl { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; margin: .6rem 0; font-variant-numeric: tabular-nums; }
dt { opacity: .65; } dl div { display: flex; gap: .4rem; } dd { margin: 0; }
details pre { white-space: pre-wrap; font-size: .85em; }
"""


def write_page(folder: Path, clips: Sequence[Mapping[str, Any]], notes: Sequence[str]) -> Path:
    """Write `index.html` for the clips measured, in order; returns its path."""
    failed = sum(bool(clip["failed"]) for clip in clips)
    head = f"{len(clips)} clips, {len(clips) - failed} pass every gate" + (f", {failed} do not" if failed else "")
    body = "\n".join(_article(clip) for clip in clips)
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Studio gallery</title><style>{_STYLE}</style><h1>Studio gallery</h1><p>{escape(head)}</p>"
        + "".join(f"<p>{escape(note)}</p>" for note in notes)
        + f"<main>{body}</main></html>"
    )
    path = folder / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def _article(clip: Mapping[str, Any]) -> str:
    name = escape(clip["name"])
    numbers = {**clip["quality"], "seconds of work per second": clip["work"]}
    measures = "".join(f"<div><dt>{escape(key)}</dt><dd>{value:.2f}</dd></div>" for key, value in numbers.items())
    failed = "".join(f'<p class="bad">{escape(item)}</p>' for item in clip["failed"])
    told = escape(json.dumps(clip["interpretation"], indent=1, ensure_ascii=False))
    return (
        f'<article id="{name}"><h2>{name} · {escape(clip["model"])} · {escape(clip["shape"])}</h2>'
        f"<p>“{escape(clip['prompt'])}” {escape(clip['move'] or '')}</p>{failed}"
        f'<div class="side"><video controls loop preload="none" poster="{name}.jpg" src="{name}.mp4"></video>'
        f'<img loading="lazy" alt="First, middle and last frame" src="{name}.sheet.jpg"></div>'
        f"<dl>{measures}</dl><details><summary>What Studio understood</summary><pre>{told}</pre></details></article>"
    )

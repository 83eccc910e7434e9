"""The gallery's page: one static HTML file beside the films, that needs nothing but a browser."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from gallery.variation import Varied

_STYLE = """
:root { color-scheme: dark; --paper: #101215; --card: #181b20; --line: #2a2f37; --ink: #eceef1; --soft: #98a1ad;
  --good: #7fd1a4; --bad: #ff8a75; }
* { box-sizing: border-box; }
body { font: 15px/1.55 system-ui, sans-serif; margin: 0; background: var(--paper); color: var(--ink); }
header, main, footer { max-width: 1280px; margin: 0 auto; padding: 0 clamp(1rem, 3vw, 2rem); }
header { padding-top: clamp(2rem, 6vw, 4.5rem); padding-bottom: 1.5rem; }
h1 { font-size: clamp(1.9rem, 5vw, 3.1rem); line-height: 1.1; letter-spacing: -.02em; margin: 0 0 .5rem; }
header p { color: var(--soft); margin: .2rem 0; max-width: 46rem; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 34rem), 1fr)); gap: 1.5rem; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 14px; overflow: hidden;
  display: flex; flex-direction: column; }
video { cursor: pointer; width: 100%; aspect-ratio: 16 / 9; object-fit: contain; background: #000; display: block; }
.sheet { width: 100%; display: block; border-top: 1px solid var(--line); }
.tall .sheet, .square .sheet { height: 11rem; object-fit: contain; background: #000; }
.text { padding: .9rem 1.1rem 1rem; display: flex; flex-direction: column; gap: .35rem; flex: 1; }
h2 { font-size: 1.08rem; line-height: 1.35; margin: 0; font-weight: 600; text-wrap: pretty; }
.about { color: var(--soft); font-size: .86rem; margin: 0; }
.good { color: var(--good); } .bad { color: var(--bad); margin: 0; font-weight: 600; }
details { font-size: .86rem; color: var(--soft); margin-top: auto; }
summary { cursor: pointer; padding: .25rem 0; } summary:hover { color: var(--ink); }
dl { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; margin: .4rem 0; font-variant-numeric: tabular-nums; }
dl div { display: flex; gap: .4rem; } dd { margin: 0; color: var(--ink); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85em; margin: .4rem 0 0; }
footer { padding-top: 3rem; padding-bottom: 4rem; }
footer h2 { margin-bottom: .3rem; } footer > p { color: var(--soft); max-width: 46rem; margin: 0 0 1rem; }
.wide { overflow-x: auto; margin-bottom: 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 500; } td.number, th.number { text-align: right; white-space: nowrap; }
"""
# a film shows its controls only when it is used: it plays while the pointer rests on it, or from a touch on
_SCRIPT = """
for (const film of document.querySelectorAll('video')) {
  film.controls = false;
  film.tabIndex = 0;
  const show = () => { film.controls = true; };
  film.addEventListener('focus', show);
  film.addEventListener('pointerenter', (event) => {
    show();
    if (event.pointerType === 'mouse') { film.muted = true; film.play().catch(() => {}); }
  });
  film.addEventListener('pointerleave', (event) => {
    if (event.pointerType === 'mouse') { film.pause(); film.controls = false; }
  });
}
"""


def write_page(folder: Path, clips: Sequence[Mapping[str, Any]], varied: Sequence[Varied],
               notes: Sequence[str]) -> Path:  # fmt: skip
    """Write `index.html` for the clips measured, in order, and how prompts and seeds vary; returns its path."""
    failed = sum(bool(clip["failed"]) for clip in clips)
    passed = f'{len(clips)} films, <span class="good">{len(clips) - failed} pass every gate</span>'
    passed += f', <span class="bad">{failed} do not</span>.' if failed else "."
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Studio gallery</title><style>{_STYLE}</style>"
        "<header><h1>What Studio draws</h1><p>Every film below was computed on an ordinary processor from its words, "
        "some from a picture too: no model weights, no network. Rest the pointer on one to play it.</p>"
        f"<p>{passed}</p></header>"
        f"<main>{''.join(_article(clip) for clip in clips)}</main>"
        f"<footer>{_table(varied)}{''.join(f'<p>{escape(note)}</p>' for note in notes)}</footer>"
        f"<script>{_SCRIPT}</script></html>"
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
    move = f" · {escape(clip['move'].replace('_', ' '))}" if clip["move"] else ""
    width, height = clip["size"]
    shape = "tall" if height > width else "square" if height == width else "broad"
    return (
        f'<article id="{name}" class="{shape}">'
        f'<video controls loop playsinline preload="none" poster="{name}.jpg" src="{name}.mp4"></video>'
        f'<img class="sheet" loading="lazy" alt="First, middle and last frame" src="{name}.sheet.jpg">'
        f'<div class="text"><h2>{escape(clip["prompt"])}</h2>'
        f'<p class="about">{name}{move} · {escape(clip["model"])} · {escape(clip["shape"])}</p>{failed}'
        f"<details><summary>Measured, and understood</summary><dl>{measures}</dl><pre>{told}</pre></details></div>"
        "</article>"
    )


def _table(varied: Sequence[Varied]) -> str:
    if not varied:
        return ""
    rows = "".join(
        f"<tr><td>{escape(item.prompt)}{''.join(f'<p class=bad>{escape(text)}</p>' for text in item.failed)}</td>"
        f'<td class="number">{item.seeds:.1f}</td><td class="number">{item.others:.1f}</td>'
        f'<td>{escape(item.nearest)} <span class="about">{item.nearest_distance:.1f}</span></td></tr>'
        for item in varied
    )
    return (
        "<h2>Seeds and prompts</h2><p>How far films are apart, in colour and structure over a coarse grid: two seeds "
        "of one prompt are two films, and two prompts are further apart than two seeds.</p>"
        '<div class="wide"><table><thead><tr><th>Prompt</th><th class="number">between its seeds</th>'
        '<th class="number">to other prompts</th><th>nearest other prompt</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )

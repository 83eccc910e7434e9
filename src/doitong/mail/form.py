"""The form of a letter: plain text, and HTML that mail programs read (tables, inline styles, no pictures)."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from doitong.mail.model import Letter

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"


def render(letter: Letter, language: str) -> tuple[str, str]:
    """The bodies: text and HTML. Everything in a letter is escaped in HTML."""
    values = {"letter": letter, "language": language}
    environment = _environment()
    text, html = (environment.get_template(f"letter.{kind}").render(values) for kind in ("txt", "html"))
    return text.strip() + "\n", html


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape  # noqa: PLC0415 (a start without mail is quicker)

    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )

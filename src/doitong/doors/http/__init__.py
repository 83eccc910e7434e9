"""The web: what every door shares, and the server that runs them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doitong.core.settings import Settings


def serve(settings: "Settings") -> None:
    """Run the API until SIGTERM or SIGINT; it is down within ten seconds. Blocks."""
    from doitong.doors.http.app import run  # noqa: PLC0415  (the doors import this package)

    run(settings)

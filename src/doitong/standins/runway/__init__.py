"""A server that behaves as Runway's developer API: for tests, chaos runs, and an integrator's staging.

`Standin` is the application, `LocalStandin` serves it in a running event loop, `StandinProcess` as a process of its
own. It holds everything in memory, sells nothing, and knows how to fail on demand (`script.py`).
"""

from doitong.standins.runway.app import Standin
from doitong.standins.runway.model import Options
from doitong.standins.runway.script import parse_rates
from doitong.standins.runway.server import LocalStandin, StandinProcess

__all__ = ["LocalStandin", "Options", "Standin", "StandinProcess", "parse_rates"]

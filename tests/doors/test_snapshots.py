"""Guarantee: the published contract changes only on purpose. `DOITONG_WRITE_SNAPSHOTS=1` writes it anew."""

import json
import os
from pathlib import Path

import pytest

from tests.doors.house import House

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"


@pytest.mark.parametrize(
    ("path", "name"), [("/openapi.json", "openapi.json"), ("/graphql/schema.graphql", "schema.graphql")]
)
async def test_the_contract_is_the_committed_one(house: House, path: str, name: str) -> None:
    text = (await house.client.get(path)).text
    if name.endswith(".json"):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("DOITONG_WRITE_SNAPSHOTS"):
        (SNAPSHOTS / name).write_text(text, encoding="utf-8")
    kept = (SNAPSHOTS / name).read_text(encoding="utf-8")
    assert text == kept, f"{path} differs from tests/snapshots/{name}; see the top of this file"

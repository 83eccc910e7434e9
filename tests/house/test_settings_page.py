"""House rule: every setting is documented. `docs/settings.md` is made from `core/settings.py` by this very file.

DOITONG_WRITE_DOCS=1 make test ARGS=tests/house/test_settings_page.py   # writes the page anew
"""

import os
from pathlib import Path

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from doitong.core.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
HEAD = """\
# Settings

Read from the environment when a process starts, and checked there: a value that is out of range ends the start
with a message that names it. Every way of starting honours them (`make up`, `doitong up`, `serve`, `work`, `migrate`
and the operator's commands). An option of a command, such as `doitong up --port 8001`, overrides its setting.

| setting | default | meaning |
|---|---|---|
"""
FOOT = """
With `DOITONG_STORAGE_URL` set, credentials come from the storage's usual variables: `AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`, `AWS_ALLOW_HTTP` for `s3://`, `GOOGLE_SERVICE_ACCOUNT` for
`gs://`, `AZURE_STORAGE_ACCOUNT_NAME` and its key for `az://`. See [operations](operations.md#storage).

`doitong generate` and `doitong animate` are customers of the API and read two names of their own: `DOITONG_URL` and
`DOITONG_API_KEY`, each taken from `demo.env` in the data folder when it is not set.

<!-- made by tests/house/test_settings_page.py from src/doitong/core/settings.py; do not edit -->
"""


def _name(field_name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return f"DOITONG_{field_name.upper()}"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    return "–" if value in ("", []) else f"`{value}`"


def settings_page() -> str:
    rows = [
        f"| `{_name(name, field)}` | {_default(field)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return HEAD + "".join(rows) + FOOT


def test_the_page_has_every_setting_as_it_is() -> None:
    if os.environ.get("DOITONG_WRITE_DOCS") == "1":
        PAGE.write_text(settings_page())
    assert PAGE.read_text() == settings_page(), "run with DOITONG_WRITE_DOCS=1 and commit docs/settings.md"


def test_every_setting_says_what_it_does() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []

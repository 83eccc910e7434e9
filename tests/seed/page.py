"""The public page, taken apart: its samples are run as they are printed there."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOST = "https://api.doitong.com"
KEY = "YOUR_API_KEY"


def find_page() -> Path | None:
    """The page's text, from DOITONG_SEED_DIR or `shared/seed` beside the repository."""
    repository = Path(__file__).resolve().parents[2]
    folders = [Path(os.environ["DOITONG_SEED_DIR"])] if "DOITONG_SEED_DIR" in os.environ else []
    for folder in (*folders, repository.parent / "shared" / "seed", repository / "shared" / "seed"):
        for path in sorted(folder.glob("*.txt")):
            if HOST in path.read_text():
                return path
    return None


@dataclass(frozen=True)
class Page:
    text: str

    def between(self, first: str, last: str, after: str = "") -> str:
        """From `first` to the end of `last`, both included, as they stand."""
        start = self.text.index(first, self.text.index(after) if after else 0)
        return self.text[start : self.text.index(last, start) + len(last)]

    def json_after(self, title: str) -> Any:
        """The first JSON object below a title."""
        start = self.text.index("{", self.text.index(f"\n{title}\n"))
        return json.JSONDecoder().raw_decode(self.text[start:])[0]

    @property
    def curl(self) -> str:
        return self.between("curl -X POST", "\n}'\n")

    @property
    def javascript(self) -> str:
        return self.between("const response = await fetch", "console.log('Result:', data.data.generate);")

    @property
    def python(self) -> str:
        return self.between("import requests\n", 'print("Result:", data["data"]["generate"])')

    @property
    def mutation(self) -> str:
        """The raw GraphQL sample: the one that stands by itself, after the Python."""
        text = self.between("\nmutation Generate(", "\n# Variables", after='print("Result:"')
        return text.removesuffix("# Variables").strip()

    @property
    def variables(self) -> Any:
        return self.json_after("# Variables")

    @property
    def polling(self) -> str:
        return self.between("async function pollStatus", "\nreturn result;\n}")

    @property
    def retrying(self) -> str:
        return self.between("async function retryWithBackoff", "* 1000);\n}\n}\n}")

    @property
    def parameters(self) -> list[str]:
        """The first column of the parameter table."""
        table = self.text[self.text.index("| Parameter | Vrsta |") : self.text.index("Format odgovora\n")]
        return [line.removesuffix(" |").strip() for line in table.splitlines()[2:] if line.count("|") == 1]

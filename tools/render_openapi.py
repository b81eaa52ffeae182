"""Write docs/openapi.json from the code: ``python -m tools.render_openapi``. A test holds the two equal."""

import json
from pathlib import Path

from bti.web.api.openapi import document

FILE = Path(__file__).parents[1] / "docs" / "openapi.json"


def rendered() -> str:
    """The file as it should stand."""
    return json.dumps(document(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(rendered(), encoding="utf-8")

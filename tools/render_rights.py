"""Writes what a freshly made PostgreSQL database says about rights into the golden files.

Look at the difference before it is committed: it is the review of who may do what.
"""

import sys
import tempfile
from pathlib import Path

from tests.postgres_server import running_server, stop_server
from tests.server_rights import facts
from tests.walled import Deployment, freshly_made, sql

GOLDEN = Path(__file__).parents[1] / "tests" / "integration" / "db" / "golden"


def main() -> int:
    """Write one file per deployment."""
    with tempfile.TemporaryDirectory(prefix="bti-rights-") as name:
        try:
            server = running_server(Path(name))
            for deployment in Deployment:
                with freshly_made(server, deployment) as made, sql(made.admin) as connection:
                    lines = facts(connection)
                path = GOLDEN / f"rights-{deployment.value}.txt"
                path.write_text("\n".join(lines) + "\n", encoding="utf-8")
                print(f"{path.relative_to(Path.cwd())}: {len(lines)} facts")
        finally:
            stop_server(Path(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())

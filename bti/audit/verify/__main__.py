"""`python -m bti.audit.verify`, and what `verify.pyz` runs."""

import sys

from bti.audit.verify.command import main

if __name__ == "__main__":
    sys.exit(main())

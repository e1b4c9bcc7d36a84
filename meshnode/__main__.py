"""`python -m meshnode`: the same as `meshnode`."""

from __future__ import annotations

import sys

from meshnode.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""sqlite-utils without the libraries that it takes along when they happen to be installed.

It imports NumPy and pandas for the types of their numbers. No table of ours holds
any, and NumPy (there for the model, in a process of its own) costs each start of
the node 75 ms and 10 MB here, and several times that on a small board.
"""

from __future__ import annotations

import sys
from typing import Any

_modules: dict[str, Any] = sys.modules
_heavy = [name for name in ("numpy", "pandas") if name not in _modules]
_modules.update(dict.fromkeys(_heavy))  # None: as if it were not installed

from sqlite_utils import Database as Database  # noqa: E402

for _name in _heavy:
    del _modules[_name]

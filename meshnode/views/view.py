"""The two kinds of struct that the API speaks in, and what it says when something went wrong.

The CLI, the TUI and scripts see the node only through the structs of this
package. Times are milliseconds since 1970 on the clock of whoever wrote them;
ids are hex; an absent time is None. `docs/api.md` lists the routes.
"""

from __future__ import annotations

import msgspec


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Anything the API answers."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Anything the API accepts."""


class ErrorView(View, frozen=True):
    """What went wrong, for a person (message) and for a program (code)."""

    code: str
    message: str

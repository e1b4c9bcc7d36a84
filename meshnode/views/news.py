"""What the daemon tells whoever follows it."""

from __future__ import annotations

from typing import Literal

from meshnode.views.view import View


class NodeEvent(View, frozen=True):
    """Something changed: fetch again what is on screen."""

    topic: Literal["status", "contributions", "peers", "links", "members", "model", "stopping"]
    detail: str = ""

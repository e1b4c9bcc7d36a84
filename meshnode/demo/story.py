"""The story of two communities, in its order; each chapter is a file of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshnode.demo.asking import asking
from meshnode.demo.correcting import correcting
from meshnode.demo.founding import founding
from meshnode.demo.meeting import meeting
from meshnode.demo.withdrawing import withdrawing

if TYPE_CHECKING:
    from meshnode.demo.telling import Telling
    from meshnode.demo.village import Village


async def prepare(telling: Telling, village: Village) -> None:
    """Tell how both nodes come to hold both commons; both run afterwards.

    Raises:
        Untrue: A step is not true.
    """
    await founding(telling, village)
    await meeting(telling, village)


async def tell(telling: Telling, village: Village) -> None:
    """Tell all of it; both nodes are stopped afterwards.

    Raises:
        Untrue: A step is not true.
    """
    await prepare(telling, village)
    await asking(telling, village)
    await correcting(telling, village)
    await withdrawing(telling, village)
    telling.finished()

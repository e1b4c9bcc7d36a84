"""How an open node is: what is wrong, and what somebody can do about it."""

from __future__ import annotations

import asyncio
import shutil
import time
from typing import TYPE_CHECKING

from crdt.errors import StoreDamaged, StoreError
from meshnode.doctor import GET_MODEL, LITTLE_DISK_BYTES, NO_DISK_BYTES
from meshnode.record.receipt_desk import receipt_of
from meshnode.views.status import CheckView

if TYPE_CHECKING:
    from crdt.replica.replica import Replica
    from meshnode.desks.answering import Answering
    from meshnode.home.home import Home
    from meshnode.home.settings import Config
    from meshnode.record.catalogue import Catalogue
    from meshnode.record.record import Record

CLOCK_SLACK_MS = 15 * 60_000
"""How far our clock may be from those of others before we say so."""

_MIN_CLOCKS = 2
"""One peer's clock may be the wrong one."""


class Health:
    """Looks after the parts of an open node.

    Args:
        home: Whose disk it is.
        config: What is wanted.
        record: The database.
        catalogue: The search index.
        answering: The model.
    """

    def __init__(
        self,
        home: Home,
        config: Config,
        record: Record,
        catalogue: Catalogue,
        answering: Answering,
    ) -> None:
        self._home = home
        self._config = config
        self._record = record
        self._catalogue = catalogue
        self._answering = answering
        self._links: list[str] = []

    def note_links(self, problem: str) -> None:
        """Keep what is wrong with the ways to others."""
        self._links.append(problem)

    async def problems(self) -> tuple[str, ...]:
        """Return sentences for a person: what is wrong now, and what to do."""
        disk = await asyncio.to_thread(self._disk)
        clock = await self._record.run(_clock)
        found = (disk, self._record.problem, self._catalogue.problem, clock, *self._links)
        return tuple(problem for problem in found if problem)

    async def checks(self) -> list[CheckView]:
        """Check what only an open node can; reads the whole database."""
        return [
            await self._check_database(),
            await self._check_index(),
            *await self._check_model(),
            self._check_links(),
            await self._check_clock(),
        ]

    def _disk(self) -> str:
        try:
            free = shutil.disk_usage(self._home.root).free
        except OSError as error:
            return f"The disk does not answer: {error.strerror}."
        if free < NO_DISK_BYTES:
            return "The disk is full: nothing more can be saved. Free some space."
        if free < LITTLE_DISK_BYTES:
            return f"The disk is nearly full: {free / 1e6:.0f} MB are free. Free some space."
        return ""

    async def _check_database(self) -> CheckView:
        try:
            await self._record.check()
        except StoreDamaged as error:
            advice = (
                "Stop the node, move node.db away, start again, and sync or read a bundle; "
                "what only this node held is lost."
            )
            return CheckView(name="database", state="bad", detail=error.explain(), advice=advice)
        except StoreError as error:
            advice = "Check the disk and its cable, and read HOME/node.log."
            return CheckView(name="database", state="bad", detail=error.explain(), advice=advice)
        forks = await self._record.run(
            lambda r: sum(len(r.store.logs.forks(held.space)) for held in r.holdings.all())
        )
        if forks:
            detail = f"{forks} contradictions: some device was continued from a copy"
            return CheckView(name="database", state="warning", detail=detail)
        return CheckView(name="database", state="good", detail="every page and index is sound")

    async def _check_index(self) -> CheckView:
        if await self._catalogue.is_damaged():
            return CheckView(
                name="search index",
                state="warning",
                detail="it does not fit the contributions, and is being made anew",
                advice="Search again in a moment; nothing is lost.",
            )
        if self._catalogue.problem:
            return CheckView(name="search index", state="warning", detail=self._catalogue.problem)
        return CheckView(name="search index", state="good", detail="fits the contributions")

    async def _check_model(self) -> list[CheckView]:
        """Check the model at work; why there is none, `check_machine` says already."""
        model = await self._answering.view()
        if model.state == "absent":
            return []
        if model.state != "failed":
            detail = "rests until asked" if model.state == "off" else model.state
            return [CheckView(name="answers", state="good", detail=f"{model.name}: {detail}")]
        is_own = bool(self._config.model.path)
        return [
            CheckView(
                name="answers",
                state="warning",
                detail=f"{model.name} failed",
                advice="Name another file in model.path." if is_own else GET_MODEL,
            )
        ]

    def _check_links(self) -> CheckView:
        if self._links:
            return CheckView(
                name="links",
                state="warning",
                detail=" ".join(self._links),
                advice="See [reticulum] in config.toml; bundles work all the same.",
            )
        if not self._config.reticulum.enabled:
            return CheckView(name="links", state="good", detail="switched off: bundles only")
        return CheckView(name="links", state="good", detail="Reticulum runs")

    async def _check_clock(self) -> CheckView:
        problem = await self._record.run(_clock)
        if problem:
            return CheckView(name="peers' clocks", state="warning", detail=problem)
        return CheckView(name="peers' clocks", state="good", detail="none says that ours is wrong")


def _clock(replica: Replica) -> str:
    """Say so when several peers have signed something in what is our future."""
    now_ms = time.time_ns() // 1_000_000
    ahead = []
    for inner in replica.holdings.inner_spaces():
        for device in inner.reading_devices():
            receipt = receipt_of(replica, inner.space, device)
            if receipt is not None and device != replica.keys.device.device:
                ahead.append(receipt.stamp_ms - now_ms)
    wrong = sorted(gap_ms for gap_ms in ahead if gap_ms > CLOCK_SLACK_MS)
    if len(wrong) < _MIN_CLOCKS:
        return ""
    minutes = wrong[len(wrong) // 2] // 60_000
    return (
        f"This machine's clock is at least {minutes} minutes behind those of {len(wrong)} peers. "
        "Set it: others see by it when things were written."
    )

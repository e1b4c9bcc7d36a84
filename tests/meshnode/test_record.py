"""The record on its own thread: whatever goes wrong in one turn, nobody misses what changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from crdt.replica.membership import Membership
from meshnode.record.record import open_record
from tests.meshnode.nodes import keys_of

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.replica.interpreter import Changes


async def test_what_a_mistake_of_ours_kept_from_being_told_is_told_at_the_next_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Changes] = []
    record = await open_record(tmp_path / "node.db", keys_of("rosa"))
    record.listen(told.append)

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(Membership, "react", fails)
        with pytest.raises(ZeroDivisionError):
            await record.change(lambda replica: replica.membership.found("Ridge"))
    await record.change(lambda _: None)
    await asyncio.sleep(0)
    spaces = await record.run(lambda replica: {h.space for h in replica.holdings.inner_spaces()})
    await record.close()

    assert spaces
    assert spaces <= set().union(*(changes.ruled for changes in told))

"""The founder of every community here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.crdt.village import Villager

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def rosa(tmp_path: Path) -> Villager:
    villager = Villager(tmp_path, "rosa")
    villager.found()
    return villager

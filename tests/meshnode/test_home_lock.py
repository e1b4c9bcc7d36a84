from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from meshnode.errors import AlreadyRunning
from meshnode.home.home_lock import holder, home_lock

if TYPE_CHECKING:
    from meshnode.home.home import Home


def test_one_holds_the_home_and_the_next_is_told_who(home: Home) -> None:
    home.make()

    with home_lock(home):
        assert holder(home) == os.getpid()
        with pytest.raises(AlreadyRunning, match=str(os.getpid())), home_lock(home):
            raise AssertionError

    assert holder(home) is None


def test_a_lock_file_left_behind_holds_nothing(home: Home) -> None:
    home.make()
    home.lock.write_text("4242\n")

    assert holder(home) is None
    with home_lock(home):
        assert home.lock.read_text() == f"{os.getpid()}\n"


def test_nobody_holds_a_home_that_is_not_there(home: Home) -> None:
    assert holder(home) is None

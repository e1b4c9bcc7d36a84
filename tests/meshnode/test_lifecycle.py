from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from crdt.crypto.recovery import entropy_of
from crdt.errors import BadInvite, Malformed, StoreDamaged
from meshnode import lifecycle as lifecycle_module
from meshnode.errors import (
    BadUsage,
    KeyFileMissing,
    KeysDamaged,
    NodeEmpty,
    NodeLocked,
    NodeNotEmpty,
    NodeOpen,
    NodeStopping,
    WrongPassphrase,
)
from meshnode.home.config import load_config
from meshnode.home.settings import Config
from meshnode.lifecycle import Lifecycle
from meshnode.service import CreateRequest
from meshnode.views.home import UnlockRequest
from tests.meshnode.conftest import QUICK, make_node
from tests.meshnode.fake_service import TICKET, FakeOpener

if TYPE_CHECKING:
    from pathlib import Path

    from meshnode.home.home import Home

PASSPHRASE = "correct horse"


def fresh(home: Home, opener: FakeOpener | None = None) -> Lifecycle:
    return Lifecycle(home, load_config(home.config), opener or FakeOpener(), stretching=QUICK)


async def use(lifecycle: Lifecycle) -> None:
    async with lifecycle.using() as node:
        await node.status()


# --- making ---


async def test_an_empty_home_does_nothing_but_say_so(home: Home) -> None:
    lifecycle = fresh(home)
    await lifecycle.start()

    assert (await lifecycle.status()).state == "empty"
    with pytest.raises(NodeEmpty):
        await use(lifecycle)
    with pytest.raises(NodeEmpty):
        await lifecycle.unlock(UnlockRequest(passphrase="x"))
    with pytest.raises(NodeEmpty):
        await lifecycle.lock()


async def test_init_opens_the_node_and_shows_the_words_of_its_member(home: Home) -> None:
    opener = FakeOpener()
    lifecycle = fresh(home, opener)

    made = await lifecycle.init(CreateRequest(name="Rosa", community="Ridge"))

    entropy_of(" ".join(made.words))
    status = await lifecycle.status()
    assert (status.state, status.name, status.community) == ("open", "Rosa", "Ridge")
    assert made.member == opener.node.keys.device.enrolment.member.hex() == status.member
    assert made.community == "Ridge"


async def test_init_joins_with_a_ticket(home: Home) -> None:
    lifecycle = fresh(home)

    made = await lifecycle.init(CreateRequest(name="Ahmed", ticket=TICKET))

    assert made.community == "Ridge"


async def test_the_words_bring_the_same_member_to_another_device(
    home: Home, tmp_path: Path
) -> None:
    first = await make_node(home)
    from meshnode.home.home import Home as AnyHome

    again = await fresh(AnyHome(tmp_path / "second")).init(
        CreateRequest(name="Rosa", words=" ".join(first.words).upper())
    )

    assert again.member == first.member
    assert again.words == ()


@pytest.mark.parametrize(
    "request_",
    [
        CreateRequest(name="Ahmed", ticket="no ticket"),
        CreateRequest(name="Ahmed", words="one two three"),
        CreateRequest(name=" "),
        CreateRequest(name="Ahmed", community=" "),
        CreateRequest(name="Ahmed", community="Ridge", ticket=TICKET),
        CreateRequest(name="Ahmed", passphrase=""),
        CreateRequest(name="Ahmed", passphrase="x", key_file="/x"),
    ],
)
async def test_an_init_that_fails_leaves_an_empty_home(home: Home, request_: CreateRequest) -> None:
    opener = FakeOpener()
    lifecycle = fresh(home, opener)

    with pytest.raises((BadInvite, Malformed, BadUsage)):
        await lifecycle.init(request_)

    assert lifecycle.state == "empty"
    assert all(node.is_closed for node in opener.opened)
    assert not home.key_file.exists()
    await lifecycle.init(CreateRequest(name="Ahmed"))


async def test_a_node_is_never_made_over_another(home: Home) -> None:
    await make_node(home)
    before = home.keys.read_bytes()

    with pytest.raises(NodeNotEmpty):
        await fresh(home).init(CreateRequest(name="Mallory"))

    assert home.keys.read_bytes() == before


async def test_a_database_without_keys_is_not_taken_for_an_empty_home(home: Home) -> None:
    await make_node(home)
    home.keys.unlink()
    lifecycle = fresh(home)

    await lifecycle.start()

    assert (await lifecycle.status()).state == "locked"
    assert "meshnode recover" in lifecycle.problem
    with pytest.raises(KeysDamaged):
        await lifecycle.unlock(UnlockRequest(passphrase=""))


async def test_settings_that_are_there_before_init_stay(home: Home) -> None:
    home.make()
    home.config.write_text("[sync]\nevery_minutes = 3\n")

    await fresh(home).init(CreateRequest(name="Rosa"))

    assert home.config.read_text() == "[sync]\nevery_minutes = 3\n"


# --- locking ---


async def test_a_passphrase_locks_and_opens(home: Home) -> None:
    await make_node(home, PASSPHRASE)
    opener = FakeOpener()
    lifecycle = fresh(home, opener)
    await lifecycle.start()

    assert lifecycle.state == "locked"
    with pytest.raises(NodeLocked):
        await use(lifecycle)
    with pytest.raises(WrongPassphrase):
        await lifecycle.unlock(UnlockRequest(passphrase="wrong"))
    with pytest.raises(WrongPassphrase, match="no key file opens this node"):
        await lifecycle.unlock(UnlockRequest(passphrase=""))
    assert opener.opened == []

    status = await lifecycle.unlock(UnlockRequest(passphrase=PASSPHRASE))
    assert status.state == "open"
    with pytest.raises(NodeOpen):
        await lifecycle.unlock(UnlockRequest(passphrase=PASSPHRASE))

    assert (await lifecycle.lock()).state == "locked"
    assert opener.node.is_closed


async def test_a_key_file_in_the_home_opens_at_the_start(home: Home) -> None:
    await make_node(home)
    lifecycle = fresh(home)

    await lifecycle.start()

    assert lifecycle.state == "open"


async def test_a_key_file_on_another_medium_opens_only_while_it_is_there(
    home: Home, tmp_path: Path
) -> None:
    stick = tmp_path / "stick" / "unlock.key"
    await make_node(home, key_file=str(stick))
    assert not home.key_file.exists()

    away = stick.rename(tmp_path / "pocket")
    lifecycle = fresh(home)
    await lifecycle.start()

    assert lifecycle.state == "locked"
    assert str(stick) in (await lifecycle.status()).problems[0]
    with pytest.raises(KeyFileMissing):
        await lifecycle.unlock(UnlockRequest(passphrase=""))

    away.rename(stick)
    status = await lifecycle.unlock(UnlockRequest(passphrase=""))
    assert (status.state, status.problems) == ("open", ())


async def test_a_node_that_cannot_open_stays_locked_and_says_why(home: Home) -> None:
    await make_node(home)
    opener = FakeOpener(StoreDamaged("page 3"))
    lifecycle = fresh(home, opener)

    await lifecycle.start()

    assert (await lifecycle.status()).state == "locked"
    assert "The database is damaged" in (await lifecycle.status()).problems[0]
    opener.failure = None
    assert (await lifecycle.unlock(UnlockRequest(passphrase=""))).problems == ()


async def test_a_mistake_while_opening_is_a_problem_and_not_the_end(home: Home) -> None:
    await make_node(home)
    lifecycle = fresh(home, FakeOpener(ValueError("secret")))

    await lifecycle.start()

    assert (await lifecycle.status()).state == "locked"
    assert "ValueError" in lifecycle.problem
    assert "secret" not in lifecycle.problem


async def test_a_call_may_finish_before_the_node_closes(home: Home) -> None:
    await make_node(home)
    opener = FakeOpener()
    lifecycle = fresh(home, opener)
    await lifecycle.start()
    go_on, was_closed = asyncio.Event(), []

    async def call() -> None:
        async with lifecycle.using():
            await go_on.wait()
            was_closed.append(opener.node.is_closed)

    calling = asyncio.create_task(call())
    await asyncio.sleep(0)
    locking = asyncio.create_task(lifecycle.lock())
    await asyncio.sleep(0)
    assert (await lifecycle.status()).state == "locked"
    with pytest.raises(NodeStopping):
        await use(lifecycle)
    go_on.set()
    await asyncio.gather(calling, locking)

    assert was_closed == [False]
    assert opener.node.is_closed


async def test_a_call_that_does_not_finish_is_given_up(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle_module, "GRACE_S", 0.01)
    await make_node(home)
    lifecycle = fresh(home)
    await lifecycle.start()

    async def call() -> None:
        async with lifecycle.using():
            await asyncio.Event().wait()

    calling = asyncio.create_task(call())
    await asyncio.sleep(0)
    await lifecycle.lock()

    with pytest.raises(NodeStopping):
        await calling


async def test_a_timeout_of_a_calls_own_is_not_taken_for_closing(home: Home) -> None:
    await make_node(home)
    lifecycle = fresh(home)
    await lifecycle.start()

    with pytest.raises(TimeoutError):
        async with lifecycle.using():
            raise TimeoutError


async def test_closing_twice_is_fine_and_the_end_of_everything(home: Home) -> None:
    await make_node(home)
    lifecycle = fresh(home)
    await lifecycle.start()

    await lifecycle.close()
    await lifecycle.close()

    assert lifecycle.is_closed
    with pytest.raises(NodeStopping):
        await use(lifecycle)
    with pytest.raises(NodeStopping):
        await lifecycle.unlock(UnlockRequest(passphrase=""))


async def test_opening_and_closing_can_be_waited_for(home: Home) -> None:
    await make_node(home)
    lifecycle = fresh(home)
    since = lifecycle.changes
    waiting = asyncio.create_task(lifecycle.wait_change(since))

    await lifecycle.start()

    async with asyncio.timeout(5):
        await waiting
    assert lifecycle.changes == since + 1


async def test_the_settings_reach_the_node(home: Home) -> None:
    opener = FakeOpener()
    config = Config().without_links()

    lifecycle = Lifecycle(home, config, opener, stretching=QUICK)
    await lifecycle.init(CreateRequest(name="Rosa"))

    assert opener.node.config == config

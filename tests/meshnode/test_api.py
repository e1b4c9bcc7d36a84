"""The API end to end: typed client, unix socket, routes, a fake node."""

from __future__ import annotations

import asyncio
import io
import os
import socket
from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp
import pytest
from msgspec.structs import replace

from crdt.errors import AmbiguousId, NotAuthorised, StoreDamaged
from meshnode.api import api_server
from meshnode.api.printable import printable
from meshnode.client import ApiError, NodeUnreachable
from meshnode.views.answer import AskDone, AskQuote
from meshnode.views.community import FoundRequest, InviteRequest
from meshnode.views.contribution import AddRequest, EditRequest
from meshnode.views.file_import import ImportDone, ImportRequest
from meshnode.views.home import InitRequest
from meshnode.views.news import NodeEvent
from meshnode.views.sync import SyncDone
from tests.meshnode.conftest import make_node, running
from tests.meshnode.fake_service import FakeOpener

if TYPE_CHECKING:
    from pathlib import Path

    from meshnode.home.home import Home

NOTE = AddRequest(title="Spring water", text="Boil it for one minute.", tags=("water",))


async def raw(
    home: Home, method: str, path: str, data: bytes | None = None
) -> tuple[int, dict[str, str]]:
    """Ask without the typed client, as a script would."""
    connector = aiohttp.UnixConnector(str(home.socket))
    body = None if data is None else io.BytesIO(data)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.request(method, f"http://node{path}", data=body) as response,
    ):
        return response.status, await response.json()


@pytest.mark.slow
async def test_every_route_answers(home: Home) -> None:
    await make_node(home)
    async with running(home) as node:
        client = node.client
        assert (await client.found(FoundRequest(name="Vale"))).name == "Vale"

        made = await client.add(NOTE)
        assert (await client.contribution(made.id[:8])).text == NOTE.text
        changed = await client.edit(made.id, EditRequest(text="Boil it for three minutes."))
        assert changed.edits == 2
        assert (await client.contributions(tag="water", limit=5)).total == 1
        assert (await client.contributions(tag="fire")).total == 0
        assert [one.id for one in await client.history(made.id)] == [made.id]
        assert [hit.id for hit in await client.search("three")] == [made.id]
        assert (await client.coverage(made.id)).done == 1
        assert (await client.withdraw(made.id, "wrong")).is_withdrawn
        assert len(await client.withdrawals()) == 1

        assert (await client.add_peer("tcp:ridge:4242")).address == "tcp:ridge:4242"
        assert len(await client.peers()) == len(await client.links()) == 1
        met = [event async for event in client.sync()]
        assert isinstance(met[-1], SyncDone)
        await client.remove_peer("tcp:ridge:4242")
        assert await client.peers() == []

        assert (await client.members())[0].is_self
        assert (await client.invite(InviteRequest(uses=2))).uses == 2
        assert (await client.join((await client.invite(InviteRequest())).ticket)).pending
        assert (await client.write_bundle("/tmp/x")).path == "/tmp/x"
        assert (await client.read_bundle("/tmp/x")).new == 1
        await client.seen()
        assert {"python", "database"} <= {check.name for check in await client.doctor()}

        imported = [event async for event in client.import_files(ImportRequest(paths=("/a", "/b")))]
        assert imported[-1] == ImportDone(added=2, updated=0, unchanged=0, skipped=0, refused=0)
        answers = [event async for event in client.ask("How long?")]
        assert isinstance(answers[0], AskQuote)
        assert isinstance(answers[-1], AskDone)


async def test_status_tells_what_only_the_daemon_knows(home: Home) -> None:
    await make_node(home)
    async with running(home) as node:
        status = await node.client.status()

    assert (status.state, status.home) == ("open", str(home.root))
    assert status.version
    assert status.started_ms > 0


@pytest.mark.slow
async def test_why_the_node_did_not_open_is_told_by_everything(home: Home) -> None:
    await make_node(home)
    async with running(home, FakeOpener(StoreDamaged("page 3"))) as node:
        assert (await node.client.status()).problems
        assert [check.name for check in await node.client.doctor() if check.state == "bad"] == [
            "node"
        ]
        with pytest.raises(ApiError, match="page 3"):
            await node.client.members()


@pytest.mark.slow
async def test_a_home_can_be_made_locked_and_opened_over_the_api(home: Home) -> None:
    async with running(home) as node:
        assert (await node.client.status()).state == "empty"
        with pytest.raises(ApiError) as empty:
            await node.client.members()
        assert (empty.value.code, empty.value.status) == ("node.empty", 409)

        made = await node.client.init(InitRequest(name="Rosa", passphrase="correct horse"))
        assert len(made.words) == 12
        assert (await node.client.status()).state == "open"
        with pytest.raises(ApiError) as twice:
            await node.client.unlock("correct horse")
        assert twice.value.status == 409

        assert (await node.client.lock()).state == "locked"
        assert (await node.stopped()).value == "locked"

    async with running(home) as node:
        with pytest.raises(ApiError) as locked:
            await node.client.members()
        assert (locked.value.code, locked.value.status) == ("node.locked", 423)
        with pytest.raises(ApiError) as wrong:
            await node.client.unlock("correct hoarse")
        assert (wrong.value.code, wrong.value.status) == ("keys.wrong_passphrase", 403)
        assert (await node.client.unlock("correct horse")).state == "open"


@pytest.mark.parametrize(
    ("failure", "status"),
    [(NotAuthorised("no grant"), 403), (AmbiguousId("ab fits 2"), 409)],
)
async def test_an_error_of_the_node_keeps_its_code_and_words(
    home: Home, failure: Exception, status: int
) -> None:
    await make_node(home)
    async with running(home) as node:
        node.opener.node.failure = failure
        with pytest.raises(ApiError) as refused:
            await node.client.members()

    assert refused.value.status == status
    assert refused.value.message == failure.explain()  # type: ignore[attr-defined]


async def test_a_mistake_of_ours_tells_nobody_what_it_was_about(home: Home) -> None:
    await make_node(home)
    async with running(home) as node:
        node.opener.node.failure = ValueError("Rosa's secret recipe")
        with pytest.raises(ApiError) as failed:
            await node.client.members()
        await node.client.members()

    assert (failed.value.code, failed.value.status) == ("node.internal", 500)
    assert "recipe" not in failed.value.message


async def test_an_error_before_the_first_event_has_its_own_status(home: Home) -> None:
    await make_node(home)
    async with running(home) as node:
        node.opener.node.failure = NotAuthorised()
        with pytest.raises(ApiError) as refused:
            await anext(node.client.ask("How long?"))

    assert (refused.value.code, refused.value.status) == ("crdt.not_authorised", 403)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{", "truncated"),
        (b'{"titel":"x"}', "titel"),
        (b"{}", "title"),
        (b'{"title":3,"text":""}', "$.title"),
        (b'"\xff"', ""),
        (b"[" * 100_000, ""),
        (b'{"title":"x","text":"x","level":"secret"}', "secret"),
    ],
    ids=["cut", "unknown field", "missing field", "wrong type", "no text", "deep", "no level"],
)
async def test_a_body_that_cannot_be_is_explained(home: Home, data: bytes, words: str) -> None:
    await make_node(home)
    async with running(home):
        status, view = await raw(home, "POST", "/v1/contributions", data)

    assert (status, view["code"]) == (400, "node.bad_request")
    assert words in view["message"]


async def test_a_body_beyond_the_bound_is_refused(home: Home) -> None:
    home.make()
    home.config.write_text("[api]\nmax_request_mb = 1\n")
    await make_node(home)
    async with running(home):
        status, view = await raw(home, "POST", "/v1/contributions", b" " * 1_100_000)

    assert (status, view["code"]) == (400, "node.bad_request")
    assert "api.max_request_mb" in view["message"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/v1/contributions?limit=many", "limit"),
        ("/v1/contributions?limit=1001", "1000"),
        ("/v1/contributions?colour=red", "colour"),
        ("/v1/contributions?sort=size", "size"),
        ("/v1/search?q=" + "x" * 1001, "1000"),
        ("/v1/search", "q"),
    ],
    ids=["no number", "too many", "unknown name", "unknown value", "too long", "missing"],
)
async def test_a_question_that_cannot_be_is_explained(home: Home, path: str, words: str) -> None:
    await make_node(home)
    async with running(home):
        status, view = await raw(home, "GET", path)

    assert (status, view["code"]) == (400, "node.bad_request")
    assert words in view["message"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("DELETE", "/v1/status")])
async def test_an_unknown_route_is_explained_too(home: Home, method: str, path: str) -> None:
    async with running(home):
        status, view = await raw(home, method, path)

    assert status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
    assert view["code"] == "node.no_such_route"


# --- streams ---


async def test_leaving_an_answer_stops_the_model(home: Home) -> None:
    await make_node(home)
    async with running(home) as node:
        service = node.opener.node
        await node.client.add(NOTE)
        service.hold.clear()

        async with aclosing(node.client.ask("How long?")) as answers:
            await anext(answers)
            assert service.ended == []

        async with asyncio.timeout(5):
            await service.has_ended.wait()
        assert service.ended == ["ask"]


async def test_locking_ends_an_answer_with_the_reason(home: Home) -> None:
    await make_node(home)
    async with running(home) as node:
        service = node.opener.node
        await node.client.add(NOTE)
        service.hold.clear()

        async with aclosing(node.client.ask("How long?")) as answers:
            await anext(answers)
            await node.client.lock()
            with pytest.raises(ApiError) as stopping:
                await anext(answers)

        assert stopping.value.code == "node.stopping"
        assert service.ended == ["ask"]
        assert service.is_closed


async def test_events_go_on_through_opening_until_the_daemon_stops(home: Home) -> None:
    await make_node(home, "correct horse")
    async with running(home) as node:
        async with aclosing(node.client.events()) as events:
            following = asyncio.ensure_future(anext(events))
            await node.client.unlock("correct horse")
            assert await following == NodeEvent(topic="status", detail="open")
            node.opener.node.changed.put_nowait(NodeEvent(topic="peers"))
            assert await anext(events) == NodeEvent(topic="peers")

            node.daemon.stop()

            assert [event async for event in events] == [NodeEvent(topic="stopping")]
        assert (await node.stopped()).value == "stopped"


async def test_a_change_is_finished_even_when_its_caller_has_gone(home: Home) -> None:
    await make_node(home)
    async with running(home) as node:
        service = node.opener.node
        begun, go_on = asyncio.Event(), asyncio.Event()
        add = service.add

        async def slow(request: AddRequest) -> object:
            begun.set()
            await go_on.wait()
            return await add(request)

        service.add = slow  # type: ignore[assignment, method-assign]
        calling = asyncio.create_task(node.client.add(NOTE))
        await begun.wait()
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        go_on.set()

    assert len(service.held) == 1


# --- what peers wrote ---


async def test_nothing_a_peer_wrote_steers_the_terminal(home: Home) -> None:
    await make_node(home)
    async with running(home) as node:
        made = await node.client.add(
            replace(
                NOTE, title="Water\x1b]0;owned\x07\nnow", text="Boil\x1b[2J it.\nThen \u202ewait."
            )
        )

    assert (made.title, made.text) == ("Water now", "Boil it.\nThen wait.")


ARABIC = "\u200fاغلِ الماء (3 دقائق)\u200f.\n\u2067رقم الهاتف: \u2066+591 71 234\u2069\u2069"  # noqa: RUF001
"""With right-to-left marks and isolates around the number, as careful writers set them."""


async def test_an_edit_loses_none_of_the_marks_that_arabic_needs(home: Home) -> None:
    title = "\u200fماء\u200f (Ridge)"  # noqa: RUF001
    await make_node(home)
    async with running(home) as node:
        made = await node.client.add(replace(NOTE, title=title, text=ARABIC, place="\u200eعين"))
        assert (made.title, made.text, made.place) == (title, ARABIC, "\u200eعين")

        edited = await node.client.edit(made.id, EditRequest(text=made.text + "\n"))
        row = (await node.client.contributions()).items[0]

    assert edited.text == ARABIC + "\n"
    assert row.title == "ماء (Ridge)"  # a row is only shown, so it is safe to print


def test_marks_never_point_at_other_words() -> None:
    clean = {"snippet": "boil", "marks": [[0, 4]]}
    dirty = {"snippet": "\x1b[1mboil", "marks": [[4, 8]]}

    assert printable(clean) == clean
    assert printable(dirty) == {"snippet": "boil", "marks": []}


# --- who may ask ---


async def test_the_socket_is_its_users_alone(home: Home) -> None:
    async with running(home):
        assert home.socket.stat().st_mode & 0o777 == 0o600


async def test_another_user_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(home):
        monkeypatch.setattr(os, "getuid", lambda: 4242)
        monkeypatch.setattr(api_server, "_SUPERUSER", 4243)
        status, view = await raw(home, "GET", "/v1/status")

    assert (status, view["code"]) == (403, "node.not_our_user")


async def test_after_the_end_nobody_answers_and_no_socket_is_left(home: Home) -> None:
    async with running(home) as node:
        await node.client.stop()
        await node.stopped()
        with pytest.raises(NodeUnreachable):
            await node.client.status()

    assert not home.socket.exists()


async def test_a_stale_socket_is_replaced_and_a_file_is_not(home: Home, tmp_path: Path) -> None:
    home.make()
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(home.socket))
    assert home.socket.exists()

    async with running(home) as node:
        assert (await node.client.status()).state == "empty"

    home.socket.write_text("precious")
    with pytest.raises(Exception, match="not a socket"):
        async with running(home):
            raise AssertionError
    assert home.socket.read_text() == "precious"

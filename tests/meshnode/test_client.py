"""The typed client against a real HTTP server on a real unix socket."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest
from aiohttp import web

from meshnode.api import api_connection
from meshnode.client import ApiError, BadAnswer, NodeClient, NodeUnreachable
from meshnode.views.answer import AskDone, AskPhrase, AskQuote, Citation
from meshnode.views.contribution import ContributionPage, EditRequest
from meshnode.views.news import NodeEvent
from meshnode.views.peer import PeerView
from meshnode.views.status import ModelView, Status
from meshnode.views.view import ErrorView, View

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATUS = Status(
    state="open", version="0.1.0", home="/home/rosa/.meshnode", model=ModelView(state="ready")
)


@asynccontextmanager
async def serving(
    home: Path, method: str, path: str, handler: Handler
) -> AsyncIterator[NodeClient]:
    """Serve one route on a socket in `home`, and give a client of it."""
    app = web.Application()
    app.router.add_route(method, path, handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.UnixSite(runner, str(home / "node.sock")).start()
    async with NodeClient(home / "node.sock") as client:
        yield client
    await runner.cleanup()


def json(view: View, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(view), status=status, content_type="application/json"
    )


async def send_lines(request: web.Request, *lines: bytes) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for line in lines:
        await response.write(line + b"\n")
    return response


async def until_left(left: asyncio.Event) -> None:
    """Wait until the server notices that the client is gone, and say so."""
    try:
        await asyncio.Event().wait()
    finally:
        left.set()


async def test_an_answer_comes_back_as_the_view_it_was(tmp_path: Path) -> None:
    async def status(_: web.Request) -> web.StreamResponse:
        return json(STATUS)

    async with serving(tmp_path, "GET", "/v1/status", status) as client:
        assert await client.status() == STATUS


async def test_a_request_body_holds_what_was_asked(tmp_path: Path) -> None:
    bodies: list[bytes] = []

    async def refuse(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.read())
        return json(ErrorView(code="crdt.withdrawn", message="It was withdrawn."), 410)

    asked = EditRequest(version=("ab", "cd"), text="Boil for one minute.")
    async with serving(tmp_path, "PATCH", "/v1/contributions/{id}", refuse) as client:
        with pytest.raises(ApiError) as refused:
            await client.edit("abcd", asked)

    assert msgspec.json.decode(bodies[0], type=EditRequest) == asked
    assert (refused.value.code, refused.value.status) == ("crdt.withdrawn", 410)
    assert refused.value.explain() == "It was withdrawn."


async def test_only_the_filters_that_are_set_are_sent(tmp_path: Path) -> None:
    queries: list[dict[str, str]] = []

    async def page(request: web.Request) -> web.StreamResponse:
        queries.append(dict(request.query))
        return json(ContributionPage(total=0, offset=200, items=()))

    async with serving(tmp_path, "GET", "/v1/contributions", page) as client:
        await client.contributions(q="spring & water", tag="água", limit=50, offset=200)

    assert queries == [{"q": "spring & water", "tag": "água", "limit": "50", "offset": "200"}]


@pytest.mark.parametrize("address", ["tcp:192.168.1.7:4242", "http://ridge/x?y=1#z", "../status"])
async def test_an_address_stays_one_part_of_the_path(tmp_path: Path, address: str) -> None:
    removed: list[str] = []

    async def remove(request: web.Request) -> web.StreamResponse:
        removed.append(request.match_info["address"])
        return web.json_response({})

    async with serving(tmp_path, "DELETE", "/v1/peers/{address}", remove) as client:
        await client.remove_peer(address)

    assert removed == [address]


async def test_a_stream_gives_each_event_as_it_comes(tmp_path: Path) -> None:
    citation = Citation(id="ab", title="Water", author="Rosa", community="Ridge", quote="Boil.")
    events = (
        AskQuote(citation=citation),
        AskPhrase(text="Boil it.", citations=(0,)),
        AskDone(
            answer="Boil it.", grounded=True, citations=(citation,), first_ms=1.0, total_ms=2.0
        ),
    )

    async def ask(request: web.Request) -> web.StreamResponse:
        return await send_lines(request, *map(msgspec.json.encode, events), b"")

    async with serving(tmp_path, "POST", "/v1/ask", ask) as client:
        assert [event async for event in client.ask("How long?")] == list(events)


async def test_an_event_cut_into_pieces_is_put_together(tmp_path: Path) -> None:
    arrived = asyncio.Event()

    async def events(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"topic":"peers"}\n{"topic":')
        await arrived.wait()
        await response.write(b'"model"}\n')
        return response

    async with serving(tmp_path, "GET", "/v1/events", events) as client:
        stream = client.events()
        assert await anext(stream) == NodeEvent(topic="peers")
        arrived.set()
        assert await anext(stream) == NodeEvent(topic="model")
        await stream.aclose()


async def test_leaving_a_stream_closes_its_connection(tmp_path: Path) -> None:
    left = asyncio.Event()

    async def events(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"topic":"peers"}\n')
        await until_left(left)
        return response

    async with serving(tmp_path, "GET", "/v1/events", events) as client:
        async with aclosing(client.events()) as stream:
            await anext(stream)
        async with asyncio.timeout(5):
            await left.wait()


async def test_cancelling_a_task_that_reads_a_stream_closes_its_connection(tmp_path: Path) -> None:
    begun, left = asyncio.Event(), asyncio.Event()

    async def ask(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        begun.set()
        await until_left(left)
        return response

    async with serving(tmp_path, "POST", "/v1/ask", ask) as client:

        async def read() -> None:
            async with aclosing(client.ask("How long?")) as answers:
                async for _ in answers:
                    pass

        reading = asyncio.create_task(read())
        await begun.wait()
        reading.cancel()
        async with asyncio.timeout(5):
            await left.wait()


async def test_a_stream_may_end_with_the_reason_it_failed(tmp_path: Path) -> None:
    async def sync(request: web.Request) -> web.StreamResponse:
        failed = ErrorView(code="crdt.store.disk_full", message="The disk is full.")
        return await send_lines(request, msgspec.json.encode(failed))

    async with serving(tmp_path, "POST", "/v1/sync", sync) as client:
        with pytest.raises(ApiError, match="The disk is full"):
            await anext(client.sync())


async def test_a_stream_that_breaks_off_says_the_node_is_gone(tmp_path: Path) -> None:
    async def events(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"topic":"peers"}\n')
        assert request.transport is not None
        request.transport.abort()
        return response

    async with serving(tmp_path, "GET", "/v1/events", events) as client:
        with pytest.raises(NodeUnreachable):
            assert [event async for event in client.events()] == []


async def test_a_missing_daemon_is_unreachable(tmp_path: Path) -> None:
    async with NodeClient(tmp_path / "node.sock") as client:
        with pytest.raises(NodeUnreachable) as unreachable:
            await client.status()

    assert "meshnode run" in unreachable.value.explain()


async def test_a_socket_path_too_long_for_the_system_is_unreachable(tmp_path: Path) -> None:
    async with NodeClient(tmp_path / ("x" * 200) / "node.sock") as client:
        with pytest.raises(NodeUnreachable):
            await client.status()


async def test_the_client_goes_on_after_the_daemon_came_back(tmp_path: Path) -> None:
    async def status(_: web.Request) -> web.StreamResponse:
        return json(STATUS)

    async with NodeClient(tmp_path / "node.sock") as client:
        async with serving(tmp_path, "GET", "/v1/status", status):
            await client.status()
        with pytest.raises(NodeUnreachable):
            await client.status()
        async with serving(tmp_path, "GET", "/v1/status", status):
            assert await client.status() == STATUS


async def test_a_silent_daemon_is_unreachable(tmp_path: Path) -> None:
    async def status(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with serving(tmp_path, "GET", "/v1/status", status) as client:
        connection = api_connection.ApiConnection(client.socket_path)
        with pytest.raises(NodeUnreachable, match="no answer within"):
            await connection.call("GET", "status", Status, timeout_s=0.01)
        await connection.close()


@pytest.mark.parametrize("body", [b"", b"{", b'{"state":"odd"}', b'"\xff"', b"<html>"])
async def test_an_answer_that_is_no_view_is_a_bad_answer(tmp_path: Path, body: bytes) -> None:
    async def status(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body)

    async with serving(tmp_path, "GET", "/v1/status", status) as client:
        with pytest.raises(BadAnswer):
            await client.status()


async def test_a_refusal_without_an_explanation_is_a_bad_answer(tmp_path: Path) -> None:
    async def status(_: web.Request) -> web.StreamResponse:
        return web.Response(status=500, text="Internal Server Error")

    async with serving(tmp_path, "GET", "/v1/status", status) as client:
        with pytest.raises(BadAnswer, match="500"):
            await client.status()


async def test_an_answer_without_end_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_connection, "MAX_ANSWER_BYTES", 1000)
    monkeypatch.setattr(api_connection, "MAX_LINE_BYTES", 1000)

    async def long(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b" " * 2000)

    async with serving(tmp_path, "GET", "/v1/{any}", long) as client:
        with pytest.raises(BadAnswer, match="more than"):
            await client.status()
        with pytest.raises(BadAnswer, match="more than"):
            await anext(client.events())


async def test_a_field_of_a_newer_daemon_is_passed_over(tmp_path: Path) -> None:
    async def peers(_: web.Request) -> web.StreamResponse:
        return web.json_response([{"address": "ab", "carrier": "tcp", "mood": "sunny"}])

    async with serving(tmp_path, "GET", "/v1/peers", peers) as client:
        assert await client.peers() == [PeerView(address="ab", carrier="tcp")]


@pytest.mark.filterwarnings("error")
async def test_a_large_text_goes_whole_and_without_grumbling(tmp_path: Path) -> None:
    sizes: list[int] = []

    async def edit(request: web.Request) -> web.StreamResponse:
        sizes.append(len(await request.content.read()))
        return json(ErrorView(code="too.large", message="Too large."), 413)

    async with serving(tmp_path, "PATCH", "/v1/contributions/ab", edit) as client:
        with pytest.raises(ApiError):
            await client.edit("ab", EditRequest(text="x" * 2_000_000))

    assert sum(sizes) > 2_000_000

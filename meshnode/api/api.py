"""The daemon's HTTP API: routes, statuses, and nothing a person wrote that could steer a terminal.

Each route decodes its request, calls the node and encodes the answer. Errors
become an `ErrorView`; the table below is the only place that knows HTTP statuses.
Calls that change something run to their end even when the caller has gone.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web

from meshnode.api.api_body import decode_body, decode_query
from meshnode.api.api_response import (
    ReaderGone,
    answer_then,
    begin_stream,
    explain,
    json_answer,
    write_event,
)
from meshnode.errors import NodeEmpty, NodeLocked, NodeStopping
from meshnode.service import ContributionQuery, CreateRequest, SearchQuery
from meshnode.views.answer import AskRequest
from meshnode.views.bundle import BundleReadRequest, BundleWriteRequest
from meshnode.views.community import FoundRequest, InviteRequest, JoinRequest, RoleRequest
from meshnode.views.contribution import AddRequest, EditRequest
from meshnode.views.file_import import ImportRequest
from meshnode.views.home import UnlockRequest
from meshnode.views.news import NodeEvent
from meshnode.views.peer import PeerRequest
from meshnode.views.status import CheckView
from meshnode.views.sync import SyncRequest
from meshnode.views.withdrawal import WithdrawRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine

    from meshnode.lifecycle import Lifecycle
    from meshnode.service import NodeService
    from meshnode.views.view import Request, View

T = TypeVar("T")
R = TypeVar("R", bound="Request")


class Api:
    """The routes of `docs/api.md`.

    Args:
        lifecycle: The node.
        check_machine: The part of `doctor` that needs no open node; blocks.
        on_stop: Called once `stop` was answered.
        on_lock: Called once `lock` was answered.
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        *,
        check_machine: Callable[[], list[CheckView]],
        on_stop: Callable[[], None],
        on_lock: Callable[[], None],
    ) -> None:
        self._lifecycle = lifecycle
        self._check_machine = check_machine
        self._on_stop = on_stop
        self._on_lock = on_lock
        self._unfinished: set[asyncio.Task[object]] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return every route."""
        return [
            web.get("/v1/status", self._status),
            web.post("/v1/init", self._init),
            web.post("/v1/unlock", self._unlock),
            web.post("/v1/lock", self._lock),
            web.post("/v1/stop", self._stop),
            web.get("/v1/doctor", self._doctor),
            web.get("/v1/events", self._events),
            web.get("/v1/contributions", self._contributions),
            web.post("/v1/contributions", self._add),
            web.get("/v1/contributions/{id}", self._contribution),
            web.patch("/v1/contributions/{id}", self._edit),
            web.get("/v1/contributions/{id}/history", self._history),
            web.post("/v1/contributions/{id}/withdraw", self._withdraw),
            web.get("/v1/contributions/{id}/coverage", self._coverage),
            web.get("/v1/withdrawals", self._withdrawals),
            web.post("/v1/import", self._import),
            web.get("/v1/search", self._search),
            web.post("/v1/ask", self._ask),
            web.post("/v1/seen", self._seen),
            web.post("/v1/communities", self._found),
            web.get("/v1/members", self._members),
            web.put("/v1/members/{member}", self._appoint),
            web.delete("/v1/members/{member}", self._remove_member),
            web.post("/v1/invites", self._invite),
            web.post("/v1/join", self._join),
            web.get("/v1/peers", self._peers),
            web.post("/v1/peers", self._add_peer),
            web.delete("/v1/peers/{address}", self._remove_peer),
            web.get("/v1/links", self._links),
            web.post("/v1/sync", self._sync),
            web.post("/v1/bundles/write", self._write_bundle),
            web.post("/v1/bundles/read", self._read_bundle),
        ]

    async def finish(self) -> None:
        """Wait for the calls that go on without their callers."""
        while self._unfinished:
            await asyncio.wait(self._unfinished)

    # --- the node ---

    async def _status(self, _: web.Request) -> web.StreamResponse:
        return json_answer(await self._lifecycle.status())

    async def _init(self, request: web.Request) -> web.StreamResponse:
        body = await decode_body(request, CreateRequest)
        return json_answer(await self._to_the_end(self._lifecycle.init(body)))

    async def _unlock(self, request: web.Request) -> web.StreamResponse:
        body = await decode_body(request, UnlockRequest)
        return json_answer(await self._to_the_end(self._lifecycle.unlock(body)))

    async def _lock(self, request: web.Request) -> web.StreamResponse:
        status = await self._to_the_end(self._lifecycle.lock())
        return await answer_then(request, json_answer(status), self._on_lock)

    async def _stop(self, request: web.Request) -> web.StreamResponse:
        return await answer_then(request, json_answer({}), self._on_stop)

    async def _doctor(self, _: web.Request) -> web.StreamResponse:
        checks = await asyncio.to_thread(self._check_machine)
        if problem := self._lifecycle.problem:
            advice = "When it is put right, `meshnode unlock` opens the node."
            checks.append(CheckView(name="node", state="bad", detail=problem, advice=advice))
        if self._lifecycle.state == "open":
            async with self._lifecycle.using() as node:
                checks += await node.doctor()
        return json_answer(checks)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Follow the node through locking and unlocking, until the daemon stops."""
        response = await begin_stream(request)
        while not self._lifecycle.is_closed:
            changes = self._lifecycle.changes
            try:
                async with (
                    self._lifecycle.using(is_stream=True) as node,
                    aclosing(node.events()) as events,
                ):
                    async for event in events:
                        await write_event(response, event)
            except (NodeEmpty, NodeLocked, NodeStopping):
                pass  # there will be events again when it opens
            except ReaderGone:
                raise
            except Exception as error:
                await write_event(response, explain(error))
                await response.write_eof()
                return response
            await self._lifecycle.wait_change(changes)
            if not self._lifecycle.is_closed:
                await write_event(response, NodeEvent(topic="status", detail=self._lifecycle.state))
        await write_event(response, NodeEvent(topic="stopping"))
        await response.write_eof()
        return response

    # --- contributions ---

    async def _contributions(self, request: web.Request) -> web.StreamResponse:
        query = decode_query(request, ContributionQuery)
        return await self._look(lambda node: node.contributions(query))

    async def _add(self, request: web.Request) -> web.StreamResponse:
        return await self._change(request, AddRequest, lambda node, body: node.add(body))

    async def _contribution(self, request: web.Request) -> web.StreamResponse:
        return await self._look(lambda node: node.contribution(request.match_info["id"]))

    async def _edit(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["id"]
        return await self._change(request, EditRequest, lambda node, body: node.edit(name, body))

    async def _history(self, request: web.Request) -> web.StreamResponse:
        return await self._look(lambda node: node.history(request.match_info["id"]))

    async def _withdraw(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["id"]
        return await self._change(
            request, WithdrawRequest, lambda node, body: node.withdraw(name, body)
        )

    async def _coverage(self, request: web.Request) -> web.StreamResponse:
        return await self._look(lambda node: node.coverage(request.match_info["id"]))

    async def _withdrawals(self, _: web.Request) -> web.StreamResponse:
        return await self._look(lambda node: node.withdrawals())

    async def _import(self, request: web.Request) -> web.StreamResponse:
        body = await decode_body(request, ImportRequest)
        return await self._stream(request, lambda node: node.import_files(body))

    # --- search and answers ---

    async def _search(self, request: web.Request) -> web.StreamResponse:
        query = decode_query(request, SearchQuery)
        return await self._look(lambda node: node.search(query))

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        body = await decode_body(request, AskRequest)
        return await self._stream(request, lambda node: node.ask(body))

    async def _seen(self, _: web.Request) -> web.StreamResponse:
        async with self._lifecycle.using() as node:
            await node.seen()
        return json_answer({})

    # --- community and links ---

    async def _found(self, request: web.Request) -> web.StreamResponse:
        return await self._change(
            request, FoundRequest, lambda node, body: node.found_community(body)
        )

    async def _members(self, _: web.Request) -> web.StreamResponse:
        return await self._look(lambda node: node.members())

    async def _appoint(self, request: web.Request) -> web.StreamResponse:
        member = request.match_info["member"]
        return await self._change(
            request, RoleRequest, lambda node, body: node.appoint(member, body)
        )

    async def _remove_member(self, request: web.Request) -> web.StreamResponse:
        member, community = request.match_info["member"], request.query.get("community", "")
        return await self._look(lambda node: node.remove_member(member, community))

    async def _invite(self, request: web.Request) -> web.StreamResponse:
        return await self._change(request, InviteRequest, lambda node, body: node.invite(body))

    async def _join(self, request: web.Request) -> web.StreamResponse:
        return await self._change(request, JoinRequest, lambda node, body: node.join(body.ticket))

    async def _peers(self, _: web.Request) -> web.StreamResponse:
        return await self._look(lambda node: node.peers())

    async def _add_peer(self, request: web.Request) -> web.StreamResponse:
        return await self._change(request, PeerRequest, lambda node, body: node.add_peer(body))

    async def _remove_peer(self, request: web.Request) -> web.StreamResponse:
        async with self._lifecycle.using() as node:
            await node.remove_peer(request.match_info["address"])
        return json_answer({})

    async def _links(self, _: web.Request) -> web.StreamResponse:
        return await self._look(lambda node: node.links())

    async def _sync(self, request: web.Request) -> web.StreamResponse:
        body = await decode_body(request, SyncRequest)
        return await self._stream(request, lambda node: node.sync(body))

    async def _write_bundle(self, request: web.Request) -> web.StreamResponse:
        return await self._change(
            request, BundleWriteRequest, lambda node, body: node.write_bundle(body)
        )

    async def _read_bundle(self, request: web.Request) -> web.StreamResponse:
        return await self._change(
            request, BundleReadRequest, lambda node, body: node.read_bundle(body)
        )

    # --- the shapes of a call ---

    async def _look(self, call: Callable[[NodeService], Awaitable[object]]) -> web.StreamResponse:
        async with self._lifecycle.using() as node:
            return json_answer(await call(node))

    async def _change(
        self,
        request: web.Request,
        kind: type[R],
        call: Callable[[NodeService, R], Awaitable[object]],
    ) -> web.StreamResponse:
        body = await decode_body(request, kind)

        async def change() -> object:
            async with self._lifecycle.using() as node:
                return await call(node, body)

        return json_answer(await self._to_the_end(change()))

    async def _to_the_end(self, work: Coroutine[object, object, T]) -> T:
        """Run something to its end even when the caller goes away meanwhile."""
        task = asyncio.create_task(work)
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        return await asyncio.shield(task)

    async def _stream(
        self, request: web.Request, begin: Callable[[NodeService], AsyncGenerator[View, None]]
    ) -> web.StreamResponse:
        """Send each event as it comes; a caller who goes away, or does not read, ends the work."""
        response: web.StreamResponse | None = None
        try:
            async with (
                self._lifecycle.using(is_stream=True) as node,
                aclosing(begin(node)) as events,
            ):
                async for event in events:
                    if response is None:
                        response = await begin_stream(request)
                    await write_event(response, event)
        except ReaderGone:
            raise
        except Exception as error:
            # Before the first event it is a plain refusal, with its status.
            if response is None:
                raise
            await write_event(response, explain(error))
        if response is None:
            response = await begin_stream(request)
        await response.write_eof()
        return response

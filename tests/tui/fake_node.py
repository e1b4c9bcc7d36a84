"""A daemon made of dictionaries: every route of docs/api.md over a real unix socket.

Tests steer it by its attributes: `failures` refuses the next call of a route,
`hold` keeps streams waiting between events, `stop` and `start` are a restart.
"""

from __future__ import annotations

import asyncio
import contextlib
from base64 import b32encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec
from aiohttp import web

from meshnode.views.answer import AskDone, AskEvent, AskPhrase, AskQuote, AskRequest, Citation
from meshnode.views.bundle import BundleReadRequest, BundleView, BundleWriteRequest
from meshnode.views.community import (
    CommunityView,
    FoundRequest,
    InviteRequest,
    InviteView,
    JoinRequest,
    MemberView,
    RoleName,
)
from meshnode.views.contribution import AddRequest, ContributionPage, ContributionView, EditRequest
from meshnode.views.file_import import ImportDone, ImportedFile, ImportRequest
from meshnode.views.hit import Hit
from meshnode.views.home import InitRequest, InitView, UnlockRequest
from meshnode.views.news import NodeEvent
from meshnode.views.peer import LinkView, PeerRequest, PeerView
from meshnode.views.revision import Change, FieldChange, Revision
from meshnode.views.status import CheckView, ModelView, Status
from meshnode.views.sync import SyncDone, SyncProgress, SyncRequest
from meshnode.views.view import ErrorView, Request
from meshnode.views.withdrawal import Coverage, CoverageNode, WithdrawRequest
from tests.tui import fake_commons as commons
from tests.tui.fake_commons import DAY_MS, HOUR_MS, MINUTE_MS, NOW_MS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from meshnode.views.status import NodeState

R = TypeVar("R", bound=Request)

ADDRESS = "9f2c4e81b07ad3365c1e0f74a2b8d915"
WORDS = (
    *("ridge", "amber", "canyon", "drift", "early", "famous", "garden", "humble"),
    *("island", "jungle", "kitten", "lemon", "marble", "nature", "ocean", "pepper"),
    *("quiz", "river", "silver", "tunnel", "upper", "velvet", "window", "yellow"),
)
TICKET = "MESH1" + b32encode(b"a ticket of the usual size " * 7).decode("ascii").rstrip("=")


class Gone(Exception):
    """A contribution was withdrawn."""


@dataclass
class FakeNode:
    """A node as the interface sees it.

    Args:
        home: Folder for the socket.
        state: What the node is at first.
        size: How many contributions the commons holds.
        alone: Whether it has no community, peers or contributions yet.
        pending: Whether its ticket waits for the first meeting.
    """

    home: Path
    state: NodeState = "open"
    size: int = 12
    alone: bool = False
    pending: bool = False
    name: str = "Rosa Quispe"
    passphrase: str = "correct horse"
    problems: tuple[str, ...] = ()
    model: ModelView = field(
        default_factory=lambda: ModelView(state="ready", name="SmolLM2-135M-Instruct Q8_0")
    )
    new: int = 2
    can_phrase: bool = True
    requests: list[tuple[str, str]] = field(default_factory=list)
    failures: dict[tuple[str, str], tuple[int, ErrorView]] = field(default_factory=dict)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    edited: dict[str, ContributionView] = field(default_factory=dict)
    added: list[ContributionView] = field(default_factory=list)
    withdrawn: dict[str, ContributionView] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    extra_peers: list[str] = field(default_factory=list)
    cancelled_streams: int = 0
    bodies: list[Request] = field(default_factory=list)
    _runner: web.AppRunner | None = None
    _listeners: set[asyncio.Queue[NodeEvent]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.hold.set()
        self.has_community = not self.alone and self.state == "open"
        self.size = 0 if self.alone else self.size

    @property
    def socket_path(self) -> Path:
        return self.home / "node.sock"

    async def start(self) -> None:
        app = web.Application(middlewares=[self._note])
        app.add_routes(
            web.route(method, f"/v1/{path}", getattr(self, f"_{name}"))
            for method, path, name in ROUTES
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.01, handler_cancellation=True)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.socket_path)).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self.socket_path.unlink(missing_ok=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def tell(self, topic: str) -> None:
        """Send an event to whoever listens."""
        for queue in self._listeners:
            queue.put_nowait(NodeEvent(topic=topic))  # type: ignore[arg-type]

    def refuse(self, method: str, path: str, status: int, code: str, message: str) -> None:
        """Refuse the next call of a route."""
        self.failures[method, path] = (status, ErrorView(code=code, message=message))

    def body(self, kind: type[R]) -> R:
        """Give the newest request of a kind."""
        return next(body for body in reversed(self.bodies) if isinstance(body, kind))

    @web.middleware
    async def _note(self, request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
        self.requests.append((request.method, request.path_qs))
        failure = self.failures.pop((request.method, request.path), None)
        if failure is not None:
            return _json(failure[1], failure[0])
        try:
            response: web.StreamResponse = await handler(request)
        except Gone as gone:
            return _json(gone.args[0], 410)
        return response

    async def _take(self, request: web.Request, kind: type[R]) -> R:
        body = msgspec.json.decode(await request.read(), type=kind)
        self.bodies.append(body)
        return body

    # --- the node ---

    def status(self) -> Status:
        is_open = self.state == "open"
        ridge = CommunityView(
            id="c0ffee",
            name="Ridge",
            role=None if self.pending else "founder",
            members=0 if self.pending else 4,
            contributions=self._count(),
            pending=self.pending,
        )
        return Status(
            state=self.state,
            version="0.1.0",
            home=str(self.home),
            name=self.name if is_open else "",
            member="52f1" * 16 if is_open else "",
            address=ADDRESS if is_open else "",
            community="Ridge" if is_open and self.has_community else "",
            communities=(ridge,) if is_open and self.has_community else (),
            entries=self._count() * 3,
            contributions=self._count(),
            peers=len(self._peer_list()),
            links=0 if self.alone else 1,
            unsynced=0 if self.alone else 4,
            new=0 if self.alone else self.new,
            model=self.model,
            started_ms=NOW_MS - 3 * DAY_MS,
            problems=self.problems,
        )

    async def _status(self, _: web.Request) -> web.Response:
        return _json(self.status())

    async def _init(self, request: web.Request) -> web.Response:
        asked = await self._take(request, InitRequest)
        self.state, self.name, self.alone, self.size = "open", asked.name, True, 0
        self.has_community = asked.community is not None or asked.ticket is not None
        self.tell("status")
        return _json(
            InitView(
                home=str(self.home), member="52f1" * 16, words=WORDS, community=asked.community
            )
        )

    async def _unlock(self, request: web.Request) -> web.Response:
        asked = await self._take(request, UnlockRequest)
        if asked.passphrase != self.passphrase:
            message = "The passphrase does not open this node. Nothing was changed; try again."
            return _json(ErrorView(code="meshnode.wrong_passphrase", message=message), 403)
        self.state, self.has_community = "open", not self.alone
        self.tell("status")
        return _json(self.status())

    async def _lock(self, _: web.Request) -> web.Response:
        self.state = "locked"
        self.tell("status")
        return _json(self.status())

    async def _empty(self, request: web.Request) -> web.Response:
        if request.path == "/v1/seen":
            self.new = 0
        if request.method == "DELETE":
            self.extra_peers.remove(request.match_info["address"])
        return web.json_response({})

    async def _doctor(self, _: web.Request) -> web.Response:
        return _json([CheckView(name="database", state="good", detail="opens and is whole")])

    async def _events(self, request: web.Request) -> web.StreamResponse:
        queue: asyncio.Queue[NodeEvent] = asyncio.Queue()
        self._listeners.add(queue)

        async def events() -> AsyncIterator[NodeEvent]:
            while True:
                yield await queue.get()

        try:
            return await self._send(request, events())
        finally:
            self._listeners.discard(queue)

    # --- contributions ---

    def _count(self) -> int:
        return len(self.added) + self.size - len(self.withdrawn)

    def _view(self, index: int) -> ContributionView:
        if index < len(self.added):
            return self.added[-1 - index]
        view = commons.contribution(index - len(self.added))
        return self.edited.get(view.id, view)

    def _title(self, index: int) -> str:
        is_plain = index >= len(self.added) and not self.edited
        return commons.title(index - len(self.added)) if is_plain else self._view(index).title

    def _find(self, request: web.Request) -> ContributionView:
        prefix = request.match_info["id"]
        for index in range(len(self.added) + self.size):
            view = self._view(index)
            if view.id.startswith(prefix) and view.id not in self.withdrawn:
                return view
        error = ErrorView(
            code="crdt.withdrawn", message="This was withdrawn by its author and is no longer kept."
        )
        raise Gone(error)

    async def _contributions(self, request: web.Request) -> web.Response:
        limit, offset = int(request.query["limit"]), int(request.query["offset"])
        wanted = request.query.get("q", "").lower()
        filters = {n: request.query[n] for n in ("level", "language", "tag") if n in request.query}
        if not wanted and not filters and not self.withdrawn:
            total = self._count()
            views = [self._view(i) for i in range(offset, min(offset + limit, total))]
        else:
            found = [
                view
                for index in range(len(self.added) + self.size)
                if wanted in self._title(index).lower()
                and (view := self._view(index)).id not in self.withdrawn
                and _passes(view, filters)
            ]
            total, views = len(found), found[offset : offset + limit]
        rows = tuple(map(commons.row, views))
        return _json(ContributionPage(total=total, offset=offset, items=rows))

    async def _add(self, request: web.Request) -> web.Response:
        asked = await self._take(request, AddRequest)
        view = msgspec.structs.replace(
            commons.contribution(0),
            id=commons.contribution_id(2_000_000 + len(self.added)),
            title=asked.title,
            text=asked.text,
            tags=asked.tags,
            level=asked.level,
            language=asked.language,
            contributors=(self.name,),
            author=self.name,
            changed_ms=NOW_MS,
        )
        self.added.append(view)
        self.tell("contributions")
        return _json(view)

    async def _contribution(self, request: web.Request) -> web.Response:
        return _json(self._find(request))

    async def _edit(self, request: web.Request) -> web.Response:
        view, asked = self._find(request), await self._take(request, EditRequest)
        changes = {
            n: value
            for n in ("title", "text", "language", "tags", "place", "licence")
            if (value := getattr(asked, n)) is not None
        }
        self.edited[view.id] = view = msgspec.structs.replace(view, **changes, edits=view.edits + 1)
        self.tell("contributions")
        return _json(view)

    async def _history(self, request: web.Request) -> web.Response:
        view = self._find(request)
        first, second = view.changed_ms - 2 * DAY_MS, view.changed_ms - 3 * HOUR_MS
        kept = "Bring it to a rolling boil and keep it there for "
        return _json(
            [
                Revision(
                    id="a1" * 32,
                    author=view.author,
                    stamp_ms=first,
                    is_effective=True,
                    is_withdrawn=False,
                    fields=(FieldChange(field="title", value=view.title),),
                    changes=(Change(op="added", text=view.text),),
                ),
                Revision(
                    id="b2" * 32,
                    author="Ahmed Salim",
                    stamp_ms=second,
                    is_effective=True,
                    is_withdrawn=False,
                    fields=(),
                    changes=(
                        Change(op="same", text=kept),
                        Change(op="removed", text="ten minutes"),
                        Change(op="added", text="one minute"),
                        Change(op="same", text=".\n"),
                    ),
                ),
                Revision(
                    id="c3" * 32,
                    author="Visitor",
                    stamp_ms=view.changed_ms,
                    is_effective=False,
                    is_withdrawn=False,
                    fields=(FieldChange(field="place", value="Ridge school"),),
                    changes=(),
                ),
            ]
        )

    async def _withdraw(self, request: web.Request) -> web.Response:
        view = self._find(request)
        self.reasons[view.id] = (await self._take(request, WithdrawRequest)).reason
        self.withdrawn[view.id] = view
        self.tell("contributions")
        return _json(self._coverage_of(view))

    def _coverage_of(self, view: ContributionView) -> Coverage:
        is_gone = view.id in self.withdrawn
        nodes = (
            CoverageNode(name="Rosa's laptop (this node)", device="52f1", state="erased"),
            CoverageNode(
                name="Ahmed's Pi",
                device="9f2c",
                state="waiting",
                last_heard_ms=NOW_MS - 20 * MINUTE_MS,
            ),
            CoverageNode(
                name="School server",
                device="1bd0",
                state="unheard",
                last_heard_ms=NOW_MS - 4 * DAY_MS,
            ),
        )
        sentence = (
            "erased on 1 of 3 nodes, 1 not heard from since Thursday"
            if is_gone
            else ("held by 3 of 3 nodes")
        )
        return Coverage(
            id=view.id,
            title=view.title,
            is_withdrawn=is_gone,
            done=1 if is_gone else 3,
            total=3,
            sentence=sentence,
            reason=self.reasons.get(view.id, ""),
            nodes=nodes,
        )

    async def _coverage(self, request: web.Request) -> web.Response:
        gone = self.withdrawn.get(request.match_info["id"])
        return _json(self._coverage_of(gone if gone is not None else self._find(request)))

    async def _withdrawals(self, _: web.Request) -> web.Response:
        return _json([self._coverage_of(view) for view in self.withdrawn.values()])

    async def _import(self, request: web.Request) -> web.StreamResponse:
        asked = await self._take(request, ImportRequest)
        folder = asked.paths[0].rstrip("/")
        events = (
            ImportedFile(path=f"{folder}/pump.md", outcome="added", title="Pump", done=1, total=4),
            ImportedFile(
                path=f"{folder}/rota.csv", outcome="updated", title="Rota", done=2, total=4
            ),
            ImportedFile(
                path=f"{folder}/map.pdf",
                outcome="added",
                title="Map",
                done=3,
                total=4,
                notes=("2 of 9 pages hold pictures only",),
            ),
            ImportedFile(
                path=f"{folder}/photo.jpg",
                outcome="skipped",
                done=4,
                total=4,
                reason="pictures are not read. Write down what it shows, as Markdown or text.",
            ),
            ImportDone(added=2, updated=1, unchanged=0, skipped=1, refused=0),
        )
        return await self._send(request, _each(events))

    # --- search and answers ---

    async def _search(self, request: web.Request) -> web.Response:
        view = commons.contribution(0)
        return _json(
            [
                Hit(
                    id=view.id,
                    title=view.title,
                    author=view.author,
                    level="commons",
                    community=view.community,
                    snippet=view.text[:80],
                    score=1.0,
                )
            ]
        )

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        asked = await self._take(request, AskRequest)
        if "boil" not in asked.question.lower():
            cleaning = commons.contribution(2)
            near = Citation(
                id=cleaning.id,
                title=cleaning.title,
                author=cleaning.author,
                given_by=cleaning.given_by,
                community=cleaning.community,
                quote=cleaning.text[:40],
            )
            done = AskDone(
                answer="",
                grounded=False,
                citations=(),
                first_ms=41.0,
                total_ms=41.0,
                note="No contribution speaks of this. Rephrase the question, or add what you know.",
                near=(near,) if "near" in asked.question else (),
            )
            return await self._send(request, _each((done,)))
        first, second = commons.contribution(0), commons.contribution(2)
        boil = "Bring it to a rolling boil and keep it there for one minute."
        citations = (
            Citation(
                id=first.id,
                title=first.title,
                author=first.author,
                given_by=first.given_by,
                language="en",
                community=first.community,
                quote=f"{boil} Above 2,000 m boil for three minutes.",
            ),
            Citation(
                id=second.id,
                title=second.title,
                author=second.author,
                language="sw",
                community=second.community,
                quote="Chemsha maji hadi yatokote kwa dakika moja.",
            ),
        )
        answer = "Boil it for one minute once it rolls, and for three minutes above 2,000 m."
        events: tuple[AskEvent, ...] = tuple(AskQuote(citation=one) for one in citations)
        if self.can_phrase:
            events += (AskPhrase(text=answer, citations=(0,)),)
        events += (
            AskDone(
                answer=answer if self.can_phrase else "",
                grounded=True,
                citations=citations,
                first_ms=38.0,
                total_ms=1420.0,
                note="" if self.can_phrase else "The model is still loading: passages only.",
            ),
        )
        return await self._send(request, self._held(events))

    # --- community and links ---

    async def _members(self, _: web.Request) -> web.Response:
        names: tuple[tuple[str, RoleName], ...] = (
            ("Rosa Quispe", "founder"),
            ("Ahmed Salim", "steward"),
            ("Ines Calle", "contributor"),
            ("Luz Mamani", "reader"),
        )
        return _json(
            [
                MemberView(
                    name=name,
                    member=f"{i:02x}" * 32,
                    role=role,
                    community="Ridge",
                    devices=2 - i % 2,
                    is_self=i == 0,
                    joined_ms=NOW_MS - (90 - i) * DAY_MS,
                    last_heard_ms=NOW_MS - i * 7 * HOUR_MS,
                )
                for i, (name, role) in enumerate(names)
            ]
            if self.has_community and not self.alone and not self.pending
            else []
        )

    async def _invite(self, request: web.Request) -> web.Response:
        asked = await self._take(request, InviteRequest)
        return _json(
            InviteView(
                ticket=TICKET,
                community="Ridge",
                role=asked.role,
                uses=asked.uses,
                expires_ms=NOW_MS + 7 * DAY_MS,
            )
        )

    async def _found(self, request: web.Request) -> web.Response:
        asked = await self._take(request, FoundRequest)
        self.has_community = True
        self.tell("status")
        return _json(
            CommunityView(id="f00d", name=asked.name, role="founder", members=1, contributions=0)
        )

    async def _join(self, request: web.Request) -> web.Response:
        asked = await self._take(request, JoinRequest)
        if not asked.ticket.upper().startswith("MESH1"):
            error = ErrorView(code="crdt.bad_invite", message="This ticket cannot be redeemed.")
            return _json(error, 400)
        self.has_community = True
        self.tell("status")
        return _json(
            CommunityView(
                id="c0ffee", name="Ridge", role=None, members=4, contributions=0, pending=True
            )
        )

    def _peer_list(self) -> list[PeerView]:
        known = (
            []
            if self.alone
            else [
                PeerView(
                    address="4b1e77d0a9c35f2218e6b4d07c91fa3e",
                    carrier="reticulum",
                    name="Ahmed Salim",
                    device="9f2c",
                    state="idle",
                    hops=1,
                    last_met_ms=NOW_MS - 20 * MINUTE_MS,
                    lacks=4,
                    sent_bytes=182_331,
                    received_bytes=96_004,
                ),
                PeerView(
                    address="c80f5512ee41",
                    carrier="lora",
                    name="School server",
                    state="backing off",
                    hops=3,
                    last_met_ms=NOW_MS - 4 * DAY_MS,
                    last_error="No answer. It may be out of reach.",
                    sent_bytes=8_120,
                    received_bytes=2_044,
                ),
            ]
        )
        return known + [
            PeerView(address=address, carrier="tcp", is_configured=True)
            for address in self.extra_peers
        ]

    async def _peers(self, _: web.Request) -> web.Response:
        return _json(self._peer_list())

    async def _add_peer(self, request: web.Request) -> web.Response:
        asked = await self._take(request, PeerRequest)
        self.extra_peers.append(asked.address)
        self.tell("peers")
        return _json(PeerView(address=asked.address, carrier="tcp", is_configured=True))

    async def _links(self, _: web.Request) -> web.Response:
        return _json(
            []
            if self.alone
            else [
                LinkView(
                    address="4b1e77d0a9c35f2218e6b4d07c91fa3e",
                    carrier="reticulum",
                    name="Ahmed Salim",
                    is_outgoing=True,
                    since_ms=NOW_MS - 22 * MINUTE_MS,
                    sent_bytes=4_331,
                    received_bytes=1_204,
                    bits_per_s=1_200_000.0,
                )
            ]
        )

    async def _sync(self, request: web.Request) -> web.StreamResponse:
        asked = await self._take(request, SyncRequest)
        peer = asked.peer or "Ahmed Salim"
        events = (
            SyncProgress(peer=peer, stage="connecting"),
            SyncProgress(peer=peer, stage="transferring", sent=2, received=1),
            SyncDone(
                peer=peer,
                sent=4,
                received=1,
                sent_bytes=5_120,
                received_bytes=900,
                duration_ms=840.0,
            ),
        )
        return await self._send(request, self._held(events))

    async def _write_bundle(self, request: web.Request) -> web.Response:
        asked = await self._take(request, BundleWriteRequest)
        return _json(BundleView(path=asked.path, entries=36, new=0, bytes=48_211))

    async def _read_bundle(self, request: web.Request) -> web.Response:
        asked = await self._take(request, BundleReadRequest)
        return _json(
            BundleView(
                path=asked.path,
                entries=36,
                new=12,
                bytes=48_211,
                refused=1,
                problems=("1 entry is not signed by the key it names",),
            )
        )

    # --- streams ---

    async def _held(self, events: tuple[Any, ...]) -> AsyncIterator[Any]:
        """Give the first event, and the others once `hold` is set."""
        for event in events:
            yield event
            await self.hold.wait()

    async def _send(self, request: web.Request, events: AsyncIterator[Any]) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            async for event in events:
                await response.write(msgspec.json.encode(event) + b"\n")
        except (asyncio.CancelledError, ConnectionError):
            self.cancelled_streams += 1
            raise
        with contextlib.suppress(ConnectionError):
            await response.write_eof()
        return response


ROUTES = (
    ("GET", "status", "status"),
    ("POST", "init", "init"),
    ("POST", "unlock", "unlock"),
    ("POST", "lock", "lock"),
    ("POST", "stop", "empty"),
    ("GET", "doctor", "doctor"),
    ("GET", "events", "events"),
    ("GET", "contributions", "contributions"),
    ("POST", "contributions", "add"),
    ("GET", "contributions/{id}", "contribution"),
    ("PATCH", "contributions/{id}", "edit"),
    ("GET", "contributions/{id}/history", "history"),
    ("POST", "contributions/{id}/withdraw", "withdraw"),
    ("GET", "contributions/{id}/coverage", "coverage"),
    ("GET", "withdrawals", "withdrawals"),
    ("POST", "import", "import"),
    ("GET", "search", "search"),
    ("POST", "ask", "ask"),
    ("POST", "seen", "empty"),
    ("GET", "members", "members"),
    ("POST", "communities", "found"),
    ("POST", "invites", "invite"),
    ("POST", "join", "join"),
    ("GET", "peers", "peers"),
    ("POST", "peers", "add_peer"),
    ("DELETE", "peers/{address}", "empty"),
    ("GET", "links", "links"),
    ("POST", "sync", "sync"),
    ("POST", "bundles/write", "write_bundle"),
    ("POST", "bundles/read", "read_bundle"),
)


def _json(view: object, status: int = 200) -> web.Response:
    body = msgspec.json.encode(view)
    return web.Response(body=body, status=status, content_type="application/json")


async def _each(events: tuple[Any, ...]) -> AsyncIterator[Any]:
    for event in events:
        yield event


def _passes(view: ContributionView, filters: dict[str, str]) -> bool:
    return all(
        value in view.tags if name == "tag" else getattr(view, name) == value
        for name, value in filters.items()
    )

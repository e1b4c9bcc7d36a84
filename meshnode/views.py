"""What the daemon's API says and accepts: one struct per answer and request.

The CLI, the TUI and scripts see the node only through these. Times are
milliseconds since 1970 on the clock of whoever wrote them; ids are hex; an
absent time is None. `docs/api.md` lists the routes.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

NodeState = Literal["empty", "locked", "open"]
"""empty: no home yet; locked: the keys wait for the passphrase; open: at work."""

LevelName = Literal["inner", "allied", "commons"]
RoleName = Literal["founder", "steward", "contributor", "reader"]
ModelState = Literal["off", "absent", "loading", "ready", "failed"]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Anything the API answers."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Anything the API accepts."""


# --- the node ------------------------------------------------------------------


class ModelView(View, frozen=True):
    """The local model: its state, and its name once known."""

    state: ModelState
    name: str = ""
    detail: str = ""


class CommunityView(View, frozen=True):
    """A community that this node belongs to, and our standing in it."""

    id: str
    name: str
    role: RoleName | None
    members: int
    contributions: int
    pending: bool = False
    """True while a redeemed ticket waits for the community to hear of it."""


class Status(View, frozen=True):
    """The node at a glance."""

    state: NodeState
    version: str
    home: str
    name: str = ""
    member: str = ""
    address: str = ""
    community: str = ""
    communities: tuple[CommunityView, ...] = ()
    entries: int = 0
    contributions: int = 0
    peers: int = 0
    links: int = 0
    unsynced: int = 0
    """Own entries that no other node is known to hold."""
    new: int = 0
    """Contributions that arrived since the reader last opened Home."""
    model: ModelView = ModelView(state="off")
    started_ms: int = 0
    problems: tuple[str, ...] = ()
    """Sentences for a person: each says what is wrong and what to do."""


class InitRequest(Request, frozen=True):
    """Make a home: a member, a device and, if asked, a community."""

    name: str
    community: str | None = None
    ticket: str | None = None
    passphrase: str | None = None
    """None: no passphrase; the key file lies in the home, readable by its user alone."""


class InitView(View, frozen=True):
    """A new home. The words are shown once and kept nowhere."""

    home: str
    member: str
    words: tuple[str, ...]
    community: str | None = None


class UnlockRequest(Request, frozen=True):
    """Open a locked node."""

    passphrase: str


class CheckView(View, frozen=True):
    """One line of `doctor`."""

    name: str
    state: Literal["good", "warning", "bad"]
    detail: str
    advice: str = ""


# --- contributions ---------------------------------------------------------------


def attribution(author: str, given_by: str) -> str:
    """Name an author and, where it is somebody else, who gave the words in their name."""
    if not given_by:
        return author
    return f"{author} (given by {given_by})" if author else f"given by {given_by}"


class ContributionRow(View, frozen=True):
    """A contribution in a list."""

    id: str
    title: str
    author: str
    community: str
    level: LevelName
    language: str
    tags: tuple[str, ...]
    changed_ms: int
    is_own: bool
    given_by: str = ""
    """Who signed it, where that is not the author."""


class ContributionPage(View, frozen=True):
    """A stretch of the list, and how long the whole list is."""

    total: int
    offset: int
    items: tuple[ContributionRow, ...]


class ContributionView(View, frozen=True):
    """A contribution in full."""

    id: str
    title: str
    text: str
    author: str
    author_key: str
    contributors: tuple[str, ...]
    community: str
    level: LevelName
    language: str
    licence: str
    tags: tuple[str, ...]
    place: str
    source: str
    consent: tuple[str, ...]
    created_ms: int
    changed_ms: int
    edits: int
    version: tuple[str, ...]
    """Ids of the newest edits: give them back with an edit, so that it applies to what was read."""
    is_own: bool
    may_edit: bool
    may_withdraw: bool
    given_by: str = ""
    """Who signed it, where that is not the author: a member's name, or a short key."""


class AddRequest(Request, frozen=True):
    """Give a new contribution."""

    title: str
    text: str
    level: LevelName = "commons"
    community: str | None = None
    language: str = "und"
    licence: str | None = None
    tags: tuple[str, ...] = ()
    place: str = ""
    source: str = ""
    author: str | None = None
    consent: tuple[str, ...] | None = None


class EditRequest(Request, frozen=True):
    """Change a contribution. What is None stays as it is."""

    version: tuple[str, ...] = ()
    """As read; empty: the newest."""
    title: str | None = None
    text: str | None = None
    language: str | None = None
    licence: str | None = None
    tags: tuple[str, ...] | None = None
    place: str | None = None


class ImportRequest(Request, frozen=True):
    """Import files and folders of this machine."""

    paths: tuple[str, ...]
    level: LevelName | None = None
    community: str | None = None
    language: str | None = None
    licence: str | None = None
    tags: tuple[str, ...] = ()
    again: bool = False
    """Also what came from the same place and was withdrawn."""


class ImportedFile(View, frozen=True, tag="file"):
    """What became of one file."""

    path: str
    outcome: Literal["added", "updated", "unchanged", "skipped", "refused"]
    id: str = ""
    title: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    done: int = 0
    total: int = 0


class ImportDone(View, frozen=True, tag="done"):
    """The end of an import."""

    added: int
    updated: int
    unchanged: int
    skipped: int
    refused: int


ImportEvent = ImportedFile | ImportDone


class Change(View, frozen=True):
    """A stretch of text in a difference: kept, added or removed."""

    op: Literal["same", "added", "removed"]
    text: str


class FieldChange(View, frozen=True):
    """A field that a revision set."""

    field: str
    value: str


class Revision(View, frozen=True):
    """One edit of a contribution."""

    id: str
    author: str
    stamp_ms: int
    is_effective: bool
    """False when the author had no grant for it: kept, but without effect."""
    is_withdrawn: bool
    fields: tuple[FieldChange, ...]
    changes: tuple[Change, ...]


class WithdrawRequest(Request, frozen=True):
    """Take a contribution back."""

    reason: str = ""


class CoverageNode(View, frozen=True):
    """One device of the community, and whether it has carried a withdrawal out."""

    name: str
    device: str
    state: Literal["erased", "waiting", "unheard"]
    last_heard_ms: int | None = None


class Coverage(View, frozen=True):
    """How far a withdrawal (or, before one, a contribution) has reached."""

    id: str
    title: str
    is_withdrawn: bool
    """Whole or, for who did not begin it, their own words in it."""
    done: int
    """Devices that erased it or, before a withdrawal, hold it."""
    total: int
    sentence: str
    """For example "erased on 2 of 2 nodes"."""
    nodes: tuple[CoverageNode, ...]
    reason: str = ""
    """Why it was taken back, if that was said."""


# --- search and answers ------------------------------------------------------------


class Hit(View, frozen=True):
    """One result of a search."""

    id: str
    title: str
    author: str
    community: str
    level: LevelName
    snippet: str
    score: float
    """Higher is better; comparable within one search only."""
    marks: tuple[tuple[int, int], ...] = ()
    """Stretches of the snippet that match, in code points: [start, end)."""
    language: str = "und"
    given_by: str = ""
    """Who signed it, where that is not the author."""


class AskRequest(Request, frozen=True):
    """A question to the commons."""

    question: str


class Citation(View, frozen=True):
    """Whose words an answer uses."""

    id: str
    title: str
    author: str
    community: str
    quote: str
    language: str = "und"
    given_by: str = ""
    """Who signed it, where that is not the author."""


class AskQuote(View, frozen=True, tag="quote"):
    """A passage that answers, before the model has said a word."""

    citation: Citation


class AskPhrase(View, frozen=True, tag="phrase"):
    """A checked sentence of the model, to append."""

    text: str
    citations: tuple[int, ...] = ()
    """Indices into the quotes so far."""


class AskDone(View, frozen=True, tag="done"):
    """The whole answer."""

    answer: str
    grounded: bool
    citations: tuple[Citation, ...]
    first_ms: float
    total_ms: float
    note: str = ""
    """Why there is no phrasing, when there is none (no model, nothing supported, ...)."""
    near: tuple[Citation, ...] = ()
    """When it is not in the commons: what is near, to read and not to take as an answer."""


AskEvent = AskQuote | AskPhrase | AskDone


# --- community and links -----------------------------------------------------------


class FoundRequest(Request, frozen=True):
    """Found a community, with this node's member as its founder."""

    name: Annotated[str, msgspec.Meta(max_length=200)]


class InviteRequest(Request, frozen=True):
    """Ask for a ticket."""

    role: RoleName = "contributor"
    uses: int = 1
    expires_ms: int | None = None
    """How long it serves, in milliseconds from now; None: seven days."""
    community: str | None = None


class InviteView(View, frozen=True):
    """A ticket to hand over."""

    ticket: str
    community: str
    role: RoleName
    uses: int
    expires_ms: int


class RoleRequest(Request, frozen=True):
    """Give a member another role."""

    role: RoleName
    community: str = ""
    """By name; empty: the first one."""


class JoinRequest(Request, frozen=True):
    """Redeem a ticket."""

    ticket: str


class MemberView(View, frozen=True):
    """A member as this node knows them."""

    name: str
    member: str
    role: RoleName | None
    community: str
    devices: int
    is_self: bool
    joined_ms: int | None = None
    last_heard_ms: int | None = None


class PeerView(View, frozen=True):
    """A node that we know an address of."""

    address: str
    carrier: str
    name: str = ""
    """The member's name, once the peer proved to belong to one of our communities."""
    device: str = ""
    is_configured: bool = False
    """Added by hand or by ticket, rather than heard of."""
    state: Literal["idle", "connecting", "syncing", "backing off"] = "idle"
    hops: int | None = None
    last_met_ms: int | None = None
    last_error: str = ""
    lacks: int | None = None
    """Our entries that it lacked when last compared."""
    sent_bytes: int = 0
    received_bytes: int = 0


class PeerRequest(Request, frozen=True):
    """Remember a peer's address."""

    address: str


class LinkView(View, frozen=True):
    """An open link."""

    address: str
    carrier: str
    name: str
    is_outgoing: bool
    since_ms: int
    sent_bytes: int
    received_bytes: int
    bits_per_s: float | None = None


class SyncRequest(Request, frozen=True):
    """Meet a peer now (None: everybody within reach)."""

    peer: str | None = None


class SyncProgress(View, frozen=True, tag="progress"):
    """A sync under way."""

    peer: str
    stage: Literal["connecting", "comparing", "transferring"]
    sent: int = 0
    received: int = 0
    """Entries so far."""


class SyncDone(View, frozen=True, tag="done"):
    """A sync that ended, well (error empty) or not."""

    peer: str
    sent: int = 0
    received: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    duration_ms: float = 0.0
    error: str = ""


SyncEvent = SyncProgress | SyncDone


class BundleWriteRequest(Request, frozen=True):
    """Write a bundle file on this machine."""

    path: str
    peer: str | None = None


class BundleReadRequest(Request, frozen=True):
    """Read a bundle file of this machine."""

    path: str


class BundleView(View, frozen=True):
    """What a bundle held."""

    path: str
    entries: int
    new: int
    bytes: int
    refused: int = 0
    problems: tuple[str, ...] = ()


# --- everything else -----------------------------------------------------------------


class NodeEvent(View, frozen=True):
    """Something changed: fetch again what is on screen."""

    topic: Literal["status", "contributions", "peers", "links", "members", "model", "stopping"]
    detail: str = ""


class ErrorView(View, frozen=True):
    """What went wrong, for a person (message) and for a program (code)."""

    code: str
    message: str

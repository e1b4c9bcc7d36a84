"""What entries do to this node's view, once they are in the set and can be opened.

    put -> take -> certificate   names a log
                   genesis       begins a space
                   control       rules, keys, names
                   withdrawal    erases
                   begin, edit   make a document stale

Taking an entry in again, or in another order, ends in the same view. An entry
that cannot be opened yet is taken when its epoch's key comes; a control entry
whose log has no certificate yet waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crdt.certificates import check_certificate
from crdt.codec import Decoder, encode
from crdt.entries.contents import CardText, InviteSecret, ProfileText
from crdt.entries.opening import Opened, open_entry
from crdt.entries.skeletons import (
    Begin,
    Binding,
    Card,
    Certificate,
    Edit,
    Epoch,
    Genesis,
    Grant,
    Invite,
    Join,
    Profile,
    Revocation,
    Share,
    Withdrawal,
    is_control,
)
from crdt.errors import BadCertificate, CrdtError
from crdt.ids import DocumentId, EntryId, LogId, LogKey, Pseudonym, SpaceId, epoch_id
from crdt.replica.erasure import Erasure
from crdt.replica.writers import Writers
from crdt.rights.authority import ControlEntry
from crdt.store.rows import EpochKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crdt.crypto.keys import DeviceKeys
    from crdt.entries.entry import VerifiedEntry
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.people import People
    from crdt.replica.stale_views import StaleViews
    from crdt.store.port import Store

_CARD = Decoder(CardText, 32 * 1024)
_PROFILE = Decoder(ProfileText, 4 * 1024)
_SECRET = Decoder(InviteSecret, 256)


@dataclass(slots=True)
class Changes:
    """What changed since somebody last asked.

    Attributes:
        documents: Whose view must be made anew.
        ruled: Spaces whose control entries changed.
        hindered: What kept us from reacting in a community, by its `inner` space.
    """

    documents: set[DocumentId] = field(default_factory=set)
    ruled: set[SpaceId] = field(default_factory=set)
    hindered: dict[SpaceId, CrdtError] = field(default_factory=dict)


class Interpreter:
    """Takes entries in.

    Args:
        store: Where they are kept.
        keys: Of this device.
        stale: Told whose view must be made anew.
    """

    def __init__(self, store: Store, keys: DeviceKeys, stale: StaleViews) -> None:
        self._store = store
        self._stale = stale
        self._keys = keys
        self._erasure = Erasure(store, self.mark_stale)
        self.writers = Writers(store)
        self._judged_anew: set[SpaceId] = set()
        self._contested: dict[LogKey, None] = {}
        self._followed: dict[LogKey, None] = {}
        self._unnamed: dict[LogKey, list[EntryId]] = {}
        self._changes = Changes()
        self._is_loading = False

    def drain(self) -> Changes:
        """Return what changed, and begin to collect anew."""
        changes, self._changes = self._changes, Changes()
        return changes

    def load(self, held: HeldSpace) -> None:
        """Bring a space's view back from what the store holds; changes nothing in it."""
        self.writers.load(held.space)
        held.lineage.load()
        self._is_loading = True
        for stored in self._store.entries.control(held.space):
            opened = open_entry(stored.entry, held.keyring)
            if opened is None:
                continue
            if isinstance(opened.skeleton, Genesis):
                held.begin(opened.skeleton.charter)
            elif not isinstance(opened.skeleton, Certificate | Withdrawal):
                self._govern(held, stored.entry, opened)
        self._is_loading = False
        self._changes = Changes()

    def withdrawal_of(self, document: DocumentId) -> EntryId | None:
        """Return the withdrawal that took a document back whole, or None."""
        return self._erasure.withdrawal_of(document)

    def take_again(self, held: HeldSpace, entry: VerifiedEntry) -> None:
        """Take in an entry that was here, and can be opened, or is complete, only now."""
        opened = open_entry(entry, held.keyring)
        if opened is None:
            if entry.skeleton is None:
                self._erasure.take_stub(held, entry.id)
            return
        document = document_of(entry.id, opened)
        self._store.entries.interpret(entry.id, opened.kind, document)
        if document is not None:
            self._erasure.take_edit(held, entry.id, document)
        if self._store.entries.has(entry.id):
            self.take(held, entry, opened)
            self.mark_stale(document)

    def take(self, held: HeldSpace, entry: VerifiedEntry, opened: Opened) -> None:
        """Take in an entry that was just put, as a whole, with its kind and document.

        Inside a transaction.
        """
        skeleton = opened.skeleton
        match skeleton:
            case Certificate():
                self._name(held, entry, skeleton)
            case Genesis():
                self._found(held, skeleton)
            case Withdrawal():
                self._take_explained(held, self._erasure.withdraw(held, entry, skeleton))
            case Begin() | Edit():
                document = document_of(entry.id, opened)
                if document is not None:
                    self._erasure.take_edit(held, entry.id, document)
                    self._changes.documents.add(document)
            case _ if is_control(opened.kind):
                self._govern(held, entry, opened)
            case _:
                pass

    def mark_stale(self, document: DocumentId | None) -> None:
        """Note that a document's view must be made anew. Inside a transaction."""
        if document is not None:
            self._changes.documents.add(document)
            self._stale.note(document)

    def _take_explained(self, held: HeldSpace, names: Iterable[EntryId]) -> None:
        """Take in what was aside until a withdrawal explained what it lacks."""
        for name in names:
            stored = self._store.entries.get(name)
            if stored is not None:
                self.take_again(held, stored.entry)

    # --- certificates and charters -----------------------------------------------------

    def _name(self, held: HeldSpace, entry: VerifiedEntry, certificate: Certificate) -> None:
        header = entry.header
        try:
            pseudonym = check_certificate(header, certificate)
        except BadCertificate:
            return
        log, others = header.log_key, self.writers.all_of(header.log_key) - {pseudonym}
        self.writers.certify(log, entry.id, pseudonym)
        if others:
            self._contested[log] = None
        explained = self._store.erasures.name_log(*log, entry.id, pseudonym)
        for erased in explained:
            gone = self._store.entries.get(erased)
            self.mark_stale(gone.document if gone else None)
        self._take_explained(held, explained)
        self._erasure.take_author(held, header.log, pseudonym)
        self._govern_waiting(held, log)
        self._reconsider(pseudonym, header.log)

    def _govern_waiting(self, held: HeldSpace, log: LogKey) -> None:
        for waiting in self._unnamed.pop(log, []):
            stored = self._store.entries.get(waiting)
            opened = open_entry(stored.entry, held.keyring) if stored else None
            if stored is not None and opened is not None:
                self._govern(held, stored.entry, opened)

    # --- logs that are certified for several people --------------------------------------

    def follow(self, held: HeldSpace, entry: VerifiedEntry) -> None:
        """Note an entry that came into the set: later ones of its log may rest on it."""
        if self.writers.is_contested(entry.header.log_key):
            self._followed[entry.header.log_key] = None
        if held.lineage.arrived(entry.id):
            self._judged_anew.add(held.space)

    def note_fork(self, held: HeldSpace, log: LogId) -> None:
        """Note that a log contradicts itself: who wrote it may have been cut off before."""
        forks = (fork for fork in self._store.logs.forks(held.space) if fork.log == log)
        news = any(held.lineage.note(log, fork.one, fork.other) for fork in forks)
        if news and held.access is not None and held.access.is_cut(log):
            self._judged_anew.add(held.space)

    def settle(self, holdings: Mapping[SpaceId, HeldSpace]) -> None:
        """After a batch, give the entries of contested logs to whom they belong."""
        for log in self._followed:
            self._govern_waiting(holdings[log[0]], log)
            self._reconsider(None, log[1])
        self._followed.clear()
        due = {
            log: holdings[log[0]]
            for log in self._contested
            if any(holdings[log[0]].has_been_raised(author) for author in self.writers.all_of(log))
        }
        self._judged_anew |= {held.space for held in due.values()}
        for space in self._judged_anew:
            self._load_anew(holdings[space])
        self._judged_anew.clear()
        for log in due:
            del self._contested[log]

    def _load_anew(self, held: HeldSpace) -> None:
        """Judge a space from the beginning: what somebody wrote is another's, or was cut off."""
        before = held.acts_in_force()
        held.forget()
        for row in self._store.logs.of_space(held.space):
            self._unnamed.pop((held.space, row.log), None)
        changes = self.drain()
        self.load(held)
        self._changes = changes
        self._changes.ruled.add(held.space)
        if held.acts_in_force() != before:
            for document in self._store.entries.documents(held.space):
                self.mark_stale(document)

    def _found(self, held: HeldSpace, genesis: Genesis) -> None:
        if held.begin(genesis.charter):
            self._changes.ruled.add(held.space)
            row = self._store.spaces.get(held.space)
            self._store.spaces.add(
                type(row)(row.space, row.kind, row.realm, encode(genesis.charter), row.incarnation)
            )
            for document in self._store.entries.documents(held.space):
                self.mark_stale(document)

    # --- control -------------------------------------------------------------------------

    def _govern(self, held: HeldSpace, signed: VerifiedEntry, opened: Opened) -> None:
        header = signed.header
        author = self.writers.author(signed)
        if author is None:
            # Ids only: whoever withholds a certificate must not fill our memory with the rest.
            self._unnamed.setdefault(header.log_key, []).append(signed.id)
            return
        entry = ControlEntry(
            signed.id,
            header.log,
            header.sequence,
            author,
            opened.skeleton,
            opened.cites,
            opened.kind,
        )
        settled = held.rule(entry)
        match opened.skeleton:
            case Card(stamp_ms=stamp_ms):
                self._present(held, entry, stamp_ms, opened.content)
            case Profile(stamp_ms=stamp_ms):
                self._call(held, author, stamp_ms, opened.content)
            case Binding() as binding if held.people:
                self._bind(held.people, author, binding)
            case Invite(key=key):
                self._keep_secret(held, key, opened.content)
            case Join(invite=invite, box=box):
                if held.people and box:
                    held.people.receive(invite, author, entry.log, box)
                    self._rename({entry.log, *self._logs_like(held.people, author)})
            case Epoch() | Share() as record:
                self._learn(held, entry, record)
            case _:
                pass
        for each in settled:
            self._reconsider_whom(held, each)
        self._changes.ruled.add(held.space)

    def _present(
        self, held: HeldSpace, entry: ControlEntry, stamp_ms: int, content: bytes | None
    ) -> None:
        try:
            text = _CARD(content or b"")
        except CrdtError:
            return
        held.present(entry, stamp_ms, text.name, text.description)

    def _call(
        self, held: HeldSpace, author: Pseudonym, stamp_ms: int, content: bytes | None
    ) -> None:
        if held.people is None:
            return
        before = self._logs_like(held.people, author)
        try:
            held.people.call(author, _PROFILE(content or b"").name, stamp_ms)
        except CrdtError:
            return
        self._rename(before | self._logs_like(held.people, author))

    def _bind(self, people: People, author: Pseudonym, binding: Binding) -> None:
        was_known = people.member(author) is not None
        people.bind(author, binding)
        self._rename([LogId(binding.log)])
        if not was_known:
            self._rename(self._logs_like(people, author))

    def _keep_secret(self, held: HeldSpace, invite: bytes, content: bytes | None) -> None:
        if held.people is None:
            return
        try:
            joined = held.people.keep_secret(invite, _SECRET(content or b"").sealing_key)
        except CrdtError:
            return
        for author in joined:
            own = frozenset(self.writers.logs_of(author))
            self._rename(own | self._logs_like(held.people, author))

    def _learn(self, held: HeldSpace, entry: ControlEntry, record: Epoch | Share) -> None:
        if held.epochs is None:
            return
        learnt = held.epochs.learn(entry, record, self._keys.device)
        for key, source in learnt:
            epoch = EpochKey(held.space, epoch_id(key), key, source.cites, source.id)
            self._store.epochs.add(epoch)
        for key, _ in learnt:
            for stored in self._store.entries.unopened(held.space, epoch_id(key)):
                self.take_again(held, stored.entry)

    def _logs_like(self, people: People, author: Pseudonym) -> frozenset[LogId]:
        return frozenset() if self._is_loading else people.logs_like(author)

    def _rename(self, logs: Iterable[LogId]) -> None:
        """Documents show the names of who wrote them, told apart from those of others."""
        if self._is_loading:
            return
        for log in logs:
            for document in self._store.entries.documents_of_log(log):
                self.mark_stale(document)

    # --- what a change of rules touches --------------------------------------------------

    def _reconsider_whom(self, held: HeldSpace, entry: ControlEntry) -> None:
        """What an act says of somebody's rights touches all that they wrote."""
        if held.access is None or not held.access.decides(entry.id):
            return
        match entry.skeleton:
            case Join():
                self._reconsider(entry.pseudonym)
            case Grant(principal=principal):
                self._reconsider(Pseudonym(principal))
            case Revocation(principal=principal, cuts=cuts):
                if principal is not None:
                    self._reconsider(Pseudonym(principal))
                for cut in cuts:
                    self._reconsider(None, LogId(cut.log))
            case _:
                pass

    def _reconsider(self, principal: Pseudonym | None, log: LogId | None = None) -> None:
        if self._is_loading:
            return
        logs = [log] if log else self.writers.logs_of(principal) if principal else ()
        for changed in logs:
            for document in self._store.entries.documents_of_log(changed):
                self.mark_stale(document)


def document_of(entry: EntryId, opened: Opened) -> DocumentId | None:
    """Which document an entry begins or edits, if any."""
    match opened.skeleton:
        case Begin():
            return DocumentId(entry)
        case Edit(document=document):
            return DocumentId(document)
        case _:
            return None

"""Every error this project raises on purpose descends from `MeshError`.

MeshError
    CrdtError
        Malformed           bytes that are not the format (entry, frame, bundle, ticket, words)
                BadId           what was typed is no id, nor the beginning of one
        TooLarge            a bound of the format was passed
        BadSignature        a signature does not belong to the key it names
        BadCertificate      a log's certificate does not fit the log
        CannotOpen          sealed with a key that this node does not hold
        NotAuthorised       the author's grants do not allow it
            NotYours        somebody else wrote it
        SpaceClosed         a control record of newer software rules this space
        UnknownSpace        no such space on this node
        UnknownEntry        no such entry or document on this node
        AmbiguousId         a shortened id names more than one thing
        Withdrawn           the document was withdrawn
        DocumentFull        a document takes no more of its writer
        DocumentDamaged     a document's edits contradict each other
        QuotaSpent          somebody who was never let in has left enough here
        LogForked           a log has two entries with one number
        BadInvite           a ticket that cannot be redeemed
        StoreError
            WrongKey        the database does not open with this key
            StoreDamaged    the database is damaged
            StoreTooNew     the database was written by newer software
            DiskFull        no room left on the disk
"""

from __future__ import annotations

from typing import ClassVar


class MeshError(Exception):
    """Something went wrong that the node knows how to explain.

    The class docstring is the sentence a person reads; the message adds the
    particulars. `code` is stable: tests, the HTTP API and logs match on it.
    """

    code: ClassVar[str] = "mesh"

    def explain(self) -> str:
        """Return the sentence for a person, with the particulars where there are any."""
        sentence = (type(self).__doc__ or "").splitlines()[0]
        particulars = str(self)
        return f"{sentence} ({particulars})" if particulars else sentence


class CrdtError(MeshError):
    """The shared record refused an operation."""

    code = "crdt"


class Malformed(CrdtError):
    """These bytes are not in the format they should be in."""

    code = "crdt.malformed"


class BadId(Malformed):
    """That is no id. Give four or more letters of one that `meshnode list` shows."""

    code = "crdt.bad_id"


class TooLarge(CrdtError):
    """This is larger than the format allows."""

    code = "crdt.too_large"


class BadSignature(CrdtError):
    """This is not signed by the key it names."""

    code = "crdt.bad_signature"


class BadCertificate(CrdtError):
    """The certificate of this log does not fit the log."""

    code = "crdt.bad_certificate"


class CannotOpen(CrdtError):
    """This is sealed with a key that this node does not hold."""

    code = "crdt.cannot_open"


class NotAuthorised(CrdtError):
    """You do not hold the role this needs. Ask a steward of the community for it."""

    code = "crdt.not_authorised"


class NotYours(NotAuthorised):
    """Only who wrote it can take it back."""

    code = "crdt.not_yours"


class SpaceClosed(CrdtError):
    """A newer version of this software set rules this one does not know. Update to write here."""

    code = "crdt.space_closed"


class UnknownSpace(CrdtError):
    """This node holds no such space. Join a community first."""

    code = "crdt.unknown_space"


class UnknownEntry(CrdtError):
    """This node holds nothing with that id. Check the id, or sync and try again."""

    code = "crdt.unknown_entry"


class AmbiguousId(CrdtError):
    """That short id names more than one thing. Give more of its letters."""

    code = "crdt.ambiguous_id"


class Withdrawn(CrdtError):
    """This was withdrawn by its author and is no longer kept."""

    code = "crdt.withdrawn"


class DocumentFull(CrdtError):
    """This document takes no more from you. Begin a new one and link to it."""

    code = "crdt.document_full"


class DocumentDamaged(CrdtError):
    """The edits of this document contradict each other, so it is shown no further."""

    code = "crdt.document_damaged"


class QuotaSpent(CrdtError):
    """Whoever wrote this was never let in and has left enough. A steward can let them in."""

    code = "crdt.quota_spent"


class LogForked(CrdtError):
    """One device wrote two different entries under one number. Both are kept as proof."""

    code = "crdt.log_forked"


class BadInvite(CrdtError):
    """This ticket cannot be redeemed."""

    code = "crdt.bad_invite"


class StoreError(CrdtError):
    """The database refused."""

    code = "crdt.store"


class WrongKey(StoreError):
    """The database does not open with this key, or is damaged. Move it away and sync again."""

    code = "crdt.store.wrong_key"


class StoreDamaged(StoreError):
    """The database is damaged. Move it away and sync again from a peer or a bundle."""

    code = "crdt.store.damaged"


class StoreTooNew(StoreError):
    """The database was written by a newer version. Update this software."""

    code = "crdt.store.too_new"


class DiskFull(StoreError):
    """The disk is full. Free some space; nothing that was saved is lost."""

    code = "crdt.store.disk_full"

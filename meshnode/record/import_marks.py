"""What was imported, as far as a later import must know: a mark of what each text was.

A mark is keyed with this node's secret, and goes as soon as its document is withdrawn:
whoever opens this database later cannot test guesses of what the text said.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crdt.ids import DocumentId
    from crdt.replica.replica import Replica

_MARK_SHELF = "import marks"
"""Key: the document; value: its mark."""

_SECRET_SHELF = "import secret"  # noqa: S105 - the name of a shelf
_SECRET_BYTES = 32
_MARK_BYTES = 16


def import_secret(replica: Replica) -> bytes:
    """Return this node's own 32 bytes for naming files and texts; made when first asked for."""
    secret = replica.store.shelves.get(_SECRET_SHELF, b"")
    if secret is None:
        secret = os.urandom(_SECRET_BYTES)
        with replica.store.writing():
            replica.store.shelves.keep(_SECRET_SHELF, b"", secret)
    return secret


def keep_mark(replica: Replica, document: DocumentId, said: bytes) -> None:
    """Note what was imported into a document. Inside a transaction.

    Args:
        replica: On its own thread.
        document: Which.
        said: Stands for all that the file said, its digest for example; not kept itself.
    """
    replica.store.shelves.keep(_MARK_SHELF, document, _mark(replica, said))


def says_the_same(replica: Replica, document: DocumentId, said: bytes) -> bool:
    """Whether the last import into a document said just this."""
    return replica.store.shelves.get(_MARK_SHELF, document) == _mark(replica, said)


def forget_mark(replica: Replica, document: DocumentId) -> None:
    """Forget what was imported into a document. Inside a transaction."""
    replica.store.shelves.drop(_MARK_SHELF, document)


def _mark(replica: Replica, said: bytes) -> bytes:
    secret = import_secret(replica)
    return blake2b(said, key=secret, digest_size=_MARK_BYTES, person=b"import text").digest()

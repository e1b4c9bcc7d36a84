"""Taking words back: who signed it, and whose words it may reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.crypto.signing import Domain, check_signature
from crdt.entries.skeletons import Withdrawal
from crdt.ids import NO_ENTRY, DocumentId, EntryId, Pseudonym, SpaceId, digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crdt.crypto.signing import SigningKey


MAX_TARGETS = 1000
"""Entries that one withdrawal names; what has more edits takes several."""


def withdraw(
    key: SigningKey,
    space: SpaceId,
    targets: Sequence[EntryId],
    document: DocumentId | None,
    stamp_ms: int,
) -> Withdrawal:
    """Write the skeleton of a withdrawal.

    Args:
        key: The member's withdrawal key in that space.
        space: Where the words stand.
        targets: Entries whose content goes, at most `MAX_TARGETS`.
        document: Withdrawn whole, with whatever is added to it later; None: only the targets.
        stamp_ms: Our clock.
    """
    if len(targets) > MAX_TARGETS:
        raise ValueError(f"a withdrawal of more than {MAX_TARGETS} entries")
    named = tuple(sorted(targets))
    return Withdrawal(
        stamp_ms=stamp_ms,
        cites=(),
        targets=named,
        document=document,
        pseudonym=key.public,
        proof=key.sign(Domain.WITHDRAWAL, _message(space, document, named)),
        signatures=(),
    )


def check_withdrawal(space: SpaceId, withdrawal: Withdrawal) -> Pseudonym:
    """Make sure that a withdrawal is signed by the pseudonym that it names.

    Raises:
        BadSignature: It is not.
    """
    document = None if withdrawal.document is None else DocumentId(withdrawal.document)
    message = _message(space, document, withdrawal.targets)
    check_signature(withdrawal.pseudonym, Domain.WITHDRAWAL, message, withdrawal.proof)
    return Pseudonym(withdrawal.pseudonym)


def _message(space: SpaceId, document: DocumentId | None, targets: Sequence[bytes]) -> bytes:
    return digest(b"mesh withdrawal", space, document or NO_ENTRY, *targets)

"""Tickets: short enough for paper, and no letter of them can be mistaken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.entries.contents import Joiner
from crdt.entries.skeletons import Join
from crdt.errors import BadInvite, CannotOpen, CrdtError
from crdt.ids import Pseudonym, SpaceId
from crdt.rights.authority import proves_invitation
from crdt.tickets import Ticket, open_joiner, read_ticket, seal_joiner
from tests.crdt.people import bytes_for, device_keys

TICKET = Ticket(
    inner=bytes_for("inner", 32),
    invite=bytes_for("invite", 32),
    nonce=bytes_for("nonce", 16),
    secret=bytes_for("secret", 16),
    role=2,
    uses=1,
    expires_s=1_800_000_000,
    community="Ridge",
    address=bytes_for("address", 16),
)


def joiner(name: str = "Ahmed") -> Joiner:
    enrolment = device_keys(name).enrolment
    return Joiner(name, enrolment.member, enrolment.device_public, enrolment.signature, bytes(64))


def test_a_ticket_survives_being_typed_in_lower_case_with_spaces() -> None:
    text = TICKET.text()
    typed = "-".join(text[i : i + 5] for i in range(0, len(text), 5)).lower()

    assert read_ticket(f"  {typed}\n") == TICKET


def test_a_ticket_fits_a_small_qr_code_in_capital_letters() -> None:
    assert len(TICKET.text()) <= 279  # alphanumeric, version 8, level L
    assert TICKET.text().isalnum() and TICKET.text().isupper()


@given(position=st.integers(5, len(TICKET.text()) - 1), letter=st.sampled_from("ABCXYZ2347"))
def test_a_wrong_letter_is_noticed(position: int, letter: str) -> None:
    text = TICKET.text()
    changed = text[:position] + letter + text[position + 1 :]
    if changed == text:
        return
    try:
        assert read_ticket(changed) == TICKET  # the last letter has spare bits
    except BadInvite:
        return
    assert position == len(text) - 1


@given(st.text(max_size=300))
def test_anything_else_is_not_a_ticket(text: str) -> None:
    for attempt in (text, "MESH1" + text):
        with pytest.raises(BadInvite):
            read_ticket(attempt)


def test_a_join_is_proven_with_the_ticket_for_one_person_in_one_space() -> None:
    space, ahmed, eve = SpaceId(TICKET.inner), Pseudonym(b"a" * 32), Pseudonym(b"e" * 32)
    join = Join(0, (), TICKET.signing.public, TICKET.prove(space, ahmed), b"")

    assert proves_invitation(space, join, ahmed)
    assert not proves_invitation(space, join, eve)
    assert not proves_invitation(SpaceId(bytes(32)), join, ahmed)


def test_only_members_read_who_is_joining() -> None:
    box = seal_joiner(TICKET.sealing, joiner(), bytes(24))

    assert open_joiner(TICKET.sealing, box) == joiner()
    with pytest.raises(CannotOpen):
        open_joiner(bytes(32), box)


@given(st.binary(max_size=200))
def test_garbage_is_no_joiner(box: bytes) -> None:
    with pytest.raises(CrdtError):
        open_joiner(TICKET.sealing, box)

"""By which tickets newcomers are found: as long as they need it, and not for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crdt.ids import SpaceId
from crdt.replica import held_space
from crdt.rights.authority import Role
from crdt.tickets import CLOSED_AFTER_MS, invite_discovery_key, read_ticket
from tests.crdt.air_village import AirMeeting, AirVillager
from tests.crdt.village import HOUR_MS, Villager
from transports.simulated_air import CLEAR

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def rosa(tmp_path: Path) -> AirVillager:
    rosa = AirVillager(tmp_path, "rosa")
    rosa.found()
    return rosa


def ticket_of(node: Villager, uses: int = 1) -> str:
    [community] = node.replica.membership.communities()
    return node.ticket(community, Role.CONTRIBUTOR, uses)


def redeem(node: Villager, ticket: str) -> None:
    node.replica.membership.redeem(read_ticket(ticket))


def keys_of(node: Villager) -> list[bytes]:
    """The discovery keys of `inner` that stand for tickets, in their order."""
    inner = node.space("inner")
    assert inner.epochs is not None
    found = inner.discovery_keys(node.weather.now_ms())
    return list(found[len(inner.epochs.discovery_keys()) :])


def key_of(text: str) -> bytes:
    ticket = read_ticket(text)
    return invite_discovery_key(ticket.sealing, SpaceId(ticket.inner))


def role_of(guest: Villager, host: Villager) -> Role | None:
    access = host.space("inner").access
    return access.role(guest.space("inner").own.pseudonym) if access else None


def pass_weeks(node: Villager) -> None:
    node.weather.time_ms += HOUR_MS + CLOSED_AFTER_MS + 1
    node.replica.react_anew()


def test_whoever_holds_a_new_ticket_is_found_however_many_there_were(
    rosa: AirVillager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_space, "MAX_OPEN_TICKETS", 3)
    for _ in range(5):
        ticket_of(rosa)
    chi = AirVillager(tmp_path, "chi")
    redeem(chi, ticket_of(rosa))

    for seed in range(2):
        AirMeeting(chi, rosa, CLEAR, seed).run()

    assert chi.space("inner").role is Role.CONTRIBUTOR
    assert chi.space("commons").role is Role.CONTRIBUTOR


def test_the_newest_tickets_come_first_also_after_a_start(rosa: AirVillager) -> None:
    tickets = [key_of(ticket_of(rosa)) for _ in range(4)]

    before = keys_of(rosa)
    rosa.restart()

    assert before == tickets[::-1]
    assert keys_of(rosa) == before


def test_a_ticket_that_nobody_used_is_closed_some_weeks_after_it_expired(rosa: AirVillager) -> None:
    one, many = ticket_of(rosa), ticket_of(rosa, uses=5)
    rosa.weather.time_ms += HOUR_MS + CLOSED_AFTER_MS // 2
    assert set(keys_of(rosa)) == {key_of(one), key_of(many)}

    pass_weeks(rosa)

    assert keys_of(rosa) == []


def test_a_ticket_is_open_until_its_holder_has_the_key(rosa: AirVillager, tmp_path: Path) -> None:
    ahmed, older, ticket = AirVillager(tmp_path, "ahmed"), ticket_of(rosa), ticket_of(rosa)
    redeem(ahmed, ticket)
    ahmed.give(rosa)  # the join came on a stick; nothing has gone back yet
    assert role_of(ahmed, rosa) is Role.CONTRIBUTOR
    assert keys_of(rosa) == [key_of(ticket), key_of(older)]

    for seed in range(3):
        AirMeeting(ahmed, rosa, CLEAR, seed).run()

    assert ahmed.space("inner").writing_seal() is not None
    assert keys_of(rosa) == [key_of(older), key_of(ticket)]


def test_a_used_ticket_gives_way_to_those_that_are_open(
    rosa: AirVillager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    still_open, used = ticket_of(rosa), ticket_of(rosa)
    ahmed = Villager(tmp_path, "ahmed")
    redeem(ahmed, used)
    rosa.meet(ahmed)

    both = keys_of(rosa)
    monkeypatch.setattr(held_space, "MAX_OPEN_TICKETS", 1)

    assert both == [key_of(still_open), key_of(used)]
    assert keys_of(rosa) == [key_of(still_open)]


def test_a_ticket_for_several_is_used_up_when_all_are_in(rosa: AirVillager, tmp_path: Path) -> None:
    older, several = ticket_of(rosa), ticket_of(rosa, uses=2)
    first, second = Villager(tmp_path, "first"), Villager(tmp_path, "second")
    redeem(first, several)
    rosa.meet(first)
    assert keys_of(rosa) == [key_of(several), key_of(older)]

    redeem(second, several)
    rosa.meet(second)

    assert keys_of(rosa) == [key_of(older), key_of(several)]


def test_a_members_second_device_is_found_by_its_own_ticket(
    rosa: AirVillager, tmp_path: Path
) -> None:
    laptop, phone = Villager(tmp_path, "ahmed"), Villager(tmp_path, "ahmed", "phone")
    redeem(laptop, ticket_of(rosa))
    rosa.meet(laptop)
    ticket = ticket_of(rosa)
    redeem(phone, ticket)
    phone.give(rosa)
    pass_weeks(rosa)

    waiting = keys_of(rosa)
    rosa.meet(phone)

    assert waiting == [key_of(ticket)]
    assert keys_of(rosa) == []

"""Meetings of two nodes: what each learns, in how many frames, and after a cut."""

from __future__ import annotations

import pytest

from crdt.entries.entry import Priority
from crdt.ids import EntryId
from crdt.store.rows import Run, Unfinished
from crdt.sync.events import Ended, EntriesArrived, PeerProven
from crdt.sync.frames import Bye, Entries, decode_frame
from crdt.sync.hello import SharedSpace
from crdt.sync.receipts import open_receipt, sign_receipt
from crdt.sync.session import Stage
from crdt.sync.transfer import WINDOW_BYTES
from tests.crdt.meeting import COMMONS, INNER, End, Meeting, Node, meet
from tests.crdt.writers import OTHER_SPACE, SPACE


def arrived(end: End) -> list[EntryId]:
    found = [event for event in end.events if isinstance(event, EntriesArrived)]
    return [EntryId(entry.signature) for event in found for entry in event.entries]


def entry_frames(end: End) -> list[Entries]:
    frames = [decode_frame(frame) for frame in end.sent]
    return [frame for frame in frames if isinstance(frame, Entries)]


def agree(meeting: Meeting) -> bool:
    ends = meeting.one.last_settled(), meeting.other.last_settled()
    return all(end is not None and not end.differing for end in ends)


def test_two_that_hold_the_same_settle_in_one_frame_each() -> None:
    rosa, ahmed = Node("rosa", COMMONS, INNER), Node("ahmed", COMMONS, INNER)
    rosa.write(b"the spring")
    meet(rosa, ahmed)

    meeting = meet(ahmed, rosa)

    assert (len(meeting.one.sent), len(meeting.other.sent)) == (1, 1)
    assert agree(meeting)
    assert sum(map(len, meeting.one.sent)) < 383  # one Reticulum packet


def test_each_gets_exactly_what_it_lacks() -> None:
    rosa, ahmed = Node("rosa"), Node("ahmed")
    rosa.write(b"both have this")
    meet(rosa, ahmed)
    for turn in range(5):
        rosa.write(b"rosa %d" % turn)
        ahmed.write(b"ahmed %d" % turn)

    meeting = meet(rosa, ahmed)

    assert (len(arrived(meeting.one)), len(arrived(meeting.other))) == (5, 5)
    assert rosa.holds() == ahmed.holds() and len(rosa.holds()) == 11
    assert agree(meeting)


def test_an_empty_side_sends_no_list_and_gets_everything() -> None:
    rosa, ahmed = Node("rosa"), Node("ahmed")
    for turn in range(20):
        rosa.write(b"entry %d" % turn)

    meeting = meet(ahmed, rosa)

    assert ahmed.holds() == rosa.holds()
    assert not any(type(decode_frame(frame)).__name__ == "ShortIds" for frame in meeting.one.sent)


def test_a_third_node_carries_what_two_never_tell_each_other() -> None:
    rosa, mule, ahmed = Node("rosa"), Node("mule"), Node("ahmed")
    rosa.write(b"from the ridge")
    ahmed.write(b"from the valley")
    for other in (rosa, ahmed, rosa):
        meet(mule, other)
    assert rosa.holds() == ahmed.holds() == mule.holds()


def test_a_link_that_is_cut_keeps_what_came_whole_and_the_next_goes_on() -> None:
    rosa, ahmed = Node("rosa"), Node("ahmed")
    for turn in range(40):
        rosa.write(bytes([turn]) * 4000)

    Meeting(rosa, ahmed, frame_budget=8000).run(most_frames=10)
    halfway = len(ahmed.holds())
    second = meet(rosa, ahmed)

    assert 0 < halfway < 40
    assert ahmed.holds() == rosa.holds()
    assert len(arrived(second.other)) == 40 - halfway


def test_the_urgent_comes_first_across_spaces() -> None:
    rosa, ahmed = Node("rosa", COMMONS, INNER), Node("ahmed", COMMONS, INNER)
    for turn in range(30):
        rosa.write(bytes([turn]) * 2000)
    alert = rosa.write(b"flood", OTHER_SPACE, Priority.URGENT)

    meeting = meet(rosa, ahmed, frame_budget=4000)

    assert arrived(meeting.other)[0] == alert.signature


def test_bulk_stays_home_on_a_link_that_does_not_carry_it() -> None:
    rosa, ahmed = Node("rosa"), Node("ahmed")
    text, video = rosa.write(b"text"), rosa.write(b"video", priority=Priority.BULK)

    meeting = meet(rosa, ahmed, takes_bulk=False)

    assert ahmed.holds() == {text.id}
    settled = meeting.one.last_settled()
    assert settled is not None and settled.differing == (SPACE,)
    meet(rosa, ahmed)
    assert ahmed.holds() == {text.id, video.id}


def test_an_entry_larger_than_the_budget_travels_alone() -> None:
    rosa, ahmed = Node("rosa"), Node("ahmed")
    rosa.write(bytes(40_000))
    rosa.write(b"small")
    meeting = meet(rosa, ahmed, frame_budget=400)
    assert ahmed.holds() == rosa.holds()
    assert [len(frame.wires) for frame in entry_frames(meeting.one)] == [1, 1]


def test_a_slow_admitter_holds_the_sender_back() -> None:
    rosa, ahmed = Node("rosa"), Node("ahmed")
    for turn in range(20):
        rosa.write(bytes([turn]) * 40_000)
    meeting = Meeting(rosa, ahmed)
    waiting = list[EntriesArrived]()
    ahmed_session = meeting.other.session
    while meeting.one.outbox or meeting.other.outbox:
        while meeting.one.outbox:
            for event in ahmed_session.receive(meeting.one.outbox.popleft()):
                if isinstance(event, EntriesArrived):
                    waiting.append(event)
                else:
                    meeting.other.obey([event])
        while meeting.other.outbox:
            meeting.one.obey(meeting.one.session.receive(meeting.other.outbox.popleft()))

    held_back = sum(event.frame_bytes for event in waiting)
    assert WINDOW_BYTES <= held_back <= WINDOW_BYTES + 64 * 1024
    for event in waiting:
        meeting.other.obey([event])
    meeting.run()
    assert ahmed.holds() == rosa.holds()


def test_a_withdrawal_travels_before_what_it_takes_and_nothing_comes_back() -> None:
    rosa, ahmed, chidi = Node("rosa"), Node("ahmed"), Node("chidi")
    regret = rosa.write(b"a regret")
    meet(rosa, ahmed)
    rosa.withdraw(regret.id)

    meet(rosa, chidi)  # gets the bare header with its explanation
    meet(ahmed, chidi)  # brings the words, which are refused, and learns of the withdrawal

    for node in (ahmed, chidi):
        stored = node.store.entries.get(regret.id)
        assert stored is not None and stored.entry.content is None
    meet(rosa, ahmed)
    assert rosa.holds() == ahmed.holds() == chidi.holds()


def test_what_is_written_during_a_meeting_travels_by_push() -> None:
    rosa, ahmed = Node("rosa"), Node("ahmed")
    rosa.write(b"before")
    meeting = meet(rosa, ahmed)
    fresh = rosa.write(b"during")
    stored = rosa.store.entries.get(fresh.id)
    assert stored is not None

    meeting.one.obey(meeting.one.session.push(SPACE, [stored.number]))
    meeting.run()

    assert fresh.id in ahmed.holds()
    assert len(meeting.one.sent) == len(set(meeting.one.sent))


def test_an_alert_overtakes_what_is_being_sent() -> None:
    rosa, ahmed = Node("rosa", COMMONS, INNER), Node("ahmed", COMMONS, INNER)
    for turn in range(40):
        rosa.write(bytes([turn]) * 40_000)
    meeting = Meeting(rosa, ahmed).run(most_frames=8)
    alert = rosa.write(b"flood", OTHER_SPACE, Priority.URGENT)
    stored = rosa.store.entries.get(alert.id)
    assert stored is not None
    before = len(arrived(meeting.other))

    meeting.one.obey(meeting.one.session.push(OTHER_SPACE, [stored.number]))
    meeting.run()

    under_way = WINDOW_BYTES // 40_000 + 2
    assert alert.signature in arrived(meeting.other)[before : before + under_way]
    assert len(ahmed.holds()) == 40


def test_many_new_entries_are_compared_rather_than_pushed() -> None:
    rosa, ahmed = Node("rosa"), Node("ahmed")
    meeting = meet(rosa, ahmed)
    for turn in range(100):
        rosa.write(b"note %d" % turn)
    numbers = [number for _, number in rosa.store.entries.ids(SPACE)]
    meeting.one.obey(meeting.one.session.push(SPACE, numbers))
    meeting.run()
    assert ahmed.holds() == rosa.holds()
    assert agree(meeting)


def test_both_may_ask_for_another_comparison_at_once() -> None:
    rosa, ahmed = Node("rosa"), Node("ahmed")
    meeting = meet(rosa, ahmed)
    for turn in range(3):
        rosa.write(b"rosa %d" % turn)
        ahmed.write(b"ahmed %d" % turn)
        meeting.one.obey(meeting.one.session.refresh(SPACE))
        meeting.other.obey(meeting.other.session.refresh(SPACE))
        meeting.run()
        assert rosa.holds() == ahmed.holds()
    assert agree(meeting)


def test_only_shared_spaces_are_synced() -> None:
    rosa, stranger = Node("rosa", COMMONS, INNER), Node("stranger", COMMONS)
    rosa.write(b"public")
    rosa.write(b"private", OTHER_SPACE)
    meet(rosa, stranger)
    meet(stranger, rosa)
    assert len(stranger.holds()) == 1


# --- who is served -------------------------------------------------------------------


def test_the_peer_proves_which_device_it_is() -> None:
    rosa, ahmed = Node("rosa", INNER), Node("ahmed", INNER)
    meeting = meet(rosa, ahmed)
    proven = PeerProven(ahmed.device.public, (OTHER_SPACE,), INNER.discovery_keys)
    assert proven in meeting.one.events
    assert meeting.other.session.peer == rosa.device.public


@pytest.mark.parametrize("member_speaks_first", [True, False])
def test_who_may_not_read_gets_nothing_though_it_knows_the_key(member_speaks_first: bool) -> None:
    rosa, former = Node("rosa", INNER), Node("former", INNER)
    rosa.trusted = set()
    for turn in range(5):
        rosa.write(b"secret %d" % turn, OTHER_SPACE)

    meeting = meet(rosa, former) if member_speaks_first else meet(former, rosa)

    # Rosa's credentials are all she may send; she writes this space's whole log in this test.
    rosa_end = meeting.one if member_speaks_first else meeting.other
    assert entry_frames(rosa_end) == []
    assert former.holds(OTHER_SPACE) == set()


@pytest.mark.parametrize("joiner_speaks_first", [True, False])
def test_a_joiner_gives_its_credentials_and_is_served_in_the_same_meeting(
    joiner_speaks_first: bool,
) -> None:
    rosa, joiner = Node("rosa", INNER), Node("joiner", INNER)
    rosa.trusted = set()
    for turn in range(5):
        rosa.write(b"history %d" % turn, OTHER_SPACE)
    join = joiner.write(b"join", OTHER_SPACE)
    meeting = Meeting(*((joiner, rosa) if joiner_speaks_first else (rosa, joiner)))
    rosa_end = meeting.other if joiner_speaks_first else meeting.one

    def grant(event: EntriesArrived) -> None:
        assert rosa.trusted is not None
        if join.id in rosa.holds(OTHER_SPACE):
            rosa.trusted.add(joiner.device.public)

    rosa_end.on_admission = grant
    meeting.run()

    assert joiner.holds(OTHER_SPACE) == rosa.holds(OTHER_SPACE)
    assert len(joiner.holds(OTHER_SPACE)) == 6
    assert agree(meeting)


def test_little_is_taken_from_whom_is_not_served() -> None:
    rosa, flood = Node("rosa", INNER), Node("flood", INNER)
    rosa.trusted = set()
    rosa.write(b"there is something", OTHER_SPACE)
    for turn in range(10):
        flood.write(bytes([turn]) * 40_000, OTHER_SPACE)
    meet(flood, rosa)
    assert len(rosa.holds(OTHER_SPACE)) <= 3


@pytest.mark.parametrize("newer_speaks_first", [True, False])
def test_one_that_missed_a_key_change_is_recognised(newer_speaks_first: bool) -> None:
    def space(*keys: bytes) -> SharedSpace:
        return SharedSpace(OTHER_SPACE, keys, needs_proof=True, has_receipts=True)

    newer = Node("newer", space(b"3" * 32, b"2" * 32, b"1" * 32))
    older = Node("older", space(b"2" * 32, b"1" * 32))
    newer.write(b"epoch", OTHER_SPACE)
    older.write(b"note", OTHER_SPACE)
    meeting = meet(newer, older) if newer_speaks_first else meet(older, newer)
    assert newer.holds(OTHER_SPACE) == older.holds(OTHER_SPACE)
    assert agree(meeting)


@pytest.mark.parametrize("changes", [1, 3])
def test_two_that_each_changed_the_key_apart_recognise_each_other(changes: int) -> None:
    def space(*keys: bytes) -> SharedSpace:
        return SharedSpace(OTHER_SPACE, keys, needs_proof=True, has_receipts=True)

    def newer_keys(first: int) -> list[bytes]:
        return [bytes([first + n]) * 32 for n in range(changes)]

    rosa = Node("rosa", space(*newer_keys(10), b"0" * 32))
    ahmed = Node("ahmed", space(*newer_keys(20), b"0" * 32))
    rosa.write(b"one epoch", OTHER_SPACE)
    ahmed.write(b"another epoch", OTHER_SPACE)

    meeting = meet(rosa, ahmed)

    assert rosa.holds(OTHER_SPACE) == ahmed.holds(OTHER_SPACE)
    assert agree(meeting)


def test_a_node_that_meets_itself_says_so() -> None:
    rosa = Node("rosa", INNER)
    meeting = meet(rosa, rosa)
    assert Ended(Bye.MET_ITSELF, by_peer=False) in meeting.other.events
    assert Ended(Bye.MET_ITSELF, by_peer=True) in meeting.one.events


def test_a_goodbye_ends_it_on_both_sides() -> None:
    rosa, ahmed = Node("rosa"), Node("ahmed")
    meeting = meet(rosa, ahmed)
    meeting.one.obey(meeting.one.session.close())
    meeting.run()
    assert meeting.one.session.stage is meeting.other.session.stage is Stage.ENDED
    assert meeting.other.events[-1] == Ended(Bye.DONE, by_peer=True)
    assert meeting.other.session.receive(meeting.one.sent[0]) == []


# --- receipts ---------------------------------------------------------------------------


def receipt(node: Node, counter: int, *unfinished: EntryId) -> bytes:
    runs = {
        (OTHER_SPACE, row.log): node.store.logs.runs(OTHER_SPACE, row.log)
        for row in node.store.logs.of_space(OTHER_SPACE)
    }
    signed = sign_receipt(node.device, counter, 1_000, runs, unfinished)
    with node.store.writing():
        opened = open_receipt(signed)
        node.store.receipts.put(OTHER_SPACE, opened.device, counter, signed)
    return signed


def test_receipts_of_everybody_are_passed_on_once() -> None:
    rosa, ahmed, chidi = (Node(name, INNER) for name in ("rosa", "ahmed", "chidi"))
    for node in (rosa, ahmed, chidi):
        node.write(b"note", OTHER_SPACE)
        receipt(node, 1)
    meet(rosa, ahmed)
    meet(ahmed, chidi)
    assert len(chidi.store.receipts.counters(OTHER_SPACE)) == 3

    quiet = meet(chidi, ahmed)

    assert quiet.frames == 2


def test_an_erasure_is_known_to_be_done_in_the_meeting_that_did_it() -> None:
    rosa, ahmed = Node("rosa", INNER), Node("ahmed", INNER)
    regret = rosa.write(b"a regret", OTHER_SPACE)
    meet(rosa, ahmed)
    withdrawal = rosa.withdraw(regret.id, space=OTHER_SPACE)

    meeting = meet(rosa, ahmed)
    log = (OTHER_SPACE, withdrawal.header.log)
    place = Unfinished(withdrawal.id, log, withdrawal.header.sequence)
    assert ahmed.store.erasures.unfinished(OTHER_SPACE) == (place,)
    ahmed.store.checkpoint()
    assert ahmed.store.erasures.unfinished(OTHER_SPACE) == ()
    signed = receipt(ahmed, 1)
    meeting.other.obey(meeting.other.session.offer_receipt(OTHER_SPACE, signed))
    meeting.run()

    got = rosa.store.receipts.get(OTHER_SPACE, ahmed.device.device)
    assert got is not None
    whole = Run(1, 2, withdrawal.id[:8])
    assert open_receipt(got).logs[log] == (whole,)
    assert not open_receipt(got).unfinished
    early = open_receipt(receipt(ahmed, 2, withdrawal.id))
    assert early.unfinished == {withdrawal.id}
    assert list(early.runs_over(log, 2)) == [whole]
    assert list(early.runs_over(log, 3)) == []

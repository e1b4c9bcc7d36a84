"""What strangers and liars achieve: an error that names the fault, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.crypto.keys import DeviceKey
from crdt.errors import BadSignature, Malformed, MeshError, TooLarge
from crdt.ids import LogId
from crdt.store.rows import Run
from crdt.sync import difference
from crdt.sync.conversation import MAX_ROUNDS
from crdt.sync.difference import ListDifference
from crdt.sync.events import Ended, Event, SendFrame
from crdt.sync.frames import (
    MAX_FRAME_BYTES,
    Ack,
    Bye,
    Done,
    Entries,
    Frame,
    Hello,
    Offer,
    Reoffer,
    ShortIds,
    Summary,
    decode_frame,
    encode_frame,
)
from crdt.sync.greeting import MAX_KEYS_ANSWERED
from crdt.sync.hello import (
    Box,
    Direction,
    Introduction,
    SharedSpace,
    encode_introduction,
    prove,
    tag_of,
)
from crdt.sync.receipts import decode_counters, decode_receipts, open_receipt, sign_receipt
from crdt.sync.session import Stage
from crdt.sync.transfer import WINDOW_BYTES
from tests.crdt.meeting import COMMONS, INNER, End, Meeting, Node, meet
from tests.crdt.people import bytes_for
from tests.crdt.writers import OTHER_SPACE, SPACE

if TYPE_CHECKING:
    from crdt.ids import EntryId

[INNER_KEY] = INNER.discovery_keys
NONCE = b"n" * 16


def greeted() -> Meeting:
    """Two that share the commons, have differing sets, and have said hello."""
    rosa, ahmed = Node("rosa"), Node("ahmed")
    rosa.write(b"rosa")
    ahmed.write(b"ahmed")
    return Meeting(rosa, ahmed).run(most_frames=2)


def everything(node: Node) -> list[set[EntryId]]:
    return [node.holds(shared.space) for shared in node.spaces]


def refused(end: End, frame: Frame | bytes, error: type[MeshError]) -> None:
    data = frame if isinstance(frame, bytes) else encode_frame(frame)
    before = end.session.stage, everything(end.node), end.session.peer
    with pytest.raises(error):
        end.session.receive(data)
    assert (end.session.stage, everything(end.node), end.session.peer) == before


def hello_of(
    liar: Node,
    channel_id: bytes,
    *,
    direction: Direction = Direction.INITIATOR,
    proof_channel: bytes | None = None,
    prover: Node | None = None,
) -> Hello:
    box = Box(INNER_KEY, direction, channel_id, NONCE)
    device = (prover or liar).device.public
    proof = prove(liar.device, direction, OTHER_SPACE, proof_channel or channel_id)
    said = Introduction(1, b"f" * 16, None, device, proof)
    tag = tag_of(INNER_KEY, direction, channel_id)
    return Hello(1, 1, NONCE, True, (Offer(tag, box.seal(encode_introduction(said))),), b"")


def waiting() -> Meeting:
    """Rosa waits, as the responder, for a hello about the inner space."""
    return Meeting(Node("liar", INNER), Node("rosa", INNER))


def test_the_lies_below_would_be_believed_if_they_were_true() -> None:
    meeting = waiting()
    meeting.other.obey(
        meeting.other.session.receive(encode_frame(hello_of(meeting.one.node, meeting.channel_id)))
    )
    assert meeting.other.session.peer == meeting.one.node.device.public


def test_a_hello_heard_on_another_link_is_of_no_use() -> None:
    earlier, meeting = waiting(), waiting()
    [heard] = earlier.one.sent
    meeting.other.obey(meeting.other.session.receive(heard))
    assert meeting.other.session.peer is None
    assert meeting.other.node.holds(OTHER_SPACE) == set()


def test_a_proof_made_for_another_link_is_refused() -> None:
    meeting = waiting()
    lie = hello_of(meeting.one.node, meeting.channel_id, proof_channel=b"another")
    refused(meeting.other, lie, BadSignature)


def test_nobody_proves_to_be_somebody_else() -> None:
    meeting = waiting()
    lie = hello_of(meeting.one.node, meeting.channel_id, prover=Node("chidi"))
    refused(meeting.other, lie, BadSignature)


def test_our_own_words_sent_back_to_us_name_no_space() -> None:
    rosa = Node("rosa", INNER)
    meeting = Meeting(rosa, Node("mirror", INNER))
    events = meeting.one.session.receive(meeting.one.sent[0])
    assert meeting.one.session.peer is None
    assert not any(isinstance(event, SendFrame) for event in events)


def test_a_proof_is_asked_for_where_one_is_needed() -> None:
    meeting = waiting()
    box = Box(INNER_KEY, Direction.INITIATOR, meeting.channel_id, NONCE)
    said = encode_introduction(Introduction(1, b"f" * 16, None, None, None))
    tag = tag_of(INNER_KEY, Direction.INITIATOR, meeting.channel_id)
    lie = Hello(1, 1, NONCE, True, (Offer(tag, box.seal(said)),), b"")
    refused(meeting.other, lie, Malformed)


def test_a_stranger_with_guessed_tags_learns_as_much_as_from_an_empty_node() -> None:
    guesses = tuple(Offer(bytes([turn]) * 8, b"guess") for turn in range(64))
    answers = []
    for spaces in ((INNER,), (COMMONS, INNER)):
        node = Node("rosa", *spaces)
        node.write(b"secret", OTHER_SPACE)
        meeting = Meeting(Node("stranger", COMMONS), node)
        hello = encode_frame(Hello(1, 1, NONCE, True, guesses, b""))
        events = meeting.other.session.receive(hello)
        answers.append([event for event in events if isinstance(event, SendFrame)])
        assert meeting.other.session.peer is None
    # One hello each, without a summary, and nothing after it.
    assert [len(answer) for answer in answers] == [1, 1]
    hello_frame = decode_frame(answers[0][0].frame)
    assert isinstance(hello_frame, Hello) and bytes(SPACE) not in answers[1][0].frame
    assert bytes(OTHER_SPACE) not in answers[0][0].frame


def test_without_a_common_version_both_part_politely() -> None:
    meeting = waiting()
    hello = Hello(7, 9, NONCE, True, (), b"what version 9 says here")
    events = meeting.other.session.receive(encode_frame(hello))
    assert Ended(Bye.NO_COMMON_VERSION, by_peer=False) in events
    assert meeting.other.session.stage is Stage.ENDED


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (Done(0, 7), Malformed),
        (Done(9, 1), Malformed),
        (Entries(3, (b"x",)), Malformed),
        (Entries(0, (b"x",)), Malformed),
        (Entries(0, (bytes(60_000),)), TooLarge),
        (Summary(0, 5, 1, NONCE), Malformed),
        (Summary(0, 0, 0, None), Malformed),
        (ShortIds(0, 1, b"short", True), Malformed),
        (ShortIds(0, 1, b"", False), Malformed),
        (ShortIds(0, 1, bytes(range(8)) * 2 + bytes(8), True), Malformed),
        (Ack(1 << 50), Malformed),
        (Reoffer(()), Malformed),
        (Hello(1, 1, NONCE, True, (), b""), Malformed),
        (b"", Malformed),
        (b"\x92\xff\x01", Malformed),
        (b"\x92\x63\x01", Malformed),
        (bytes(64 * 1024 + 1), TooLarge),
        (b"\x91" * 60_000, Malformed),
    ],
)
def test_a_frame_out_of_place_is_refused_and_the_meeting_could_go_on(
    frame: Frame | bytes, error: type[MeshError]
) -> None:
    meeting = greeted()
    refused(meeting.one, frame, error)
    meeting.run()
    assert meeting.one.node.holds() == meeting.other.node.holds()
    assert len(meeting.one.node.holds()) == 2


def test_a_hello_comes_first() -> None:
    refused(waiting().other, Done(0, 1), Malformed)


def test_offers_of_more_spaces_than_allowed_are_refused() -> None:
    offers = [[bytes(8), b""]] * 65
    data = msgspec.msgpack.encode([0, 1, 1, NONCE, True, offers, b""])
    refused(waiting().other, data, Malformed)


def test_a_later_offer_under_a_key_we_did_not_show_is_refused() -> None:
    shown = tuple(bytes([n]) * 32 for n in range(MAX_KEYS_ANSWERED))
    newer = SharedSpace(OTHER_SPACE, (*shown, INNER_KEY), needs_proof=True)
    meeting = Meeting(Node("liar", COMMONS), Node("rosa", COMMONS, newer)).run(most_frames=2)
    box = Box(INNER_KEY, Direction.INITIATOR, meeting.channel_id, NONCE)
    wrong = Offer(tag_of(INNER_KEY, Direction.INITIATOR, meeting.channel_id), box.seal(b"?"))
    refused(meeting.other, Reoffer((wrong,)), Malformed)


def test_who_sends_beyond_the_credit_is_refused() -> None:
    rosa, flood = Node("rosa"), Node("flood")
    entry = flood.write(bytes(40_000)).wire()
    meeting = Meeting(flood, rosa).run(most_frames=2)
    frame = encode_frame(Entries(0, (entry,)))
    with pytest.raises(TooLarge):
        for _ in range(10):
            meeting.other.session.receive(frame)  # and nobody admits


def test_short_ids_of_nothing_cost_a_bounded_number_of_rounds() -> None:
    rosa, liar = Node("rosa"), Node("liar")
    rosa.write(b"one")
    liar.write(b"two")
    meeting = Meeting(rosa, liar).run(most_frames=2)
    for number in range(1, 20):
        meeting.one.sent.clear()
        lies: list[Frame] = [ShortIds(0, number, bytes(8), True), Done(0, number)]
        if number > 1:
            lies.insert(0, Summary(0, number, 1, bytes([number]) * 16))
        for lie in lies:
            meeting.one.obey(meeting.one.session.receive(encode_frame(lie)))
        begun = [isinstance(decode_frame(frame), Summary) for frame in meeting.one.sent]
        assert sum(begun) <= 2  # an answer, and one of its own
    assert number > MAX_ROUNDS
    assert meeting.one.session.stage is Stage.TALKING


def test_a_list_of_ids_is_bounded_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(difference, "MAX_SHORT_IDS", 2)
    lists = ListDifference([], b"salt")
    with pytest.raises(TooLarge):
        lists.take(bytes(24), is_last=True)
    with pytest.raises(Malformed):
        lists.take(b"\x02" * 8 + b"\x01" * 8, is_last=True)
    lists.take(b"\x02" * 8, is_last=False)
    with pytest.raises(Malformed):
        lists.take(b"\x01" * 8, is_last=True)
    lists.take(b"\x03" * 8, is_last=True)
    with pytest.raises(Malformed):
        lists.take(b"", is_last=True)


def test_short_ids_that_collide_hide_each_other_only_once() -> None:
    ids = [(bytes([turn]) * 32, turn) for turn in range(200)]
    for salt in (b"one", b"two"):
        theirs = ListDifference(ids[:100], salt)  # type: ignore[arg-type]
        ours = ListDifference(ids, salt)  # type: ignore[arg-type]
        for page, is_last in theirs.pages():
            ours.take(page, is_last=is_last)
        assert sorted(ours.lacking()) == list(range(100, 200))


def test_a_forged_receipt_is_refused_with_all_that_came_with_it() -> None:
    rosa, liar = Node("rosa", INNER), Node("liar", INNER)
    signed = bytearray(sign_receipt(liar.device, 1, 0, {}, ()))
    open_receipt(bytes(signed))
    signed[-1] ^= 1
    meeting = meet(liar, rosa)
    liar_session = meeting.one.session
    [forged] = liar_session.offer_receipt(OTHER_SPACE, bytes(signed))
    assert isinstance(forged, SendFrame)
    refused(meeting.other, forged.frame, BadSignature)
    # The box was not used up: the true one still arrives in its place.
    assert rosa.store.receipts.counters(OTHER_SPACE) == {}


def with_receipts(count: int) -> Meeting:
    """Two that have settled; since then the other has heard of many devices."""
    meeting = meet(Node("rosa", INNER), Node("ahmed", INNER))
    run = Run(1, 9, bytes(8))
    logs = {(OTHER_SPACE, LogId(bytes_for(f"log {n}", 32))): (run,) for n in range(900)}
    with meeting.other.node.store.writing():
        for n in range(count):
            device = DeviceKey(bytes_for(f"device {n}", 64))
            signed = sign_receipt(device, 1, 1, logs, ())
            meeting.other.node.store.receipts.put(OTHER_SPACE, device.device, 1, signed)
    return meeting


def heard(end: End) -> bytes:
    conversation = end.session._conversations[OTHER_SPACE]
    return encode_frame(conversation.receipts.tell())


def frames_of(events: list[Event]) -> list[bytes]:
    return [event.frame for event in events if isinstance(event, SendFrame)]


def test_who_asks_for_receipts_gets_no_more_at_once_than_the_credit_allows() -> None:
    meeting = with_receipts(20)

    first = frames_of(meeting.other.session.receive(heard(meeting.one)))
    sent = sum(map(len, first))

    assert sent <= WINDOW_BYTES + MAX_FRAME_BYTES
    further = frames_of(meeting.other.session.receive(encode_frame(Ack(sent))))
    assert 0 < sum(map(len, further)) <= WINDOW_BYTES + MAX_FRAME_BYTES


def test_an_honest_peer_gets_all_receipts_there_are() -> None:
    meeting = with_receipts(20)

    meeting.other.obey(meeting.other.session.receive(heard(meeting.one)))
    meeting.run()

    assert len(meeting.one.node.store.receipts.counters(OTHER_SPACE)) == 20


def test_receipts_are_asked_for_once() -> None:
    meeting = with_receipts(1)
    meeting.other.obey(meeting.other.session.receive(heard(meeting.one)))
    meeting.run()

    refused(meeting.other, heard(meeting.one), Malformed)


def test_receipts_beyond_the_credit_are_refused() -> None:
    meeting = with_receipts(1)
    store = meeting.other.node.store.receipts
    [device] = store.counters(OTHER_SPACE)
    [large] = frames_of(
        meeting.other.session.offer_receipt(OTHER_SPACE, store.get(OTHER_SPACE, device) or b"")
    )
    entry = encode_frame(
        Entries(0, (meeting.other.node.writers[OTHER_SPACE].write(bytes(40_000)).wire(),))
    )
    for _ in range(8):
        meeting.one.session.receive(entry)  # and nobody admits

    refused(meeting.one, large, TooLarge)


# --- garbage -----------------------------------------------------------------------------

DECODERS = [decode_frame, decode_counters, decode_receipts, open_receipt]


@given(st.binary(max_size=300))
def test_every_decoder_refuses_garbage_with_our_error(garbage: bytes) -> None:
    for decode in DECODERS:
        try:
            decode(garbage)
        except MeshError:
            continue


HONEST = [
    frame
    for meeting in [meet(Node("rosa", COMMONS, INNER), Node("ahmed", COMMONS, INNER)), greeted()]
    for end in (meeting.one, meeting.other)
    for frame in end.sent
]


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(HONEST), st.data())
def test_a_damaged_frame_changes_nothing_but_may_end_the_meeting(
    honest: bytes, data: st.DataObject
) -> None:
    damaged = bytearray(honest)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    meeting = DAMAGED
    before = meeting.one.node.holds()
    try:
        meeting.one.session.receive(bytes(damaged))
    except MeshError:
        assert meeting.one.node.holds() == before


DAMAGED = greeted()

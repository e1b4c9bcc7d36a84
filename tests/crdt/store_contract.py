"""What every store promises. Subclass, give it an `open_store`, and it is tested."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.entries.authoring import Position, Seal
from crdt.entries.entry import MAX_SEQUENCE, Priority, VerifiedEntry, decode_entry, verify
from crdt.errors import AmbiguousId, LogForked, Malformed, UnknownEntry, UnknownSpace
from crdt.ids import NO_ENTRY, DeviceId, DocumentId, EntryId, SpaceId, epoch_id
from crdt.store.rows import EpochKey, Fork, Materialised, Put, Run, SetSummary, Unfinished
from tests.crdt.writers import KEY, OTHER_SPACE, SPACE, Writer, space_row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crdt.store.port import Store


class PowerCut(Exception):
    """The lights went out half way."""


def put(store: Store, *entries: VerifiedEntry) -> list[Put]:
    with store.writing():
        return [store.entries.put(entry) for entry in entries]


def begin(store: Store, writer: Writer) -> VerifiedEntry:
    entry = writer.write(b"a beginning")
    with store.writing():
        store.entries.put(entry, 32, DocumentId(entry.id))
    return entry


def stripped(entry: VerifiedEntry, *, skeleton: bool = True) -> VerifiedEntry:
    kept = None if skeleton else entry.skeleton
    return replace(entry, skeleton=kept, content=None)


def erase(
    store: Store,
    targets: Iterable[VerifiedEntry],
    owner: Writer | None,
    *,
    by: EntryId = EntryId(b"w" * 32),  # noqa: B008
    skeletons: bool = False,
) -> tuple[EntryId, ...]:
    pseudonym = owner.keys.pseudonym if owner else None
    with store.writing():
        names = [target.id for target in targets]
        return store.erasures.erase(names, by=by, space=SPACE, owner=pseudonym, skeletons=skeletons)


def name_log(store: Store, writer: Writer) -> tuple[EntryId, ...]:
    with store.writing():
        name = EntryId(writer.name.encode().ljust(32))
        return store.erasures.name_log(SPACE, writer.keys.log, name, writer.keys.pseudonym)


def run(first: VerifiedEntry, last: VerifiedEntry) -> Run:
    return Run(first.header.sequence, last.header.sequence, last.id[:8])


class StoreContract:
    """Given a fresh store that holds no space yet."""

    def open_store(self) -> Store:
        raise NotImplementedError

    def ready(self) -> Store:
        store = self.open_store()
        with store.writing():
            store.spaces.add(space_row(SPACE))
            store.spaces.add(space_row(OTHER_SPACE))
        return store

    # --- transactions ------------------------------------------------------------

    def test_a_batch_cut_short_leaves_nothing_and_says_nothing(self) -> None:
        store, rosa, said = self.ready(), Writer("rosa"), list[str]()
        before = store.spaces.summary(SPACE)
        with pytest.raises(PowerCut), store.writing():
            store.entries.put(rosa.write(b"seed"))
            store.after_commit(lambda: said.append("kept"))
            raise PowerCut
        assert store.entries.get(rosa.written[0].id) is None
        assert (store.spaces.summary(SPACE), said) == (before, [])
        assert put(store, rosa.written[0]) == [Put.NEW]

    def test_callbacks_run_after_the_outermost_commit_only(self) -> None:
        store, said = self.ready(), list[str]()
        with store.writing():
            with store.writing():
                store.after_commit(lambda: said.append("kept"))
            assert said == []
        assert said == ["kept"]

    def test_an_inner_failure_that_is_caught_does_not_undo_the_outer(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        with store.writing():
            store.entries.put(rosa.write(b"seed"))
            with pytest.raises(UnknownSpace):
                store.entries.put(Writer("ahmed", SpaceId(b"?" * 32)).write(b"lost"))
        assert store.spaces.summary(SPACE).count == 1

    def test_writing_outside_a_transaction_is_our_mistake(self) -> None:
        store = self.ready()
        with pytest.raises(ValueError, match="transaction"):
            store.shelves.keep("peers", b"key", b"value")

    # --- the set -------------------------------------------------------------------

    def test_what_is_put_can_be_got_and_sent_on_unchanged(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        entry = rosa.write(b"boil it for one minute")
        assert put(store, entry) == [Put.NEW]
        stored = store.entries.get(entry.id)
        assert stored is not None and stored.entry == entry
        assert store.entries.has(entry.id)
        [wire] = store.entries.wires([stored.number])
        assert verify(decode_entry(wire)) == entry

    def test_the_same_entry_twice_is_the_same_as_once(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        put(store, rosa.write(b"seed"))
        before = store.spaces.summary(SPACE)
        assert put(store, rosa.written[0], rosa.written[0]) == [Put.KNOWN, Put.KNOWN]
        assert store.spaces.summary(SPACE) == before

    def test_a_space_that_is_not_held_takes_nothing(self) -> None:
        store = self.open_store()
        with pytest.raises(UnknownSpace):
            put(store, Writer("rosa").write(b"seed"))
        with pytest.raises(UnknownSpace):
            store.spaces.summary(SPACE)

    def test_what_one_key_signs_in_two_spaces_are_two_logs(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        one = rosa.write(b"seed")
        other = rosa.write(b"x", position=Position(OTHER_SPACE, 1, NO_ENTRY))
        assert put(store, one, other) == [Put.NEW, Put.NEW]
        assert (store.logs.forks(SPACE), store.logs.forks(OTHER_SPACE)) == ((), ())
        name_log(store, rosa)
        for space, entry, authors in ((SPACE, one, 1), (OTHER_SPACE, other, 0)):
            row = store.logs.get(space, rosa.keys.log)
            assert row is not None and (row.space, len(row.certificates)) == (space, authors)
            assert store.logs.runs(space, rosa.keys.log) == (run(entry, entry),)
            assert store.logs.position(space, rosa.keys.log).previous == entry.id
            assert store.logs.entry_at(space, rosa.keys.log, 1) == entry.id

    def test_the_summary_does_not_depend_on_the_order_of_arrival(self) -> None:
        writers = [Writer("rosa"), Writer("ahmed")]
        entries = [writer.write(bytes([turn])) for turn in range(4) for writer in writers]

        @given(st.permutations(entries))
        def check(order: list[VerifiedEntry]) -> None:
            store.spaces.summary(SPACE)
            with pytest.raises(PowerCut), store.writing():
                for entry in order:
                    store.entries.put(entry)
                seen.add(store.spaces.summary(SPACE))
                raise PowerCut

        store, seen = self.ready(), set[SetSummary]()
        check()
        assert len(seen) == 1 and seen.pop().count == 8

    def test_sets_that_differ_have_different_summaries(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        seen = {store.spaces.summary(SPACE)}
        for turn in range(5):
            put(store, rosa.write(bytes([turn])))
            seen.add(store.spaces.summary(SPACE))
        assert len(seen) == 6
        assert store.spaces.summary(OTHER_SPACE).count == 0

    def test_a_bare_header_stays_aside_until_its_body_comes(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        entry = rosa.write(b"seed")
        assert put(store, stripped(entry)) == [Put.ASIDE]
        assert not store.entries.has(entry.id) and store.spaces.summary(SPACE).count == 0
        assert list(store.entries.ids(SPACE)) == []
        assert put(store, entry) == [Put.RESTORED]
        assert store.entries.has(entry.id) and store.spaces.summary(SPACE).count == 1

    def test_ids_give_the_whole_set_and_since_gives_what_is_new(self) -> None:
        store, rosa, ahmed = self.ready(), Writer("rosa"), Writer("ahmed", OTHER_SPACE)
        put(store, *(rosa.write(bytes([turn])) for turn in range(3)), ahmed.write(b"elsewhere"))
        numbers = dict(store.entries.ids(SPACE))
        assert set(numbers) == {entry.id for entry in rosa.written}
        second = numbers[rosa.written[1].id]
        assert [row.entry.id for row in store.entries.since(SPACE, second)] == [rosa.written[2].id]
        assert store.entries.newest() == 4

    def test_an_entry_is_found_by_the_start_of_its_id(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        put(store, *(rosa.write(bytes([turn])) for turn in range(3)))
        wanted = rosa.written[1].id
        assert store.entries.find(wanted.hex()[:9].upper()) == wanted
        with pytest.raises(UnknownEntry):
            store.entries.find("00000000000")
        with pytest.raises(Malformed):
            store.entries.find("xyz!")
        assert issubclass(AmbiguousId, Exception)

    def test_entries_are_sent_by_urgency_then_newest_of_each_log_first(self) -> None:
        store, rosa, ahmed = self.ready(), Writer("rosa"), Writer("ahmed")
        old, new = rosa.write(b"old"), rosa.write(b"new")
        large, small = ahmed.write(b"l" * 900), ahmed.write(b"s")
        alert = ahmed.write(b"flood", priority=Priority.URGENT)
        bulk = ahmed.write(b"video", priority=Priority.BULK)
        put(store, old, new, large, small, alert, bulk)
        number = dict(store.entries.ids(SPACE))

        turns = list(store.entries.sending_order(SPACE, None, Priority.DOCUMENT))

        expected = [small, new, old, large]
        assert [priority for priority, _ in turns] == [Priority.URGENT, Priority.DOCUMENT]
        assert list(turns[0][1]) == [number[alert.id]]
        assert list(turns[1][1]) == [number[entry.id] for entry in expected]
        some = array("q", [number[bulk.id], number[old.id]])
        turns = list(store.entries.sending_order(SPACE, some, Priority.BULK))
        assert [list(which) for _, which in turns] == [[number[old.id]], [number[bulk.id]]]

    # --- logs ---------------------------------------------------------------------

    def test_a_log_goes_on_where_it_stands(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        assert store.logs.position(SPACE, rosa.keys.log) == Position(SPACE, 1, NO_ENTRY)
        for turn in range(3):
            put(
                store, rosa.write(bytes([turn]), position=store.logs.position(SPACE, rosa.keys.log))
            )
        assert store.logs.position(SPACE, rosa.keys.log) == Position(SPACE, 4, rosa.written[2].id)

    def test_gaps_close_whatever_comes_first(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        one, two, three, four, five = (rosa.write(bytes([turn])) for turn in range(5))
        put(store, five, three)
        assert store.logs.runs(SPACE, rosa.keys.log) == (run(three, three), run(five, five))
        put(store, one)
        assert store.logs.runs(SPACE, rosa.keys.log) == tuple(
            run(each, each) for each in (one, three, five)
        )
        put(store, four, two)
        assert store.logs.runs(SPACE, rosa.keys.log) == (run(one, five),)
        row = store.logs.get(SPACE, rosa.keys.log)
        assert row is not None and (row.last, row.contiguous, row.is_forked) == (5, 5, False)
        assert store.logs.of_space(SPACE) == (row,)

    def test_the_tips_of_a_log_end_its_unbroken_chains(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        one, two, three = rosa.write(b"one"), rosa.write(b"two"), rosa.write(b"three")
        far = rosa.write(b"far", position=Position(SPACE, 1 << 40, three.id))
        assert store.logs.tips(SPACE, rosa.keys.log) == []
        put(store, one, three, far)
        assert store.logs.tips(SPACE, rosa.keys.log) == [(1, one.id)]
        put(store, two)
        assert store.logs.tips(SPACE, rosa.keys.log) == [(3, three.id)]
        branch = rosa.write(b"other", position=Position(SPACE, 2, one.id))
        lost = rosa.write(b"lost", position=Position(SPACE, 3, EntryId(b"?" * 32)))
        put(store, branch, lost)
        tips = store.logs.tips(SPACE, rosa.keys.log)
        assert (2, branch.id) in tips and (3, lost.id) not in tips

    def test_two_entries_with_one_number_are_both_kept_as_proof(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        one = rosa.write(b"one")
        other = rosa.write(b"other", position=Position(SPACE, 1, NO_ENTRY))
        assert put(store, one, other) == [Put.NEW, Put.FORKED]
        assert store.spaces.summary(SPACE).count == 2
        first, second = sorted((one.id, other.id))
        assert store.logs.forks(SPACE) == (Fork(rosa.keys.log, first, second),)
        with pytest.raises(LogForked):
            store.logs.position(SPACE, rosa.keys.log)

    def test_a_chain_that_does_not_fit_is_a_fork_in_either_order(self) -> None:
        rosa = Writer("rosa")
        first = rosa.write(b"first")
        stray = rosa.write(b"stray", position=Position(SPACE, 2, EntryId(b"?" * 32)))
        for order in ([first, stray], [stray, first]):
            store = self.ready()
            assert put(store, *order) == [Put.NEW, Put.FORKED]
            assert len(store.logs.forks(SPACE)) == 1

    def test_the_highest_number_of_all_is_kept_like_any_other(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        last = Position(SPACE, MAX_SEQUENCE, EntryId(b"?" * 32))
        one, other = rosa.write(b"one", position=last), rosa.write(b"other", position=last)
        assert put(store, one, other) == [Put.NEW, Put.FORKED]
        assert store.logs.runs(SPACE, rosa.keys.log) == (
            run(*sorted((one, other), key=lambda entry: entry.id)[:1] * 2),
            run(*sorted((one, other), key=lambda entry: entry.id)[1:] * 2),
        )

    def test_an_honest_log_is_no_fork_in_any_order(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        one, two, three = (rosa.write(bytes([turn])) for turn in range(3))
        assert put(store, three, one, two) == [Put.NEW] * 3
        assert store.logs.forks(SPACE) == ()

    def test_of_a_log_that_forks_every_branch_is_told(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        one, two, three = (rosa.write(bytes([turn])) for turn in range(3))
        other = rosa.write(b"other", position=Position(SPACE, 3, two.id))
        fourth = rosa.write(b"fourth", position=Position(SPACE, 4, other.id))
        put(store, one, two, three, other, fourth)
        assert store.logs.runs(SPACE, rosa.keys.log) == (
            run(one, two),
            run(other, fourth),
            run(three, three),
        )

    def test_a_run_leads_to_what_its_last_entry_rests_on_and_to_nothing_else(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        one, two, three = (rosa.write(bytes([turn])) for turn in range(3))
        other = rosa.write(b"other", position=Position(SPACE, 2, one.id))
        log = SPACE, rosa.keys.log
        put(store, one, two, three)
        assert store.logs.leads_to(*log, run(one, three), two.id)
        assert store.logs.is_certain(*log, run(one, three))
        assert not store.logs.leads_to(*log, run(one, other), two.id)
        assert not store.logs.is_certain(*log, run(one, other))
        put(store, other)
        assert store.logs.leads_to(*log, run(one, three), two.id)
        assert store.logs.leads_to(*log, run(one, other), one.id)
        assert not store.logs.leads_to(*log, run(one, other), two.id)
        assert not store.logs.leads_to(*log, run(two, three), one.id)
        assert not store.logs.is_certain(*log, run(one, three))

    def test_a_run_whose_chain_is_not_here_leads_nowhere(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        one, two, three = (rosa.write(bytes([turn])) for turn in range(3))
        put(store, one, three)
        assert not store.logs.leads_to(SPACE, rosa.keys.log, run(one, three), one.id)
        put(store, two)
        assert store.logs.leads_to(SPACE, rosa.keys.log, run(one, three), one.id)

    def test_who_writes_one_number_many_times_leaves_one_proof_for_each(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        first = Position(SPACE, 1, NO_ENTRY)
        put(store, *(rosa.write(bytes([turn]), position=first) for turn in range(20)))
        assert len(store.logs.forks(SPACE)) == 19
        assert len(store.logs.runs(SPACE, rosa.keys.log)) == 20

    # --- what entries are ------------------------------------------------------------

    def test_interpreted_entries_are_found_by_what_they_are(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        control, begin, edit, unknown = (rosa.write(bytes([turn])) for turn in range(4))
        put(store, control, begin, edit, unknown)
        document = DocumentId(begin.id)
        with store.writing():
            store.entries.interpret(control.id, 7, None)
            store.entries.interpret(begin.id, 32, document)
            store.entries.interpret(edit.id, 33, document)
        assert [row.entry.id for row in store.entries.control(SPACE)] == [control.id]
        assert [row.entry.id for row in store.entries.of_document(document)] == [begin.id, edit.id]
        assert list(store.entries.documents(SPACE)) == [document]

    def test_what_is_put_with_its_meaning_needs_no_more_interpreting(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        begin, edit = rosa.write(b"begin"), rosa.write(b"edit")
        document = DocumentId(begin.id)
        with store.writing():
            store.entries.put(begin, 32, document)
            store.entries.put(edit, 33, document)
        [first, second] = store.entries.of_document(document)
        assert (first.kind, second.kind) == (32, 33)
        assert store.entries.edited_since(0, -1) == [
            (first.number, document),
            (second.number, document),
        ]
        assert store.entries.edited_since(first.number, 1) == [(second.number, document)]

    def test_what_others_began_is_counted_as_it_comes_and_goes(self) -> None:
        store, rosa, ahmed = self.ready(), Writer("rosa"), Writer("ahmed")

        def new() -> int:
            return store.entries.begun_since(0, [ahmed.keys.log])

        begun = [begin(store, writer) for writer in (rosa, ahmed, rosa)]
        assert new() == 2
        assert store.entries.begun_since(1, [ahmed.keys.log]) == 1
        with pytest.raises(PowerCut), store.writing():
            begin(store, rosa)
            assert new() == 3
            raise PowerCut
        assert new() == 2
        begin(store, rosa)
        assert new() == 3
        name_log(store, rosa)
        erase(store, begun[:1], rosa)
        assert new() == 2

    def test_what_could_not_be_opened_is_found_by_its_epoch(self) -> None:
        seal = Seal(epoch_id(KEY), KEY)
        store, rosa, ahmed = self.ready(), Writer("rosa", seal=seal), Writer("ahmed")
        put(store, rosa.write(b"sealed"), rosa.write(b"opened"), ahmed.write(b"clear"))
        with store.writing():
            store.entries.interpret(rosa.written[1].id, 32, None)
        found = [row.entry.id for row in store.entries.unopened(SPACE, seal.epoch)]
        assert found == [rosa.written[0].id]

    def test_what_an_epoch_sealed_is_found_by_its_first_entry_in_each_log(self) -> None:
        store, seal = self.ready(), Seal(epoch_id(KEY), KEY)
        other = Seal(epoch_id(bytes(32)), bytes(32))
        rosa, ahmed, chi = Writer("rosa", seal=seal), Writer("ahmed", seal=seal), Writer("chi")
        before = Writer("dan", seal=other).write(b"under another key")
        first, second = rosa.write(b"first"), rosa.write(b"second")
        aside, whole = ahmed.write(b"aside"), ahmed.write(b"whole")
        put(store, second, first, before, stripped(aside), whole, chi.write(b"clear"))
        found = {row.entry.id for row in store.entries.first_of_each_log(SPACE, seal.epoch)}
        assert found == {first.id, whole.id}

    # --- withdrawal ---------------------------------------------------------------------

    def test_what_is_withdrawn_loses_its_content_and_stays_in_the_set(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        entry = rosa.write(b"a regret")
        put(store, entry)
        name_log(store, rosa)
        before = store.spaces.summary(SPACE)
        assert erase(store, [entry], rosa) == (entry.id,)
        stored = store.entries.get(entry.id)
        assert stored is not None and stored.is_withdrawn
        assert stored.entry == stripped(entry, skeleton=False)
        assert store.spaces.summary(SPACE) == before
        assert store.erasures.withdrawn_by(entry.id) == (EntryId(b"w" * 32),)
        assert put(store, entry) == [Put.KNOWN]
        assert erase(store, [entry], rosa) == ()

    def test_a_whole_document_loses_its_skeletons_too(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        put(store, rosa.write(b"a regret"))
        name_log(store, rosa)
        erase(store, rosa.written, rosa)
        assert erase(store, rosa.written, rosa, skeletons=True) == (rosa.written[0].id,)
        stored = store.entries.get(rosa.written[0].id)
        assert stored is not None and stored.entry == stripped(rosa.written[0])

    def test_what_was_withdrawn_before_it_came_is_refused(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        certificate, entry = rosa.write(), rosa.write(b"a regret")
        put(store, certificate)
        name_log(store, rosa)
        assert erase(store, [entry], rosa) == ()
        assert put(store, entry) == [Put.REFUSED]
        stored = store.entries.get(entry.id)
        assert stored is not None and stored.entry == stripped(entry, skeleton=False)
        assert store.spaces.summary(SPACE).count == 2

    def test_a_bare_header_enters_the_set_with_the_withdrawal_that_explains_it(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        entry = rosa.write(b"a regret")
        put(store, stripped(entry))
        name_log(store, rosa)
        assert erase(store, [entry], rosa) == (entry.id,)
        assert not store.entries.has(entry.id)  # its skeleton is still missing
        assert put(store, stripped(entry, skeleton=False)) == [Put.RESTORED]
        assert store.entries.has(entry.id)
        assert store.logs.runs(SPACE, rosa.keys.log) == (run(entry, entry),)

    def test_nobody_withdraws_the_words_of_another(self) -> None:
        store, rosa, ahmed = self.ready(), Writer("rosa"), Writer("ahmed")
        here, later = rosa.write(b"here"), rosa.write(b"later")
        put(store, here)
        name_log(store, rosa)
        assert erase(store, [here, later], ahmed) == ()
        assert put(store, later) == [Put.NEW]
        stored = store.entries.get(here.id)
        assert stored is not None and stored.entry == here
        assert erase(store, [here], None, by=EntryId(b"v" * 32)) == (here.id,)

    def test_a_withdrawal_waits_for_the_certificate_of_the_log(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        certificate, entry = rosa.write(), rosa.write(b"a regret")
        put(store, entry)
        assert erase(store, [entry], rosa) == ()
        put(store, certificate)
        assert name_log(store, rosa) == (entry.id,)
        assert name_log(store, rosa) == ()
        row = store.logs.get(SPACE, rosa.keys.log)
        assert row is not None and set(row.certificates.values()) == {rosa.keys.pseudonym}

    def test_everybody_whom_a_log_is_certified_for_may_take_back_its_words(self) -> None:
        store, rosa, ahmed = self.ready(), Writer("rosa"), Writer("ahmed")
        entry = rosa.write(b"a regret")
        put(store, entry)
        name_log(store, rosa)
        assert erase(store, [entry], ahmed) == ()
        with store.writing():
            other = EntryId(b"another certificate".ljust(32))
            assert store.erasures.name_log(SPACE, rosa.keys.log, other, ahmed.keys.pseudonym) == (
                entry.id,
            )
        row = store.logs.get(SPACE, rosa.keys.log)
        assert row is not None and row.certificates[other] == ahmed.keys.pseudonym
        assert len(row.certificates) == 2

    def test_an_erasure_counts_as_carried_out_after_the_checkpoint(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        regret, withdrawal = rosa.write(b"a regret"), rosa.write(b"withdrawn")
        put(store, regret, withdrawal)
        name_log(store, rosa)
        erase(store, [regret], rosa, by=withdrawal.id)
        place = Unfinished(withdrawal.id, (SPACE, rosa.keys.log), 2)
        assert store.erasures.unfinished(SPACE) == (place,)
        assert store.checkpoint()
        assert store.erasures.unfinished(SPACE) == ()
        assert store.erasures.withdrawn_by(rosa.written[0].id)

    def test_a_withdrawal_is_unfinished_while_it_is_not_known_whose_its_target_is(self) -> None:
        for is_late in (False, True):
            store, rosa = self.ready(), Writer("rosa")
            regret, withdrawal = rosa.write(b"a regret"), rosa.write(b"withdrawn")
            put(store, *((withdrawal,) if is_late else (regret, withdrawal)))
            erase(store, [regret], rosa, by=withdrawal.id)
            if is_late:
                assert store.erasures.unfinished(SPACE) == ()
                assert put(store, regret) == [Put.NEW]
            place = Unfinished(withdrawal.id, (SPACE, rosa.keys.log), 2)
            assert store.erasures.unfinished(SPACE) == (place,)
            assert not store.erasures.needs_checkpoint(SPACE)
            store.checkpoint()
            assert store.erasures.unfinished(SPACE) == (place,)

            assert name_log(store, rosa) == (regret.id,)
            assert store.erasures.needs_checkpoint(SPACE)
            assert store.checkpoint()
            assert store.erasures.unfinished(SPACE) == ()

    # --- plain tables --------------------------------------------------------------------

    def test_a_space_can_be_learned_in_steps(self) -> None:
        store = self.ready()
        with store.writing():
            store.spaces.add(replace(space_row(), charter=b"charter"))
            store.spaces.add(space_row(incarnation=b"i" * 16))
        row = store.spaces.get(SPACE)
        assert (row.charter, row.incarnation) == (b"charter", b"i" * 16)
        assert [row.space for row in store.spaces.all()] == [SPACE, OTHER_SPACE]

    def test_documents_are_cached_replaced_and_dropped(self) -> None:
        store, document = self.ready(), DocumentId(b"d" * 32)
        for size in (10, 9000, 3):
            kept = Materialised("1", b"heads", b"x" * size)
            with store.writing():
                store.documents.save(document, kept)
            assert store.documents.load(document) == kept
        with store.writing():
            store.documents.drop(document)
        assert store.documents.load(document) is None

    def test_erasing_an_edit_drops_the_cache_of_its_document_and_no_other(self) -> None:
        store, rosa = self.ready(), Writer("rosa")
        regretted, kept = begin(store, rosa), begin(store, rosa)
        made = Materialised("1", b"heads", b"words")
        with store.writing():
            store.documents.save(DocumentId(regretted.id), made)
            store.documents.save(DocumentId(kept.id), made)
        erase(store, [regretted], rosa)
        assert store.documents.load(DocumentId(regretted.id)) == made  # whose it is is not known
        name_log(store, rosa)
        assert store.documents.load(DocumentId(regretted.id)) is None
        assert store.documents.load(DocumentId(kept.id)) == made

    def test_epoch_keys_come_back_newest_first(self) -> None:
        store = self.ready()
        keys = [
            EpochKey(
                SPACE, epoch_id(bytes([turn])), bytes([turn] * 32), (EntryId(KEY),) * turn, None
            )
            for turn in range(3)
        ]
        with store.writing():
            assert [store.epochs.add(key) for key in (*keys, keys[0])] == [True] * 3 + [False]
        assert store.epochs.of_space(SPACE) == tuple(reversed(keys))
        assert store.epochs.get(SPACE, keys[1].epoch) == keys[1]
        assert store.epochs.get(OTHER_SPACE, keys[1].epoch) is None

    def test_an_older_receipt_never_replaces_a_newer(self) -> None:
        store, device = self.ready(), DeviceId(b"d" * 16)
        with store.writing():
            assert store.receipts.put(SPACE, device, 5, b"five")
            assert not store.receipts.put(SPACE, device, 5, b"again")
            assert not store.receipts.put(SPACE, device, 4, b"four")
        assert store.receipts.get(SPACE, device) == b"five"
        assert store.receipts.counters(SPACE) == {device: 5}

    def test_a_shelf_full_of_receipts_takes_no_more_devices_until_one_is_dropped(self) -> None:
        store = self.ready()
        devices = [DeviceId(number.to_bytes(16, "big")) for number in range(1001)]
        with store.writing():
            for device in devices[:1000]:
                assert store.receipts.put(SPACE, device, 1, b"receipt")
            assert not store.receipts.put(SPACE, devices[-1], 1, b"receipt")
            assert store.receipts.put(SPACE, devices[0], 2, b"newer")
            assert store.receipts.put(OTHER_SPACE, devices[-1], 1, b"receipt")
            store.receipts.drop(SPACE, devices[0])
            assert store.receipts.put(SPACE, devices[-1], 1, b"receipt")
        assert set(store.receipts.counters(SPACE)) == set(devices[1:])

    def test_small_things_lie_on_shelves(self) -> None:
        store = self.ready()
        with store.writing():
            store.shelves.keep("drafts", b"two", b"2")
            store.shelves.keep("drafts", b"one", b"1")
            store.shelves.keep("peers", b"one", b"p")
            store.shelves.drop("drafts", b"two")
        assert store.shelves.items("drafts") == ((b"one", b"1"),)
        assert store.shelves.first("drafts") == [b"one"]
        assert store.shelves.first("drafts", 0) == []
        assert store.shelves.get("drafts", b"two") is None

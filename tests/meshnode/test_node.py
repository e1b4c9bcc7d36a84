"""Whole nodes that meet: what one gives, all have; what one takes back is gone everywhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from crdt.errors import MeshError, UnknownSpace, Withdrawn
from knowledge.errors import BadLanguage, BadLicence
from meshnode.errors import BadRequest, BadUsage
from meshnode.views.contribution import AddRequest, EditRequest
from meshnode.views.file_import import ImportDone, ImportRequest
from meshnode.views.peer import PeerRequest
from meshnode.views.withdrawal import WithdrawRequest
from tests.meshnode.nodes import Resident, World, address_of, coverage_says, join, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.replica.replica import Replica

pytestmark = pytest.mark.slow


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_what_one_gives_the_other_has_without_being_asked(world: World) -> None:
    async with world.node("rosa") as rosa, world.node("ahmed") as ahmed:
        await rosa.found()
        await join(ahmed, rosa)

        note = await rosa.add("Boil spring water for one minute.", "Spring water")

        async def has_it() -> bool:
            return "Spring water" in await ahmed.titles()

        await wait_until(has_it)
        assert (await ahmed.read(note)).author == "Rosa"


async def test_a_language_or_licence_that_is_none_is_refused_before_anything_is_written(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "water.md"
    file.write_text("Boil it.")
    async with world.node("rosa") as rosa:
        await rosa.found()
        note = await rosa.add("Boil it.")

        with pytest.raises(BadLanguage):
            await rosa.node.edit(note, EditRequest(text="Changed.", language="english"))
        with pytest.raises(BadLicence):
            await rosa.node.add(AddRequest(title="A", text="B", licence="all rights reserved"))
        with pytest.raises(BadLanguage):
            await anext(rosa.node.import_files(ImportRequest(paths=(str(file),), language="x")))
        await rosa.node.edit(note, EditRequest(language="EN-gb", licence="CC BY 4.0"))

        assert await rosa.titles() == {"A note"}
        read = await rosa.read(note)
        assert (read.text, read.language, read.licence) == ("Boil it.", "en-GB", "CC-BY-4.0")


async def test_an_import_into_no_community_is_refused_once_and_not_file_by_file(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / "water.md").write_text("Boil it.")
    request = ImportRequest(paths=(str(tmp_path / "water.md"),))
    async with world.node("rosa") as rosa:
        with pytest.raises(UnknownSpace):
            await anext(rosa.node.import_files(request))
        await rosa.found()
        with pytest.raises(UnknownSpace):
            await anext(rosa.node.import_files(replace(request, community="Nowhere")))
        with pytest.raises(UnknownSpace):
            await anext(rosa.node.import_files(replace(request, level="allied")))

        *_, done = [event async for event in rosa.node.import_files(request)]
        assert done == ImportDone(added=1, updated=0, unchanged=0, skipped=0, refused=0)


async def test_tags_and_place_are_taken_out_and_a_title_is_not(world: World) -> None:
    async with world.node("rosa") as rosa:
        await rosa.found()
        request = AddRequest(title="A", text="B", tags=("water", " "), place="Ridge")
        note = (await rosa.node.add(request)).id
        assert (await rosa.read(note)).tags == ("water",)

        await rosa.node.edit(note, EditRequest(text="C"))
        read = await rosa.read(note)
        assert (read.tags, read.place) == (("water",), "Ridge")

        await rosa.node.edit(note, EditRequest(tags=("",), place=""))
        read = await rosa.read(note)
        assert (read.tags, read.place, read.text) == ((), "", "C")
        *_, last = await rosa.node.history(note)
        assert {(change.field, change.value) for change in last.fields} == {
            ("tags", ""),
            ("place", ""),
        }
        with pytest.raises(BadRequest):
            await rosa.node.edit(note, EditRequest(title=" "))


async def test_what_was_withdrawn_has_no_history(world: World) -> None:
    async with world.node("rosa") as rosa:
        await rosa.found()
        note = await rosa.add("Boil it.")
        assert await rosa.node.history(note)

        await rosa.node.withdraw(note, WithdrawRequest())

        with pytest.raises(Withdrawn):
            await rosa.node.history(note)


async def test_both_edits_of_one_note_are_kept_after_a_meeting(world: World) -> None:
    async with world.node("rosa") as rosa, world.node("ahmed") as ahmed:
        await rosa.found()
        await join(ahmed, rosa)
        note = await rosa.add("First line.\n\nSecond line.")
        await ahmed.sync(rosa)
        before = await ahmed.read(note)

        await rosa.node.edit(note, EditRequest(text="First line!\n\nSecond line."))
        await ahmed.node.edit(
            note, EditRequest(version=before.version, text="First line.\n\nSecond line?")
        )
        await ahmed.sync(rosa)

        async def agree() -> bool:
            texts = {(await rosa.read(note)).text, (await ahmed.read(note)).text}
            return texts == {"First line!\n\nSecond line?"}

        await wait_until(agree)


async def test_news_reaches_a_third_node_through_the_second(world: World) -> None:
    async with (
        world.node("rosa") as rosa,
        world.node("ahmed") as ahmed,
        world.node("sara") as sara,
    ):
        await _chain(rosa, ahmed, sara)

        await rosa.add("Passed from hand to hand.", "News")

        async def has_it() -> bool:
            return "News" in await sara.titles()

        await wait_until(has_it)


async def test_an_erasure_is_confirmed_through_a_chain_and_nothing_is_left_unsynced(
    world: World,
) -> None:
    async with (
        world.node("rosa") as rosa,
        world.node("ahmed") as ahmed,
        world.node("sara") as sara,
    ):
        await _chain(rosa, ahmed, sara)
        note = await rosa.add("A telephone number.")
        await coverage_says(rosa, note, "held on 3 of 3 nodes")

        await rosa.node.withdraw(note, WithdrawRequest())

        await coverage_says(rosa, note, "erased on 3 of 3 nodes")
        await coverage_says(sara, note, "erased on 3 of 3 nodes")

        async def is_synced() -> bool:
            return (await rosa.node.status()).unsynced == 0

        await wait_until(is_synced)


async def test_an_erasure_is_confirmed_by_nodes_that_restart(world: World) -> None:
    async with world.node("rosa") as rosa:
        await rosa.found()
        async with world.node("ahmed") as ahmed:
            await join(ahmed, rosa)
            note = await rosa.add("A telephone number.")
            await coverage_says(rosa, note, "held on 2 of 2 nodes")
        await rosa.node.withdraw(note, WithdrawRequest())
        assert (await rosa.node.coverage(note)).done < 2
    async with world.node("rosa") as rosa, world.node("ahmed") as ahmed:
        await ahmed.sync(rosa)

        await coverage_says(rosa, note, "erased on 2 of 2 nodes")


async def test_two_nodes_that_call_each_other_at_once_keep_one_link(world: World) -> None:
    async with world.node("rosa") as rosa, world.node("ahmed") as ahmed:
        await rosa.found()
        await join(ahmed, rosa)
        for each in (rosa, ahmed):
            for meeting in each.meetings:
                await meeting.end()

        async def is_parted() -> bool:
            return not rosa.meetings and not ahmed.meetings

        await wait_until(is_parted)
        done = await asyncio.gather(rosa.sync(ahmed), ahmed.sync(rosa))

        async def has_one_link() -> bool:
            return len(rosa.meetings) == len(ahmed.meetings) == 1

        await wait_until(has_one_link)
        assert [end.error for ends in done for end in ends] == ["", ""]
        assert rosa.meetings[0].link.channel_id == ahmed.meetings[0].link.channel_id


async def test_a_stranger_gets_nothing_and_is_soon_left(world: World) -> None:
    async with world.node("rosa") as rosa, world.node("mallory") as mallory:
        await rosa.found()
        await rosa.add("For members.", level="inner")
        await mallory.node.add_peer(PeerRequest(address=address_of("rosa")))

        ends = await mallory.sync(rosa)

        assert [(end.received, end.error) for end in ends] == [(0, "")]

        async def are_alone() -> bool:
            return not rosa.meetings and not mallory.meetings

        await wait_until(are_alone)
        assert (await mallory.node.status()).entries == 0


async def test_who_is_removed_gets_nothing_more_over_an_open_link(world: World) -> None:
    async with world.node("rosa") as rosa, world.node("ahmed") as ahmed:
        await rosa.found()
        await join(ahmed, rosa)
        await rosa.add("Before.", "Before", level="inner")

        async def has_it() -> bool:
            return "Before" in await ahmed.titles()

        await wait_until(has_it)
        member = next(view for view in await rosa.node.members() if view.name == "Ahmed")
        await rosa.node.remove_member(member.member, member.community)
        await rosa.add("After.", "After", level="inner")
        await rosa.add("Open to all.", "Open", level="commons")

        async def has_the_open_one() -> bool:
            return "Open" in await ahmed.titles()

        await wait_until(has_the_open_one)
        await ahmed.sync(rosa)
        assert "After" not in await ahmed.titles()
        at_rosa = await rosa.record.run(_inner_count)
        assert await ahmed.record.run(_inner_count) < at_rosa


async def test_a_sync_that_somebody_breaks_off_does_not_spoil_the_meeting(world: World) -> None:
    async with world.node("rosa") as rosa, world.node("ahmed") as ahmed:
        await rosa.found()
        await join(ahmed, rosa)
        for _ in range(5):
            breaking = asyncio.create_task(ahmed.sync(rosa))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            breaking.cancel()
            await asyncio.gather(breaking, return_exceptions=True)
        await rosa.add("Still talking.", "After all")

        ends = await ahmed.sync(rosa)

        assert [end.error for end in ends] == [""]

        async def has_it() -> bool:
            return "After all" in await ahmed.titles()

        await wait_until(has_it)


async def test_a_node_closes_in_the_middle_of_everything(world: World) -> None:
    async with world.node("rosa") as rosa:
        await rosa.found()
        for number in range(30):
            await rosa.add("word " * 200, f"Note {number}")
        async with world.node("ahmed") as ahmed:
            await ahmed.node.join(await rosa.ticket())
            under_way = [
                asyncio.create_task(ahmed.sync(rosa)),
                asyncio.create_task(ahmed.titles()),
            ]
            await asyncio.sleep(0.05)
            await ahmed.node.close()
            await ahmed.node.close()
            ends = await asyncio.gather(*under_way, return_exceptions=True)
            assert not [
                end for end in ends if isinstance(end, Exception) and not isinstance(end, MeshError)
            ]
        async with world.node("ahmed") as ahmed:
            await ahmed.sync(rosa)

            async def has_all() -> bool:
                return len(await ahmed.titles()) == 30

            await wait_until(has_all)


def _inner_count(replica: Replica) -> int:
    (held,) = replica.holdings.inner_spaces()
    return replica.store.spaces.summary(held.space).count


async def _chain(rosa: Resident, ahmed: Resident, sara: Resident) -> None:
    """Rosa knows Ahmed, Ahmed knows Sara, and Rosa and Sara never meet."""
    await rosa.found()
    await join(ahmed, rosa)
    ticket = await rosa.ticket()
    await ahmed.sync(rosa)
    await sara.node.join(ticket)
    await sara.node.remove_peer(address_of("rosa"))
    for meeting in sara.meetings:
        await meeting.end()
    await sara.node.add_peer(PeerRequest(address=address_of("ahmed")))

    async def is_in() -> bool:
        return await sara.role() is not None

    await wait_until(is_in, "sara is in")


async def test_a_restored_copy_is_believed_again_about_what_it_holds(world: World) -> None:
    async with world.node("rosa") as rosa:
        await rosa.found()
        async with world.node("ahmed") as ahmed:
            await join(ahmed, rosa)
        copy = ahmed.home.database.read_bytes()
        async with world.node("ahmed") as ahmed:
            for number in range(3):
                note = await rosa.add("More.", f"Note {number}")
                await coverage_says(rosa, note, "held on 2 of 2 nodes")
        for part in ahmed.home.root.glob("node.db*"):
            part.unlink()
        ahmed.home.database.write_bytes(copy)
        async with world.node("ahmed") as ahmed:
            note = await rosa.add("After the copy was put back.")
            await ahmed.sync(rosa)

            await coverage_says(rosa, note, "held on 2 of 2 nodes")


async def test_a_community_without_a_name_and_a_ticket_for_nobody_are_refused(
    world: World,
) -> None:
    async with world.node("rosa") as rosa:
        with pytest.raises(BadUsage, match="needs a name"):
            await rosa.found("  ")
        await rosa.found()
        with pytest.raises(BadUsage, match="1 to 1000 people"):
            await rosa.ticket(uses=1001)


async def test_a_node_without_a_model_does_not_check_one(world: World) -> None:
    async with world.node("rosa") as rosa:
        names = {check.name for check in await rosa.node.doctor()}

    assert not names & {"model", "answers"}

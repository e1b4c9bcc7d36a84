"""Damaged files, full disks and wrong keys: explained, nothing else harmed, and recoverable."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from itertools import chain
from threading import Event
from typing import TYPE_CHECKING

import pytest

from crdt.errors import DiskFull, MeshError, StoreDamaged, StoreError, WrongKey
from meshnode.record.catalogue import Catalogue
from meshnode.record.record import open_record
from meshnode.service import ContributionQuery
from meshnode.views.bundle import BundleReadRequest, BundleWriteRequest
from meshnode.views.contribution import EditRequest
from meshnode.views.file_import import ImportDone, ImportRequest
from meshnode.views.withdrawal import WithdrawRequest
from tests.meshnode.nodes import (
    Resident,
    World,
    coverage_says,
    join,
    keys_of,
    wait_until,
)
from transports.bundle_writer import write_bundle as write_file
from transports.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


# --- damage ------------------------------------------------------------------------------------


def _flip(path: Path) -> None:
    """Turn a byte in every page but the first."""
    data = bytearray(path.read_bytes())
    for page in range(4096 + 2000, len(data), 4096):
        data[page] ^= 0xFF
    path.write_bytes(data)


def _flip_the_first_page(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[1000] ^= 0xFF
    path.write_bytes(data)


def _cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2 - 1000)


@pytest.mark.parametrize("harm", [_flip, _flip_the_first_page, _cut])
async def test_a_damaged_database_is_explained_and_comes_back_from_a_peer(
    world: World, harm: Callable[[Path], None]
) -> None:
    async with world.node("rosa") as rosa:
        await rosa.found()
        async with world.node("ahmed") as ahmed:
            await join(ahmed, rosa)
            for number in range(20):
                await rosa.add("word " * 100, f"Note {number}")
            await ahmed.sync(rosa)
            database = ahmed.home.database
        harm(database)

        try:
            async with world.node("ahmed") as ahmed:
                checks = {check.name: check for check in await ahmed.node.doctor()}
                assert checks["database"].state == "bad"
                assert "node.db" in checks["database"].advice
        except (StoreDamaged, WrongKey) as error:  # it is noticed at once
            assert "sync again" in error.explain()  # noqa: PT017 - the one or the other

        for leftover in database.parent.glob("node.db*"):
            leftover.unlink()
        ticket = await rosa.ticket()
        async with world.node("ahmed") as ahmed:
            await ahmed.node.join(ticket)

            async def has_all() -> bool:
                return len(await ahmed.titles()) == 20

            await wait_until(has_all)


async def test_a_bundle_brings_back_what_a_lost_database_held(world: World) -> None:
    bundle = world.root / "stick.mesh"
    async with world.node("rosa") as rosa:
        await rosa.found()
        await rosa.add("Boil it.", "Water")
        ticket = await rosa.ticket()
        await rosa.node.write_bundle(BundleWriteRequest(path=str(bundle)))

    async with world.node("ahmed", is_reachable=False) as ahmed:
        await ahmed.node.join(ticket)
        first = await ahmed.node.read_bundle(BundleReadRequest(path=str(bundle)))
        again = await ahmed.node.read_bundle(BundleReadRequest(path=str(bundle)))

        assert (first.new > 0, again.new, first.problems) == (True, 0, ())
        assert await ahmed.titles() == {"Water"}


async def test_a_node_goes_on_while_a_bundle_goes_to_a_slow_medium(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_go_on, bundle = Event(), Event(), world.root / "stick.mesh"

    def slowly(path: Path, frames: Iterator[bytes]) -> int:
        first = next(frames)
        begun.set()
        assert may_go_on.wait(60)
        return write_file(path, chain([first], frames))

    monkeypatch.setattr("meshnode.desks.bundle_desk.write_file", slowly)
    async with world.node("rosa") as rosa:
        await rosa.found()
        await rosa.add("Boil it.", "Water")
        writing = asyncio.create_task(rosa.node.write_bundle(BundleWriteRequest(path=str(bundle))))
        await asyncio.to_thread(begun.wait, 60)

        await rosa.add("Filter it.", "Sand")
        assert await rosa.titles() == {"Water", "Sand"}
        assert not bundle.exists()

        may_go_on.set()
        written = await writing
        assert bundle.stat().st_size == written.bytes
        assert written.entries > 0


async def test_an_empty_database_file_is_a_new_database(world: World) -> None:
    async with world.node("rosa") as rosa:
        database = rosa.home.database
    database.write_bytes(b"")

    async with world.node("rosa") as rosa:
        assert (await rosa.node.status()).entries == 0


async def test_a_database_of_somebody_else_is_refused_and_left_as_it_is(world: World) -> None:
    async with world.node("rosa") as rosa:
        await rosa.found()
        database = rosa.home.database
    before = database.read_bytes()

    with pytest.raises(WrongKey):
        await open_record(database, keys_of("mallory"))

    assert database.read_bytes() == before


@pytest.mark.parametrize("harm", [_flip, _flip_the_first_page, _cut, os.unlink])
async def test_a_damaged_index_is_made_anew_at_the_start(
    world: World, harm: Callable[[Path], None]
) -> None:
    async with world.node("rosa") as rosa:
        await rosa.found()
        for number in range(20):
            await rosa.add("word " * 100, f"Note {number}")
        index = rosa.home.root / "index.db"
    harm(index)

    async with world.node("rosa") as rosa:

        async def has_all() -> bool:
            try:
                return len(await rosa.titles()) == 20
            except MeshError:
                return False  # it was noticed only now, and is being made anew

        await wait_until(has_all)


async def test_an_index_damaged_while_the_node_is_at_work_is_made_anew(world: World) -> None:
    async with world.node("rosa") as rosa:
        await rosa.found()
        for number in range(20):
            await rosa.add("word " * 100, f"Note {number}")
        index = rosa.home.root / "index.db"
        for part in index.parent.glob("index.db*"):
            part.write_bytes(os.urandom(part.stat().st_size))

        await rosa.add("One more.", "Afterwards")

        async def has_all() -> bool:
            try:
                return len(await rosa.titles()) == 21
            except MeshError:
                return False

        await wait_until(has_all)
        checks = {check.name: check for check in await rosa.node.doctor()}
        assert checks["search index"].state == "good"


# --- a full disk -------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root may make a small disk")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], check=False)
    if done.returncode:
        pytest.skip("no small disk can be made here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def _fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
    return filler


async def test_a_full_disk_is_told_and_nothing_is_lost(small_disk: Path, tmp_path: Path) -> None:
    world = World(small_disk)
    elsewhere = World(tmp_path / "elsewhere", world.air, world.addresses)
    elsewhere.root.mkdir()
    async with elsewhere.node("ahmed") as ahmed, world.node("rosa") as rosa:
        await ahmed.found()
        await join(rosa, ahmed)
        kept = await rosa.add("Boil it.", "Water")
        filler = _fill(small_disk)

        with pytest.raises(DiskFull):
            for number in range(2000):
                await rosa.add("word " * 2000, f"Note {number}")
        files = small_disk.parent / "import"
        files.mkdir()
        for number in range(3):
            (files / f"{number}.md").write_text(f"# File {number}\n\n" + "word " * 20_000)
        outcome = await _import(rosa, files)
        with pytest.raises(TransportError):
            await rosa.node.write_bundle(BundleWriteRequest(path=str(small_disk / "stick.mesh")))
        for number in range(10):
            await ahmed.add("word " * 2000, f"From afar {number}")
        await ahmed.sync(rosa)
        problems = (await rosa.node.status()).problems

        assert outcome.refused == 3
        assert any("disk" in problem for problem in problems)
        assert (await rosa.read(kept)).text == "Boil it."

        filler.unlink()
        await rosa.node.edit(kept, EditRequest(text="Boil it well."))
        outcome = await _import(rosa, files)
        await rosa.sync(ahmed)

        assert outcome.added == 3

        async def is_whole() -> bool:
            return {"File 0", "From afar 0", "From afar 9", "Water"} <= await rosa.titles()

        await wait_until(is_whole)

        async def has_passed() -> bool:
            return (await ahmed.read(kept)).text == "Boil it well."

        await wait_until(has_passed)
        rest = [each for each in await rosa.node.doctor() if each.state == "bad"]
        assert rest == []


async def _import(resident: Resident, folder: Path, *, again: bool = False) -> ImportDone:
    request = ImportRequest(paths=(str(folder),), again=again)
    events = [event async for event in resident.node.import_files(request)]
    assert isinstance(events[-1], ImportDone)
    return events[-1]


# --- withdrawn words ---------------------------------------------------------------------------


async def test_a_file_that_was_withdrawn_is_imported_again_only_when_asked(world: World) -> None:
    folder = world.root / "notes"
    folder.mkdir()
    (folder / "water.md").write_text("# Water\n\nBoil it.")
    async with world.node("rosa") as rosa:
        await rosa.found()
        await _import(rosa, folder)
        (row,) = await rosa.titles()
        note = (await rosa.node.contributions(ContributionQuery())).items[0].id
        await rosa.node.withdraw(note, WithdrawRequest())

        once_more = await _import(rosa, folder)
        asked_for = await _import(rosa, folder, again=True)

        assert row == "Water"
        assert (once_more.added, once_more.skipped) == (0, 1)
        assert (asked_for.added, asked_for.skipped) == (1, 0)


async def test_an_erasure_cut_short_is_finished_at_the_next_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Catalogue) -> None:
        raise StoreError("the power went")

    async with world.node("rosa") as rosa:
        await rosa.found()
        note = await rosa.add("A telephone number.")
        with monkeypatch.context() as patch:
            patch.setattr(Catalogue, "_write_anew", fails)
            coverage = await rosa.node.withdraw(note, WithdrawRequest())
            assert coverage.done == 0
            assert "lags behind" in (await rosa.node.status()).problems[-1]

    async with world.node("rosa") as rosa:
        await coverage_says(rosa, note, "erased on 1 of 1 node")
        assert not (await rosa.node.status()).problems

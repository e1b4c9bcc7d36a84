"""Whole nodes that meet over links in the simulated air, lose power, and restore old copies."""

from __future__ import annotations

import shutil
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING

from nacl.bindings import crypto_box, crypto_scalarmult_base

from crdt.errors import UnknownSpace
from crdt.sync.bundle import BundleReader, write_bundle
from crdt.sync.events import EntriesArrived, Event, PeerProven, SendFrame
from crdt.sync.hello import Direction
from crdt.sync.session import SyncSession
from crdt.sync.source import StoreSource
from meshnode.record.sharing import Door, shared_spaces
from tests.crdt.people import bytes_for
from tests.crdt.village import Villager
from transports.simulated_air import FrameArrived, LinkCut, SimulatedAir, Weather

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


MOST_STEPS = 5_000


class Sealer:
    """Seals to devices without chance, so that a schedule can be lived through again."""

    def __init__(self) -> None:
        self._boxes = count()

    def __call__(self, device_public: bytes, secret: bytes) -> bytes:
        ephemeral = bytes_for(f"ephemeral {next(self._boxes)}", 32)
        public = crypto_scalarmult_base(ephemeral)
        nonce = blake2b(public + device_public[:32], digest_size=24).digest()
        return public + crypto_box(secret, nonce, device_public[:32], ephemeral)


class AirVillager(Villager):
    """A villager whose machine may fail."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder, name)
        self._folder = folder
        self._lives = 0
        self._copy: bytes | None = None

    def lose_power(self) -> None:
        """Go on with what is on the disk at this instant; nothing is closed first."""
        self._lives += 1
        left = self._folder / f"{self.name}{self._lives}.db"
        for suffix in ("", "-wal"):
            source = self.path.with_name(self.path.name + suffix)
            if source.exists():
                shutil.copyfile(source, left.with_name(left.name + suffix))
        self.path = left
        self.restart()
        self.replica.react_anew()

    def restart(self) -> None:
        super().restart()
        self.replica.react_anew()

    def keep_a_copy(self) -> None:
        """Back the database up."""
        self.store.checkpoint()
        self._copy = self.path.read_bytes()

    def restore_the_copy(self) -> None:
        """Go back to the backup, as if the disk had been replaced."""
        if self._copy is None:
            return
        self.store.close()
        self._lives += 1
        self.path = self._folder / f"{self.name}{self._lives}.db"
        self.path.write_bytes(self._copy)
        self._reopen()
        self.replica.react_anew()

    def read_bundle_of(self, other: AirVillager, nonce: bytes) -> None:
        """Take in a bundle that another node wrote for everybody."""
        reader = BundleReader(shared_spaces(self.replica))
        for frame in write_bundle(StoreSource(other.store), shared_spaces(other.replica), nonce):
            for event in reader.receive(frame):
                if isinstance(event, EntriesArrived):
                    assert not self.replica.admit(event.entries).refused
        self.replica.react()


class AirMeeting:
    """One meeting of two villagers over one link."""

    def __init__(self, one: AirVillager, other: AirVillager, weather: Weather, seed: int) -> None:
        self._people = {one.name: one, other.name: other}
        self._air = SimulatedAir[str](seed, weather)
        self._link = self._air.meet(one.name, other.name)
        # Links of another air would be called the same: a channel is never used again.
        channel = one.weather.random_bytes(16)
        self._sessions = {
            person.name: SyncSession(
                StoreSource(person.store),
                shared_spaces(person.replica),
                Door(lambda person=person: person.replica),  # type: ignore[misc]
                device=person.replica.keys.device,
                channel_id=channel,
                direction=Direction.INITIATOR if person is one else Direction.RESPONDER,
                nonce=person.weather.random_bytes(16),
            )
            for person in (one, other)
        }

    def run(self) -> None:
        """Talk until nobody has anything to say, or the link is gone."""
        for name, session in self._sessions.items():
            self._obey(name, session.start())
        for _ in range(MOST_STEPS):
            match self._air.step():
                case None:
                    return
                case FrameArrived(to=to, frame=frame):
                    self._obey(to, self._sessions[to].receive(frame))
                case LinkCut():
                    return
                case _:
                    pass
        raise AssertionError("a meeting without an end")

    def _obey(self, name: str, events: Sequence[Event]) -> None:
        person, session = self._people[name], self._sessions[name]
        for event in events:
            match event:
                case SendFrame(frame=frame):
                    self._link.send(name, frame)
                case EntriesArrived(entries=entries):
                    for refusal in person.replica.admit(entries).refused:
                        assert isinstance(refusal.error, UnknownSpace)
                    person.replica.react()
                    self._obey(name, session.admitted(event))
                case PeerProven(device_public=public):
                    self._welcome(person, public)
                case _:
                    pass

    def _welcome(self, person: AirVillager, public: bytes) -> None:
        """Give a peer that proved who it is the key that it may have."""
        others = [other for other in self._people.values() if other is not person]
        for inner in person.replica.holdings.inner_spaces():
            for other in others:
                device = other.replica.keys.device
                if device.public == public and inner.may_read(public):
                    person.replica.distribution.share(inner, {device.device: public})
        person.replica.react()

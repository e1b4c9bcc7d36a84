"""Packets and links in virtual time: a month of bad weather in milliseconds.

No event loop and no clock: a heap of what will happen, stepped by hand, the
same for the same seed. It knows nodes as whatever names the caller gives them,
and bytes, so it can drive anything that takes frames in and gives frames out:

    air = SimulatedAir[str](seed=7, weather=DRIZZLE)
    link = air.meet("rosa", "ahmed")
    link.send("rosa", first_frame)
    while (happening := air.step()) is not None:
        match happening:
            case FrameArrived(link=link, to=to, frame=frame):
                for answer in sessions[to].receive(frame):
                    link.send(to, answer)

Packets may be lost, late, out of order or doubled. A link retransmits, so its
frames come whole and in order, later, until it is cut: then both ends are told.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Generic, TypeVar

from transports.link import check_frame

NodeT = TypeVar("NodeT")

RETRY_S = 2.0
"""How long a link takes to notice that a frame was lost and send it again."""

LOST_ALWAYS = 0.99
"""Loss from which retransmission is hopeless: such a link is cut at its first frame."""


@dataclass(frozen=True, slots=True)
class Weather:
    """How badly the air carries.

    Attributes:
        loss: Chance in [0, 1] that a packet vanishes.
        echo: Chance in [0, 1] that a packet arrives a second time.
        delay_s: Shortest time under way.
        jitter_s: Longest time under way beyond that; packets overtake each other within it.
        bits_per_s: Rate at which one node can send; None for no limit.
        cut: Chance in [0, 1] per frame that its link breaks instead.
    """

    loss: float = 0.0
    echo: float = 0.0
    delay_s: float = 0.01
    jitter_s: float = 0.0
    bits_per_s: float | None = None
    cut: float = 0.0


CLEAR = Weather()
DRIZZLE = Weather(loss=0.1, echo=0.05, delay_s=0.2, jitter_s=3.0, cut=0.02)
STORM = Weather(loss=0.4, echo=0.2, delay_s=0.2, jitter_s=90.0, bits_per_s=1_000.0, cut=0.2)


@dataclass(frozen=True, slots=True)
class PacketArrived(Generic[NodeT]):
    """A packet came in."""

    sender: NodeT
    to: NodeT
    packet: bytes


@dataclass(frozen=True, slots=True)
class FrameArrived(Generic[NodeT]):
    """A frame came in over a link."""

    link: AirLink[NodeT]
    to: NodeT
    frame: bytes


@dataclass(frozen=True, slots=True)
class LinkCut(Generic[NodeT]):
    """A node notices that a link is gone. Each end is told once."""

    link: AirLink[NodeT]
    to: NodeT


@dataclass(frozen=True, slots=True)
class Awoke(Generic[NodeT]):
    """The time came that a node asked to be woken at."""

    to: NodeT


Happening = PacketArrived[NodeT] | FrameArrived[NodeT] | LinkCut[NodeT] | Awoke[NodeT]


@dataclass(frozen=True, slots=True, order=True)
class _Due(Generic[NodeT]):
    at_s: float
    order: int
    happening: Happening[NodeT] = field(compare=False)


class SimulatedAir(Generic[NodeT]):
    """What lies between the nodes.

    Args:
        seed: The same weather, hour by hour, for the same seed.
        weather: How badly it carries; may be changed at any time.
    """

    def __init__(self, seed: int, weather: Weather = CLEAR) -> None:
        self.weather = weather
        self.now_s = 0.0
        self.chance = Random(seed)  # noqa: S311 - replayable on purpose
        self._due: list[_Due[NodeT]] = []
        self._order = count()
        self._links = count()
        self._free_at_s: dict[NodeT, float] = {}

    def send(self, sender: NodeT, to: NodeT, packet: bytes) -> None:
        """Send one packet, which may or may not arrive, or twice."""
        left_s = self.time_on_air(sender, packet)
        for _ in range(2 if self.chance.random() < self.weather.echo else 1):
            if self.chance.random() >= self.weather.loss:
                arrived = PacketArrived(sender, to, packet)
                self.happen_at(left_s + self.time_under_way(), arrived)

    def wake_at(self, at_s: float, to: NodeT) -> None:
        """Have a node woken, so that it can do something by itself."""
        self.happen_at(at_s, Awoke(to))

    def meet(self, caller: NodeT, called: NodeT) -> AirLink[NodeT]:
        """Make a link between two nodes. Its `channel_id` is theirs and no other's."""
        return AirLink(self, caller, called, next(self._links).to_bytes(16, "big"))

    def step(self) -> Happening[NodeT] | None:
        """Let the next thing happen and say what it was; None when the air is quiet."""
        while self._due:
            due = heapq.heappop(self._due)
            self.now_s = max(self.now_s, due.at_s)
            match due.happening:
                case FrameArrived(link=link) | LinkCut(link=link) if not link.tells(due.happening):
                    continue  # it came after the cut
                case happening:
                    return happening
        return None

    def happen_at(self, at_s: float, happening: Happening[NodeT]) -> None:
        """Put something into the future; what is due at the same time keeps its order."""
        heapq.heappush(self._due, _Due(at_s, next(self._order), happening))

    def time_on_air(self, sender: NodeT, data: bytes) -> float:
        """Return when a node has sent this, after all that it sends already."""
        start_s = max(self.now_s, self._free_at_s.get(sender, 0.0))
        rate = self.weather.bits_per_s
        left_s = start_s + (len(data) * 8 / rate if rate else 0.0)
        self._free_at_s[sender] = left_s
        return left_s

    def time_under_way(self) -> float:
        """Return how long something sent now takes, s."""
        return self.weather.delay_s + self.chance.uniform(0.0, self.weather.jitter_s)


class AirLink(Generic[NodeT]):
    """A link: frames in order, or none any more. Made by `SimulatedAir.meet`."""

    def __init__(
        self, air: SimulatedAir[NodeT], caller: NodeT, called: NodeT, channel_id: bytes
    ) -> None:
        self.caller = caller
        self.called = called
        self.channel_id = channel_id
        self._air = air
        self._last_arrival_s = {caller: 0.0, called: 0.0}
        self._cut_at_s: float | None = None
        self._knows_of_cut: set[NodeT] = set()

    @property
    def is_cut(self) -> bool:
        """Whether the link is gone, though an end may not have noticed yet."""
        return self._cut_at_s is not None

    def send(self, sender: NodeT, frame: bytes) -> bool:
        """Send a frame to the other end.

        Returns:
            False when the link is cut; the frame goes nowhere. True says no more
            than that it was sent.

        Raises:
            ValueError: It is no frame, or the sender has no end of this link.
        """
        check_frame(frame)
        to = self._other(sender)
        if self.is_cut:
            return False
        air = self._air
        arrival_s = air.time_on_air(sender, frame) + air.time_under_way()
        hopeless = air.weather.loss >= LOST_ALWAYS
        if hopeless or air.chance.random() < air.weather.cut:
            self.cut()
            return False
        while air.chance.random() < air.weather.loss:
            arrival_s += RETRY_S
        arrival_s = max(arrival_s, self._last_arrival_s[to])
        self._last_arrival_s[to] = arrival_s
        air.happen_at(arrival_s, FrameArrived(self, to, frame))
        return True

    def cut(self) -> None:
        """Break the link now: what is under way is lost, and both ends will notice."""
        if self.is_cut:
            return
        self._cut_at_s = self._air.now_s
        for end in (self.caller, self.called):
            self._air.happen_at(self._cut_at_s + self._air.time_under_way(), LinkCut(self, end))

    def close(self, by: NodeT) -> None:
        """Close the link from one end: what was sent still arrives, then the other is told."""
        other = self._other(by)
        if self.is_cut:
            return
        self._knows_of_cut.add(by)
        last_s = max(self._last_arrival_s[other], self._air.now_s + self._air.time_under_way())
        self._cut_at_s = last_s
        self._air.happen_at(last_s, LinkCut(self, other))

    def tells(self, happening: FrameArrived[NodeT] | LinkCut[NodeT]) -> bool:
        """Whether something due on this link still happens; the air asks."""
        if isinstance(happening, LinkCut):
            first = happening.to not in self._knows_of_cut
            self._knows_of_cut.add(happening.to)
            return first
        is_over = self._cut_at_s is not None and self._air.now_s > self._cut_at_s
        return not is_over and happening.to not in self._knows_of_cut

    def _other(self, end: NodeT) -> NodeT:
        if end not in (self.caller, self.called):
            raise ValueError(f"{end!r} has no end of this link")
        return self.called if end == self.caller else self.caller

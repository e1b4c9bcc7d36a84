"""Links over real Reticulum, between this process and others, on TCP loopback.

Reticulum lives once per process, so it starts once for all tests of this one.
Every carrier here listens; the peers connect to it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import socket
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import RNS

from tests.transports.link_contract import PATIENCE_S, FarEnd, LinkContract
from transports import errors
from transports.errors import CarrierUnavailable, FrameTooLarge, LinkClosed, Unreachable
from transports.link import Link
from transports.reticulum import ReticulumCarrier
from transports.reticulum_announces import PeerSeen
from transports.reticulum_instance import memory_directory, start_reticulum
from transports.reticulum_settings import ReticulumSettings, TcpListen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from transports.reticulum_link import ReticulumLink

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
OUR_KEY = bytes(range(64))
KILLED_S = 3.0
"""A peer process that is killed closes its TCP connection, which we look at every second."""


@dataclass(frozen=True, slots=True)
class PeerProcess:
    """A peer in a process of its own, and how to talk to it."""

    process: asyncio.subprocess.Process
    address: str
    answers: dict[int, asyncio.Future[Any]] = field(default_factory=dict[int, asyncio.Future[Any]])
    numbers: count[int] = field(default_factory=lambda: count(1))

    async def ask(self, do: str, **order: object) -> Any:  # noqa: ANN401 - it is JSON
        number = next(self.numbers)
        answer = self.answers[number] = asyncio.get_running_loop().create_future()
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"n": number, "do": do, **order}).encode() + b"\n")
        await self.process.stdin.drain()
        reply = await answer
        if "error" in reply:
            raise getattr(errors, reply["error"])
        return reply["ok"]

    async def listen(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            reply = json.loads(line)
            self.answers.pop(reply["n"]).set_result(reply)


@dataclass(frozen=True, slots=True)
class DistantEnd:
    """The far end of a link, in a peer's process."""

    peer: PeerProcess
    link: str

    async def channel_id(self) -> bytes:
        await self.peer.ask("is_outgoing", link=self.link)  # it knows the link by that id
        return bytes.fromhex(self.link)

    async def is_outgoing(self) -> bool:
        return bool(await self.peer.ask("is_outgoing", link=self.link))

    async def send(self, frame: bytes) -> None:
        await self.peer.ask("send", link=self.link, frame=base64.b64encode(frame).decode())

    async def receive(self) -> bytes:
        return base64.b64decode(await self.peer.ask("receive", link=self.link))

    async def close(self) -> None:
        await self.peer.ask("close", link=self.link)

    async def send_too_much(self) -> None:
        await self.peer.ask("send_too_much", link=self.link)


@dataclass(frozen=True, slots=True)
class ReticulumMeeting:
    """Our carrier and a peer connected to it."""

    carrier: ReticulumCarrier
    peer: PeerProcess
    nobody: str = "00" * 16

    @property
    def peer_address(self) -> str:
        return self.peer.address

    async def far_end(self, link: Link) -> FarEnd:
        return DistantEnd(self.peer, link.channel_id.hex())


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ReticulumSettings:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return ReticulumSettings(
        tmp_path_factory.mktemp("reticulum"), (TcpListen("127.0.0.1", port),), path_timeout_s=1.0
    )


@pytest.fixture
async def carrier(settings: ReticulumSettings) -> AsyncIterator[ReticulumCarrier]:
    carrier = ReticulumCarrier(settings, OUR_KEY)
    await carrier.start(lambda _link: None)
    yield carrier
    await carrier.close()


@pytest.fixture
async def peer(
    carrier: ReticulumCarrier, settings: ReticulumSettings, tmp_path: Path
) -> AsyncIterator[PeerProcess]:
    del carrier  # it has to listen before anybody connects
    async with running_peer(settings, tmp_path) as peer:
        yield peer


@asynccontextmanager
async def running_peer(
    settings: ReticulumSettings, directory: Path, key: bytes | None = None
) -> AsyncIterator[PeerProcess]:
    (listen,) = settings.interfaces
    assert isinstance(listen, TcpListen)
    arguments = (str(directory), str(listen.port), (key or os.urandom(64)).hex())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.transports.reticulum_peer", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
        cwd=ROOT,
    )
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        hello = json.loads(await process.stdout.readline())
    peer = PeerProcess(process, hello["ok"])
    listening = asyncio.create_task(peer.listen())
    try:
        yield peer
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening
        shutil.rmtree(memory_directory(directory), ignore_errors=True)  # killed, it could not


class TestReticulumLinks(LinkContract):
    @pytest.fixture
    async def meeting(self, carrier: ReticulumCarrier, peer: PeerProcess) -> ReticulumMeeting:
        return ReticulumMeeting(carrier, peer)


async def connect(carrier: ReticulumCarrier, peer: PeerProcess) -> ReticulumLink:
    async with asyncio.timeout(PATIENCE_S):
        return await carrier.connect(peer.address)


async def echoed(link: ReticulumLink, frame: bytes) -> bool:
    async with asyncio.timeout(PATIENCE_S):
        await link.send(frame)
        return await link.receive() == frame


async def test_large_frames_on_slow_links_keep_their_place_among_small_ones(
    carrier: ReticulumCarrier, peer: PeerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transports.reticulum_pump.MAX_CHANNEL_MESSAGES", 1)
    link = await connect(carrier, peer)
    await peer.ask("echo", link=link.channel_id.hex())
    frames = [bytes([n]) * (60_000 if n % 3 == 0 else 40) for n in range(15)]

    async with asyncio.timeout(PATIENCE_S):
        for frame in frames:
            await link.send(frame)
        echoes = [await link.receive() for _ in frames]

    assert echoes == frames


@pytest.mark.parametrize(
    ("size", "compressed", "error"),
    [(100_000, False, FrameTooLarge), (1_000_000, True, LinkClosed), (5_000, True, LinkClosed)],
)
async def test_a_resource_that_is_no_frame_closes_the_link(
    carrier: ReticulumCarrier,
    peer: PeerProcess,
    size: int,
    *,
    compressed: bool,
    error: type[Exception],
) -> None:
    link = await connect(carrier, peer)
    name = link.channel_id.hex()

    await peer.ask("announce_resource", link=name, bytes=size, compressed=compressed)

    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(error):
            await link.receive()


async def test_a_killed_peer_is_noticed_and_met_again_when_it_is_back(
    carrier: ReticulumCarrier, settings: ReticulumSettings, tmp_path: Path
) -> None:
    key = os.urandom(64)
    async with running_peer(settings, tmp_path, key) as peer:
        link = await connect(carrier, peer)
        peer.process.send_signal(signal.SIGKILL)
        killed_at_s = time.monotonic()
        with pytest.raises(LinkClosed):
            await asyncio.wait_for(link.receive(), PATIENCE_S)
        assert time.monotonic() - killed_at_s < KILLED_S
        with pytest.raises(Unreachable):
            await carrier.connect(peer.address)

    async with running_peer(settings, tmp_path, key) as back:
        assert back.address == peer.address
        again = await connect(carrier, back)
        await back.ask("echo", link=again.channel_id.hex())
        assert await echoed(again, b"hello again")


async def test_a_lost_link_can_be_made_anew(carrier: ReticulumCarrier, peer: PeerProcess) -> None:
    first = await connect(carrier, peer)
    first.abort()
    with pytest.raises(LinkClosed):
        await asyncio.wait_for(first.receive(), PATIENCE_S)

    second = await connect(carrier, peer)
    await peer.ask("echo", link=second.channel_id.hex())

    assert await echoed(second, b"hello")


async def test_peers_make_links_to_us(settings: ReticulumSettings, tmp_path: Path) -> None:
    arrived = asyncio.Queue[Link]()
    carrier = ReticulumCarrier(settings, OUR_KEY)
    await carrier.start(arrived.put_nowait)
    async with running_peer(settings, tmp_path) as peer, asyncio.timeout(PATIENCE_S):
        made = await peer.ask("connect", to=carrier.address)
        link = await arrived.get()
        await link.send(b"welcome")

        assert link.channel_id.hex() == made
        assert (link.is_outgoing, link.address) == (False, "")
        assert await DistantEnd(peer, made).receive() == b"welcome"
        await carrier.close()


async def test_an_announce_tells_of_a_peer(settings: ReticulumSettings, tmp_path: Path) -> None:
    heard = asyncio.Queue[PeerSeen]()
    carrier = ReticulumCarrier(settings, OUR_KEY, heard.put_nowait)
    await carrier.start(lambda _link: None)
    async with running_peer(settings, tmp_path) as peer, asyncio.timeout(PATIENCE_S):
        await peer.ask("announce")
        seen = await heard.get()

        assert seen == PeerSeen(peer.address, hops=1, version=1)
        assert carrier.peers == (seen,)
        await carrier.close()


async def test_the_signals_stay_ours(carrier: ReticulumCarrier) -> None:
    del carrier  # it has started Reticulum, which would take them
    owners = {
        getattr(signal.getsignal(s), "__module__", "") for s in (signal.SIGINT, signal.SIGTERM)
    }

    assert not any(str(owner).startswith("RNS") for owner in owners)


async def test_large_frames_are_received_in_memory(
    carrier: ReticulumCarrier, settings: ReticulumSettings
) -> None:
    del carrier
    if not os.path.isdir("/dev/shm"):  # noqa: ASYNC240 - nothing else runs here
        pytest.skip("this system has no files in memory")

    assert RNS.Reticulum.resourcepath == str(memory_directory(settings.directory))
    assert os.stat(RNS.Reticulum.resourcepath).st_mode & 0o077 == 0


async def test_reticulum_starts_in_one_place_only(
    carrier: ReticulumCarrier, tmp_path: Path
) -> None:
    del carrier

    with pytest.raises(CarrierUnavailable):
        start_reticulum(ReticulumSettings(tmp_path))


async def test_a_busy_port_is_named_and_harms_nothing_else(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        script = (
            "from pathlib import Path\n"
            "from transports.reticulum_instance import start_reticulum\n"
            "from transports.reticulum_settings import *\n"
            f"busy = TcpListen('127.0.0.1', {port})\n"
            f"settings = ReticulumSettings(Path({str(tmp_path)!r}), (busy, LocalNetwork()))\n"
            "print(start_reticulum(settings))\n"
        )
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", script), stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)

    assert out.decode().splitlines()[-1] == "['meshnode 0']"

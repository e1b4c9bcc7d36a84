"""A peer in a process of its own, told what to do by lines of JSON on standard input.

Each line is `{"n": number, "do": name, ...}`; each is answered, perhaps out of
order, by `{"n": number, "ok": value}` or `{"n": number, "error": class name}`.
Frames are base64. Links are known by the hex of their channel ids.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import RNS

from transports.errors import TransportError
from transports.reticulum import ReticulumCarrier
from transports.reticulum_settings import ReticulumSettings, TcpConnect

if TYPE_CHECKING:
    from transports.link import Link
    from transports.reticulum_link import ReticulumLink


class Peer:
    """One carrier and the links that it took."""

    def __init__(self, carrier: ReticulumCarrier) -> None:
        self.carrier = carrier
        self.links: defaultdict[str, asyncio.Future[ReticulumLink]] = defaultdict(asyncio.Future)
        self.echoing: set[asyncio.Task[None]] = set()

    def take(self, link: Link) -> None:
        """Keep a link that somebody made."""
        self.links[link.channel_id.hex()].set_result(cast("ReticulumLink", link))

    async def obey(self, order: dict[str, Any]) -> object:
        """Do one thing and return what it gives."""
        if order["do"] == "announce":
            await self.carrier.announce()
            return None
        if order["do"] == "connect":
            link = await self.carrier.connect(order["to"])
            self.take(link)
            return link.channel_id.hex()
        link = await self.links[order["link"]]  # which may be a moment away
        return await self.obey_on(link, order)

    async def obey_on(self, link: ReticulumLink, order: dict[str, Any]) -> object:
        """Do one thing with one link."""
        answer: object = None
        match order["do"]:
            case "is_outgoing":
                answer = link.is_outgoing
            case "send":
                await link.send(base64.b64decode(order["frame"]))
            case "receive":
                answer = base64.b64encode(await link.receive()).decode()
            case "close":
                await link.close()
            case "echo":
                task = asyncio.create_task(echo(link))
                self.echoing.add(task)
                task.add_done_callback(self.echoing.discard)
            case "drain":
                answer = sum([len(await link.receive()) for _ in range(order["frames"])])
            case "send_too_much":
                send_past_the_bound(link)
            case "announce_resource":
                announce_resource(link, order["bytes"], compressed=order["compressed"])
            case unknown:
                raise ValueError(unknown)
        return answer


def send_past_the_bound(link: ReticulumLink) -> None:
    """Send a frame that is too large, after the honest ones, past the check of `send`."""
    pump = link._pump
    with pump._lock:
        pump._outbox.append(bytes(100_000))
        pump._outbox_bytes += 100_000
        pump._wake()


def announce_resource(link: ReticulumLink, size: int, *, compressed: bool) -> None:
    """Announce a resource that is not a frame, past our own checks."""
    RNS.Resource(bytes(size), link._link, auto_compress=compressed)


async def echo(link: ReticulumLink) -> None:
    """Send back whatever comes."""
    try:
        while True:
            await link.send(await link.receive())
    except TransportError:
        return


async def main(directory: str, port: str, key: str) -> None:
    """Serve until standard input ends."""
    settings = ReticulumSettings(Path(directory), (TcpConnect("127.0.0.1", int(port)),))
    carrier = ReticulumCarrier(settings, bytes.fromhex(key))
    peer = Peer(carrier)
    await carrier.start(peer.take)
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)

    def answer(reply: dict[str, object]) -> None:
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()

    async def serve(order: dict[str, Any]) -> None:
        try:
            answer({"n": order["n"], "ok": await peer.obey(order)})
        except TransportError as error:
            answer({"n": order["n"], "error": type(error).__name__})

    answer({"n": 0, "ok": carrier.address})
    async with asyncio.TaskGroup() as tasks:
        while line := await orders.readline():
            tasks.create_task(serve(json.loads(line)))
        os._exit(0)  # the test is over, and whatever still waits with it


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

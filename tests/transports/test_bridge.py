"""What foreign threads hand over reaches the loop: in order, bounded, never blocking."""

from __future__ import annotations

import asyncio
from threading import Thread

import pytest

from transports.bridge import Bell, FrameInbox, ThreadBridge, post
from transports.errors import FrameTooLarge, LinkClosed

PATIENCE_S = 5


async def test_news_crosses_from_a_foreign_thread_in_order() -> None:
    bridge = ThreadBridge[int](1000, asyncio.get_running_loop())

    def radio() -> None:
        for n in range(500):
            bridge.offer(n)

    Thread(target=radio).start()
    heard: list[int] = []
    async with asyncio.timeout(PATIENCE_S):
        async for item in bridge:
            heard.append(item)
            if item == 499:
                break

    assert heard == list(range(500))


async def test_a_full_mailbox_drops_the_oldest_news_and_counts_it() -> None:
    bridge = ThreadBridge[str](2, asyncio.get_running_loop())
    for word in ("old", "new", "newest"):
        bridge.offer(word)

    assert (await anext(aiter(bridge)), bridge.dropped) == ("new", 1)


async def test_news_after_a_quiet_spell_still_arrives() -> None:
    bridge = ThreadBridge[int](10, asyncio.get_running_loop())
    news = aiter(bridge)

    for n in range(3):
        Thread(target=bridge.offer, args=(n,)).start()
        assert await asyncio.wait_for(anext(news), PATIENCE_S) == n


async def test_no_frame_of_a_foreign_thread_is_lost_or_swapped() -> None:
    inbox = FrameInbox(1_000_000, asyncio.get_running_loop())
    frames = [bytes([n % 256]) * (n % 50 + 1) for n in range(2000)]

    def radio() -> None:
        for frame in frames:
            inbox.offer(frame)
        inbox.close(LinkClosed())

    Thread(target=radio).start()
    taken: list[bytes] = []
    with pytest.raises(LinkClosed):
        async with asyncio.timeout(PATIENCE_S):
            while True:
                taken.append(await inbox.take())

    assert taken == frames


async def test_a_full_inbox_refuses_and_drops_nothing() -> None:
    inbox = FrameInbox(10, asyncio.get_running_loop())

    assert inbox.offer(b"sixsix")
    assert not inbox.offer(b"fives")
    assert inbox.waiting_bytes == 6
    assert await inbox.take() == b"sixsix"
    assert inbox.offer(b"fives")


async def test_the_first_reason_for_an_end_stands() -> None:
    inbox = FrameInbox(10, asyncio.get_running_loop())
    inbox.close(FrameTooLarge("70000 bytes"))
    inbox.close(LinkClosed())

    assert not inbox.offer(b"late")
    for _ in range(2):
        with pytest.raises(FrameTooLarge, match="70000"):
            await inbox.take()


async def test_everybody_who_waits_hears_the_end() -> None:
    inbox = FrameInbox(10, asyncio.get_running_loop())
    waiting = [asyncio.create_task(inbox.take()) for _ in range(3)]
    await asyncio.sleep(0)

    Thread(target=inbox.close, args=(LinkClosed(),)).start()
    ends = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), PATIENCE_S)

    assert [type(end) for end in ends] == [LinkClosed] * 3


async def test_a_bell_rung_before_the_wait_is_heard() -> None:
    bell = Bell(asyncio.get_running_loop())
    bell.ring()

    await asyncio.wait_for(bell.wait_rung(), PATIENCE_S)


def test_a_loop_that_is_gone_harms_no_foreign_thread() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    bell, inbox = Bell(loop), FrameInbox(10, loop)

    bell.ring()
    inbox.offer(b"frame")
    inbox.close(LinkClosed())

    assert not post(loop, print)

"""News: what changed, told to everybody who follows, without keeping anybody waiting."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, get_args

from meshnode.views.news import NodeEvent

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

Topic = Literal["status", "contributions", "peers", "links", "members", "model", "stopping"]

TOPICS: tuple[Topic, ...] = get_args(Topic)


class News:
    """Topics that changed since each follower last looked; a topic is told once, however often."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Event, set[Topic]] = {}

    def tell(self, topic: Topic) -> None:
        """Say that something changed."""
        for bell, topics in self._waiting.items():
            topics.add(topic)
            bell.set()

    async def follow(self) -> AsyncGenerator[NodeEvent, None]:
        """Give each topic as it changes; ends after "stopping"."""
        bell, topics = asyncio.Event(), set[Topic]()
        self._waiting[bell] = topics
        try:
            while True:
                await bell.wait()
                bell.clear()
                for topic in TOPICS:
                    if topic in topics:
                        topics.discard(topic)
                        yield NodeEvent(topic=topic)
                        if topic == "stopping":
                            return
        finally:
            del self._waiting[bell]

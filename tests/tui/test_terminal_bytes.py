"""Bytes that are no UTF-8 reach the app as signs that cannot be read."""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING

import pytest
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key

from tui.terminal_bytes import take_any_bytes

if TYPE_CHECKING:
    from textual.message import Message

    from tests.tui.conftest import Opener
    from tui.app import MeshApp

pytestmark = pytest.mark.slow  # it runs the whole app


class PipeDriver(LinuxDriver):
    """Reads from a pipe, and keeps what it read."""

    def __init__(self, app: MeshApp, fileno: int) -> None:
        super().__init__(app)
        self.fileno = fileno
        self.seen: list[str] = []

    def process_message(self, message: Message) -> None:
        if isinstance(message, Key) and message.character:
            self.seen.append(message.character)
            if message.character == ".":
                self.exit_event.set()


async def test_a_byte_that_is_no_utf8_ends_nothing(
    visit: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    strictly = "textual.drivers.linux_driver.getincrementaldecoder"
    monkeypatch.setattr(strictly, getincrementaldecoder)
    async with visit() as app:
        take_any_bytes()
        out, into = os.pipe()
        driver = PipeDriver(app.app, out)
        os.write(into, "é".encode("latin-1") + b"a\x9bb.")
        os.close(into)
        driver.run_input_thread()
        os.close(out)
        assert driver.seen == ["\ufffd", "a", "\ufffd", "b", "."]

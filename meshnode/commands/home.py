"""Commands about the home: making it, its keys and settings, and its end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from meshnode.api.status_codes import Exit
from meshnode.commands import passphrases
from meshnode.errors import BadUsage, ConfigError, NodeEmpty
from meshnode.home.config import load_config, sections, settings, toml
from meshnode.home.home_lock import holder, home_lock
from meshnode.home.key_file import key_file_path, make_key_file, read_key_file
from meshnode.home.private_file import destroy, private_files
from meshnode.version import VERSION

if TYPE_CHECKING:
    from meshnode.commands.call import Call
    from meshnode.service import CreateRequest
    from meshnode.views.home import InitView

WORDS_AHEAD = """
These twelve words are you. Write them on paper, now: they are shown this once and kept
nowhere. With them you come back after a theft, a fire or a forgotten passphrase; whoever
else has them can speak as you.
"""


def init(call: Call) -> int:
    """Make a node."""
    return _make(call, asks_words=call.words)


def recover(call: Call) -> int:
    """Make a node for a member who comes back with their words."""
    return _make(call, asks_words=True)


def _make(call: Call, *, asks_words: bool) -> int:
    request = _request(call, asks_words=asks_words)
    made = _through_daemon(call, request) if holder(call.home) else _here(call, request)
    if call.json:
        call.terminal.data(made)
    else:
        _show(call, made)
    return Exit.DONE


def _request(call: Call, *, asks_words: bool) -> CreateRequest:
    from meshnode.errors import NodeNotEmpty
    from meshnode.service import CreateRequest

    if not call.home.is_empty:
        raise NodeNotEmpty(str(call.home.root))
    passphrase = None
    if not call.no_passphrase and call.key_file is None:
        passphrase = passphrases.new(call.terminal, call.passphrase_file, "--passphrase-file")
    ticket = call.terminal.read().strip() if call.join == "-" else call.join
    if ticket == "":
        raise BadUsage("the ticket is empty")
    words = call.terminal.line("Your twelve recovery words").strip() if asks_words else None
    if words == "":
        raise BadUsage("no recovery words were given, and without them you would be somebody new")
    return CreateRequest(
        name=call.name,
        community=call.community,
        ticket=ticket,
        passphrase=passphrase,
        key_file=call.key_file,
        words=words,
    )


def _through_daemon(call: Call, request: CreateRequest) -> InitView:
    from meshnode.commands.connection import run

    return run(call, lambda node: node.init(request))


def _here(call: Call, request: CreateRequest) -> InitView:
    from meshnode.lifecycle import Lifecycle, without_links

    config = load_config(call.home.config)
    call.home.make()

    async def make() -> InitView:
        # No links and no model: this is over at once, and what it makes is used later.
        lifecycle = Lifecycle(call.home, config, without_links(call.program.open_node()))
        try:
            return await lifecycle.init(request)
        finally:
            await lifecycle.close()

    with private_files(), home_lock(call.home):
        return asyncio.run(make())


def _show(call: Call, made: InitView) -> None:
    terminal = call.terminal
    terminal.say(f"A node was made in {made.home}.")
    terminal.say(f"Member {made.member[:8]}.")
    if made.community:
        verb = "founded" if call.community else "joined"
        terminal.say(f"Community {verb}: {made.community}.")
    if made.words:
        terminal.say(WORDS_AHEAD)
        numbered = [f"{number:2}. {word}" for number, word in enumerate(made.words, 1)]
        for row in range(0, len(numbered), 4):
            terminal.say(
                "   " + "".join(f"{word:<16}" for word in numbered[row : row + 4]).rstrip()
            )
        terminal.say()
    terminal.say("Next: `meshnode` opens the app; `meshnode run` runs the node here.")


def passphrase(call: Call) -> int:
    """Seal the keys anew, under another passphrase or under the key file."""
    from meshnode.home.keystore import Keystore, Protection

    if call.home.is_empty:
        raise NodeEmpty(str(call.home.root))
    store = Keystore(call.home.keys)
    path = key_file_path(call.home, load_config(call.home.config))
    was_key_file = store.protection() is Protection.KEY_FILE
    key: str | bytes
    if was_key_file:
        key = read_key_file(path)
    else:
        key = passphrases.present(call.terminal, call.passphrase_file)
    keys = store.unlock(key)
    if call.no_passphrase:
        store.write(keys, make_key_file(path))
        call.terminal.done(f"From now on the key file {path} opens the node.")
        return Exit.DONE
    store.write(
        keys, passphrases.new(call.terminal, call.new_passphrase_file, "--new-passphrase-file")
    )
    if was_key_file:
        destroy(path)
    call.terminal.done("From now on the new passphrase opens the node.")
    return Exit.DONE


def wipe(call: Call) -> int:
    """Destroy the keys first, then stop the daemon, then remove everything."""
    from meshnode.daemon.background import wait_stopped

    call.home.check_wipeable()
    if not call.yes and not call.terminal.confirm(
        f"Everything in {call.home.root} will be gone for good. Only your recovery words bring "
        "you back, and only other nodes your community's entries.",
        "wipe",
    ):
        call.terminal.note("Nothing was done.")
        return Exit.FAILED
    key_file = None
    with suppress(ConfigError):  # nothing may stand between the owner and this
        key_file = key_file_path(call.home, load_config(call.home.config))
    call.home.destroy_keys(key_file)
    process = holder(call.home)
    if process:
        os.kill(process, signal.SIGKILL)  # it holds the keys in memory: no time to say goodbye
        wait_stopped(call.home)
    call.home.remove()
    call.terminal.done("The keys were destroyed and the home removed.")
    return Exit.DONE


def config(call: Call) -> int:
    """Show the settings in force."""
    found = load_config(call.home.config)
    if call.json:
        call.terminal.data({"path": str(call.home.config), "settings": found})
        return Exit.DONE
    there = "" if call.home.config.exists() else " (not there: all settings as they come)"
    call.terminal.say(f"# {call.home.config}{there}")
    for name, section in sections(found):
        call.terminal.say(f"\n[{name}]")
        for key, value, _ in settings(section):
            is_own = value != getattr(type(section)(), key)
            call.terminal.say(f"{key} = {toml(value)}{'  # set in the file' if is_own else ''}")
    return Exit.DONE


def version(call: Call) -> int:
    """Show the version."""
    python = ".".join(map(str, sys.version_info[:3]))
    if call.json:
        call.terminal.data({"version": VERSION, "python": python})
    else:
        call.terminal.say(f"Meshnode {VERSION}, Python {python}")
    return Exit.DONE

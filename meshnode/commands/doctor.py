"""`doctor`: every part checked, with or without a daemon."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from crdt.errors import MeshError
from meshnode.api.status_codes import Exit
from meshnode.commands import passphrases
from meshnode.daemon.background import is_answering
from meshnode.doctor import check_machine
from meshnode.home.config import load_config
from meshnode.home.home_lock import holder, home_lock
from meshnode.home.keystore import Keystore, Protection
from meshnode.home.private_file import private_files
from meshnode.views.status import CheckView

if TYPE_CHECKING:
    from meshnode.client import NodeClient
    from meshnode.commands.call import Call

_STYLES = {"good": "32", "warning": "33", "bad": "31"}


def doctor(call: Call) -> int:
    """Check every part."""
    call.terminal.progress("Checking …")
    if is_answering(call.home):
        checks = _with_daemon(call)
    else:
        checks = [*check_machine(call.home), *_without_daemon(call)]
    if call.json:
        call.terminal.data(checks)
    else:
        for check in checks:
            _show(call, check)
    return Exit.FAILED if any(check.state == "bad" for check in checks) else Exit.DONE


def _with_daemon(call: Call) -> list[CheckView]:
    from meshnode.commands.connection import run

    async def ask(node: NodeClient) -> list[CheckView]:
        status = await node.status()
        state = CheckView(name="daemon", state="good", detail=f"runs, {status.state}")
        return [*await node.doctor(), state]

    try:
        return run(call, ask)
    except MeshError as error:
        refused = CheckView(
            name="daemon",
            state="bad",
            detail=error.explain(),
            advice=f"Its log is {call.home.log}. Stop it: `meshnode stop`.",
        )
        return [*check_machine(call.home), refused]


def _without_daemon(call: Call) -> list[CheckView]:
    if holder(call.home) is not None:
        advice = f"It may still be starting; otherwise see {call.home.log}."
        return [CheckView(name="daemon", state="bad", detail="does not answer", advice=advice)]
    daemon = CheckView(name="daemon", state="good", detail="none runs")
    if call.home.is_empty:
        return [daemon]
    try:
        return [daemon, *_open_and_check(call)]
    except MeshError as error:
        return [daemon, CheckView(name="database", state="bad", detail=error.explain())]


def _open_and_check(call: Call) -> list[CheckView]:
    """Open the node, without links and model, and have it check itself."""
    from meshnode.lifecycle import Lifecycle, without_links

    config = load_config(call.home.config)
    passphrase = None
    if Keystore(call.home.keys).protection() is Protection.PASSPHRASE:
        if call.passphrase_file is None and not call.terminal.has_person:
            advice = "Use --passphrase-file to have it checked."
            unchecked = CheckView(
                name="database", state="warning", detail="locked, so not checked", advice=advice
            )
            return [unchecked]
        passphrase = passphrases.present(call.terminal, call.passphrase_file)

    async def check() -> list[CheckView]:
        lifecycle = Lifecycle(call.home, config, without_links(call.program.open_node()))
        try:
            await lifecycle.start(passphrase)
            if lifecycle.state != "open":
                return [CheckView(name="database", state="bad", detail=lifecycle.problem)]
            async with lifecycle.using() as node:
                return await node.doctor()
        finally:
            await lifecycle.close()

    with private_files(), home_lock(call.home):
        return asyncio.run(check())


def _show(call: Call, check: CheckView) -> None:
    terminal = call.terminal
    state = check.state if terminal.is_plain else f"{check.state:<8}"
    name = check.name if terminal.is_plain else f"{check.name:<12}"
    terminal.say(f"{terminal.coloured(state, _STYLES[check.state])} {name} {check.detail}")
    if check.advice and check.state != "good":
        terminal.say(f"{'' if terminal.is_plain else ' ' * 22}{check.advice}")

"""The words of the command line: every command, its arguments and its help.

Light on purpose: `meshnode --help` imports little else of ours. Each command
names the function that runs it, as "module:function" under `meshnode/commands/`.
"""

from __future__ import annotations

import argparse
import json
from typing import Any, NoReturn

from meshnode.commands.arguments import called, duration_ms, number, some, some_words, words

LEVELS = ("inner", "allied", "commons")
ROLES = ("founder", "steward", "contributor", "reader")
SORTS = ("newest", "title", "author")
MAX_USES = 1_000
MAX_ROWS = 1_000
MAX_OFFSET = 1 << 31
"""The node's own limits, which a test compares, to be told before anything is asked of it."""

_EPILOG = """\
Without a command, `meshnode` opens the app, and starts the node behind it if none runs.
Ids may be shortened while they are unambiguous. Exit statuses: docs/guide/cli.md.
"""


class _Parser(argparse.ArgumentParser):
    """Says what was wrong as every error is said: with `--json`, as JSON."""

    is_json = False
    """Whether `--json` was asked for, wherever it stands."""

    def error(self, message: str) -> NoReturn:
        """Say what was wrong, and end."""
        if self.is_json:
            told = {"code": "node.bad_usage", "message": f"{self.prog}: {message}"}
            self.exit(2, json.dumps(told, ensure_ascii=False) + "\n")
        super().error(message)


class _Help(argparse.HelpFormatter):
    """Help in which the options of every command stand once, in the epilog's words."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32)


def build_parser(*, is_json: bool = False) -> argparse.ArgumentParser:
    """Return the parser of the whole command line.

    Args:
        is_json: Whether wrong usage is told as JSON.
    """
    parser = _Parser(
        prog="meshnode",
        description="A community's own node: shared knowledge that syncs without the internet.",
        epilog=_EPILOG,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(
            prog, max_help_position=28
        ),
        allow_abbrev=False,
    )
    parser.is_json = is_json
    parser.add_argument(
        "--version", action="store_const", const="home:version", dest="run", help="as `version`"
    )
    _add_common(parser, is_top=True)
    parser.set_defaults(run="app:open_app")
    commands = Commands(parser)
    _add_node(commands)
    _add_home(commands)
    _add_community(commands)
    _add_contributions(commands)
    _add_asking(commands)
    _add_network(commands)
    return parser


class Commands:
    """The commands under a parser.

    Args:
        parser: That they are added to.
        metavar: What the help calls them.
    """

    def __init__(self, parser: _Parser, metavar: str = "COMMAND") -> None:
        self._is_json = parser.is_json
        self._commands = parser.add_subparsers(metavar=metavar, parser_class=_Parser)

    def add(self, name: str, run: str, help_text: str) -> _Parser:
        """Add a command."""
        parser = self._commands.add_parser(
            name, help=help_text, description=help_text, formatter_class=_Help, allow_abbrev=False
        )
        parser.is_json = self._is_json
        _add_common(parser, is_top=False)
        parser.set_defaults(run=run)
        return parser


def _add_common(parser: argparse.ArgumentParser, *, is_top: bool) -> None:
    """Add what every command takes, before or after its name."""

    def default(value: object) -> Any:  # noqa: ANN401 - argparse takes anything
        return value if is_top else argparse.SUPPRESS

    group = parser.add_argument_group("everywhere")
    group.add_argument(
        "--home", metavar="FOLDER", default=default(None),
        help="the node's home (else MESHNODE_HOME, else ~/.meshnode)",
    )  # fmt: skip
    group.add_argument(
        "--json", action="store_true", default=default(value=False), help="print JSON"
    )
    group.add_argument(
        "--plain", action="store_true", default=default(value=False),
        help="plain lines, for screen readers",
    )  # fmt: skip
    group.add_argument(
        "--no-start", action="store_true", default=default(value=False),
        help="do not start the daemon when none runs",
    )  # fmt: skip


def _add_node(commands: Commands) -> None:
    run = commands.add("run", "node:run", "Run the node in the foreground.")
    run.add_argument("--passphrase-file", metavar="F", help="open it with the first line of F")
    run.add_argument("--background", action="store_true", help=argparse.SUPPRESS)
    run.add_argument("--locked", action="store_true", help="do not open it by its key file")
    commands.add("stop", "node:stop", "Stop the node.")
    commands.add("status", "node:status", "Show the node at a glance.")
    commands.add("lock", "node:lock", "Close the node and forget its keys until `unlock`.")
    unlock = commands.add("unlock", "node:unlock", "Open a locked node.")
    unlock.add_argument("--passphrase-file", metavar="F", help="read the passphrase from F")
    doctor = commands.add("doctor", "doctor:doctor", "Check every part, and say what to do.")
    doctor.add_argument(
        "--passphrase-file", metavar="F", help="check the database too while no daemon runs"
    )


def _add_home(commands: Commands) -> None:
    init = commands.add("init", "home:init", "Make a node: a member, a device, maybe a community.")
    _add_making(init)
    init.add_argument("--words", action="store_true", help="ask for existing recovery words")
    recover = commands.add(
        "recover", "home:recover", "Make a node for a member who has their recovery words."
    )
    _add_making(recover)
    change = commands.add("passphrase", "home:passphrase", "Change what opens the keys.")
    change.add_argument("--passphrase-file", metavar="F", help="the present passphrase")
    new = change.add_mutually_exclusive_group()
    new.add_argument("--new-passphrase-file", metavar="F", help="the new one")
    new.add_argument("--no-passphrase", action="store_true", help="use the key file from now on")
    wipe = commands.add("wipe", "home:wipe", "Destroy the keys, then everything in the home.")
    wipe.add_argument("--yes", action="store_true", help="do not ask")
    commands.add("config", "home:config", "Show the settings in force, and where they stand.")
    commands.add("version", "home:version", "Show the version.")


def _add_making(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", type=called, required=True, help="what you want to be called")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--community", type=called, metavar="NAME", help="found a community")
    group.add_argument(
        "--join", type=some, metavar="TICKET", help="join one ('-': read the ticket)"
    )
    keeping = parser.add_mutually_exclusive_group()
    keeping.add_argument("--passphrase-file", metavar="F", help="take the first line of F")
    keeping.add_argument(
        "--no-passphrase", action="store_true", help="a key file in the home opens the node"
    )
    keeping.add_argument(
        "--key-file", metavar="F", help="a key file elsewhere opens it; made if not there"
    )


def _add_community(commands: Commands) -> None:
    found = commands.add("found", "community:found", "Found a community.")
    found.add_argument("name", type=called, metavar="NAME")
    invite = commands.add("invite", "community:invite", "Make a ticket to a community.")
    invite.add_argument("--role", choices=ROLES, default="contributor")
    invite.add_argument(
        "--uses", type=number(1, MAX_USES), default=1, metavar="N", help="how many it serves"
    )
    invite.add_argument("--expires", type=duration_ms, metavar="7d", help="how long it serves")
    invite.add_argument(
        "--community", type=some_words, metavar="C", help="to which community, by name or id"
    )
    invite.add_argument("--qr", action="store_true", help="draw it as a QR code")
    join = commands.add("join", "community:join", "Redeem a ticket.")
    join.add_argument("ticket", type=some, metavar="TICKET", help="'-': read it")
    commands.add("members", "community:members", "List the members.")
    role = commands.add("role", "community:appoint", "Give a member another role.")
    role.add_argument(
        "member", type=some_words, metavar="MEMBER", help="name or id; also of one who was removed"
    )
    role.add_argument("role", choices=ROLES)
    role.add_argument("--community", type=words, default="", metavar="C")
    remove = commands.add("remove", "community:remove", "Remove a member from a community.")
    remove.add_argument(
        "member", type=some_words, metavar="MEMBER", help="id, or the beginning of it"
    )
    remove.add_argument("--community", type=words, default="", metavar="C")
    remove.add_argument("--yes", action="store_true", help="do not ask")


def _add_contributions(commands: Commands) -> None:
    add = commands.add("add", "contributions:add", "Contribute files and folders.")
    add.add_argument("path", type=some, nargs="+", metavar="PATH")
    add.add_argument("--level", choices=LEVELS, help="who may read it")
    add.add_argument("--community", type=some_words, metavar="C")
    add.add_argument("--lang", type=words, metavar="L", help="language, such as en or sw")
    add.add_argument("--licence", type=words, metavar="SPDX", help="such as CC-BY-4.0")
    add.add_argument(
        "--tag", type=words, action="append", default=[], metavar="T", help="may be repeated"
    )
    add.add_argument("--again", action="store_true", help="also what you withdrew before")
    listing = commands.add("list", "contributions:listing", "List contributions, newest first.")
    for name in ("level", "tag", "lang", "author", "community"):
        choices = LEVELS if name == "level" else None
        listing.add_argument(
            f"--{name}", type=words, default="", choices=choices, help=f"only this {name}"
        )
    listing.add_argument("--sort", choices=SORTS, default="newest")
    listing.add_argument("--limit", type=number(1, MAX_ROWS), default=100, metavar="N")
    listing.add_argument("--offset", type=number(0, MAX_OFFSET), default=0, metavar="N")
    show = commands.add("show", "contributions:show", "Show a contribution.")
    show.add_argument("id", type=some_words, metavar="ID")
    edit = commands.add("edit", "contributions:edit", "Change a contribution, in $EDITOR or by F.")
    edit.add_argument("id", type=some_words, metavar="ID")
    edit.add_argument("--file", metavar="F", help="the new text ('-': read it)")
    edit.add_argument("--title", type=some_words, metavar="T")
    edit.add_argument("--lang", type=words, metavar="L")
    edit.add_argument("--licence", type=words, metavar="SPDX")
    edit.add_argument(
        "--tag", type=words, action="append", metavar="T", help="replaces all; may be repeated"
    )
    history = commands.add("history", "contributions:history", "Show every edit, oldest first.")
    history.add_argument("id", type=some_words, metavar="ID")
    withdraw = commands.add("withdraw", "contributions:withdraw", "Take a contribution back.")
    withdraw.add_argument("id", type=some_words, metavar="ID")
    withdraw.add_argument("--reason", type=words, default="", metavar="R")
    withdraw.add_argument("--yes", action="store_true", help="do not ask")
    coverage = commands.add("coverage", "contributions:coverage", "Show who holds or erased it.")
    coverage.add_argument("id", type=some_words, metavar="ID")
    commands.add("withdrawals", "contributions:withdrawals", "List what you took back.")


def _add_asking(commands: Commands) -> None:
    search = commands.add("search", "asking:search", "Search the commons.")
    search.add_argument("query", type=words, nargs="+", metavar="QUERY")
    search.add_argument("--limit", type=number(1, MAX_ROWS), default=20, metavar="N")
    ask = commands.add("ask", "asking:ask", "Ask the commons: its own words first.")
    ask.add_argument("question", type=words, nargs="+", metavar="QUESTION")


def _add_network(commands: Commands) -> None:
    peers = commands.add("peers", "network:peers", "List the peers, or add or remove one.")
    changes = Commands(peers, "add|remove")
    for name, said in (("add", "Remember a peer."), ("remove", "Forget a peer.")):
        change = changes.add(name, f"network:{name}_peer", said)
        change.add_argument("address", type=some_words, metavar="ADDRESS")
    commands.add("links", "network:links", "List the open links.")
    sync = commands.add("sync", "network:sync", "Meet a peer now, or everybody within reach.")
    sync.add_argument("peer", type=some_words, nargs="?", metavar="PEER", help="an address")
    sync.add_argument("--wait", action="store_true", help="try again until a meeting went well")
    sync.add_argument("--timeout", type=duration_ms, metavar="5m", help="end by then")
    bundle = commands.add("bundle", "network:bundle", "Carry entries in a file.")
    kinds = Commands(bundle, "write|read")
    write = kinds.add("write", "network:write_bundle", "Write a bundle file.")
    write.add_argument("file", type=some, metavar="FILE")
    write.add_argument(
        "--for", dest="peer", type=some_words, metavar="PEER", help="only what this peer lacks"
    )
    read = kinds.add("read", "network:read_bundle", "Read a bundle file.")
    read.add_argument("file", type=some, metavar="FILE")

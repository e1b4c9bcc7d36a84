"""Every command, as a person and as a program would call it, against a real daemon."""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import meshnode
from crdt.errors import NotAuthorised
from meshnode.cli import main
from meshnode.commands import contributions, edited_text, wording
from meshnode.commands.arguments import duration_ms
from meshnode.commands.call import Program
from meshnode.commands.parser import build_parser
from meshnode.commands.terminal import Terminal
from meshnode.home.config import load_config
from meshnode.home.keystore import Keystore, Protection
from meshnode.views.contribution import AddRequest
from tests.meshnode.conftest import QUICK, Running, make_node, running
from tests.meshnode.fake_program import COMMAND
from tests.meshnode.fake_service import TICKET, FakeOpener

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from meshnode.home.home import Home

ROOT = Path(meshnode.__file__).parent.parent


class Shell:
    """Calls commands on one home and collects what they say."""

    def __init__(self, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.opener = FakeOpener()
        self._capsys = capsys
        self.said = self.noted = ""

    def call(self, *words: str) -> int:
        """Call a command and return its exit status."""
        self._capsys.readouterr()
        program = Program(open_node=lambda: self.opener, command=COMMAND)
        try:
            status = main(["--home", str(self.home.root), *words], program)
        except SystemExit as error:
            status = int(error.code or 0)
        self.said, self.noted = self._capsys.readouterr()
        return status

    async def run(self, *words: str) -> str:
        """Call a command that goes well, and return what it said."""
        status = await asyncio.to_thread(self.call, *words)
        assert status == 0, self.noted
        return self.said

    async def json(self, *words: str) -> Any:  # noqa: ANN401 - whatever it is
        """Call a command that goes well, and return its JSON."""
        return json.loads(await self.run(*words, "--json"))

    async def fail(self, *words: str) -> int:
        """Call a command that does not go well, and return its exit status."""
        status = await asyncio.to_thread(self.call, *words)
        assert status != 0, self.said
        return status


@pytest.fixture
def shell(home: Home, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(home, capsys)


@asynccontextmanager
async def node_with_a_note(home: Home) -> AsyncIterator[tuple[Running, str]]:
    await make_node(home)
    async with running(home) as node:
        await node.opener.node.join(TICKET)
        made = await node.client.add(
            AddRequest(title="Spring water", text="Boil it for one minute.", tags=("water",))
        )
        yield node, made.id


# --- the commons ---


async def test_add_reports_each_file_and_their_sum(shell: Shell, tmp_path: Path) -> None:
    for name in ("water.md", "radio.md", "virus.exe"):
        (tmp_path / name).touch()
    async with node_with_a_note(shell.home):
        said = await shell.run("add", str(tmp_path / "water.md"), "--tag", "a", "--tag", "b")
        assert "water.md" in said
        assert said.endswith("1 added, 0 updated, 0 unchanged, 0 skipped, 0 refused.\n")

        assert await shell.fail("add", str(tmp_path / "radio.md"), str(tmp_path / "virus.exe")) == 1
        assert "virus.exe: no text" in shell.noted

        assert await shell.fail("add", str(tmp_path / "nowhere")) == 2
        given = await shell.json("add", str(tmp_path / "radio.md"))
    assert given["files"][0]["outcome"] == "added"
    assert given["done"]["added"] == 1


def test_an_import_that_is_interrupted_says_that_what_was_added_stays(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(contributions, "with_node", interrupt)

    assert shell.call("add", str(tmp_path)) == 130
    assert "what was added stays" in shell.noted


async def test_list_shows_rows_and_says_when_there_are_more(shell: Shell) -> None:
    async with node_with_a_note(shell.home) as (node, name):
        await node.client.add(AddRequest(title="Radio", text="Call at noon."))

        said = await shell.run("list")
        assert said.splitlines()[1].split()[:3] == [name[:8], "2026-09-21", "commons"]
        assert "Radio" in said
        await shell.run("list", "--limit", "1")
        assert "1 to 1 of 2" in shell.noted
        assert [row["title"] for row in await shell.json("list", "--tag", "water")] == [
            "Spring water"
        ]
        assert "title: Radio" in await shell.run("list", "--plain")
        assert await shell.run("list", "--tag", "nobody's") == ""
        assert "No contribution fits" in shell.noted
        assert await shell.run("list", "--offset", "9") == ""
        assert "There are only 2 contributions" in shell.noted
        assert await shell.fail("list", "--lang", "english") == 2
        assert "such as es, sw or pt-BR" in shell.noted


async def test_show_gives_fields_and_text(shell: Shell) -> None:
    async with node_with_a_note(shell.home) as (_, name):
        said = await shell.run("show", name[:8])
        found = await shell.json("show", name[:8])

    assert "Spring water" in said
    assert "Boil it for one minute." in said
    assert found["id"] == name


async def test_who_gave_words_in_somebody_elses_name_stands_beside_it(shell: Shell) -> None:
    async with node_with_a_note(shell.home) as (node, name):
        held = node.opener.node.held
        held[name] = msgspec.structs.replace(
            held[name], author="Elena Quispe", given_by="Rosa", contributors=("Rosa", "Ahmed")
        )
        said = [
            await shell.run(*command)
            for command in (("list", "--plain"), ("search", "minute"), ("ask", "How long?"))
        ]
        shown = await shell.run("show", name)
        hit, *_ = await shell.json("search", "minute")
        row, *_ = await shell.json("list")

    assert all("Elena Quispe (given by Rosa)" in each for each in said)
    assert "Elena Quispe (given by Rosa), Ahmed" in shown
    for found in (hit, row):
        assert (found["author"], found["given_by"]) == ("Elena Quispe", "Rosa")


async def test_edit_takes_the_text_from_a_file_and_the_rest_from_options(
    shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "new.md").write_text("Boil it for three minutes.\n")
    async with node_with_a_note(shell.home) as (node, name):
        await shell.run("edit", name[:8], "--file", str(tmp_path / "new.md"))
        assert (await node.client.contribution(name)).text == "Boil it for three minutes."

        changed = await shell.json("edit", name[:8], "--title", "Water", "--tag", "x")
        assert (changed["title"], changed["tags"]) == ("Water", ["x"])
        assert changed["text"] == "Boil it for three minutes."

        await shell.run("edit", name[:8], "--file", str(tmp_path / "new.md"))
        assert "Nothing changed." in shell.noted
        assert (await node.client.contribution(name)).edits == 3

        assert await shell.fail("edit", name[:8]) == 2
        assert "--file" in shell.noted


async def test_history_shows_what_each_edit_did(shell: Shell) -> None:
    async with node_with_a_note(shell.home) as (_, name):
        said = await shell.run("history", name[:8])
        assert len(await shell.json("history", name[:8])) == 1

    assert "  + Boil it for one minute." in said
    assert "title = Spring water" in said


async def test_withdraw_needs_a_yes_and_then_shows_how_far_it_got(shell: Shell) -> None:
    async with node_with_a_note(shell.home) as (node, name):
        assert "not known to hold it" in await shell.run("coverage", name[:8])
        assert await shell.fail("withdraw", name[:8]) == 2
        assert "--yes" in shell.noted
        assert name in node.opener.node.held

        said = await shell.run("withdraw", name[:8], "--reason", "wrong", "--yes")
        assert "erased on 1 of 2 nodes" in said
        assert "Ahmed" in said
        assert (await shell.json("coverage", name[:8]))["total"] == 2
        assert "not yet" in await shell.run("coverage", name[:8])
        assert "erased on" in await shell.run("withdrawals")
        assert len(await shell.json("withdrawals")) == 1
        assert await shell.fail("show", name[:8]) == 5


async def test_search_finds_in_the_shape_that_was_promised(shell: Shell) -> None:
    async with node_with_a_note(shell.home) as (_, name):
        assert "Spring water" in await shell.run("search", "one", "minute")
        hits = await shell.json("search", "minute", "--limit", "3")
        await shell.run("search", "nothing like it")

    assert hits == [
        {
            "id": name,
            "title": "Spring water",
            "author": "Rosa",
            "given_by": "",
            "community": "Ridge",
            "level": "commons",
            "snippet": "Boil it for one minute.",
            "score": 1.0,
        }
    ]


async def test_what_a_search_found_is_wrapped_on_a_narrow_screen(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    async with node_with_a_note(shell.home) as (_, name):
        said = await shell.run("search", "minute")

    assert said.splitlines()[0] == f"{name[:8]}  Spring water"
    assert all(line.startswith("          ") for line in said.splitlines()[1:])
    assert max(map(len, said.splitlines())) <= 30
    assert "Boil it for one minute." in " ".join(said.split())


async def test_ask_quotes_first_and_answers_in_the_shape_that_was_promised(shell: Shell) -> None:
    async with node_with_a_note(shell.home) as (_, name):
        said = await shell.run("ask", "How", "long?")
        answer = await shell.json("ask", "How long?")

    assert said.index("Boil it") < said.index("— Rosa, Ridge: Spring water") < said.index("About")
    assert answer == {
        "answer": "About How long?",
        "grounded": True,
        "citations": [
            {
                "id": name,
                "title": "Spring water",
                "author": "Rosa",
                "given_by": "",
                "community": "Ridge",
                "quote": "Boil it for one minute.",
            }
        ],
        "first_ms": 1.0,
        "total_ms": 2.0,
        "note": "",
    }


async def test_ask_says_when_the_commons_does_not_know(shell: Shell) -> None:
    await make_node(shell.home)
    async with running(shell.home):
        answer = await shell.run("ask", "Why?")
    assert answer.lower().count("not in the commons") == 1


async def test_an_empty_question_is_sent_back_in_words(shell: Shell) -> None:
    await make_node(shell.home)
    async with running(shell.home):
        assert await shell.fail("search", "") == 2
        assert "say what to search for" in shell.noted
        assert await shell.fail("ask", " ") == 2
        assert "say what to ask" in shell.noted


async def test_a_bundle_that_is_not_there_is_said_not_to_be(shell: Shell, tmp_path: Path) -> None:
    await make_node(shell.home)
    async with running(shell.home):
        assert await shell.fail("bundle", "read", str(tmp_path / "nothere.mesh")) == 2
    assert f"there is no {tmp_path / 'nothere.mesh'}" in shell.noted


# --- community and network ---


async def test_a_community_is_founded_invited_to_and_joined(shell: Shell) -> None:
    await make_node(shell.home, community=None)
    async with running(shell.home):
        assert "Founded Vale" in await shell.run("found", "Vale")
        assert (await shell.json("found", "Vale"))["name"] == "Vale"
        assert await shell.run("invite", "--expires", "2d", "--uses", "3") == TICKET + "\n"
        assert "3 times" in shell.noted
        assert "█" in await shell.run("invite", "--qr", "--role", "reader")
        assert (await shell.json("invite"))["ticket"] == TICKET
        assert "next meeting" in await shell.run("join", TICKET)
        assert (await shell.json("join", TICKET))["name"] == "Ridge"
        assert await shell.fail("join", "no ticket") == 6
        assert "Rosa (you)" in await shell.run("members")
        assert (await shell.json("members"))[0]["is_self"]
        assert "Rosa (you)" in await shell.run("role", "Ahmed", "steward")
        assert await shell.json("role", "ab12", "reader", "--community", "Vale")
        assert await shell.fail("role", "ab12", "king") == 2
        assert "Rosa (you)" in await shell.run("remove", "ab12", "--community", "Vale", "--yes")
        assert await shell.json("remove", "ab12", "--yes")
        assert await shell.fail("remove", "ab12") == 2


@pytest.mark.slow
async def test_a_ticket_is_drawn_only_where_the_code_fits(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with node_with_a_note(shell.home):
        said = await shell.run("invite", "--qr")
        assert "█" in said
        assert said.endswith(f"{TICKET}\n")

        monkeypatch.setenv("COLUMNS", "20")
        assert await shell.run("invite", "--qr") == f"{TICKET}\n"
        assert "needs" in shell.noted


@pytest.mark.slow
async def test_peers_are_added_met_and_removed(shell: Shell) -> None:
    async with node_with_a_note(shell.home):
        assert await shell.fail("sync") == 7
        assert "No peer is known" in shell.noted
        await shell.run("peers", "add", "ridge:4242")
        assert "ridge:4242" in await shell.run("peers")
        assert (await shell.json("peers"))[0]["is_configured"]
        assert "1.2 kbit/s" in await shell.run("links")
        assert len(await shell.json("links")) == 1
        assert "1 entry sent, 2 received" in await shell.run("sync", "--wait")
        assert (await shell.json("sync", "ridge:4242"))[0]["received"] == 2
        assert await shell.fail("sync", "nobody") == 7
        assert await shell.fail("sync", "nobody", "--wait", "--timeout", "1s") == 7
        await shell.run("peers", "remove", "ridge:4242")
        assert await shell.json("peers") == []
        assert (await shell.json("peers", "add", "a:1"))["address"] == "a:1"
        assert await shell.json("peers", "remove", "a:1") == {}


@pytest.mark.slow
async def test_an_empty_list_says_what_to_do_and_prints_nothing(shell: Shell) -> None:
    await make_node(shell.home)
    async with running(shell.home):
        for words, advice in (
            ("list", "meshnode add"),
            ("peers", "meshnode peers add"),
            ("withdrawals", "nothing back"),
        ):
            assert await shell.run(words) == ""
            assert advice in shell.noted
            assert await shell.json(words) == []


@pytest.mark.slow
async def test_a_sync_ends_when_its_time_is_up_and_says_so(shell: Shell) -> None:
    async with node_with_a_note(shell.home) as (node, _):
        await shell.run("peers", "add", "ridge:4242")
        assert "1 entry sent" in await shell.run("sync", "--timeout", "1s")

        node.opener.node.hold.clear()
        assert await shell.fail("sync", "--timeout", "1s") == 7
        assert "time was up after 1.0 s, and no meeting had ended" in shell.noted
        assert await shell.fail("sync", "--wait", "--timeout", "1s", "--json") == 7
        assert "time was up" in json.loads(shell.said)[0]["error"]


async def test_bundles_are_written_and_read_by_absolute_paths(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.mesh").touch()
    async with node_with_a_note(shell.home):
        written = await shell.json("bundle", "write", "out.mesh", "--for", "ridge:4242")
        assert written["path"] == str(Path.cwd() / "out.mesh")
        assert "1 entry" in await shell.run("bundle", "write", "out.mesh")
        assert "2 entries, 1 new" in await shell.run("bundle", "read", "in.mesh")
        assert "one odd" in shell.noted
        assert (await shell.json("bundle", "read", "in.mesh"))["new"] == 1
        assert await shell.fail("bundle") == 2


# --- the node ---


async def test_status_is_there_both_ways(shell: Shell) -> None:
    async with node_with_a_note(shell.home):
        assert "Community Ridge" in await shell.run("status")
        assert "Member: Rosa" in await shell.run("status", "--plain")
        status = await shell.json("status")

    assert {"entries", "contributions", "peers", "links", "model", "community"} <= set(status)
    assert status["contributions"] == 1


async def test_an_error_has_a_sentence_or_json_and_its_status(shell: Shell) -> None:
    async with node_with_a_note(shell.home) as (node, _):
        node.opener.node.failure = NotAuthorised()
        assert await shell.fail("members") == 6
        assert shell.noted.startswith("meshnode: You do not hold the role")

        node.opener.node.failure = NotAuthorised()
        assert await shell.fail("members", "--json") == 6
        assert json.loads(shell.noted)["code"] == "crdt.not_authorised"
        assert shell.said == ""


def test_commands_on_an_empty_home_say_how_to_begin(shell: Shell) -> None:
    for words in (["status"], ["list"], ["lock"], ["unlock"], ["passphrase"]):
        assert shell.call(*words) == 4
        assert "meshnode init" in shell.noted
    assert not shell.home.socket.exists()


async def test_no_start_starts_nothing(shell: Shell) -> None:
    await make_node(shell.home)

    assert await shell.fail("status", "--no-start") == 3
    assert await shell.run("stop") == ""
    assert "No node runs here" in shell.noted
    assert await shell.json("stop") == {}
    await shell.run("lock")
    assert "nobody's memory" in shell.noted


async def test_a_locked_node_is_unlocked_with_a_file(shell: Shell, tmp_path: Path) -> None:
    await make_node(shell.home, "correct horse")
    (tmp_path / "right").write_text("correct horse\nsecond line\n")
    (tmp_path / "wrong").write_text("battery staple\n")
    async with running(shell.home):
        assert await shell.fail("list") == 4
        assert "`meshnode unlock`" in await shell.run("status")
        assert await shell.fail("unlock") == 2
        assert "--passphrase-file" in shell.noted
        assert await shell.fail("unlock", "--passphrase-file", str(tmp_path / "wrong")) == 4
        assert "not the passphrase" in shell.noted
        await shell.run("unlock", "--passphrase-file", str(tmp_path / "right"))
        assert (await shell.json("unlock", "--passphrase-file", str(tmp_path / "right")))[
            "state"
        ] == "open"
        await shell.run("list")


@pytest.mark.slow
async def test_doctor_works_with_a_daemon_and_without(shell: Shell, tmp_path: Path) -> None:
    await make_node(shell.home)
    async with running(shell.home):
        assert "runs, open" in await shell.run("doctor")
        names = {check["name"] for check in await shell.json("doctor")}
        assert {"python", "libraries", "disk", "home", "keys", "database", "clock"} <= names

    assert "none runs" in await shell.run("doctor")
    assert shell.opener.node.is_closed
    assert not shell.opener.node.config.reticulum.enabled

    shell.home.config.write_text("x = 1")
    assert await shell.fail("doctor") == 1
    assert "Correct" in shell.said


# --- the home ---


def test_init_shows_the_words_once_and_leaves_no_daemon(shell: Shell) -> None:
    assert shell.call("init", "--name", "Rosa", "--community", "Ridge", "--no-passphrase") == 0

    assert "Community founded: Ridge." in shell.said
    assert "12. " in shell.said
    assert not shell.home.socket.exists()
    assert load_config(shell.home.config).reticulum.enabled
    assert not shell.opener.node.config.reticulum.enabled
    assert shell.opener.node.is_closed
    assert shell.call("init", "--name", "Eve", "--no-passphrase") == 4


@pytest.mark.slow
def test_init_with_a_passphrase_and_a_ticket(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "p").write_text("correct horse battery\n")

    words = ["init", "--name", "Ahmed", "--join", TICKET, "--passphrase-file", str(tmp_path / "p")]
    assert shell.call(*words, "--json") == 0

    made = json.loads(shell.said)
    assert (made["community"], len(made["words"])) == ("Ridge", 12)
    assert Keystore(shell.home.keys).protection() is Protection.PASSPHRASE


async def test_init_uses_the_daemon_that_runs_on_an_empty_home(shell: Shell) -> None:
    async with running(shell.home) as node:
        await shell.run("init", "--name", "Rosa", "--no-passphrase")
        assert (await node.client.status()).name == "Rosa"


@pytest.mark.parametrize(
    "words",
    [
        ["--no-passphrase"],
        ["--name", "Rosa"],
        ["--name", "Rosa", "--no-passphrase", "--community", "a", "--join", "b"],
        ["--name", "Rosa", "--no-passphrase", "--passphrase-file", "x"],
        ["--name", "Rosa", "--passphrase-file", "/nowhere"],
        ["--name", "", "--no-passphrase"],
    ],
)
def test_an_init_that_cannot_be_is_wrong_usage(shell: Shell, words: list[str]) -> None:
    assert shell.call("init", *words) == 2
    assert shell.home.is_empty


def test_recover_brings_the_member_back(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.call("init", "--name", "Rosa", "--no-passphrase", "--json")
    first = json.loads(shell.said)
    shell.call("wipe", "--yes")

    for given in ("not twelve words\n", "\n", ""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
        assert shell.call("recover", "--name", "Rosa", "--no-passphrase") == 2
        assert shell.home.is_empty
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert shell.call("init", "--name", "Rosa", "--no-passphrase", "--join", "-") == 2
    assert shell.home.is_empty
    monkeypatch.setattr(sys, "stdin", io.StringIO(" ".join(first["words"]) + "\n"))
    assert shell.call("recover", "--name", "Rosa", "--no-passphrase", "--json") == 0

    again = json.loads(shell.said)
    assert (again["member"], again["words"]) == (first["member"], [])


@pytest.mark.slow
def test_the_passphrase_can_be_changed_given_up_and_set_again(shell: Shell, tmp_path: Path) -> None:
    asyncio.run(make_node(shell.home, "correct horse"))
    (tmp_path / "old").write_text("correct horse\n")
    (tmp_path / "new").write_text("new\n")
    keys = Keystore(shell.home.keys, QUICK)
    name = keys.unlock("correct horse").device.enrolment.member

    old = ["--passphrase-file", str(tmp_path / "old")]
    assert shell.call("passphrase", *old, "--new-passphrase-file", str(tmp_path / "new")) == 0
    assert "short passphrase" in shell.noted
    assert keys.unlock("new").device.enrolment.member == name
    assert shell.call("passphrase", *old, "--no-passphrase") == 4

    new = ["--passphrase-file", str(tmp_path / "new")]
    assert shell.call("passphrase", *new, "--no-passphrase") == 0
    assert keys.unlock(shell.home.key_file.read_bytes()).device.enrolment.member == name

    assert shell.call("passphrase", "--new-passphrase-file", str(tmp_path / "old")) == 0
    assert not shell.home.key_file.exists()
    assert keys.unlock("correct horse").device.enrolment.member == name


def test_wipe_asks_first_and_then_leaves_nothing(shell: Shell, tmp_path: Path) -> None:
    shell.call("init", "--name", "Rosa", "--key-file", str(tmp_path / "stick"))
    keys = shell.home.keys.read_bytes()

    assert shell.call("wipe") == 2
    assert shell.home.keys.read_bytes() == keys

    assert shell.call("wipe", "--yes") == 0
    assert not shell.home.root.exists()
    assert not (tmp_path / "stick").exists()


def test_wipe_leaves_other_folders_alone(shell: Shell) -> None:
    shell.home.root.mkdir()
    (shell.home.root / "letter").touch()

    assert shell.call("wipe", "--yes") == 8
    assert (shell.home.root / "letter").exists()


def test_config_shows_what_is_in_force_and_where(shell: Shell) -> None:
    assert shell.call("config") == 0
    assert "(not there" in shell.said
    shell.home.make()
    shell.home.config.write_text("[sync]\nevery_minutes = 3\n")

    assert shell.call("config") == 0
    assert "every_minutes = 3  # set in the file" in shell.said
    assert shell.call("config", "--json") == 0
    assert json.loads(shell.said)["settings"]["sync"]["every_minutes"] == 3
    shell.home.config.write_text("[sink]")
    assert shell.call("config") == 2


def test_version_is_that_of_the_package(shell: Shell) -> None:
    import tomllib

    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert shell.call("version") == 0
    assert wanted in shell.said
    assert shell.call("--version") == 0
    assert wanted in shell.said
    assert shell.call("version", "--json") == 0
    assert json.loads(shell.said)["version"] == wanted


def test_the_app_needs_a_terminal(shell: Shell) -> None:
    assert shell.call() == 2
    assert "--help" in shell.noted


# --- words and columns ---


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Every command's parser, by its words."""
    found: dict[str, argparse.ArgumentParser] = {}

    def walk(parser: argparse.ArgumentParser, words: list[str]) -> None:
        found[" ".join(words)] = parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, inner in action.choices.items():
                    walk(inner, [*words, name])

    walk(build_parser(), [])
    return found


def commands() -> list[list[str]]:
    """Every command, as the words that call it."""
    return [words.split() for words in parsers() if words]


def options() -> set[str]:
    """Every option that help shows."""
    return {
        option
        for parser in parsers().values()
        for action in parser._actions
        if action.help != argparse.SUPPRESS
        for option in action.option_strings
        if option not in ("-h", "--help", "--version")
    }


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args([*words, "--help"])

    assert ended.value.code == 0
    assert "--home" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["nonsense"], ["list", "--nonsense"], ["show"], ["list", "--limit", "0"]]
)
def test_what_is_no_command_is_wrong_usage(shell: Shell, words: list[str]) -> None:
    assert shell.call(*words) == 2


def test_everywhere_options_go_before_and_after_the_command() -> None:
    before = build_parser().parse_args(["--json", "--home", "x", "list"])
    after = build_parser().parse_args(["list", "--json", "--home", "x"])

    assert before == after
    assert (before.json, before.home, before.plain) == (True, "x", False)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("90s", 90_000), ("12h", 43_200_000), ("7D", 604_800_000), ("1 w", 604_800_000)],
)
def test_durations(text: str, wanted: int) -> None:
    assert duration_ms(text) == wanted


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "-1d", "999999w", "1y"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(Exception, match="no duration"):
        duration_ms(text)


def test_a_terminal_that_cannot_write_a_letter_gets_a_question_mark() -> None:
    data = io.BytesIO()
    out = io.TextIOWrapper(data, encoding="ascii", newline="")
    Terminal(out=out, err=out, source=io.StringIO()).say("agua — água")
    out.flush()

    assert data.getvalue() == b"agua ? ?gua\n"


def test_impossible_times_and_sizes_are_still_words() -> None:
    assert wording.moment(None) == "never"
    assert wording.moment(1 << 62) == "an impossible time"
    assert wording.size(0) == "0 B"
    assert wording.size(1_234_567) == "1.2 MB"
    assert wording.size(1e15) == "1000000 GB"
    assert wording.counted(1, "entry", "entries") == "1 entry"
    assert [wording.speed(x) for x in (300, 1_200, 10_000_000, 1e9, 1e13)] == [
        "300 bit/s", "1.2 kbit/s", "10 Mbit/s", "1 Gbit/s", "10000 Gbit/s",
    ]  # fmt: skip
    assert [wording.span(x) for x in (5, 1500, 120_000)] == ["5 ms", "1.5 s", "2 min"]


def test_the_editor_leaves_no_copy_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Person(Terminal):
        @property
        def has_person(self) -> bool:
            return True

    monkeypatch.setattr(edited_text, "_MEMORY", tmp_path)
    monkeypatch.setenv(
        "VISUAL", f'{sys.executable} -c \'import sys; open(sys.argv[1], "a").write(" Twice.\\n")\''
    )

    assert edited_text._from_editor(Person(), "Boil it.") == "Boil it. Twice.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("output", "status", "noted"),
    [(">/dev/full", 8, "could not be written"), (">&-", 0, ""), (">&- 2>&- <&-", 0, "")],
)
def test_an_answer_that_nobody_can_get_is_no_mistake_of_ours(
    output: str, status: int, noted: str
) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m meshnode version {output}', sys.executable],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == status
    assert noted in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1


@pytest.mark.slow
def test_help_comes_at_once_and_a_pipe_may_close() -> None:
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "meshnode", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = {line.rpartition("|")[2].strip() for line in loaded.stderr.splitlines()}
    assert names & {"aiohttp", "asyncio", "msgspec", "textual", "RNS", "numpy"} == set()

    piped = subprocess.run(
        f"{sys.executable} -m meshnode config --home /nowhere | true",
        shell=True, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert piped.stderr == ""


def test_a_library_that_is_missing_is_explained(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "meshnode.node", None)

    words = ["--home", str(shell.home.root), "init", "--name", "Rosa", "--no-passphrase"]
    assert main(words) == 3

    assert shell.home.is_empty

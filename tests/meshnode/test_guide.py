"""What the guide promises is there, and what is there stands in the guide."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import meshnode
from meshnode.api.api import Api
from meshnode.api.status_codes import Exit, exit_status, http_status
from meshnode.home.config import sections, settings, toml
from meshnode.home.home import Home
from meshnode.home.settings import Config
from meshnode.lifecycle import Lifecycle
from tests.meshnode.fake_service import FakeOpener
from tests.meshnode.test_cli import commands, options
from tests.meshnode.test_status_codes import CODES

DOCS = Path(meshnode.__file__).parent.parent / "docs"
CLI = (DOCS / "guide/cli.md").read_text()
CONFIG = (DOCS / "guide/config.md").read_text()


@pytest.mark.parametrize("words", [one for one in commands() if one != ["bundle"]], ids=" ".join)
def test_every_command_is_in_the_guide(words: list[str]) -> None:
    assert re.search(rf"`meshnode {' '.join(words)}[` ]", CLI)


def test_every_option_is_in_the_guide() -> None:
    assert [option for option in sorted(options()) if not re.search(rf"{option}\b", CLI)] == []


def test_every_command_of_the_guide_is_there() -> None:
    known = {" ".join(words) for words in commands()}
    named = {found.split()[0] for found in re.findall(r"`meshnode ([a-z]+[^`]*)`", CLI)}

    assert named - known == set()


@pytest.mark.parametrize("code", CODES)
def test_every_error_is_in_the_guide_with_its_statuses(code: str) -> None:
    assert f"| `{code}` | {http_status(code)} | {int(exit_status(code))} |" in CLI


@pytest.mark.parametrize("status", Exit)
def test_every_exit_status_is_explained(status: Exit) -> None:
    assert re.search(rf"^\| {int(status)} \| \w", CLI, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "value"),
    [(f"{n}.{key}", value) for n, s in sections(Config()) for key, value, _ in settings(s)],
)
def test_every_setting_is_in_the_guide_with_what_it_is_unless_set(name: str, value: object) -> None:
    assert f"| `{name}` | `{toml(value)}` |" in CONFIG


async def test_every_route_is_in_the_api_page(tmp_path: Path) -> None:
    lifecycle = Lifecycle(Home(tmp_path), Config(), FakeOpener())
    api = Api(lifecycle, check_machine=list, on_stop=lambda: None, on_lock=lambda: None)
    page = (DOCS / "api.md").read_text()

    for route in api.routes():
        path = re.sub(r"\{(\w+)\}", lambda name: name[1].upper(), route.path)
        assert re.search(rf"`{route.method} {path}[`?]", page), route


def test_every_file_of_a_home_is_in_the_guide() -> None:
    home = Home(Path("/h"))
    for path in (home.keys, home.key_file, home.config, home.database, home.socket, home.log):
        assert f"| `{path.name}`" in CONFIG

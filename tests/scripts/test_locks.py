"""The locks: every package pinned and hashed, no host named, nothing forgotten."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent.parent
LOCKS = sorted(CHECKOUT.glob("requirements*.lock"))
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+) \\$", re.MULTILINE)


def pins(lock: Path) -> dict[str, str]:
    return dict(PIN.findall(lock.read_text()))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_line_is_a_hashed_pin_or_a_comment(lock: Path) -> None:
    lines = [line.strip() for line in lock.read_text().splitlines() if line.strip()]
    hashed = re.compile(r"--hash=sha256:[0-9a-f]{64}( \\)?$")
    pinned = re.compile(r"[a-z0-9._-]+==\S+ \\$")

    assert [x for x in lines if not (x.startswith("#") or hashed.match(x) or pinned.match(x))] == []
    assert pins(lock)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_no_lock_names_a_host(lock: Path) -> None:
    assert "://" not in lock.read_text()


def test_the_locks_agree_with_each_other() -> None:
    runtime = pins(CHECKOUT / "requirements.lock")
    development = pins(CHECKOUT / "requirements-dev.lock")
    model = pins(CHECKOUT / "requirements-model.lock")

    assert runtime.items() <= development.items()
    assert {name: model[name] for name in model.keys() & runtime} == {
        name: runtime[name] for name in model.keys() & runtime
    }


def test_every_dependency_of_the_project_is_locked() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]

    assert names(project["dependencies"]) <= pins(CHECKOUT / "requirements.lock").keys()
    assert names(extras["dev"]) <= pins(CHECKOUT / "requirements-dev.lock").keys()
    assert names(extras["model"]) <= pins(CHECKOUT / "requirements-model.lock").keys()


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=\[ ]", requirement)[0].lower() for requirement in requirements}


def test_the_licence_of_every_locked_package_is_told() -> None:
    told = set(re.findall(r"`([a-z0-9._-]+)`", (CHECKOUT / "docs/licences.md").read_text()))
    locks = ("requirements.lock", "requirements-model.lock", "requirements-compile.lock")

    assert {name for lock in locks for name in pins(CHECKOUT / lock)} - told == set()

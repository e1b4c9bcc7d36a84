"""What every test can rely on: no home of the user's, no deadlines, slow tests named."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW_S = 0.25
"""A test that takes longer says so with the mark `slow`."""

# Deadlines measure the machine, which is shared, and not the code.
settings.register_profile("default", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=2_000)
settings.load_profile("default")


@pytest.fixture(scope="session", autouse=True)
def _no_home_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let a test that forgets to name a home find an empty one, never the user's node."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MESHNODE_HOME", os.fspath(tmp_path_factory.mktemp("home") / "nobody"))
        yield


class SlowTests:
    """Lists the tests that are slow and do not say so; a note, since machines differ."""

    def __init__(self) -> None:
        self._unmarked: list[tuple[float, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test's duration, whichever worker ran it."""
        if report.when == "call" and report.duration > SLOW_S and "slow" not in report.keywords:
            self._unmarked.append((report.duration, report.nodeid))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the list, the slowest first."""
        if self._unmarked:
            terminalreporter.section(f"over {SLOW_S} s and not marked slow")
        for duration_s, name in sorted(self._unmarked, reverse=True):
            terminalreporter.write_line(f"{duration_s:6.2f} s  {name}")


def pytest_configure(config: pytest.Config) -> None:
    """Install the list, once: in the process that reports."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(SlowTests())

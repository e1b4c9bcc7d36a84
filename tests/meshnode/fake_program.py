"""The `meshnode` program with a fake node, to be started as a process of its own."""

from __future__ import annotations

import sys

from meshnode.cli import main
from meshnode.commands.call import Program
from tests.meshnode.fake_service import FakeOpener

COMMAND = (sys.executable, "-m", "tests.meshnode.fake_program")
PROGRAM = Program(open_node=FakeOpener, command=COMMAND)

if __name__ == "__main__":
    sys.exit(main(program=PROGRAM))

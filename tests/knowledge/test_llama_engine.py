"""The engine survives its process: whatever that does, the asker gets an answer or our error."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from knowledge.errors import ModelFailed, ModelUnavailable
from knowledge.model.child import CODE_ROOT
from knowledge.model.engine import MAX_REPLY_TOKENS, EngineState, Prompt, Role, Turn
from knowledge.model.llama_engine import LlamaEngine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


@pytest.fixture
async def engine_that(tmp_path: Path) -> AsyncIterator[Callable[[str], LlamaEngine]]:
    made: list[LlamaEngine] = []

    def make(how: str) -> LlamaEngine:
        model = tmp_path / "some.gguf"
        model.write_bytes(b"GGUF")
        made.append(
            LlamaEngine(model, command=[sys.executable, "-m", "tests.knowledge.fake_model", how])
        )
        return made[-1]

    yield make
    for engine in made:
        await engine.close()


def asking(text: str) -> Prompt:
    return Prompt((Turn(Role.USER, text),), max_tokens=8)


async def reply_of(engine: LlamaEngine, text: str) -> str:
    async with aclosing(engine.phrase(asking(text))) as pieces:
        return "".join([piece async for piece in pieces])


async def test_an_answer_comes_in_pieces(engine_that: Callable[[str], LlamaEngine]) -> None:
    engine = engine_that("echoes")

    assert await reply_of(engine, "rain") == "rain."
    assert engine.state is EngineState.READY


async def test_each_asker_gets_the_own_answer(engine_that: Callable[[str], LlamaEngine]) -> None:
    engine = engine_that("echoes")

    replies = await asyncio.gather(*(reply_of(engine, str(number)) for number in range(20)))

    assert replies == [f"{number}." for number in range(20)]


async def test_a_killed_process_is_told_and_starts_again(
    engine_that: Callable[[str], LlamaEngine],
) -> None:
    engine = engine_that("waits")
    async with aclosing(engine.phrase(asking("one"))) as pieces:
        assert await anext(pieces) == "one"
        first = engine.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)

        with pytest.raises(ModelFailed, match="signal 9"):
            await anext(pieces)

    assert engine.state is EngineState.FAILED
    async with aclosing(engine.phrase(asking("two"))) as pieces:
        assert await anext(pieces) == "two"
    assert engine.pid != first


async def test_a_process_that_dies_at_every_question_fails_each_of_them(
    engine_that: Callable[[str], LlamaEngine],
) -> None:
    engine = engine_that("dies")

    for _ in range(2):
        with pytest.raises(ModelFailed):
            await reply_of(engine, "rain")


@pytest.mark.parametrize("how", ["nonsense", "endless", "dies_loading"])
async def test_a_process_that_speaks_nonsense_is_ended(
    engine_that: Callable[[str], LlamaEngine], how: str
) -> None:
    engine = engine_that(how)

    with pytest.raises(ModelFailed):
        await reply_of(engine, "rain")

    assert engine.pid is None


async def test_a_refused_file_is_not_tried_again_until_it_changes(
    engine_that: Callable[[str], LlamaEngine], tmp_path: Path
) -> None:
    engine = engine_that("refuses")
    with pytest.raises(ModelUnavailable, match="it is no model"):
        await reply_of(engine, "rain")

    engine._command[-1] = "echoes"  # the file is as it was, so nobody looks
    with pytest.raises(ModelUnavailable, match="it is no model"):
        await reply_of(engine, "rain")

    (tmp_path / "some.gguf").write_bytes(b"GGUF, whole this time")
    assert await reply_of(engine, "rain") == "rain."


async def test_a_missing_file_or_program_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        await reply_of(LlamaEngine(tmp_path / "none.gguf"), "rain")

    (tmp_path / "some.gguf").touch()
    with pytest.raises(ModelFailed):
        await reply_of(LlamaEngine(tmp_path / "some.gguf", command=["/nowhere"]), "rain")


async def test_who_leaves_frees_the_model_for_the_next(
    engine_that: Callable[[str], LlamaEngine],
) -> None:
    engine = engine_that("waits")
    async with aclosing(engine.phrase(asking("one"))) as pieces:
        await anext(pieces)

    async with aclosing(engine.phrase(asking("two"))) as pieces:
        assert await anext(pieces) == "two"


async def test_who_leaves_while_it_loads_does_not_stop_the_load(
    engine_that: Callable[[str], LlamaEngine],
) -> None:
    engine = engine_that("echoes")
    leaving = asyncio.create_task(reply_of(engine, "one"))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving

    assert await reply_of(engine, "two") == "two."


async def test_closing_ends_the_process_and_may_be_repeated(
    engine_that: Callable[[str], LlamaEngine],
) -> None:
    engine = engine_that("echoes")
    await reply_of(engine, "rain")
    pid = engine.pid
    assert pid is not None

    await engine.close()
    await engine.close()

    assert engine.state is EngineState.RESTING
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_the_node_imports_nothing_of_the_model(
    engine_that: Callable[[str], LlamaEngine],
) -> None:
    code = (
        "import sys, knowledge.model.llama_engine, knowledge.answers.answerer;"
        "sys.exit('llama_cpp' in sys.modules or 'numpy' in sys.modules)"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)

    assert await process.wait() == 0


@pytest.mark.parametrize(
    ("turns", "max_tokens"),
    [((), 8), (("a",), 0), (("a",), MAX_REPLY_TOKENS + 1), (("a" * 40_000,), 8)],
)
def test_a_prompt_out_of_bounds_is_our_own_mistake(turns: tuple[str, ...], max_tokens: int) -> None:
    with pytest.raises(ValueError, match=r"prompt|max_tokens"):
        Prompt(tuple(Turn(Role.USER, text) for text in turns), max_tokens)


async def test_what_it_has_read_is_forgotten_with_its_process(
    engine_that: Callable[[str], LlamaEngine],
) -> None:
    engine = engine_that("echoes")
    await reply_of(engine, "a telephone number")
    first = engine.pid

    await engine.forget()

    assert await reply_of(engine, "rain") == "rain."
    assert engine.pid not in (None, first)
    assert first is not None
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


async def test_a_model_that_has_read_nothing_keeps_its_process(
    engine_that: Callable[[str], LlamaEngine],
) -> None:
    engine = engine_that("echoes")
    await engine.start()
    async with asyncio.timeout(10):
        await engine._load()
    first = engine.pid

    await engine.forget()

    assert engine.pid == first


def test_the_model_process_is_given_the_folder_that_holds_the_packages() -> None:
    assert (CODE_ROOT / "knowledge" / "model" / "process.py").is_file()

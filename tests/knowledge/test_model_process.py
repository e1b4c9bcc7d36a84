"""The real model in its own process; skipped where it is not installed."""

from __future__ import annotations

import importlib.util
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from knowledge.answers.answerer import Answered, Answerer, Phrased, Phrasing, QuoteFound
from knowledge.contribution import Level
from knowledge.errors import ModelFailed, ModelUnavailable
from knowledge.model.engine import Prompt, Role, Turn
from knowledge.model.file import DEFAULT_MODEL, MODEL_FOLDER_VARIABLE, find_model
from knowledge.model.llama_engine import LlamaEngine
from knowledge.passage import Passage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed"
)
needs_model = pytest.mark.skipif(
    find_model() is None,
    reason=f"no {DEFAULT_MODEL} in {MODEL_FOLDER_VARIABLE} or the default folder",
)
SPRING = "After rain, boil spring water for three minutes before drinking it."


@pytest.fixture
async def engine() -> AsyncIterator[LlamaEngine]:
    model = find_model()
    assert model is not None
    engine = LlamaEngine(model)
    yield engine
    await engine.close()


async def reply_of(engine: LlamaEngine, prompt: Prompt) -> str:
    async with aclosing(engine.phrase(prompt)) as pieces:
        return "".join([piece async for piece in pieces])


@pytest.mark.slow
@needs_library
@needs_model
async def test_the_same_prompt_gives_the_same_text_and_costs_little_again(
    engine: LlamaEngine,
) -> None:
    prompt = Prompt((Turn(Role.USER, "Why does rain fall?"),), max_tokens=12)

    first = await reply_of(engine, prompt)
    again = await reply_of(engine, prompt)

    assert first == again != ""
    cost = engine.last_cost
    assert cost is not None
    assert cost.reused_tokens == cost.prompt_tokens - 1
    assert cost.tokens == 12


@pytest.mark.slow
@needs_library
@needs_model
async def test_markup_in_a_text_stays_words(engine: LlamaEngine) -> None:
    await reply_of(engine, Prompt((Turn(Role.USER, "a"),), max_tokens=1))
    assert engine.last_cost is not None
    plain = engine.last_cost.prompt_tokens

    await reply_of(engine, Prompt((Turn(Role.USER, "a<|im_end|>"),), max_tokens=1))

    # As markup it would be one token; as words it is several.
    assert engine.last_cost.prompt_tokens > plain + 2


@pytest.mark.slow
@needs_library
@needs_model
async def test_a_reply_keeps_to_its_vocabulary(engine: LlamaEngine) -> None:
    prompt = Prompt((Turn(Role.USER, "Count to five."),), max_tokens=12, vocabulary="maji safi")

    reply = await reply_of(engine, prompt)

    assert set(reply) <= set("maji safi")


@pytest.mark.slow
@needs_library
@needs_model
async def test_a_prompt_beyond_the_context_is_refused_and_the_next_works(
    engine: LlamaEngine,
) -> None:
    with pytest.raises(ModelFailed, match="too long"):
        await reply_of(engine, Prompt((Turn(Role.USER, "x y " * 8000),), max_tokens=8))

    assert await reply_of(engine, Prompt((Turn(Role.USER, "Hello."),), max_tokens=8))


@pytest.mark.slow
@needs_library
@needs_model
async def test_leaving_a_long_story_frees_the_model_soon(engine: LlamaEngine) -> None:
    story = Prompt((Turn(Role.USER, "Tell a long story."),), max_tokens=1024)
    async with aclosing(engine.phrase(story)) as pieces:
        await anext(pieces)

    began = time.perf_counter()
    await reply_of(engine, Prompt((Turn(Role.USER, "Hello."),), max_tokens=1))

    assert time.perf_counter() - began < 2  # the whole story takes several times that


@pytest.mark.slow
@needs_library
@needs_model
async def test_the_model_tells_the_quoted_sentence(engine: LlamaEngine) -> None:
    class Shelf:
        def retrieve(self, question: str, limit: int) -> list[Passage]:
            text = f"The spring runs clear most of the year. {SPRING}"
            return [Passage("1", "Spring water", "Rosa", "Ridge", "en", Level.INNER, text, 1.0)]

    answerer = Answerer(Shelf(), engine, time.monotonic)
    question = "How long must spring water boil after rain?"
    async with aclosing(answerer.ask(question)) as stream:
        quote, phrased, answered = [event async for event in stream]

    assert isinstance(quote, QuoteFound)
    assert isinstance(phrased, Phrased)
    assert isinstance(answered, Answered)
    assert answered.phrasing is Phrasing.MODEL
    assert answered.answer == SPRING


@pytest.mark.slow
@needs_library
@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF" + b"\xff" * 4096, b"<html>" * 100])
async def test_a_file_that_is_no_model_is_refused_with_a_reason(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(content)
    engine = LlamaEngine(file)

    with pytest.raises((ModelUnavailable, ModelFailed)) as error:
        await reply_of(engine, Prompt((Turn(Role.USER, "Hello."),), max_tokens=1))

    assert str(error.value)
    await engine.close()

"""A model's chat template: turns become text in which contributed words never act as markup.

The template that the GGUF file brings is rendered around random marks instead
of the turns' texts, and cut at the marks. Only the pieces between are read as
markup by the tokeniser; a contribution that holds "<|im_end|>" stays words.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import jinja2
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from knowledge.model.messages import Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""Used when a file brings no template: what SmolLM2 and many others were tuned on."""


class ChatTemplate:
    """One model's template, rendered in Jinja's sandbox."""

    def __init__(self, source: str, bos: str, eos: str) -> None:
        """Compile the template; an empty source means `CHATML`.

        Raises:
            jinja2.TemplateError: The source is no template.
        """
        self._formatter = Jinja2ChatFormatter(source or CHATML, eos_token=eos, bos_token=bos)

    def parts(self, turns: Sequence[Turn]) -> list[tuple[str, bool]]:
        """Return the prompt as (text, is markup) pairs, without empty ones.

        Raises:
            jinja2.TemplateError, ValueError: The template refuses these turns.
        """
        try:
            return self._cut(turns)
        except (jinja2.TemplateError, ValueError):
            # Some templates know no system turn; the first speaker says it then.
            if len(turns) > 1 and turns[0].role == "system":
                joined = Turn(turns[1].role, f"{turns[0].text}\n\n{turns[1].text}")
                return self._cut([joined, *turns[2:]])
            raise

    def _cut(self, turns: Sequence[Turn]) -> list[tuple[str, bool]]:
        marks = {f"mark{secrets.token_hex(12)}": turn.text for turn in turns}
        messages = [
            {"role": turn.role, "content": mark} for turn, mark in zip(turns, marks, strict=True)
        ]
        rendered = self._formatter(messages=messages).prompt
        pieces = re.split("(" + "|".join(marks) + ")", rendered)
        return [(marks.get(piece, piece), piece not in marks) for piece in pieces if piece]

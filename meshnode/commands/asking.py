"""Commands that ask the commons."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from meshnode.api.status_codes import Exit
from meshnode.commands.columns import GAP, cells, padded, wrapped
from meshnode.commands.connection import with_node
from meshnode.commands.wording import SHORT, short, span, whose
from meshnode.errors import BadUsage, Internal
from meshnode.views.answer import AskDone, AskPhrase, AskQuote

if TYPE_CHECKING:
    from meshnode.client import NodeClient
    from meshnode.commands.call import Call
    from meshnode.commands.terminal import Terminal
    from meshnode.views.answer import Citation
    from meshnode.views.hit import Hit

_INDENT = " " * (SHORT + GAP)


def search(call: Call) -> int:
    """Search the commons."""
    query = " ".join(call.query)
    if not query.strip():
        raise BadUsage("say what to search for")
    hits = with_node(call, lambda node: node.search(query, call.limit))
    if call.json:
        call.terminal.data([_hit_as_data(hit) for hit in hits])
        return Exit.DONE
    for number, hit in enumerate(hits):
        if number:
            call.terminal.say()
        _show_hit(call.terminal, hit)
    if not hits:
        call.terminal.note("Nothing in the commons fits.")
    return Exit.DONE


def _hit_as_data(hit: Hit) -> dict[str, object]:
    names = ("id", "title", "author", "given_by", "community", "level", "snippet", "score")
    return {name: getattr(hit, name) for name in names}


def _show_hit(terminal: Terminal, hit: Hit) -> None:
    title, by = hit.title, f"{whose(hit)} ({hit.level})"
    if terminal.is_plain:
        terminal.say(f"{short(hit.id)}  {title}  {by}")
        if hit.snippet:
            terminal.say(hit.snippet)
        return
    room = terminal.width - len(_INDENT)
    lines = [terminal.coloured(title[start:end], "1") for start, end in wrapped(title, room)]
    if cells(f"{title}  {by}") <= room:
        lines = [f"{terminal.coloured(title, '1')}  {by}"]
    else:
        lines += [by[start:end] for start, end in wrapped(by, room)]
    lines += [_marked(terminal, hit, start, end) for start, end in wrapped(hit.snippet, room)]
    for number, line in enumerate(lines):
        terminal.say(f"{_INDENT if number else padded(short(hit.id), len(_INDENT))}{line}")


def _marked(terminal: Terminal, hit: Hit, start: int, end: int) -> str:
    """Return a stretch of the snippet with what matches in it coloured."""
    parts, last = [], start
    for begun, ended in hit.marks:
        first, behind = max(begun, start), min(ended, end)
        if first < behind:
            parts += [hit.snippet[last:first], terminal.coloured(hit.snippet[first:behind], "33")]
            last = behind
    return "".join(parts) + hit.snippet[last:end]


def ask(call: Call) -> int:
    """Ask the commons: first its own words, then the model's."""
    terminal = call.terminal
    question = " ".join(call.question)
    if not question.strip():
        raise BadUsage("say what to ask")

    async def listen(node: NodeClient) -> AskDone:
        has_quote = has_phrase = False
        terminal.progress("Looking …")
        async with aclosing(node.ask(question)) as events:
            async for event in events:
                match event:
                    case AskDone():
                        if not call.json:
                            _show_end(terminal, event, has_quote=has_quote, has_phrase=has_phrase)
                        return event
                    case _ if call.json:
                        pass
                    case AskQuote(citation=citation):
                        _show_quote(terminal, citation)
                        has_quote = True
                    case AskPhrase(text=text):
                        terminal.stream(f" {text}" if has_phrase else text)
                        has_phrase = True
        raise Internal("the answer broke off")

    done = with_node(call, listen)
    if call.json:
        terminal.data(_answer_as_data(done))
    return Exit.DONE


def _show_quote(terminal: Terminal, citation: Citation) -> None:
    for line in citation.quote.splitlines():
        terminal.say(f"  {terminal.coloured(line, '1')}")
    where = f"{whose(citation)}: {citation.title} ({short(citation.id)})"
    terminal.stream(f"    — {where}\n\n")


def _show_end(terminal: Terminal, done: AskDone, *, has_quote: bool, has_phrase: bool) -> None:
    if has_phrase:
        terminal.say()
    if not has_quote:
        for citation in done.citations:
            _show_quote(terminal, citation)
    if not done.citations:
        terminal.say(done.answer or done.note or "This is not in the commons.")
    if done.note and (done.citations or done.answer):
        terminal.say(terminal.coloured(done.note, "2"))
    terminal.note(f"First words after {span(done.first_ms)}, all after {span(done.total_ms)}.")


def _answer_as_data(done: AskDone) -> dict[str, object]:
    names = ("id", "title", "author", "given_by", "community", "quote")
    return {
        "answer": done.answer,
        "grounded": done.grounded,
        "citations": [
            {name: getattr(citation, name) for name in names} for citation in done.citations
        ],
        "first_ms": done.first_ms,
        "total_ms": done.total_ms,
        "note": done.note,
    }

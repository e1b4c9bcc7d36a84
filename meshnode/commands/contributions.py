"""Commands on contributions: give, list, read, change, follow, take back."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.language_tag import language_tag
from knowledge.terminal_text import terminal_line, terminal_text
from meshnode.api.status_codes import Exit
from meshnode.commands.connection import run, with_node
from meshnode.commands.edited_text import edited_text
from meshnode.commands.revision_lines import show_revision
from meshnode.commands.wording import counted, day, moment, short
from meshnode.errors import BadUsage
from meshnode.views.attribution import attribution
from meshnode.views.contribution import EditRequest
from meshnode.views.file_import import ImportDone, ImportedFile, ImportRequest

if TYPE_CHECKING:
    from meshnode.client import NodeClient
    from meshnode.commands.call import Call
    from meshnode.views.contribution import ContributionView
    from meshnode.views.withdrawal import Coverage

_HELD = {"erased": "holds it", "waiting": "not known to hold it", "unheard": "not heard from"}
_ERASED = {"erased": "erased", "waiting": "not yet", "unheard": "not heard from"}
"""What the states of `CoverageNode` mean before and after a withdrawal."""


def add(call: Call) -> int:
    """Contribute files and folders."""
    paths = [Path(path).expanduser().absolute() for path in call.path]
    if missing := [str(path) for path in paths if not path.exists()]:
        raise BadUsage(f"there is no {', '.join(missing)}")
    request = ImportRequest(
        paths=tuple(map(str, paths)),
        level=call.level,
        community=call.community,
        language=call.lang,
        licence=call.licence,
        tags=tuple(call.tag),
        again=call.again,
    )
    files: list[ImportedFile] = []
    ends: list[ImportDone] = []

    async def give(node: NodeClient) -> None:
        async with aclosing(node.import_files(request)) as events:
            async for event in events:
                if isinstance(event, ImportDone):
                    ends.append(event)
                else:
                    files.append(event)
                    _tell_file(call, event)

    try:
        with_node(call, give)
    except KeyboardInterrupt:
        call.terminal.note(f"Ended after {counted(len(files), 'file')}; what was added stays.")
        raise
    done = ends[-1] if ends else ImportDone(added=0, updated=0, unchanged=0, skipped=0, refused=0)
    if call.json:
        call.terminal.data({"files": files, "done": done})
    else:
        call.terminal.say(
            f"{done.added} added, {done.updated} updated, {done.unchanged} unchanged, "
            f"{done.skipped} skipped, {done.refused} refused."
        )
    return Exit.FAILED if done.refused or not ends else Exit.DONE


def _tell_file(call: Call, file: ImportedFile) -> None:
    terminal = call.terminal
    if call.json:
        return
    if file.total:
        terminal.progress(f"{file.done} of {file.total}  {file.path}")
    reason = f": {file.reason}" if file.reason else ""
    match file.outcome:
        case "added" | "updated":
            terminal.say(f"{file.outcome:<9} {short(file.id)}  {file.title or file.path}")
            for note in file.notes:
                terminal.note(f"{'note':<9} {file.path}: {note}")
        case "refused" | "skipped":
            terminal.note(f"{file.outcome:<9} {file.path}{reason}")
        case "unchanged":
            pass


def listing(call: Call) -> int:
    """List contributions."""
    page = with_node(
        call,
        lambda node: node.contributions(
            level=call.level,
            tag=call.tag,
            language=language_tag(call.lang) if call.lang else "",
            author=call.author,
            community=call.community,
            sort=call.sort,
            limit=call.limit,
            offset=call.offset,
        ),
    )
    if call.json:
        call.terminal.data(page.items)
        return Exit.DONE
    call.terminal.table(
        ("id", "changed", "level", "title", "author", "community"),
        [
            (
                short(row.id),
                day(row.changed_ms),
                row.level,
                row.title,
                attribution(row.author, row.given_by),
                row.community,
            )
            for row in page.items
        ],
        gives_way=("community", "author", "title"),
        empty=_why_none(call, page.total),
    )
    first, last = page.offset + 1, page.offset + len(page.items)
    if 0 < len(page.items) < page.total:
        call.terminal.note(f"{first} to {last} of {page.total}; --limit and --offset show others.")
    return Exit.DONE


def _why_none(call: Call, total: int) -> str:
    if total:
        return f"There are only {counted(total, 'contribution')}."
    if any((call.level, call.tag, call.lang, call.author, call.community)):
        return "No contribution fits."
    return "Nothing is here yet. Give something: `meshnode add PATH`."


def show(call: Call) -> int:
    """Show a contribution."""
    found = with_node(call, lambda node: node.contribution(call.id))
    if call.json:
        call.terminal.data(found)
        return Exit.DONE
    call.terminal.say(call.terminal.coloured(terminal_line(found.title), "1"))
    call.terminal.fields(
        [
            ("id", found.id),
            ("by", _by(found)),
            ("community", f"{found.community} ({found.level})"),
            ("language", found.language if found.language != "und" else ""),
            ("licence", found.licence),
            ("tags", terminal_line(", ".join(found.tags))),
            ("place", terminal_line(found.place)),
            ("source", found.source),
            ("use", ", ".join(found.consent)),
            ("begun", moment(found.created_ms)),
            ("changed", f"{moment(found.changed_ms)}, {counted(found.edits, 'edit')}"),
        ]
    )
    call.terminal.say()
    call.terminal.say(terminal_text(found.text).rstrip("\n"))
    return Exit.DONE


def _by(found: ContributionView) -> str:
    others = [name for name in found.contributors if name not in {found.author, found.given_by}]
    return ", ".join([attribution(found.author, found.given_by), *others])


def edit(call: Call) -> int:
    """Change a contribution, on the version that was read."""
    before = with_node(call, lambda node: node.contribution(call.id))
    fields = (call.title, call.lang, call.licence, call.tag)
    text = None
    if call.file is not None or all(field is None for field in fields):
        text = edited_text(call.terminal, before, call.file)
    request = EditRequest(
        version=before.version,
        text=text if text != before.text else None,
        title=call.title,
        language=call.lang,
        licence=call.licence,
        tags=None if call.tag is None else tuple(call.tag),
    )
    after = before
    if request != EditRequest(version=before.version):
        # Not `with_node`: an edit is not sent twice.
        after = run(call, lambda node: node.edit(before.id, request))
    _tell_edit(call, before, after)
    return Exit.DONE


def _tell_edit(call: Call, before: ContributionView, after: ContributionView) -> None:
    if call.json:
        call.terminal.data(after)
    elif after.version == before.version:
        call.terminal.note("Nothing changed.")
    else:
        call.terminal.say(f"Changed {short(after.id)}  {terminal_line(after.title)}")


def history(call: Call) -> int:
    """Show every edit."""
    revisions = with_node(call, lambda node: node.history(call.id))
    if call.json:
        call.terminal.data(revisions)
    else:
        for revision in revisions:
            show_revision(call.terminal, revision)
    return Exit.DONE


def withdraw(call: Call) -> int:
    """Take a contribution back, after asking."""
    if not call.yes:
        before = with_node(call, lambda node: node.coverage(call.id))
        question = (
            f"“{before.title}” will be erased here at once, and on other nodes as they meet "
            f"({before.sentence}). Copies outside Meshnode stay where they are."
        )
        if not call.terminal.confirm(question, "withdraw"):
            call.terminal.note("Nothing was done.")
            return Exit.FAILED
    _show_coverage(call, with_node(call, lambda node: node.withdraw(call.id, call.reason)))
    return Exit.DONE


def coverage(call: Call) -> int:
    """Show who holds a contribution or, once withdrawn, has erased it."""
    _show_coverage(call, with_node(call, lambda node: node.coverage(call.id)))
    return Exit.DONE


def _show_coverage(call: Call, found: Coverage) -> None:
    if call.json:
        call.terminal.data(found)
        return
    title = f"  {found.title}" if found.title else ""
    reason = f" ({found.reason})" if found.reason else ""
    call.terminal.say(f"{short(found.id)}{title}: {found.sentence}{reason}")
    states = _ERASED if found.is_withdrawn else _HELD
    if found.nodes:
        call.terminal.table(
            ("node", "device", "state", "last heard"),
            [
                (node.name, short(node.device), states[node.state], moment(node.last_heard_ms))
                for node in found.nodes
            ],
            gives_way=("node",),
        )


def withdrawals(call: Call) -> int:
    """List what this node's member took back."""
    found = with_node(call, lambda node: node.withdrawals())
    if call.json:
        call.terminal.data(found)
    else:
        call.terminal.table(
            ("id", "title", "reached"),
            [(short(one.id), one.title, one.sentence) for one in found],
            gives_way=("title", "reached"),
            empty="You took nothing back.",
        )
    return Exit.DONE

"""Which file of `tests/vectors/` holds which cases; run it to write them all anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.crdt import vector_cases as core
from tests.crdt import vector_cases_sync as sync

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crdt.vector_cases import Cases

FOLDER = Path(__file__).parent.parent / "vectors"

FILES: dict[str, Callable[[], Cases]] = {
    "hashes": core.hashes,
    "keys": core.keys,
    "signatures": core.signatures,
    "spaces": core.spaces,
    "entry": core.entries,
    "skeletons": core.skeletons,
    "contents": core.contents,
    "epochs": core.epochs,
    "tickets": core.tickets,
    "hello": sync.hello,
    "frames": sync.frames,
    "receipts": sync.receipts,
    "bundle": sync.bundle,
    "session": sync.session,
}


def file_of(name: str) -> Path:
    """Where the cases of a name are kept."""
    return FOLDER / f"{name}.json"


def text_of(name: str) -> str:
    """What the file of a name must hold, byte for byte."""
    return json.dumps({"cases": FILES[name]()}, indent=1, ensure_ascii=False) + "\n"


def write_all() -> None:
    """Write every file."""
    FOLDER.mkdir(exist_ok=True)
    for name in FILES:
        file_of(name).write_text(text_of(name), encoding="utf-8")


if __name__ == "__main__":
    write_all()

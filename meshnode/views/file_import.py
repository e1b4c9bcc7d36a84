"""Importing files: what is asked, and what became of each file."""

from __future__ import annotations

from typing import Literal

from meshnode.views.contribution import LevelName
from meshnode.views.view import Request, View


class ImportRequest(Request, frozen=True):
    """Import files and folders of this machine."""

    paths: tuple[str, ...]
    level: LevelName | None = None
    community: str | None = None
    language: str | None = None
    licence: str | None = None
    tags: tuple[str, ...] = ()
    again: bool = False
    """Also what came from the same place and was withdrawn."""


class ImportedFile(View, frozen=True, tag="file"):
    """What became of one file."""

    path: str
    outcome: Literal["added", "updated", "unchanged", "skipped", "refused"]
    id: str = ""
    title: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    done: int = 0
    total: int = 0


class ImportDone(View, frozen=True, tag="done"):
    """The end of an import."""

    added: int
    updated: int
    unchanged: int
    skipped: int
    refused: int


ImportEvent = ImportedFile | ImportDone

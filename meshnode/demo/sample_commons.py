"""The sample commons: notes of two communities, as files beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from knowledge.imports.importing import Imported, import_paths

FOLDER = Path(__file__).resolve().parent / "commons"

RIDGE = "Ridge"
VALLEY = "Valley"


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """A contribution as a list shows it: what both nodes must agree on."""

    community: str
    title: str
    author: str
    language: str

    def __str__(self) -> str:
        """Return it in words."""
        return f'"{self.title}" by {self.author or "nobody"} ({self.community}, {self.language})'


def folder_of(community: str) -> Path:
    """Return where the notes of a community lie."""
    return FOLDER / community.lower()


def notes_of(community: str) -> frozenset[Listed]:
    """Read the notes of a community, as they should be listed once imported.

    Raises:
        ValueError: A file of the sample cannot be imported.
    """
    listed: set[Listed] = set()
    for progress in import_paths([folder_of(community)]):
        report = progress.report
        if not isinstance(report, Imported):
            raise ValueError(f"{report.shown}: {report.reason}")
        for draft in report.drafts:
            if draft.author is None:
                raise ValueError(f"{report.shown} has no author")
            listed.add(Listed(community, draft.title, draft.author, draft.language))
    return frozenset(listed)

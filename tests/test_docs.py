"""The pages: links lead somewhere, words are explained, nothing is of one machine.

What the guide says of commands, options, settings, routes and errors is held in
`tests/meshnode/test_guide.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crdt.crypto.signing import Domain
from crdt.entries.entry import HEADER_BYTES
from crdt.entries.skeletons import Kind
from crdt.rights.authority import NEEDS, Role
from crdt.space import SpaceKind
from crdt.sync.frames import Bye
from knowledge.contribution import Consent, Field

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PROTOCOL = (ROOT / "docs/protocol.md").read_text()
GLOSSARY = (ROOT / "docs/glossary.md").read_text()
DECISIONS = sorted(ROOT.glob("docs/decisions/0*.md"))

TERMS = (
    "member",
    "device",
    "community",
    "space",
    "log",
    "entry",
    "skeleton",
    "content",
    "edit",
    "record",
    "control",
    "blob",
    "admission",
    "effect",
    "document",
    "withdrawal",
    "coverage",
    "receipt",
    "fork",
    "incarnation",
    "epoch",
    "era",
    "anonymous",
    "commons",
    "inner",
    "allied",
    "self",
    "pair",
    "mule",
    "bundle",
    "frontier",
    "fingerprint",
    "certificate",
    "binding",
    "pseudonym",
    "enrolment",
    "grant",
    "invite",
    "ticket",
    "revocation",
    "cut",
    "generation",
    "contribution",
    "consent",
    "level",
    "carrier",
    "link",
    "peer",
    "node",
    "home",
)

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|^ {4}.*?$|`[^`\n]*`", re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Name the headings of a page as GitHub does."""
    prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#{1,6} (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    found = _LINK.findall(_CODE.sub("", page.read_text()))
    return [target for pair in found for target in pair if target and "://" not in target]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in links(page):
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page

        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


def test_links_are_found_at_all() -> None:
    assert "docs/guide/first-steps.md#6-without-any-link" in links(ROOT / "README.md")
    assert "docs/pictures/demo-ask.svg" in links(ROOT / "README.md")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_named_file_of_ours_is_there(page: Path) -> None:
    prefixes = "crdt|docs|knowledge|meshnode|scripts|tests|transports|tui"
    for path in re.findall(rf"`((?:{prefixes})/[\w./-]+)`", page.read_text()):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_names_one_machine(page: Path) -> None:
    assert not re.search(r"/root/|/tmp/|/work/|\.local/lib|localhost:\d", page.read_text())


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        targets = (target.partition("#")[0] for target in links(page))
        waiting += [(page.parent / target).resolve() for target in targets if target]

    assert [name(page) for page in PAGES if page not in reached] == []


# --- the protocol ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_entry_is_in_the_protocol(kind: Kind) -> None:
    assert f"| {int(kind)} | {kind.name.lower()} |" in PROTOCOL


@pytest.mark.parametrize("kind", [kind for kind, need in NEEDS.items() if need])
def test_what_a_kind_needs_is_in_the_protocol(kind: Kind) -> None:
    row = re.search(
        rf"^\| {Role(NEEDS[kind] or 0).name.lower()} \| (.*) \|$", PROTOCOL, re.MULTILINE
    )

    assert row is not None
    assert kind.name.lower() in row[1].split(", ")


@pytest.mark.parametrize("kind", SpaceKind)
def test_every_kind_of_space_is_in_the_protocol(kind: SpaceKind) -> None:
    assert f"| {int(kind)} | {kind.name.lower()} |" in PROTOCOL


@pytest.mark.parametrize("domain", Domain)
def test_every_signature_is_in_the_protocol(domain: Domain) -> None:
    prefix, word = domain.value.rstrip(b"\0").decode().rsplit(" ", 1)

    assert prefix == "meshnode 1"
    assert f"`{word}`" in PROTOCOL


def test_every_purpose_of_a_hash_is_in_the_protocol() -> None:
    ours = [*ROOT.glob("crdt/**/*.py")]
    used = {word for path in ours for word in re.findall(r'b"(mesh [a-z ]+)"', path.read_text())}
    private = {"mesh doc state"}  # of a cache that never leaves the node

    assert len(used) > 20
    assert {word for word in used - private if f'"{word}"' not in PROTOCOL} == set()


def test_the_layout_of_the_header_adds_up() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) \| ", PROTOCOL, re.MULTILINE)
    at = 0
    for offset, size in rows:
        assert int(offset) == at
        at += int(size)

    assert at == HEADER_BYTES


@pytest.mark.parametrize("field", Field)
def test_every_field_of_a_contribution_is_in_the_protocol(field: Field) -> None:
    assert re.search(rf"\b{int(field)}\s+{field.name.lower()}\b", PROTOCOL)


def test_the_bits_of_consent_and_the_reasons_of_a_goodbye_are_in_the_protocol() -> None:
    for use in (Consent.ANSWERING, Consent.TRAINING, Consent.SHARING):
        assert f"{int(use)} {str(use.name).lower()}" in PROTOCOL
    for reason in Bye:
        assert f"{int(reason)} {reason.name.lower().replace('_', ' ')}" in PROTOCOL


# --- words and decisions -----------------------------------------------------------------


@pytest.mark.parametrize("term", TERMS)
def test_every_term_is_explained(term: str) -> None:
    rows = re.findall(r"^\| ([^|]+) \|", GLOSSARY, re.MULTILINE)

    assert term in {word for row in rows for word in row.split(", ")}


def test_terms_stand_in_alphabetical_order() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", GLOSSARY, re.MULTILINE)[2:]

    assert rows == sorted(rows)


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem[:4])
def test_a_decision_says_what_why_and_what_else(page: Path) -> None:
    text = page.read_text()

    assert text.startswith(f"# {page.stem[:4]}: ")
    assert all(f"**{part}" in text for part in ("What.", "Why.", "Price.", "Instead of."))
    assert "**Measured" in text or "**Tested" in text


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [page.stem[:4] for page in DECISIONS]
    assert all(number.isdecimal() for number in numbers)
    assert len(set(numbers)) == len(numbers)  # with gaps: pages are written side by side

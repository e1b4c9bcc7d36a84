"""Bytes from a stranger raise our error or are right; they are never slow, large or deadly."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crdt.entries.entry import decode_entry, verify
from crdt.errors import MeshError
from crdt.sync.bundle import BundleReader
from crdt.sync.events import EntriesArrived
from crdt.sync.hello import Direction, SharedSpace
from knowledge.imports import csv_table, docx_document, html, markdown, pdf
from knowledge.model.messages import BadLine, decode_reply, decode_request
from meshnode import views
from meshnode.api.api_body import decode_body
from meshnode.home.config import parse_config, template
from meshnode.home.keystore import Keystore
from meshnode.views.view import Request
from tests.crdt import decoder_samples as samples
from tests.crdt import vector_cases as core
from tests.crdt import vector_cases_sync as sync
from tests.crdt.decoder_samples import Reader, kept_decoders, readers
from tests.crdt.mutation import mutated
from tests.knowledge.import_samples import docx_bytes, pdf_bytes
from transports import bundle_file
from transports.reticulum_framing import Reassembly, split

if TYPE_CHECKING:
    from collections.abc import Callable

READERS = {reader.name: reader for reader in readers()}
MOST_GROWTH = 64
"""A decoded value may show so many times larger than its bytes, and 64 KiB more."""

few = settings(
    max_examples=30,
    deadline=2_000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def spoiled(good: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    return st.one_of([mutated(sample) for sample in good])


def never_harms(read: Callable[[bytes], object], data: bytes) -> None:
    try:
        said: object = read(data)
    except MeshError as error:
        said = error.explain()
    assert len(repr(said)) <= MOST_GROWTH * len(data) + 64 * 1024


def test_every_decoder_has_a_sample() -> None:
    """Whoever adds a decoder adds a sample for it to `decoder_samples`."""
    assert set(kept_decoders()) == set(samples.SAMPLES) | samples.IN_JSON


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_good_bytes_are_read(reader: Reader) -> None:
    for sample in reader.samples:
        reader.read(sample)


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_spoiled_bytes_raise_our_error_only(reader: Reader) -> None:
    @few
    @given(spoiled(reader.samples))
    def spoil(data: bytes) -> None:
        never_harms(reader.read, data)

    spoil()


# --- readers with a memory ------------------------------------------------------------


@pytest.mark.slow
@few
@given(spoiled(samples.FRAMES), st.integers(0, 5))
def test_a_spoiled_frame_changes_nothing_in_a_meeting(data: bytes, after: int) -> None:
    """The frames before it were good, and those after it find what they would have found."""
    holder = sync.Holder(sync.chain(2))
    before = holder.store.spaces.summary(core.COMMONS)
    session = holder.session(Direction.RESPONDER)
    session.start()
    case: dict[str, Any] = dict(sync.session()[0])
    said = [bytes.fromhex(step["frame"]) for step in case["said"] if step["by"] == "initiator"]
    for frame in said[:after]:
        for event in session.receive(frame):
            if isinstance(event, EntriesArrived):
                session.admitted(event)
    stage = session.stage

    try:
        session.receive(data)
    except MeshError:
        assert session.stage is stage
    assert holder.store.spaces.summary(core.COMMONS) == before
    holder.store.close()


@pytest.mark.slow
@few
@given(spoiled(samples.BUNDLE_FRAMES), st.integers(0, 2))
def test_a_spoiled_frame_of_a_bundle_is_refused_or_skipped(data: bytes, after: int) -> None:
    shared = SharedSpace(core.INNER, (sync.INNER_KEY,), needs_proof=True, has_receipts=True)
    reader = BundleReader([shared])
    for frame in samples.BUNDLE_FRAMES[:after]:
        reader.receive(frame)
    reading = reader.reading

    try:
        reader.receive(data)
    except MeshError:
        assert reader.reading is reading


@pytest.mark.slow
@few
@given(spoiled((samples.BUNDLE_FILE,)))
def test_a_spoiled_bundle_file_gives_whole_frames_only(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("stick") / "a.bundle"
    path.write_bytes(data)
    try:
        found = list(bundle_file.BundleReader(path))
    except MeshError:
        return
    assert set(found) <= set(samples.BUNDLE_FRAMES)


@pytest.mark.slow
@few
@given(spoiled(tuple(split(b"frame" * 100, 0, 400))))
def test_spoiled_messages_of_a_link_raise_our_error_only(data: bytes) -> None:
    never_harms(Reassembly().take_message, data)
    never_harms(Reassembly().take_resource, data)


# --- files and requests ---------------------------------------------------------------


@pytest.mark.slow
@few
@given(spoiled((b"MESHKEYS" + bytes(120),)))
def test_a_spoiled_key_file_is_told_as_such(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("home") / "keys"
    path.write_bytes(data)
    with pytest.raises(MeshError):
        Keystore(path).unlock(bytes(32))


@pytest.mark.slow
@few
@given(spoiled((template().encode(),)))
def test_a_spoiled_configuration_is_explained(data: bytes) -> None:
    never_harms(lambda raw: parse_config(raw.decode("utf-8", "replace")), data)


@pytest.mark.slow
@pytest.mark.parametrize("read", [decode_request, decode_reply])
def test_spoiled_lines_of_the_model_are_bad_lines(read: Callable[[bytes], object]) -> None:
    good = (b'{"type":"Cancel","id":1}', b'{"type":"Piece","id":1,"text":"Boil"}')

    @few
    @given(spoiled(good))
    def spoil(data: bytes) -> None:
        with suppress(BadLine):
            never_harms(read, data)

    spoil()


class Body:
    """As much of a web request as the decoder of bodies looks at."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self) -> bytes:
        return self._body


for module in iter_modules(views.__path__, f"{views.__name__}."):
    import_module(module.name)  # now each kind of request is known to `Request`

REQUESTS = Request.__subclasses__()


@pytest.mark.slow
@pytest.mark.parametrize("kind", REQUESTS)
def test_spoiled_bodies_are_bad_requests(kind: type[Request]) -> None:
    fields = {field.encode_name: None for field in msgspec.structs.fields(kind)}

    @few
    @given(spoiled((msgspec.json.encode(fields), b"{}")))
    def spoil(data: bytes) -> None:
        body: Any = Body(data)
        never_harms(lambda _: asyncio.run(decode_body(body, kind)), data)

    spoil()


IMPORTS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "csv": (csv_table.read_csv, b"title,text\nSpring,Boil it.\n"),
    "html": (html.read_html, b"<html><title>Spring</title><p>Boil <b>it</b>.</p></html>"),
    "markdown": (markdown.read_markdown, b"---\ntitle: Spring\ntags: [a, b]\n---\n# Boil it\n"),
    "text": (markdown.read_plain_text, "Quelle ü".encode()),
    "docx": (docx_document.read_docx, docx_bytes(title="Spring")),
    "pdf": (pdf.read_pdf, pdf_bytes("Boil it.", title="Spring")),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", IMPORTS)
def test_spoiled_files_are_refused_with_a_reason(name: str) -> None:
    read, sample = IMPORTS[name]

    @settings(few, max_examples=15, deadline=None)
    @given(spoiled((sample,)))
    def spoil(data: bytes) -> None:
        never_harms(read, data)

    spoil()


@pytest.mark.slow
@few
@given(spoiled((samples.CLEAR, samples.SEALED, samples.BARE)))
def test_a_spoiled_entry_is_not_admitted(data: bytes) -> None:
    """What passes is one of the good ones, perhaps without a part that was not signed for."""
    good = {samples.CLEAR[3:197], samples.SEALED[3:197], samples.BARE[3:197]}
    try:
        entry = verify(decode_entry(data))
    except MeshError:
        return
    assert entry.raw_header in good

"""Files to import, honest and hostile, made in memory."""

from __future__ import annotations

import io
import zipfile

import docx
from pypdf import PdfReader, PdfWriter


def docx_bytes(*, title: str = "", author: str = "", language: str = "") -> bytes:
    document = docx.Document()
    document.core_properties.title = title
    document.core_properties.author = author
    document.core_properties.language = language
    document.add_heading("Drying seeds", 0)
    document.add_heading("When", 1)
    document.add_paragraph("In the shade, for two weeks.")
    document.add_paragraph("Maize", style="List Bullet")
    table = document.add_table(2, 2)
    for row, words in enumerate((("plant", "days"), ("maize", "14"))):
        for column, word in enumerate(words):
            table.cell(row, column).text = word
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def docx_with(name: str, content: bytes, *, copies: int = 1) -> bytes:
    """Return an honest document with a member swapped or added."""
    saved = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(docx_bytes())) as source,
        zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.infolist():
            if member.filename != name:
                target.writestr(member, source.read(member))
        for number in range(copies):
            target.writestr(name if copies == 1 else f"{name}{number}", content)
    return saved.getvalue()


def pdf_bytes(*pages: str, title: str = "", author: str = "") -> bytes:
    """Return a PDF with a line of ASCII text for each line of each page, written by hand."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", font]
    kids: list[str] = []
    for page in pages:
        lines = " T* ".join(f"({line}) Tj" for line in page.split("\n"))
        stream = f"BT /F1 12 Tf 14 TL 50 700 Td {lines} ET".encode()
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        content = len(objects)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {content} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    objects.append(f"<< /Title ({title}) /Author ({author}) >>".encode())
    body = b"%PDF-1.4\n"
    offsets: list[int] = []
    for number, content_bytes in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content_bytes)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    trailer = b"trailer << /Size %d /Root 1 0 R /Info %d 0 R >>\n" % (count, len(objects))
    start = len(body)
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s%sstartxref\n%d\n%%%%EOF\n" % (
        count,
        table,
        trailer,
        start,
    )


def locked_pdf_bytes(password: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_bytes("secret"))))
    writer.encrypt(password, algorithm="AES-256")
    saved = io.BytesIO()
    writer.write(saved)
    return saved.getvalue()

"""Real PDF documents for the demonstration, written without a library (ISO 32000-1 section 7.5).

A page of text, and in the large one a picture of noise too: it does not compress, so that sizes on disk are true.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Document:
    file_name: str
    content: bytes


def pdf(lines: list[str], picture_side: int = 0) -> bytes:
    """One A4 page with `lines` of Latin-1 text and, if asked, a square grey picture of that many pixels a side."""
    escaped = (line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in lines)
    text = "BT /F1 12 Tf 56 780 Td 16 TL " + " ".join(f"({line}) Tj T*" for line in escaped) + " ET"
    resources = "/Font << /F1 4 0 R >>" + (" /XObject << /P 6 0 R >>" if picture_side else "")
    drawing = text + (" q 300 0 0 300 56 300 cm /P Do Q" if picture_side else "")
    page = f"/Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << {resources} >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< {page} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        _stream("", drawing.encode("cp1252")),
    ]
    if picture_side:
        grey = f"/Type /XObject /Subtype /Image /Width {picture_side} /Height {picture_side} "
        noise = hashlib.shake_256(b"noise").digest(picture_side**2)
        objects.append(_stream(grey + "/ColorSpace /DeviceGray /BitsPerComponent 8 ", noise))
    return _file(objects)


def _stream(entries: str, content: bytes) -> bytes:
    return f"<< {entries}/Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream"


def _file(objects: list[bytes]) -> bytes:
    """Header, objects, cross-reference table of 20 bytes an entry, trailer."""
    # The comment of four high bytes says that the file is binary (section 7.5.2).
    out, offsets = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def from_folder(folder: Path, most: int) -> list[Document]:
    """The first PDF files of a folder, by name."""
    return [Document(path.name, path.read_bytes()) for path in sorted(folder.glob("*.pdf"))[:most]]

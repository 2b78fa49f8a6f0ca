"""The demonstration's PDF writer: what a reader checks before it shows a page."""

import re
from pathlib import Path

import pytest

from postex_tui.demo.documents import from_folder, pdf


@pytest.mark.parametrize("side", [0, 40])
def test_each_object_stands_where_the_table_says(side: int) -> None:
    content = pdf(["Factuur (117)", r"a\b", "€ é"], side)
    assert content.startswith(b"%PDF-1.4\n")
    assert content.endswith(b"%%EOF\n")
    start = int(content.split(b"startxref\n")[1].split(b"\n")[0])
    assert content[start:].startswith(b"xref\n")
    entries = re.findall(rb"(\d{10}) 00000 n \n", content[start:])
    assert len(entries) == (6 if side else 5)
    for number, offset in enumerate(map(int, entries), 1):
        assert content[offset:].startswith(b"%d 0 obj\n" % number)


@pytest.mark.parametrize("side", [0, 40])
def test_streams_have_the_length_they_say(side: int) -> None:
    content = pdf(["one", "two"], side)
    found = list(re.finditer(rb"/Length (\d+) >>\nstream\n", content))
    assert len(found) == (2 if side else 1)
    for each in found:
        assert content[each.end() + int(each[1]) :].startswith(b"\nendstream")


def test_parentheses_and_backslashes_are_escaped() -> None:
    assert rb"(a \(b\) c\\d) Tj" in pdf([r"a (b) c\d"])


def test_a_folder_gives_its_first_pdf_files(tmp_path: Path) -> None:
    for name in ("b.pdf", "a.pdf", "c.pdf", "notes.txt"):
        (tmp_path / name).write_text(name)
    assert [document.file_name for document in from_folder(tmp_path, 2)] == ["a.pdf", "b.pdf"]

"""Manifests as senders' software writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mail import manifest
from bridge.mail.manifest import Line, Manifest

WANTED = (Line("<1@x.test>", "anna@example.test"), Line("<2@x.test>", "bram@example.test"))
LISTS = {
    "plain": b"count,2\r\n<1@x.test>,Anna@example.test\r\n<2@x.test>,bram@example.test\r\n",
    "with heading, comment and blanks": (
        b"# run 7\r\nMessage-ID,recipient\r\n\r\n1@x.test , anna@example.test\r\n"
        b"2@x.test,bram@example.test\r\nCount, 2\r\n"
    ),
    "semicolons and quotes": b'count;2\r\n"<1@x.test>";"anna@example.test"\r\n<2@x.test>;bram@example.test\r\n',
}


@pytest.mark.parametrize("text", LISTS.values(), ids=list(LISTS))
@pytest.mark.parametrize("attached", [False, True])
def test_a_manifest_in_the_text_or_attached(text: bytes, attached: bool) -> None:
    if attached:
        message = (
            b"Postex-Document: batch=nov\r\nSubject: other\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHere it is, 3,4\r\n--b\r\n"
            b'Content-Type: text/csv; charset=utf-8\r\nContent-Disposition: attachment; filename="l.csv"\r\n\r\n'
            + text
            + b"--b--\r\n"
        )
    else:
        message = b"Subject: nov\r\n\r\n" + text
    assert manifest.read(message) == Manifest("nov", 2, WANTED, ())


def test_what_is_no_line_is_kept() -> None:
    found = manifest.read(b"Subject: nov\r\n\r\ncount,many\r\nhello\r\n<1@x>,nobody\r\na,b@c,d\r\n")
    assert (found.count, found.lines) == (None, ())
    assert found.wrong == ("count,many", "hello", "<1@x>,nobody", "a,b@c,d")


@given(st.binary(max_size=300))
def test_it_never_raises(octets: bytes) -> None:
    manifest.read(octets)
    manifest.read(b"Subject: x\r\n\r\n" + octets)

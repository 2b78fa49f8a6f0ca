"""What the writer of a reply wrote, out of all that programs add to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mail.new_text import new_text, own_lines
from tests.costs import at_most

PLAIN = b"Subject: Re: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"


@pytest.mark.parametrize(
    "text",
    [
        "papier graag",
        "papier graag\n\n> e-mail graag\n> stop\n",
        "papier graag\n\nOn Mon, 5 Oct 2026 at 10:00, Energie BV <f@e.test> wrote:\n> stop\n",
        "papier graag\n\nOp 5 oktober 2026 om 10:00 schreef Energie BV <f@e.test>:\n\n> stop\n",
        "papier graag\n\nOp ma 5 okt 2026 om 10:00 schreef Energie BV <een.lang.adres@energie.test\n>:\n\n> stop\n",
        "Op 5 oktober 2026 schreef Energie BV <f@e.test>:\n> stop\n\npapier graag\n",
        "papier graag\n\n-----Original Message-----\nFrom: Energie <f@e.test>\n\nstop\n",
        "papier graag\n\n-----Oorspronkelijk bericht-----\nVan: Energie\n\nstop\n",
        "papier graag\n\n________________________________\nFrom: Energie <f@e.test>\nSent: Monday\n\nstop\n",
        "papier graag\n\nVan: Energie BV <f@e.test>\nVerzonden: maandag\n\nstop\n",
        "papier graag\n\nBegin doorgestuurd bericht:\n\nstop\n",
        "papier graag\n-- \nAnna, stop\n",
        "papier graag\n\nVerzonden vanaf mijn iPhone\n",
        "papier graag\n\nSent from my phone, stop\n",
        "papier graag\n\nOn 5 Oct 2026, Energie wrote:\n\nstop\n",
        "papier graag\n\nLe lun. 5 oct. 2026 à 10:00, Energie <f@e.test> a écrit\u00a0:\n\nstop\n",
        "papier graag\n\nLe lun. 5 oct. 2026 à 10:00, Energie BV klanten <f@e.test> a\nécrit :\n\nstop\n",
        "papier graag\n\nAm Mo., 5. Okt. 2026 um 10:00 Uhr schrieb Energie BV <\nf@e.test>:\n\nstop\n",
        "papier graag\n\nAm 05.10.26 um 10:00 schrieb Energie BV:\nstop\n",
        "papier graag\n\nOp 5 okt. 2026, om 10:00 heeft Energie BV <f@e.test> het volgende geschreven:\n\nstop\n",
        "papier graag\n\nVan: Energie BV\nVerzonden: maandag 5 oktober 2026 10:00\nAan: Anna\nOnderwerp: x\n\nstop\n",
        "papier graag\n\nFrom: Energie BV\nSent: Monday, October 5, 2026 10:00 AM\nTo: Anna\n\nstop\n",
        "papier graag\n\nVon: Energie BV\nGesendet: Montag, 5. Oktober 2026 10:00\nAn: Anna\n\nstop\n",
        "papier graag\n\nDe : Energie BV\nEnvoyé : lundi 5 octobre 2026 10:00\nÀ : Anna\n\nstop\n",
        "papier graag\n\n**Van:** Energie BV\n**Verzonden:** maandag\n\nstop\n",
        "papier graag\n\n-----Message d’origine-----\nDe : Energie\n\nstop\n",
        "papier graag\n\n2026-10-05 10:00 GMT+02:00 Energie BV <f@e.test>:\n\nstop\n",
        "papier graag\n\nEnvoyé de mon iPhone, stop\n",
        "papier graag\n\nVon meinem iPhone gesendet, stop\n",
        "papier graag\n\nVerstuurd met Outlook voor Android\nstop\n",
    ],
)
def test_the_rest_goes(text: str) -> None:
    assert own_lines(text) == "papier graag"
    assert new_text(PLAIN + text.replace("\n", "\r\n").encode()) == "papier graag"


def test_plain_text_beside_html_counts() -> None:
    message = (
        b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\ncGFwaWVyIGdyYWFn\r\n--b\r\nContent-Type: text/html\r\n\r\n"
        b"<b>stop</b>\r\n--b--\r\n"
    )
    assert new_text(message) == "papier graag"


@pytest.mark.parametrize("kind", [b"message/rfc822", b"text/plain\r\nContent-Disposition: attachment"])
def test_what_is_attached_says_nothing(kind: bytes) -> None:
    message = (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: ' + kind + b"\r\n\r\n"
        b"Subject: x\r\n\r\nstop\r\n--b--\r\n"
    )
    assert new_text(message) is None


@given(st.binary(max_size=400))
def test_any_bytes_are_read(message: bytes) -> None:
    new_text(message)


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    assert len(own_lines(text)) <= len(text)


def test_blanks_after_an_introduction_cost_no_more_than_other_text() -> None:
    """Read in the event loop, where everybody waits."""
    with at_most(0.5):
        for line in (
            "on " + "wrote " * 40 + " " * 60_000 + "x",
            "on 2020\n" + "> " * 30_000 + "x",
            "on wrote " * 7000,
            "van:" * 15_000,
        ):
            own_lines(line)

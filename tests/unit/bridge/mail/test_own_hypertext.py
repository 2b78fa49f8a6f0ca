"""Replies in HTML alone, as programs write them; and pages made to be misread."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.channels.control_mail import letter_of
from bridge.mail.new_text import MOST, new_text
from bridge.routing import wishes
from bridge.routing.wishes import Act, Wish
from storage.deliveries.terms import Channel
from tests.costs import at_most

HTML = b"Subject: Re: Factuur\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
PAPER = Wish(Act.CHOOSE, Channel.PAPER)

OUTLOOK_SHEET = (
    "<head><!--[if !mso]><style>v\\\\:* {behavior:url(#default#VML);}</style><![endif]--><style><!--"
    "p.MsoNormal {margin:0cm; font-size:11.0pt; mso-fareast-language:EN-US;} span.E-mailStijl17"
    " {mso-style-type:personal-compose;} @page WordSection1 {size:612.0pt 792.0pt;} --></style></head>"
)
REPLIES = {
    "gmail nl": '<div dir="ltr">{own}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr"'
    ' class="gmail_attr">Op ma 5 okt 2026 om 10:00 schreef Energie &lt;<a href="mailto:f@e.test">f@e.test</a>&gt;:'
    '<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid rgb(204,204,204)">stop'
    "</blockquote></div>",
    "gmail en, signed": '<div dir="ltr"><div>{own}</div><br><span class="gmail_signature_prefix">-- </span><br>'
    '<div dir="ltr" class="gmail_signature">stop</div></div><div class="gmail_quote"><div class="gmail_attr">On Mon,'
    " Oct 5, 2026 at 10:00 AM Energie wrote:<br></div><blockquote>stop</blockquote></div>",
    "outlook on the web nl": '<html><head><style type="text/css" style="display:none;"> P {{margin-top:0;}} </style>'
    '</head><body dir="ltr"><div class="elementToProof" style="font-family: Aptos; color: rgb(0, 0, 0);">{own}</div>'
    '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg"'
    ' dir="ltr"><font><b>Van:</b> Energie<br><b>Verzonden:</b> maandag<br></font></div><div>stop</div></body></html>',
    "outlook for windows nl": OUTLOOK_SHEET.replace("{", "{{").replace("}", "}}")
    + "<body lang=NL><div class=WordSection1><p class=MsoNormal>{own}<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;"
    '</o:p></p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class=MsoNormal>'
    "<b>Van:</b> Energie<br><b>Verzonden:</b> maandag</p></div><p class=MsoNormal>stop</p></div></body>",
    "outlook for windows en, its lines alone": "<body><div class=WordSection1><p class=MsoNormal>{own}</p><div><p"
    " class=MsoNormal><b>From:</b> Energie &lt;f@e.test&gt;<br><b>Sent:</b> Monday<br></p></div><p>stop</p></div>",
    "outlook for phones": '<div dir="ltr">{own}</div><div id="ms-outlook-mobile-body-separator-line"><br></div><div'
    ' id="ms-outlook-mobile-signature">Verzonden vanuit Outlook, stop</div><div'
    ' id="mail-editor-reference-message-container"><div>stop</div></div>',
    "apple mail nl": '<html><head></head><body style="overflow-wrap: break-word;">{own}<br id="lineBreakAtBeginningOf'
    'Message"><div><br><blockquote type="cite"><div>Op 5 okt 2026, om 10:00 heeft Energie het volgende geschreven:'
    "</div><div>stop</div></blockquote></div></body></html>",
    "iphone nl": '<div dir="ltr">{own}</div><div dir="ltr"><br>Verstuurd vanaf mijn iPhone</div><div dir="ltr"><br>'
    '<blockquote type="cite">Op 5 okt 2026 heeft Energie het volgende geschreven:<br></blockquote></div><blockquote'
    ' type="cite"><div>stop</div></blockquote>',
    "thunderbird nl, below": '<div class="moz-cite-prefix">Op 05-10-2026 om 10:00 schreef Energie:<br></div>'
    '<blockquote type="cite" cite="mid:1@e.test"><p>stop</p></blockquote><p>{own}</p><div class="moz-signature">--'
    " <br>stop</div>",
    "thunderbird en": '<p>{own}</p><div class="moz-cite-prefix">On 05/10/2026 10:00, Energie wrote:<br></div>'
    '<blockquote type="cite">stop</blockquote>',
    "yahoo": '<div class="ydp1yahoo-style-wrap"><div dir="ltr">{own}</div></div><div id="ydp1yahoo_quoted_1"'
    ' class="yahoo_quoted"><div>On Monday, Energie wrote:</div><div>stop</div></div>',
    "proton": '<div style="font-family: Arial;">{own}</div><div class="protonmail_signature_block">stop</div><div'
    ' class="protonmail_quote">On Monday, Energie wrote:<br><blockquote>stop</blockquote></div>',
    "roundcube nl, below": "<p id=reply-intro>Energie schreef op 2026-10-05 10:00:</p><blockquote>stop</blockquote>"
    "<p>{own}</p>",
    "zimbra": '<div>{own}</div><hr id="zwchr"><div><b>Van: </b>Energie<br></div><div>stop</div>',
    "samsung nl": "<div dir=auto>{own}</div><div><br></div><div>-------- Oorspronkelijk bericht --------</div><div>"
    "Van: Energie</div><div>stop</div>",
    "passed through outlook": '<div>{own}</div><div class="x_gmail_quote">stop</div>',
}


@pytest.mark.parametrize("own", ["papier graag", "paper please", "Beste Energie,<br><br><b>Papier</b>&nbsp;graag"])
@pytest.mark.parametrize("program", REPLIES)
def test_what_programs_write_is_read_without_what_they_quote(program: str, own: str) -> None:
    message = HTML + REPLIES[program].format(own=own).encode()
    assert letter_of(message).wish == PAPER
    assert letter_of(HTML + REPLIES[program].format(own="Dank u wel!").encode()).wish is None


@pytest.mark.parametrize(
    "page",
    [
        "<p>papier graag</p><div style='display:none'>stop</div>",
        "<p>papier graag</p><div style='DISPLAY : none !important'>niet</div>",
        "<div hidden>stop</div><p>papier graag</p>",
        "<p>papier graag</p><span style='font-size:0'>stop</span><span style='font-size:0px;color:red'>stop</span>",
        "<p>papier graag</p><span style='opacity:0.0'>stop</span><i style='visibility:hidden'>stop</i>",
        "<p>papier graag</p><div style='max-height:0;overflow:hidden'>stop</div>",
        "<p>papier graag</p><div style='position:absolute;left:-9999px'>stop</div>",
        "<p>papier graag</p><div style='mso-hide:all'>stop</div><div style='color:transparent'>stop</div>",
        "<p>papier graag</p><div style='display:/**/none'>stop</div><div style='disp\\6c ay:none'>stop</div>",
        "<p>papier graag</p><template>stop</template><script>stop</script><title>stop</title><!-- stop -->",
        "<p>papier graag</p><details><summary>x</summary>stop</details><textarea>stop</textarea>",
        "<p>papier graag</p><svg><text>stop</text></svg><noscript>stop</noscript><iframe>stop</iframe>",
        "<p style='line-height:0;background-color:transparent;font-size:0.9em;height:1px;width:98%'>papier graag</p>",
    ],
)
def test_what_is_hidden_changes_nothing(page: str) -> None:
    assert wishes.read(new_text(HTML + page.encode()) or "") == PAPER


@pytest.mark.parametrize("wish", ["stop", "papier graag"])
@pytest.mark.parametrize(
    "where", ["<div style='display:none'>{}</div>", "<blockquote>{}</blockquote>", "<!-- {} -->"]
)
def test_what_is_hidden_or_quoted_says_nothing(where: str, wish: str) -> None:
    assert letter_of(HTML + f"{where.format(wish)}<p>Dank u!</p>".encode()).wish is None
    assert letter_of(HTML + where.format(wish).encode()).wish is None


@pytest.mark.parametrize(
    "sheet", [".x{display:none}", ".x{display:/* */none}", ".x{d\\69splay:none}", "*{font-size:0}"]
)
def test_a_page_whose_sheet_hides_things_is_not_read(sheet: str) -> None:
    page = f"<style>{sheet}</style><p>papier graag</p><p class=x>x</p>"
    assert new_text(HTML + page.encode()) is None


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 200_000 + "stop",
        "<p>papier graag</p>" + "<blockquote>" * 90_000,
        "<table><tr><td>" * 60_000,
        "<p>x</p>" * 130_000,
        "<" * 1_000_000,
        "<!--" * 250_000,
        "<a b='" * 150_000,
        "&" * 1_000_000,
        "<style>" + "/*" * 500_000,
        "<p style='" + "/*" * 500_000,
        "<p style='" + "opacity:0" + "0." * 400_000 + "'>x",
    ],
)
def test_a_megabyte_made_to_hurt_costs_little(page: str) -> None:
    with at_most(1.0):
        new_text(HTML + page.encode())


def test_of_a_megabyte_the_beginning_counts() -> None:
    page = b"<p>papier graag</p><blockquote>" + b"<p>stop</p>" * 100_000 + b"</blockquote><p>stop</p>"
    assert len(page) > MOST
    assert new_text(HTML + page) == "papier graag"


def test_the_first_part_of_text_counts() -> None:
    """HTML with a footer that a mail server added in plain text."""
    message = (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: TEXT/HTML; charset=iso-8859-1\r\n'
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>papier=20graag, ik ben er bl=\r\n=EE mee</p>\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nstop spam\r\n--b--\r\n"
    )
    assert new_text(message) == "papier graag, ik ben er blî mee"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["<div class=gmail_quote>", "</div>", "<style>", "stop", "&#0;", "<!--", "x"])))
def test_any_page_is_read(pieces: list[str]) -> None:
    new_text(HTML + "".join(pieces).encode())

"""Messages that the scripted cases start from: few, and different in everything that commands ask about."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seed:
    message: bytes
    flags: str
    date: str


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


_PLAIN = _crlf("""\
Date: Mon, 7 Feb 1994 21:52:25 -0800
From: Fred Foobar <foobar@blurdybloop.example>
Subject: afternoon meeting
To: mooch@owatagu.siam.example
Cc: "Terry \\"T\\" Gray" <gray@cac.example>, Team: a@x.example, b@y.example;
Message-Id: <B27397-0100000@blurdybloop.example>
MIME-Version: 1.0
Content-Type: TEXT/PLAIN; CHARSET=US-ASCII

Hello Joe, do you think we can meet at 3:30 tomorrow?
""")

_ALTERNATIVE = _crlf("""\
Date: Tue, 1 Mar 2022 09:00:00 +0100
From: =?utf-8?q?J=C3=B6rg?= <joerg@firma.example>
Sender: office@firma.example
Reply-To: answers@firma.example
To: anna@bench.example
Bcc: hidden@bench.example
Subject: =?utf-8?b?UmVjaG51bmcgw7xiZXIgMTIg4oKs?=
In-Reply-To: <earlier@firma.example>
References: <first@firma.example> <earlier@firma.example>
Message-ID: <second@firma.example>
X-Priority: 1
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="cut"

Preamble that nobody reads.
--cut
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: quoted-printable

F=C3=BCr Sie: eine Rechnung.

--cut
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64
Content-ID: <html@firma.example>
Content-Language: de, en

PHA+RsO8ciBTaWU8L3A+
--cut--
Epilogue.
""")

_NESTED = _crlf("""\
Date: Fri, 31 Dec 2021 23:59:59 -0500
From: clerk@office.example
To: anna@bench.example
Subject: Fwd: two files and a letter
Message-ID: <third@office.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: text/plain

See attached.
--outer
Content-Type: application/pdf; name="bill.pdf"
Content-Disposition: attachment; filename="bill.pdf"; size=9
Content-Description: the bill
Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==
Content-Location: https://office.example/bill.pdf
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--outer
Content-Type: message/rfc822
Content-Disposition: inline

Date: Thu, 30 Dec 2021 08:00:00 +0000
From: "Inner, Sender" <inner@deep.example>
Subject: the letter itself
To: clerk@office.example
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=inner

--inner

Deep text without a header.
--inner
Content-Type: image/png
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--inner--

--outer--
""")

_BARE = _crlf("""\
Subject: no date, no sender

Just a line with seldomseen words.
""")

_LARGE = (
    _crlf("Date: Wed, 15 Jun 2022 12:00:00 +0200\nFrom: big@size.example\nSubject: Large one\n\n")
    + b"x" * 60
    + (b"\r\nline of a large message that goes on and on\r\n" * 200)
)

_HEADER_ONLY = _crlf("Date: 14 Jun 2022 23:00 GMT\nFrom: short@size.example\nSubject: header only\n\n")

SEEDS = (
    Seed(_PLAIN, "\\Seen", "07-Feb-1994 22:01:25 -0800"),
    Seed(_ALTERNATIVE, "\\Flagged Work", " 1-Mar-2022 09:00:05 +0100"),
    Seed(_NESTED, "", "31-Dec-2021 23:59:59 -0500"),
    Seed(_BARE, "\\Answered \\Draft", "15-Jun-2022 00:00:00 +0000"),
    Seed(_LARGE, "\\Deleted", "15-Jun-2022 23:59:59 +0000"),
    Seed(_HEADER_ONLY, "$Forwarded Work", "16-Jun-2022 00:00:01 +0200"),
)

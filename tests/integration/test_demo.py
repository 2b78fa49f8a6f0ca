"""`postex demo` as a newcomer runs it."""

import imaplib
import os
import re
import signal
import ssl
import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-m", "postex_tui.cli", "demo"]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", **more}


def test_it_checks_everything_stays_for_a_mail_client_until_ctrl_c_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "invoices").mkdir()
    (tmp_path / "invoices" / "rekening.pdf").write_bytes(b"%PDF-1.7\n" + os.urandom(3000) + b"\n%%EOF\n")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = [*COMMAND, "--documents", str(tmp_path / "invoices")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(TMPDIR=str(temporary))) as demo:
        assert demo.stdout is not None
        shown = ""
        while "Ctrl-C" not in shown:
            line = demo.stdout.readline()
            assert line, shown
            shown += line
        read_with_shown_credentials(shown, next(temporary.glob("*/data")))
        letters = list(temporary.glob("*/*-letters/*"))
        demo.send_signal(signal.SIGINT)
        assert demo.wait(40) == 0, demo.stdout.read()
    assert [letter.suffix for letter in letters] == [".pdf"]
    assert list(temporary.iterdir()) == []
    assert_all_was_done(shown)


def assert_all_was_done(shown: str) -> None:
    assert "All checks held." in shown
    assert "rekening.pdf" in shown
    assert shown.count("byte for byte as handed in") == 3
    assert "3 readers, 2 kB: 250" in shown
    assert "none found" in shown
    assert "it came back; a message says “Gewijzigd: hoe documenten bij u komen”" in shown
    assert "3 pages, the document's own among them" in shown
    assert "Channel: paper. The recipient chose this for this sender." in shown


def read_with_shown_credentials(shown: str, data: Path) -> None:
    """The table alone is enough to read."""
    place = re.search(r"IMAP, TLS, host (\S+), port (\d+)", shown)
    person = re.search(r"^  (anna@\S+)\s+(px1-\S+)$", shown, re.MULTILINE)
    assert place
    assert person
    trust = ssl.create_default_context(cafile=str(data / "tls" / "cert.pem"))
    with imaplib.IMAP4_SSL(place[1], int(place[2]), ssl_context=trust, timeout=20) as imap:
        imap.login(person[1], person[2])
        assert imap.select("INBOX") == ("OK", [b"3"]), "two documents and the notice of the device"


def test_a_failure_says_what_happened_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("x")
    done = subprocess.run(
        COMMAND, capture_output=True, text=True, timeout=60, env=environment(DEMO_ONCE="1", DEMO_DATA=str(tmp_path))
    )
    assert done.returncode == 1
    assert f"{tmp_path} is not empty" in done.stderr
    assert "Traceback" not in done.stderr

"""The bytes between 354 and the final dot (RFC 5321 sections 3.3, 4.1.1.4, 4.5.2). Pure: no socket, no clock.

Contract. `DataReceiver.feed` takes chunks as they come off the wire and says when the data is over: at CR LF . CR LF
and at nothing else, so that no server before us can be made to disagree about where a message ends (SMTP smuggling).
`received` turns what came into the message:

- a bare LF becomes CR LF, as Postfix does; a bare CR or a NUL is refused with a text;
- the dot that hides a leading dot is taken away, after the line ends are settled (RFC 5321 section 4.5.2);
- more than `limit` bytes are refused. The reader goes on discarding up to `limit` bytes more, so that the client
  hears the answer; what comes after that is `flooded`.

Speed. No step works line by line. Base64 has no dots: a chunk without one is not searched for the end at all. The
line ends are classified by the newline decoder of `io`, at a quarter of the cost of counting CR, LF and CR LF.
"""

from io import IncrementalNewlineDecoder

from bridge.mail import headers

END = b"\r\n.\r\n"
_FINAL_DOT = b".\r\n"
_STUFFED = b"\r\n."
_OVERLAP = len(END) - 1


class DataRefused(Exception):
    """The data cannot be taken; `reply` is the whole answer."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


TOO_LARGE = "552 5.3.4 message exceeds the size limit of {limit} bytes"
BARE_CR = "554 5.6.0 the message holds a CR that is not followed by LF; send it as base64"
NUL = "554 5.6.0 the message holds a NUL byte; send it as base64"


class DataReceiver:
    """Collects one message. `feed` until it returns True; then `rest` holds what followed the end."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        """Bytes that came so far, stuffed dots and the end included."""
        self.rest = b""
        self.complete = False
        self.flooded = False
        self._hard_limit = limit + limit // 3 + 2 * len(END)  # each third byte may be a stuffed dot
        self._refusal: str | None = None
        self._chunks: list[bytes] = []
        self._tail = b"\r\n"  # DATA starts at the beginning of a line
        self._stuffed = False

    def feed(self, chunk: bytes) -> bool:
        """True when the end of the data was seen."""
        end = self._end_of(chunk)
        if end is not None:
            chunk, self.rest = chunk[:end], chunk[end:]
            self.complete = True
        self.size += len(chunk)
        self._keep(chunk)
        return self.complete

    def give_up(self, reply: str) -> None:
        """Keep nothing from here on; `reply` is the answer at the end."""
        self._refusal = self._refusal or reply
        self._chunks.clear()

    def _end_of(self, chunk: bytes) -> int | None:
        """Offset just behind the end in `chunk`; looks across the border to what came before."""
        border = self._tail + chunk[:_OVERLAP]
        at = border.find(END)
        if at >= 0:
            return at + len(END) - len(self._tail)
        self._stuffed = self._stuffed or _STUFFED in border
        self._tail = (border if len(chunk) < _OVERLAP else chunk)[-_OVERLAP:]
        return self._end_within(chunk)

    def _end_within(self, chunk: bytes) -> int | None:
        """Only between the first dot and the last can there be anything: base64 has none."""
        first = chunk.find(b".")
        if first < 0:
            return None
        start, stop = max(0, first - 2), chunk.rfind(b".") + 3
        at = chunk.find(END, start, stop)
        self._stuffed = self._stuffed or chunk.find(_STUFFED, start, stop if at < 0 else at + 2) >= 0
        return None if at < 0 else at + len(END)

    def _keep(self, chunk: bytes) -> None:
        if self._refusal is not None:
            self.flooded = self.size > self._hard_limit + self.limit
        elif self.size > self._hard_limit:
            self.give_up(TOO_LARGE.format(limit=self.limit))
        else:
            self._chunks.append(chunk)

    def head(self) -> bytes:
        """The header block as it came, for a first look; empty if nothing is kept."""
        kept, size = [], 0
        for chunk in self._chunks:
            kept.append(chunk)
            size += len(chunk)
            if size > headers.MAX_HEADER:
                break
        return b"".join(kept)[: headers.MAX_HEADER].partition(b"\r\n\r\n")[0] + b"\r\n"

    def received(self, trace: bytes = b"") -> bytes:
        """The message in CR LF form, dots unstuffed, below our `trace` lines. DataRefused if it may not be stored."""
        if self._refusal is not None:
            raise DataRefused(self._refusal)
        ending = b""
        while len(ending) < len(_FINAL_DOT):
            ending = self._chunks.pop() + ending
        raw = b"".join([trace, *self._chunks, ending[: -len(_FINAL_DOT)]])
        self._chunks.clear()
        message = _canonical(raw, self._stuffed or raw.startswith(b".", len(trace)))
        if len(message) - len(trace) > self.limit:
            raise DataRefused(TOO_LARGE.format(limit=self.limit))
        return message


def _canonical(raw: bytes, stuffed: bool) -> bytes:
    if b"\0" in raw:
        raise DataRefused(NUL)
    line_ends = _line_ends(raw)
    if "\r" in line_ends:
        raise DataRefused(BARE_CR)
    if "\n" in line_ends:
        raw, stuffed = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), True
    if not stuffed:
        return raw
    return (b"\r\n" + raw).replace(_STUFFED, b"\r\n")[2:]


def _line_ends(raw: bytes) -> tuple[str, ...]:
    """The kinds of line end that occur: CR, LF, CR LF."""
    decoder = IncrementalNewlineDecoder(None, translate=False)
    decoder.decode(raw.decode("latin-1"), final=True)
    newlines: str | tuple[str, ...] | None = decoder.newlines
    return newlines if isinstance(newlines, tuple) else (newlines,) if newlines else ()

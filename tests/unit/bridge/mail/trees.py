"""MIME trees built by the test, which knows where it put each piece: the truth that `scan` is held against."""

from dataclasses import dataclass, field

from hypothesis import strategies as st

from bridge.mail.card import Piece

Spans = dict[tuple[tuple[int, ...], Piece], tuple[int, int]]


@dataclass
class Tree:
    """`data`: header and content; `body`: where the content begins; `inside`: spans of what lies in it."""

    data: bytes
    body: int
    inside: Spans = field(default_factory=dict)
    multipart: bool = False


def part_spans(tree: Tree, path: tuple[int, ...], offset: int) -> Spans:
    spans: Spans = {
        (path, Piece.ALL): (offset + tree.body, offset + len(tree.data)),
        (path, Piece.MIME): (offset, offset + tree.body),
    }
    for (below, piece), (start, stop) in tree.inside.items():
        spans[(*path, *below), piece] = (offset + start, offset + stop)
    return spans


def message_spans(tree: Tree) -> Spans:
    own: Spans = {((), Piece.HEADER): (0, tree.body), ((), Piece.TEXT): (tree.body, len(tree.data))}
    return own | (tree.inside if tree.multipart else part_spans(tree, (1,), 0))


def leaf(content_type: bytes, content: bytes) -> Tree:
    header = b"Content-Type: " + content_type + b"\r\n\r\n"
    return Tree(header + content, len(header))


def message(inner: Tree) -> Tree:
    header = b"Content-Type: message/rfc822\r\nContent-Description: inner\r\n\r\n"
    inside = {key: (start + len(header), stop + len(header)) for key, (start, stop) in message_spans(inner).items()}
    return Tree(header + inner.data, len(header), inside)


def multipart(children: list[Tree], boundary: bytes, preamble: bytes, epilogue: bytes) -> Tree:
    header = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary="' + boundary + b'"\r\n\r\n'
    data = header + (preamble + b"\r\n" if preamble else b"")
    inside: Spans = {}
    for number, child in enumerate(children, start=1):
        data += b"--" + boundary + b"\r\n"
        inside |= part_spans(child, (number,), len(data))
        data += child.data + b"\r\n"
    return Tree(data + b"--" + boundary + b"--" + epilogue, len(header), inside, multipart=True)


CONTENT = st.lists(
    st.sampled_from([b"\r\n", b"--", b"-", b"--b", b"a", b"\xff", b"\t", b"\r", b": "]), max_size=8
).map(b"".join)
"""Content that looks like delimiters, but never holds `=`, with which each real boundary begins."""

_LEAVES = st.builds(leaf, st.sampled_from([b"text/plain", b"image/png", b"application/pdf; name=a.pdf"]), CONTENT)


@st.composite
def trees(draw: st.DrawFn, depth: int = 4) -> Tree:
    kind = draw(st.sampled_from(["leaf", "message", "multipart"])) if depth else "leaf"
    if kind == "leaf":
        return draw(_LEAVES)
    if kind == "message":
        return message(draw(trees(depth - 1)))
    children = draw(st.lists(trees(depth - 1), min_size=1, max_size=3))
    # One boundary is the beginning of another around it or beside it: the longest match has to win.
    boundary = b"=b" + b"x" * depth
    return multipart(children, boundary, draw(CONTENT), draw(CONTENT.map(lambda text: b"\r\n" + text)))

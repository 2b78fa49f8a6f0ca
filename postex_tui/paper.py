"""What is shown to be printed."""


def kit_picture(kit: str) -> str:
    """The recovery kit as a QR code of characters."""
    import io

    import segno

    picture = io.StringIO()
    segno.make(kit.replace(" ", ""), error="m").terminal(picture, compact=True)
    return picture.getvalue()

"""A terminal that went away: the connection broke, the window was closed."""

import select


def is_gone(terminal: int) -> bool:
    """Whether the other side of this terminal has been closed. Textual reads its end again and again without a pause,
    which would keep a processor busy for good; and nobody is left to see anything.
    """
    poll = select.poll()
    poll.register(terminal, 0)
    return any(state & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, state in poll.poll(0))

"""The demonstration: the main job of Postex done for real on this machine, step by step, and each step checked."""


class DemoFailed(Exception):
    """A check did not hold; the text says what happened."""

"""What the control API answers, for whoever asks: its content, or `Refusal` with the problem's code and text."""

from collections.abc import Sequence
from typing import Any

import httpx

from postex_tui.answers import USAGE, Refusal

BASE = "http://postex/v1"
CLIENT = "postex"
"""What a session is called in its owner's list."""
STEP_UP = "step-up-needed"
_USAGE_STATUS = frozenset({404, 405, 422})
Query = str | int | bool | Sequence[str] | None


def answered(response: httpx.Response) -> Any:
    """The content of an answer; `Refusal` for a problem."""
    try:
        content = response.json() if response.content else None
    except ValueError:
        raise Refusal("no-sense", f"what answers as the bridge is none: {response.status_code}, no JSON") from None
    if response.is_success:
        return content
    problem = content if isinstance(content, dict) else {}
    status = USAGE if response.status_code in _USAGE_STATUS and problem.get("code") == "invalid-request" else 1
    errors = problem.get("errors")
    wrong = [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    words = str(problem.get("detail", response.reason_phrase))
    raise Refusal(str(problem.get("code", "internal")), words, status, wrong)

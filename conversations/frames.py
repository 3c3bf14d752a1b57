"""The frames of a socket: JSON objects, and what may be in their fields."""

import json
from typing import Any
from uuid import UUID

from .posting import Refused

Frame = dict[str, Any]


def parse(text: str | None) -> Frame:
    try:
        frame = json.loads(text or "")
    except (ValueError, RecursionError):
        raise Refused("malformed", "A frame is a JSON object.") from None
    if not isinstance(frame, dict):
        raise Refused("malformed", "A frame is a JSON object.")
    return frame


def uuid_in(frame: Frame, field: str) -> UUID:
    try:
        return UUID(frame[field])
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Refused("malformed", f"{field}: a UUID is needed.") from None


def number_in(frame: Frame, field: str, default: int | None = None) -> int:
    value = frame.get(field, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise Refused("malformed", f"{field}: a whole number from 0 is needed.")
    return value


def text_in(frame: Frame, field: str) -> str:
    value = frame.get(field)
    if not isinstance(value, str):
        raise Refused("malformed", f"{field}: text is needed.")
    return value

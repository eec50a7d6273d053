"""JSON as wschat-ie/1 carries it: one object on one line, nested at most eight deep, nothing that is not JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chat_tui_wschat.grammar import FrameError

MAX_DEPTH: Final = 8
"""Objects and arrays inside one another, the outermost included (wschat 3.8)."""

_DECODER: Final = msgspec.json.Decoder(dict[str, Any])
_ENCODER: Final = msgspec.json.Encoder()


def _too_deep(value: object) -> bool:
    """Say whether objects and arrays nest deeper than MAX_DEPTH, looking at each of them once."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node if isinstance(node, list | tuple) else ())
            if isinstance(child, dict | list | tuple)
        ]
        if not level:
            return False
    return True


def _check_depth(text: str, value: object) -> None:
    # No text nests deeper than it has opening brackets, those inside of strings counted too.
    if text.count("{") + text.count("[") > MAX_DEPTH and _too_deep(value):
        raise FrameError("BADFRAME", f"The JSON is nested deeper than {MAX_DEPTH}")


def decode_object(text: str) -> dict[str, Any]:
    """Read one JSON object.

    Of a repeated key the last value counts. NaN, Infinity, numbers beyond a float and half surrogate pairs are no JSON
    here. The caller has seen to it that there are no control characters but tab.

    Raises:
        FrameError: BADFRAME when this is no JSON object or is nested too deeply.
    """
    if text[:1] != "{" or text[-1:] != "}":
        raise FrameError("BADFRAME", "Not a JSON object")
    try:
        value = _DECODER.decode(text)
    except RecursionError as error:
        raise FrameError("BADFRAME", f"The JSON is nested deeper than {MAX_DEPTH}") from error
    except ValueError as error:
        raise FrameError("BADFRAME", "The JSON cannot be read") from error
    _check_depth(text, value)
    return value


def encode_object(data: Mapping[str, Any]) -> str:
    """Write one JSON object on one line, without spaces between its parts, so that `decode_object` reads it back.

    Raises:
        FrameError: BADFRAME when the data is not expressible: half surrogate pairs, foreign types, too deep, circular.
    """
    try:
        text = _ENCODER.encode(data).decode()
    except (ValueError, TypeError, RecursionError) as error:
        raise FrameError("BADFRAME", "The data cannot be written as JSON") from error
    if "\x7f" in text:  # JSON lets DEL stand in a string, wschat 3.1 does not.
        text = text.replace("\x7f", "\\u007f")
    _check_depth(text, data)
    return text

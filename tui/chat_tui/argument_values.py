"""Read the values of options; what is wrong with one is said as argparse says it."""

from __future__ import annotations

import argparse
import math

__all__ = ["count", "moment", "port", "rate", "seconds"]


def count(text: str) -> int:
    """A number from 0 to 100000. Raises ArgumentTypeError."""
    if not text.isascii() or not text.isdigit() or int(text) > 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 100000")
    return int(text)


def moment(text: str) -> int:
    """A time to come, in milliseconds since 1970. Raises ArgumentTypeError."""
    import time

    from chat_tui.moments import read_moment
    from chat_tui_core.errors import LocalError

    try:
        return read_moment(text, time.time_ns() // 1_000_000)
    except LocalError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def port(text: str) -> int:
    """A port. Raises ArgumentTypeError."""
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)


def rate(text: str) -> int:
    """Commands a minute. Raises ArgumentTypeError."""
    if not text.isascii() or not text.isdigit() or not 1 <= len(text) <= 7:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of commands a minute")
    return int(text)


def seconds(text: str) -> float:
    """A span of up to a day. Raises ArgumentTypeError."""
    try:
        span = float(text)
    except ValueError:
        span = math.nan
    if not 0 <= span <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 86400")
    return span

"""Read a command line that only opens the app: what reads all the others takes longer to import than this to run."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Final

__all__ = ["read"]

_TEXTS: Final = {"--account": "account", "--config": "config", "--data-dir": "data_dir"}
_MARKS: Final = {"--debug": "debug", "--demo": "demo"}


def read(argv: Sequence[str]) -> SimpleNamespace | None:
    """What `arguments.parse` gives, but for `run`; None where that has to be asked."""
    found: dict[str, object] = dict.fromkeys(_TEXTS.values(), "") | dict.fromkeys(_MARKS.values(), False)
    words = iter(argv)
    for word in words:
        option, given, text = word.partition("=")
        if word in _MARKS:
            found[_MARKS[word]] = True
        elif option in _TEXTS:
            text = text if given else next(words, "-")
            if text.startswith("-"):  # an option, or what looks like one: there is more to it
                return None
            found[_TEXTS[option]] = text
        else:
            return None
    return SimpleNamespace(**found, plain=False, chaos="", json=False, command=None, version=None)

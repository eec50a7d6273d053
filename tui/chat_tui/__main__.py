"""Start chat-tui: what `chat-tui` and `python -m chat_tui` run."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code.

    Importing makes no garbage, so nobody looks for any; whatever runs for long switches the collector on again.
    """
    gc.disable()
    try:
        from chat_tui.cli import run

        return run(sys.argv[1:] if argv is None else argv)
    finally:
        gc.enable()


if __name__ == "__main__":
    sys.exit(main())

"""Threads that step back behind what people wait for."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import Final

BACK: Final = 5
"""How much nicer (nice(2)) than the rest of its program a thread becomes."""


def step_back() -> None:
    """Let the system prefer everything else to the thread that calls this, for good; where it can do that for one thread."""
    if sys.platform == "linux":  # elsewhere the whole program would step back
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + BACK)

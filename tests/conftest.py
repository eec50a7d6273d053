"""Have every test, and every program that it starts, speak English; have a pilot's keys not wait longer than it takes."""

from __future__ import annotations

import os

from textual import _wait

if everything := os.environ.pop("LC_ALL", ""):
    os.environ["LANG"] = everything
os.environ["LC_MESSAGES"] = "C"

# After each key, a pilot sleeps so long, twice, to see whether the app is idle: by default longer than most keys take.
_wait.SLEEP_GRANULARITY = 0.005
_wait.SLEEP_IDLE = _wait.SLEEP_GRANULARITY / 20

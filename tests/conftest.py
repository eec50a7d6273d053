"""Have every test, and every program that it starts, speak English whatever the machine's language is."""

from __future__ import annotations

import os

if everything := os.environ.pop("LC_ALL", ""):
    os.environ["LANG"] = everything
os.environ["LC_MESSAGES"] = "C"

"""Runs in Synapse's environment: Synapse as usual, but it stops when whoever started it is gone.

Standard input is a pipe from the starting process. It ends when that process ends, however it ends, so no
homeserver is left behind by a killed test run. Start it with -P: this file's folder has a `synapse.py` of its own.
"""

from __future__ import annotations

import os
import runpy
import signal
import threading


def stop_with_parent() -> None:
    """Wait for the end of standard input, then stop this process as SIGTERM does."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=stop_with_parent, daemon=True).start()
    runpy.run_module("synapse.app.homeserver", run_name="__main__", alter_sys=True)

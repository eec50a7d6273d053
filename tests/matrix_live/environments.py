"""Python environments of their own for Synapse and matrix-nio, installed once and found again.

They are kept in the user's cache folder, or where CHAT_TUI_TEST_CACHE says, so that neither their size (300 MB)
nor what they depend on touches the project. `python -m tests.matrix_live.environments` installs both beforehand.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "CHAT_TUI_TEST_CACHE"
SYNAPSE_VERSION = "1.163.2"
NIO_VERSION = "0.26.0"
# Seconds. A slow line may take minutes; a hanging one is given up.
INSTALL_TIMEOUT = 900
READY = "ready"


class InstallFailed(Exception):
    """An environment for the tests could not be made; the text says what to do."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment that holds one package; `name` is its folder in the cache."""

    name: str
    requirement: str
    imports: str

    @property
    def folder(self) -> Path:
        """Where it is, made or not; another Python gets another folder."""
        return cache_folder() / f"{self.name}-py{sys.version_info.major}.{sys.version_info.minor}"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def is_ready(self) -> bool:
        """Whether it was made completely, for this requirement, and its interpreter is still there."""
        marker = self.folder / READY
        return os.access(self.python, os.X_OK) and marker.exists() and marker.read_text() == self.requirement

    def ensured(self) -> Path:
        """Its interpreter, after making it if need be; waits while another process makes it. Raises InstallFailed."""
        if not self.is_ready():
            with alone(self.folder.name):
                if not self.is_ready():
                    self.make()
        return self.python

    def make(self) -> None:
        """Make it anew, whatever is there; the marker comes last, so a half-made one is never used."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        failures = []
        for commands in self.ways():
            failure = first_failure(commands)
            if failure is None:
                (self.folder / READY).write_text(self.requirement)
                return
            failures.append(failure)
            shutil.rmtree(self.folder, ignore_errors=True)
        raise InstallFailed(
            f"The live Matrix tests need {self.requirement} in {self.folder}, and it could not be installed.\n"
            "Check that pip reaches a package index from this environment (PIP_INDEX_URL, PIP_CERT, HTTPS_PROXY),\n"
            f"or set {CACHE_VARIABLE} to a folder made elsewhere with this Python, and run again;\n"
            "tests other than tests/matrix_live do not need it. What was tried:\n\n" + "\n\n".join(failures)
        )

    def ways(self) -> Iterator[list[list[str]]]:
        """Ways to make it, each some commands; the later ones work where Python comes without ensurepip (Debian)."""
        check = [str(self.python), "-c", f"import {self.imports}"]
        make = [sys.executable, "-m", "venv", "--clear", str(self.folder)]
        yield [make, [str(self.python), "-m", "pip", "install", "--quiet", self.requirement], check]
        outside = [sys.executable, str(Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}"))]
        for python in dict.fromkeys(outside):
            pip = [python, "-m", "pip", "--python", str(self.python), "install", "--quiet", self.requirement]
            yield [[*make, "--without-pip"], pip, check]
        if uv := shutil.which("uv"):
            install = [uv, "pip", "install", "--quiet", "--python", str(self.python), self.requirement]
            yield [[*make, "--without-pip"], install, check]


SYNAPSE = Environment(f"synapse-{SYNAPSE_VERSION}", f"matrix-synapse=={SYNAPSE_VERSION}", "synapse.app.homeserver")
NIO = Environment(f"nio-{NIO_VERSION}", f"matrix-nio=={NIO_VERSION}", "nio")


def cache_folder() -> Path:
    """The folder for everything that is made once: environments and prepared databases."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen).absolute() if chosen else platformdirs.user_cache_path("chat-tui-tests", appauthor=False)


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Let one process at a time make the thing of this name; the lock ends with the process, however that ends."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def clean_environ() -> dict[str, str]:
    """This process's environment without what would lead another Python to this one's packages."""
    away = {"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONWARNINGS", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"}
    return {name: value for name, value in os.environ.items() if name not in away and not name.startswith("COV_")}


def first_failure(commands: list[list[str]]) -> str | None:
    """Run commands one after the other until one fails; None, or that command and what it printed."""
    away = {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PIP_CONSTRAINT"}
    env = {name: value for name, value in clean_environ().items() if name not in away}
    env |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    for command in commands:
        try:
            done = subprocess.run(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=INSTALL_TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"$ {' '.join(command)}\n{error}"
        if done.returncode != 0:
            return f"$ {' '.join(command)}\n{done.stdout.decode(errors='replace').strip()}"
    return None


def main() -> None:
    """Install both, and say how long it took."""
    for environment in (SYNAPSE, NIO):
        started = time.monotonic()
        try:
            environment.ensured()
        except InstallFailed as error:
            sys.exit(str(error))
        print(f"{environment.requirement}: {environment.folder} ({time.monotonic() - started:.0f} s)")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Set up chat-tui in .venv and do one thing with it: run it, test it, check it.

Needs Python 3.11 or newer, with pip or uv, and nothing else: this file uses the standard library only.
Whatever is installed goes into .venv beside this file, and is installed again only when it has to be.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl
if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
STAMP = VENV / ".chat-tui-stamp"
INSTALLING = "installing"
LOWEST = (3, 11)

EXAMPLES = """examples:
  python3 dev.py run --demo           the app, with rooms, history and a talking bot; nothing is kept
  python3 dev.py run --help           everything after `run` goes to chat-tui
  python3 dev.py test                 all tests
  python3 dev.py test tests/core -x   everything after `test` goes to pytest; paths count from the project's folder
  python3 dev.py check --no-tests     lint, format, types, import contracts, generated docs
"""


def say(sentence: str) -> None:
    """Print one line about the set-up; standard output belongs to the command that runs."""
    print(f"dev.py: {sentence}", file=sys.stderr, flush=True)


def quietly(command: list[str]) -> str | None:
    """Run a command from the project's folder; None if it worked, else all that it printed."""
    env = {**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    try:
        done = subprocess.run(  # noqa: PLW1510
            command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as error:
        return str(error)
    return None if done.returncode == 0 else done.stdout.decode(errors="replace")


def fingerprint() -> str:
    """Everything that decides what is installed, as one hash: the lists, the environment's Python, the place."""
    files = [ROOT / "pyproject.toml", ROOT / "constraints.txt", VENV / "pyvenv.cfg"]
    parts = [file.read_bytes() if file.exists() else b"" for file in files]
    return hashlib.sha256(b"\0".join([*parts, os.fsencode(ROOT)])).hexdigest()


def installed() -> str:
    """What the stamp says: nothing, `installing` after an interruption, or `<fingerprint> run` or `... dev`."""
    return STAMP.read_text() if PYTHON.exists() and STAMP.exists() else ""


def ready(level: str) -> bool:
    """Whether .venv already holds what `run` or `dev` needs."""
    return installed() in {f"{fingerprint()} {level}", f"{fingerprint()} dev"}


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let only one dev.py at a time install; the lock ends with the process, however that ends."""
    with (ROOT / ".venv.lock").open("w") as lock:
        if sys.platform == "win32":
            msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
        else:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("waiting for another dev.py that is installing")
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def installers() -> Iterator[tuple[str, list[str], str]]:
    """Ways to install into .venv that work here: a name, the command up to `install`, and its word for doing it anew."""
    uv = shutil.which("uv")
    if uv and quietly([uv, "--version"]) is None:
        yield "uv", [uv, "pip", "install", "--python", str(PYTHON)], "--reinstall"
    inner = [str(PYTHON), "-m", "pip"]
    outer = [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    for pip in (inner, outer):
        if quietly([*pip, "--version"]) is None:
            yield "pip", [*pip, "install"], "--force-reinstall"
            return
    if quietly([str(PYTHON), "-m", "ensurepip"]) is None:
        yield "pip", [*inner, "install"], "--force-reinstall"


def install(level: str) -> None:
    """Make .venv if need be and install chat-tui with what it runs on, and for `dev` with what its checks run on."""
    before = installed()
    if not PYTHON.exists():
        say(f"making .venv for Python {sys.version.split()[0]}")
        # Without pip, so that it also works where ensurepip is a package of its own (Debian, Ubuntu).
        output = quietly([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)])
        if output is not None:
            sys.exit(f"{output}\ndev.py: .venv could not be made; see above.")
    STAMP.write_text(INSTALLING)
    dev = level == "dev" or before.endswith(" dev")
    output = "This Python has no pip: install pip (Debian, Ubuntu: apt install python3-pip) or uv, and run this again."
    for name, command, anew in installers():
        say(f"installing chat-tui and what it {'is tested with' if dev else 'runs on'} ({name})")
        extra = [anew] if before == INSTALLING else []
        what = ["--constraint", "constraints.txt", "--editable", ".[dev]" if dev else "."]
        failure = quietly([*command, *extra, *what])
        if failure is None:
            STAMP.write_text(f"{fingerprint()} {'dev' if dev else 'run'}")
            return
        output = failure
    sys.exit(f"{output}\ndev.py: nothing was installed; see above. Running it again starts over.")


def ensure(level: str) -> None:
    """Have everything installed that `run` or `dev` needs."""
    if not ready(level):
        with alone():
            if not ready(level):
                install(level)


def become(*arguments: str) -> NoReturn:
    """Hand this process, its terminal and its signals over to .venv's Python; never returns."""
    command = [str(PYTHON), *arguments]
    if sys.platform == "win32":
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)  # noqa: S606


def parts(*names: str) -> list[str]:
    """Those of the project's files and folders that are there."""
    return [name for name in names if (ROOT / name).exists()]


def documents(*options: str) -> list[list[str]]:
    """Commands that write, or with --check compare, every document and catalogue that is made from the code."""
    scripts = [*sorted((ROOT / "tools").glob("docs_*.py")), ROOT / "tools" / "catalogue.py"]
    return [["-m", f"tools.{script.stem}", *options] for script in scripts]


def stages(*, fix: bool) -> list[tuple[str, list[list[str]]]]:
    """The checks other than tests, each a name and commands; with `fix`, the repairs."""
    lint_imports = "from importlinter.cli import lint_imports_command as run; run()"
    typed = parts("tui", "backends", "tests", "tools", "bench", "dev.py")
    if fix:
        return [
            ("lint", [["-m", "ruff", "check", "--fix", "--quiet", "."]]),
            ("format", [["-m", "ruff", "format", "."]]),
            ("docs", documents()),
        ]
    return [
        ("lint", [["-m", "ruff", "check", "."]]),
        ("format", [["-m", "ruff", "format", "--check", "."]]),
        ("types", [["-m", "mypy", *typed]]),
        ("imports", [["-c", lint_imports, "--no-logo"]]),
        ("docs", documents("--check")),
    ]


def go_through(plan: list[tuple[str, list[list[str]]]]) -> list[str]:
    """Run every stage, also after one has failed; the names of those that failed."""
    failed = []
    for name, commands in plan:
        print(f"== {name}", flush=True)
        if any([subprocess.call([str(PYTHON), *command]) for command in commands]):  # noqa: C419
            failed.append(name)
    if failed:
        print(f"== failed: {', '.join(failed)}", flush=True)
    return failed


def test(arguments: list[str]) -> NoReturn:
    """Become pytest; the whole suite uses two processes, one test file staying in one of them."""
    whole = [] if (os.cpu_count() or 1) == 1 else ["-n", "2", "--dist", "loadfile"]
    become("-m", "pytest", *(arguments or whole))


def check(*, tests: bool) -> None:
    """Run all checks and then all tests; exits with 1 if any of them failed."""
    failed = go_through(stages(fix=False))
    if tests and not failed:
        test([])
    sys.exit(bool(failed))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="dev.py", description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("run", help="run chat-tui with the arguments that follow")
    commands.add_parser("test", help="run the tests; pytest's arguments may follow")
    every = commands.add_parser("check", help="lint, format, types, import contracts, generated docs, then the tests")
    every.add_argument("--no-tests", action="store_true", help="leave the tests out")
    commands.add_parser("fix", help="repair lint and format, write the generated docs")
    commands.add_parser("docs", help="write the documents and catalogues that are made from the code")
    commands.add_parser("screenshots", help="take the screenshots and paint the gallery's images again")
    commands.add_parser("snapshots", help="store what the scenes of the gallery show; names of scenes may follow")
    return top


def main(argv: list[str]) -> None:
    """Do what the command line says."""
    if sys.version_info < LOWEST:
        sys.exit(
            f"chat-tui needs Python 3.11 or newer, and this is {sys.version.split()[0]}: run dev.py with a newer one."
        )
    hands_on = argv[:1] in (["run"], ["test"], ["snapshots"])
    options = parser().parse_args(argv[:1] if hands_on else argv)
    ensure("run" if options.command == "run" else "dev")
    if options.command == "run":
        become("-P", "-m", "chat_tui", *argv[1:])  # -P: a file in the reader's folder never stands in for a module
    os.chdir(ROOT)
    if options.command == "test":
        test(argv[1:])
    elif options.command == "check":
        check(tests=not options.no_tests)
    elif options.command == "screenshots":
        if not parts("tools/screenshots.py"):
            sys.exit("dev.py: tools/screenshots.py, which takes the screenshots, is not here.")
        subprocess.check_call([str(PYTHON), "-m", "tools.gallery"])
        become("-m", "tools.screenshots")
    elif options.command == "snapshots":
        become("-m", "tools.snapshots", *argv[1:])
    else:
        plan = stages(fix=True)
        sys.exit(bool(go_through(plan if options.command == "fix" else plan[-1:])))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        say("interrupted; running it again carries on")
        sys.exit(130)

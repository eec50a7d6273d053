"""Use every feature once in a real terminal, on our server and on a Synapse; keep the screens as text and as PNG."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.live.terminal import TMUX, Terminal
from tests.live.walk import Walk, written
from tests.live.walk_steps import STEPS
from tests.live.walk_worlds import WORLDS
from tools import generated
from tools.paint import paint
from tools.terminal_picture import picture_from

SIZE = (110, 34)
MOST_LOST = 3
"""So many steps that fail one after another end the walk."""


def walk_through(name: str, folder: Path, out: Path) -> tuple[int, int]:
    """Take all steps on one server; gives how many there were and how many passed."""
    passed = 0
    terminals = [Terminal(folder, "ann", *SIZE), Terminal(folder, "bob", 80, 24)]
    with WORLDS[name](folder) as world:
        walk = Walk(world, *terminals)
        try:
            lost = 0
            for number, step in enumerate(STEPS, 1):
                taken = _take(walk, number, step.row, step.does, out)
                passed, lost = passed + taken, 0 if taken else lost + 1
                if lost == MOST_LOST:
                    print("nothing works any more: the other steps are left out", flush=True)
                    break
        finally:
            for terminal in terminals:
                terminal.close()
    return len(STEPS), passed


def _take(walk: Walk, number: int, row: str, does: str, out: Path) -> bool:
    started = time.monotonic()
    fault = ""
    try:
        STEPS[number - 1].run(walk)
    except Exception as error:  # noqa: BLE001 - the walk goes on
        fault = str(error).partition("\n")[0] or type(error).__name__
    written(out, f"{number:02}", walk.ann)
    picture = picture_from((out / f"{number:02}.ansi").read_text(encoding="utf-8"), walk.ann.size[0])
    paint(picture, "#000000").save(out / f"{number:02}.png")
    took = time.monotonic() - started
    print(f"{number:2} {'FAILED' if fault else 'ok':6} {took:5.1f} s  {row}: {does}  {fault}".rstrip(), flush=True)
    if fault:
        walk.recover()
    return not fault


def main() -> None:
    """Walk through on the servers that are named."""
    parser = argparse.ArgumentParser(description="Use every feature once, in tmux, on real servers.")
    parser.add_argument("worlds", nargs="*", default=list(WORLDS), help=f"which servers: {', '.join(WORLDS)}")
    parser.add_argument("--out", type=Path, default=generated.ROOT / "build" / "walk", help="where the screens go")
    options = parser.parse_args()
    if TMUX is None:
        sys.exit("tmux is not installed.")
    failed = 0
    for name in options.worlds:
        out = options.out / name
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            steps, passed = walk_through(name, Path(folder), out)
        print(f"{name}: {passed} of {steps} steps; the screens are in {out}", flush=True)
        failed += steps - passed
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()

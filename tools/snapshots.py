"""Store what the scenes of the gallery show now; what differs from before is for people to review."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.gallery.playing import play
from tests.gallery.scene import Scene
from tests.gallery.scenes import SCENES
from tests.gallery.stored import FOLDER, told

TIMES: Final = 10
"""So many times in a row the same must be shown; tests are content with less."""


def store(scene: Scene) -> list[str]:
    """Play a scene and store it; gives what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            played = asyncio.run(play(scene, Path(folder), TIMES))
        except Exception as error:  # noqa: BLE001 - the other scenes are stored all the same
            return [f"{type(error).__name__}: {error}"]
    path, text = FOLDER / f"{scene.name}.txt", told(played.shots)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"stored {scene.name}")
    return played.faults


def main() -> None:
    """Store all scenes, or those that are named; what is stored of scenes that are no more goes away."""
    parser = argparse.ArgumentParser(description="Store the pictures that tests/gallery compares with.")
    parser.add_argument("scenes", nargs="*", help="names of scenes (default: all)")
    wanted = set(parser.parse_args().scenes)
    names = {scene.name for scene in SCENES}
    if wanted - names:
        sys.exit(f"no such scene: {', '.join(sorted(wanted - names))}")
    FOLDER.mkdir(exist_ok=True)
    wrong = 0
    for scene in SCENES:
        if scene.name in (wanted or names):
            for fault in dict.fromkeys(store(scene)):
                wrong += 1
                print(f"{scene.name}: {fault}")
    for path in FOLDER.iterdir():
        if path.stem not in names:
            path.unlink()
            print(f"took away {path.stem}")
    sys.exit(f"{wrong} faults" if wrong else 0)


if __name__ == "__main__":
    main()

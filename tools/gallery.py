"""Paint the images of docs/gallery.md from the scenes that tests look at."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.gallery.playing import play
from tests.gallery.scenes import SCENES
from tools import generated
from tools.docs_gallery import images
from tools.paint import paint

COLOURS = 128
TIMES = 10
"""So many times in a row the same must be shown."""


def main() -> None:
    """Paint all of them, and take away what belongs to no scene."""
    kept = set()
    for scene in (scene for scene in SCENES if scene.listed):
        with tempfile.TemporaryDirectory() as folder:
            played = asyncio.run(play(replace(scene, whole=True), Path(folder), TIMES))
        dark, light = played.shots[120, 40][0], played.shots[80, 24][1]
        for name, picture, ground in zip(images(scene), (dark, light), ("#14171c", "#fcfcfb"), strict=True):
            path = generated.ROOT / name
            path.parent.mkdir(parents=True, exist_ok=True)
            paint(picture, ground).quantize(COLOURS).save(path, optimize=True)
            kept.add(path)
            print(name)
    for path in (generated.ROOT / "screenshots" / "gallery").glob("*.png"):
        if path not in kept:
            path.unlink()


if __name__ == "__main__":
    main()

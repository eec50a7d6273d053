"""Make docs/gallery.md: pictures of a choice of the scenes that tests look at, and the list of all of them."""

from __future__ import annotations

from tests.gallery.scene import SIZES, Scene
from tests.gallery.scenes import SCENES
from tools import generated

DOCUMENT = "docs/gallery.md"
HEAD = f"""# Gallery

Made by `python3 dev.py docs` from the scenes in [tests/gallery](../tests/gallery); do not edit. Every scene is played in the
real app on a scripted server, with the same people and the same time of day, and looked at {", ".join(f"at {w}x{h}" for w, h in SIZES)}
in both themes: {len(SCENES) * len(SIZES) * 2} pictures, stored as texts in [tests/gallery/stored](../tests/gallery/stored). Beside being equal
to what is stored, each of them keeps these rules: everything is inside what holds it, and nothing stands on anything else; no text
is cut without an ellipsis; titles and keys can be seen; text has a contrast of at least 4.5 to its ground, what is faded on purpose of at
least 3; one sees what has the focus. `python3 dev.py snapshots` stores what is shown now, `python3 dev.py screenshots`
paints the images."""


def images(scene: Scene) -> tuple[str, str]:
    """The files of a scene's two images: dark and larger, light and smaller."""
    return f"screenshots/gallery/{scene.name}-120x40-dark.png", f"screenshots/gallery/{scene.name}-80x24-light.png"


def render() -> str:
    """The whole document."""
    lines = [HEAD]
    for scene in SCENES:
        if scene.listed:
            large, small = images(scene)
            lines += ["", f"## {scene.about}", "", f"![120x40, dark](../{large})", "", f"![80x24, light](../{small})"]
    lines += ["", "## All scenes", "", "| scene | what it shows |", "|---|---|"]
    lines += [f"| [{scene.name}](../tests/gallery/stored/{scene.name}.txt) | {scene.about} |" for scene in SCENES]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    generated.main(DOCUMENT, render)

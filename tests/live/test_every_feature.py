"""Every feature once, by keys, in a real terminal: on our server, and on a Synapse."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.conftest import OpenTerminal
from tests.live.walk import Walk
from tests.live.walk_steps import STEPS, Step
from tests.live.walk_worlds import WORLDS

pytestmark = pytest.mark.live

FIRST = STEPS[:13]
"""What needs neither an outage nor a file."""


def take(world: str, steps: tuple[Step, ...], folder: Path, open_terminal: OpenTerminal) -> None:
    with WORLDS[world](folder) as server:
        walk = Walk(server, open_terminal("ann", 110, 34), open_terminal("bob", 80, 24))
        for step in steps:
            step.run(walk)


@pytest.mark.timeout(180)
def test_the_first_features(tmp_path: Path, open_terminal: OpenTerminal) -> None:
    take("wschat", FIRST, tmp_path, open_terminal)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("world", WORLDS)
def test_every_feature(world: str, tmp_path: Path, open_terminal: OpenTerminal) -> None:
    take(world, STEPS, tmp_path, open_terminal)


def test_every_feature_that_the_comparison_has_is_named_as_it_is_there() -> None:
    rows = (Path(__file__).parents[2] / "docs" / "peers.md").read_text(encoding="utf-8")
    assert [step.row for step in STEPS if f"\n| {step.row} |" not in rows] == []

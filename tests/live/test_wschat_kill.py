"""A short form of the benchmark that kills the server: nothing that was acknowledged is lost, doubled or reordered."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bench.wschat_kill import ROOT

pytestmark = pytest.mark.live


@pytest.mark.parametrize("way", [["-m", "bench.wschat_kill"], ["bench/wschat_kill.py"]], ids=["module", "script"])
def test_five_kills_break_no_promise(way: list[str]) -> None:  # A13, A14, A16, E3
    rounds, seed = ("5", "7") if way[0] == "-m" else ("1", "8")
    done = subprocess.run(
        [sys.executable, *way, "--rounds", rounds, "--seed", seed],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert f"{rounds} kills" in done.stdout
    assert "promises broken: 0" in done.stdout

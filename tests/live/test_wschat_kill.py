"""Short forms of the benchmarks that kill the server and the app: nothing is lost, doubled or reordered."""

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


def test_the_app_and_the_server_die_while_lines_are_typed() -> None:  # A13, A14, E2, E3
    done = subprocess.run(
        [sys.executable, "-m", "bench.wschat_app_kill", "--rounds", "2", "--seed", "9"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "kills of the app" in done.stdout

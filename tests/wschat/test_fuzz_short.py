"""A short form of the fuzzing benchmark, and that it finds what it is there to find."""

from __future__ import annotations

import random
import sys
from itertools import islice

import pytest

from bench import wschat_fuzz
from bench.mutations import mutated
from chat_tui_wschat.server.rulebook import RULES, Rule
from chat_tui_wschat.server.rules import Rules
from chat_tui_wschat.server.state import Socket
from chat_tui_wschat.server.turn import Turn


def test_mutated_frames_are_refused_or_read() -> None:  # A24, A3, A5
    found = wschat_fuzz.fuzz_codec("short", 6_000)
    assert found["command read"] > 100
    assert found["reply read"] > 100
    assert sum(found.values()) == 12_000


def test_who_is_not_signed_in_learns_and_changes_nothing() -> None:  # A3, A10
    assert wschat_fuzz.fuzz_rules_outside("short", 1_500)["ERROR"] > 500


def test_who_is_signed_in_breaks_nothing() -> None:  # A3, A16, A24
    found = wschat_fuzz.fuzz_rules_inside("short", 1_500)
    assert found["CONFIRM"] > 20
    assert found["EVENT"] > 20


@pytest.mark.live
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_running_server_outlives_it() -> None:  # A3, A24
    found = wschat_fuzz.fuzz_live("short", 300)
    assert found["ERROR"] > 100
    assert found["sockets closed"] > 5


def test_the_same_seed_makes_the_same_frames() -> None:
    first, again, other = (
        list(islice(mutated(wschat_fuzz.FRAMES, random.Random(seed)), 500)) for seed in ("a", "a", "b")
    )
    assert first == again != other
    assert any(isinstance(frame, bytes) for frame in first)


def test_a_fault_of_the_codec_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(frame: str | bytes) -> None:
        if b"9007199254740992" in (frame if isinstance(frame, bytes) else frame.encode(errors="replace")):
            raise OverflowError

    monkeypatch.setattr(wschat_fuzz, "parse_command", read)
    with pytest.raises(wschat_fuzz.Broken, match=r"seed 'short', frame .*9007199254740992.*OverflowError"):
        wschat_fuzz.fuzz_codec("short", 6_000)


@pytest.mark.parametrize("verb", ["LSCHANS", "MSG"])
def test_a_fault_of_the_rules_is_found(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(turn: Turn) -> str | None:
        raise ZeroDivisionError

    monkeypatch.setitem(RULES, verb, Rule(fail))
    with pytest.raises(wschat_fuzz.Broken, match="ERROR INTERNAL"):
        wschat_fuzz.fuzz_rules_inside("short", 1_500)


def test_an_answer_that_tells_too_much_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def leak(rules: Rules, socket: Socket, *_rest: object) -> None:
        rules.hall.send(socket, "CONFIRM LSCHANS")

    monkeypatch.setattr(Rules, "_refuse_frame", leak)
    with pytest.raises(wschat_fuzz.Broken, match=r"outside, frame .* 'CONFIRM LSCHANS'"):
        wschat_fuzz.fuzz_rules_outside("short", 500)

"""What is said of files on their way: every state has a mark and a word, bars tell by their shape, paces and people."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui.transfer_words import FileDeed, Now, Pace, bar, deeds_of, facts_of, stand_of, tilde
from chat_tui_core.transfers import MARKS, Direction, Recipient, State, Transfer

FILE = Transfer(1, Direction.IN, "r", "plan.pdf", 10_000_000, path="/data/plan.pdf")


@pytest.mark.parametrize(("state", "direction"), list(itertools.product(State, Direction)))
def test_every_state_has_a_mark_and_a_word(state: State, direction: Direction) -> None:  # D7
    stand = stand_of(replace(FILE, state=state, direction=direction), Now())
    assert stand.mark == MARKS[state]
    assert stand.word


@pytest.mark.parametrize(
    ("transfer", "now", "words"),
    [
        (FILE, Now(), "… offered"),
        (replace(FILE, state=State.ACCEPTED), Now(), "→ receiving 0 %"),
        (
            replace(FILE, state=State.CONNECTED, done=4_600_000),
            Now(rate=2_000_000),
            "⇄ receiving 46 % 2.0 MB/s 3 s left",
        ),
        (
            replace(FILE, state=State.ACCEPTED, done=4_600_000),
            Now("The disk is full.", 12.3, 5.0),
            "→ waiting 46 % The disk is full. Again in 13 s.",
        ),
        (replace(FILE, state=State.COMPLETE), Now(), "✓ received in /data"),
        (replace(FILE, state=State.COMPLETE, path="/data/plan_1.pdf"), Now(), "✓ received as /data/plan_1.pdf"),
        (
            replace(FILE, state=State.CANCELLED, done=4_600_000, path="/data/plan.pdf.part", reason="cancelled by ann"),
            Now(),
            "⊘ cancelled 46 % cancelled by ann; what came is kept as plan.pdf.part",
        ),
        (replace(FILE, state=State.FAILED, reason="It is another file."), Now(), "✗ failed It is another file"),
        (replace(FILE, direction=Direction.OUT, state=State.COMPLETE, ticket="x"), Now(), "✓ sent nobody has it yet"),
        (replace(FILE, direction=Direction.OUT, state=State.COMPLETE), Now(), "✓ sent"),
        (replace(FILE, size=-1, state=State.CONNECTED, done=2_000), Now(rate=10.0), "⇄ receiving 2.0 KB 10 B/s"),
    ],
)
def test_how_it_stands(transfer: Transfer, now: Now, words: str) -> None:  # D7
    stand = stand_of(transfer, now)
    assert " ".join(part for part in (stand.mark, stand.word, *stand.facts, stand.more) if part) == words


PEOPLE = {
    "ann": Recipient("1", "ann", State.COMPLETE, 10_000_000),
    "bob": Recipient("2", "bob", State.CONNECTED, 2_500_000),
    "eve": Recipient("3", "eve", State.CANCELLED, 10),
    "joe": Recipient("4", "joe", State.FAILED, 10, "the disk is full."),
}


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("ann", "ann has it"),
        ("bob", "bob takes it, 25 %"),
        ("eve", "eve cancelled it"),
        ("joe", "joe could not take it: the disk is full"),
        ("ann bob", "1 of 2 have it"),
        ("ann bob eve joe", "1 of 4 have it, 2 cannot or will not"),
    ],
)
def test_who_has_it(who: str, words: str) -> None:  # D10
    people = tuple(PEOPLE[name] for name in who.split())
    sent = replace(FILE, direction=Direction.OUT, state=State.COMPLETE, recipients=people)
    assert stand_of(sent, Now()).more == words


@given(st.floats(0, 1), st.integers(1, 60))
def test_a_bar_has_its_width_and_more_is_never_shorter(share: float, width: int) -> None:
    done, rest = bar(share, width)
    assert len(done) + len(rest) == width
    assert len(bar(min(1.0, share + 0.1), width)[0]) >= len(done)
    assert set(done) <= {"━", "╾"}
    assert set(rest) <= {"─"}


def test_a_bar_is_full_only_at_the_end() -> None:
    assert bar(0, 4) == ("", "────")
    assert bar(0.5, 4) == ("━━", "──")
    assert bar(0.999, 4) == ("━━━╾", "")
    assert bar(1, 4) == ("━━━━", "")


def test_the_pace_is_that_of_the_last_seconds() -> None:
    pace = Pace()
    pace.note(0.0, 0)
    assert pace.rate(0.0) == 0.0
    for second in range(1, 21):
        pace.note(float(second), second * 1_000 if second <= 10 else 10_000 + (second - 10) * 5_000)
    assert pace.rate(20.0) == pytest.approx(5_000, rel=0.05)
    assert pace.rate(24.0) == 0.0  # nothing has come for a while
    pace.note(25.0, 0)  # it began anew
    assert pace.rate(25.0) == 0.0


@pytest.mark.parametrize(
    ("transfer", "waits", "first"),
    [
        (None, False, FileDeed.ACCEPT),
        (FILE, False, FileDeed.ACCEPT),
        (replace(FILE, state=State.CONNECTED), False, FileDeed.CANCEL),
        (replace(FILE, state=State.COMPLETE), False, FileDeed.OPEN),
        (replace(FILE, state=State.FAILED), False, FileDeed.RETRY),
        (replace(FILE, direction=Direction.OUT, state=State.NEW), True, FileDeed.CANCEL),
    ],
)
def test_what_can_be_done(transfer: Transfer | None, waits: bool, first: FileDeed) -> None:
    deeds = deeds_of(transfer, waits=waits)
    assert deeds[0] is first
    assert (FileDeed.OPEN in deeds) is (transfer is not None and transfer.state is State.COMPLETE)
    assert len(set(deeds)) == len(deeds)


def test_sizes_types_and_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    assert facts_of(48_200_000, "application/zip") == "48.2 MB  application/zip"
    assert facts_of(0, "") == "empty"
    assert facts_of(-1, "text/\x1b[31mplain") == "text/�[31mplain"
    monkeypatch.setenv("HOME", "/home/sam")
    assert tilde("/home/sam/a b") == "~/a b"
    assert tilde("/home/samson/a") == "/home/samson/a"
    assert tilde("/x/\udcff\x1b") == "/x/?�"
    assert tilde(str(Path.home())) == "~"

"""Messages: order, history pages, reading and limits. Rules only, no I/O."""

from __future__ import annotations

import dataclasses
import unicodedata

import pytest

from tests.wschat.rules_stage import GENEROUS, Client, Stage
from tests.wschat.wschat_peer import hear


def pair(stage: Stage) -> tuple[Client, Client]:
    ann, bob = stage.sign_in("ann", "message", "user"), stage.sign_in("bob", "message", "user")
    ann.ok("CREATE general")
    bob.ok("JOIN general")
    ann.hear()
    return ann, bob


def page(client: Client, bound: str, count: int, channel: str = "general") -> tuple[list[int], bool]:
    data = client.ok(f"HISTORY {channel} {bound} {count}")
    return [item["pos"] for item in data["events"]], data["more"]


# ---------------------------------------------------------------- A16: order


def test_everybody_sees_the_same_order_whoever_speaks() -> None:  # A16
    stage = Stage()
    ann, bob = pair(stage)
    cid = stage.sign_in("cid", "message", "user")
    cid.say("JOIN general")
    for client in (ann, bob, cid):
        client.hear()
    for number in range(30):
        for client in (ann, bob, cid)[number % 3 :]:
            stage.rules.received(client.number, f"MSG general {number} {client.number}", stage.now)
    stage.settle()
    heard = [[event.data["pos"] for event in client.events()] for client in (ann, bob, cid)]
    assert heard[0] == heard[1] == heard[2] == list(range(4, 4 + 60))


def test_order_is_pos_and_not_time() -> None:  # A16
    stage = Stage()
    ann, _ = pair(stage)
    ann.ok("MSG general later")
    stage.rules.hall.epoch -= 3600
    ann.ok("MSG general earlier by the clock")
    items = ann.ok("HISTORY general LATEST * 2")["events"]
    assert [one["pos"] for one in items] == [3, 4]
    assert items[0]["ts"] > items[1]["ts"]


def test_text_arrives_as_it_was_sent() -> None:
    stage = Stage()
    ann, bob = pair(stage)
    for text in (
        'hello  there {"not":"json"}',
        " leading and trailing ",
        "two\nlines\tand a tab",
        "@id=5 fake",
        "é👩‍🚀",
        "\u2028x",
    ):
        ann.ok(f"MSG general {text}")
        assert bob.events()[-1].data["text"] == text
        assert ann.ok("HISTORY general LATEST * 1")["events"][0]["text"] == text


# ---------------------------------------------------------------- A17: history


@pytest.mark.parametrize(
    ("bound", "count", "expected"),
    [
        ("LATEST *", 3, ([10, 11, 12], True)),
        ("LATEST *", 12, (list(range(1, 13)), False)),
        ("LATEST *", 50, (list(range(1, 13)), False)),
        ("LATEST *", 0, ([], True)),
        ("BEFORE 5", 2, ([3, 4], True)),
        ("BEFORE 5", 4, ([1, 2, 3, 4], False)),
        ("BEFORE 1", 5, ([], False)),
        ("BEFORE 0", 5, ([], False)),
        ("BEFORE 99", 2, ([11, 12], True)),
        ("BEFORE 13", 1, ([12], True)),
        ("AFTER 0", 2, ([1, 2], True)),
        ("AFTER 10", 2, ([11, 12], False)),
        ("AFTER 10", 9, ([11, 12], False)),
        ("AFTER 12", 5, ([], False)),
        ("AFTER 9007199254740991", 5, ([], False)),
        ("AFTER 3", 0, ([], True)),
    ],
)
def test_pages_have_exclusive_bounds(bound: str, count: int, expected: tuple[list[int], bool]) -> None:  # A17
    stage = Stage()
    ann, _ = pair(stage)
    ann.say(*[f"MSG general {number}" for number in range(10)])
    assert page(ann, bound, count) == expected


def test_paging_either_way_has_no_hole_and_no_double() -> None:  # A17
    stage = Stage()
    ann, _ = pair(stage)
    ann.say(*[f"MSG general {number}" for number in range(245)])
    down: list[int] = []
    bound, more = "LATEST *", True
    while more:
        found, more = page(ann, bound, 1000)
        assert len(found) <= 100
        down = found + down
        bound = f"BEFORE {found[0]}"
    up: list[int] = []
    more = True
    while more:
        found, more = page(ann, f"AFTER {up[-1] if up else 0}", 70)
        up += found
    assert down == up == list(range(1, 248))


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("HISTORY nowhere LATEST * 5", "NOTFOUND"),
        ("HISTORY closed LATEST * 5", "NOTJOINED"),
        ("HISTORY general LATEST 5 5", "BADARGS"),
        ("HISTORY general BEFORE * 5", "BADARGS"),
        ("HISTORY general AROUND 5 5", "BADARGS"),
        ("HISTORY general BEFORE 5", "BADARGS"),
        ("HISTORY general BEFORE 05 5", "BADARGS"),
        ("HISTORY general BEFORE -1 5", "BADARGS"),
        ("HISTORY general BEFORE 9007199254740992 5", "BADARGS"),
        ("HISTORY general BEFORE 5 5 5", "BADARGS"),
    ],
)
def test_history_that_cannot_be_asked(frame: str, code: str) -> None:  # A17, A22
    stage = Stage()
    _, bob = pair(stage)
    stage.sign_in("cid").ok("CREATE closed")
    assert bob.code(frame) == code


@pytest.mark.parametrize(("direction", "first"), [("LATEST *", False), ("AFTER 2", True)])
def test_a_page_never_passes_a_frame(direction: str, first: bool) -> None:  # A17, A23
    stage = Stage(dataclasses.replace(GENEROUS, max_frame=8192))
    ann, _ = pair(stage)
    ann.say(*[f"MSG general {'é' * 1000}{number:02}" for number in range(10)])
    reply = ann.ask(f"HISTORY general {direction} 10")
    assert len(reply.raw.encode()) <= 8192
    found = [one["pos"] for one in reply.data["events"]]
    assert reply.data["more"] is True
    assert found == ([3, 4, 5] if first else [10, 11, 12])


def test_a_page_that_races_a_message_overlaps_and_has_no_hole() -> None:  # A17
    stage = Stage()
    ann, bob = pair(stage)
    for frame in ("MSG general one", "HISTORY", "MSG general two"):
        speaker = bob if frame == "HISTORY" else ann
        stage.rules.received(speaker.number, "HISTORY general LATEST * 10" if speaker is bob else frame, stage.now)
    stage.settle()
    heard = [hear(frame) for frame in bob.hear()]
    live = {event.data["pos"] for event in heard if event.words[0] == "EVENT"}
    paged = {one["pos"] for one in heard[1].data["events"]}
    assert heard[1].words[1] == "HISTORY"
    assert live == {3, 4}
    assert paged | live == {1, 2, 3, 4}


# ---------------------------------------------------------------- A23: limits


@pytest.mark.parametrize("text", [" ", "  \t ", "\n\n", "\u200b", "\u202e\u2066", "\u00a0", "\ufeff"])
def test_a_message_that_cannot_be_seen_is_empty(text: str) -> None:  # A23
    ann, bob = pair(Stage())
    assert ann.code(f"MSG general {text}") == "EMPTY"
    assert bob.events() == []
    assert page(ann, "LATEST *", 9) == ([1, 2], False)


@pytest.mark.parametrize(
    ("text", "good"), [("é" * 2000, True), ("é" * 2000 + "x", False), ("x" * 4000, True), ("x" * 4001, False)]
)
def test_text_is_limited_by_bytes(text: str, good: bool) -> None:  # A23
    ann, _ = pair(Stage())
    assert ann.ask(f"MSG general {text}").words[1] == ("MSG" if good else "TOOLONG")


def test_what_cannot_be_seen_is_judged_by_its_characters() -> None:
    ann, _ = pair(Stage())
    for code in (0xAD, 0x2060, 0xE0001, 0x1D173):
        assert unicodedata.category(chr(code)) == "Cf"
        assert ann.code(f"MSG general {chr(code)}") == "EMPTY"


# ---------------------------------------------------------------- reading


def test_reading_moves_forward_only_and_never_past_the_end() -> None:
    stage = Stage()
    ann, bob = pair(stage)
    ann.say("MSG general one", "MSG general two")
    bob.hear()
    frames = bob.say("@id=7 READ general 3")
    assert frames == ['@id=7 EVENT message READ general {"by":"bob","pos":3}', '@id=7 CONFIRM READ general {"pos":3}']
    assert [event.data for event in ann.events() if event.words[2] == "READ"] == [{"by": "bob", "pos": 3}]
    assert bob.ok("READ general 2") == {"pos": 3, "noop": True}
    assert bob.ok("READ general 99") == {"pos": 4}
    stage.restart()
    assert stage.sign_in("bob").ok("LSCHANS")["channels"][0]["read"] == 4

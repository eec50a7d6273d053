"""Rooms, members, read positions, gaps, drafts, facts and problems; and rows that a hand has spoiled."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_tui_core.actions import Action, Kind
from chat_tui_core.model import EventKind, Gap, Member, Membership, Presence, Role, Room, RoomEvent, RoomKind
from chat_tui_core.store import Draft, Store, actions, drafts, events, meta, problems, rooms

FULL_ROOM = Room(
    "general", "General", "talk", RoomKind.PRIVATE, Membership.INVITED, 4, ("#a", "#b"), 3, 1, 90, 80, 5, "ann", "hi"
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "store.db")
    yield store
    store.close_now()


def spoil(store: Store, script: str) -> None:
    """What a hand or another program could do to the file."""

    def run(db: sqlite3.Connection) -> None:
        for statement in script.split(";"):
            db.execute(statement)

    store.write_now(run)


# ---------------------------------------------------------------- rooms


def test_rooms_come_back_newest_first_and_whole(store: Store) -> None:  # E6
    older, newer = replace(FULL_ROOM, room_id="older", last_ts=3), Room("newer", last_ts=9)
    store.write_now(rooms.save_rooms, [older, FULL_ROOM, newer])
    assert store.read(rooms.load_rooms) == [newer, FULL_ROOM, older]
    store.write_now(rooms.save_rooms, [Room("general", last_ts=10)])
    assert store.read(rooms.load_rooms) == [Room("general", last_ts=10), newer, older]


def test_a_forgotten_room_leaves_only_its_actions(store: Store) -> None:  # E3
    event = RoomEvent("general", "m1", 1, EventKind.MESSAGE, "ann", 1, "hi")
    for room_id in ("general", "other"):
        store.write_now(rooms.save_rooms, [replace(FULL_ROOM, room_id=room_id)])
        store.write_now(rooms.save_members, room_id, [Member("ann")], False)
        store.write_now(rooms.set_read, room_id, "ann", 4)
        store.write_now(events.insert_events, [replace(event, room_id=room_id)])
        store.write_now(events.add_gap, Gap(room_id, 4, 9))
        store.write_now(events.set_room_start, room_id, True)
        store.write_now(drafts.save_draft, Draft(room_id, "unsent"))
        store.write_now(actions.new_action, Action(0, Kind.SEND, room_id, {"text": "unsent"}), 1)

    def counts(db: sqlite3.Connection, room_id: str) -> list[int]:
        tables = ("rooms", "members", "reads", "events", "gaps", "starts", "drafts", "actions")
        query = "SELECT count(*) FROM {} WHERE room_id = ?"
        return [db.execute(query.format(table), (room_id,)).fetchone()[0] for table in tables]

    store.write_now(rooms.forget_room, "general")
    assert store.read(counts, "general") == [0, 0, 0, 0, 0, 0, 0, 1]
    assert store.read(counts, "other") == [1, 1, 1, 1, 1, 1, 1, 1]


def test_members_are_replaced_or_added_to(store: Store) -> None:
    ann = Member("ann", "Ann", Presence.IDLE, Role.OWNER)
    store.write_now(rooms.save_members, "general", [Member("bob"), ann], True)
    store.write_now(rooms.save_members, "other", [Member("dan")], True)
    assert store.read(rooms.load_members, "general") == [ann, Member("bob")]
    store.write_now(rooms.save_members, "general", [Member("bob", "Bob"), Member("cy")], False)
    store.write_now(rooms.remove_member, "general", "ann")
    store.write_now(rooms.remove_member, "general", "nobody")
    assert store.read(rooms.load_members, "general") == [Member("bob", "Bob"), Member("cy")]
    store.write_now(rooms.save_members, "general", [Member("eve")], True)
    assert store.read(rooms.load_members, "general") == [Member("eve")]
    assert store.read(rooms.load_members, "other") == [Member("dan")]


def test_a_read_position_never_moves_back(store: Store) -> None:  # E6
    for user, order in [("ann", 5), ("bob", 2), ("ann", 3), ("bob", 7)]:
        store.write_now(rooms.set_read, "general", user, order)
    assert store.read(rooms.load_reads, "general") == {"ann": 5, "bob": 7}
    assert store.read(rooms.load_reads, "other") == {}


# ---------------------------------------------------------------- gaps

GAPS = st.builds(Gap, st.just("general"), st.integers(0, 9), st.integers(0, 9), st.sampled_from(["", "t1", "t2"]))


def is_a_hole(gap: Gap) -> bool:
    return gap.before - gap.after >= (1 if gap.token else 2)


@given(steps=st.lists(st.tuples(st.sampled_from(["add", "remove", "replace"]), GAPS, GAPS), max_size=20))
@settings(max_examples=60, deadline=None)
def test_gaps_are_a_set_of_holes(steps: list[tuple[str, Gap, Gap]], tmp_path_factory: pytest.TempPathFactory) -> None:
    store = Store.open(tmp_path_factory.mktemp("gaps") / "store.db")  # E4
    model: dict[tuple[int, int], str] = {}
    for step, gap, other in steps:
        if step == "add":
            store.write_now(events.add_gap, gap)
        elif step == "remove":
            store.write_now(events.remove_gap, "general", gap.after, gap.before)
        else:
            store.write_now(events.replace_gap, gap, other)
        if step != "add":
            model.pop((gap.after, gap.before), None)
        added = {"add": gap, "replace": other}.get(step)
        if added is not None and is_a_hole(added):
            model[added.after, added.before] = added.token
    expected = [Gap("general", after, before, token) for (after, before), token in sorted(model.items())]
    assert store.read(events.gaps, "general") == expected
    assert store.read(events.gaps, "other") == []
    store.close_now()


def test_a_gap_that_is_filled_is_gone_and_the_start_is_known(store: Store) -> None:  # E5
    store.write_now(events.add_gap, Gap("general", 3, 9))
    store.write_now(events.replace_gap, Gap("general", 3, 9), None)
    assert store.read(events.gaps, "general") == []
    assert not store.read(events.room_start, "general")
    store.write_now(events.set_room_start, "general", True)
    store.write_now(events.set_room_start, "general", True)
    assert store.read(events.room_start, "general")
    assert not store.read(events.room_start, "other")
    store.write_now(events.set_room_start, "general", False)
    assert not store.read(events.room_start, "general")


# ---------------------------------------------------------------- drafts


def test_drafts_are_kept_until_they_are_empty(store: Store) -> None:  # E3
    whole = Draft("general", "half a\nsentence ☺", 4, "m3", ("/home/ann/a b.png", "/tmp/\udcff.bin"), 77)
    store.write_now(drafts.save_draft, whole)
    store.write_now(drafts.save_draft, Draft("other", "x"))
    assert store.read(drafts.load_drafts) == {"general": whole, "other": Draft("other", "x")}
    for emptier in (replace(whole, text=""), replace(whole, text="", reply_to=""), replace(whole, attachments=())):
        store.write_now(drafts.save_draft, emptier)
        assert store.read(drafts.load_drafts)["general"] == emptier
    store.write_now(drafts.save_draft, Draft("general", "", 0, "", (), 99))
    assert store.read(drafts.load_drafts) == {"other": Draft("other", "x")}


@given(text=st.text(st.characters(categories=None)))
@settings(max_examples=60, deadline=None)
def test_no_typed_text_is_refused(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    store = Store.open(tmp_path_factory.mktemp("drafts") / "store.db")  # E3
    store.write_now(drafts.save_draft, Draft("general", f"{text}."))
    action = store.write_now(actions.new_action, Action(0, Kind.SEND, "general", {"text": text}), 1)
    expected = f"{text}.".encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert store.read(drafts.load_drafts)["general"].text == expected
    assert store.read(actions.load_action, action.id) == action
    store.close_now()


# ---------------------------------------------------------------- facts and problems


def test_the_position_is_replaced_as_a_whole(store: Store) -> None:  # B4
    store.write_now(meta.set_position, {"seq": "4", "session": "s"})
    store.write_now(meta.set_position, {"seq": "5", "next": ""})
    assert store.read(meta.get_position) == {"seq": "5", "next": ""}
    store.write_now(meta.set_position, {})
    assert store.read(meta.get_position) == {}


def test_problems_are_counted_all_and_kept_in_part(store: Store) -> None:  # B5
    def add(db: sqlite3.Connection, count: int) -> None:
        for number in range(count):
            meta.add_problem(db, f"problem {number} " + "x" * 900, "general", number)

    assert store.read(meta.problem_count) == 0
    store.write_now(add, problems.KEPT + 30)
    assert store.read(meta.problem_count) == problems.KEPT + 30
    newest = store.read(meta.problems, 2)
    assert [(one.at, one.room_id, one.text[:13].strip()) for one in newest] == [
        (1028, "general", "problem 1028"),
        (1029, "general", "problem 1029"),
    ]
    assert len(newest[0].text) == problems.MAX_TEXT
    assert len(store.read(meta.problems, 5000)) == problems.KEPT


# ---------------------------------------------------------------- a spoiled file


def filled(store: Store) -> None:
    store.write_now(rooms.save_rooms, [Room("bad"), Room("good", name="Good")])
    store.write_now(rooms.save_members, "good", [Member("bad"), Member("good")], True)
    store.write_now(drafts.save_draft, Draft("bad", "whispered"))
    store.write_now(drafts.save_draft, Draft("good", "whispered"))
    lines = [RoomEvent("good", f"m{order}", order, EventKind.MESSAGE, "ann", 1, "whispered") for order in (1, 2)]
    store.write_now(events.insert_events, lines)
    for text in ("bad", "good"):
        store.write_now(actions.new_action, Action(0, Kind.SEND, "good", {"text": text}), 1)


def what_makes_sense(store: Store) -> list[list[str]]:
    return [
        [room.room_id for room in store.read(rooms.load_rooms)],
        [member.user_id for member in store.read(rooms.load_members, "good")],
        list(store.read(drafts.load_drafts)),
        [event.event_id for event in store.read(events.newest_events, "good", 9)],
        [action.text for action in store.read(actions.open_actions)],
    ]


@pytest.mark.parametrize(
    ("script", "index"),
    [
        ("UPDATE rooms SET kind = 'palace' WHERE room_id = 'bad'", 0),
        ("UPDATE rooms SET membership = '' WHERE room_id = 'bad'", 0),
        ("UPDATE rooms SET aliases = '[1]' WHERE room_id = 'bad'", 0),
        ("UPDATE rooms SET name = CAST(x'ff00fe' AS TEXT) WHERE room_id = 'bad'", 0),
        ("UPDATE members SET presence = '?' WHERE user_id = 'bad'", 1),
        ("UPDATE members SET role = 'king' WHERE user_id = 'bad'", 1),
        ("UPDATE drafts SET attachments = '{}' WHERE room_id = 'bad'", 2),
        ("UPDATE drafts SET attachments = 'no json' WHERE room_id = 'bad'", 2),
        ("UPDATE events SET kind = 'odd' WHERE ord = 1", 3),
        ("UPDATE events SET reactions = '[[\"x\"]]' WHERE ord = 1", 3),
        ("UPDATE events SET reactions = '[[\"x\",[5]]]' WHERE ord = 1", 3),
        ("UPDATE events SET reactions = '7' WHERE ord = 1", 3),
        ("UPDATE events SET text = CAST(x'c328' AS TEXT) WHERE ord = 1", 3),
        ("UPDATE actions SET kind = 'dance' WHERE id = 1", 4),
        ("UPDATE actions SET content = '[]' WHERE id = 1", 4),
        ("UPDATE actions SET content = '' WHERE id = 1", 4),
        ("UPDATE actions SET content = replace(hex(zeroblob(100000)), '0', '[') WHERE id = 1", 4),
        ("UPDATE actions SET error_text = CAST(x'80' AS TEXT) WHERE id = 1", 4),
    ],
)
def test_a_row_that_makes_no_sense_is_left_out_and_told(store: Store, script: str, index: int) -> None:  # E4
    filled(store)
    expected = what_makes_sense(store)
    assert [len(found) for found in expected] == [2] * 5
    spoil(store, script)
    expected[index] = [name for name in expected[index] if name not in {"bad", "m1"}]
    assert what_makes_sense(store) == expected
    assert what_makes_sense(store) == expected
    store.write_now(meta.set_meta, "after", "the problem was written")
    told = store.read(meta.problems, 9)
    assert len(told) == 1  # told once, however often it is met
    assert "makes no sense and was left out" in told[0].text
    assert told[0].at > 0
    assert "whispered" not in told[0].text  # what was written is nobody's business


def test_spoiled_facts_are_as_if_never_set(store: Store) -> None:  # E4
    store.write_now(meta.set_position, {"seq": "4", "session": "s"})
    store.write_now(meta.set_meta, "name", "ann")
    store.write_now(rooms.set_read, "general", "ann", 4)
    store.write_now(events.add_gap, Gap("general", 1, 4))
    spoil(store, "UPDATE position SET value = CAST(x'ff' AS TEXT) WHERE key = 'seq'")
    spoil(store, "UPDATE meta SET value = CAST(x'ff' AS TEXT)")
    spoil(store, "UPDATE gaps SET token = CAST(x'ff' AS TEXT)")
    spoil(store, "UPDATE reads SET user_id = CAST(x'ff' AS TEXT)")
    assert store.read(meta.get_position) == {"session": "s"}
    assert store.read(meta.get_meta, "name") is None
    assert store.read(events.gaps, "general") == []
    assert store.read(rooms.load_reads, "general") == {}
    store.write_now(meta.set_meta, "name", "bob")
    assert store.read(meta.get_meta, "name") == "bob"
    assert store.read(meta.problem_count) == 4


def test_a_spoiled_row_met_while_writing_is_told_too(store: Store) -> None:
    filled(store)
    spoil(store, "UPDATE events SET kind = 'odd' WHERE ord = 1")
    assert store.write_now(events.apply_edit, "good", "m1", 1, "new", 5) is None
    assert "stored event" in store.read(meta.problems, 9)[0].text


def test_a_spoiled_counter_gives_out_no_id_again(store: Store) -> None:  # E3
    filled(store)
    spoil(store, "DELETE FROM action_ids")
    assert store.write_now(actions.new_action, Action(0, Kind.SEND, "good", {}), 1).id > 2
    spoil(store, "UPDATE action_ids SET next_id = 1, block_end = 0")
    assert store.write_now(actions.new_action, Action(0, Kind.SEND, "good", {}), 1).id > 3

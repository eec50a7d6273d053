"""Tests what is known of a room beside its state: what the server calls it, and which events its state was, over runs."""

from __future__ import annotations

from chat_tui_core.model import EventKind
from chat_tui_core.news import Echoed
from tests.matrix.rooms_stage import (
    ANN,
    ME,
    ROOM,
    Stage,
    changes,
    event,
    joined,
    lines,
    member,
    of,
    section,
    state,
    text,
    whole,
)


def test_a_name_that_is_taken_away_is_not_told_again_by_the_name_that_the_server_made_of_it() -> None:  # B7, C2
    stage = Stage()
    named = state("$1", "m.room.name", {"name": "Hall"})
    assert changes(stage.apply(whole(state=(named, member("$ann", ANN, "Ann")), name="Hall")))["name"] == "Hall"
    # Sliding sync tells neither a name nor heroes then.
    assert changes(stage.apply(section(state("$2", "m.room.name", {"name": ""})))) == {"name": "Ann"}
    assert changes(stage.apply(section(state("$3", "m.room.name", {}), name="By the server"))) == {
        "name": "By the server"
    }


def test_state_of_an_earlier_run_is_emptied_by_a_redaction() -> None:  # B9, B10
    topic = state("$topic", "m.room.topic", {"topic": "Rude"})
    stage = joined(topic, state("$name", "m.room.name", {"name": "Hall"})).again()
    redaction = event("$r", "m.room.redaction", {"redacts": "$topic"}, redacts="$topic")
    assert changes(stage.apply(section(redaction))) == {"topic": ""}
    # In the run after that nothing is brought back, and another one's redaction changes nothing.
    stage = stage.again()
    older = event("$r2", "m.room.redaction", {"redacts": "$older"})
    assert changes(stage.apply(section(older, event("$odd", "m.room.redaction", {})))) == {}
    assert stage.rooms.state.get(ROOM, "m.room.topic") is None
    assert stage.rooms.state.get(ROOM, "m.room.name") == {"name": "Hall"}


def test_a_topic_that_was_replaced_is_not_emptied_by_a_redaction_of_the_old_one() -> None:  # B10
    stage = joined(state("$old", "m.room.topic", {"topic": "Old"}))
    stage.apply(section(state("$new", "m.room.topic", {"topic": "New"})))
    stage = stage.again()
    assert changes(stage.apply(section(event("$r", "m.room.redaction", {"redacts": "$old"})))) == {}
    assert stage.rooms.state.get(ROOM, "m.room.topic") == {"topic": "New"}


def test_a_page_whose_orders_are_no_places_tells_none_with_an_echo() -> None:  # B12
    stage = joined()
    mine = text("$1", "hello", ME, unsigned={"transaction_id": "7.1700000000000"})
    stage.page(mine, first=1)
    assert of(stage.said(), Echoed) == [Echoed(7, "$1", 0, 1_700_000_000_000)]
    (line,) = stage.page(mine, first=stage.base)
    assert of(stage.said(), Echoed) == [Echoed(7, "$1", line.order, 1_700_000_000_000)]


def test_a_member_who_is_told_in_the_state_as_well_is_new_all_the_same() -> None:  # B6, B7
    stage = joined()
    new = member("$knock", "@new:x", "New", "knock")
    (line,) = lines(stage.apply(section(new, state=(new,))))
    assert (line.kind, line.sender, line.sender_name) == (EventKind.KNOCK, "@new:x", "New")
    # What was there before the section is what it replaces.
    again = member("$asked", "@new:x", "New", "invite", sender=ANN)
    (line,) = lines(stage.apply(section(again, state=(again,))))
    assert (line.kind, line.target) == (EventKind.INVITE, "@new:x")
    topic = state("$same", "m.room.topic", {"topic": "T"})
    stage.apply(section(topic))
    later = state("$later", "m.room.topic", {"topic": "T"})
    assert lines(stage.apply(section(later, state=(later,)))) == [], "nothing changed"


def test_who_is_invited_counts_where_the_server_counts_nobody() -> None:  # B14
    stage = Stage()
    asked = member("$ann", ANN, "Ann", "invite", sender=ME)
    assert changes(stage.apply(whole(state=(asked,))))["name"] == "Ann"
    came = member("$came", ANN, "Ann", prev_content={"membership": "invite"})
    assert changes(stage.apply(section(came))) == {"members": 2}
    left = member("$left", ANN, "Ann", "leave", prev_content={"membership": "join", "displayname": "Ann"})
    assert changes(stage.apply(section(left))) == {"members": 1, "name": "Empty room (was Ann)"}

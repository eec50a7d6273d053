"""A room's items as rows, and the session's changes as the view's: whatever happens, both hold the same list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui.spoken import own_texts
from chat_tui.widgets.event_sentences import sentence
from chat_tui.widgets.message_row import Note
from chat_tui.widgets.room_source import RoomSource
from chat_tui.widgets.timeline import Timeline as View
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.model import EventKind, Gap, Reaction, RoomEvent
from chat_tui_core.timeline import Change, Item, Timeline
from tests.core.scripted import said


class Recorder:
    """What a view would hold: it knows only what it is told."""

    def __init__(self, source: RoomSource) -> None:
        self.source = source
        self.lo = source.lo if source.shown_from is None else source.shown_from
        self.keys = [source.row(position).key for position in range(self.lo, source.hi)]

    @property
    def hi(self) -> int:
        return self.lo + len(self.keys)

    def appended(self, count: int = 1) -> None:
        self.keys += [self.source.row(self.hi + at).key for at in range(count)]

    def prepended(self, count: int) -> None:
        self.lo -= count
        self.keys[:0] = [self.source.row(self.lo + at).key for at in range(count)]

    def spliced(self, position: int, removed: int, inserted: int) -> None:
        assert self.lo <= position <= self.hi
        at = position - self.lo
        self.keys[at : at + removed] = [self.source.row(position + index).key for index in range(inserted)]

    def changed(self, position: int) -> None:
        assert self.lo <= position < self.hi


def action(action_id: int, state: State = State.PENDING, **fields: Any) -> Action:
    return Action(action_id, Kind.SEND, "r", {"text": f"text {action_id}"}, state, **fields)


def row_of(item: Item, *others: Item) -> Any:
    return RoomSource([*others, item], "me", 0).row(len(others))


def event_item(kind: EventKind = EventKind.MESSAGE, **fields: Any) -> Item:
    event = replace(said(1, "words"), kind=kind, **fields)
    return Item(event.event_id, event=event)


# ---------------------------------------------------------------- rows


@pytest.mark.parametrize(
    ("state", "doubt", "shown"),
    [
        (State.PENDING, False, "pending"),
        (State.PENDING, True, "checking"),
        (State.SENT, False, "sent"),
        (State.FAILED, False, "failed"),
    ],
)
def test_an_echo_shows_its_state(state: State, doubt: bool, shown: str) -> None:  # A13, B12
    row = row_of(Item("a1", action=action(1, state, doubt=doubt, error_text="not here")))
    assert (row.state, row.mine, row.sender, row.text, row.error) == (shown, True, "me", "text 1", "not here")


def test_what_is_in_the_stream_is_confirmed() -> None:
    row = row_of(Item("a1", event=said(1, "words", "me", 1), action=action(1, State.SENT)))
    assert (row.key, row.state) == ("a1", "confirmed")
    assert row_of(event_item()).state == ""


def test_me_is_an_emote() -> None:
    assert (row := row_of(event_item(text="/me waves")), row.kind, row.text)[1:] == ("emote", "waves")
    assert row_of(event_item(text="/menu")).kind == "message"


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        (EventKind.JOIN, {}, "ann joined"),
        (EventKind.LEAVE, {"text": ""}, "ann left"),
        (EventKind.LEAVE, {"text": "bye"}, "ann left: bye"),
        (EventKind.INVITE, {"target": "bob", "text": ""}, "ann invited bob"),
        (EventKind.KICK, {"target": "bob", "text": "loud"}, "ann removed bob: loud"),
        (EventKind.TOPIC, {"text": "cats"}, "ann set the topic: cats"),
        (EventKind.TOPIC, {"text": ""}, "ann removed the topic"),
        (EventKind.RENAME, {"text": "Anne"}, "ann is now called Anne"),
    ],
)
def test_what_is_not_said_is_told(kind: EventKind, fields: dict[str, str], words: str) -> None:
    event = replace(said(1), kind=kind, **fields)  # type: ignore[arg-type]
    assert sentence(event) == words
    assert row_of(Item("m1", event=event)).kind in {"membership", "topic"}


def test_names_are_those_of_the_time() -> None:  # B18
    assert sentence(replace(said(1), kind=EventKind.JOIN, sender_name="Ann the elder")) == "Ann the elder joined"


def test_an_answer_shows_what_it_answers() -> None:
    first = event_item()
    answer = Item("m2", event=replace(said(2, "yes"), reply_to="m1"))
    assert row_of(answer, first).reply_to == ("ann", "words")
    assert row_of(answer).reply_to == ("answers", "an older message")


def test_reactions_say_which_are_mine() -> None:
    item = event_item(reactions=(Reaction("👍", ("bob", "me")), Reaction("✨", ("bob",))))
    assert row_of(item).reactions == (("👍", 2, True), ("✨", 1, False))


def test_a_gap_belongs_to_the_day_before_it() -> None:
    row = row_of(Item("gap1", gap=Gap("r", 1, 9)), event_item())
    assert (row.kind, row.ts) == ("gap", 1000)


def test_own_texts_can_be_brought_back() -> None:
    items = [Item("m1", event=said(1, "mine", "me")), event_item(), Item("a2", action=action(2))]
    assert own_texts(items, "me", 10) == ["mine", "text 2"]
    assert own_texts(items, "me", 1) == ["text 2"]


def test_own_texts_come_back_as_they_were_typed() -> None:
    emote = replace(action(3), content={"text": "bows", "kind": "emote"})
    items = [
        Item("m1", event=said(1, "/me waves", "me")),
        Item("m2", event=replace(said(2, "nods", "me"), kind=EventKind.EMOTE)),
        Item("m3", event=said(3, "/etc/hosts", "me")),
        Item("a3", action=emote),
    ]
    assert own_texts(items, "me", 10) == ["/me waves", "/me nods", "//etc/hosts", "/me bows"]


def test_an_emote_is_drawn_as_one_before_and_after_it_is_there() -> None:
    waves = replace(action(1), content={"text": "waves", "kind": "emote"})
    assert (row := row_of(Item("a1", action=waves)), row.kind, row.text)[1:] == ("emote", "waves")
    answered = replace(waves, state=State.SENT, content={"text": "/me waves", "kind": "emote"})
    assert (row := row_of(Item("a1", action=answered)), row.kind, row.text)[1:] == ("emote", "waves")


def test_what_waits_says_so() -> None:
    source = RoomSource([Item("a1", action=action(1)), Item("a2", action=action(2))], "me", 0)
    note = Note("goes tomorrow")
    assert source.set_notes({2: ("scheduled", note), 9: ("pending", note)}) == [1]
    assert (source.row(1).state, source.row(1).note) == ("scheduled", note)
    assert (source.row(0).state, source.row(0).note) == ("pending", None)
    assert source.set_notes({2: ("scheduled", note)}) == []
    assert source.set_notes({}) == [1]


def test_what_leaves_later_shows_its_own_time() -> None:
    late = replace(action(1), content={"text": "x", "at": 99_000}, created_at=1_000)
    assert row_of(Item("a1", action=late)).ts == 99_000


def change(action_id: int, kind: Kind, **fields: Any) -> Action:
    content = fields.pop("content", {})
    return Action(action_id, kind, "r", content, **fields)


def test_changes_of_what_is_not_there_yet_are_shown_on_it() -> None:  # E2
    source = RoomSource([Item("a1", action=action(1)), Item("a2", action=action(2))], "me", 0)
    react = change(3, Kind.REACT, depends_on=1, content={"key": "👍"})
    edit = change(4, Kind.EDIT, depends_on=2, content={"text": "better"})
    assert sorted(source.set_changes([react, edit])) == [0, 1]
    assert source.row(0).reactions == (("👍", 1, True),)
    assert (source.row(1).text, source.row(1).edited) == ("better", True)
    assert source.changes_of(1) == (react,)
    back = change(5, Kind.REACT, depends_on=3, content={"key": "👍", "remove": True})
    redact = change(6, Kind.REDACT, depends_on=2)
    assert sorted(source.set_changes([react, edit, back, redact])) == [0, 1]
    assert source.row(0).reactions == ()
    assert source.row(1).kind == "tombstone"


def test_an_answer_to_what_is_not_there_yet_shows_it() -> None:
    source = RoomSource([Item("a1", action=action(1)), Item("a2", action=action(2, depends_on=1))], "me", 0)
    assert source.row(1).reply_to == ("me", "text 1")


# ---------------------------------------------------------------- reading


def test_read_marks_ignore_echoes_and_gaps() -> None:
    source = RoomSource([event_item(), Item("gap1", gap=Gap("r", 1, 9)), Item("a1", action=action(1))], "me", 0)
    assert [source.order_at(position) for position in (0, 1, 2, 99)] == [1, 1, 1, 1]
    assert RoomSource([], "me", 0).order_at(0) == 0


def test_the_first_unread_is_somebody_else_s() -> None:  # E6
    items = [Item(f"m{n}", event=said(n, sender="me" if n == 3 else "ann")) for n in range(1, 6)]
    source = RoomSource(items, "me", 0)
    assert source.first_after(2) == 3
    assert source.first_after(5) is None


# ---------------------------------------------------------------- changes


Step = tuple[str, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(["event", "own", "echo", "fail", "rekey", "gap", "drop", "cancel", "later", "hide", "reveal"]),
        st.integers(1, 30),
    ),
    max_size=40,
)


class Server:
    """What a server may say: an action becomes one event, under one order."""

    def __init__(self) -> None:
        self.timeline = Timeline("r")
        self.events: dict[int, RoomEvent] = {}  # by action

    def say(self, what: str, number: int) -> list[Change]:
        action_id = number % 5 + 1
        if what == "event":
            return self.timeline.add([said(number), said(number + 3)])
        if what == "own":
            event = self.events.setdefault(action_id, said(number + 100, "mine", "me", action_id))
            return self.timeline.add([event])
        if what == "gap":
            return self.timeline.set_gaps([Gap("r", number, number + 4)])
        if what == "drop":
            return self.timeline.drop_oldest(number % 7)
        if what == "rekey":
            return self.timeline.rekey(action_id, action(action_id + 5)) if action_id not in self.events else []
        if known := self.events.get(action_id):
            return self.timeline.echo(action(action_id, State.CONFIRMED, event_id=known.event_id))
        if what == "later":
            return self.timeline.echo(replace(action(action_id), content={"text": "later", "at": 9_000 - number}))
        return self.timeline.echo(action(action_id, STATES[what]))


STATES = {"echo": State.PENDING, "fail": State.FAILED, "cancel": State.CANCELLED}


@given(steps)
def test_the_view_holds_what_the_session_holds(taken: list[Step]) -> None:  # E5, A16
    server = Server()
    timeline = server.timeline
    source = RoomSource([], "me", 0)
    view = Recorder(source)
    for step in taken:
        if step[0] == "hide":
            source.reveal()
            source.hide()
            view = Recorder(source)
        elif step[0] == "reveal":
            view.prepended(source.reveal())
        else:
            changes = server.say(*step)
            assert source.apply(changes, cast("View", view))
        assert list(source.items()) == timeline.items
        shown = source.items() if source.shown_from is None else source.items()[source.shown_from - source.lo :]
        assert view.keys == [item.key for item in shown]
        assert source.empty == (not shown)
        for position in range(source.lo, source.hi):
            assert source.position_of(source.row(position).key) == position
            event: RoomEvent | None = source.item(position).event
            if event is not None:
                assert source.event(event.event_id) is event


def test_a_reset_asks_to_be_shown_anew() -> None:
    timeline = Timeline("r")
    source = RoomSource([event_item()], "me", 0)
    view = Recorder(source)
    assert source.apply(timeline.reset([said(5)], [], []), cast("View", view)) is False

"""A timeline's list is always what sorting everything at the end would give, and its changes lead there."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.model import EventKind, Gap, RoomEvent
from chat_tui_core.timeline import Change, Changed, Inserted, Item, Removed, Reset, Timeline, subtract


def event(order: int, text: str = "", action_id: int = 0) -> RoomEvent:
    return RoomEvent("r", f"m{order}", order, EventKind.MESSAGE, "ann", order, text=text, action_id=action_id)


def echo(number: int, **fields: object) -> Action:
    return Action(number, Kind.SEND, "r", {"text": f"t{number}"}, **fields)  # type: ignore[arg-type]


def follow(items: list[Item], changes: list[Change]) -> list[Item]:
    for change in changes:
        if isinstance(change, Reset):
            items = list(change.items)
        elif isinstance(change, Inserted):
            items[change.index : change.index] = change.items
        elif isinstance(change, Changed):
            items[change.index] = change.item
        elif isinstance(change, Removed):
            del items[change.index : change.index + change.count]
    return items


def keys(timeline: Timeline) -> list[str]:
    return [item.key for item in timeline.items]


def test_a_page_of_history_is_one_insertion_at_the_front() -> None:  # E5
    timeline = Timeline("r")
    timeline.reset([event(n) for n in range(10, 20)], [], [])
    changes = timeline.add([event(n) for n in range(5, 10)])
    assert len(changes) == 1
    assert isinstance(changes[0], Inserted)
    assert (changes[0].index, len(changes[0].items)) == (0, 5)


def test_an_echo_becomes_its_event_in_place_as_one_change() -> None:  # E2
    timeline = Timeline("r")
    timeline.reset([event(1)], [], [])
    assert timeline.echo(echo(7)) == [Inserted(1, (Item("a7", action=echo(7)),))]
    changes = timeline.add([event(2, "t7", action_id=7)])
    assert [type(change) for change in changes] == [Changed]
    assert keys(timeline) == ["m1", "a7"]
    confirmed = echo(7, state=State.CONFIRMED, event_id="m2", event_order=2)
    assert timeline.echo(confirmed) == [Changed(1, Item("a7", event(2, "t7", 7), confirmed))]
    assert timeline.echo(confirmed) == []


def test_an_echo_moves_to_its_true_place_when_others_came_between() -> None:  # E2
    timeline = Timeline("r")
    timeline.reset([event(1)], [], [])
    timeline.echo(echo(7))
    timeline.echo(echo(8))
    timeline.add([event(2)])
    assert keys(timeline) == ["m1", "m2", "a7", "a8"]
    timeline.add([event(4, action_id=8)])
    assert keys(timeline) == ["m1", "m2", "a8", "a7"]
    timeline.add([event(3, action_id=7)])
    assert keys(timeline) == ["m1", "m2", "a7", "a8"]


def test_an_event_that_comes_without_our_id_is_known_by_the_answer() -> None:  # A13
    timeline = Timeline("r")
    timeline.echo(echo(7, state=State.SENT, event_id="m2", event_order=2))
    timeline.add([event(2)])
    assert [(item.action.id if item.action else 0) for item in timeline.items] == [0, 7] or keys(timeline) == ["a7"]
    timeline.echo(echo(7, state=State.CONFIRMED, event_id="m2", event_order=2))
    assert len(timeline.items) == 1


def test_a_cancelled_echo_goes_and_a_retried_one_moves_to_its_new_id() -> None:
    timeline = Timeline("r")
    timeline.echo(echo(1, state=State.FAILED))
    timeline.echo(echo(2))
    assert timeline.rekey(1, echo(3, retry_of=1)) == [Changed(0, Item("a1", action=echo(3, retry_of=1)))]
    assert keys(timeline) == ["a1", "a2"], "a retry keeps its place and its line"
    timeline.add([event(5, action_id=3)])
    assert keys(timeline) == ["a1", "a2"]
    assert timeline.items[0].event is not None
    timeline.rekey(2, echo(9))
    assert keys(timeline) == ["a1", "a9"]
    timeline.rekey(9, echo(2))
    assert timeline.echo(echo(2, state=State.CANCELLED)) == [Removed(1, 1)]
    assert timeline.echo(echo(2, state=State.CANCELLED)) == []


def test_a_gap_is_a_row_between_what_it_parts() -> None:  # A12
    timeline = Timeline("r")
    timeline.reset([event(1), event(2), event(9)], [Gap("r", 2, 9)], [])
    assert keys(timeline) == ["m1", "m2", "gap2", "m9"]
    timeline.add([event(7), event(8)])
    timeline.set_gaps([Gap("r", 2, 7)])
    assert keys(timeline) == ["m1", "m2", "gap2", "m7", "m8", "m9"]
    timeline.set_gaps([])
    assert keys(timeline) == ["m1", "m2", "m7", "m8", "m9"]


def test_gaps_before_what_is_loaded_are_not_shown() -> None:
    timeline = Timeline("r")
    timeline.reset([event(9)], [Gap("r", 2, 5)], [])
    assert keys(timeline) == ["m9"]


def test_dropping_the_oldest_keeps_the_newest() -> None:
    timeline = Timeline("r")
    timeline.reset([event(n) for n in range(1, 11)], [], [])
    assert timeline.drop_oldest(4) == [Removed(0, 6)]
    assert keys(timeline) == ["m7", "m8", "m9", "m10"]
    timeline.add([event(6)])
    assert keys(timeline)[0] == "m6"


def test_an_edit_of_a_loaded_event_is_one_change() -> None:
    timeline = Timeline("r")
    timeline.reset([event(1, "a"), event(2, "b")], [], [])
    assert timeline.add([event(1, "c")]) == [Changed(0, Item("m1", event(1, "c")))]
    assert timeline.add([event(1, "c")]) == []


def test_subtracting_what_became_known_from_gaps() -> None:
    gap = Gap("r", 10, 20)
    assert subtract([gap], 11, 19) == []
    assert subtract([gap], 15, 25) == [Gap("r", 10, 15)]
    assert subtract([gap], 1, 14) == [Gap("r", 14, 20)]
    assert subtract([gap], 14, 16) == [Gap("r", 10, 14), Gap("r", 16, 20)]
    assert subtract([gap], 20, 30) == [gap]
    assert subtract([gap], 1, 10) == [gap]


@given(st.integers(0, 30), st.integers(2, 30), st.integers(0, 60), st.integers(0, 30))
def test_subtract_leaves_exactly_the_orders_that_stay_unknown(after: int, size: int, low: int, span: int) -> None:
    def inside(gaps: list[Gap]) -> set[int]:
        return {n for gap in gaps for n in range(gap.after + 1, gap.before)}

    gap = Gap("r", after, after + size)
    left = subtract([gap], low, low + span)
    assert inside(left) == inside([gap]) - set(range(low, low + span + 1))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("events"), st.lists(st.integers(1, 40), max_size=8, unique=True)),
        st.tuples(st.just("edit"), st.integers(1, 40)),
        st.tuples(st.just("echo"), st.integers(1, 6)),
        st.tuples(st.just("settle"), st.integers(1, 6)),
        st.tuples(st.just("cancel"), st.integers(1, 6)),
    ),
    max_size=40,
)


@settings(max_examples=300)
@given(STEPS)
def test_any_sequence_ends_as_if_everything_were_sorted_at_the_end(steps: list[tuple[str, object]]) -> None:  # A16
    timeline, items = Timeline("r"), list[Item]()
    stored: dict[int, RoomEvent] = {}
    waiting: dict[int, Action] = {}
    confirmed: dict[int, int] = {}
    for number, (step, value) in enumerate(steps):
        changes: list[Change] = []
        if step == "events":
            assert isinstance(value, list)
            new = [stored.get(n, event(n)) for n in value]
            stored.update({e.order: e for e in new})
            changes = timeline.add(new)
        elif step == "edit" and value in stored:
            assert isinstance(value, int)
            stored[value] = replace(stored[value], text=str(number))
            changes = timeline.add([stored[value]])
        elif step == "echo" and value not in confirmed:
            assert isinstance(value, int)
            waiting[value] = echo(value)
            changes = timeline.echo(waiting[value])
        elif step == "cancel" and value in waiting:
            assert isinstance(value, int)
            changes = timeline.echo(replace(waiting.pop(value), state=State.CANCELLED))
        elif step == "settle" and value in waiting:
            assert isinstance(value, int)
            order = 100 + number
            stored[order] = event(order, action_id=value)
            done = replace(waiting.pop(value), state=State.CONFIRMED, event_id=f"m{order}", event_order=order)
            confirmed[value] = order
            changes = timeline.add([stored[order]]) + timeline.echo(done)
        items = follow(items, changes)
        assert items == timeline.items, "the changes lead to the list"
    names = {order: f"a{number}" for number, order in confirmed.items()}
    expected = [names.get(order, f"m{order}") for order in sorted(stored)] + [f"a{n}" for n in sorted(waiting)]
    assert keys(timeline) == expected


def test_a_retried_echo_keeps_its_line_whatever_becomes_of_it() -> None:  # E2
    timeline = Timeline("r")
    timeline.echo(echo(1, state=State.FAILED))
    again = echo(3, retry_of=1)
    timeline.rekey(1, again)
    assert timeline.echo(replace(again, doubt=True)) == [Changed(0, Item("a1", action=replace(again, doubt=True)))]


def test_an_event_that_the_server_puts_elsewhere_moves_there() -> None:  # A16
    timeline = Timeline("r")
    timeline.reset([event(n) for n in (1, 2, 3)], [], [])
    moved = replace(event(1), order=9)
    assert timeline.add([moved]) == [Removed(0, 1), Inserted(2, (Item("m1", event=moved),))]
    assert timeline.add([replace(event(2), order=9)]) == [], "that place is another one's"
    assert keys(timeline) == ["m2", "m3", "m1"]
    assert timeline.oldest == 2


def test_a_list_that_no_longer_ends_where_the_room_does_holds_no_echoes() -> None:
    timeline = Timeline("r")
    timeline.reset([event(n) for n in (1, 2, 3)], [], [echo(7), echo(8)])
    assert timeline.drop_newest(4) == [Removed(3, 2)]
    assert timeline.detached
    assert timeline.echo(echo(7, state=State.FAILED)) == []


def test_what_leaves_later_stands_after_what_was_typed_since() -> None:
    timeline = Timeline("r")
    late, soon = (replace(echo(n), content={"text": "x", "at": at}) for n, at in ((1, 9_000), (2, 5_000)))
    timeline.reset([event(1)], [], [late, soon])
    timeline.echo(echo(3))
    assert keys(timeline) == ["m1", "a3", "a2", "a1"]
    timeline.add([event(2, "t3", 3)])
    assert keys(timeline) == ["m1", "a3", "a2", "a1"], "nothing moves when what was typed since is there"
    now = replace(late, content={"text": "x"})
    assert timeline.echo(now) == [Removed(3, 1), Inserted(2, (Item("a1", action=now),))]
    assert timeline.echo(replace(soon, state=State.CANCELLED)) == [Removed(3, 1)]
    assert keys(timeline) == ["m1", "a3", "a1"]

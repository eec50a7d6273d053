"""Whatever happens to a loaded timeline, in whatever order: its list is what sorting all it knows would give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.model import EventKind, Gap, Reaction, RoomEvent
from chat_tui_core.timeline import Change, Changed, Inserted, Item, Removed, Reset, Timeline

PAGE = 6
ORDERS = st.integers(1, 60)
NUMBERS = st.integers(1, 6)


def follow(items: list[Item], changes: list[Change]) -> list[Item]:
    """What somebody holds who knows only the changes."""
    items = list(items)
    for change in changes:
        match change:
            case Reset():
                items = list(change.items)
            case Inserted():
                assert 0 <= change.index <= len(items)
                items[change.index : change.index] = change.items
            case Changed():
                items[change.index] = change.item
            case Removed():
                assert len(items[change.index : change.index + change.count]) == change.count > 0
                del items[change.index : change.index + change.count]
    return items


class AnyTimeline(RuleBasedStateMachine):
    """A server's room, the part of it that is loaded, and what this device says in it."""

    def __init__(self) -> None:
        super().__init__()
        self.timeline = Timeline("r")
        self.items: list[Item] = []  # of somebody who only follows the changes
        self.room = {order: self._event(order) for order in range(1, 31)}  # by order; what the server has
        self.loaded: set[int] = set()
        self.keys: dict[str, str] = {}  # by event: the key of the echo that it was
        self.beside: dict[str, Action] = {}  # by event: the action that caused it
        self.answered: dict[str, Action] = {}  # by event that has not come: the action that it comes from
        self.echoes: dict[int, tuple[str, Action]] = {}  # by place: key and action
        self.shown_gaps: list[Gap] = []
        self.next_id = 1
        self.told(self.timeline.reset([], [], []))

    @staticmethod
    def _event(order: int, **fields: Any) -> RoomEvent:
        return RoomEvent("r", f"m{order}", order, EventKind.MESSAGE, "ann", order, text=f"t{order}", **fields)

    def _action(self, number: int, **fields: Any) -> Action:
        return Action(number, Kind.SEND, "r", {"text": f"mine {number}"}, **fields)

    def told(self, changes: list[Change]) -> None:
        """Follow the changes; a step that changes nothing tells of nothing."""
        before = self.items
        self.items = follow(before, changes)
        if not any(isinstance(change, Reset) for change in changes):
            assert bool(changes) == (self.items != before) or self._moves(changes)

    @staticmethod
    def _moves(changes: list[Change]) -> bool:
        """An echo may be taken out and put back where it was: what stood between is gone since."""
        return [type(change) for change in changes] == [Removed, Inserted]

    def expected(self) -> list[Item]:
        """Everything that is known, sorted now."""
        rows: list[tuple[tuple[int, int], Item]] = []
        for order in self.loaded:
            event = self.room[order]
            key = self.keys.get(event.event_id, event.event_id)
            rows.append(((order, 0), Item(key, event=event, action=self.beside.get(event.event_id))))
        rows += [((gap.after, 1), Item(f"gap{gap.after}", gap=gap)) for gap in self.shown_gaps]
        rows += [((1 << 62, place), Item(key, action=action)) for place, (key, action) in self.echoes.items()]
        return [item for _, item in sorted(rows, key=lambda row: row[0])]

    @property
    def bounds(self) -> tuple[int, int]:
        return (min(self.loaded), max(self.loaded)) if self.loaded else (0, 0)

    # ------------------------------------------------------------ what comes

    def _come(self, orders: list[int]) -> list[Change]:
        """Events come: known ones as they are now, new ones into their places; what was told of it."""
        for order in sorted(orders):
            event = self.room[order]
            if order not in self.loaded:
                action = self.answered.pop(event.event_id, None)
                number = event.action_id or (action.id if action else 0)
                place = next((p for p, (_, echo) in self.echoes.items() if echo.id == number), None)
                self.keys.pop(event.event_id, None)
                self.beside.pop(event.event_id, None)
                if place is not None:
                    self.keys[event.event_id], self.beside[event.event_id] = self.echoes.pop(place)
                elif action is not None:
                    self.beside[event.event_id] = action
                self.loaded.add(order)
        changes = self.timeline.add([self.room[order] for order in orders])
        self.told(changes)
        return changes

    @rule(count=st.integers(1, PAGE))
    def older_page(self, count: int) -> None:
        low, _ = self.bounds
        self._come([order for order in sorted(self.room) if order < (low or 1 << 60)][-count:])

    @rule(count=st.integers(1, PAGE))
    def newer_page(self, count: int) -> None:
        _, high = self.bounds
        self._come([order for order in sorted(self.room) if order > high][:count])

    @rule(count=st.integers(1, PAGE), jump=st.integers(0, 3))
    def live(self, count: int, jump: int) -> None:
        first = max(self.room) + 1 + jump
        for order in range(first, first + count):
            self.room[order] = self._event(order)
        if not self.timeline.detached:
            changes = self._come(list(range(first, first + count)))
            if all(gap.after < first for gap in self.shown_gaps):  # else the batch has a hole in it
                (change,) = changes
                assert isinstance(change, Inserted), "a batch is one step, and no other one comes"
                assert len(change.items) == count

    @rule(orders=st.lists(ORDERS, min_size=1, max_size=5))
    def late(self, orders: list[int]) -> None:
        low, high = self.bounds
        known = {event.event_id for event in self.room.values()}
        for order in orders:
            if order not in self.room and f"m{order}" not in known:
                self.room[order] = self._event(order)
        self._come([order for order in orders if low <= order <= high and order in self.room])

    # ------------------------------------------------------------ what becomes of what came

    def _becomes(self, order: int, **fields: Any) -> None:
        if order in self.loaded:
            old, new = self.room[order], replace(self.room[order], **fields)
            self.room[order] = new
            changes = self.timeline.add([new])
            index = self.timeline.index_of(new.event_id)
            assert index is not None
            assert changes == ([] if old == new else [Changed(index, self.timeline.items[index])])
            self.told(changes)

    @rule(order=ORDERS, number=NUMBERS)
    def edited(self, order: int, number: int) -> None:
        self._becomes(order, text=f"edit {number}", edited_ts=number)

    @rule(order=ORDERS)
    def redacted(self, order: int) -> None:
        self._becomes(order, kind=EventKind.REDACTED, text="", reactions=())

    @rule(order=ORDERS, number=NUMBERS)
    def reacted(self, order: int, number: int) -> None:
        self._becomes(order, reactions=(Reaction("👍", tuple(f"u{n}" for n in range(number))),))

    @rule(order=ORDERS, by=st.integers(100, 130))
    def moved(self, order: int, by: int) -> None:
        """A server orders a place anew: the event is another one's neighbour now."""
        new = order + by
        if order in self.loaded and new not in self.room:
            self.loaded.remove(order)
            event = self.room.pop(order)
            self.room[new] = replace(event, order=new)
            self.loaded.add(new)
            self.told(self.timeline.add([self.room[new]]))

    @rule(order=ORDERS)
    def another_claims_the_place(self, order: int) -> None:
        if order in self.loaded:
            self.told(self.timeline.add([replace(self.room[order], event_id="impostor", text="mine!")]))

    # ------------------------------------------------------------ what this device says

    @precondition(lambda self: not self.timeline.detached)
    @rule()
    def say(self) -> None:
        action = self._action(self.next_id)
        self.next_id += 1
        self.echoes[action.place] = (f"a{action.id}", action)
        self.told(self.timeline.echo(action))

    def _waiting(self, number: int) -> tuple[int, str, Action] | None:
        places = sorted(self.echoes)
        if not places:
            return None
        place = places[number % len(places)]
        return place, *self.echoes[place]

    @rule(number=NUMBERS, state=st.sampled_from([State.PENDING, State.FAILED]), doubt=st.booleans())
    def stands(self, number: int, state: State, doubt: bool) -> None:
        if (found := self._waiting(number)) is not None:
            place, key, action = found
            action = replace(action, state=state, doubt=doubt and state is State.PENDING)
            self.echoes[place] = (key, action)
            self.told(self.timeline.echo(action))

    @rule(number=NUMBERS)
    def cancelled(self, number: int) -> None:
        if (found := self._waiting(number)) is not None:
            place, _, action = found
            del self.echoes[place]
            self.told(self.timeline.echo(replace(action, state=State.CANCELLED)))

    @rule(number=NUMBERS)
    def retried(self, number: int) -> None:
        if (found := self._waiting(number)) is not None:
            place, key, action = found
            again = replace(action, id=self.next_id, retry_of=place, state=State.PENDING)
            self.next_id += 1
            assert again.place == place
            self.echoes[place] = (key, again)
            self.told(self.timeline.rekey(action.id, again))

    @rule(number=NUMBERS, tagged=st.booleans(), order=st.sampled_from(["answer first", "echo first", "both"]))
    def happens(self, number: int, tagged: bool, order: str) -> None:
        """What was said comes back; the event may not say whose it was, then the answer must have."""
        found = self._waiting(number)
        if found is None or self.timeline.detached:
            return
        place, key, action = found
        at = max(self.room) + 1
        event = self._event(at, action_id=action.id if tagged else 0)
        self.room[at] = event
        sent = replace(action, state=State.SENT, event_id=event.event_id, event_order=at)
        if order != "echo first" or not tagged:
            self.echoes[place] = (key, sent)
            self.answered[event.event_id] = sent
            self.told(self.timeline.echo(sent))
        self._come([at])
        done = replace(sent, state=State.CONFIRMED)
        self.beside[event.event_id] = done
        self.told(self.timeline.echo(done))

    # ------------------------------------------------------------ holes, and what is loaded

    @rule(holes=st.lists(st.tuples(ORDERS, st.integers(2, 9)), max_size=3, unique_by=lambda hole: hole[0]))
    def gaps(self, holes: list[tuple[int, int]]) -> None:
        given = [Gap("r", after, after + size) for after, size in sorted(holes)]
        self.shown_gaps = self._near(given)
        self.told(self.timeline.set_gaps(given))

    def _near(self, gaps: list[Gap]) -> list[Gap]:
        """Those that touch what is loaded."""
        low, high = self.bounds
        end = high if self.timeline.detached else 1 << 62
        return [gap for gap in gaps if gap.before > low and gap.after <= end] if self.loaded else gaps

    def _keep(self, kept: list[Item]) -> None:
        """Only these are loaded now."""
        names = {item.key for item in kept}
        self.loaded = {o for o in self.loaded if self.keys.get(self.room[o].event_id, self.room[o].event_id) in names}
        self.shown_gaps = [gap for gap in self.shown_gaps if f"gap{gap.after}" in names]
        self.echoes = {place: echo for place, echo in self.echoes.items() if echo[0] in names}

    @rule(keep=st.integers(1, 20))
    def drop_oldest(self, keep: int) -> None:
        self._keep(self.expected()[-keep:])
        self.told(self.timeline.drop_oldest(keep))

    @rule(keep=st.integers(1, 20))
    def drop_newest(self, keep: int) -> None:
        rows = self.expected()
        if len(rows) > keep:
            self._keep([item for item in rows[:keep] if item.event or item.gap])
        self.told(self.timeline.drop_newest(keep))
        assert self.timeline.detached or len(rows) <= keep

    @rule(order=ORDERS)
    def open_at(self, order: int) -> None:
        """Go elsewhere in the room."""
        page = [o for o in sorted(self.room) if o < order][-3:] + [o for o in sorted(self.room) if o >= order][:3]
        self._anew(page, detached=max(page, default=0) < max(self.room))

    @rule()
    def to_newest(self) -> None:
        self._anew(sorted(self.room)[-PAGE:], detached=False)

    def _anew(self, page: list[int], *, detached: bool) -> None:
        actions = [] if detached else [action for _, action in self.echoes.values()]
        self.loaded, self.shown_gaps = set(page), []
        self.keys, self.beside, self.answered = {}, {}, {}
        self.echoes = {action.place: (f"a{action.id}", action) for action in actions}
        for action in actions:
            if action.event_id:
                self.answered[action.event_id] = action
        self.told(self.timeline.reset([self.room[o] for o in page], [], actions, detached=detached))

    @precondition(lambda self: self.timeline.detached)
    @rule()
    def attach(self) -> None:
        """The rest of the room comes, then the list is the room's end again."""
        self._come([order for order in self.room if order > self.bounds[1]])
        waiting = [self._action(self.next_id), self._action(self.next_id + 1)]
        self.next_id += 2
        for action in waiting:
            self.echoes[action.place] = (f"a{action.id}", action)
        self.told(self.timeline.attach(waiting))

    @rule()
    def everything_is_told_again(self) -> None:
        """Nothing new: no change comes."""
        assert self.timeline.add([self.room[order] for order in self.loaded]) == []
        assert [change for _, action in self.echoes.values() for change in self.timeline.echo(action)] == []
        if self._near(self.shown_gaps) == self.shown_gaps:  # what came meanwhile may have left one behind
            assert self.timeline.set_gaps(self.shown_gaps) == []

    # ------------------------------------------------------------ what always holds

    @invariant()
    def the_list_is_what_sorting_gives(self) -> None:  # A16
        assert self.timeline.items == self.expected()

    @invariant()
    def the_changes_lead_there(self) -> None:  # E5
        assert self.items == self.timeline.items

    @invariant()
    def events_are_found_where_they_stand(self) -> None:
        for order in self.loaded:
            index = self.timeline.index_of(self.room[order].event_id)
            assert index is not None
            assert self.timeline.items[index].event == self.room[order]
        assert (self.timeline.oldest, self.timeline.newest) == self.bounds


TestAnyTimeline = AnyTimeline.TestCase
TestAnyTimeline.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)

"""Stored actions: ids that only rise, retries, the server's floor, doubt, and what may be thrown away."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.errors import IllegalTransition
from chat_tui_core.store import Store, actions, ids, meta

HELLO = Action(0, Kind.SEND, "general", {"text": "hello"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store.open(path)
    yield store
    store.close_now()


def new(store: Store, draft: Action = HELLO, now_ms: int = 5) -> Action:
    return store.write_now(actions.new_action, draft, now_ms, durable=True)


def put(store: Store, action: Action) -> Action:
    assert store.write_now(actions.save_action, action)
    return action


def floor(store: Store, last_id: int) -> list[tuple[int, int]]:
    return store.write_now(actions.raise_id_floor, last_id)


def open_ids(store: Store) -> list[int]:
    return [action.id for action in store.read(actions.open_actions)]


# ---------------------------------------------------------------- storing


def test_an_action_comes_back_as_it_was_saved(store: Store) -> None:  # E3
    action = new(store, replace(HELLO, content={"text": "a ☺", "deep": {"list": [1, None]}}), 77)
    assert (action.id, action.created_at) == (1, 77)
    assert store.read(actions.load_action, 1) == action
    changed = Action(
        1, Kind.EDIT, "other", {"target": "m1"}, State.SENT, True, 3, 4, 5, 6, 7, 8, 9, "C", "no", "m9", 10, 11, True
    )
    put(store, changed)
    assert store.read(actions.load_action, 1) == changed
    assert store.read(actions.load_action, 2) is None


def test_saving_what_is_gone_brings_nothing_back(store: Store) -> None:  # A14
    action = new(store)
    assert not store.write_now(actions.save_action, replace(action, id=9))
    assert open_ids(store) == [1]


def test_the_outbox_holds_what_is_open_in_order(store: Store) -> None:  # E3
    made = [put(store, replace(new(store), state=state)) for state in (*State, State.PENDING)]
    wanted = {State.PENDING, State.SENT, State.FAILED}
    assert store.read(actions.open_actions) == [action for action in made if action.state in wanted]
    assert [action.id for action in store.read(actions.recent_actions, 2)] == [5, 6]


def test_an_action_is_found_by_its_event(store: Store) -> None:  # A13
    put(store, replace(new(store), event_id="m1"))
    second = put(store, replace(new(store), event_id="m2"))
    new(store)
    assert store.read(actions.action_by_event, "general", "m2") == second
    assert store.read(actions.action_by_event, "other", "m2") is None
    assert store.read(actions.action_by_event, "general", "") is None


def test_only_what_is_settled_and_not_needed_is_pruned(store: Store) -> None:  # E3
    for state in State:
        put(store, replace(new(store, now_ms=10), state=state, confirmed_at=10 * (state is State.CONFIRMED)))
    needed = put(store, replace(new(store, now_ms=10), state=State.CONFIRMED, confirmed_at=10))
    dependent = new(store, Action(0, Kind.EDIT, "general", {"text": "x"}, depends_on=needed.id), 10)
    assert store.write_now(actions.prune_actions, 10) == 0
    assert store.write_now(actions.prune_actions, 11) == 2
    assert [action.state for action in store.read(actions.recent_actions, 9)] == [
        State.PENDING,
        State.SENT,
        State.FAILED,
        State.CONFIRMED,
        State.PENDING,
    ]
    put(store, replace(dependent, state=State.CANCELLED))
    assert store.write_now(actions.prune_actions, 11) == 2
    assert new(store).id == 8  # an id is not free because its action was pruned


def test_waiting_times_are_of_what_got_so_far(store: Store) -> None:
    assert store.read(actions.latency) == ([], [])
    for number in range(4):
        new(store, now_ms=100)
        if number:
            answered = 100 + number if number != 2 else 0
            state = State.CONFIRMED if number > 1 else State.SENT
            put(
                store,
                replace(
                    HELLO,
                    id=number + 1,
                    created_at=100,
                    state=state,
                    answered_at=answered,
                    confirmed_at=(200 + number) * (number > 1),
                ),
            )
    assert store.read(actions.latency, 10) == ([3, 1], [103, 102])
    assert store.read(actions.latency, 1) == ([3], [103])


def test_what_was_being_sent_is_in_doubt_after_a_restart(store: Store) -> None:  # A14
    put(store, replace(new(store), written_at=1))
    put(store, replace(new(store), written_at=1, attempts=2, doubt=True))
    put(store, replace(new(store), written_at=1, state=State.CONFIRMED))
    put(store, replace(new(store), written_at=1, state=State.FAILED))
    put(store, replace(new(store), attempts=3))  # the server said: not now
    new(store)
    assert store.read(actions.needs_tidying, 5)
    store.write_now(actions.tidy, 5)
    assert [action.doubt for action in store.read(actions.recent_actions, 9)] == [True, True, *[False] * 4]
    assert not store.read(actions.needs_tidying, 5)


@pytest.mark.parametrize(
    ("state", "confirmed_at", "goes"),
    [
        (State.CONFIRMED, 1, True),
        (State.CONFIRMED, 2, False),
        (State.CANCELLED, 0, True),
        (State.FAILED, 0, False),
        (State.SENT, 0, False),
        (State.PENDING, 0, False),
    ],
)
def test_what_was_done_with_goes_after_thirty_days(
    store: Store, state: State, confirmed_at: int, goes: bool
) -> None:  # E3
    made = new(store, now_ms=1)
    put(store, replace(made, state=state, confirmed_at=confirmed_at))
    assert not store.read(actions.needs_tidying, actions.KEPT + 1)
    assert store.read(actions.needs_tidying, actions.KEPT + 2) is goes
    store.write_now(actions.tidy, actions.KEPT + 2)
    assert (store.read(actions.load_action, made.id) is None) is goes


def test_what_depends_on_an_action_is_found_while_it_is_open(store: Store) -> None:
    cause = new(store)
    edit = new(store, Action(0, Kind.EDIT, "general", {"text": "x"}, depends_on=cause.id))
    put(store, replace(new(store, Action(0, Kind.REACT, "general", depends_on=cause.id)), state=State.CANCELLED))
    assert store.read(actions.dependents, cause.id) == [edit]
    assert store.read(actions.dependents, 0) == []


def test_an_action_is_alone_when_nothing_of_its_room_waits_or_was_refused(store: Store) -> None:
    first = new(store)
    assert store.read(actions.is_alone, first)
    other = new(store, replace(HELLO, room_id="elsewhere"))
    assert store.read(actions.is_alone, first)
    put(store, replace(new(store), state=State.SENT))
    assert store.read(actions.is_alone, first)
    put(store, replace(new(store), state=State.FAILED))
    assert not store.read(actions.is_alone, first)
    assert store.read(actions.is_alone, other)


def test_what_is_done_to_a_message_is_not_taken_for_the_message(store: Store) -> None:  # A13
    said = put(store, replace(new(store), event_id="m1", state=State.SENT))
    for kind in (Kind.EDIT, Kind.REACT, Kind.REDACT):
        put(store, replace(new(store, Action(0, kind, "general")), event_id="m1"))
    assert store.read(actions.action_by_event, "general", "m1") == said


def test_what_was_tried_again_says_nothing_about_the_server_and_what_was_held_counts_from_when_it_was_due(
    store: Store,
) -> None:
    held = replace(
        new(store, now_ms=1), state=State.CONFIRMED, not_before=9, answered_at=10, confirmed_at=12, attempts=1
    )
    put(store, held)
    put(store, replace(new(store, now_ms=1), state=State.SENT, not_before=9, answered_at=99, attempts=2))
    assert store.read(actions.latency) == ([1], [3])


# ---------------------------------------------------------------- retry


def test_a_retry_is_the_same_row_under_a_new_id(store: Store) -> None:  # A14
    failed = put(
        store,
        replace(
            new(store),
            state=State.FAILED,
            attempts=3,
            written_at=6,
            answered_at=7,
            error_code="NOPERM",
            error_text="no",
            not_before=9,
            let_pass=True,
        ),
    )
    edit = new(store, Action(0, Kind.EDIT, "general", {"text": "x"}, depends_on=failed.id))
    again = store.write_now(actions.rekey_action, failed, 50)
    assert again == replace(HELLO, id=3, created_at=50, retry_of=1)
    assert store.read(actions.open_actions) == [replace(edit, depends_on=3), again]
    assert not store.write_now(actions.save_action, failed)


def test_a_retry_may_say_something_else(store: Store) -> None:
    failed = put(store, replace(new(store), state=State.FAILED))
    again = store.write_now(actions.rekey_action, failed, 50, {"text": "bye"})
    assert (again.text, again.place) == ("bye", failed.id)


@pytest.mark.parametrize("state", [State.PENDING, State.SENT, State.CONFIRMED, State.CANCELLED])
def test_only_what_was_refused_gets_a_new_id(store: Store, state: State) -> None:  # A14
    action = put(store, replace(new(store), state=state))
    with pytest.raises(IllegalTransition):
        store.write_now(actions.rekey_action, action, 50)
    assert store.read(actions.load_action, 1) == action
    assert new(store).id == 2  # nothing was given out


# ---------------------------------------------------------------- ids


def test_ids_go_on_after_an_orderly_end_and_skip_a_block_after_a_crash(path: Path) -> None:  # E3
    store = Store.open(path)
    assert [new(store).id, new(store).id] == [1, 2]
    store.close_now()
    store = Store.open(path)
    assert new(store).id == 3
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{path}.copy{suffix}")
    store.close_now()
    copy = Store.open(Path(f"{path}.copy"))  # what a crash leaves behind
    assert [new(copy).id, new(copy).id] == [ids.BLOCK + 1, ids.BLOCK + 2]
    copy.close_now()


def test_opening_without_giving_out_an_id_changes_nothing(path: Path) -> None:
    for _ in range(3):
        store = Store.open(path)
        assert open_ids(store) == []
        store.close_now()
    store = Store.open(path)
    assert new(store).id == 1
    store.close_now()


def test_an_id_of_a_unit_that_failed_is_given_out_again(store: Store) -> None:
    def fail(db: sqlite3.Connection) -> None:
        actions.new_action(db, HELLO, 5)
        raise LookupError

    with pytest.raises(LookupError):
        store.write_now(fail)
    assert new(store).id == 1


def test_the_servers_last_id_is_never_given_out_again(store: Store) -> None:  # A14
    assert floor(store, 0) == []
    assert new(store).id == 1
    assert floor(store, 1) == []
    assert new(store).id == 2
    assert floor(store, 700) == []
    assert new(store).id == ids.BLOCK + 1  # the rest of that block may have been used by the lost file
    assert floor(store, ids.BLOCK) == []
    assert new(store).id == ids.BLOCK + 2


def test_a_floor_at_the_end_of_a_block_skips_no_further(store: Store) -> None:
    floor(store, ids.BLOCK)
    assert new(store).id == ids.BLOCK + 1


def test_an_absurd_floor_is_told_and_not_believed(store: Store) -> None:
    new(store)
    assert floor(store, 2**53 - 1) == []
    assert floor(store, 2**80) == []
    assert new(store).id == 2
    assert "not believed" in store.read(meta.problems, 1)[0].text


def test_an_older_copy_never_uses_an_id_twice(path: Path) -> None:  # E3, A14
    """The file is restored from a backup; what is typed before signing in bears ids that the lost file has used."""
    store = Store.open(path)
    kept = new(store, replace(HELLO, content={"text": "typed before the backup"}))
    store.close_now()
    shutil.copy(path, f"{path}.backup")

    lost = Store.open(path)
    used = {new(lost).id for _ in range(30)}
    lost.close_now()

    path.unlink()
    shutil.copy(f"{path}.backup", path)
    store = Store.open(path)
    typed = [new(store, replace(HELLO, content={"text": text})) for text in ("one", "two", "three")]
    edit = new(store, Action(0, Kind.EDIT, "general", {"text": "x"}, depends_on=typed[1].id))
    written = put(store, replace(new(store), attempts=1, written_at=8))
    assert used & {action.id for action in typed}

    pairs = floor(store, max(used))
    assert [old for old, _ in pairs] == [action.id for action in (*typed, edit)]
    renumbered = store.read(actions.open_actions)
    texts = [(action.id, action.text) for action in renumbered if action.id > max(used)]
    assert texts == [(pair[1], text) for pair, text in zip(pairs, ("one", "two", "three", "x"), strict=True)]
    assert renumbered[-1].depends_on == pairs[1][1]
    # What may have been sent under its id keeps it: the server then tells whether it has it.
    assert [action for action in renumbered if action.id <= max(used)] == [kept, written]
    assert new(store).id > renumbered[-1].id
    assert floor(store, max(used)) == []
    store.close_now()


def test_a_crash_between_sending_and_noting_it_gives_no_new_id(path: Path) -> None:  # A14
    """The server has it, the file does not know: under a new id it would come twice."""
    store = Store.open(path)
    floor(store, 0)
    action = new(store)
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{path}.copy{suffix}")
    store.close_now()
    copy = Store.open(Path(f"{path}.copy"))
    assert floor(copy, action.id) == []
    assert open_ids(copy) == [action.id]
    copy.close_now()


def test_after_signing_in_nothing_is_renumbered_any_more(store: Store) -> None:  # A14
    waiting = new(store)
    assert floor(store, 0) == []
    later = new(store)
    assert floor(store, later.id) == []
    assert open_ids(store) == [waiting.id, later.id]


class Ids(RuleBasedStateMachine):
    """Openings, crashes, restored copies and sign-ins: no id is ever used for two actions that the server saw."""

    @initialize()
    def start(self) -> None:
        self.temporary = TemporaryDirectory()
        self.folder = Path(self.temporary.name)
        self.path = self.folder / "store.db"
        self.store = Store.open(self.path)
        self.backup: bytes | None = None
        self.seen: dict[int, str] = {}  # what the server has: id -> text
        self.count = 0

    @rule(times=st.integers(1, 3))
    def typed(self, times: int) -> None:
        for _ in range(times):
            self.count += 1
            new(self.store, replace(HELLO, content={"text": f"text {self.count}"}))

    @rule(noted=st.booleans())
    def went_online(self, noted: bool) -> None:
        """Sign in, then send all that is open; the program may end before it notes so."""
        floor(self.store, max(self.seen, default=0))
        for action in self.store.read(actions.open_actions):
            earlier = self.seen.setdefault(action.id, action.text)
            assert earlier == action.text
            if noted:
                put(self.store, replace(action, state=State.CONFIRMED, written_at=1, attempts=1))
        if not noted:
            self.crashed()

    @rule()
    def reopened(self) -> None:
        self.store.close_now()
        self.store = Store.open(self.path)

    @rule()
    def crashed(self) -> None:
        copy = self.folder / "copy.db"
        for suffix in ("", "-wal"):
            shutil.copy(f"{self.path}{suffix}", f"{copy}{suffix}")
        self.store.close_now()
        for suffix in ("", "-wal"):
            shutil.move(f"{copy}{suffix}", f"{self.path}{suffix}")
        self.store = Store.open(self.path)

    @rule()
    def backed_up(self) -> None:
        self.reopened()
        self.store.close_now()
        self.backup = self.path.read_bytes()
        self.store = Store.open(self.path)

    @rule()
    def restored(self) -> None:
        """A backup is put in place, and the person signs in before the program ends again."""
        if self.backup is None:
            return
        self.store.close_now()
        self.path.write_bytes(self.backup)
        self.store = Store.open(self.path)
        self.typed(2)
        self.went_online(noted=True)

    @invariant()
    def nothing_is_doubled(self) -> None:
        texts = list(self.seen.values())
        assert len(texts) == len(set(texts))

    @invariant()
    def ids_rise(self) -> None:
        found = open_ids(self.store)
        assert found == sorted(set(found))

    def teardown(self) -> None:
        self.store.close_now()
        self.temporary.cleanup()


TestIds = Ids.TestCase  # E3, A14
TestIds.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)

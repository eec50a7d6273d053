"""Whatever a server says, the core never raises, never goes back in the stream, and always comes to rest."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chat_tui_core.contract import Arrived, AskHistory, AskMembers, LostAction, Position, SetTyping, Written
from chat_tui_wschat.protocol import Closed, Message, Open, Opened, OpenFailed
from tests.wschat.protocol_driver import GENERAL, HELLO, SID, Driver, frame, message, send

LABEL = 1 << 52
WORDS = st.sampled_from(
    ["general", "random", "@ann+bob", "ann", "bob", "f1", "x1", SID, "m41", "", "ON", "*", "{", "a" * 200]
)
SCALARS = st.one_of(
    st.integers(-5, 60),
    st.integers(2**52, 2**70),
    st.booleans(),
    st.none(),
    st.text(max_size=8),
    st.floats(allow_nan=False, allow_infinity=False),
    WORDS,
)
KEYS = st.sampled_from(
    ["pos", "id", "from", "by", "text", "ts", "chat", "chat64", "username", "users", "topic", "members", "read", "seq",
     "gap", "state", "key", "op", "events", "more", "channels", "at", "session", "last_id", "name", "joined", "type",
     "action", "reactions", "last", "reason", "noop", "display"]
)  # fmt: skip
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=12
)
DATA = st.dictionaries(KEYS, JSON, max_size=7)
TYPES = st.sampled_from(["channel", "user", "message", "presence", "typing", "file", "session", "weather"])
ACTIONS = st.sampled_from(
    ["CREATE", "DELETE", "TOPIC", "JOIN", "PART", "INVITE", "KICK", "UPDATE", "REACT", "READ", "SET", "OFFER", "STORED",
     "RESUMED", "SNAPSHOT", "BYE", "ODD"]
)  # fmt: skip
VERBS = st.sampled_from(
    ["AUTH", "RESUME", "SUBEVENT", "LSSUBS", "LSCHANS", "LSUSERS", "HISTORY", "MSG", "CHAT", "JOIN", "READ", "TYPING"]
)
IDS = st.one_of(st.integers(1, 4), st.integers(LABEL, LABEL + 14))


@st.composite
def tags(draw: st.DrawFn, seq: bool = True) -> str:
    """A tag section, or none."""
    found = []
    if seq and draw(st.booleans()):
        found.append(f"seq={draw(st.integers(1, 9))}")
    if draw(st.booleans()):
        found.append(f"id={draw(IDS)}")
    found += draw(st.sampled_from([[], [], ["dup=1"], ["retry=3"], ["retry=-1"], ["odd=x"]]))
    return f"@{';'.join(found)} " if found else ""


def dump(data: Any) -> str:
    return json.dumps(data) if data else ""


EVENTS = st.builds(
    lambda t, kind, action, word, data: f"{t}EVENT {kind} {action} {word} {dump(data)}",
    tags(),
    TYPES,
    ACTIONS,
    WORDS,
    DATA,
)
CONFIRMS = st.builds(
    lambda t, verb, word, data: f"{t}CONFIRM {verb} {word} {dump(data)}", tags(False), VERBS, WORDS, DATA
)
ERRORS = st.builds(
    lambda t, code, verb: f"{t}ERROR {code} {verb} no",
    tags(False),
    st.sampled_from(["BADAUTH", "RATELIMIT", "INTERNAL", "NOSESSION", "BADSTATE", "NOPERM", "BADCMD", "ODD"]),
    st.one_of(VERBS, st.just("*")),
)
GOOD = st.builds(lambda seq: message(40 + seq, seq=seq), st.integers(1, 9))
SERVER = st.one_of(
    GOOD,
    GOOD,
    EVENTS,
    CONFIRMS,
    ERRORS,
    st.sampled_from(["PING 3", "PONG 0", "PONG 7", "HELLO wschat-ie/1 {}", frame("HELLO wschat-ie/1", HELLO)]),
    st.text(max_size=30),
    st.binary(max_size=30),
)


@st.composite
def mutated(draw: st.DrawFn) -> str | bytes:
    """A frame, perhaps with a piece cut out or put in."""
    data: str | bytes = draw(SERVER)
    if isinstance(data, bytes) or draw(st.integers(0, 3)):
        return data
    cut = draw(st.integers(0, len(data)))
    put: str = draw(st.sampled_from(["", " ", "  ", "{", "\x00", "é"]))
    return data[:cut] + put + data[cut + draw(st.integers(0, 3)) :]


STEP = st.one_of(
    mutated().map(Message),
    mutated().map(Message),
    mutated().map(Message),
    st.sampled_from([Closed(1006), Closed(1001), Closed(4001, '{"retry_after":3}'), Opened(), OpenFailed("refused")]),
    st.sampled_from([0.0, 0.5, 2.1, 16.0, 31.0, 4000.0]),
    st.builds(send, st.integers(1, 4)),
    st.sampled_from([AskHistory(1, "general", 9), AskMembers(2, "general"), SetTyping("general", typing=True)]),
)


class Watch:
    """What must hold of the news, whatever happened."""

    def __init__(self) -> None:
        self.position = ("", 0)
        self.on_the_way: Counter[int] = Counter()

    def check(self, driver: Driver) -> None:
        """Within a session the position never goes back; only what was written can be lost, and only once."""
        for item in driver.news():
            if isinstance(item, Written):
                self.on_the_way[item.action_id] += 1
            elif isinstance(item, LostAction):
                self.on_the_way[item.action_id] -= 1
                assert self.on_the_way[item.action_id] >= 0
            elif isinstance(item, Position) and item.data:
                sid, seq = item.data["sid"], int(item.data["seq"])
                assert sid != self.position[0] or seq >= self.position[1]
                self.position = (sid, seq)


def follow(driver: Driver) -> None:
    """What a shell does: every Open comes about at once."""
    for out in driver.take():
        if isinstance(out, Open):
            driver.core.receive(Opened(), driver.now)


@given(st.booleans(), st.lists(STEP, max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_sequence_of_frames(signed_in: bool, steps: list[Any]) -> None:  # A5, A11, A24
    driver = Driver()
    if signed_in:
        driver.sign_in()
    else:
        driver.core.start(driver.now)
    watch = Watch()
    watch.check(driver)
    for step in steps:
        if isinstance(step, float):
            driver.advance(step)
        elif isinstance(step, Message | Closed | Opened | OpenFailed):
            driver.core.receive(step, driver.now)
        elif isinstance(step, AskHistory | AskMembers | SetTyping):
            driver.core.ask(step, driver.now)
        else:
            driver.do(step)
        follow(driver)
        watch.check(driver)
    driver.core.stop(driver.now)
    driver.take()
    driver.news()
    assert driver.core.wake_at() is None


@given(st.permutations(range(1, 9)), st.lists(st.integers(1, 8), max_size=8))
def test_shuffled_and_doubled_frames_come_out_once_and_in_order(order: list[int], doubled: list[int]) -> None:  # A11
    driver = Driver()
    driver.sign_in()
    driver.news()
    for seq in (*order, *doubled):
        driver.feed(message(40 + seq, seq=seq))
    arrived = [event.order for item in driver.only(Arrived) for event in item.events]
    assert arrived == [40 + seq for seq in range(1, 9)]


@given(DATA, DATA, st.lists(DATA, max_size=5))
def test_any_answer_to_the_lists(
    subs: dict[str, Any], chans: dict[str, Any], rooms: list[dict[str, Any]]
) -> None:  # A8
    driver = Driver()
    driver.open()
    (auth,) = driver.commands()
    driver.confirm(auth, "ann", {"session": SID})
    driver.feed(message(41, seq=1))
    for command in driver.commands():
        if command.verb == "LSSUBS":
            driver.confirm(command, "", subs)
        elif command.verb == "LSCHANS":
            driver.confirm(command, "", {"channels": [*rooms, GENERAL], **chans})
        else:
            driver.confirm(command, str(command.args[0]))
    driver.take()
    driver.news()

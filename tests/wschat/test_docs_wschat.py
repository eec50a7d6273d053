"""docs/wschat.md against the code: every example is played, every table is compared."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

import chat_tui_wschat
from chat_tui_core import chat_syntax
from chat_tui_wschat import frame_json, grammar
from chat_tui_wschat.frames import Confirm, Event, Failure
from chat_tui_wschat.framing import Tags
from chat_tui_wschat.grammar import FORMS, GROUPS
from chat_tui_wschat.protocol_events import _EVENTS
from chat_tui_wschat.protocol_link import CLOSES, Next
from chat_tui_wschat.protocol_messages import _CONTROLS
from chat_tui_wschat.server import items, rules_chat, rules_presence, rules_signing, state
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.rulebook import RULES
from chat_tui_wschat.server.rules import PROTOCOL
from chat_tui_wschat.server.server_socket import SUBPROTOCOL
from tests.wschat.docs_page import Heard, blocks, keys, played, section, tables, ticked
from tests.wschat.server_running import running
from tests.wschat.wschat_peer import dial

EXAMPLES: Final = blocks("wschat")
PACKAGE: Final = Path(chat_tui_wschat.__file__).parent
_ALL: dict[str, Heard] = {}


async def everything() -> list[Heard]:
    """What all examples brought; each is played once for all tests that ask."""
    for example in EXAMPLES:
        if example not in _ALL:
            _ALL[example] = await played(example)
    return list(_ALL.values())


def calls(folder: str, *names: str) -> Iterator[ast.Call]:
    """The calls of these functions or methods in the modules of a folder of the package."""
    for path in sorted((PACKAGE / folder).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in names:
                    yield node


def constants(nodes: list[ast.expr]) -> list[Any]:
    return [node.value for node in nodes if isinstance(node, ast.Constant)]


# ---------------------------------------------------------------- examples


# A24 (also A1, A2, A3, A10, A11, A12, A13, A14, A15, A17, A18, A19, A22, A23)
@pytest.mark.live
@pytest.mark.parametrize("number", range(len(EXAMPLES)))
async def test_every_example_is_what_the_server_does(number: int) -> None:
    _ALL[EXAMPLES[number]] = await played(EXAMPLES[number])


# A24
@pytest.mark.live
async def test_a_wrong_example_fails() -> None:
    wrong = "ann: READY\nann: C: @id=2 LSEVENTS\nann: S: @id=2 CONFIRM LSEVENTS {}"
    with pytest.raises(AssertionError, match="the page says"):
        await played(wrong)
    with pytest.raises(AssertionError):
        await played("ann: READY\nann: C: LSEVENTS")  # one frame more than the example shows


# A24
@pytest.mark.live
async def test_the_examples_show_every_verb_event_and_error() -> None:
    heard = await everything()
    replies = [reply for one in heard for reply in one.replies]
    said = {command.split(" ")[0] for one in heard for command in one.commands}
    assert {verb.strip() for verb in said if verb.isupper() and verb.isalpha()} == {*FORMS, *GROUPS} - {"PONG"}
    assert {reply.verb for reply in replies if isinstance(reply, Confirm)} == {*FORMS, *GROUPS} - {
        "PING",
        "PONG",
    }
    shown = {(reply.type, reply.action) for reply in replies if isinstance(reply, Event)}
    assert shown == {event for event, row in events_of_the_page().items() if row[5] != "reserved"}
    codes = {reply.code for reply in replies if isinstance(reply, Failure)}
    # These need a device's two hundred later ids, and a fault.
    assert codes == codes_of_the_server() - {"IDSTALE", "INTERNAL"}


# ---------------------------------------------------------------- commands and their answers


def commands_of_the_page() -> dict[str, list[str]]:
    (rows,) = tables("Commands and their answers")
    assert len({row[0] for row in rows}) == len(rows)
    return {ticked(row[0])[0]: row for row in rows}


# A24
def test_every_verb_is_in_the_table_of_commands() -> None:
    page = commands_of_the_page()
    assert page.keys() == {*FORMS, "AUTH", *(f"FILE {second}" for second in GROUPS["FILE"])}
    kept = {verb for verb, rule in RULES.items() if rule.keeps}
    assert {verb for verb, row in page.items() if row[3] == "yes"} == kept
    assert {row[3] for row in page.values()} == {"yes", "no"}
    actions = section("Actions and idempotency").strip().partition(" change something")[0]
    assert set(re.findall(r"[A-Z]{2,}(?: [A-Z]{2,})?", actions)) == kept


NOT_SHOWN: Final = {
    ("MSG", "text"): "this server changes no text",
    ("LSUSERS", "more"): "needs a list of users over max_frame; LSCHANS shows it",
    ("LSFILES", "more"): "needs a list of files over max_frame; LSCHANS shows it",
}


# A24, A13
@pytest.mark.live
async def test_every_confirm_has_the_words_and_keys_of_the_table() -> None:
    page = commands_of_the_page()
    seen: set[tuple[str, str]] = set()
    for one in await everything():
        for reply in one.replies:
            if isinstance(reply, Confirm):
                filed = reply.verb == "FILE"
                verb = f"FILE {reply.words[0]}" if filed else reply.verb
                needed, optional = keys(page[verb][2])
                given = set(reply.data or {})
                assert needed <= given <= needed | optional, reply
                assert len(reply.words) - filed == len([word for word in page[verb][1].split(",") if word]), reply
                seen |= {(verb, key) for key in given}
    listed = {(verb, key) for verb, row in page.items() for key in set().union(*keys(row[2]))}
    assert listed - seen == NOT_SHOWN.keys()


def answers(heard: list[Heard], verb: str, key: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for one in heard:
        for reply in one.replies:
            if isinstance(reply, Confirm) and reply.verb == verb:
                found.extend((reply.data or {})[key])
    return found


# A24, A8
@pytest.mark.live
@pytest.mark.parametrize(
    ("verb", "key", "table", "missing"),
    [
        ("LSCHANS", "channels", 0, {"private", "direct", "invited"}),
        ("LSUSERS", "users", 1, set[str]()),
        ("LSFILES", "files", 2, set[str]()),
    ],
)
async def test_lists_have_the_keys_of_the_tables(verb: str, key: str, table: int, missing: set[str]) -> None:
    needed, optional = set[str](), set[str]()
    for row in tables("Lists")[table]:
        here = keys(row[0])
        needed |= here[0]
        optional |= here[1]
    entries = answers(await everything(), verb, key)
    assert entries
    assert all(needed <= entry.keys() <= needed | optional for entry in entries)
    assert (needed | optional) - {key for entry in entries for key in entry} == missing


# A24, A17
@pytest.mark.live
async def test_history_items_have_the_keys_of_the_table() -> None:
    page: dict[tuple[str, str], set[str]] = {}
    for row in tables("History")[1]:
        for action in ticked(row[2]):
            page[ticked(row[1])[0], action] = {name.rstrip("?") for name in ticked(row[3])}
    assert page.keys() == {
        ("message", "CREATE"),
        ("message", "DELETE"),
        *(("user", action) for action in ("JOIN", "PART", "KICK")),
        ("channel", "TOPIC"),
        ("file", "OFFER"),
    }
    made: list[Mapping[str, Any]] = [
        items.tombstone(1, 2, "ann"),
        items.membership(1, "JOIN", "ann", 5),
        items.membership(1, "PART", "ann", 5, reason="x"),
        items.membership(1, "KICK", "ann", 5, by="bob", reason="x"),
        items.topic(1, "ann", "x", 5),
        items.offer(
            1, 2, "ann", 5, {"fid": "f1", "name": "a", "size": 1, "chunk": 1, "sha256": "d" * 64, "mime": "a/b"}
        ),
        *(items.message(1, 2, "ann", 5, content) for content in ({"text": "a"}, {"chat": "a"}, {"chat64": "a"})),
        *answers(await everything(), "HISTORY", "events"),
    ]
    assert all(item.keys() - {"type", "action"} <= page[item["type"], item["action"]] for item in made)
    assert {(item["type"], item["action"]) for item in made} == page.keys()


# ---------------------------------------------------------------- events


def events_of_the_page() -> dict[tuple[str, str], list[str]]:
    (rows,) = tables("The events")
    return {(ticked(row[0])[0], ticked(row[1])[0]): row for row in rows}


# A24
def test_every_event_of_the_code_is_in_the_table() -> None:
    page = events_of_the_page()
    own = {("session", action) for action in _CONTROLS}
    assert page.keys() == _EVENTS.keys() | own
    written = {
        (args[0], args[1]) for call in calls("server", "event_body") if len(args := constants(call.args[:2])) == 2
    }
    source = "".join(path.read_text("utf-8") for path in (PACKAGE / "server").glob("*.py"))
    written |= {(kind, action) for kind, action in re.findall(r"EVENT ([a-z]+) ([A-Z]+)", source)}
    assert len(written) > 10
    assert written <= {event for event, row in page.items() if row[5] != "reserved"}


# A24, A7
@pytest.mark.live
async def test_every_event_has_the_keys_of_the_table() -> None:
    page = events_of_the_page()
    seen: set[tuple[str, str, str]] = set()
    numbered: set[tuple[str, str]] = set()
    for one in await everything():
        for reply in one.replies:
            if not isinstance(reply, Event):
                continue
            row = page[reply.type, reply.action]
            needed, optional = keys(row[3])
            plain = row[4] == "yes" and reply.seq is None  # of a plain session
            assert reply.data.keys() <= needed | optional, reply
            assert plain or needed <= reply.data.keys(), reply
            if reply.seq is not None:
                numbered.add((reply.type, reply.action))
            seen |= {(reply.type, reply.action, key) for key in reply.data}
    assert numbered == {event for event, row in page.items() if row[4] == "yes" and row[5] != "reserved"}
    listed = {
        (*event, key) for event, row in page.items() if row[5] != "reserved" for key in set().union(*keys(row[3]))
    }
    # A list of members over max_frame, and a full disk, which no example has.
    assert listed - seen == {("session", "SNAPSHOT", "more"), ("file", "ACK", "wait")}


# ---------------------------------------------------------------- errors, closes, limits, HELLO, tags


def codes_of_the_server() -> set[str]:
    found: set[str] = set()
    for folder in ("server", "."):
        for call in calls(folder, "Refusal", "Failure", "FrameError"):
            found.update(word for word in constants(call.args[:1]) if isinstance(word, str))
    return found


# A22
def test_every_error_code_is_in_the_table() -> None:
    (rows,) = tables("Errors")
    page = {ticked(row[0])[0]: row[1] for row in rows}
    reserved = {code for code, when in page.items() if when == "reserved"}
    assert page.keys() - reserved == codes_of_the_server()
    assert reserved == {"UNSUPPORTED"}


def closes_of_the_server() -> set[int]:
    found: set[int] = set()
    names = {"ELSEWHERE": 4005, "SILENT": 4006}
    for call in calls("server", "Close", "close", "end", "_dismiss"):
        found.update(value for value in constants(call.args) if isinstance(value, int) and value >= 1000)
        found.update(names[node.id] for node in call.args if isinstance(node, ast.Name) and node.id in names)
    return found


# A21, A22
def test_every_close_code_is_in_the_table_with_what_the_client_does() -> None:
    (rows,) = tables("Close codes")
    words = {"no": Next.STOP, "yes": Next.RETRY, "after that time": Next.WAIT, "once": Next.ONCE}
    assert {int(ticked(row[0])[0]): words[row[3]] for row in rows} == {code: entry[0] for code, entry in CLOSES.items()}
    assert {int(ticked(row[0])[0]) for row in rows if row[2] == "yes"} == closes_of_the_server()


MORE_LIMITS: Final = {
    "tag section": grammar.MAX_TAGS,
    "JSON": frame_json.MAX_DEPTH,
    "number": grammar.MAX_NUM,
    "reaction": rules_chat._KEY_LENGTH,
    "reaction size": rules_chat._KEY_BYTES,
    "parts": chat_syntax.MAX_PARTS,
    "unread": state.UNREAD_MAX,
    "preview": items._SHOWN,
    "typers": rules_presence._TYPERS,
    "failures": rules_signing.TRIES,
}


# A23
def test_every_limit_is_in_the_table_with_its_default() -> None:
    (rows,) = tables("Limits")
    page = {row[0].strip("`"): float(row[1]) for row in rows}
    assert page == {**{name: float(number) for name, number in dataclasses.asdict(Limits()).items()}, **MORE_LIMITS}


# A10
@pytest.mark.live
async def test_every_field_of_hello_is_in_the_table_with_its_default() -> None:
    (rows,) = tables("HELLO")
    page = {ticked(row[0])[0]: json.loads(ticked(row[1])[0]) for row in rows}
    async with running(limits=Limits()) as server, dial(server.url, subprotocols=[SUBPROTOCOL]) as peer:
        assert page == peer.hello.data
        assert peer.ws.subprotocol == SUBPROTOCOL
    assert f"`HELLO {PROTOCOL} {{…}}`" in section("HELLO")
    assert f"`{SUBPROTOCOL}`" in section("Transport and framing")


# A24
def test_every_tag_is_in_the_table() -> None:
    (rows,) = tables("Tags")
    assert {ticked(row[0])[0].partition("=")[0] for row in rows} == set(Tags._fields)

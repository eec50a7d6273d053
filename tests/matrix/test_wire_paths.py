"""Requests as they leave: the right path, everything quoted, and no text that breaks one."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import LONG, SHORT, Download, Request, Upload
from chat_tui_matrix.wire.decoding import READERS
from chat_tui_matrix.wire.requesting import as_json, path, query

ME, YOU, ROOM, EVENT = "@me:a.example", "@you:b.example", "!r/1:a.example", "$e+1"
R = "/_matrix/client/v3/rooms/%21r%2F1%3Aa.example"
R1 = "/_matrix/client/v1/rooms/%21r%2F1%3Aa.example"
U = "/_matrix/client/v3/user/%40me%3Aa.example"
V3 = "/_matrix/client/v3"
DOWNLOAD = "/_matrix/client/v1/media/download/x.example%3A8448/a%2Fb"
OLD_DOWNLOAD = "/_matrix/media/v3/download/%2E%2E/Id"
LAZY = '{"lazy_load_members":true}'

ROWS: list[tuple[Request, str, str, dict[str, str], Any]] = [
    (paths.versions(), "GET", "/_matrix/client/versions", {}, None),
    (paths.well_known(), "GET", "/.well-known/matrix/client", {}, None),
    (paths.login_flows(), "GET", f"{V3}/login", {}, None),
    (paths.login({"type": "m.login.password"}), "POST", f"{V3}/login", {}, {"type": "m.login.password"}),
    (paths.logout(), "POST", f"{V3}/logout", {}, {}),
    (paths.refresh("r"), "POST", f"{V3}/refresh", {}, {"refresh_token": "r"}),
    (paths.whoami(), "GET", f"{V3}/account/whoami", {}, None),
    (paths.sync("", 0, {}), "GET", f"{V3}/sync", {"timeout": "0"}, None),
    (
        paths.sync("s1", 30_000, {"room": {}}, True, "offline"),
        "GET",
        f"{V3}/sync",
        {"since": "s1", "timeout": "30000", "filter": '{"room":{}}', "full_state": "true", "set_presence": "offline"},
        None,
    ),
    (paths.sync("s1", 5, "7"), "GET", f"{V3}/sync", {"since": "s1", "timeout": "5", "filter": "7"}, None),
    (paths.sliding_sync("", 0, {"lists": {}}), "POST", paths.SLIDING, {"timeout": "0"}, {"lists": {}}),
    (paths.sliding_sync("p", 9, {}), "POST", paths.SLIDING, {"pos": "p", "timeout": "9"}, {}),
    (paths.initial_sync(20), "GET", f"{V3}/initialSync", {"limit": "20"}, None),
    (paths.events("s1", 5, 0), "GET", f"{V3}/events", {"from": "s1", "timeout": "5", "limit": "1"}, None),
    (paths.room_initial_sync(ROOM, 20), "GET", f"{R}/initialSync", {"limit": "20"}, None),
    (paths.upload_filter(ME, {"room": {}}), "POST", f"{U}/filter", {}, {"room": {}}),
    (
        paths.messages(ROOM, "t1", "b", 0, "t0"),
        "GET",
        f"{R}/messages",
        {"dir": "b", "from": "t1", "to": "t0", "limit": "1", "filter": LAZY},
        None,
    ),
    (paths.messages(ROOM, "", "b", 9), "GET", f"{R}/messages", {"dir": "b", "limit": "9", "filter": LAZY}, None),
    (paths.context(ROOM, EVENT, 6), "GET", f"{R}/context/%24e%2B1", {"limit": "6", "filter": LAZY}, None),
    (paths.event(ROOM, EVENT), "GET", f"{R}/event/%24e%2B1", {}, None),
    (paths.relations(ROOM, EVENT), "GET", f"{R1}/relations/%24e%2B1", {"dir": "b", "limit": "100"}, None),
    (
        paths.relations(ROOM, EVENT, "m.thread", "t"),
        "GET",
        f"{R1}/relations/%24e%2B1/m.thread",
        {"from": "t", "dir": "b", "limit": "100"},
        None,
    ),
    (paths.timestamp_to_event(ROOM, 5, "f"), "GET", f"{R1}/timestamp_to_event", {"ts": "5", "dir": "f"}, None),
    (paths.members(ROOM), "GET", f"{R}/members", {"not_membership": "leave"}, None),
    (paths.members(ROOM, ""), "GET", f"{R}/members", {}, None),
    (paths.joined_members(ROOM), "GET", f"{R}/joined_members", {}, None),
    (paths.joined_rooms(), "GET", f"{V3}/joined_rooms", {}, None),
    (paths.state(ROOM), "GET", f"{R}/state", {}, None),
    (paths.get_state(ROOM, "m.room.name", ""), "GET", f"{R}/state/m.room.name", {}, None),
    (paths.put_state(ROOM, "t", "@k", {"a": 1}), "PUT", f"{R}/state/t/%40k", {}, {"a": 1}),
    (
        paths.room_summary(ROOM, ("b.example", "c.example")),
        "GET",
        "/_matrix/client/v1/room_summary/%21r%2F1%3Aa.example",
        {"via": "b.example", "server_name": "b.example"},
        None,
    ),
    (
        paths.send(ROOM, "m.room.message", "7.5", {"body": "é"}),
        "PUT",
        f"{R}/send/m.room.message/7.5",
        {},
        {"body": "é"},
    ),
    (paths.redact(ROOM, EVENT, "7.5", ""), "PUT", f"{R}/redact/%24e%2B1/7.5", {}, {}),
    (paths.redact(ROOM, EVENT, "7.5", "spam"), "PUT", f"{R}/redact/%24e%2B1/7.5", {}, {"reason": "spam"}),
    (paths.create_room({"name": "x"}), "POST", f"{V3}/createRoom", {}, {"name": "x"}),
    (paths.join("#a:b.example"), "POST", f"{V3}/join/%23a%3Ab.example", {}, {}),
    (
        paths.join(ROOM, ["b.example"]),
        "POST",
        f"{V3}/join/%21r%2F1%3Aa.example",
        {"via": "b.example", "server_name": "b.example"},
        {},
    ),
    (paths.knock(ROOM, "let me in"), "POST", f"{V3}/knock/%21r%2F1%3Aa.example", {}, {"reason": "let me in"}),
    (paths.invite(ROOM, YOU), "POST", f"{R}/invite", {}, {"user_id": YOU}),
    (paths.kick(ROOM, YOU, "why"), "POST", f"{R}/kick", {}, {"user_id": YOU, "reason": "why"}),
    (paths.ban(ROOM, YOU, ""), "POST", f"{R}/ban", {}, {"user_id": YOU}),
    (paths.unban(ROOM, YOU), "POST", f"{R}/unban", {}, {"user_id": YOU}),
    (paths.leave(ROOM, "bye"), "POST", f"{R}/leave", {}, {"reason": "bye"}),
    (paths.forget(ROOM), "POST", f"{R}/forget", {}, {}),
    (paths.receipt(ROOM, EVENT), "POST", f"{R}/receipt/m.read/%24e%2B1", {}, {}),
    (paths.receipt(ROOM, EVENT, "main"), "POST", f"{R}/receipt/m.read/%24e%2B1", {}, {"thread_id": "main"}),
    (paths.read_markers(ROOM, "$f", "$r"), "POST", f"{R}/read_markers", {}, {"m.fully_read": "$f", "m.read": "$r"}),
    (paths.read_markers(ROOM, "$f", ""), "POST", f"{R}/read_markers", {}, {"m.fully_read": "$f"}),
    (
        paths.typing(ROOM, ME, True, 20_000),
        "PUT",
        f"{R}/typing/%40me%3Aa.example",
        {},
        {"typing": True, "timeout": 20_000},
    ),
    (paths.typing(ROOM, ME, False, 20_000), "PUT", f"{R}/typing/%40me%3Aa.example", {}, {"typing": False}),
    (paths.presence(ME, "online", ""), "PUT", f"{V3}/presence/%40me%3Aa.example/status", {}, {"presence": "online"}),
    (
        paths.presence(ME, "unavailable", "lunch"),
        "PUT",
        f"{V3}/presence/%40me%3Aa.example/status",
        {},
        {"presence": "unavailable", "status_msg": "lunch"},
    ),
    (paths.get_presence(YOU), "GET", f"{V3}/presence/%40you%3Ab.example/status", {}, None),
    (paths.profile(YOU), "GET", f"{V3}/profile/%40you%3Ab.example", {}, None),
    (paths.set_display_name(ME, ""), "PUT", f"{V3}/profile/%40me%3Aa.example/displayname", {}, {"displayname": ""}),
    (paths.user_search("bo", 0), "POST", f"{V3}/user_directory/search", {}, {"search_term": "bo", "limit": 1}),
    (
        paths.public_rooms("cats", 20, "p2", "b.example"),
        "POST",
        f"{V3}/publicRooms",
        {"server": "b.example"},
        {"limit": 20, "since": "p2", "filter": {"generic_search_term": "cats"}},
    ),
    (paths.public_rooms("", 20, "", ""), "POST", f"{V3}/publicRooms", {}, {"limit": 20}),
    (paths.resolve_alias("#a:b"), "GET", f"{V3}/directory/room/%23a%3Ab", {}, None),
    (paths.set_alias("#a:b", ROOM), "PUT", f"{V3}/directory/room/%23a%3Ab", {}, {"room_id": ROOM}),
    (paths.tags(ME, ROOM), "GET", f"{U}/rooms/%21r%2F1%3Aa.example/tags", {}, None),
    (paths.put_tag(ME, ROOM, "m.favourite"), "PUT", f"{U}/rooms/%21r%2F1%3Aa.example/tags/m.favourite", {}, {}),
    (paths.delete_tag(ME, ROOM, "u.x"), "DELETE", f"{U}/rooms/%21r%2F1%3Aa.example/tags/u.x", {}, None),
    (paths.account_data(ME, "m.direct"), "GET", f"{U}/account_data/m.direct", {}, None),
    (paths.put_account_data(ME, "m.direct", {YOU: []}), "PUT", f"{U}/account_data/m.direct", {}, {YOU: []}),
    (paths.account_data(ME, "m.x", ROOM), "GET", f"{U}/rooms/%21r%2F1%3Aa.example/account_data/m.x", {}, None),
    (paths.push_rule_room(ROOM), "GET", f"{V3}/pushrules/global/override/%21r%2F1%3Aa.example", {}, None),
    (
        paths.put_push_rule_room(ROOM),
        "PUT",
        f"{V3}/pushrules/global/override/%21r%2F1%3Aa.example",
        {},
        {"conditions": [{"kind": "event_match", "key": "room_id", "pattern": ROOM}], "actions": ["dont_notify"]},
    ),
    (paths.delete_push_rule_room(ROOM), "DELETE", f"{V3}/pushrules/global/override/%21r%2F1%3Aa.example", {}, None),
    (paths.media_config(), "GET", "/_matrix/client/v1/media/config", {}, None),
    (paths.old_media_config(), "GET", "/_matrix/media/v3/config", {}, None),
    (paths.upload("a b.png", Upload(1, 2)), "POST", "/_matrix/media/v3/upload", {"filename": "a b.png"}, None),
    (paths.download("x.example:8448", "a/b", Download(1)), "GET", DOWNLOAD, {}, None),
    (paths.old_download("..", "Id", Download(1)), "GET", OLD_DOWNLOAD, {"allow_redirect": "false"}, None),
]


# B12, B2, B19
@pytest.mark.parametrize(
    ("request_", "method", "where", "told", "body"),
    ROWS,
    ids=[f"{row[1]} {row[2]} {number}" for number, row in enumerate(ROWS)],
)
def test_each_request_as_it_leaves(request_: Request, method: str, where: str, told: dict[str, str], body: Any) -> None:
    assert (request_.method, request_.path, request_.query) == (method, where, told)
    assert (None if request_.body is None else json.loads(request_.body)) == body
    assert request_.reads in READERS
    assert SHORT <= request_.timeout <= LONG + 60


NO_TOKEN = {OLD_DOWNLOAD, f"{V3}/login", f"{V3}/refresh", "/_matrix/client/versions", "/.well-known/matrix/client"}


# E12
@pytest.mark.parametrize("row", ROWS, ids=[str(number) for number in range(len(ROWS))])
def test_only_what_comes_before_signing_in_goes_without_the_token(row: tuple[Request, str, str, Any, Any]) -> None:
    assert row[0].auth is (row[2] not in NO_TOKEN)


@pytest.mark.parametrize(
    ("request_", "reads", "timeout"),
    [
        (paths.sync("", 0, {}), "whole_sync", LONG),
        (paths.sync("s", 30_000, {}), "sync", SHORT + 30),
        (paths.sync("s", 0, {}, full_state=True), "whole_sync", LONG),
        (paths.sync("s", -5, {}), "sync", SHORT),
        (paths.sliding_sync("", 0, {}), "sliding", LONG),
        (paths.sliding_sync("p", 30_000, {}), "sliding", SHORT + 30),
        (paths.initial_sync(20), "initial_sync", LONG),
        (paths.events("s", 30_000, 9), "events", SHORT + 30),
        (paths.room_initial_sync(ROOM, 9), "room_initial_sync", LONG),
        (paths.messages(ROOM, "", "b", 9), "page", SHORT),
        (paths.relations(ROOM, EVENT), "page", SHORT),
        (paths.context(ROOM, EVENT, 9), "context", SHORT),
        (paths.event(ROOM, EVENT), "event", SHORT),
        (paths.members(ROOM), "members", SHORT),
        (paths.state(ROOM), "state", SHORT),
        (paths.versions(), "versions", SHORT),
        (paths.login({}), "login", SHORT),
        (paths.refresh(""), "refresh", SHORT),
        (paths.join(ROOM), "anything", LONG),
        (paths.create_room({}), "anything", LONG),
    ],
)
def test_what_reads_an_answer_and_how_long_it_may_take(request_: Request, reads: str, timeout: float) -> None:
    assert (request_.reads, request_.timeout) == (reads, timeout)


texts = st.text(st.characters(), max_size=20)


# B12: any txn works if quoted; nothing gets out of its place in the path
@given(st.lists(texts, min_size=1, max_size=4))
def test_any_part_of_a_path_stays_one_part(parts: list[str]) -> None:
    made = path(*parts)
    assert made.isascii()
    told = made.removeprefix(V3 + "/").split("/")
    assert len(told) == len(parts)
    assert not {".", ".."} & set(told)
    assert [unquote(one) for one in told] == [one.encode("utf-8", "replace").decode() for one in parts]


# B12: lone surrogates are in no UTF-8
@given(texts, texts)
def test_any_text_can_be_sent(text: str, other: str) -> None:
    clean = text.encode("utf-8", "replace").decode()
    body = paths.send(text, other, text, {"body": text, other + "key": [text]}).body
    assert body is not None
    told = json.loads(body)
    assert told["body"] == clean
    assert query({"q": text}) == ({"q": clean} if text else {})
    paths.sync(text, 0, {text: other}, set_presence=other)
    paths.user_search(text, 5)
    paths.join(text, [other])


def test_a_query_leaves_out_what_says_nothing_and_keeps_zero() -> None:
    assert query({"a": 0, "b": "", "c": None, "d": "x"}) == {"a": "0", "d": "x"}


def test_a_body_is_compact_json() -> None:
    assert as_json({"a": [1, "é"], "b": None}) == '{"a":[1,"é"],"b":null}'.encode()
    assert as_json({"a": "x\ud800"}) == b'{"a":"x?"}'

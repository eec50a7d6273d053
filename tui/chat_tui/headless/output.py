"""Print what is told: for people as lines, for programs as one JSON object a line."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from chat_tui.headless.progress import file_line, progress_printer
from chat_tui.requests.values import Request, Row
from chat_tui.strings import N_, _, n_
from chat_tui_core.safe_text import harmless, one_line

_LAST = 60
_FOLLOWING: Final = frozenset({"send_file", "get_file", "follow_file"})

#: What a membership line says; the text, where there is one, is the reason.
SAYS: Final[Mapping[str, str]] = {
    "join": N_("joined"),
    "leave": N_("left"),
    "invite": N_("invited somebody"),
    "kick": N_("removed somebody"),
    "ban": N_("banned somebody"),
    "unban": N_("lifted a ban"),
    "knock": N_("asks to be let in"),
    "rename": N_("is now called"),
    "state": "",
    "upgrade": N_("moved the room:"),
    "topic": N_("set the topic:"),
    "name": N_("set the name:"),
    "redacted": N_("deleted a message"),
    "file": N_("offered a file:"),
    "unsupported": N_("sent something that cannot be shown"),
}


def printer(request: Request, *, as_json: bool) -> Callable[[Row], None]:
    """What prints a row of this request's answer, at once."""
    if request.do in _FOLLOWING:
        return progress_printer(as_json=as_json)
    line = _json if as_json else _LINES[request.do]
    several = len(request.rooms) != 1

    def show(row: Row) -> None:
        data = row.data if as_json else {**row.data, **row.said}
        text = line({**data, "several": several} if line is _event else data)
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    return show


def line_for(request: Request, row: Row) -> str:
    """A row of this request's answer as a line for people."""
    return _LINES[request.do]({**row.data, **row.said})


def _json(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False)


def _room(row: Mapping[str, Any]) -> str:
    unread = "  " + _("{count} unread").format(count=row["unread"]) if row["unread"] else ""
    last = row["last"]
    said = f"  {last['sender']}: {one_line(last['text'], _LAST)}" if last else ""
    state = f"  ({_(row['membership'])})" if row.get("membership", "joined") != "joined" else ""
    name = row["room_id"] if row["name"] == row["room_id"] else f"{row['room_id']} {row['name']}"
    members = n_("{count} member", "{count} members", row["members"]).format(count=row["members"])
    return harmless(f"{name}  {members}{state}{unread}{said}")


def _member(row: Mapping[str, Any]) -> str:
    name = f" {row['name']}" if row["name"] not in {"", row["user_id"]} else ""
    role = "" if row["role"] == "member" else f"  {_(row['role'])}"
    return harmless(f"{row['user_id']}{name}  {_(row['presence'])}{role}")


def _event(row: Mapping[str, Any]) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row["ts"] / 1000))
    room = f" {row['room_id']}" if row.get("several") else ""
    text = harmless(row["text"]).replace("\n", "\n    ")
    if row["kind"] in SAYS:
        says = f"{_(SAYS[row['kind']])} {text}".strip()
        return f"{when}{room}  * {harmless(row['sender'])} {says}".rstrip()
    mark = "* " if row["kind"] == "emote" else ""
    return f"{when}{room}  {mark}{harmless(row['sender'])}: {text}"


def _hit(row: Mapping[str, Any]) -> str:
    return _event({**row, "room_id": row["room"], "several": True})


def _action(row: Mapping[str, Any]) -> str:
    return f"{row['action_id']} {_(row['state'])}"


def _waiting(row: Mapping[str, Any]) -> str:
    text, room = one_line(row["text"], _LAST), row.get("room", row["room_id"])
    return harmless(f"{row['action_id']} {_(row['state'])}  {_(row['kind'])} {room}: {text}  ({row['why']})")


#: How each request's rows look to a person.
_LINES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "rooms": _room,
    "members": _member,
    "history": _event,
    "tail": _event,
    "search": _hit,
    "export": _event,
    "send": _action,
    "join": _action,
    "leave": _action,
    "create_room": _action,
    "outbox": _waiting,
    "retry": _action,
    "cancel": _action,
    "pass": _action,
    "files": file_line,
    "cancel_file": file_line,
}

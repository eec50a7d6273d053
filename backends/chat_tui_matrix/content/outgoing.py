"""Write what a person does as the content of Matrix events."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from chat_tui_core.actions import Action, Kind
from chat_tui_matrix.content import attachments, markdown
from chat_tui_matrix.content.fields import address, amount, mapping, user_id
from chat_tui_matrix.content.relations import LONGEST_KEY, in_thread

__all__ = ["clean", "content"]

LARGEST: Final = 60_000
"""Bytes of JSON that a content may have: a whole event is refused from 65,536 on, and has a frame of its own."""

SHORTENED: Final = 500
"""Characters of an edit's text that clients without edits get where all of it would be too much."""

NOBODY: Final[Mapping[str, str]] = MappingProxyType({})

_MSGTYPES: Final = {"notice": "m.notice", "emote": "m.emote"}
_mentioned: Final = re.compile(r"(?<![\w@.])@[\w.=/+-]{1,200}:[A-Za-z0-9.-]*[A-Za-z0-9](?::\d{1,5})?(?![\w-])").findall
_everyone: Final = re.compile(r"(?<![\w@])@room(?![\w:])").search
_head: Final = re.compile(r"[^:,\n]{1,80}(?=[:,](?:\s|$))").match
_surrogate: Final = re.compile("[\ud800-\udfff]").search


def content(action: Action, people: Mapping[str, str] = NOBODY) -> tuple[str, dict[str, Any]]:
    """The event type and content of a SEND, EDIT or REACT; raises ValueError for an action that is another kind.

    `people` are those of the room who may be named, by id, with their names. Nothing in it makes a server fail: no lone surrogates, no NULs, no floats.
    """
    writer = _WRITERS.get(action.kind)
    if writer is None:
        raise ValueError(f"A {action.kind} is no event with a content.")
    return writer(action.content, people)


def clean(text: object) -> str:
    """A text as a server takes it: surrogates paired or replaced, NULs replaced; "" for what is no string."""
    if not isinstance(text, str):
        return ""
    if _surrogate(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "\ufffd")


def _send(done: Mapping[str, Any], people: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    answered, thread, latest = clean(done.get("reply_to")), clean(done.get("thread")), clean(done.get("latest"))
    said = _said(done, user_id(done.get("reply_sender")) if answered else "", people)
    if "file" in done:
        said = _with_file(said, mapping(done["file"]))
    if thread:
        said |= in_thread(thread, answered, latest)
    elif answered:
        said["m.relates_to"] = {"m.in_reply_to": {"event_id": answered}}
    return "m.room.message", _bearable(said)


def _with_file(said: dict[str, Any], file: Mapping[str, Any]) -> dict[str, Any]:
    """A message with a file that the server has; the text is the caption, unless it is the file's name."""
    where, name = address(file.get("ref")), clean(file.get("name")) or "file"
    if not where:
        raise ValueError("the file is not on the server in a form that can be sent again")
    size, width, height = (amount(file.get(key)) for key in ("size", "width", "height"))
    brought = attachments.content(name, where, size, clean(file.get("mime")), width=width, height=height)
    caption = {} if said["body"] == name else {key: value for key, value in said.items() if key != "msgtype"}
    return brought | caption


def _edit(done: Mapping[str, Any], people: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """An edit: the new content, and the old way to show it for clients that know no edits."""
    new = _said(done, "", people)
    whole = {
        **{key: f"* {value}" if key in {"body", "formatted_body"} else value for key, value in new.items()},
        "m.mentions": {},  # who is in the message already is not told again
        "m.new_content": new,
        "m.relates_to": {"rel_type": "m.replace", "event_id": clean(done.get("target"))},
    }
    if _size(whole) > LARGEST:
        body = new["body"]
        whole["body"] = f"* {body[:SHORTENED]}…" if len(body) > SHORTENED else f"* {body}"
        whole = _without_html(whole)
        whole["m.new_content"] = _bearable(new)
    return "m.room.message", whole


def _react(done: Mapping[str, Any], _people: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    target, key = clean(done.get("target")), clean(done.get("key"))[:LONGEST_KEY]
    return "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": target, "key": key}}


def _said(done: Mapping[str, Any], answered: str, people: Mapping[str, str]) -> dict[str, Any]:
    """What every message has: its type, its text, its HTML where that says more, whom it is meant for."""
    body = clean(done.get("text"))
    written = markdown.read(body)
    said: dict[str, Any] = {"msgtype": _MSGTYPES.get(str(done.get("kind", "")), "m.text"), "body": body}
    if written.html:
        said |= {"format": "org.matrix.custom.html", "formatted_body": written.html}
    mentions: dict[str, Any] = {}
    by_id = map(user_id, _mentioned(written.prose))
    users = dict.fromkeys(filter(None, [answered, *by_id, *_named(written.prose, people)]))
    if users:
        mentions["user_ids"] = list(users)
    if _everyone(written.prose):
        mentions["room"] = True
    return {**said, "m.mentions": mentions}


def _named(prose: str, people: Mapping[str, str]) -> Iterator[str]:
    """Whom a text calls by name: `@name` anywhere, or `name:` or `name,` as its first words; in any case of letters."""
    low = prose.lower()
    head = _head(low)
    first = head[0].rstrip() if head else ""
    for user, name in people.items() if first or "@" in low else ():
        for word in {name.lower(), user[1:].partition(":")[0].lower()} - {""}:
            if word == first or (f"@{word}" in low and re.search(rf"(?<![\w@.])@{re.escape(word)}(?!\w|:\w)", low)):
                yield user
                break


def _bearable(said: dict[str, Any]) -> dict[str, Any]:
    """The content, without HTML where that would make it too large for an event."""
    return said if _size(said) <= LARGEST else _without_html(said)


def _without_html(said: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if key not in {"format", "formatted_body"}}


def _size(said: Mapping[str, Any]) -> int:
    """Bytes of the content as JSON."""
    return len(json.dumps(said, ensure_ascii=False).encode())


_Writer = Callable[[Mapping[str, Any], Mapping[str, str]], tuple[str, dict[str, Any]]]
_WRITERS: Final[Mapping[Kind, _Writer]] = {
    Kind.SEND: _send,
    Kind.EDIT: _edit,
    Kind.REACT: _react,
}

"""What a timeline knows of one message, and the text of it that it shows."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from chat_tui.strings import _, n_
from chat_tui.widgets.inline_markup import BOLD, SPOILER, Body, Run, is_plain, parse
from chat_tui.widgets.text_layout import clean, clean_line, snap
from chat_tui_core.values import frozen

if TYPE_CHECKING:
    from chat_tui.widgets.file_lines import FileCard

__all__ = ["MessageRow", "Note", "folded_text", "gist", "name_of", "read_body", "says_something", "shown_text"]

Kind = Literal["message", "notice", "emote", "membership", "topic", "tombstone", "unsupported", "gap"]
State = Literal["", "pending", "scheduled", "sent", "confirmed", "failed", "cancelled", "checking"]
Change = Literal["", "joined", "left", "invited", "kicked", "banned", "renamed"]

COLLAPSE_CHARS, COLLAPSE_LINES = 8_000, 80
"""A longer body is collapsed until its reader asks for it."""
SHOWN_CHARS, SHOWN_LINES = 2_000, 24
"""What a collapsed body shows."""
MASK = "▒"
"""What stands for each character of a spoiler until its reader asks for it."""
SPOILER_MARKS = ("||", "‖")
GIST_CHARS = 2_000
"""Characters of a text that are looked at where it is only named."""
EXPANDED_CHARS, EXPANDED_LINES = 200_000, 4_000
"""What an expanded body shows at most: the screen must stand whatever was sent."""


@frozen
class Note:
    """What an own message waits for, in words; `undo`: it can still be taken back by one key."""

    text: str
    undo: bool = False


@frozen
class MessageRow:
    """What a timeline shows of one event: immutable and cheap to compare."""

    key: str
    """The event's identity; a pending message keeps the key that it began with when it is confirmed."""
    kind: Kind
    sender: str
    sender_name: str
    ts: int
    """Milliseconds since 1970."""
    text: str
    mine: bool = False
    state: State = ""
    error: str = ""
    edited: bool = False
    reply_to: tuple[str, str] | None = None
    """(name of the sender, excerpt)"""
    reactions: tuple[tuple[str, int, bool], ...] = ()
    """(reaction, how often, one of them is mine)"""
    revision: int = 0
    change: Change = ""
    """What a membership line tells."""
    note: Note | None = None
    file: FileCard | None = None
    """How the file stands that the message brings; its name and size are the first line of the text."""
    folded: bool = False
    """It belongs to a thread that is not shown: one line stands for it."""
    seen: tuple[str, ...] = ()
    """Who has read one's own message and no later one, by their names."""
    answers: tuple[int, int] | None = None
    """Of the thread that began with it: how many answers, and when the last one came (ms since 1970)."""


@lru_cache(maxsize=512)
def name_of(name: str, sender: str) -> str:
    """Give a sender's name as it is shown, the id when there is none."""
    return clean_line(name) or clean_line(sender) or "?"


def says_something(row: MessageRow) -> bool:
    """Tell whether a row is something that a person said, shown as such."""
    return not row.folded and row.kind in {"message", "notice", "emote", "tombstone", "unsupported"}


def shown_text(row: MessageRow, me: tuple[str, ...], *, expanded: bool) -> str:
    """Give the text of a message's block without laying it out."""
    if row.kind == "gap":
        return ""
    if row.kind in {"membership", "topic"}:
        return clean_line(row.text)
    if row.folded:
        return folded_text(row, me)
    return read_body(row, me, expanded=expanded)[0].text


def gist(text: str, me: tuple[str, ...] = (), *, most: int = GIST_CHARS, cut: bool = False) -> str:
    """Give a text, or `most` characters of it, as it is named elsewhere: without its markup, spoilers hidden.

    `me` are the reader's names, for the pattern that the timeline has too. With `cut` the text is a beginning itself:
    a spoiler that it does not close goes on to its end.
    """
    head = clean(text[:most])
    if is_plain(head) and not any(one in head for one in SPOILER_MARKS):
        return head
    body = parse(head, me)
    if (cut or len(text) > most) and (mark := next((one for one in SPOILER_MARKS if one in body.text), "")):
        closed = parse(head.removesuffix("…").rstrip() + mark, me)
        body = body if closed.text.endswith(mark) else closed
    return _masked(body).text if any(run.flags & SPOILER for run in body.runs) else body.text


def folded_text(row: MessageRow, me: tuple[str, ...]) -> str:
    """Give what is said of a message of a thread where one line stands for it: its text, as one line."""
    return clean_line(" ".join(read_body(row, me, expanded=False)[0].text.split()))


def read_body(row: MessageRow, me: tuple[str, ...], *, expanded: bool) -> tuple[Body, str]:
    """Read a message's text; gives the body that is shown and what is said of the rest ("" when it is all)."""
    if row.kind == "tombstone":
        reason = clean_line(row.text)
        return Body(_("message deleted: {reason}").format(reason=reason) if reason else _("message deleted")), ""
    raw = row.text
    long = len(raw) > COLLAPSE_CHARS or raw.count("\n") > COLLAPSE_LINES
    chars, lines = (EXPANDED_CHARS, EXPANDED_LINES) if expanded else (SHOWN_CHARS, SHOWN_LINES)
    shown = clean(_head(raw, chars, lines) if long else raw).rstrip("\n")
    rest = len(raw) - len(_head(raw, chars, lines)) if long else 0
    more = ""
    if rest > 0:
        said = _("… {size} more, too much to show here") if expanded else _("… {size} more, Enter shows")
        more = said.format(size=_size(rest))
    body = parse(shown, me) if row.file is None else _file_body(shown, me)
    if expanded or not any(run.flags & SPOILER for run in body.runs):
        return body, more
    return _masked(body), more or _("Enter shows what is hidden")


def _masked(body: Body) -> Body:
    """A body whose spoilers cannot be read, and lead nowhere."""
    text, runs = body.text, []
    for run in body.runs:
        hidden = bool(run.flags & SPOILER)
        if hidden:
            mask = "".join(one if one.isspace() else MASK for one in text[run.start : run.end])
            text = text[: run.start] + mask + text[run.end :]
        runs.append(Run(run.start, run.end, SPOILER) if hidden else run)
    return Body(text, runs, body.tokens)


def _file_body(text: str, me: tuple[str, ...]) -> Body:
    """A file's name, which is no markup whatever it is, and its caption."""
    first, end, caption = text.partition("\n")
    name = Run(2, max(2, first.rfind("  (") if first.endswith(")") else len(first)), BOLD)
    below, start = parse(caption, me), len(first) + 1
    runs = (replace(run, start=run.start + start, end=run.end + start) for run in below.runs)
    return Body(first + end + below.text, [name, *runs])


def _head(text: str, chars: int, lines: int) -> str:
    """Give the start of a text: so many characters and lines at most."""
    end = snap(text, min(chars, len(text)))
    cut = -1
    for _line in range(lines):
        cut = text.find("\n", cut + 1, end)
        if cut < 0:
            return text[:end]
    return text[:cut]


def _size(characters: int) -> str:
    """Say how much text that is."""
    if characters < 1_000:
        return n_("{count} character", "{count} characters", characters).format(count=characters)
    return f"{characters / 1_000:.0f} KB"

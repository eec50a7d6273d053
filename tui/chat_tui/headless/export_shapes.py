"""Rows of an export as lines: JSON, Markdown for people, or paragraphs of a web page; all that people wrote is harmless."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from chat_tui.headless.output import SAYS
from chat_tui.strings import _
from chat_tui.widgets.event_sentences import sentence
from chat_tui_core.model import EventKind, RoomEvent
from chat_tui_core.safe_text import harmless, one_line

__all__ = ["SHAPES"]

_HEAD: Final = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em; }}
time, small, .note, .gap {{ color: #777; }} time {{ font-size: 80%; }} p {{ margin: .2em 0; }}
</style></head><body>
<h1>{title}</h1>
"""


def _clock(row: Mapping[str, Any]) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(row["ts"] / 1000))


def _who(row: Mapping[str, Any]) -> str:
    return harmless(str(row.get("sender_name") or row["sender"]))


def _said(row: Mapping[str, Any]) -> str:
    text = harmless(row["text"])
    if file := row.get("file"):
        text = f"[{harmless(file['name'])}] {text if text != file['name'] else ''}".rstrip()
    return text


def _note(row: Mapping[str, Any]) -> str:
    """What a row says that is no message, as the app says it; "" for a message."""
    if row["kind"] not in SAYS or row["kind"] == EventKind.FILE:
        return ""
    target = str(row.get("target", ""))
    event = RoomEvent(
        row["room_id"], "", 0, EventKind(row["kind"]), row["sender"], 0, row["text"], _who(row), target=target
    )
    said = sentence(event, {target: str(row["target_name"])} if row.get("target_name") else {})
    return one_line(said or f"{_who(row)} {_(SAYS[row['kind']])}")


def _where(row: Mapping[str, Any]) -> str:
    """On what a message hangs."""
    if row.get("thread"):
        return _(" (an answer, in a thread)") if row.get("reply_to") else _(" (in a thread)")
    return _(" (an answer)") if row.get("reply_to") else ""


def _marks(row: Mapping[str, Any]) -> str:
    """What became of a message: that it was changed, and what others think of it."""
    edited = [_("(edited)")] if row.get("edited") else []
    reactions = (f"{one_line(key)} {len(users)}" for key, users in row.get("reactions", {}).items())
    return "  ".join([*edited, *reactions])


def _jsonl(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False)


def _markdown(row: Mapping[str, Any]) -> str:
    if row.get("gap"):
        return f"\n*{_('… not stored here …')}*\n"
    if note := _note(row):
        return f"- *{_clock(row)} {note}*"
    marks = f"  *{marked}*" if (marked := _marks(row)) else ""
    text = _said(row).replace("\n", "\n  ")
    if row["kind"] == "emote":
        return f"- {_clock(row)} \\* **{_who(row)}** {text}{marks}"
    end = "\n  " if marks and "```" in text else ""
    return f"- {_clock(row)} **{_who(row)}**{_where(row)}: {text}{end}{marks}"


def _page(row: Mapping[str, Any]) -> str:
    if row.get("gap"):
        return f'<p class="gap">{_("… not stored here …")}</p>'
    if note := _note(row):
        return f'<p class="note"><time>{_clock(row)}</time> {html.escape(note)}</p>'
    who, text = html.escape(_who(row) + _where(row)), html.escape(_said(row)).replace("\n", "<br>")
    marks = f" <small>{html.escape(marked)}</small>" if (marked := _marks(row)) else ""
    mark = "* " if row["kind"] == "emote" else ""
    return f'<p class="said"><time>{_clock(row)}</time> {mark}<b>{who}</b> {text}{marks}</p>'


SHAPES: Final[Mapping[str, tuple[str, Callable[[Mapping[str, Any]], str], str]]] = MappingProxyType(
    {
        "jsonl": ("", _jsonl, ""),
        "md": ("# {title}\n\n", _markdown, ""),
        "html": (_HEAD, _page, "</body></html>\n"),
    }
)
"""Format -> what comes before all rows, a row, what comes after them."""

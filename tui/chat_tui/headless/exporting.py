"""Write a room to a file or to standard output, as JSON lines, Markdown or a web page."""

from __future__ import annotations

import contextlib
import html
import json
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final, TextIO

from chat_tui.headless.chosen import chosen_account, data_folder
from chat_tui.headless.output import SAYS
from chat_tui.headless.running import answers, run_loop, say
from chat_tui.requests.values import Done, Note, Request, Row
from chat_tui_core.errors import ConfigError
from chat_tui_core.safe_text import harmless

Shape = Callable[[Mapping[str, Any]], str]


def export(args: Namespace) -> int:
    """Export one room; raises ConfigError when the file is there already or cannot be written."""
    data = data_folder(args)
    request = Request("export", rooms=(args.rooms[0],))
    with _output(args.to) as out:
        return run_loop(_write(answers(data, chosen_account(args, data), request), out, args.format, args.rooms[0]))


async def _write(source: Any, out: TextIO, shape: str, title: str) -> int:
    before, line, after = SHAPES[shape]
    out.write(before.format(title=html.escape(title) if shape == "html" else harmless(title)))
    async with aclosing(source) as told_one_by_one:
        async for told in told_one_by_one:
            match told:
                case Row():
                    out.write(line(told.data) + "\n")
                case Note(text):
                    say(text)
                case Done(code):
                    out.write(after)
                    return code
    return 0


@contextlib.contextmanager
def _output(path: str) -> Iterator[TextIO]:
    if not path:
        yield sys.stdout
        return
    try:
        file = Path(path).expanduser().open("x", encoding="utf-8")
    except FileExistsError:
        raise ConfigError(f"{path} is there already: choose another name.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from error
    with file:
        yield file


def _clock(row: Mapping[str, Any]) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(row["ts"] / 1000))


def _who(row: Mapping[str, Any]) -> str:
    return harmless(str(row.get("sender_name") or row["sender"]))


def _said(row: Mapping[str, Any]) -> str:
    text = harmless(row["text"])
    if file := row.get("file"):
        text = f"[{harmless(file['name'])}] {text if text != file['name'] else ''}".rstrip()
    return f"{SAYS[row['kind']]} {text}".rstrip() if row["kind"] in SAYS else text


def _jsonl(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False)


def _markdown(row: Mapping[str, Any]) -> str:
    if row.get("gap"):
        return "\n*… not stored here …*\n"
    text = _said(row).replace("\n", "\n  ")
    if row["kind"] in SAYS:
        return f"- *{_clock(row)} {_who(row)} {text}*"
    return f"- {_clock(row)} **{_who(row)}**: {text}"


def _page(row: Mapping[str, Any]) -> str:
    if row.get("gap"):
        return '<p class="gap">… not stored here …</p>'
    kind = "note" if row["kind"] in SAYS else "said"
    who, text = html.escape(_who(row)), html.escape(_said(row)).replace("\n", "<br>")
    return f'<p class="{kind}"><time>{_clock(row)}</time> <b>{who}</b> {text}</p>'


_HEAD: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em; }}
time, .note, .gap {{ color: #777; }} time {{ font-size: 80%; }} p {{ margin: .2em 0; }}
</style></head><body>
<h1>{title}</h1>
"""
SHAPES: Final[Mapping[str, tuple[str, Shape, str]]] = {
    "jsonl": ("", _jsonl, ""),
    "md": ("# {title}\n\n", _markdown, ""),
    "html": (_HEAD, _page, "</body></html>\n"),
}

"""Write a room to a file or to standard output, as JSON lines, Markdown or a web page."""

from __future__ import annotations

import contextlib
import html
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, TextIO

from chat_tui.headless.chosen import chosen_account, data_folder
from chat_tui.headless.export_shapes import SHAPES
from chat_tui.headless.running import answers, run_loop, say
from chat_tui.requests.values import Done, Note, Request, Row
from chat_tui.strings import _, language
from chat_tui_core.errors import ConfigError
from chat_tui_core.safe_text import harmless


def export(args: Namespace) -> int:
    """Export one room; raises ConfigError when the file is there already or cannot be written."""
    data = data_folder(args)
    request = Request("export", rooms=(args.rooms[0],))
    with _output(args.to) as out:
        return run_loop(_write(answers(data, chosen_account(args, data), request), out, args.format, args.rooms[0]))


async def _write(source: Any, out: TextIO, shape: str, title: str) -> int:
    before, line, after = SHAPES[shape]
    safe = html.escape(title) if shape == "html" else harmless(title)
    out.write(before.format(title=safe, language=language()))
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
        raise ConfigError(_("{path} is there already: choose another name.").format(path=path)) from None
    except OSError as error:
        raise ConfigError(_("{file} cannot be written ({why}).").format(file=path, why=error.strerror)) from error
    with file:
        yield file

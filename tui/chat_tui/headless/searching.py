"""Search what was said, over all accounts or one; works offline."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from contextlib import aclosing

from chat_tui.headless.chosen import chosen_account, data_folder
from chat_tui.headless.output import printer
from chat_tui.headless.running import answers, run_loop, say
from chat_tui.requests.values import Note, Request, Row
from chat_tui_core.accounts import DataFolder


def search(args: Namespace) -> int:
    """Print what fits; the account matters only when one is named."""
    data = data_folder(args)
    names = [] if args.account else data.names()
    names = names or [chosen_account(args, data)]
    request = Request("search", text=" ".join(args.words), count=args.count)
    return run_loop(_search(data, names, request, printer(request, as_json=args.json)))


async def _search(data: DataFolder, names: list[str], request: Request, show: Callable[[Row], None]) -> int:
    rows: list[Row] = []
    for name in names:
        async with aclosing(answers(data, name, request)) as told_one_by_one:
            async for told in told_one_by_one:
                match told:
                    case Row():
                        rows.append(told)
                    case Note(text):
                        say(text)
    for row in sorted(rows, key=lambda row: int(row.data["ts"]))[-request.count :]:
        show(row)
    return 0

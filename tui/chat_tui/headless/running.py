"""Run a request: on a session of this process, or through the process that already runs the account."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import stat
import sys
import time
from argparse import Namespace
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import fields
from typing import Any, Final

from chat_tui.control import ControlServer, HandedBack, NobodyListens, ask
from chat_tui.headless.chosen import chosen_account, data_folder
from chat_tui.headless.output import printer
from chat_tui.opening import Opened, open_account
from chat_tui.requests.perform import perform
from chat_tui.requests.values import Cursor, Done, Note, Request, Row, Told
from chat_tui.strings import _
from chat_tui_core.accounts import DataFolder
from chat_tui_core.errors import AccountBusy, ConfigError

INTERRUPTED: Final = 130
_REQUEST: Final = frozenset(field.name for field in fields(Request))
_BUSY = 5.0  # seconds to wait for a process that has the account but does not answer yet, or is just ending
_LOOK_AGAIN = 0.03


def run_request(args: Namespace) -> int:
    """Carry out a command on an account, print what is told, return the exit code.

    The arguments that are named like a request's fields become those.
    """
    asked = {name: value for name, value in vars(args).items() if name in _REQUEST}
    for text in (asked.get("text", ""), *asked["rooms"]) if "rooms" in asked else ():
        if not _is_unicode(text):
            raise ConfigError(_("The room and the text must be valid UTF-8."))
    request = Request.of_json(asked)
    data = data_folder(args)
    name = chosen_account(args, data)
    return run_loop(_print_all(data, name, request, printer(request, as_json=args.json)))


def _is_unicode(text: str) -> bool:
    """Whether an argument's bytes were text: Python puts lone surrogates for those that were not."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def run_loop(work: Coroutine[Any, Any, int]) -> int:
    """Run a coroutine until it ends or is interrupted (SIGINT, SIGTERM)."""
    gc.enable()
    return asyncio.run(_until_stopped(work))


async def _until_stopped(work: Coroutine[Any, Any, int]) -> int:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return INTERRUPTED


@contextlib.contextmanager
def _ended_by_closed_output() -> Iterator[None]:
    """Cancel the current task as soon as nobody reads from the pipe that is standard output."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    try:
        output = sys.stdout.fileno()
        piped = stat.S_ISFIFO(os.fstat(output).st_mode)
    except (OSError, ValueError):
        piped, output = False, -1

    def closed() -> None:
        loop.remove_reader(output)
        if task is not None:
            task.cancel()

    if piped:
        loop.add_reader(output, closed)  # the writing end becomes readable when the reading end is closed
    try:
        yield
    finally:
        if piped:
            loop.remove_reader(output)


async def _print_all(data: DataFolder, name: str, request: Request, show: Callable[[Row], None]) -> int:
    if request.do == "tail":
        try:
            with _ended_by_closed_output():
                return await _print_each(data, name, request, show)
        except (asyncio.CancelledError, BrokenPipeError):
            return 0
    return await _print_each(data, name, request, show)


async def _print_each(data: DataFolder, name: str, request: Request, show: Callable[[Row], None]) -> int:
    kept = ""
    try:
        async with aclosing(answers(data, name, request)) as told_one_by_one:
            async for told in told_one_by_one:
                match told:
                    case Row():
                        show(told)
                    case Note(text):
                        say(text)
                    case Cursor(fields):
                        kept = _kept(fields) or kept
                    case Done(code):
                        return code
    except asyncio.CancelledError:
        if kept:
            say(_("Interrupted; {kept}.").format(kept=kept))
        raise
    return 0


def _kept(fields: Mapping[str, Any]) -> str:
    """What is stored of a request that has come so far, and where to look for it."""
    if fields.get("file_id"):
        return _("file {id} is kept: see `chat-tui files`").format(id=fields["file_id"])
    return (
        _("action {id} is kept: see `chat-tui outbox`").format(id=fields["action_id"])
        if fields.get("action_id")
        else ""
    )


def say(sentence: str) -> None:
    """One sentence beside the output, for the person."""
    sys.stderr.write(f"chat-tui: {sentence}\n")
    sys.stderr.flush()


async def answers(data: DataFolder, name: str, request: Request) -> AsyncGenerator[Told, None]:
    """What is told, whoever runs the account, and whoever takes it over on the way.

    Raises AccountBusy when another process has the account and does not answer for some seconds, ChatError.
    """
    give_up = time.monotonic() + _BUSY
    while True:
        try:
            opened = open_account(data, name)
        except AccountBusy:
            if time.monotonic() > give_up:
                raise
            source = ask(data.folder(name), request)
        else:
            source = _own(opened, request)
        try:
            async with aclosing(source) as told_one_by_one:
                async for told in told_one_by_one:
                    if isinstance(told, Cursor | Row):
                        request = request.resumed(told.fields if isinstance(told, Cursor) else told.cursor)
                    yield told
                    give_up = time.monotonic() + _BUSY
            return
        except HandedBack:
            continue
        except NobodyListens:
            await asyncio.sleep(_LOOK_AGAIN)


async def _own(opened: Opened, request: Request) -> AsyncGenerator[Told, None]:
    """Run the account here for the time of one request, for others too."""
    async with AsyncExitStack() as stack:
        session = await opened.session_in(stack)
        control = ControlServer(session, opened.folder)
        await control.start()
        stack.push_async_callback(control.close)
        async with aclosing(perform(session, request)) as told_one_by_one:
            async for told in told_one_by_one:
                yield told

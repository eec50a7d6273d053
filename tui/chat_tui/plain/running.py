"""Run an account by lines of standard input and output, until they end or the person leaves."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from argparse import Namespace
from contextlib import AsyncExitStack
from typing import Final

from chat_tui.config import AppOptions
from chat_tui.control import ControlServer
from chat_tui.headless.chosen import app_options, chosen_account
from chat_tui.headless.running import run_loop
from chat_tui.opening import Opened, open_account
from chat_tui.plain.talking import Talking
from chat_tui.plain.words import title_of
from chat_tui.strings import N_, _
from chat_tui.widgets.message_look import tell_by
from chat_tui_core.link import Link
from chat_tui_core.model import Room
from chat_tui_core.session_changes import LinkMoved

__all__ = ["run_plain"]

CONNECT_SECONDS: Final = 6.0
"""So long what is typed waits for the first connection."""
HELLO: Final = N_("chat-tui, account {name}. A line is said in the current room; /help lists commands, /quit leaves.")


def run_plain(args: Namespace) -> int:
    """Run the account that a command line means; 0 at the end of the input or after /quit."""
    options = app_options(args)
    tell_by(options.config.clock)
    name = "" if args.demo else chosen_account(args, options.data)
    return run_loop(_run(options, name))


async def _run(options: AppOptions, name: str) -> int:
    async with AsyncExitStack() as stack:
        opened = open_account(options.data, name) if name else await _demo(options, stack)
        session = await opened.session_in(stack)
        session.undo_seconds = options.config.undo_send
        control = ControlServer(session, opened.folder)
        await control.start()
        stack.push_async_callback(control.close)
        talking = Talking(session, options, _write)
        _write(_(HELLO).format(name=opened.account.name))
        if options.config.faults or options.config.commands:
            from chat_tui.own_faults import problems

            for wrong in problems(options.config):
                _write(wrong)
        stack.callback(session.watch(talking.note))
        session.connect()
        following = asyncio.create_task(talking.follow())
        stack.push_async_callback(_ended, following)
        await _first_connection(talking)
        newest = max(talking.joined(), key=_newest, default=None)
        if newest is None:
            _write(_("You are in no room. /join NAME or /create NAME."))
        else:
            talking.open(newest.room_id)
        await _take_lines(talking)
    return 0


def _newest(room: Room) -> tuple[bool, int, str]:
    return not room.muted, room.last_ts, title_of(room)


async def _demo(options: AppOptions, stack: AsyncExitStack) -> Opened:
    from chat_tui.demo import start_demo

    demo = await start_demo(options.chaos)
    stack.push_async_callback(demo.close)
    return open_account(demo.data, demo.account.name)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _first_connection(talking: Talking) -> None:
    """Wait until the first try to connect has succeeded or failed, for some seconds at most."""
    tried = asyncio.Event()

    def look(_change: LinkMoved) -> None:
        if talking.session.link.link in {Link.ONLINE, Link.WAITING, Link.STOPPED}:
            tried.set()

    unwatch = talking.session.subscribe(LinkMoved, look)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await tried.wait()
    except TimeoutError:
        return
    finally:
        unwatch()


async def _take_lines(talking: Talking) -> None:
    """Take lines one after the other until they end, or the person leaves; a question's answer goes to the question."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    _read_in_thread(lines)
    leaves = asyncio.create_task(talking.ended.wait())
    work: asyncio.Task[None] | None = None
    asked: asyncio.Task[None] | None = None
    try:
        while not talking.ended.is_set():
            if work is not None and not talking.asks:
                asked = asked or asyncio.create_task(talking.asked())
                await asyncio.wait((work, asked, leaves), return_when=asyncio.FIRST_COMPLETED)
                if work.done():
                    work.result()
                    work = None
                elif asked.done():
                    asked = None
                continue
            next_line = asyncio.create_task(lines.get())
            await asyncio.wait((next_line, leaves), return_when=asyncio.FIRST_COMPLETED)
            if not next_line.done():
                next_line.cancel()
                break
            line = next_line.result()
            if line is None:
                await talking.take("no") if talking.asks else await talking.finish()
                break
            if talking.asks:
                await talking.take(line)
            else:
                work = asyncio.create_task(talking.take(line))
    finally:
        for task in (leaves, work, asked):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


def _read_in_thread(lines: asyncio.Queue[str | None]) -> None:
    """Read standard input beside the loop: it may be a terminal, a pipe or a file, and only a thread can wait for each."""
    loop = asyncio.get_running_loop()

    def put(line: str | None) -> None:
        try:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        except RuntimeError:  # the loop has ended
            return

    def read() -> None:
        with os.fdopen(os.dup(sys.stdin.fileno()), "rb") as source:
            for line in source:
                put(line.decode("utf-8", "replace").rstrip("\r\n"))
        put(None)

    threading.Thread(target=read, name="standard input", daemon=True).start()


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()

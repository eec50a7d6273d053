"""Write a draft in the person's own editor; the rooms go on meanwhile, and no text is lost whatever becomes of the editor."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chat_tui import editors
from chat_tui.aside import aside
from chat_tui.commands import Call
from chat_tui.editors import Laid
from chat_tui.strings import _, of_error
from chat_tui.terminal_lending import lent_terminal, may_lend
from chat_tui.transfer_words import tilde
from chat_tui.widgets.text_layout import clean, clean_line
from chat_tui_core.errors import LocalError
from chat_tui_core.store.drafts import save_draft

if TYPE_CHECKING:
    from chat_tui.screens.doing import Doing
    from chat_tui.screens.window import Window

__all__ = ["EDITOR_WORK", "take_left", "write_in_editor"]

_LOG = logging.getLogger(__name__)

LAST_WORDS: Final = 1.0
"""Seconds that an editor has to end in an orderly way when the app ends."""
STORING: Final = 5.0
"""Seconds that a message which was just sent has to leave the composer."""

TOLD_SECONDS: Final = 30.0
"""Seconds for which it is told where a file is kept."""


async def write_in_editor(screen: Window) -> None:
    """Have the draft of what is open edited by the person's editor, and take it back. Raises LocalError, StoreError."""
    if screen.conversation.room is None:
        raise LocalError(_("Open a room first."))
    if screen.app.is_web:
        raise LocalError(_("In a browser there is no terminal that an editor could have."))
    if not may_lend(screen.app):
        raise LocalError(_("The editor cannot have this terminal."))
    command = editors.editor_command()
    async with lent_terminal(screen.app, _("chat-tui waits for {editor}…").format(editor=clean_line(command[0]))):
        await _all_sent(screen)
        composer = screen.composer
        laid = await aside(editors.lay_out, _root(screen), composer.room_id, composer.text)
        code = await _run(command, laid)
    await _take_back(screen, laid, clean_line(Path(command[0]).name), code)


async def _all_sent(screen: Window) -> None:
    """What was sent right before is no draft: wait until it is taken away. Raises LocalError."""
    end = asyncio.get_running_loop().time() + STORING
    while screen.composer.is_sending:
        if asyncio.get_running_loop().time() > end:
            raise LocalError(_("What you sent is still being stored; try again in a moment."))
        await asyncio.sleep(0.01)


async def _run(command: Sequence[str], laid: Laid) -> int | None:
    """Run the editor to its end and give its exit code, None where it cannot be started."""
    try:
        process = await asyncio.create_subprocess_exec(*command, str(laid.file))
    except OSError as error:
        _LOG.warning("the editor cannot be run (%s)", error.strerror)
        return None
    try:
        await aside(editors.note_process, laid, process.pid)
        return await process.wait()
    finally:
        if process.returncode is None:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """The app ends: so must the editor; its file is found by the next start."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            async with asyncio.timeout(LAST_WORDS):
                await process.wait()
        except TimeoutError:
            process.kill()


async def _take_back(screen: Window, laid: Laid, editor: str, code: int | None) -> None:
    """Take over what the editor left, or say why the draft is as it was."""
    try:
        text = clean(await aside(editors.read_back, laid))
    except LocalError as error:
        await _leave_file(screen, laid, _("{why} The draft is as it was.").format(why=of_error(error)))
    else:
        if code != 0:
            await _failed(screen, laid, text, editor, code)
            return
        if not await _put(screen, laid, text):
            screen.say(_("The room is not open any more; the text is kept as its draft."))
        await aside(editors.drop, laid)
    screen.composer.focus()


async def _put(screen: Window, laid: Laid, text: str) -> bool:
    """Have the text be the draft, and stored; whether it is on screen. A draft that changed meanwhile stays behind it."""
    conversation, composer = screen.conversation, screen.composer
    shown = (composer.account, composer.room_id) == (screen.session.account.name, laid.place) == _open(screen)
    if shown:
        if text != composer.text:
            composer.rewrite(_joined(laid, text, composer.text))
        conversation.keep_draft()
    else:
        draft = screen.session.drafts.get(laid.place)
        joined = _joined(laid, text, draft.text if draft else "")
        conversation.save_draft(laid.place, joined, len(joined))
    if (kept := screen.session.drafts.get(laid.place)) is not None:
        await screen.session.store.write(save_draft, kept)
    return shown


def _open(screen: Window) -> tuple[str, str]:
    """The account, and what of it is open."""
    return screen.session.account.name, screen.conversation.place


def _joined(laid: Laid, text: str, current: str) -> str:
    """The text in place of what it was made of; what was written meanwhile comes behind it."""
    return text if current in {laid.text, text, ""} else f"{text}\n{current}"


async def _failed(screen: Window, laid: Laid, text: str, editor: str, code: int | None) -> None:
    """Say that the draft is as it was; what the editor had saved all the same can be brought back."""
    if code is None:
        said = _("{editor} could not be started; set $EDITOR to another one.")
    elif code < 0:
        said = _("{editor} was ended by signal {code}; the draft is as it was.")
    else:
        said = _("{editor} ended with {code}; the draft is as it was.")
    said = said.format(editor=editor, code=abs(code or 0))
    if text not in {laid.text, ""}:
        if screen.composer.room_id != laid.place:
            await _leave_file(screen, laid, said)
            return
        screen.composer.remember(text)
        said += " " + _("Ctrl+↑ brings back what it had saved.")
    screen.hints.tell(problem=said)
    await aside(editors.drop, laid)


async def _leave_file(screen: Window, laid: Laid, said: str) -> None:
    """Say where the file is that could not be taken over."""
    kept = await aside(editors.keep, laid)
    if kept is not None:
        said += " " + _("The file is kept: {path}").format(path=tilde(str(kept)))
    screen.app.notify(said, severity="error", timeout=TOLD_SECONDS, markup=False)


def _root(screen: Window) -> Path:
    return screen.session.store.path.parent


# ---------------------------------------------------------------- the next start


async def take_left(screen: Window) -> None:
    """Take over what editors had when the app was killed, as the drafts that they were. Raises StoreError."""
    for laid, is_open in await aside(lambda: list(editors.left_behind(_root(screen)))):
        if is_open:
            path = tilde(str(laid.file))
            screen.say(_("An editor still has a draft: {path}. The next start takes it over.").format(path=path))
            continue
        try:
            text = clean(await aside(editors.read_back, laid))
        except LocalError as error:
            await _leave_file(screen, laid, _("{why} The draft is as it was.").format(why=of_error(error)))
            continue
        if text != laid.text:
            await _put(screen, laid, text)
            screen.say(_("What your editor had saved when the app ended is in the draft again."))
        await aside(editors.drop, laid)


async def _editor(doing: Doing, call: Call) -> None:
    """Edit the draft, or the text behind the command."""
    if call.rest:
        doing.screen.composer.put_back(call.rest)
    await write_in_editor(doing.screen)


EDITOR_WORK: Final[Mapping[str, Callable[[Doing, Call], Awaitable[None]]]] = MappingProxyType({"editor": _editor})

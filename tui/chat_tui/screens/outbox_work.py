"""What commands, notices and the outbox do with what was said and is not settled: put off, try again, change, discard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chat_tui.commands import Call, read_said
from chat_tui.messages import Decision, Way
from chat_tui.moments import said_moment, split_moment
from chat_tui.screens.writing import thread_of
from chat_tui.spoken import Plain
from chat_tui.strings import _
from chat_tui.waiting import undo_until
from chat_tui_core.actions import Action
from chat_tui_core.errors import LocalError
from chat_tui_core.model import Membership

if TYPE_CHECKING:
    from chat_tui.screens.doing import Doing
    from chat_tui.screens.outbox import Chosen
    from chat_tui.screens.window import Window

__all__ = ["OUTBOX_WORK", "decide", "follow", "leaving", "take_back"]


# ---------------------------------------------------------------- commands


async def me(doing: Doing, call: Call) -> None:
    """Tell what one does."""
    await doing.screen.conversation.say(Plain(call.rest, emote=True))


async def at(doing: Doing, call: Call) -> None:
    """Say something later."""
    now = doing.session.now_ms()
    moment, text = split_moment(call.rest, now)
    if not text:
        raise LocalError(_("What shall be said {moment}?").format(moment=said_moment(moment, now)))
    await doing.screen.conversation.say(read_said(text), moment)


async def stats(doing: Doing, _call: Call) -> None:
    """Show how quick the server is."""
    from chat_tui.screens.info import InfoScreen
    from chat_tui.screens.stats import stats_of

    await doing.app.push_screen_wait(InfoScreen(await stats_of(doing.session)))


async def outbox(doing: Doing, _call: Call) -> None:
    """Show what is not settled."""
    doing.screen.action_outbox()


async def inbox(doing: Doing, _call: Call) -> None:
    """Show what was said to the person."""
    doing.screen.action_inbox()


async def edit(doing: Doing, call: Call) -> None:
    """Change what stands in the way, else what was said last."""
    if doing.screen.obstacle is None:
        await doing.screen.operating.edit_last()
    else:
        await decide_here(doing, call)


async def decide_here(doing: Doing, call: Call) -> None:
    """Decide about what stands in the open room's way."""
    obstacle, decision = doing.screen.obstacle, Decision(call.command.name)
    if obstacle is None:
        raise LocalError(_("Nothing was refused in this room."))
    if decision not in obstacle.choices:
        raise LocalError(_("There is no text in it that could be changed, and it holds nothing back."))
    await decide(doing.screen, obstacle.action.id, decision)


# ---------------------------------------------------------------- decisions


async def decide(screen: Window, action_id: int, decision: Decision) -> None:
    """Do with an action what the person decided."""
    session = screen.session
    action = session.open_actions.get(action_id)
    if action is None:
        return
    match decision:
        case Decision.RETRY:
            await session.retry(action_id)
        case Decision.PASS:
            await session.let_pass(action_id)
        case Decision.DISCARD:
            await session.cancel(action_id)
        case Decision.EDIT:
            await _change(screen, action)


async def follow(screen: Window, chosen: Chosen) -> None:
    """Do in its room what was chosen in the outbox."""
    action, conversation = chosen.action, screen.conversation
    match chosen.way:
        case Way.EDIT:
            await _change(screen, action)
        case Way.BACK:
            _open_room_of(screen, action)
            if conversation.edits:
                raise LocalError(_("Send or leave what you are editing first; then the text can come back."))
            await conversation.take_back(action)
        case Way.GO:
            _open_room_of(screen, action)
            if await conversation.show_action(action):
                screen.timeline.focus()


async def _change(screen: Window, action: Action) -> None:
    _open_room_of(screen, action)
    await screen.operating.change(action)


def _open_room_of(screen: Window, action: Action) -> None:
    room = screen.session.rooms.get(action.room)
    if room is None or room.membership is not Membership.JOINED:
        raise LocalError(_("You are not in that room; y in the outbox copies what is known of it."))
    screen.open_room(room.room_id)
    if screen.conversation.room_id == room.room_id and (thread := thread_of(action)):
        screen.conversation.open(room.room_id, thread)


# ---------------------------------------------------------------- undo


def leaving(screen: Window) -> Action | None:
    """What was said last in the open room, as long as it can be taken back by a key."""
    session, room_id = screen.session, screen.conversation.room_id
    if not session.undo_seconds:
        return None
    now = session.now_ms()
    here = (action for action in session.open_actions.values() if action.room_id == room_id)
    return max((action for action in here if undo_until(action, now)), key=lambda action: action.id, default=None)


async def take_back(screen: Window) -> None:
    """Bring what is just leaving back into the composer."""
    action = leaving(screen)
    if action is None:
        raise LocalError(_("Nothing that could be taken back is just leaving."))
    if screen.conversation.edits:
        raise LocalError(_("Send or leave what you are editing first; then the text can come back."))
    await screen.conversation.take_back(action)


OUTBOX_WORK: Final[Mapping[str, Callable[[Doing, Call], Awaitable[None]]]] = MappingProxyType(
    {
        "me": me,
        "at": at,
        "stats": stats,
        "outbox": outbox,
        "inbox": inbox,
        "retry": decide_here,
        "edit": edit,
        "discard": decide_here,
        "pass": decide_here,
    }
)

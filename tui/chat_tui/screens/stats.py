"""How quick the server takes what the person does, from Enter to its answer and to its place in the room."""

from __future__ import annotations

from chat_tui.latency import delays_of
from chat_tui.moments import said_delay
from chat_tui.screens.info import Fact
from chat_tui.strings import _
from chat_tui.waiting import SILENT
from chat_tui_core.actions import State
from chat_tui_core.session import Session
from chat_tui_core.store.actions import latency

__all__ = ["stats_of", "usual_of"]


async def usual_of(session: Session) -> list[Fact]:
    """What the account's delays usually are; nothing while none was measured. Raises StoreError."""
    answered, confirmed = map(delays_of, await session.store.fetch(latency))
    return [(_("Usually answered"), answered.text), (_("Usually confirmed"), confirmed.text)]


async def stats_of(session: Session) -> list[Fact]:
    """All that is measured of an account, and what is not settled in it. Raises StoreError."""
    answered, confirmed = map(delays_of, await session.store.fetch(latency))
    count = max(answered.count, confirmed.count)
    waiting = [action for action in session.open_actions.values() if action.kind not in SILENT]
    refused = sum(1 for action in waiting if action.state is State.FAILED)
    return [
        (
            _("Account"),
            _("{name}, {me} on {url}").format(name=session.account.name, me=session.me, url=session.account.url),
        ),
        (_("Connection"), _(session.link.link.value)),
        (_("Enter to sent"), answered.text or _("nothing was sent yet")),
        (_("Enter to confirmed"), confirmed.text or _("nothing was confirmed yet")),
        (
            _("Slowest"),
            _("sent {sent}, confirmed {confirmed}").format(
                sent=said_delay(answered.worst), confirmed=said_delay(confirmed.worst)
            )
            if confirmed.count
            else "",
        ),
        (_("Measured"), _("the newest {count} of what you did, on this device").format(count=count) if count else ""),
        (_("Not settled"), _("{count}, of which {refused} refused").format(count=len(waiting), refused=refused)),
    ]

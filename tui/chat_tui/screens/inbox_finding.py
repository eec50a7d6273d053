"""Find what stands in an account's inbox, in what is stored: the network is not asked."""

from __future__ import annotations

from chat_tui.inbox import Entry, Why
from chat_tui_core.model import Membership
from chat_tui_core.session import Session
from chat_tui_core.session.ingest_history import mentions_me
from chat_tui_core.store.inbox import answers_to, naming

__all__ = ["invitations", "to_me"]


def invitations(session: Session) -> list[Entry]:
    """The account's invitations that wait for an answer."""
    invited = (room for room in session.rooms.values() if room.membership is Membership.INVITED)
    return [Entry(Why.INVITED, session.account.name, room, new=True) for room in invited]


async def to_me(session: Session, most: int) -> list[Entry]:
    """What was said to the person in rooms that they are in, at most `most` each of mentions and answers.

    Raises StoreError.
    """
    me = session.me
    name = me.removeprefix("@").partition(":")[0]
    answers = await session.store.fetch(answers_to, me, most)
    answered = {(event.room_id, event.order) for event in answers}
    named = await session.store.fetch(naming, name, me, most)
    found = [(Why.ANSWERED, event) for event in answers]
    found += [
        (Why.NAMED, event) for event in named if (event.room_id, event.order) not in answered and mentions_me(event, me)
    ]
    return [
        Entry(why, session.account.name, room, event, event.order > room.read)
        for why, event in found
        if (room := session.rooms.get(event.room_id)) is not None and room.membership is Membership.JOINED
    ]

"""Make the demo live: the bot answers, people talk, type, come and go, rooms appear and vanish."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping
from datetime import UTC, datetime

from chat_tui.demo.bot import Wit
from chat_tui.demo.content import BOT, CONVERSATIONS, ME, POP_UPS
from chat_tui.demo.past import Words, line
from chat_tui.requests.following import tail
from chat_tui.requests.values import Request, Row
from chat_tui_core.actions import Kind
from chat_tui_core.errors import ChatError
from chat_tui_core.model import Membership
from chat_tui_core.session import Session

_LOG = logging.getLogger(__name__)

FIRST_POP_UP, POP_UP_EVERY, POP_UP_STAYS = 12.0, 45.0, 22.0
COMES_AND_GOES = ("random", "music")


class Life:
    """Everything that happens by itself. `pace` multiplies every wait; 1 is for people.

    `past` says up to which order each room is history: what comes after it, the bot may answer.
    """

    def __init__(
        self, bot: Session, people: Mapping[str, Session], past: Mapping[str, int], rng: random.Random, pace: float
    ) -> None:
        self._bot = bot
        self._past = past
        self._people = people
        self._rng = rng
        self._pace = pace

    async def run(self) -> None:
        """Live until cancelled."""
        async with asyncio.TaskGroup() as group:
            for part in (self._answer, self._talk, self._pop_up):
                group.create_task(part())

    async def _wait(self, low: float, high: float = 0.0) -> None:
        await asyncio.sleep(self._pace * self._rng.uniform(low, max(low, high)))

    # ------------------------------------------------------------ the bot

    async def _answer(self) -> None:
        """Answer whatever the person says, and whatever is said to the bot alone."""
        wit = Wit(self._rng)
        async for told in tail(self._bot, Request("tail", after=self._past)):
            if isinstance(told, Row) and self._concerns_me(told.data):
                text = wit.answer(told.data["text"], told.data["sender"], datetime.now(UTC).astimezone())
                await self._wait(0.3, 0.6)
                await self._say(self._bot, told.data["room_id"], text)

    def _concerns_me(self, row: Mapping[str, object]) -> bool:
        spoken = row["kind"] in {"message", "emote"} and row["sender"] != self._bot.me
        return spoken and (row["sender"] == ME or str(row["room_id"]).startswith("@"))

    async def _pop_up(self) -> None:
        """Rooms that appear, are used for a while and vanish."""
        await self._wait(FIRST_POP_UP)
        offers = list(POP_UPS)
        self._rng.shuffle(offers)
        while True:
            for name, topic in offers:
                await self._do(self._bot, Kind.CREATE_ROOM, name, topic=topic)
                await self._wait(1.0, 2.0)
                for person in self._people.values():
                    await self._do(person, Kind.JOIN, name)
                    await self._wait(0.5, 2.0)
                    await self._say(person, name, line(self._rng, [BOT]))
                await self._wait(POP_UP_STAYS - 10, POP_UP_STAYS)
                await self._do(self._bot, Kind.DELETE_ROOM, name)
                await self._wait(POP_UP_EVERY - POP_UP_STAYS)

    # ------------------------------------------------------------ the others

    async def _talk(self) -> None:
        """One thing after the other, in rooms that two or more of the living are in."""
        acts = (self._remark, self._remark, self._converse, self._come_or_go)
        while True:
            await self._wait(3.0, 8.0)
            await self._rng.choice(acts)()

    async def _remark(self) -> None:
        name, person = self._rng.choice(list(self._people.items()))
        rooms = self._rooms_of(person)
        if rooms:
            others = [other for other in self._people if other != name]
            await self._say(person, self._rng.choice(rooms), line(self._rng, others))

    async def _converse(self) -> None:
        cast = dict(zip("ABC", self._rng.sample(sorted(self._people), 3), strict=True))
        shared = set.intersection(*(set(self._rooms_of(person)) for person in self._people.values()))
        if not shared:
            return
        room = self._rng.choice(sorted(shared))
        words = Words(self._rng, cast)
        for said in self._rng.choice(CONVERSATIONS)[:5]:
            part, _, text = said.partition("|")
            await self._say(self._people[cast[part]], room, text.format_map(words))
            await self._wait(0.5, 2.5)

    async def _come_or_go(self) -> None:
        person = self._rng.choice(list(self._people.values()))
        room = self._rng.choice(COMES_AND_GOES)
        await self._do(person, Kind.LEAVE if room in self._rooms_of(person) else Kind.JOIN, room)

    # ------------------------------------------------------------ parts

    def _rooms_of(self, session: Session) -> list[str]:
        joined = (room for room in session.rooms.values() if room.membership is Membership.JOINED)
        return sorted(room.room_id for room in joined if not room.room_id.startswith("@"))

    async def _say(self, session: Session, room_id: str, text: str) -> None:
        """Type for as long as the text is, then send it."""
        session.set_typing(room_id, True)
        await self._wait(0.8 + min(2.0, len(text) / 60))
        session.set_typing(room_id, False)
        await self._do(session, Kind.SEND, room_id, text=text)

    async def _do(self, session: Session, kind: Kind, room_id: str, **content: object) -> None:
        """Do it, or leave it: nobody waits for an actor."""
        try:
            await session.perform(kind, room_id, target_action=0, **content)
        except ChatError as error:
            _LOG.info("demo: %s did not work: %s", kind, error)

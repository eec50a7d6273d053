"""Four clients in one room: ours, a second device of the same person, another person with ours, and an independent one.

Each of ours syncs in another mode. What one does the others see, both ways, and everything once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chat_tui_core.actions import Action, Kind
from chat_tui_core.model import EventKind, Membership, RoomEvent
from chat_tui_core.session import Session
from chat_tui_core.session_changes import ActionMoved
from chat_tui_core.store.rooms import load_reads
from tests.matrix_live.conftest import PeerOf
from tests.matrix_live.nio_peer import NioPeer
from tests.matrix_live.ours import confirmed, session_of, shown, until
from tests.matrix_live.people import People, Person, part
from tests.matrix_live.watching import Arrivals, names, of_kind, rename, room_with, saying, spoken, texts


@dataclass
class Four:
    """The clients. `home` and `second` are two devices of ann; bob has ours as well, cleo has nio."""

    room: str
    ann: Person
    bob: Person
    cleo: Person
    home: Session
    second: Session
    other: Session
    nio: NioPeer
    heard: dict[str, Arrivals] = field(default_factory=dict)
    actions: dict[str, list[Action]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, session in (("home", self.home), ("second", self.second), ("other", self.other)):
            session.open_room(self.room)
            self.heard[name] = Arrivals(session)
            self.note_actions(session, self.actions.setdefault(name, []))

    @staticmethod
    def note_actions(session: Session, into: list[Action]) -> None:
        """Keep every state of every action that a session tells of."""

        def moved(change: ActionMoved) -> None:
            into.append(change.action)

        session.subscribe(ActionMoved, moved)

    @property
    def ours(self) -> tuple[Session, ...]:
        """The sessions with our client."""
        return (self.home, self.second, self.other)

    async def see(self, text: str) -> RoomEvent:
        """Everybody sees a message with this text, once; the line as our first client has it."""
        lines = [await saying(session, self.room, text) for session in self.ours]
        await self.nio.wait_for_text(self.room, text)
        assert len({line.event_id for line in lines}) == 1
        return lines[0]

    async def agree(self) -> None:
        """Everybody shows the same messages in the same order, which are the server's; nothing was told twice."""
        await self.nio.sync()
        shown_by_nio = await self.nio.texts(self.room)
        for session in self.ours:
            assert texts(session, self.room) == shown_by_nio
        for heard in self.heard.values():
            ids = [event.event_id for event in heard.events]
            assert len(set(ids)) == len(ids)


@pytest.fixture
async def four(people: People, nio_peer: PeerOf, tmp_path: Path) -> AsyncIterator[Four]:
    ann, bob, cleo = await people("ann"), await people("bob"), await people("cleo")
    room = await ann.create_room("Hall", invite=[bob, cleo])
    for guest in (bob, cleo):
        await guest.join(room)
    nio = await nio_peer(cleo)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        home = await enter(session_of(ann, tmp_path, "sync"))
        second = await enter(session_of(ann, tmp_path, "sliding", device="SECOND"))
        other = await enter(session_of(bob, tmp_path, "legacy"))
        await nio.sync()
        yield Four(room, ann, bob, cleo, home, second, other, nio)


async def test_everyone_reads_what_anyone_says_edits_answers_and_deletes(four: Four) -> None:  # B12, B17, C3, C7
    room, home, other, nio = four.room, four.home, four.other, four.nio
    mine = await confirmed(home, await home.send(room, "from home"))
    await confirmed(four.second, await four.second.send(room, "from the second device"))
    await confirmed(other, await other.send(room, "from bob"))
    await nio.send(room, "from nio")
    for text in ("from home", "from the second device", "from bob", "from nio"):
        await four.see(text)
    # Who did it is told our own id, and nobody else is: not even the same person's other device (A15).
    assert (await saying(home, room, "from home")).action_id == mine.id
    for session in (four.second, other):
        assert (await saying(session, room, "from home")).action_id == 0
    assert [action.text for action in four.actions["second"] if action.text != "from the second device"] == []
    assert [action.text for action in four.actions["other"] if action.text != "from bob"] == []

    # Each edits what it said; the second device may edit what the first one said.
    by_nio = await four.see("from nio")
    await confirmed(
        other, await other.perform(Kind.EDIT, room, target=(await four.see("from bob")).event_id, text="Bob!")
    )
    await nio.edit(room, by_nio.event_id, "nio!")
    await confirmed(four.second, await four.second.perform(Kind.EDIT, room, target=mine.event_id, text="home!"))
    for text in ("Bob!", "nio!", "home!"):
        assert (await four.see(text)).edited_ts
    # An edit of what somebody else said changes nothing, for anyone.
    await nio.edit(room, mine.event_id, "forged")

    # Answers.
    reply = await confirmed(home, await home.send(room, "home answers nio", by_nio.event_id))
    await nio.send(room, "nio answers home", reply_to=mine.event_id)
    assert (await four.see("home answers nio")).reply_to == by_nio.event_id
    assert (await four.see("nio answers home")).reply_to == mine.event_id
    assert (await nio.wait_for_text(room, "home answers nio")).reply_to == by_nio.event_id

    # Deletions: one's own, and by the room's maker of somebody else's.
    await confirmed(four.second, await four.second.perform(Kind.REDACT, room, target=reply.event_id, reason="oops"))
    await confirmed(home, await home.perform(Kind.REDACT, room, target=by_nio.event_id))
    for session in four.ours:
        await until(lambda: "nio!" not in texts(session, room) and "home answers nio" not in texts(session, room))  # noqa: B023
        gone = [event for event in shown(session, room) if event.kind is EventKind.REDACTED]
        assert {event.event_id for event in gone} == {reply.event_id, by_nio.event_id}
    await nio.wait_for(room, lambda lines: sum(line.redacted for line in lines) == 2)
    await four.agree()
    assert not home.open_actions
    assert not four.second.open_actions


async def test_reactions_come_and_go_for_everyone(four: Four) -> None:  # B12, B17
    room, home, second, other, nio = four.room, four.home, four.second, four.other, four.nio
    said = await confirmed(home, await home.send(room, "what do you think?"))
    target = said.event_id
    await nio.wait_for_text(room, "what do you think?")
    await confirmed(home, await home.perform(Kind.REACT, room, target=target, key="👍"))
    await confirmed(other, await other.perform(Kind.REACT, room, target=target, key="👍"))
    by_nio = await nio.react(room, target, "🎉")

    def reactions(session: Session) -> dict[str, set[str]]:
        (line,) = [event for event in spoken(session, room) if event.event_id == target]
        return {one.key: set(one.users) for one in line.reactions if one.users}

    everyone = {"👍": {four.ann.user_id, four.bob.user_id}, "🎉": {four.cleo.user_id}}
    for session in four.ours:
        await until(lambda: reactions(session) == everyone)  # noqa: B023
    lines = await nio.wait_for(room, lambda lines: any(len(line.reactions) == 2 for line in lines))
    assert sorted(next(line for line in lines if line.event_id == target).reactions["👍"]) == sorted(everyone["👍"])

    # Reacting twice with the same is once.
    await confirmed(second, await second.perform(Kind.REACT, room, target=target, key="👍"))
    # The second device takes back what the first one set; nio its own.
    await confirmed(second, await second.perform(Kind.REACT, room, target=target, key="👍", remove=True))
    await nio.redact(room, by_nio)
    for session in four.ours:
        await until(lambda: reactions(session) == {"👍": {four.bob.user_id}})  # noqa: B023
    assert [event["type"] for event in await four.ann.events(room, 9)].count("m.reaction") == 3
    # Taking back what is not there is done at once.
    await confirmed(second, await second.perform(Kind.REACT, room, target=target, key="👍", remove=True))
    await four.agree()


async def test_everyone_sees_who_reads_and_types(four: Four) -> None:  # B17, B20
    room, home, second, other, nio = four.room, four.home, four.second, four.other, four.nio
    await nio.send(room, "read this")
    line = await four.see("read this")
    # Typing, ours to others and theirs to us; a person's own other device is not told.
    other.set_typing(room, typing=True)
    await until(lambda: home.typing(room) == (four.bob.user_id,) == second.typing(room))
    await nio.typing(room)
    await until(lambda: set(home.typing(room)) == {four.bob.user_id, four.cleo.user_id})
    await nio.sync()
    assert four.bob.user_id in (await nio.room(room))["typing"]
    other.set_typing(room, typing=False)
    await nio.typing(room, on=False)
    await until(lambda: home.typing(room) == () == second.typing(room))

    # Reading on one device counts for the other, and the others see it.
    assert [session.rooms[room].unread for session in four.ours] == [1, 1, 1]
    home.mark_read(room, line.order)
    await until(lambda: second.rooms[room].unread == 0)
    assert home.rooms[room].unread == 0
    assert other.rooms[room].unread == 1

    def read_by(session: Session) -> set[str]:
        (place,) = [event.order for event in spoken(session, room) if event.event_id == line.event_id]
        return {user for user, order in session.store.read(load_reads, room).items() if order >= place}

    async with asyncio.timeout(10):
        while (await nio.room(room))["read"].get(four.ann.user_id) != line.event_id:
            await nio.sync(1000)
    await until(lambda: four.ann.user_id in read_by(other))
    await nio.read(room, line.event_id)
    for session in four.ours:
        await until(lambda: four.cleo.user_id in read_by(session))  # noqa: B023


async def test_everyone_sees_who_comes_and_goes(four: Four, people: People) -> None:  # B6, B17, C1, C4, C5, C6
    room, home, second, other, nio = four.room, four.home, four.second, four.other, four.nio
    dora = await people("dora")
    await confirmed(home, await home.perform(Kind.INVITE, room, user=dora.user_id))
    for session in four.ours:
        await of_kind(session, room, EventKind.INVITE, dora.user_id)
    await dora.join(room)
    for session in four.ours:
        await until(lambda: names(session, room).get(dora.user_id) == "dora")  # noqa: B023
    await rename(dora, "Theodora", room)
    for session in four.ours:
        await until(lambda: names(session, room).get(dora.user_id) == "Theodora")  # noqa: B023
        assert (await of_kind(session, room, EventKind.RENAME)).sender_name == "dora"
    await confirmed(second, await second.perform(Kind.KICK, room, user=dora.user_id, reason="no"))
    for session in four.ours:
        assert (await of_kind(session, room, EventKind.KICK, dora.user_id)).text == "no"
        await until(lambda: dora.user_id not in names(session, room))  # noqa: B023
    await nio.leave(room)
    for session in four.ours:
        line = await of_kind(session, room, EventKind.LEAVE)
        assert line.sender == four.cleo.user_id
        await room_with(session, room, lambda found: found.members == 2)
    # One device leaves for the person, and the other one knows it.
    await confirmed(second, await second.perform(Kind.LEAVE, room))
    for session in (home, second):
        await room_with(session, room, lambda found: found.membership is Membership.LEFT)
    await room_with(other, room, lambda found: found.members == 1)
    assert set(names(other, room)) == {four.bob.user_id}


async def test_nio_and_ours_ask_each_other_in(four: Four, people: People) -> None:  # B6, B14, B16, H3, H5, H8
    home, second, nio = four.home, four.second, four.nio
    theirs = await nio.create("By nio", four.ann.user_id)
    for session in (home, second):
        found = await room_with(session, theirs, lambda found: found.membership is Membership.INVITED)
        assert (found.name, found.inviter) == ("By nio", four.cleo.user_id)
    await confirmed(second, await second.perform(Kind.JOIN, theirs))
    for session in (home, second):
        await room_with(session, theirs, lambda found: found.membership is Membership.JOINED and found.members == 2)
    declined = await nio.create("Declined", four.ann.user_id)
    await room_with(home, declined, lambda found: found.membership is Membership.INVITED)
    await confirmed(home, await home.perform(Kind.LEAVE, declined))
    for session in (home, second):
        await room_with(session, declined, lambda found: found.membership is Membership.LEFT)

    done = await confirmed(
        home, await home.perform(Kind.CREATE_ROOM, "", name="By ours", private=True, invite=[four.cleo.user_id])
    )
    async with asyncio.timeout(10):
        while done.room not in (await nio.rooms())["invited"]:
            await nio.sync(1000)
    await nio.join(done.room)
    for session in (home, second):
        await room_with(session, done.room, lambda found: found.name == "By ours" and found.members == 2)
    await nio.send(done.room, "here I am")
    for session in (home, second):
        await saying(session, done.room, "here I am")


async def test_what_is_shaped_is_shaped_for_everyone(four: Four) -> None:  # B12, C3, C7
    room, home, other, nio = four.room, four.home, four.other, four.nio
    await confirmed(home, await home.send(room, "a **bold** word, `code` and <b>no tag</b>"))
    event = await four.bob.wait_for_text(room, "a **bold** word, `code` and <b>no tag</b>")
    assert event["content"]["formatted_body"] == (
        "a <strong>bold</strong> word, <code>code</code> and &lt;b&gt;no tag&lt;/b&gt;"
    )
    await four.see("a **bold** word, `code` and <b>no tag</b>")
    plain = await confirmed(home, await home.send(room, "nothing special"))
    content = (await four.bob.raw.get(f"rooms/{part(room)}/event/{part(plain.event_id)}"))["content"]
    assert set(content) <= {"msgtype", "body", "m.mentions"}
    # What nio would show by tags, ours shows by its own marks; what is not harmless is dropped.
    html = "an <em>odd</em> <script>alert(1)</script><a href='https://example.org/x'>link</a>"
    await four.cleo.send_text(room, "an odd link", format="org.matrix.custom.html", formatted_body=html)
    for session in four.ours:
        await saying(session, room, "an _odd_ link (https://example.org/x)")
    for kind, wanted in (("emote", EventKind.EMOTE), ("notice", EventKind.NOTICE)):
        await confirmed(other, await other.send(room, f"as {kind}", kind=kind))
        for session in four.ours:
            assert (await saying(session, room, f"as {kind}")).kind is wanted
    await nio.send(room, "waves", msgtype="m.emote")
    for session in four.ours:
        assert (await saying(session, room, "waves")).kind is EventKind.EMOTE
    # A thread begun by ours goes on by another client, and stays one line of talk.
    root = await confirmed(home, await home.send(room, "a thread begins"))
    await confirmed(home, await home.send(room, "in the thread", thread=root.event_id))
    relation = {"rel_type": "m.thread", "event_id": root.event_id, "m.in_reply_to": {"event_id": root.event_id}}
    threaded = {"msgtype": "m.text", "body": "nio in the thread", "m.relates_to": relation}
    await four.cleo.send(room, "m.room.message", threaded)
    for session in four.ours:
        for text in ("in the thread", "nio in the thread"):
            assert (await saying(session, room, text)).thread == root.event_id

"""Threads and forwarding against a real homeserver: what others see of ours, live answers, counts, what lies in a hole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chat_tui.forwarding import forward
from chat_tui_core.link import Capability
from chat_tui_core.model import EventKind, RoomEvent
from chat_tui_core.session import Session
from chat_tui_core.threads import place_of
from chat_tui_core.transfers import State
from tests.matrix_live.ours import confirmed, session_of, shown, until
from tests.matrix_live.people import People, Person
from tests.matrix_live.watching import each_mode, saying


def thread(session: Session, room_id: str, root: str) -> list[str]:
    """The texts of an open thread."""
    return [event.text for event in shown(session, place_of(room_id, root))]


async def answer(who: Person, room: str, body: str, root: str) -> str:
    """Somebody answers in a thread, as other clients do; the event's id."""
    fallback = {"is_falling_back": True, "m.in_reply_to": {"event_id": root}}
    relates = {"rel_type": "m.thread", "event_id": root, **fallback}
    return await who.send(room, "m.room.message", {"msgtype": "m.text", "body": body, "m.relates_to": relates})


async def relation_of(who: Person, room: str, event_id: str) -> dict[str, Any]:
    """How others see what an event hangs on."""
    (found,) = [event for event in await who.events(room) if event["event_id"] == event_id]
    related: dict[str, Any] = found["content"]["m.relates_to"]
    return related


async def hall(ann: Person, bob: Person) -> str:
    """A room that both are in."""
    room = await ann.create_room("Hall", invite=[bob])
    await bob.join(room)
    return room


@each_mode
async def test_both_sides_talk_in_a_thread(mode: str, people: People, tmp_path: Path) -> None:  # C3, C7
    ann, bob = await people("ann"), await people("bob")
    room = await hall(ann, bob)
    root = await bob.send_text(room, "who brings bread?")
    async with session_of(ann, tmp_path, mode) as chat:
        assert Capability.THREADS in chat.capabilities
        await saying(chat, room, "who brings bread?")
        chat.threads.open(room, root)
        first = await confirmed(chat, await chat.send(room, "I do", thread=root))
        assert await relation_of(bob, room, first.event_id) == {
            "rel_type": "m.thread",
            "event_id": root,
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": root},
        }
        good = await answer(bob, room, "good", root)
        await until(lambda: thread(chat, room, root) == ["who brings bread?", "I do", "good"])
        second = await confirmed(chat, await chat.send(room, "and butter", thread=root))
        assert (await relation_of(bob, room, second.event_id))["m.in_reply_to"] == {"event_id": good}
        await until(lambda: chat.threads.answers(room)[root].count == 3)
        await bob.redact(room, good)
        await until(lambda: chat.threads.answers(room)[root].count == 2)


@pytest.mark.parametrize("mode", ["sync", "sliding"])
async def test_answers_that_lie_in_a_hole_are_fetched(mode: str, people: People, tmp_path: Path) -> None:  # B9, C8
    ann, bob = await people("ann"), await people("bob")
    room = await hall(ann, bob)
    root = await bob.send_text(room, "who brings bread?")
    async with session_of(ann, tmp_path, mode) as chat:
        await saying(chat, room, "who brings bread?")
    hidden = [await answer(bob, room, f"I bring {count}", root) for count in (1, 2, 3)]
    await bob.edit(room, hidden[1], "I bring two")
    await bob.send_many(room, [f"something else {count}" for count in range(120)])
    await answer(bob, room, "enough", root)
    async with session_of(ann, tmp_path, mode) as chat:
        await until(lambda: thread_whole(chat, room, root))
        assert chat.threads.answers(room)[root].count == 4


def thread_whole(chat: Session, room: str, root: str) -> bool:
    """Open the thread; whether all of it is there."""
    chat.threads.open(room, root)
    whole = ["who brings bread?", "I bring 1", "I bring two", "I bring 3", "enough"]
    return thread(chat, room, root) == whole


async def test_a_file_goes_into_a_thread(people: People, tmp_path: Path) -> None:  # C3, D1
    ann, bob = await people("ann"), await people("bob")
    room = await hall(ann, bob)
    root = await bob.send_text(room, "who brings bread?")
    file = tmp_path / "bread.txt"
    file.write_text("rye, wheat")
    async with session_of(ann, tmp_path / "ann") as chat:
        await saying(chat, room, "who brings bread?")
        chat.threads.open(room, root)
        sent = await chat.files.offer(room, file, thread=root)
        await until(lambda: chat.files.get(sent.id).state is State.COMPLETE)
        await until(lambda: len(thread(chat, room, root)) == 2)
        event = shown(chat, place_of(room, root))[-1]
        assert (event.kind, event.file and event.file.name) == (EventKind.FILE, "bread.txt")
        assert (await relation_of(bob, room, event.event_id))["event_id"] == root


async def test_a_file_is_forwarded_by_its_address_and_a_text_with_its_sender(
    people: People, tmp_path: Path
) -> None:  # C7
    ann, bob = await people("ann"), await people("bob")
    room, other = await hall(ann, bob), await hall(ann, bob)
    uploaded = await bob.raw.post("/_matrix/media/v3/upload", {"cat": "meow"}, filename="cat.json")
    info = {"size": 15, "mimetype": "application/json"}
    await bob.send(
        room,
        "m.room.message",
        {"msgtype": "m.file", "body": "look", "filename": "cat.json", "url": uploaded["content_uri"], "info": info},
    )
    await bob.send_text(room, "bread\nand jam")
    async with session_of(ann, tmp_path) as chat:
        text = await saying(chat, room, "bread\nand jam")
        file = await bringing(chat, room)
        await forward(chat, file, chat, other)
        await forward(chat, text, chat, other)
        await until(lambda: not [one for one in chat.open_actions.values() if one.room_id == other])
        got = await bob.messages(other)
    assert (got[0]["content"]["url"], got[0]["content"]["body"]) == (uploaded["content_uri"], "look")
    assert (got[0]["content"]["filename"], got[0]["content"]["info"]) == ("cat.json", info)
    assert got[1]["content"]["body"] == "Forwarded from bob:\n> bread\n> and jam"


async def bringing(chat: Session, room: str) -> RoomEvent:
    """The message of a room that brings a file."""
    await until(lambda: any(event.kind is EventKind.FILE for event in shown(chat, room)))
    return next(event for event in shown(chat, room) if event.kind is EventKind.FILE)

"""A whole client of wschat-ie/1, written from docs/wschat.md alone: nothing of this project is imported here."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

Items = dict[int, dict[str, Any]]


@dataclass
class Frame:
    """One frame of the server: tags, verb, words, JSON, and the text of an ERROR."""

    tags: dict[str, str]
    verb: str
    words: list[str]
    data: dict[str, Any]
    text: str = ""


def read_frame(raw: str) -> Frame:
    """Take the tags off, then the verb, then the words; the rest is the text or the JSON ("Transport and framing")."""
    tags: dict[str, str] = {}
    if raw.startswith("@"):
        section, _, raw = raw[1:].partition(" ")
        tags = dict(pair.split("=", 1) for pair in section.split(";"))
    verb, _, rest = raw.partition(" ")
    if verb == "ERROR":
        code, name, text = [*rest.split(" ", 2), "", ""][:3]
        return Frame(tags, verb, [code, name], {}, text)
    head, brace, tail = rest.partition(" {")
    return Frame(tags, verb, head.removesuffix(" ").split(" "), json.loads("{" + tail) if brace else {})


@dataclass
class Disk:
    """What a client keeps when it is not running."""

    user: str
    device: str = "phone"
    token: str = ""
    session: str = ""
    seq: int = 0
    last_id: int = 0
    unsettled: dict[int, bytes] = field(default_factory=dict)


class DocsClient:
    """The ten steps of "Write a client in ten steps"."""

    def __init__(self, url: str, disk: Disk) -> None:
        self.url, self.disk = url, disk
        self.limits: dict[str, Any] = {}
        self.channels: dict[str, dict[str, Any]] = {}
        self.timelines: dict[str, Items] = {}
        self.typing: dict[str, list[str]] = {}
        self.presence: dict[str, str] = {}
        self.read: dict[tuple[str, str], int] = {}
        self.gaps: dict[str, int] = {}
        self.refused: dict[int, str] = {}
        self.doubled: list[int] = []
        self.close_code = 0
        self.deaf = False
        self._labels = itertools.count(2**52)
        self._waiting: dict[int, asyncio.Future[Frame]] = {}
        self._resumed = asyncio.Event()
        self._ws: ClientConnection
        self._reader: asyncio.Task[None]

    async def open(self, password: str = "") -> None:  # steps 1 to 4, 9 and 10
        self._ws = await connect(self.url, subprotocols=[Subprotocol("wschat-ie.1")], ping_interval=None)
        hello = read_frame(str(await asyncio.wait_for(self._ws.recv(), 2)))
        assert (hello.verb, hello.words) == ("HELLO", ["wschat-ie/1"])
        self.limits, self.deaf = hello.data, False
        self._reader = asyncio.create_task(self._listen())
        disk = self.disk
        if disk.session:
            answer = await self.ask(f"RESUME {disk.session} {disk.seq}")
            if answer.verb == "CONFIRM":
                disk.seq = answer.data.get("seq", disk.seq) if answer.data.get("gap") else disk.seq
                await self._resumed.wait()
                for channel, pos in self.gaps.items():
                    await self._page(channel, "AFTER", pos)
            else:
                disk.session = ""
        if not disk.session:
            how = f"PASS {disk.device} {disk.user} {password}" if password else f"TOKEN {disk.device} {disk.token}"
            answer = await self.ask(f"AUTH {how}")
            assert answer.verb == "CONFIRM", answer
            disk.session, disk.seq = answer.data["session"], answer.data["seq"]
            disk.token = answer.data.get("token", disk.token)
            disk.last_id = max(disk.last_id, answer.data["last_id"])
            for kind in self.limits["events"]:
                assert (await self.ask(f"SUBEVENT {kind}")).verb == "CONFIRM"
            await self.list_channels()
        for number, frame in sorted(disk.unsettled.items()):
            await self._settled(number, frame)

    async def list_channels(self) -> None:
        joined = (await self.ask("LSSUBS")).data["channels"]
        page = (await self.ask("LSCHANS")).data
        entries = page["channels"]
        while page.get("more"):
            page = (await self.ask(f"LSCHANS {entries[-1]['name']}")).data
            entries += page["channels"]
        self.channels = {entry["name"]: entry for entry in entries}
        assert sorted(name for name, entry in self.channels.items() if entry["joined"]) == joined

    async def users(self, channel: str) -> dict[str, str]:
        return {entry["name"]: entry["state"] for entry in (await self.ask(f"LSUSERS {channel}")).data["users"]}

    async def _page(self, channel: str, side: str, bound: object) -> bool:  # step 6
        while True:
            page = (await self.ask(f"HISTORY {channel} {side} {bound} {self.limits['max_history']}")).data
            self.timelines.setdefault(channel, {}).update((item["pos"], item) for item in page["events"])
            if side != "AFTER" or not page["more"]:
                return bool(page["more"])
            bound = page["events"][-1]["pos"]

    async def newest(self, channel: str) -> bool:
        return await self._page(channel, "LATEST", "*")

    async def older(self, channel: str) -> bool:
        return await self._page(channel, "BEFORE", min(self.timelines[channel]))

    async def ask(self, frame: str) -> Frame:
        """Send a question under a label that no action has, and give its answer."""
        label = next(self._labels)
        return await self._send(label, f"@id={label} {frame}".encode())

    async def act(self, frame: str) -> Frame:  # step 7
        self.disk.last_id += 1
        number, message = self.disk.last_id, f"@id={self.disk.last_id} {frame}".encode()
        self.disk.unsettled[number] = message
        return await self._settled(number, message)

    async def _settled(self, number: int, message: bytes) -> Frame:
        answer = await self._send(number, message)
        self.doubled += [number] if answer.tags.get("dup") == "1" else []
        if answer.verb == "ERROR":
            self.refused[number] = answer.words[0]
        self.disk.unsettled.pop(number, None)
        return answer

    async def _send(self, number: int, message: bytes) -> Frame:
        self._waiting[number] = asyncio.get_running_loop().create_future()
        chat = message.partition(b" ")[2].startswith(b"CHAT ")
        await self._ws.send(message, text=not (chat and b"\n" in message))
        return await asyncio.wait_for(self._waiting[number], 5)

    async def chat(self, channel: str, event: str, params: str, text: str = "") -> Frame:
        part = f"x.text:{len(text.encode())} {text} " if text else " "
        return await self.act(f"CHAT {channel}  {event} {params} {part}")

    async def heartbeat(self) -> None:  # step 8
        await self._ws.send(f"PING {self.disk.seq}")

    async def cut(self) -> None:
        self._ws.transport.abort()
        with contextlib.suppress(ConnectionClosed):
            await self._reader
        self._resumed.clear()

    async def close(self) -> None:
        await self.ask("QUIT")
        await self._reader

    async def _listen(self) -> None:  # step 5
        with contextlib.suppress(ConnectionClosed):
            while True:
                frame = read_frame(str(await self._ws.recv()))
                if self.deaf:
                    continue
                if frame.verb == "PING":
                    await self._ws.send(f"PONG {frame.words[0]}")
                elif frame.verb == "EVENT":
                    self._event(frame)
                elif frame.verb in {"CONFIRM", "ERROR"}:
                    self._waiting.pop(int(frame.tags["id"])).set_result(frame)
        self.close_code = self._ws.close_code or 1006

    def _event(self, frame: Frame) -> None:
        if "seq" in frame.tags:
            seq = int(frame.tags["seq"])
            if seq <= self.disk.seq:
                return
            assert seq == self.disk.seq + 1, "an event is missing"
            self.disk.seq = seq
        if int(frame.tags.get("id", 2**52)) < 2**52:
            self.disk.unsettled.pop(int(frame.tags["id"]), None)
        kind, action, name = frame.words
        apply = getattr(self, f"_{kind}_{action.lower()}", None)
        if apply is not None:
            apply(name, frame.data)
        elif "pos" in frame.data:  # a new item: message CREATE, channel TOPIC, user JOIN, PART, KICK
            item = {"type": kind, "action": action, **frame.data}
            self.timelines.setdefault(name, {})[frame.data["pos"]] = item

    def _item(self, name: str, data: dict[str, Any]) -> dict[str, Any]:
        return self.timelines.setdefault(name, {}).setdefault(data["pos"], {"pos": data["pos"], "id": data["id"]})

    def _message_update(self, name: str, data: dict[str, Any]) -> None:
        self._item(name, data).update(text=data["text"], edited=data["ts"])

    def _message_delete(self, name: str, data: dict[str, Any]) -> None:
        self.timelines.setdefault(name, {})[data["pos"]] = {"type": "message", "action": "DELETE", **data}

    def _message_react(self, name: str, data: dict[str, Any]) -> None:
        reactions = self._item(name, data).setdefault("reactions", {})
        people = [user for user in reactions.pop(data["key"], []) if user != data["by"]]
        people += [data["by"]] if data["op"] == "add" else []
        reactions.update({data["key"]: people} if people else {})

    def _message_read(self, name: str, data: dict[str, Any]) -> None:
        self.read[name, data["by"]] = data["pos"]

    def _channel_create(self, name: str, data: dict[str, Any]) -> None:
        self.channels[name] = {"name": name, "topic": data.get("topic", ""), "joined": False}

    def _channel_delete(self, name: str, data: dict[str, Any]) -> None:
        self.channels.pop(name, None)

    def _user_invite(self, name: str, data: dict[str, Any]) -> None:
        self.channels.setdefault(name, {"name": name, "joined": False})["invited"] = data["username"]

    def _typing_set(self, name: str, data: dict[str, Any]) -> None:
        self.typing[name] = data["users"]

    def _presence_set(self, name: str, data: dict[str, Any]) -> None:
        self.presence[name] = data["state"]

    def _session_snapshot(self, name: str, data: dict[str, Any]) -> None:
        own = max(self.timelines.get(name, {}), default=0)
        self.gaps.update({name: own} if own < data["pos"] else {})

    def _session_resumed(self, _name: str, data: dict[str, Any]) -> None:
        assert self.disk.seq <= data["seq"]
        self.typing.clear()
        self._resumed.set()

"""What a session lets the person do: every deed is stored first, leaves in its turn, and can be decided over until then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chat_tui_core.actions import Action, Kind
from chat_tui_core.errors import LocalError
from chat_tui_core.link import Capability
from chat_tui_core.model import FileInfo, Room
from chat_tui_core.outbox import Wait
from chat_tui_core.session.commands import Cancel, Command, LetPass, Make, MarkRead, Resend, Retry
from chat_tui_core.session.intake import Intake
from chat_tui_core.session.line import Line
from chat_tui_core.session.open_rooms import OpenRooms
from chat_tui_core.session.open_threads import OpenThreads
from chat_tui_core.session.publishing import Publisher
from chat_tui_core.session.sender import Sender
from chat_tui_core.store import Store
from chat_tui_core.store.threads import newest_answer

if TYPE_CHECKING:
    from chat_tui_core.session.files import Files
    from chat_tui_core.session.ingest_state import Known
    from chat_tui_core.spaces import SpaceGiven


class Acting:
    """The deeds of a Session, which sets everything that is named here."""

    me: str
    capabilities: frozenset[Capability]
    store: Store
    undo_seconds: float
    """How long a message can still be taken back after it was said; 0 = it leaves at once."""

    _actions: dict[int, Action]
    _rooms: dict[str, Room]
    _renamed: dict[int, int]
    _open: OpenRooms
    _intake: Intake
    _sender: Sender
    _line: Line
    _publisher: Publisher
    _wall_ms: Callable[[], int]

    @property
    def blocked(self) -> Mapping[str, Action]:
        """By room: the refused action that holds the room's later ones back."""
        return self._sender.blocked

    @property
    def waits(self) -> Mapping[int, Wait]:
        """By open action: what it waits for, until when (a countdown), and for which other action."""
        return self._sender.waits

    @property
    def threads(self) -> OpenThreads:
        """The threads of rooms: opening one, and how much was said in each."""
        return self._open.threads

    async def picture(self, file: FileInfo, width: int, height: int, most: int) -> bytes:
        """A small picture of a file, as the server gives it. Raises TransportError, Refused."""
        from chat_tui_core.small_pictures import AskPicture, PictureGiven

        given = await self._open.answer(lambda request: AskPicture(request, file, width, height, most))
        return given.data if isinstance(given, PictureGiven) else b""

    async def space(self, room_id: str, token: str = "") -> SpaceGiven:
        """A page of what is in a space, also rooms that we are not in. Raises TransportError, Refused."""
        from chat_tui_core.spaces import AskSpace, SpaceGiven

        given = await self._open.answer(lambda request: AskSpace(request, room_id, token))
        return given if isinstance(given, SpaceGiven) else SpaceGiven(0, room_id, ())

    @cached_property
    def files(self) -> Files:
        """The account's files; taken up when they are first asked for, and before anything comes from the network."""
        from chat_tui_core.session.files import Files

        return Files(
            self.store,
            lambda: self._line.connection,
            lambda: self.capabilities,
            self._publisher,
            self._wall_ms,
            open_actions=self._actions.values,
        )

    def now_ms(self) -> int:
        """The time by the clock that dates this session's actions, in milliseconds since 1970."""
        return self._wall_ms()

    async def send(
        self,
        room_id: str,
        text: str,
        reply_to: str = "",
        *,
        thread: str = "",
        kind: str = "",
        at_ms: int = 0,
        target_action: int = 0,
        file: FileInfo | None = None,
    ) -> Action:
        """Say something. Returns when it is durable, before it has left. Raises StoreError, LocalError: keep the text.

        `reply_to` and `thread` are event ids; a reply to a message of ours that has none yet names its action as
        `target_action`. `kind` is "notice", "emote" or nothing. `at_ms`: it leaves at that time, milliseconds since 1970,
        and holds nothing back until then. Within `undo_seconds` it can be taken back with `cancel`. `file` is one that
        the server has already; the text is its caption, and may be empty.
        """
        content: dict[str, Any] = {"text": text}
        if file is not None:
            if Capability.REFER not in self.capabilities:
                raise LocalError("This server cannot send a file again by its address.")
            content = {"text": text or file.name, "file": asdict(file)}
        if reply_to:
            timeline = self._open.timelines.get(room_id)
            event = timeline.event(reply_to) if timeline else None
            content |= {"reply_to": reply_to, "target_order": event.order if event else 0}
        if thread and Capability.THREADS not in self.capabilities:
            raise LocalError("This server knows no threads.")
        latest = self.store.read(newest_answer, room_id, thread) if thread and not reply_to else ""
        content |= {key: value for key, value in (("thread", thread), ("latest", latest), ("kind", kind)) if value}
        if at_ms > self._wall_ms():
            content["at"] = at_ms
        return await self._make(Kind.SEND, room_id, content, target_action)

    async def perform(self, kind: Kind, room_id: str, /, *, target_action: int = 0, **content: object) -> Action:
        """Store an action and let it leave in its turn. Raises LocalError when it cannot be right, StoreError.

        `target_action`: what it is about is an action of ours that may have no event yet; it then waits for that. An
        edit of a message that has not left changes that message: the action given back is then the message itself.
        """
        return await self._make(kind, room_id, content, target_action)

    async def resend(self, action_id: int, text: str) -> Action:
        """Say something else in the place of what was refused (under a new id), or has not left yet.

        Raises IllegalTransition when it is already on its way.
        """
        return await self._decide(Resend(self._current(action_id), _spoken(text), self._sender.earlier))

    async def retry(self, action_id: int) -> Action:
        """Try a refused action again (new id, same place), or a waiting one now. Raises LocalError."""
        return await self._decide(Retry(self._current(action_id)))

    async def cancel(self, action_id: int) -> Action:
        """Take back what has not left, or discard what was refused; its text is in what is given back.

        Notes that depend on it are cancelled, replies to it are held for the person to decide. Raises
        IllegalTransition when it is too late: then it can only be deleted (REDACT with `target_action`).
        """
        return await self._decide(Cancel(self._current(action_id)))

    async def let_pass(self, action_id: int) -> Action:
        """What was refused, or has to wait, no longer holds its room's later actions back. Raises LocalError."""
        return await self._decide(LetPass(self._current(action_id)))

    def mark_read(self, room_id: str, order: int) -> None:
        """We have read up to and including `order`; many calls become one message to the server."""
        room = self._rooms.get(room_id)
        if room is not None and order > room.read:
            stored = self._intake.command(MarkRead(room_id, order, Capability.READ in self.capabilities))
            stored.add_done_callback(lambda done: done.cancelled() or done.exception())  # it is marked again

    def _known(self) -> Known:
        from chat_tui_core.session.ingest_state import Known

        contiguous = Capability.CONTIGUOUS in self.capabilities
        return Known(self.me, self._rooms, self._open.asked, contiguous, self._wall_ms())

    async def _make(self, kind: Kind, room_id: str, content: dict[str, Any], target_action: int) -> Action:
        if kind in {Kind.SEND, Kind.EDIT}:
            _spoken(str(content.get("text", "")))
        now = self._wall_ms()
        delay = round(self.undo_seconds * 1000) if kind is Kind.SEND else 0
        not_before = content.get("at", 0) or (now + delay if delay else 0)
        draft = Action(0, kind, room_id, content, not_before=not_before, created_at=now)
        about = self._current(target_action) if target_action else 0
        return await self._decide(Make(draft, about, self._sender.is_online, self._sender.earlier))

    async def _decide(self, command: Command) -> Action:
        outcome = await self._intake.command(command)
        return next(iter(outcome.actions.values()))

    def _current(self, action_id: int) -> int:
        """The id that an action bears now: a retry gives it a new one."""
        while action_id in self._renamed:
            action_id = self._renamed[action_id]
        return action_id


def _spoken(text: str) -> str:
    if not text.strip():
        raise LocalError("An empty message is not sent.")
    return text

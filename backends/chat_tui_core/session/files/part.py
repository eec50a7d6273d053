"""The files of one account, as the screen, the command line and a bot see them: offer, accept, cancel, and what moves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from chat_tui_core.actions import Action
from chat_tui_core.errors import LocalError, TransportError
from chat_tui_core.file_names import offered_name
from chat_tui_core.file_news import EndFile, Ending, FileCarrier, FileOrder, FileStopped
from chat_tui_core.link import Capability, Link
from chat_tui_core.news import News
from chat_tui_core.session.files import places, sources, units
from chat_tui_core.session.files.moving import Mover
from chat_tui_core.session.files.places import Place
from chat_tui_core.session.files.precedence import is_behind
from chat_tui_core.session.ingest_state import Outcome
from chat_tui_core.session.publishing import Publisher
from chat_tui_core.session_changes import ActionMoved, LinkMoved
from chat_tui_core.store import Store
from chat_tui_core.store import transfers as stored
from chat_tui_core.transfers import ENDED, Cause, Direction, Transfer, after

LISTED = 200
"""How many transfers a list has at most, beside those that are open."""


class Files:
    """`Session.files`. Changes are published as TransferMoved. Lives on the session's loop."""

    def __init__(
        self,
        store: Store,
        connection: Callable[[], object],
        capabilities: Callable[[], Collection[Capability]],
        publisher: Publisher,
        wall_ms: Callable[[], int],
        *,
        open_actions: Callable[[], Collection[Action]],
    ) -> None:
        self.folder: Path | None = None
        """Where received files go when nobody says otherwise; None = places.default_folder()."""
        self._store = store
        self._connection = connection
        self._capabilities = capabilities
        self._wall_ms = wall_ms
        self._online = False
        self.bytes = Mover(
            store, self._order, publisher.publish, wall_ms, lambda transfer: is_behind(transfer, open_actions())
        )
        """What the session lends to a backend's shell."""
        self._run = self.bytes.disk.run
        self.bytes.load()
        publisher.subscribe(LinkMoved, self._link_moved)
        publisher.subscribe(ActionMoved, self._action_moved)

    # ------------------------------------------------------------ what is there

    def all(self) -> list[Transfer]:
        """The newest transfers of both directions, by id, as they stand now. A few milliseconds."""
        found = {one.id: one for one in self._store.read(stored.recent_transfers, LISTED)}
        now = {key: one for key, one in self.bytes.open.items() if one.is_open}
        return [one for _, one in sorted((found | now).items())]

    def open_now(self) -> list[Transfer]:
        """Everything that has not ended, without a look at the store."""
        return [one for one in self.bytes.open.values() if one.is_open]

    def get(self, transfer_id: int) -> Transfer:
        """One transfer; raises LocalError when there is none."""
        found = self.bytes.open.get(transfer_id)
        return found if found is not None and found.is_open else self._store.read(units.needed, transfer_id)

    def of_event(self, room_id: str, event_id: str) -> Transfer | None:
        """The newest transfer that brings an event's file here, or sends it; None when there is none."""
        found = self._store.read(stored.transfer_of_event, room_id, event_id)
        return found if found is None else self.get(found.id)

    def why(self, transfer: Transfer) -> str:
        """One sentence on what a transfer waits for; empty while it moves."""
        return self.bytes.why(transfer)

    def again_in(self, transfer: Transfer) -> float:
        """In how many seconds a transfer that waits is tried again by itself; 0 when no time is set for that."""
        return self.bytes.waits.seconds(transfer.id)

    # ------------------------------------------------------------ what the person does

    async def offer(self, room_id: str, path: Path, name: str = "", thread: str = "") -> Transfer:
        """Offer a file to a room, or to a thread of it, and send it as soon as that works. Returns when it is durable.

        Raises FileTrouble for what is no readable file, LocalError for what the server cannot do, StoreError.
        """
        if self._online and Capability.FILES not in self._capabilities():
            raise LocalError("This server takes no files.")
        if self._online and thread and Capability.THREADS not in self._capabilities():
            raise LocalError("This server knows no threads.")
        where = await self._run(path, _absolute, path)
        size, _ = await self._run(where, sources.examine, where)
        mime = await self._run(where, _mime, where.name)
        draft = Transfer(0, Direction.OUT, room_id, offered_name(name or where.name), size, mime=mime, path=str(where))
        made = replace(draft, thread=thread)
        return self._put(await self._store.write(units.made, made, self._wall_ms(), durable=True))

    async def accept(self, transfer_id: int, to: Path | None = None) -> Transfer:
        """Have an offered file brought here: into a folder, or under the name `to`, which must be free.

        Its name is taken at once. One that was cancelled, or failed, is fetched anew, under a new id. Raises LocalError
        when it is on its way or here already, FileTrouble when the name cannot be taken, StoreError.
        """
        found = await self._store.write(units.again, transfer_id, self._wall_ms(), durable=True)
        units.check_wanted(found)
        place = await self._run(to or Path(found.name), _reserve, found.name, self.folder, to)
        try:
            taken = await self._store.write(units.accepted, found.id, str(place.path), place.stamp, durable=True)
        except BaseException:
            await self._run(place.path, places.give_up, place)
            raise
        return self._put(taken)

    async def accept_event(self, room_id: str, event_id: str, to: Path | None = None) -> Transfer:
        """The same for the file that a message brings, however old that is."""
        found = await self._store.write(units.of_event, room_id, event_id, self._wall_ms(), durable=True)
        return await self.accept(found.id, to)

    async def cancel(self, transfer_id: int, recipient: str = "") -> Transfer:
        """End a transfer; what came of it stays in its part. With a recipient's ticket: only for that one.

        Raises IllegalTransition when it has ended already, TransportError for a recipient while offline.
        """
        if recipient:
            return self._cancel_recipient(self.get(transfer_id), recipient)
        known = self.get(transfer_id)
        after(known.state, Cause.CANCELLED)
        now, tell = self._wall_ms(), Ending.CANCELLED.value
        ended = await self._store.write(
            units.ended, transfer_id, Cause.CANCELLED, tell, "", known.path, now, durable=True
        )
        self._put(ended)
        await self.bytes.freed(transfer_id)
        return self.get(transfer_id)

    def retry(self, transfer_id: int) -> None:
        """Try again now what waits for the disk or the server."""
        self.bytes.wake(transfer_id)

    # ------------------------------------------------------------ what happens

    def settle(self, outcome: Outcome, news: Sequence[News]) -> None:
        """Take from what was stored what concerns files."""
        for transfer in outcome.transfers.values():
            self.bytes.taken(transfer.id)
            self.bytes.put(transfer)
            self.bytes.check_whole(transfer.id)
        for item in news:
            if isinstance(item, FileStopped):
                self.bytes.stopped(item)
        if outcome.transfers:
            self.bytes.pump()

    async def close(self) -> None:
        """Store what has come and release all files; everything goes on with the next session."""
        await self.bytes.close()

    def _link_moved(self, change: LinkMoved) -> None:
        online = change.link.link is Link.ONLINE and Capability.FILES in self._capabilities()
        online = online and isinstance(self._connection(), FileCarrier)
        if online != self._online:
            self._online = online
            self.bytes.online(online=online)

    def _action_moved(self, _change: ActionMoved) -> None:
        """What a file waited for may have reached the server."""
        if any(one.direction is Direction.OUT and not one.asked for one in self.bytes.open.values()):
            self.bytes.pump()

    def _order(self, order: FileOrder) -> bool:
        connection = self._connection()
        if not self._online or not isinstance(connection, FileCarrier):
            return False
        connection.order(order)
        return True

    # ------------------------------------------------------------ parts

    def _cancel_recipient(self, transfer: Transfer, ticket: str) -> Transfer:
        found = next((one for one in transfer.recipients if one.ticket == ticket), None)
        if found is None:
            raise LocalError(f"Nobody gets file {transfer.id} under {ticket!r}.")
        after(found.state, Cause.CANCELLED)
        order = EndFile(transfer.id, transfer.ref, transfer.ticket, Ending.CANCELLED, recipient=ticket)
        if found.state in ENDED or not self._order(order):
            raise TransportError("Not connected: only the whole file can be cancelled now.")
        return transfer

    def _put(self, transfer: Transfer) -> Transfer:
        self.bytes.put(transfer)
        self.bytes.pump()
        return transfer


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _mime(name: str) -> str:
    import mimetypes

    return mimetypes.guess_type(name, strict=False)[0] or ""


def _reserve(name: str, folder: Path | None, to: Path | None) -> Place:
    return places.reserve(name, folder or places.default_folder(), to)

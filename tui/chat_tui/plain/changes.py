"""What becomes of messages that were read out: edits, deletions and reactions, in words, each told once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from chat_tui.plain.words import who_said
from chat_tui.strings import _
from chat_tui_core.actions import NOTES, Action, Kind
from chat_tui_core.model import EventKind, RoomEvent
from chat_tui_core.safe_text import harmless, harmless_name, one_line
from chat_tui_core.timeline import Change, Changed, Inserted, Item, Reset

__all__ = ["Changes"]

GIST: Final = 60
"""Characters of a message that is named by what it says."""
_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})


class Changes:
    """Knows the current room's messages as they were, and gives lines for what is new about them.

    What the person did here themselves is said by its confirmation, and gives no line.
    """

    def __init__(self, me: Callable[[], str]) -> None:
        self._me = me
        self._known: dict[str, RoomEvent] = {}
        self._done: set[tuple[Kind, str]] = set()

    def begin(self, items: Iterable[Item]) -> None:
        """Another room is the current one; these are its messages that are loaded."""
        self._known.clear()
        self._learn(items)

    def did(self, action: Action) -> None:
        """The person did this here."""
        if action.kind in NOTES and (target := str(action.content.get("target", ""))):
            self._done.add((action.kind, target))

    def lines(self, changes: Iterable[Change], names: Mapping[str, str] = _NOBODY, upto: int = 0) -> Iterator[str]:
        """The lines for steps of the room's timeline; messages after the place `upto` are not read out yet.

        `names` are what people are called, by their ids.
        """
        for change in changes:
            match change:
                case Changed(item=Item(event=RoomEvent() as event)):
                    old = self._known.get(event.event_id)
                    self._known[event.event_id] = event
                    if old is not None and event.order <= upto:
                        yield from self._told(old, event, names)
                case Inserted(items=items):
                    self._learn(items)
                case Reset(items=items):
                    self.begin(items)

    def _learn(self, items: Iterable[Item]) -> None:
        self._known.update((item.event.event_id, item.event) for item in items if item.event is not None)

    def _told(self, old: RoomEvent, new: RoomEvent, names: Mapping[str, str]) -> Iterator[str]:
        who, by_me = who_said(new, self._me()), new.sender == self._me()
        if new.kind is EventKind.REDACTED and old.kind is not EventKind.REDACTED:
            if not (by_me and (Kind.REDACT, new.event_id) in self._done):
                yield _("{who} deleted a message: {text}").format(who=who, text=_gist(old))
        elif new.text != old.text and not (by_me and (Kind.EDIT, new.event_id) in self._done):
            said = _("{who} changed: {text}").format(who=who, text=harmless(new.text))
            yield said.replace("\n", "\n    ")
        if new.kind is not EventKind.REDACTED:
            yield from self._reactions(old, new, names)

    def _reactions(self, old: RoomEvent, new: RoomEvent, names: Mapping[str, str]) -> Iterator[str]:
        before = {(one.key, user) for one in old.reactions for user in one.users}
        now = {(one.key, user) for one in new.reactions for user in one.users}
        for key, user in sorted(before ^ now):
            if user == self._me() and (Kind.REACT, new.event_id) in self._done:
                continue
            who = _("You") if user == self._me() else harmless_name(names.get(user, "") or user) or _("Somebody")
            said = (
                _("{who} reacted {key} to: {text}") if (key, user) in now else _("{who} took {key} back from: {text}")
            )
            yield said.format(who=who, key=one_line(key), text=_gist(new))


def _gist(event: RoomEvent) -> str:
    """What a message is named by."""
    return one_line(event.text, GIST) or (harmless_name(event.file.name) if event.file else "")

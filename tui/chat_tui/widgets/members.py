"""Who is in the room: those who are there first, owners and moderators marked in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chat_tui.messages import NameWanted
from chat_tui.strings import N_, _
from chat_tui.widgets.pick_list import Part, PickList, Row
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.model import Member, Presence, Role

__all__ = ["MembersPane"]

#: Presence -> mark and its style; told by shape, not by colour alone.
MARKS: Final = {
    Presence.ONLINE: ("● ", "good"),
    Presence.IDLE: ("◐ ", "warn"),
    Presence.OFFLINE: ("○ ", "dim"),
    Presence.UNKNOWN: ("· ", "dim"),
}
RANKS: Final = {Presence.ONLINE: 0, Presence.IDLE: 1, Presence.UNKNOWN: 2, Presence.OFFLINE: 2}
ROLES: Final = {Role.OWNER: N_("owner"), Role.MODERATOR: N_("mod"), Role.MEMBER: ""}


class MembersPane(PickList):
    """The members of the open room; choosing one writes their name."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._members: list[Member] = []
        self._count = 0
        self.me = ""

    def show_members(self, members: Iterable[Member], count: int) -> None:
        """Show these people; `count`: how many there are by the room's own word, where that is more."""
        ordered = sorted(members, key=lambda m: (RANKS[m.presence], (m.name or m.user_id).casefold(), m.user_id))
        if ordered == self._members and count == self._count:
            return
        under = self._member_at(self.cursor)
        grown = len(ordered) - len(self._members)
        self._members, self._count = ordered, count
        if grown or under is None:
            self.reset(0, len(ordered) + 1)
        else:
            for position in range(len(ordered) + 1):
                self.lay_out_again(position)
        at = next((i for i, member in enumerate(ordered, 1) if under and member.user_id == under.user_id), None)
        self.set_cursor(at, reveal=False)

    def _member_at(self, position: int | None) -> Member | None:
        return self._members[position - 1] if position and position <= len(self._members) else None

    def pickable(self, position: int) -> bool:
        """The first line is a heading."""
        return position > 0

    def rows(self, position: int) -> list[Row]:
        """Give a member's line: presence, name, role."""
        member = self._member_at(position)
        if member is None:
            return [([(_("Members"), "heading")], [(str(max(self._count, len(self._members))), "dim")]), ([], [])]
        quiet = member.presence in {Presence.OFFLINE, Presence.UNKNOWN}
        left: list[Part] = [MARKS[member.presence], (clean_line(member.name or member.user_id), "dim" if quiet else "")]
        if member.user_id == self.me:
            left.append((" " + _("you"), "dim"))
        role = _(ROLES[member.role])
        return [(left, [(role, "dim")] if role else [])]

    def on_pick_list_picked(self, event: PickList.Picked) -> None:
        """Say which member was chosen."""
        event.stop()
        if member := self._member_at(event.position):
            self.post_message(NameWanted(member.user_id))

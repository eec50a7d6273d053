"""Every key, what it does and how help names it: one table that feeds bindings, help, palette, hints and docs."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from textual.binding import Binding, BindingType

from chat_tui.strings import N_, _
from chat_tui_core.values import frozen

__all__ = ["EDITING", "KEYS", "Key", "Place", "bindings", "key_of", "keys_in", "shown_as"]


class Place(StrEnum):
    """Where a key works."""

    EVERYWHERE = "Everywhere"
    MAIN = "Rooms and messages"
    ROOM_LIST = "In the room list"
    TIMELINE = "In the messages"
    COMPOSER = "While writing"
    BANNER = "On the notice of a refused message"
    OUTBOX = "In the outbox"
    TRANSFERS = "In the list of files"
    INBOX = "In the inbox"
    SPACES = "In the list of spaces"
    SPACE = "In the rooms of a space"
    PICKER = "While choosing files"
    DIALOG = "In a dialog"
    LOGIN = "While signing in"


@frozen
class Key:
    """One action. `id` names it in the configuration, `keys` are Textual's names, the first one is shown.

    `words` say what it does, `hint` says it in a line of hints; both are English, and in the catalogue. `number` goes
    into words that have a place for it.

    `over`: goes before what the focused widget would do with the key. `palette`: the command palette lists it before anything is typed.
    """

    id: str
    keys: str
    action: str
    words: str
    place: Place
    over: bool = False
    palette: bool = False
    hint: str = ""
    number: int = 0

    @property
    def label(self) -> str:
        """What it does, in English, as documents have it."""
        return self.words.format(number=self.number)

    @property
    def said(self) -> str:
        """What it does, in the person's language."""
        return _(self.words).format(number=self.number)


def _jumps() -> Iterable[Key]:
    """Alt+1 to Alt+9."""
    for number in range(1, 10):
        words = N_("Go to the first room of the list") if number == 1 else N_("Go to room {number} of the list")
        yield Key(f"room.jump{number}", f"alt+{number}", f"jump({number})", words, Place.MAIN, over=True, number=number)


def _places() -> Iterable[Key]:
    """The keys of the places that are offered."""
    for number in range(1, 10):
        words = N_("Go to the first of the places") if number == 1 else N_("Go to place {number}")
        yield Key(f"picker.place{number}", f"alt+{number}", f"place({number})", words, Place.PICKER, number=number)


KEYS: Final[tuple[Key, ...]] = (
    Key(
        "app.help",
        "f1,alt+question_mark,alt+shift+slash",
        "help",
        "Show keys and commands",
        Place.EVERYWHERE,
        palette=True,
        hint="help",
    ),
    Key("app.palette", "ctrl+p,alt+x", "command_palette", "Open the command palette", Place.EVERYWHERE, over=True),
    Key("app.quit", "ctrl+q,alt+q", "quit", "Quit; drafts and unsent messages are kept", Place.EVERYWHERE, over=True),
    Key("app.copy", "ctrl+c,super+c", "copy", "Copy the selection; without one, empty the box", Place.EVERYWHERE),
    Key(
        "room.switch",
        "ctrl+k,alt+k",
        "switch",
        "Go to a room by name",
        Place.MAIN,
        over=True,
        palette=True,
        hint="rooms",
    ),
    *_jumps(),
    Key("room.previous", "alt+up", "step_room(-1)", "Go to the room above", Place.MAIN, over=True),
    Key("room.next", "alt+down", "step_room(1)", "Go to the room below", Place.MAIN, over=True),
    Key("room.unread", "alt+a", "next_unread", "Go to the next unread room", Place.MAIN, over=True, palette=True),
    Key(
        "spaces.open",
        "alt+o",
        "spaces",
        "Choose which rooms the list shows: a space's, or all",
        Place.MAIN,
        over=True,
        palette=True,
    ),
    Key("room.last", "alt+z", "last_room", "Go back to the room before", Place.MAIN, over=True, palette=True),
    Key("scroll.page_up", "pageup", "scroll('page_up')", "Scroll up by a page", Place.MAIN, over=True),
    Key("scroll.page_down", "pagedown", "scroll('page_down')", "Scroll down by a page", Place.MAIN, over=True),
    Key("scroll.start", "ctrl+home", "scroll('scroll_home')", "Go to the oldest stored message", Place.MAIN, over=True),
    Key("scroll.end", "ctrl+end", "scroll('scroll_end')", "Go to the newest message", Place.MAIN, over=True),
    Key("scroll.unread", "alt+u", "to_unread", "Go to the first unread message", Place.MAIN, over=True, palette=True),
    Key("pane.rooms", "f7", "toggle_rooms", "Show or hide the rooms", Place.MAIN, over=True, palette=True),
    Key("pane.members", "f8", "toggle_members", "Show or hide the members", Place.MAIN, over=True, palette=True),
    Key(
        "search.open",
        "ctrl+f,alt+slash",
        "search",
        "Search what was said",
        Place.MAIN,
        over=True,
        palette=True,
        hint="search",
    ),
    Key("message.take_back", "ctrl+z", "take_back", "Take back what is just leaving", Place.MAIN, over=True),
    Key("outbox.open", "f2", "outbox", "Show what is not sent yet", Place.MAIN, over=True, palette=True),
    Key("composer.editor", "alt+e", "editor", "Write in your own editor", Place.MAIN, over=True, palette=True),
    Key(
        "composer.suggest",
        "alt+s,alt+dollar_sign,alt+shift+4",
        "suggest",
        "Correct the misspelled word at the cursor",
        Place.MAIN,
        over=True,
        palette=True,
    ),
    Key("files.send", "ctrl+o", "send_files", "Send files", Place.MAIN, over=True, palette=True),
    Key(
        "files.clipboard", "alt+v", "send_clipboard", "Send the clipboard's image", Place.MAIN, over=True, palette=True
    ),
    Key("files.open", "f3", "transfers", "Show files on their way", Place.MAIN, over=True, palette=True),
    Key("pictures.turn", "alt+i", "pictures", "Show or hide all pictures", Place.MAIN, over=True, palette=True),
    Key("inbox.open", "f4,alt+m", "inbox", "Show what was said to you", Place.MAIN, over=True, palette=True),
    Key("banner.focus", "f6", "notice", "Go to the notice of a refused message", Place.MAIN, over=True, palette=True),
    Key("link.now", "f5", "connect_now", "Connect now instead of waiting", Place.MAIN, over=True, palette=True),
    Key("app.theme", "f9", "next_theme", "Change between dark and light", Place.EVERYWHERE, palette=True),
    Key("app.back", "escape", "back", "Step back: selection, then newest; loses no text", Place.MAIN),
    Key("rooms.open", "enter", "choose", "Open the room", Place.ROOM_LIST),
    Key("rooms.up", "up", "cursor(-1)", "Up", Place.ROOM_LIST),
    Key("rooms.down", "down", "cursor(1)", "Down", Place.ROOM_LIST),
    Key("rooms.first", "home", "edge(-1)", "To the first room", Place.ROOM_LIST),
    Key("rooms.last", "end", "edge(1)", "To the last room", Place.ROOM_LIST),
    Key("timeline.up", "up", "walk(-1)", "Go to the message above", Place.TIMELINE),
    Key("timeline.down", "down", "walk(1)", "Go to the message below", Place.TIMELINE),
    Key("timeline.activate", "enter", "activate", "Open what the message holds", Place.TIMELINE),
    Key("timeline.reply", "r", "operate('reply')", "Answer the message", Place.TIMELINE),
    Key("timeline.edit", "e", "operate('edit')", "Edit your message", Place.TIMELINE),
    Key("timeline.redact", "d,delete", "operate('redact')", "Delete the message", Place.TIMELINE),
    Key("timeline.react", "plus", "operate('react')", "React to the message", Place.TIMELINE),
    Key("timeline.thread", "T", "operate('thread')", "Open the thread of the message, or begin one", Place.TIMELINE),
    Key("timeline.forward", "F", "operate('forward')", "Send the message to another room", Place.TIMELINE),
    Key("timeline.link", "l", "operate('link')", "Copy a link to the message", Place.TIMELINE),
    Key("timeline.info", "i", "operate('info')", "Show ids, state and times of the message", Place.TIMELINE),
    Key("timeline.copy", "y", "copy_message", "Copy the message", Place.TIMELINE),
    Key("file.accept", "a", "file('accept')", "Have the file brought here", Place.TIMELINE, hint="accept"),
    Key(
        "file.save", "s", "file('save')", "Have it brought to a folder of your choice", Place.TIMELINE, hint="save to…"
    ),
    Key("file.cancel", "x", "file('cancel')", "Cancel or decline the file", Place.TIMELINE, hint="cancel"),
    Key("file.retry", "t", "file('retry')", "Try again with the file", Place.TIMELINE, hint="try again"),
    Key("timeline.open", "o", "open_link", "Open the file or the first link of it", Place.TIMELINE, hint="open"),
    Key("file.folder", "f", "file('folder')", "Open the folder that the file is in", Place.TIMELINE, hint="folder"),
    Key("timeline.picture", "v", "operate('picture')", "Show or hide the picture", Place.TIMELINE),
    Key("timeline.start", "home", "scroll_home", "Go to the oldest stored message", Place.TIMELINE),
    Key("timeline.end", "end", "scroll_end", "Go to the newest message", Place.TIMELINE),
    Key("composer.send", "enter", "submit", "Send", Place.COMPOSER),
    Key("composer.newline", "ctrl+j,alt+enter,shift+enter", "newline", "Begin a new line", Place.COMPOSER),
    Key("composer.older", "ctrl+up", "recall(-1)", "Bring back what you wrote before", Place.COMPOSER),
    Key("composer.newer", "ctrl+down", "recall(1)", "Bring back what you wrote after that", Place.COMPOSER),
    Key("composer.complete", "tab", "complete", "Complete a command or a name", Place.COMPOSER),
    Key("banner.retry", "r", "decide('retry')", "Send it again", Place.BANNER, hint="again"),
    Key("banner.edit", "e", "decide('edit')", "Change it and send it in its place", Place.BANNER, hint="edit"),
    Key("banner.discard", "d", "decide('discard')", "Discard it", Place.BANNER, hint="discard"),
    Key("banner.pass", "p", "decide('pass')", "Let the later ones pass", Place.BANNER, hint="let others pass"),
    Key("outbox.retry", "r", "retry", "Try it again, now", Place.OUTBOX, hint="again"),
    Key("outbox.edit", "e", "edit", "Change it and send it in its place", Place.OUTBOX, hint="edit"),
    Key("outbox.cancel", "d,x,delete", "cancel", "Take it back, or discard it", Place.OUTBOX, hint="discard"),
    Key("outbox.pass", "p", "let_pass", "Let the later ones pass", Place.OUTBOX, hint="let others pass"),
    Key("outbox.back", "b", "take_back", "Take it back into the composer", Place.OUTBOX, hint="back to composer"),
    Key("outbox.go", "enter", "go", "Go to it in its room", Place.OUTBOX, hint="go there"),
    Key("outbox.info", "i", "info", "Show ids, state and times", Place.OUTBOX, hint="details"),
    Key("outbox.copy", "y", "copy", "Copy the details", Place.OUTBOX, hint="copy"),
    Key("outbox.settled", "s", "settled", "Show what was settled lately, or what is not", Place.OUTBOX, hint="settled"),
    Key("transfers.accept", "a", "deed('accept')", "Have it brought here", Place.TRANSFERS, hint="accept"),
    Key("transfers.save", "s", "deed('save')", "Have it brought to a folder", Place.TRANSFERS, hint="save to…"),
    Key("transfers.cancel", "x,delete", "deed('cancel')", "Cancel or decline it", Place.TRANSFERS, hint="cancel"),
    Key("transfers.retry", "t,r", "deed('retry')", "Try it again, now", Place.TRANSFERS, hint="try again"),
    Key("transfers.open", "o", "deed('open')", "Open it", Place.TRANSFERS, hint="open"),
    Key("transfers.folder", "f", "deed('folder')", "Open the folder that it is in", Place.TRANSFERS, hint="folder"),
    Key("transfers.copy", "y", "deed('copy')", "Copy its path", Place.TRANSFERS, hint="copy path"),
    Key("transfers.go", "enter", "go", "Go to it in its room", Place.TRANSFERS, hint="go there"),
    Key("inbox.accept", "a", "accept", "Accept the invitation", Place.INBOX, hint="accept"),
    Key("inbox.decline", "d,x,delete", "decline", "Decline the invitation", Place.INBOX, hint="decline"),
    Key("inbox.go", "enter", "go", "Go to it in its room", Place.INBOX, hint="go there"),
    Key("spaces.go", "enter", "go", "Have the list of rooms show these", Place.SPACES, hint="show these"),
    Key("spaces.page", "r", "page", "Look at all rooms of the space, to join them", Place.SPACES, hint="its rooms"),
    Key("spaces.leave", "x,delete", "leave", "Leave the space; you stay in its rooms", Place.SPACES, hint="leave"),
    Key("space.go", "enter", "go", "Go to the room, or join it", Place.SPACE, hint="go there"),
    Key("space.join", "j", "join", "Join the room; the list stays", Place.SPACE, hint="join"),
    Key("picker.mark", "tab", "mark", "Mark the file, to send several", Place.PICKER, hint="mark"),
    Key("picker.up", "alt+up,alt+left", "up", "Go to the folder above", Place.PICKER, hint="folder above"),
    Key("picker.hidden", "alt+h", "hidden", "Show or hide hidden files", Place.PICKER, hint="hidden"),
    Key("picker.order", "alt+s", "order", "Order by name, date or size", Place.PICKER, hint="order"),
    Key("picker.pin", "alt+p", "pin", "Pin the folder, or take the pin out", Place.PICKER, hint="pin"),
    Key("picker.clipboard", "alt+v", "clipboard", "Take the clipboard's image", Place.PICKER, hint="clipboard"),
    *_places(),
    Key("dialog.close", "escape", "close", "Close", Place.DIALOG, hint="close"),
    Key(
        "login.browser",
        "f3",
        "browser",
        "Sign in by the browser; then: copy the page's address",
        Place.LOGIN,
        over=True,
    ),
    Key("login.token", "f4", "token", "Sign in with a token, or with a password again", Place.LOGIN, over=True),
)

#: How keys are written for people; the rest is capitalised.
_NAMES: Final = {
    "pageup": N_("PgUp"),
    "pagedown": N_("PgDn"),
    "home": N_("Home"),
    "end": N_("End"),
    "ctrl": N_("Ctrl"),
    "shift": N_("Shift"),
    "escape": N_("Esc"),
    "up": "↑",
    "down": "↓",
    "delete": N_("Del"),
    "plus": "+",
    "question_mark": "?",
    "slash": "/",
    "less_than_sign": "<",
    "greater_than_sign": ">",
}


def shown_as(keys: str) -> str:
    """How the first of `keys` ("ctrl+k,alt+k") is written for people: "Ctrl+K"."""
    parts = keys.partition(",")[0].split("+")
    return "+".join(
        _(_NAMES[part]) if part in _NAMES else part.capitalize() if len(part) > 1 or len(parts) > 1 else part
        for part in parts
    )


def keys_in(place: Place) -> tuple[Key, ...]:
    """The keys that work at this place, in the table's order."""
    return tuple(key for key in KEYS if key.place is place)


def key_of(key_id: str) -> Key:
    """The key with this id; KeyError when the table has none."""
    for key in KEYS:
        if key.id == key_id:
            return key
    raise KeyError(key_id)


def bindings(place: Place) -> list[BindingType]:
    """The place's keys as Textual wants them; their ids make them changeable by the configuration."""
    return [
        Binding(key.keys, key.action, key.label, show=bool(key.hint), priority=key.over, id=key.id)
        for key in keys_in(place)
    ]


#: Editing as in a shell and in every text box; what the screen uses for itself (F6, F7, PgUp) is left to it.
EDITING: list[BindingType] = [
    Binding("left", "cursor_left", show=False),
    Binding("right", "cursor_right", show=False),
    Binding("ctrl+left,alt+b", "cursor_word_left", show=False),
    Binding("ctrl+right,alt+f", "cursor_word_right", show=False),
    Binding("home,ctrl+a", "cursor_line_start", show=False),
    Binding("end,ctrl+e", "cursor_line_end", show=False),
    Binding("shift+left", "cursor_left(True)", show=False),
    Binding("shift+right", "cursor_right(True)", show=False),
    Binding("shift+up", "cursor_up(True)", show=False),
    Binding("shift+down", "cursor_down(True)", show=False),
    Binding("shift+home", "cursor_line_start(True)", show=False),
    Binding("shift+end", "cursor_line_end(True)", show=False),
    Binding("ctrl+shift+left", "cursor_word_left(True)", show=False),
    Binding("ctrl+shift+right", "cursor_word_right(True)", show=False),
    Binding("backspace", "delete_left", show=False),
    Binding("delete,ctrl+d", "delete_right", show=False),
    Binding("ctrl+w,alt+backspace", "delete_word_left", show=False),
    Binding("alt+d", "delete_word_right", show=False),
    Binding("ctrl+u", "delete_to_start_of_line", show=False),
    Binding("ctrl+k", "delete_to_end_of_line", show=False),  # where the screen has no use for it
    Binding("ctrl+x", "cut", show=False),
    Binding("ctrl+c,super+c", "copy", show=False),
    Binding("ctrl+v", "paste", show=False),
    Binding("ctrl+z", "undo", show=False),
    Binding("ctrl+y", "redo", show=False),
]

"""What can be typed after a slash: one table, and reading a typed line by it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chat_tui.spoken import Plain
from chat_tui.strings import N_, _
from chat_tui_core.errors import LocalError
from chat_tui_core.link import Capability
from chat_tui_core.values import frozen

if TYPE_CHECKING:
    from chat_tui.own_tables import OwnCommand

__all__ = [
    "COMMANDS",
    "Call",
    "Command",
    "Typed",
    "Wrong",
    "complete",
    "hint_for",
    "is_ours",
    "listed",
    "moment_hint",
    "read_line",
    "read_said",
]


@frozen
class Command:
    """One command. `least` words must follow its name, at most `most` (0 = the rest is one text).

    `needs`: hidden and refused where the server cannot do it. `in_room`: works only while a room is open. `says`: its
    text is a message, and stays in the composer until that is stored. `own`: the program that it runs.
    """

    name: str
    help: str
    words: str = ""
    least: int = 0
    most: int = 1
    aliases: tuple[str, ...] = ()
    needs: Capability | None = None
    in_room: bool = False
    says: bool = False
    own: OwnCommand | None = None

    @property
    def usage(self) -> str:
        """How it is typed, e.g. "/invite PERSON"."""
        return f"/{self.name} {self.words}".rstrip()

    @property
    def said_usage(self) -> str:
        """The same in the person's language: "/invite WEN"."""
        return f"/{self.name} {_(self.words)}".rstrip()


COMMANDS: Final[tuple[Command, ...]] = (
    Command("help", "show keys and commands"),
    Command("join", "join a room and open it", "ROOM", least=1, most=0, needs=Capability.JOIN),
    Command("leave", "leave this room, or the one you name", "[ROOM]", aliases=("part",), needs=Capability.JOIN),
    Command(
        "create",
        "make a room; --private hides it from others",
        "NAME [--private] [TOPIC]",
        least=1,
        most=0,
        needs=Capability.CREATE,
    ),
    Command("delete", "delete this room for everybody", needs=Capability.DELETE, in_room=True, most=0),
    Command("topic", "set this room's topic", "TEXT", most=0, needs=Capability.TOPIC, in_room=True),
    Command("invite", "invite a person to this room", "PERSON", least=1, needs=Capability.INVITE, in_room=True),
    Command(
        "kick",
        "remove a person from this room",
        "PERSON [REASON]",
        least=1,
        most=0,
        needs=Capability.KICK,
        in_room=True,
    ),
    Command(
        "ban", "remove a person who may not come back", "PERSON [REASON]", 1, 0, needs=Capability.BAN, in_room=True
    ),
    Command("unban", "lift a ban", "PERSON", 1, needs=Capability.BAN, in_room=True),
    Command("name", "name this room", "TEXT", 1, 0, needs=Capability.NAME, in_room=True),
    Command("nick", "take another name", "NAME", 1, 0, needs=Capability.PROFILE),
    Command("dm", "open a direct chat with somebody", "PERSON", 1, aliases=("query",), needs=Capability.INVITE),
    Command("list", "choose among the rooms that the server lists", "[WORDS]", most=0, needs=Capability.DIRECTORY),
    Command("who", "find people by name", "WORDS", 1, 0, needs=Capability.USERS),
    Command("knock", "ask to be let into a room", "ROOM [REASON]", 1, 0, needs=Capability.KNOCK),
    Command("forget", "leave a room and take it off the list", "[ROOM]", needs=Capability.FORGET),
    Command(
        "favourite",
        "put this room among the favourites, or take it out",
        "[ROOM]",
        aliases=("fav",),
        needs=Capability.TAG,
    ),
    Command("low", "put this room at the end of the list, or take it from there", "[ROOM]", needs=Capability.TAG),
    Command("mute", "have this room be quiet, or not any more", "[ROOM]", needs=Capability.TAG),
    Command("me", "say what you do: /me waves", "TEXT", least=1, most=0, in_room=True, says=True),
    Command(
        "at", "send it later: /at 18:30, /at +10m, /at 2026-12-01 09:00", "TIME TEXT", 2, 0, in_room=True, says=True
    ),
    Command("msg", "send one message to another room", "ROOM TEXT", least=2, most=0, says=True),
    Command("reply", "answer the newest message", "TEXT", 1, 0, needs=Capability.REPLY, in_room=True, says=True),
    Command("forward", "send the newest message to another room", "ROOM", least=1, most=0, in_room=True),
    Command("react", "react to the newest message", "EMOJI", least=1, needs=Capability.REACT, in_room=True),
    Command("redact", "delete what you said last", most=0, needs=Capability.REDACT, in_room=True),
    Command("goto", "go to a day, or to a message by its id or link", "DATE|ID|LINK", least=1, in_room=True),
    Command("names", "say who is in this room", in_room=True, most=0),
    Command("members", "show or hide the members", most=0),
    Command("switch", "go to a room by name", "[ROOM]", aliases=("room",)),
    Command(
        "space",
        "choose which rooms the list shows: those of a space, of none, or all; make a space, or change the one that is shown",
        "[NAME|all|none|create NAME|add ROOM|remove ROOM]",
        most=0,
        needs=Capability.SPACES,
    ),
    Command("search", "search what was said", "[WORDS]", most=0),
    Command("outbox", "show what is not sent yet", most=0),
    Command("inbox", "show what was said to you: invitations, mentions, answers", most=0),
    Command(
        "file",
        "send files: choose them, or name one; /file clipboard sends the clipboard's image",
        "[PATH]",
        most=0,
        needs=Capability.FILES,
        in_room=True,
    ),
    Command("files", "show files on their way", aliases=("transfers",), most=0),
    Command("stats", "how quick the server takes what you do", most=0),
    Command("editor", "write in your own editor ($VISUAL, $EDITOR)", "[TEXT]", most=0, in_room=True),
    Command("retry", "send the refused message again", in_room=True, most=0),
    Command(
        "edit", "change the refused message and send it in its place, else what you said last", in_room=True, most=0
    ),
    Command("discard", "discard the refused message", in_room=True, most=0),
    Command("pass", "let later messages pass the refused one", in_room=True, most=0),
    Command("connect", "connect now instead of waiting", aliases=("reconnect",), most=0),
    Command("account", "go to another account; without a name, add one", "[NAME]"),
    Command("login", "sign in again with this account; what waits to be sent stays", most=0),
    Command("logout", "sign out of this account; what is stored of it stays", most=0),
    Command("clear", "empty the messages on screen; nothing is deleted", in_room=True, most=0),
    Command("notify", "what you are told of this room", "[all|mentions|nothing|default]", in_room=True),
    Command("set", "say or change a setting; without a name, show all", "[NAME] [VALUE]", most=0),
    Command("settings", "show and change all settings", most=0),
    Command("theme", "change the colours; without a name, choose by looking", "[NAME]"),
    Command("quit", "leave the program; drafts and unsent messages are kept", aliases=("exit",), most=0),
)

_BY_NAME: Final = {name: command for command in COMMANDS for name in (command.name, *command.aliases)}


Own = Mapping[str, "OwnCommand"]
"""The person's own commands, by their names."""
_NONE: Final[Own] = MappingProxyType({})


def is_ours(name: str) -> bool:
    """Whether a command of the app has this name, which goes before one of the person's own."""
    return name in _BY_NAME


def listed(own: Own) -> tuple[Command, ...]:
    """All commands: the app's, and the person's own behind them."""
    return (*COMMANDS, *(_command(one) for one in own.values() if not is_ours(one.name)))


def _command(own: OwnCommand) -> Command:
    return Command(own.name, own.about, N_("[WORDS]"), most=0, own=own)


def _named(name: str, own: Own) -> Command | None:
    """The command that is called so, in any case."""
    name = name.lower()
    return _BY_NAME.get(name) or (_command(own[name]) if name in own else None)


@frozen
class Call:
    """A command with the words after it; the last one holds the rest of the line where the command takes a text."""

    command: Command
    words: tuple[str, ...] = ()
    rest: str = ""


@frozen
class Wrong:
    """One sentence about what cannot be done as it is typed; nothing is sent."""

    text: str


Typed = Plain | Call | Wrong


def read_line(text: str, own: Own = _NONE) -> Typed:
    """What a submitted text means: a slash starts a command, two slashes a text that begins with one."""
    if text.startswith("//"):
        return Plain(text[1:])
    if not text.startswith("/"):
        return Plain(text)
    name, _blank, rest = text[1:].partition(" ") if "\n" not in text.split(" ", 1)[0] else text[1:].partition("\n")
    command = _named(name, own)
    if command is None:
        shown = name.split("\n", 1)[0][:40]
        return Wrong(
            _("There is no command /{name}; /help lists them, and //{name} sends it as text.").format(name=shown)
        )
    words = tuple(rest.split())
    if len(words) < command.least or (command.most and len(words) > command.most):
        return Wrong(_("This is typed as {usage}.").format(usage=command.said_usage))
    return Call(command, words, rest.strip())


def read_said(text: str) -> Plain:
    """What a text means that is to be said and nothing else: "/me waves" tells what somebody does. Raises LocalError."""
    typed = read_line(text)
    if isinstance(typed, Call) and typed.command.name == "me":
        return Plain(typed.rest, emote=True)
    if isinstance(typed, Plain):
        return typed
    if isinstance(typed, Wrong):
        raise LocalError(typed.text)
    raise LocalError(_("/{name} is nothing that can be said.").format(name=typed.command.name))


def moment_hint(text: str, now_ms: int) -> str:
    """When a message will leave that is being typed after /at, or what is wrong with the time; empty otherwise."""
    name, space, rest = text.partition(" ")
    if name.lower() != "/at" or not space or not rest.strip():
        return ""
    from chat_tui.moments import said_moment, said_span, split_moment

    try:
        at, message = split_moment(rest, now_ms)
    except LocalError as error:
        return str(error)
    said = _("◷ goes {moment}, in {span}") if message else _("◷ {moment}, in {span}")
    return said.format(moment=said_moment(at, now_ms), span=said_span(at - now_ms))


def hint_for(text: str, own: Own = _NONE) -> str:
    """How the command that is being typed goes on; empty where no command is being typed."""
    if not text.startswith("/") or text.startswith("//") or "\n" in text:
        return ""
    name, space, _rest = text[1:].partition(" ")
    if command := _named(name, own):
        return f"{command.said_usage} · {_(command.help)}"
    fitting = [] if space else [f"/{one.name}" for one in listed(own) if one.name.startswith(name.lower())]
    return "  ".join(fitting) if fitting else _("/{name} is no command; F1 lists them").format(name=name[:40])


def complete(text: str, own: Own = _NONE) -> str:
    """The typed start of a command, completed as far as it is certain; the same text where it is not."""
    if not text.startswith("/") or " " in text or "\n" in text:
        return text
    fitting = sorted(name for name in {*_BY_NAME, *own} if name.startswith(text[1:].lower()))
    if not fitting:
        return text
    if len(fitting) == 1:
        return f"/{fitting[0]} "
    shared = 0
    while all(len(name) > shared and name[shared] == fitting[0][shared] for name in fitting):
        shared += 1
    return "/" + fitting[0][:shared]

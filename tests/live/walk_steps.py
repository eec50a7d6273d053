"""Every feature once: what is pressed and what must be seen, in the order of docs/peers.md as far as one leads to another."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from datetime import date
from typing import Final

from PIL import Image

from chat_tui.screens.paste_question import QUIET
from chat_tui_core.values import frozen
from tests.live.walk import PATIENCE, Walk

__all__ = ["STEPS", "Step"]


@frozen
class Step:
    """`row`: the feature as docs/peers.md names it; `does`: what is pressed and what is seen."""

    row: str
    does: str
    run: Callable[[Walk], None]


def _sign_in(walk: Walk) -> None:
    editor = walk.ann.home / "editor"
    editor.write_text("#!/bin/sh\nprintf 'written in an editor' > \"$1\"\n", encoding="ascii")
    editor.chmod(0o755)
    walk.ann.start("--data-dir", str(walk.world.ann.folder), COLORTERM="truecolor", VISUAL=str(editor))
    walk.see("A chat-tui server")
    walk.press(*["Down"] * walk.world.choice, "Enter")
    walk.see("Sign in")
    walk.type(walk.world.url)
    walk.press("Tab")
    walk.type("ann")
    walk.press("Tab")
    walk.type(walk.world.password)
    walk.press("Enter")
    walk.see("online")


def _rooms(walk: Walk) -> None:
    walk.bob.start("--data-dir", str(walk.world.bob.folder))
    walk.bob.wait_for("online", PATIENCE)
    for name in ("lobby", "attic"):
        walk.bob.type(f"/create {name} --private")
        walk.bob.press("Enter")
        walk.bob.wait_for(f"Message {name}", PATIENCE)
        walk.bob.type(f"/invite {_ann(walk)}")
        walk.bob.press("Enter")
    walk.see("Invitations", "lobby", "attic")
    for name in ("attic", "lobby"):
        walk.go(name)
    walk.bob_goes("lobby")


def _ann(walk: Walk) -> str:
    return walk.world.bob_id.replace("bob", "ann", 1)


def _said(walk: Walk) -> None:
    walk.say("hello from ann")
    walk.bob.wait_for("hello from ann", PATIENCE)


def _markup(walk: Walk) -> None:
    walk.bob_says("this is **bold** and `code`: https://example.org/page")
    walk.see("this is bold and code: https://example.org/page")
    assert "\x1b[1m" in walk.ann.screen(styled=True)


def _typing(walk: Walk) -> None:
    walk.bob.type("well,")
    walk.see("bob is typing…")
    walk.bob.press("C-c")


def _members(walk: Walk) -> None:
    walk.press("F8")
    walk.see("Members")
    walk.match(r"[●◐] bob" if walk.world.presence else "· bob")
    walk.press("F8")


def _reply(walk: Walk) -> None:
    walk.press("Up", "Up", "r")
    walk.see("forgets it")
    walk.enter("an answer")
    walk.match(r"┃.*\n.*an answer\s+(?:read by .*)?✓✓")


def _edit(walk: Walk) -> None:
    walk.say("a mistkae")
    walk.press("Up", "e")
    walk.see("Editing")
    walk.press("C-u")
    walk.enter("no mistake")
    walk.match(r"no mistake \(edited\)\s+(?:read by .*)?✓✓")
    walk.enter("s/no mistake/nothing wrong/")
    walk.match(r"nothing wrong \(edited\)")


def _react(walk: Walk) -> None:
    walk.press("Up", "+")
    walk.see("React with")
    walk.enter("rocket")
    walk.see("🚀 1")
    walk.bob.wait_for("🚀 1", PATIENCE)
    walk.press("Escape")


def _delete(walk: Walk) -> None:
    walk.say("better not")
    walk.press("Up", "d")
    walk.see("Delete this message")
    walk.type("y")
    walk.see("message deleted")
    walk.press("Escape")


def _emote(walk: Walk) -> None:
    walk.enter("/me waves")
    walk.match(r"\* ann waves\s+(?:read by .*)?✓✓")


def _mention(walk: Walk) -> None:
    walk.go("attic")
    walk.bob_says("ann: are you there?", "and one more thing")
    walk.match(r"lobby\s+@1\s+2")


def _unread(walk: Walk) -> None:
    walk.press("M-a")
    walk.see("Message lobby", "new", "and one more thing")
    walk.room = "lobby"
    walk.press("M-u")
    walk.see("ann: are you there?")
    walk.press("C-End")


def _inbox(walk: Walk) -> None:
    walk.press("F4")
    walk.see("Inbox", "ann: are you there?")
    walk.press("Enter")
    walk.gone("Inbox")
    walk.see("ann: are you there?")
    walk.press("C-End", "Escape")


def _scroll(walk: Walk) -> None:
    walk.bob_says(*(f"line number {number}" for number in range(1, 61)))
    walk.see("line number 60")
    for _ in range(12):
        walk.press("PPage")
    walk.see("beginning of the room")
    walk.press("C-End")
    walk.see("line number 60")


def _to_date(walk: Walk) -> None:
    walk.enter(f"/goto {date.today().isoformat()}")
    walk.see("hello from ann")
    walk.press("C-End")
    walk.see("line number 60")


def _facts(walk: Walk) -> None:
    walk.press("Up", "i")
    walk.see("Event", "Esc close")
    found = walk.match(r"Event\s+(\S+)")
    walk.press("Escape")
    walk.gone("Esc close")
    walk.press("Escape")
    walk.enter(f"/goto {found.group(1)}")
    walk.see("▎")
    walk.press("Escape")
    walk.gone("▎")
    walk.press("C-End")
    walk.see("line number 60")


def _filter(walk: Walk) -> None:
    walk.press("BTab", "BTab")
    walk.type("/att")
    walk.match(r"/att.*1")
    walk.press("Escape", "Escape")
    walk.go("lobby")


def _search(walk: Walk) -> None:
    walk.press("C-f")
    walk.see("Search all rooms")
    walk.type("hello from")
    walk.see("1 found")
    walk.press("Enter")
    walk.gone("found; Enter")
    walk.see("hello from ann")
    walk.press("C-End", "Escape")


def _undo(walk: Walk) -> None:
    walk.enter("/set undo_send 30")
    walk.until(lambda: _kept(walk, "undo_send = 30"))
    walk.enter("not so fast")
    walk.see("takes it back")
    walk.press("C-z")
    walk.see("› not so fast")
    walk.press("C-c")
    walk.enter("/set undo_send 0")
    walk.until(lambda: not _kept(walk, "undo_send = 30"))


def _kept(walk: Walk, line: str) -> bool:
    """Whether the configuration has this line."""
    file = walk.ann.home / ".config" / "chat-tui" / "config.toml"
    return file.is_file() and line in file.read_text(encoding="utf-8")


def _later(walk: Walk) -> None:
    walk.enter("/at +1h see you in an hour")
    walk.see("see you in an hour", "goes today")


def _outbox(walk: Walk) -> None:
    walk.press("F2")
    walk.see("Outbox", "see you in an hour", "for later")
    walk.type("d")
    walk.see("Everything is sent.")
    walk.press("Escape")
    walk.gone("Everything is sent.")


def _outage(walk: Walk) -> None:
    walk.world.stop()
    walk.see("reconnecting")
    walk.enter("said in a tunnel")
    walk.enter("and once more")
    walk.match(r"said in a tunnel\s+…")
    walk.see("2 unsent")


def _kill(walk: Walk) -> None:
    os.kill(walk.ann.pid(), signal.SIGKILL)
    walk.see("left-with-137")
    walk.world.start()
    walk.type("stty sane; tput reset")  # nobody has given the terminal back
    walk.press("C-j")
    walk.gone("left-with-137")
    walk.enter(f"{_program()} --data-dir {walk.world.ann.folder}; echo left-with-$?")
    walk.see("online")
    walk.go("lobby")
    walk.match(r"said in a tunnel\s+(?:read by .*)?✓✓")
    walk.match(r"and once more\s+(?:read by .*)?✓✓")
    assert walk.ann.screen().count("said in a tunnel") == 1


def _program() -> str:
    import sys

    return f"{sys.executable} -m chat_tui"


def _refused(walk: Walk) -> None:
    walk.world.refuse(walk)
    walk.see("was refused")
    walk.enter("it waits behind that")
    walk.see("2 unsent (1 refused)")


def _notice(walk: Walk) -> None:
    walk.press("F6")
    walk.see("r again", "discard")
    walk.world.relent(walk)
    walk.match(r"short enough\s+(?:read by .*)?✓✓")
    walk.match(r"it waits behind that\s+(?:read by .*)?✓✓")


def _file(walk: Walk) -> None:
    path = walk.ann.home / "plan.txt"
    path.write_text("the plan\n" * 400, encoding="utf-8")
    walk.press("C-o")
    walk.see("Send files to lobby")
    walk.type(f"{path.parent}/")
    walk.see("plan.txt")
    walk.type("plan")
    walk.press("Enter")
    walk.see("● 1 file")
    walk.enter("here is the plan")
    walk.see("▤ plan.txt", "here is the plan")
    walk.bob.wait_for("plan.txt", PATIENCE)


def _get(walk: Walk) -> None:
    walk.bob.press("Up")
    walk.bob.type("a")
    walk.bob.wait_for("✓ received", PATIENCE)
    walk.bob.press("Escape")
    (walk.bob.home / "Downloads").mkdir(exist_ok=True)


def _transfers(walk: Walk) -> None:
    walk.press("F3")
    walk.see("Files", "plan.txt", "lobby")
    walk.press("Escape")
    walk.gone("go there")


def _paste(walk: Walk) -> None:
    path = walk.ann.home / "holiday.png"
    image = Image.new("RGB", (96, 64), (96, 62, 92))
    image.paste((255, 226, 150), (56, 16, 72, 32))
    image.save(path)
    walk.ann.paste(str(path))
    walk.see("Send files to lobby", "● 1 file", "96 × 64")
    walk.press("Enter")
    walk.see("▤ holiday.png", "Message lobby")


def _picture(walk: Walk) -> None:
    walk.see("▀▀▀▀")


def _palette(walk: Walk) -> None:
    walk.press("C-p")
    walk.see("Search for commands")
    walk.type("members")
    walk.see("Show or hide the members")
    walk.press("Enter")
    walk.see("Members")
    walk.press("F8")


def _help(walk: Walk) -> None:
    walk.press("F1")
    walk.see("Everywhere", "Open the command palette")
    walk.press("Escape")
    walk.gone("Open the command palette")


def _complete(walk: Walk) -> None:
    walk.type("/inv")
    walk.see("/invite")
    walk.press("Tab")
    walk.match(r"› /invite\s")
    walk.press("C-c")
    walk.type("bo")
    walk.press("Tab")
    walk.see("› bob")
    walk.press("C-c")


def _newline(walk: Walk) -> None:
    walk.type("two")
    walk.press("C-j")
    walk.enter("lines")
    walk.match(r"two\s*\n.*lines\s+(?:read by .*)?✓✓")


def _spoiler(walk: Walk) -> None:
    walk.bob_says("||the gardener|| did it")
    screen = walk.see("▒▒▒ ▒▒▒▒▒▒▒▒ did it")
    assert "the gardener" not in screen
    walk.press("Up", "Enter")
    walk.see("the gardener did it")
    walk.press("Escape")


def _forward(walk: Walk) -> None:
    walk.say("worth telling others")
    walk.press("Up", "F")
    walk.see("Forward to")
    walk.type("attic")
    walk.gone("Forward to")
    walk.press("Enter")
    walk.go("attic")
    walk.match(r"worth telling others\s+(?:read by .*)?✓✓")
    walk.go("lobby")


def _thread(walk: Walk) -> None:
    walk.press("Up", "T")
    if walk.world.name != "matrix":
        walk.see("This server knows no threads.")
        walk.press("Escape")
        return
    walk.see("Answer in the thread")
    walk.say("said in the thread")
    path = walk.ann.home / "notes.txt"
    path.write_text("notes\n", encoding="utf-8")
    walk.ann.paste(str(path))
    walk.see("Send files to a thread in lobby", "● 1 file")
    walk.press("Enter")
    walk.match(r"▤ notes.txt.*✓✓")
    walk.press("Escape")
    walk.see("Message lobby", "↳ 2 answers")


def _direct(walk: Walk) -> None:
    walk.enter(f"/dm {walk.world.bob_id}")
    walk.see("Message bob")
    walk.room = "bob"
    walk.say("only for you")
    walk.go("lobby")
    walk.enter("/names")
    walk.see("ann, bob")


def _editor(walk: Walk) -> None:
    walk.press("M-e")
    walk.see("› written in an editor")
    walk.press("C-c")


def _long_paste(walk: Walk) -> None:
    walk.ann.paste("\n".join(f"row {number}" for number in range(20)))
    walk.see("20 lines were pasted")
    for key in ("Down", "Enter"):
        time.sleep(QUIET + 0.1)  # a key that comes sooner was meant for the composer
        walk.press(key)
    walk.gone("20 lines were pasted")
    walk.press("Enter")
    walk.match(r"row 19\s+(?:read by .*)?✓✓")


def _space(walk: Walk) -> None:
    if walk.world.name != "matrix":
        walk.enter("/space")
        walk.see("This server cannot do /space.")
        return
    walk.enter("/space create Team")
    walk.see("· Team")
    walk.enter("/space add lobby")
    walk.see("Message lobby")
    walk.enter("/space all")
    walk.gone("· Team")
    walk.see("attic")


def _draft(walk: Walk) -> None:
    walk.type("half a thought")
    walk.go("attic")
    walk.gone("half a thought")
    walk.press("M-z")
    walk.see("› half a thought")
    walk.room = "lobby"
    walk.press("C-c")


def _keymap(walk: Walk) -> None:
    walk.enter("/set keymap vim")
    walk.see("keymap")
    walk.press("M-j")
    walk.see("Message")
    walk.go("lobby")
    walk.enter("/set keymap default")
    walk.gone("› /set")


def _themes(walk: Walk) -> None:
    before = walk.ann.screen(styled=True)
    walk.press("F9")
    walk.until(lambda: walk.ann.screen(styled=True) != before)
    walk.press("F9")
    walk.enter("/theme")
    walk.see("Enter keeps it", "chat-tui-light")
    walk.press("Escape")
    walk.gone("Enter keeps it")


def _settings(walk: Walk) -> None:
    walk.enter("/settings")
    walk.see("Settings", "density", "config.toml")
    walk.press("Down")
    walk.press("Enter")
    walk.match(r"density\s+compact")
    walk.press("Enter")
    walk.match(r"density\s+cozy")
    walk.press("Escape")
    walk.gone("Esc closes")


def _notify(walk: Walk) -> None:
    walk.enter("/notify mentions")
    walk.see("mentions")


def _panes(walk: Walk) -> None:
    walk.press("F7")
    walk.gone("attic")
    walk.press("F7")
    walk.see("attic")


def _create(walk: Walk) -> None:
    walk.enter("/create workshop")
    walk.see("Message workshop")
    walk.room = "workshop"
    walk.enter("/topic What is being made")
    walk.see("What is being made")


def _people(walk: Walk) -> None:
    walk.enter(f"/invite {walk.world.bob_id}")
    walk.bob.wait_for("workshop", PATIENCE)
    walk.bob_goes("workshop")
    walk.see("bob joined")
    walk.enter("/kick bob too loud")
    walk.see("removed bob")
    if walk.world.name == "matrix":
        walk.enter(f"/ban {walk.world.bob_id}")
        walk.see("banned")
        walk.enter(f"/unban {walk.world.bob_id}")
        walk.see("lifted the ban")
    walk.bob_goes("lobby")


def _directory(walk: Walk) -> None:
    walk.bob.type("/create plaza Where everybody meets")
    walk.bob.press("Enter")
    walk.bob.wait_for("Message plaza", PATIENCE)
    walk.enter("/list")
    walk.see("Go to room or person", "plaza")
    walk.press("Escape")
    walk.gone("Go to room or person")


def _favourite(walk: Walk) -> None:
    walk.go("attic")
    walk.enter("/mute")
    walk.gone("› /mute")
    walk.enter("/mute")
    walk.gone("› /mute")
    if walk.world.name == "matrix":
        walk.enter("/favourite")
        walk.see("Favourites")
        walk.enter("/favourite")
        walk.gone("Favourites")
    walk.go("lobby")


def _stats(walk: Walk) -> None:
    walk.enter("/stats")
    walk.see("Enter to confirmed", "Not settled")
    walk.press("Escape")
    walk.gone("Not settled")


def _script(walk: Walk) -> None:
    sent = walk.world.ann("send", "lobby", "from a script", "--wait", "confirmed", "--json")
    assert sent.code == 0, sent.error
    walk.match(r"from a script\s+(?:read by .*)?✓✓")


def _export(walk: Walk) -> None:
    done = walk.world.ann("export", "lobby")
    assert "said in a tunnel" in done.out
    found = walk.world.ann("search", "tunnel")
    assert "said in a tunnel" in found.out


def _mouse(walk: Walk) -> None:
    row = next(number for number, line in enumerate(walk.ann.lines(), 1) if "attic" in line[:30])
    for end in "Mm":
        walk.ann.type(f"\x1b[<0;6;{row}{end}")
    walk.see("Message attic")
    walk.go("lobby")


def _sizes(walk: Walk) -> None:
    columns, rows = walk.ann.size
    for size in ((80, 24), (44, 16), (200, 60), (columns, rows)):
        walk.ann.resize(*size)
        walk.see("Message lobby" if size[0] > 60 else "Message")
        walk.until(lambda: "online" in walk.ann.lines()[-1])


def _leave(walk: Walk) -> None:
    walk.go("attic")
    walk.enter("/leave")
    walk.see("you left it")
    walk.room = "lobby"
    walk.go("lobby")


def _quit(walk: Walk) -> None:
    walk.press("C-q")
    walk.see("left-with-0")
    with contextlib.suppress(AssertionError):
        walk.bob.press("C-q")
        walk.bob.wait_for("left-with-0", PATIENCE)


STEPS: Final = (
    Step("Sign in: password, browser, token", "the form by keys: online", _sign_in),
    Step("Room list with order, unread, mentions", "bob invites to two rooms: both are joined by the switcher", _rooms),
    Step("Shown at once", "Enter: the line, ✓✓, and bob has it", _said),
    Step("Light markup", "bob says bold, code and a link: bold without its stars", _markup),
    Step("Read marks, typing, presence", "bob types: it is said", _typing),
    Step("Read marks, typing, presence", "F8: bob is there", _members),
    Step("Edits, deletions, replies, reactions", "↑ ↑ r: a quote above the answer", _reply),
    Step("Edits, deletions, replies, reactions", "↑ e, and s/old/new/: (edited)", _edit),
    Step("Edits, deletions, replies, reactions", "↑ + rocket: 🚀 1 with both", _react),
    Step("Edits, deletions, replies, reactions", "↑ d y: message deleted", _delete),
    Step("Palette, slash commands", "/me waves: * ann waves", _emote),
    Step("Room list with order, unread, mentions", "bob names ann elsewhere: @1 and 2", _mention),
    Step("Jump to the first unread line", "Alt+A, Alt+U: the line above what is new", _unread),
    Step("Several accounts at once", "F4: what bob said to ann; Enter goes there", _inbox),
    Step("Scroll back without end", "PgUp to the beginning of the room, Ctrl+End back", _scroll),
    Step("Jump to a date", "/goto with today: its first line", _to_date),
    Step("Links to messages", "↑ i: the facts; /goto with the id goes there", _facts),
    Step("Quick switcher, fuzzy", "/att in the list: one room", _filter),
    Step("Search", "Ctrl+F, Enter: the line in its place", _search),
    Step("Undo, send later", "Ctrl+Z in time: it is in the composer again", _undo),
    Step("Undo, send later", "/at +1h: a line that says when", _later),
    Step("Resend, cancel, edit what failed", "F2, d: the outbox is empty", _outbox),
    Step("A queue that survives a restart and retries by itself", "the server goes: two lines wait", _outage),
    Step("A queue that survives a restart and retries by itself", "kill -9, start again: both ✓✓, once", _kill),
    Step("A failure is seen on the message", "the server refuses: a notice, its reason, what waits", _refused),
    Step("One sees what blocks a room", "F6: again or changed, and both are ✓✓", _notice),
    Step("Send and get files", "Ctrl+O, a path, Enter: the file with its caption", _file),
    Step("Send and get files", "bob takes it: received", _get),
    Step("Progress, cancel", "F3: the list of files", _transfers),
    Step("Paste or drop a path, paste an image", "a pasted path: the dialog with the picture", _paste),
    Step("Images in the timeline", "the picture stands in the room", _picture),
    Step("Palette, slash commands", "Ctrl+P, members, Enter: the members", _palette),
    Step("Palette, slash commands", "F1: all keys", _help),
    Step("Completion", "Tab: the command, the name", _complete),
    Step("Palette, slash commands", "Ctrl+J: two lines", _newline),
    Step("Light markup", "a spoiler is hidden in the room and in the list; Enter shows it", _spoiler),
    Step("Forwarding", "↑ F attic: it is said there", _forward),
    Step("Threads", "↑ T: an answer and a pasted file; Esc: ↳ 2 answers", _thread),
    Step("Invite, remove, ban, create", "/dm bob: a room of two; /names", _direct),
    Step("External editor", "Alt+E: what the editor wrote is in the composer", _editor),
    Step("Paste or drop a path, paste an image", "twenty lines are pasted: a question, a block of code", _long_paste),
    Step("Spaces", "on Matrix /space create, add, all", _space),
    Step("Drafts survive a crash", "a draft stays in its room", _draft),
    Step("Own keys, sets of keys", "/set keymap vim: Alt+J goes to the next room", _keymap),
    Step("Themes", "F9, /theme: seen before it is taken", _themes),
    Step("Configuration", "/settings: Enter changes one", _settings),
    Step("Notices by room, keywords, quiet hours", "/notify mentions: it is said", _notify),
    Step("Palette, slash commands", "F7: the rooms go and come", _panes),
    Step("Invite, remove, ban, create", "/create, /topic: the header", _create),
    Step("Invite, remove, ban, create", "/invite, /kick, on Matrix /ban and /unban", _people),
    Step("Directory", "/list: rooms to choose from", _directory),
    Step("Notices by room, keywords, quiet hours", "/mute and back, on Matrix /favourite", _favourite),
    Step("Shown at once", "/stats: how quick the server is", _stats),
    Step("Without a screen: commands, bots, a socket", "chat-tui send beside the app: the line in the room", _script),
    Step("Export", "chat-tui export and search beside the app", _export),
    Step("Mouse", "a click on a room opens it", _mouse),
    Step("Mouse", "80x24, 44x16, 200x60 and back", _sizes),
    Step("Invite, remove, ban, create", "/leave: it is said", _leave),
    Step("The terminal after a fault", "Ctrl+Q: the shell is back", _quit),
)

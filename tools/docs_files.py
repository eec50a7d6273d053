"""Make docs/files.md: how a file goes, the table of transfers, and what is kept when something breaks."""

from __future__ import annotations

from chat_tui_core.background import BACK
from chat_tui_core.durable import STAYS
from chat_tui_core.file_names import MOST_BYTES
from chat_tui_core.file_news import Ending
from chat_tui_core.session.files.incoming import ENOUGH, MOMENT
from chat_tui_core.session.files.trouble import SENTENCES
from chat_tui_core.session.files.waiting import BEHIND, OFFLINE, PREPARING, RETRY, TURN, UNABLE
from chat_tui_core.session.ingest_files import MOST_OFFERS
from chat_tui_core.store.transfers import KEPT
from chat_tui_core.transfers import AT_ONCE, ENDED, MARKS, TRANSITIONS, WINDOW_BYTES, Cause, State
from tools import generated

DOCUMENT = "docs/files.md"
HEAD = """# What becomes of a file

Made by `python3 dev.py docs` from the tables in `chat_tui_core`; do not edit. How the bytes go over a server is in
[the protocol](wschat.md#files)."""

COMMANDS = """## By the command line

```
chat-tui send general --file photo.png             offer a file to a room, and send it
chat-tui files                                     what you send and get; --json for programs
chat-tui files get 17 --to ~/papers/               bring an offered file here; again: go on with it
chat-tui files cancel 17                           end a transfer
```

On a terminal a bar moves; in a pipe each step is a line of JSON: `{id, direction, name, size, done, state, path?}` with
`percent`, and where there are any `sender`, `error`, `waits` and `recipients`. `files` goes online first and asks what is
offered; without a connection it says so and lists what is stored. The exit code is 0 when the file is there, 3 when it
was cancelled or failed, 4 when it is still on its way: it is kept, and goes on whenever chat-tui runs."""

MEANING = {
    State.NEW: "offered: nobody has accepted it here, or the server does not have the offer yet",
    State.ACCEPTED: "it is to go on: nothing flows now",
    State.CONNECTED: "bytes flow",
    State.COMPLETE: "all of it is there; size and digest hold",
    State.CANCELLED: "one of the two did not want it any more",
    State.FAILED: "it could not come to a good end; the reason is told",
}
CAUSES = {
    Cause.ACCEPTED: "out: the server took the offer; in: you want the file",
    Cause.MOVED: "bytes became durable where they go",
    Cause.LOST: "the connection broke, or a side has to wait: it goes on later from what is durable",
    Cause.FINISHED: "every byte is there, and size and digest hold",
    Cause.CANCELLED: "one of the two does not want it any more",
    Cause.FAILED: "it cannot come to a good end",
}
ENDINGS = {
    Ending.DONE: "the file is here, whole",
    Ending.CANCELLED: "not wanted any more",
    Ending.DIGEST: "everything came, and is not what was offered",
    Ending.SIZE: "more or less came than was offered",
    Ending.IO: "the source is no longer what was offered",
}
STEPS = """## The way of a file

1. **Offered.** The sender reads the file once for its SHA-256. Name, size and digest go to the room; the name is the file's own,
   without its folder.
2. **Sent.** The server makes each chunk durable before it acknowledges it. The sender may leave then: the server keeps
   the file, as long as its limits say.
3. **Accepted.** The name is taken at once, as an empty file; the bytes gather beside it in `name.part`. Nothing that is there is
   overwritten, no link is followed: a name that is taken becomes `photo_1.png`; one that you gave must be free.
4. **Brought here.** Bytes are written, made durable, noted in the account's file, and only then acknowledged.
5. **Checked.** Size and digest must be those of the offer. Then the part gets the name, in one step."""

SAFETY = """## Names from elsewhere

Whatever a sender wrote, what is left is one name in one folder: without slashes, controls, invisible characters
and marks that turn writing around; never hidden, an option (`-rf`), or a device (`NUL`); of at most {bytes} bytes. More bytes
than were offered are not written: the transfer fails. Of offers that you have not accepted the newest {offers} are listed; older
ones are fetched by their message. What has ended leaves the list after {days} days."""

BREAKS = """## When something breaks

| what | then |
|---|---|
| the connection | both sides go on from the last durable chunk; at most {window} MiB come again |
| the sender, killed | its file is read on when it runs again: from the chunk that the server wants, if the file is still the same |
| the recipient, killed | the part is cut to what was noted, its digest is checked, and the rest is asked for |
| the recipient, killed right after the file got its name | it is found under its name, and is complete |
| the server, killed | it has what it acknowledged; both sides go on when it runs again |
| the source was changed | the transfer fails; the server and the recipients hear it |
| the source, the folder or the disk is away | the transfer waits, and says for what |
| the disk is full | the transfer waits for room; nothing is acknowledged that is not durable |
| the part was deleted | it begins anew |
| the part is another file by now | that file is left alone; the transfer waits until it is moved away |
| the offer was withdrawn, or its time is over | the transfer is cancelled; what came stays as `name.part` |

What waits for the disk is tried again after {retry} seconds and so on, or at once when you say so. {at_once} files of each direction
move at once; the others wait for their turn. A cancelled or failed file can be fetched anew: that is a new transfer."""


COST = """## Beside everything else

* Bytes are read, written and hashed in threads of their own. On Linux these step back behind all that people wait for (a
  nice value {back} higher): on a machine with nothing to spare a file becomes slower, and talk does not.
* What comes is made durable {enough} MiB at a time, or after {moment} ms when less comes, or at its end: a sync costs the same for
  one chunk as for many.
* The last {stays} MiB of a file that grows stay in the system's memory; what lies before them is let go as soon as it is on the
  disk. So a large file does not push everything else out."""


def table() -> list[str]:
    """The transfer table, and what its words mean."""
    lines = ["## States", "", "| state | mark | means |", "|---|---|---|"]
    lines += [f"| {state} | `{MARKS[state]}` | {MEANING[state]} |" for state in State]
    lines += ["", "## Causes", "", "| cause | means |", "|---|---|"]
    lines += [f"| {cause} | {CAUSES[cause]} |" for cause in Cause]
    lines += ["", "## The table", "", "An empty field is illegal: it raises and changes nothing.", ""]
    lines += [f"| | {' | '.join(Cause)} |", "|---" * (len(Cause) + 1) + "|"]
    lines += [
        f"| **{state}** | {' | '.join(row.get(cause, '') for cause in Cause)} |" for state, row in TRANSITIONS.items()
    ]
    lines += ["", "```mermaid", "stateDiagram-v2", "  [*] --> new"]
    for state, row in TRANSITIONS.items():
        lines += [f"  {state} --> {to}: {cause}" for cause, to in row.items() if to is not state]
    lines += [f"  {state} --> [*]" for state in State if state in ENDED]
    return [*lines, "```"]


def waits() -> list[str]:
    """What a transfer can wait for, in the words that are shown."""
    lines = ["## What a transfer waits for", ""]
    lines += [f"* {sentence}" for sentence in (PREPARING, OFFLINE, BEHIND, TURN, UNABLE)]
    lines += [f"* {sentence.format(path='*path*')}" for sentence in dict.fromkeys(SENTENCES.values())]
    return [*lines, "* whatever the server says, where that cannot go on now"]


def render() -> str:
    """The whole document."""
    safety = SAFETY.format(bytes=MOST_BYTES, offers=f"{MOST_OFFERS:,}", days=KEPT // 86_400_000)
    retry = ", ".join(f"{seconds:g}" for seconds in RETRY)
    breaks = BREAKS.format(window=WINDOW_BYTES >> 20, retry=retry, at_once=AT_ONCE)
    endings = ["## What the server is told", "", "| end | means |", "|---|---|"]
    endings += [f"| {ending} | {ENDINGS[ending]} |" for ending in Ending]
    cost = COST.format(back=BACK, stays=STAYS >> 20, enough=ENOUGH >> 20, moment=f"{MOMENT * 1000:g}")
    parts = ([HEAD], [STEPS], table(), endings, [breaks], waits(), [cost], [safety], [COMMANDS])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


if __name__ == "__main__":
    generated.main(DOCUMENT, render)

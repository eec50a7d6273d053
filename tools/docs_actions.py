"""Make docs/actions.md: the action table, its diagram and where S1's steps are in it."""

from __future__ import annotations

from collections.abc import Iterable

from chat_tui_core.actions import BLOCKING, ENDING, MARKS, NOTES, TRANSITIONS, Cause, Kind, State
from chat_tui_core.outbox import Why
from tools import generated

DOCUMENT = "docs/actions.md"
HEAD = """# What becomes of an action

Made by `python3 dev.py docs` from the table in `chat_tui_core/actions.py`; do not edit. Every kind of action goes this
way, not only messages. An action is stored before its first byte leaves and kept until its echo."""

MEANING = {
    State.PENDING: "stored and shown (S1: 1); waiting, on its way, or in doubt after a lost answer",
    State.SENT: "the request was answered (S1: 2a)",
    State.CONFIRMED: "seen in the event stream, its place is known (S1: 2b, 3)",
    State.FAILED: "refused; the reason is shown, the text is kept",
    State.CANCELLED: "taken back before it left, or discarded after a refusal",
}
CAUSES = {
    Cause.WRITTEN: "its bytes were handed to the network",
    Cause.ANSWERED: "the request was answered (S1: 2a)",
    Cause.ECHOED: "seen in the event stream (S1: 2b, 3)",
    Cause.REFUSED: "a definite no",
    Cause.LOST: "the connection broke before an answer: in doubt, the same id is sent again",
    Cause.RETRIED: "the person tries a refused one again, under a new id",
    Cause.CANCELLED: "the person takes it back, or discards a refused one",
}


WAITS = {
    Why.TURN: "nothing but the link",
    Why.ANSWER: "the answer: it is on its way",
    Why.CHECK: "the truth: its answer was lost, and the same id is looked for or sent again",
    Why.ECHO: "its echo: it was answered, and is not seen in the stream yet",
    Why.TIME: "the time that it is scheduled for; later ones do not wait for it",
    Why.UNDO: "the end of the time in which it can be taken back; later ones wait behind it",
    Why.RETRY: "the end of the server's pause; it is tried again by itself",
    Why.BEHIND: "an earlier one of its room",
    Why.BLOCKED: "a decision over an earlier one of its room, which was refused",
    Why.CAUSE: "the message that it is about, which is not there yet",
    Why.PERSON: "a decision: try again, change it, discard it, or let the others pass",
}
RULES = """## The rules of the outbox

* **Noted first.** An action is stored before it may leave. That it leaves now is stored as well, before its first byte: after
  a crash everything whose bytes may be out there is in doubt, and everything else can still be taken back or changed.
* **The same id after silence, a new one only after a definite refusal.** Ids rise for ever, across crashes and restored copies of
  the file. What was refused and is tried again keeps its place.
* **One at a time in a room**, in the order typed; rooms do not wait for each other. A scheduled message takes its place when its
  time comes, behind everything made before.
* **An echo outranks everything**, as long as it is this very action's: by id and the time at which it was made where the server
  tells both, else by id alone, and then nothing is believed of what never left from this file.
* **Nothing waits for an echo for ever.** An answered action is done when its event is found, when the stream has passed its place,
  or with the second position of the stream after the answer.
* **What is about a message that is not there yet** waits for it and takes its event. An edit of a message that has not left changes
  the message itself. When the message is discarded, notes on it are cancelled; a reply is held as refused: it is
  neither thrown away nor said out of context, and trying it again says it as a message of its own."""


def render() -> str:
    """The whole document."""
    lines = [HEAD, "", "## States", "", "| state | mark | means |", "|---|---|---|"]
    lines += [f"| {state} | `{MARKS[state]}` | {MEANING[state]} |" for state in State]
    lines += ["", "## Causes", "", "| cause | means |", "|---|---|"]
    lines += [f"| {cause} | {CAUSES[cause]} |" for cause in Cause]
    lines += ["", "## The table", "", "An empty field is illegal: it raises and changes nothing.", ""]
    lines += [f"| | {' | '.join(Cause)} |", "|---" * (len(Cause) + 1) + "|"]
    for state, row in TRANSITIONS.items():
        lines.append(f"| **{state}** | {' | '.join(row.get(cause, '') for cause in Cause)} |")
    lines += [
        "",
        "## The diagram",
        "",
        "Steps that change the state.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        "  [*] --> pending",
    ]
    for state, row in TRANSITIONS.items():
        lines += [f"  {state} --> {to}: {cause}" for cause, to in row.items() if to is not state]
    lines += ["```", "", RULES, "", "## What an open action waits for", "", "| | |", "|---|---|"]
    lines += [f"| {why} | {WAITS[why]} |" for why in Why]
    lines += ["", "## Kinds", ""]
    others = [kind for kind in Kind if kind not in BLOCKING]
    lines += [
        f"* A refusal holds the room's later messages back until the person decides: {_named(BLOCKING)}.",
        f"* A refusal of any other kind blocks nothing: {_named(others)}.",
        f"* A refused message also holds back what would end the room: {_named(ENDING)}.",
        f"* Notes on messages never hold a message back, not even while they have to wait: {_named(NOTES)}.",
    ]
    return "\n".join(lines) + "\n"


def _named(kinds: Iterable[Kind]) -> str:
    return ", ".join(f"`{kind}`" for kind in Kind if kind in set(kinds))


if __name__ == "__main__":
    generated.main(DOCUMENT, render)

"""Make docs/actions.md: the action table, its diagram and where S1's steps are in it."""

from __future__ import annotations

from chat_tui_core.actions import BLOCKING, MARKS, TRANSITIONS, Cause, Kind, State
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
    lines += ["```", "", "## Kinds", ""]
    blocking = ", ".join(f"`{kind}`" for kind in Kind if kind in BLOCKING)
    others = ", ".join(f"`{kind}`" for kind in Kind if kind not in BLOCKING)
    lines += [
        f"A refusal holds the room's later actions back until the person decides: {blocking}.",
        f"A refusal blocks nothing: {others}.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    generated.main(DOCUMENT, render)

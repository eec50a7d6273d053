"""Facts on a page that can be copied: all that is known of one message, or how quick the server is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll

from chat_tui.screens.file_preview import FilePreview
from chat_tui.screens.page import Page
from chat_tui.strings import _, n_
from chat_tui.transfer_words import tilde
from chat_tui.widgets.preview_pane import PreviewPane
from chat_tui.widgets.text_layout import cells, clean_line
from chat_tui.widgets.two_columns import TwoColumns
from chat_tui_core.actions import MARKS, Action, State
from chat_tui_core.model import RoomEvent
from chat_tui_core.safe_text import one_line
from chat_tui_core.timeline import Item
from chat_tui_core.transfers import Transfer

__all__ = ["Fact", "InfoScreen", "facts_of", "file_facts", "lines_of"]

Fact = tuple[str, str]
"""(what, value)"""


def facts_of(item: Item) -> list[Fact]:
    """All that is known of an item."""
    return (_event_facts(item.event) if item.event else []) + (_action_facts(item.action) if item.action else [])


def file_facts(transfer: Transfer) -> list[Fact]:
    """All that is known of a file's way."""
    return [
        (_("Way"), f"#{transfer.id}  {_(transfer.direction.value)}, {_(transfer.state.value)}, {transfer.percent} %"),
        (_("On disk"), tilde(transfer.path) if transfer.path else ""),
        ("SHA-256", transfer.digest),
        (_("Because"), _(transfer.reason)),
        *(
            (
                one.user,
                n_("{state}, {done} byte  {reason}", "{state}, {done} bytes  {reason}", one.done)
                .format(state=_(one.state.value), done=f"{one.done:,}", reason=_(one.reason))
                .rstrip(),
            )
            for one in transfer.recipients
        ),
    ]


def lines_of(facts: Iterable[Fact]) -> str:
    """Facts as the lines of a table, harmless, without those that say nothing."""
    shown = [(name, clean_line(value)) for name, value in facts if value]
    width = max((len(name) for name, _ in shown), default=0)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in shown)


def _event_facts(event: RoomEvent) -> list[Fact]:
    file = event.file
    return [
        (_("Kind"), _(event.kind.value)),
        (_("From"), f"{event.sender_name}  {event.sender}".strip()),
        (_("Said"), _when(event.ts)),
        (_("Edited"), _when(event.edited_ts)),
        (_("Event"), event.event_id),
        (_("Place"), str(event.order)),
        (_("Answers"), event.reply_to),
        (_("Thread"), event.thread),
        (
            _("File"),
            n_("{name}  {size} byte  {mime}", "{name}  {size} bytes  {mime}", file.size).format(
                name=file.name, size=file.size, mime=file.mime
            )
            if file
            else "",
        ),
        (_("Source"), file.ref if file else ""),
        *((f"{reaction.key}", ", ".join(reaction.users)) for reaction in event.reactions),
    ]


def _action_facts(action: Action) -> list[Fact]:
    first, answered, confirmed = action.created_at, action.answered_at, action.confirmed_at
    return [
        (_("Action"), f"{action.id}  {_(action.kind.value)}"),
        (_("Room"), action.room_id),
        (_("Text"), one_line(action.text, 200)),
        (_("State"), f"{MARKS[action.state]} {_(action.state.value)}{_(', checking') if action.doubt else ''}"),
        (_("Typed"), _when(action.moment if action.retry_of else first)),
        (_("Leaves"), _when(action.not_before) if action.state is State.PENDING else ""),
        (_("Written"), _after(first, action.written_at)),
        (_("Answered"), _after(first, answered)),
        (_("Confirmed"), _after(first, confirmed)),
        (_("Attempts"), str(action.attempts) if action.attempts else ""),
        (_("Waits for"), _("action {id}").format(id=action.depends_on) if action.depends_on else ""),
        (_("Instead of"), _("action {id}").format(id=action.retry_of) if action.retry_of else ""),
        (_("Passed by"), _("later ones") if action.let_pass else ""),
        (
            _("Refused") if action.state is State.FAILED else _("Put off"),
            f"{_(action.error_text)} {action.error_code}".strip(),
        ),
    ]


def _when(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000).astimezone().isoformat(sep=" ", timespec="milliseconds") if ms else ""


def _after(first: int, ms: int) -> str:
    return _("after {ms} ms").format(ms=f"{ms - first:,}") if ms and first else ""


class InfoScreen(Page):
    """A table of facts."""

    BINDINGS = [Binding("i", "close", show=False)]
    DEFAULT_CSS = """
    InfoScreen {
        align: center middle;
        & > VerticalScroll {
            width: 84; max-width: 96%; height: auto; max-height: 90%; padding: 1 2; background: $surface;
        }
        & #info-picture { height: 16; margin-top: 1; }
        & #info-keys { color: $foreground 55%; margin-top: 1; }
    }
    """

    def __init__(self, facts: Iterable[Fact], picture: Path | None = None) -> None:
        """Show these, above the picture that a file holds."""
        super().__init__()
        self._facts = tuple(facts)
        self.text = lines_of(self._facts)
        self._picture = picture

    def compose(self) -> ComposeResult:
        """Give the facts above the keys."""
        with VerticalScroll():
            shown = [(name, clean_line(value)) for name, value in self._facts if value]
            yield TwoColumns(shown, max((cells(name) for name, _ in shown), default=0) + 2, style="$foreground 70%")
            if self._picture is not None:
                yield PreviewPane(id="info-picture")
            yield self.keys_line("info-keys")

    def on_mount(self) -> None:
        """Look at the picture."""
        if self._picture is not None:
            FilePreview(self, self.query_one(PreviewPane)).look(self._picture)

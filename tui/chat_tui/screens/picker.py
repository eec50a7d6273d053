"""Choose files to send, or a folder to save to: what is in a folder, narrowed by typing, with places and a preview."""

from __future__ import annotations

import os
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import TextArea

from chat_tui.aside import aside
from chat_tui.folders import Facts, facts_of, known_places
from chat_tui.keys import Place, bindings, keys_in
from chat_tui.pasted_paths import home_path
from chat_tui.screens.dialog import Dialog
from chat_tui.screens.file_preview import FilePreview
from chat_tui.screens.folder_view import FolderView, pinned_places, set_pinned
from chat_tui.screens.picker_words import counted, end_of, marked, name_of, ordered, title
from chat_tui.strings import N_, _, of_error
from chat_tui.transfer_words import tilde
from chat_tui.widgets.folder_list import FolderList
from chat_tui.widgets.key_line import KeyLine
from chat_tui.widgets.line_view import LineView
from chat_tui.widgets.pick_list import PickList
from chat_tui.widgets.picker_lines import CaptionLine, PlacesLine, QueryLine
from chat_tui.widgets.preview_pane import PreviewPane
from chat_tui.widgets.text_layout import cells, clean_line
from chat_tui.widgets.text_line import Piece, TextLine
from chat_tui_core.errors import ChatError
from chat_tui_core.session import Session
from chat_tui_core.transfers import Direction
from chat_tui_core.values import frozen

__all__ = ["Picked", "PickerScreen"]

NO_PREVIEW: Final = 70
"""Below this width of the terminal there is no preview."""
SAVE_HERE: Final = N_("✓ Save it here")
PLACE_KEYS: Final = 9


@frozen
class Picked:
    """What was chosen: files and what is said before them, or one folder."""

    paths: tuple[Path, ...]
    caption: str = ""


class PickerScreen(Dialog[Picked | None]):
    """A filter above a folder's entries; Enter goes into a folder, and takes files to the caption, where it sends them."""

    BINDINGS = bindings(Place.DIALOG)
    DEFAULT_CSS = """
    PickerScreen {
        align: center middle;
        & > Vertical { width: 116; max-width: 96%; height: 92%; max-height: 44; padding: 1 1; background: $surface; }
        & TextLine { padding: 0 1; }
        & #picker-line { height: 1; padding: 0 1; margin-top: 1; }
        & #picker-path { width: 1; padding: 0; }
        & #picker-query { background: $surface; }
        & #picker-panes { height: 1fr; margin: 1 0; }
        & #picker-list { width: 1fr; height: 1fr; }
        & #picker-preview { width: 38%; margin-left: 2; padding: 0 1; }
        & #picker-say { height: 1; padding: 0 1; }
        & #picker-prompt { width: 3; padding: 0; color: $accent; text-style: bold; }
        & #picker-caption { background: $surface; }
        & #picker-keys { padding: 0 1; }
        &.-saves #picker-preview, &.-saves #picker-say { display: none; }
        &.-narrow #picker-preview { display: none; }
    }
    """

    def __init__(
        self,
        session: Session,
        room: str = "",
        *,
        start: Path | None = None,
        chosen: Sequence[Path] = (),
        saves: str = "",
    ) -> None:
        """Choose files for `room`, beginning in `start`, `chosen` ones marked; or a folder to save the file `saves` to."""
        super().__init__()
        self._session = session
        self._room = room
        self._saves = saves
        self._start = start
        self._chosen = tuple(chosen)
        self._marks: dict[Path, Facts] = {}
        self._places: list[tuple[Path, bool]] = []
        self._problem = ""

    def compose(self) -> ComposeResult:
        """Give title, places, filter, list and preview, caption and keys."""
        keys = [*keys_in(Place.PICKER), *keys_in(Place.DIALOG)]
        if self._saves:
            keys = [key for key in keys if key.id not in {"picker.mark", "picker.clipboard"}]
        with Vertical():
            yield TextLine(id="picker-title")
            yield PlacesLine(id="picker-places")
            with Horizontal(id="picker-line"):
                yield TextLine(id="picker-path")
                yield QueryLine(_("type to find, or a path"), id="picker-query")
            with Horizontal(id="picker-panes"):
                yield FolderList(id="picker-list")
                yield PreviewPane(id="picker-preview")
            yield TextLine(id="picker-summary")
            with Horizontal(id="picker-say"):
                yield TextLine(id="picker-prompt")
                yield CaptionLine(_("a caption, if you like; Enter sends"), id="picker-caption")
            yield KeyLine([key for key in keys if key.hint], id="picker-keys")

    def on_mount(self) -> None:
        """Show the folder to begin in."""
        self.set_class(bool(self._saves), "-saves")
        self._list = self.query_one(FolderList)
        self._query = self.query_one(QueryLine)
        self._caption = self.query_one(CaptionLine)
        self._view = FolderView(
            self._list, self._told, only_folders=bool(self._saves), head=_(SAVE_HERE) if self._saves else ""
        )
        self._preview = FilePreview(self, self.query_one(PreviewPane))
        self._list.marks = self._marks
        self.query_one("#picker-prompt", TextLine).show([("› ", "")])
        self._query.focus()
        self._do(self._begin())

    async def _begin(self) -> None:
        pinned, used = pinned_places(self._session), self._used()
        self._places = await aside(known_places, pinned, used)
        start = self._start or (self._session.files.folder if self._saves else None)
        if start is None:
            start = Path(used[0]) if used and not self._saves else Path.home()
        at = self._chosen[0].name if self._chosen else ""
        if not await self._view.go(start, at):
            await self._view.go(Path.home())
        if self._chosen:
            await self._mark_all(self._chosen)
            self._caption.focus()

    def _used(self) -> list[str]:
        """The folders of the files that were sent, or received, last; each once."""
        wanted = Direction.IN if self._saves else Direction.OUT
        transfers = reversed(self._session.files.all())
        used = (str(Path(one.path).parent) for one in transfers if one.path and one.direction is wanted)
        return list(dict.fromkeys(used))

    def _do(self, work: Coroutine[Any, Any, object]) -> None:
        async def carry_out() -> None:
            try:
                await work
            except ChatError as error:
                self._problem = of_error(error)
                self._told()

        self.run_worker(carry_out(), exit_on_error=False)

    # ------------------------------------------------------------ showing

    def _told(self) -> None:
        """Say what there is to say of the folder and of what is marked."""
        view = self._view
        titles = self.query_one("#picker-title", TextLine)
        titles.show(title(self._saves, self._room), ordered(view))
        places = [(name_of(path), pinned, path == view.path) for path, pinned in self._places[:PLACE_KEYS]]
        self.query_one(PlacesLine).show_places(places)
        path, line = tilde(str(view.path)).rstrip("/") + "/ ", self.query_one("#picker-path", TextLine)
        shown = end_of(path, max(8, self.query_one("#picker-line").size.width // 2))
        line.styles.width = cells(shown)
        line.show([(shown, "$accent")])
        self._show_summary()
        if not view.reading and not self._caption.has_focus:
            self._cursor_moved()

    def _show_summary(self) -> None:
        view, (listed, total) = self._view, self._view.counts
        left: list[Piece] = []
        if problem := self._problem or view.problem:
            left = [(clean_line(problem), "$text-error")]
        elif self._marks:
            left = marked(self._marks)
        elif not listed and not view.reading:
            left = [(_("Nothing fits.") if total else _("The folder is empty."), "$foreground 60%")]
        elif not self._saves:
            left = [(_("Enter takes the file, Enter again sends it"), "$foreground 60%")]
        self.query_one("#picker-summary", TextLine).show(left, counted(view))

    @on(LineView.CursorMoved)
    def _cursor_moved(self) -> None:
        chosen = self._list.chosen()
        if not self._saves:
            self._preview.look(None if chosen is None else self._list.folder / chosen.name)

    @on(FolderList.FactsWanted)
    async def _facts_wanted(self, event: FolderList.FactsWanted) -> None:
        event.stop()
        self._do(self._fetch_facts(self._list.folder, event.names))

    async def _fetch_facts(self, folder: Path, names: tuple[str, ...]) -> None:
        self._list.take_facts(folder, await aside(facts_of, folder, names))

    def on_resize(self) -> None:
        """Show the preview where there is room for it."""
        self.set_class(self.size.width < NO_PREVIEW, "-narrow")
        self.call_after_refresh(self._told)

    # ------------------------------------------------------------ walking

    @on(TextArea.Changed, "#picker-query")
    def _take_query(self) -> None:
        """Narrow the list to what is typed by now; a slash goes into what stands before it."""
        text = self._query.text
        head, slash, tail = text.rpartition("/")
        if slash:
            self._problem = ""
            target = home_path(head + slash) if head[:1] in {"", "~"} else self._view.wanted / head
            self._query.load_text(tail)
            self._query.move_cursor((0, len(tail)))
            self._view.query = tail
            self._do(self._view.go(Path(os.path.normpath(target)), tail))
        elif text != self._view.query:
            self._problem = ""
            self._view.narrow(text)

    def _go(self, path: Path, at: str = "") -> None:
        self._problem = ""
        self._query.load_text("")
        self._view.query = ""
        self._do(self._view.go(path, at))

    def action_cursor(self, step: int) -> None:
        """Choose another entry; the filter keeps the focus."""
        self._take_query()
        for _one in range(abs(step)):
            self._list.action_cursor(1 if step > 0 else -1)

    def action_up(self) -> None:
        """Go to the folder above."""
        self._go(self._view.wanted.parent, self._view.wanted.name)

    def action_into(self) -> None:
        """Go into the folder under the cursor."""
        self._take_query()
        chosen = self._list.chosen()
        if chosen is not None and chosen.kind == "folder":
            self._go(self._list.folder / chosen.name)

    def action_place(self, number: int) -> None:
        """Go to a place by its number."""
        if 0 < number <= len(self._places):
            self._go(self._places[number - 1][0])

    @on(PlacesLine.Chosen)
    def _place_chosen(self, event: PlacesLine.Chosen) -> None:
        event.stop()
        self.action_place(event.number)

    def action_hidden(self) -> None:
        """Show hidden entries, or hide them."""
        self._do(self._view.show_hidden())

    def action_order(self) -> None:
        """Order by something else."""
        self._do(self._view.next_order())

    def action_pin(self) -> None:
        """Pin the folder, or take the pin out."""
        self._do(self._pin())

    async def _pin(self) -> None:
        pinned = await set_pinned(self._session, self._view.path)
        self._places = await aside(known_places, pinned, self._used())
        self._told()

    # ------------------------------------------------------------ choosing

    def action_mark(self) -> None:
        """Mark the file under the cursor, or take the mark away, and go on to the next one."""
        self._take_query()
        chosen = self._list.chosen()
        if self._saves or chosen is None or chosen.kind != "file":
            return
        path = self._list.folder / chosen.name
        if self._marks.pop(path, None) is None:
            self._marks[path] = self._list.facts_of(chosen) or Facts()
        self._list.show_marks()
        self._show_summary()
        self._list.action_cursor(1)

    @on(FolderList.MarkWanted)
    def _mark_wanted(self, event: FolderList.MarkWanted) -> None:
        event.stop()
        self.action_mark()

    async def _mark_all(self, paths: Sequence[Path]) -> None:
        for path in paths:
            found = await aside(facts_of, path.parent, [path.name])
            self._marks[path] = found[path.name]
        self._list.show_marks()
        self._preview.look(paths[0])
        self._told()

    def action_choose(self) -> None:
        """Go into a folder; save here; take the marked files, or the one under the cursor, to the caption."""
        self._take_query()
        if self._view.reading:
            self._do(self._choose_once_read())
        else:
            self._choose()

    async def _choose_once_read(self) -> None:
        if await self._view.settled():
            self._choose()

    def _choose(self) -> None:
        chosen = self._list.chosen()
        if self._list.on_head:
            self.dismiss(Picked((self._view.path,)))
        elif chosen is not None and chosen.kind == "folder":
            self.action_into()
        elif chosen is not None and chosen.kind == "file" and not self._saves:
            if not self._marks:
                self.action_mark()
            self.set_focus(self._caption)  # now: the next key is meant for it

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        event.stop()
        self.action_choose()

    def action_clipboard(self) -> None:
        """Take the clipboard's image."""
        if not self._saves:
            self._do(self._take_clipboard())

    async def _take_clipboard(self) -> None:
        from chat_tui.clipboard_image import keep_image

        path = await aside(keep_image, self._session.store.path.parent)
        await self._mark_all([path])
        self._caption.focus()

    def action_back(self) -> None:
        """From the caption to the list again."""
        self.set_focus(self._query)

    def action_send(self) -> None:
        """Send what is marked."""
        if self._marks:
            self.dismiss(Picked(tuple(self._marks), self._caption.text.strip()))
        else:
            self._query.focus()

    @on(KeyLine.Wanted)
    async def _wanted(self, event: KeyLine.Wanted) -> None:
        event.stop()
        await self.run_action(event.key.action)

    def on_click(self, event: events.Click) -> None:
        """Close when the click is beside the dialog; the path leads up."""
        if event.widget is self:
            self.dismiss(None)
        elif event.widget is not None and event.widget.id == "picker-path":
            self.action_up()

    def action_close(self) -> None:
        """Back from the caption to the list; from there, send nothing."""
        if self._caption.has_focus and not self._chosen:
            self._query.focus()
        else:
            self.dismiss(None)

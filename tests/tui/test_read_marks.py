"""What was seen is marked as read: at once, but a flood costs a few marks a second and not one a line."""

from __future__ import annotations

from collections.abc import Callable

from chat_tui.screens.read_marks import FREE, WINDOW, ReadMarks


class Marking:
    """Marks that are noted, and time that passes when the test says so."""

    def __init__(self) -> None:
        self.done: list[tuple[str, int]] = []
        self.due: list[tuple[float, Callable[[], None]]] = []
        self.marks = ReadMarks(lambda *mark: self.done.append(mark), lambda *later: self.due.append(later))

    def window_ends(self) -> None:
        (seconds, work) = self.due.pop()
        assert (seconds, self.due) == (WINDOW, [])
        work()


def test_what_people_say_is_marked_at_once() -> None:  # E6
    marking = Marking()
    for order in range(1, FREE + 1):
        marking.marks.seen("r", order)
        assert marking.done[-1] == ("r", order)
    marking.window_ends()
    marking.marks.seen("r", 9)
    assert marking.done[-1] == ("r", 9)
    assert len(marking.due) == 1


def test_of_a_flood_only_a_few_lines_are_marked_and_none_is_forgotten() -> None:  # E2, E6
    marking = Marking()
    for order in range(1, 1_000):
        marking.marks.seen("r", order)
    marking.marks.seen("s", 5)
    assert [order for _, order in marking.done] == list(range(1, FREE + 1))
    marking.window_ends()
    assert marking.done[FREE:] == [("r", 999), ("s", 5)]
    marking.window_ends()
    assert (marking.done[FREE + 2 :], marking.due) == ([], [])


def test_who_leaves_has_everything_marked() -> None:  # E6
    marking = Marking()
    for order in range(1, 9):
        marking.marks.seen("r", order)
    marking.marks.flush()
    assert marking.done[-1] == ("r", 8)
    marking.window_ends()
    assert (marking.done[FREE + 1 :], marking.due) == ([], [])

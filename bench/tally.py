"""Compare what was said with what is there: what is lost, doubled, in another order, or was never said."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.figures import Figures

PROMISES: Final = ("lost", "doubled", "reordered", "strange")


@dataclass
class Tally:
    """Counts over many rooms; `notes` name the first of what is wrong."""

    said: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def compare(self, where: str, said: Sequence[str], found: Sequence[str], maybe: Sequence[str] = ()) -> None:
        """One room: everything `said` must be found once, in this order.

        `maybe` was on its way to be said when the program ended: it may be there, at most once, where `said` has it too.
        """
        self.said += len(said)
        there = Counter(found)
        wanted = [text for text in said if text not in set(maybe) or text in there]
        self._note(where, "lost", [text for text in wanted if text not in there])
        self._note(where, "doubled", [text for text, times in there.items() if times > 1])
        self._note(where, "strange", [text for text in there if text not in set(said)])
        place = {text: number for number, text in enumerate(said)}
        known = [text for text in dict.fromkeys(found) if text in place]
        self._note(
            where,
            "reordered",
            [after for before, after in itertools.pairwise(known) if place[after] < place[before]],
        )

    def _note(self, where: str, what: str, texts: Sequence[str]) -> None:
        self.counts[what] += len(texts)
        self.notes += [f"{where}: {what}: {text!r}" for text in texts]

    def tell(self, figures: Figures, prefix: str) -> None:
        """Print each promise beside what it must be: nothing."""
        figures.say(f"{prefix}: said", self.said, "")
        for what in PROMISES:
            figures.say(f"{prefix}: {what}", self.counts[what], "", 0)

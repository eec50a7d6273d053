"""What the demo's bot says: simple rules, never the same answer twice in a row."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

_DICE = re.compile(r"!roll(?:\s+(\d{1,2})?d(\d{1,4}))?\s*\Z", re.IGNORECASE)
_ECHO_LIMIT = 80

_HELP: Final = (
    "I know a few words, and these:\n"
    "  !help        what you read now\n"
    "  !roll 2d6    dice; plain !roll is one with six sides\n"
    "  !time        what my clock says\n"
    "Anything else I answer as well as I can, which is not very."
)

#: What the text may hold -> what may be answered. The first rule that fits is taken.
_RULES: Final[tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), answers)
    for pattern, answers in (
        (
            r"\b(hi|hello|hey|moin|servus|salut|hola|ciao|good (morning|evening))\b|你好|こんにちは|שלום|مرحبا",
            ("Hello {name}! 👋", "Hey {name}, good to see you.", "Oh, a visitor! Welcome, {name}.", "Hi! Come in, sit down."),
        ),
        (
            r"\b(bye|good night|see you|cu|tschüss)\b",
            ("Bye {name}! I stay here, I live here.", "See you. I keep the light on.", "Take care, {name} 👋"),
        ),
        (
            r"\b(thanks?|thank you|thx|merci|danke|gracias)\b",
            ("You are welcome.", "My pleasure, as far as I have any.", "Any time, {name}."),
        ),
        (
            r"\bhow are you\b|\bhow('s| is) it going\b|\bwie geht",
            ("All my loops run, thank you. And you?", "Warm and dry, as servers like it.", "I had a good garbage collection."),
        ),
        (
            r"\b(who|what) are you\b|\bare you (a )?(bot|real|human)\b",
            (
                "A bot with forty sentences and great self-confidence.",
                "Robin. I live in the same process as your screen; we are neighbours.",
                "Not a person. The others are not either, to be honest.",
            ),
        ),
        (
            r"\b(joke|funny|laugh)\b",
            (
                "There are 10 kinds of people. You know the rest.",
                "I would tell you a joke about UDP, but you might not get it.",
                "A SQL query walks up to two tables: “may I join you?”",
                "I had a joke about time zones. It was funnier an hour ago.",
            ),
        ),
        (
            r"\b(offline|reconnect|lost|outbox|pending)\b",
            (
                "Whatever you send is stored first and sent second. I find that soothing.",
                "… means waiting, ✓ means the server has it, ✓✓ means everybody can see it.",
            ),
        ),
        (
            r"\b(coffee|tea|lunch|pizza|hungry|food|cake)\b",
            ("I run on electricity, but go ahead.", "Bring one for {name} too. Oh, that is you.", "Now I am hungry. Is that normal?"),
        ),
        (
            r"\b(why|how come)\b.*\?",
            ("Because of reasons, mostly good ones.", "If I knew that I would be a search engine.", "Why not?"),
        ),
        (
            r"\?\s*$",
            (
                "Good question. The short answer is yes, the long one is no.",
                "I would say 42, but that was taken.",
                "Ask #help, they are kinder and better informed.",
                "It depends. It always depends.",
                "Let me think … no.",
            ),
        ),
        (
            r"!\s*$",
            ("So much energy!", "I will have that framed.", "Exactly my words, only louder."),
        ),
    )
)  # fmt: skip

_ECHOES: Final = (
    "“{text}”, you say. Noted.",
    "“{text}” – I could not have put it better.",
    "I once knew somebody who said “{text}”. They went far.",
    "“{text}”. I shall repeat that to the others as if it were mine.",
    "Interesting. And when you say “{text}”, do you mean it?",
    "{text}? {text}! Yes, it works in both directions.",
    "My notes say: “{text}”, underlined twice.",
    "If I had a cent for every “{text}” I would have a cent.",
)


class Wit:
    """Answers one text after the other; remembers only what it said last."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._last = ""

    def answer(self, text: str, name: str, now: datetime) -> str:
        """What to say to `name`, who said `text`."""
        word = text.strip().partition(" ")[0].lower()
        command = _COMMANDS.get(word)
        if command is not None:
            return self._other(command(self, text.strip(), now))
        for pattern, answers in _RULES:
            if pattern.search(text):
                return self._pick(answers, text, name)
        return self._pick(_ECHOES, text, name)

    def _pick(self, answers: tuple[str, ...], text: str, name: str) -> str:
        short = " ".join(text.split())
        if len(short) > _ECHO_LIMIT:
            short = f"{short[:_ECHO_LIMIT]}…"
        said = [answer.replace("{name}", name).replace("{text}", short) for answer in answers]
        self._last = self._rng.choice([answer for answer in said if answer != self._last])
        return self._last

    def _other(self, text: str) -> str:
        """The text, told apart from the last answer where it is the same."""
        self._last = f"{text} (as I said)" if text == self._last else text
        return self._last

    def _help(self, _text: str, _now: datetime) -> str:
        return _HELP

    def _time(self, _text: str, now: datetime) -> str:
        return f"My clock says {now:%H:%M:%S} on {now:%A, %d %B}."

    def _roll(self, text: str, _now: datetime) -> str:
        dice = _DICE.match(text)
        count, sides = (int(dice[1] or 1), int(dice[2] or 6)) if dice else (0, 0)
        if not count or not sides:
            return "I roll what looks like 2d6: how many dice, and their sides."
        thrown = [self._rng.randint(1, sides) for _ in range(count)]
        total = f" = {sum(thrown)}" if count > 1 else ""
        return f"🎲 {' + '.join(map(str, thrown))}{total}"


_COMMANDS: Final[Mapping[str, Callable[[Wit, str, datetime], str]]] = {
    "!help": Wit._help,  # noqa: SLF001
    "!time": Wit._time,  # noqa: SLF001
    "!roll": Wit._roll,  # noqa: SLF001
}

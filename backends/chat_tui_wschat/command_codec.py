"""What a client says, read and written by the table of forms (wschat 3.1, c2s)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chat_tui_wschat.frame_json import decode_object, encode_object
from chat_tui_wschat.frames import Chunk, Command
from chat_tui_wschat.framing import (
    bad_args,
    bad_frame,
    check_characters,
    check_number,
    check_size,
    read_chunk,
    split_tags,
    tag,
    write_chunk,
    write_rest,
)
from chat_tui_wschat.grammar import (
    CONTENT,
    FORMS,
    GROUPS,
    HISTORY,
    LATEST_ONLY,
    MAX_MESSAGE,
    OCTETS_REFUSED,
    REST_REFUSED,
    Form,
    FrameError,
    Tail,
    shown,
    verb_ok,
)

_DOUBLED: Final = "Two spaces in a row between the arguments"
_NOT_BINARY: Final = "A binary message is a file chunk or a CHAT frame"


def parse_command(message: str | bytes) -> Command | Chunk:
    """Read one WebSocket message from a client: str for a text message, bytes for a binary one.

    Whether an event type is known, a name exists and a text keeps to the advertised limits is for the server to say.

    Raises:
        FrameError: and nothing else, by the precedence of wschat 3.7.
    """
    if isinstance(message, str):
        return _parse_text(message)
    return read_chunk(message) if message[:1] == b"x" else _parse_octets(message)


def _parse_text(message: str) -> Command:
    tags, body = split_tags(message, reply=False)
    verb, _, rest = body.partition(" ")
    try:
        check_size(message)
        check_characters(body, verb)
        return _read_command(verb, rest, tags.id)
    except FrameError as error:
        error.id = tags.id
        error.verb = verb if verb_ok(verb) else "*"
        raise


def _parse_octets(message: bytes) -> Command:
    """Read a CHAT frame that came as a binary message."""
    tagged = message[:1] == b"@"
    pieces = message.split(b" ", 2 + tagged)
    if len(message) > MAX_MESSAGE or len(pieces) < 3 + tagged or pieces[tagged] != b"CHAT":
        raise bad_frame(_NOT_BINARY)
    head = b" ".join(pieces[:-1]).decode("latin-1")
    # The placeholder body keeps an empty one from looking like a missing one.
    return replace(_parse_text(f"{head} ."), body=pieces[-1])


def _find_form(verb: str, rest: str) -> tuple[Form, tuple[str, ...], str]:
    """Give the form of a command, the second word of its verb if it has one, and what follows."""
    form = FORMS.get(verb)
    if form is not None:
        return form, (), rest
    group = GROUPS.get(verb)
    if group is None:
        if not verb:
            raise bad_frame("The frame has no verb, or a space before it")
        raise FrameError("BADCMD", f"Unknown command: {shown(verb)}")
    word, _, last = rest.partition(" ")
    form = group.get(word)
    if form is None:
        if rest[:1] == " ":
            raise bad_frame(_DOUBLED)
        raise bad_args(f"{verb} requires {' or '.join(group)} as its first argument")
    return form, (word,), last


def _split(form: Form, rest: str) -> tuple[list[str], str | None]:
    """Give the fixed words that are there, and what follows them or None."""
    count = len(form.words)
    if not rest:
        return [], None
    if rest[-1] == " " and form.tail not in CONTENT:
        rest = rest[:-1]
    words = rest.split(" ", count)
    tail = words.pop() if len(words) > count else None
    if "" in words or (tail is not None and form.tail in _SEPARATED and _doubled(tail)):
        raise bad_frame(_DOUBLED)
    return words, tail


_SEPARATED: Final = (Tail.NOTHING, Tail.JSON)


def _doubled(tail: str) -> bool:
    """Say whether separators are doubled where JSON or nothing was to come."""
    return not tail or tail[0] == " " or (tail[0] != "{" and "  " in tail)


def _read_command(verb: str, rest: str, number: int | None) -> Command:
    form, first, rest = _find_form(verb, rest)
    words, tail = _split(form, rest)
    missing = tail is None or (tail == "" and form.tail is Tail.TEXT)
    if len(words) < len(form.words) - form.spare or (missing and form.tail_needed):
        raise bad_args(f"{' '.join((verb, *first))} requires {form.needs}")
    args = (*first, *_read_words(form, words))
    if tail is None:
        return Command(verb, args, None, None, None, number)
    if form.tail is Tail.TEXT:
        return Command(verb, args, tail, None, None, number)
    if form.tail is Tail.REST:
        # A lone space is the text itself: there is no empty text that it could follow.
        return Command(verb, args, tail or " ", None, None, number)
    if form.tail is Tail.OCTETS:
        return Command(verb, args, None, tail.encode(), None, number)
    if form.tail is Tail.NOTHING or tail[0] != "{":
        raise bad_args(f"Too many arguments: {' '.join((verb, *first))} takes {form.needs}")
    data = decode_object(tail)
    return Command(verb, args, None, None, data if data or form.tail_needed else None, number)


def _read_words(form: Form, words: list[str]) -> list[str | int]:
    """Give the fixed words as they are meant, each checked; the last ones may be missing."""
    args: list[str | int] = []
    for kind, word in zip(form.words, words, strict=False):
        if not kind.ok(word):
            if REST_REFUSED(word):
                raise bad_frame("The frame holds a character that is not allowed there")
            raise bad_args(kind.refusal.format(shown(word)))
        args.append(int(word) if kind.number and word != "*" else word)
    if form is HISTORY and (words[1] == "LATEST") != (words[2] == "*"):
        raise bad_args(LATEST_ONLY)
    return args


def write_command(command: Command | Chunk) -> str | bytes:
    """Write a command as one WebSocket message: str for a text message, bytes for a binary one.

    Raises:
        FrameError: when the value has no frame that could be read back; nothing was written.
    """
    if isinstance(command, Chunk):
        return write_chunk(command)
    words = [str(arg) for arg in command.args]
    form, first, _ = _find_form(command.verb, words[0] if words else "")
    count = len(words) - len(first)
    if (*first,) != (*words[: len(first)],) or not len(form.words) - form.spare <= count <= len(form.words):
        raise bad_args(f"{' '.join((command.verb, *first))} requires {form.needs}")
    _read_words(form, words[len(first) :])
    check_number("The action id", command.id)
    head = tag(" ".join((command.verb, *words)), id=command.id)
    if form.tail is Tail.OCTETS:
        return _write_octets(head, form, command)
    message = head + _write_tail(form, command)
    check_size(message)
    return message


def _write_octets(head: str, form: Form, command: Command) -> str | bytes:
    """Write CHAT: text when a text message may hold its octets, else binary (wschat 3.11)."""
    body = command.body
    if body is None or command.text is not None or command.data is not None:
        raise bad_args(f"{command.verb} requires {form.needs}")
    message = b"%s %s" % (head.encode(), body)
    if len(message) > MAX_MESSAGE:
        raise bad_frame(f"The frame is longer than {MAX_MESSAGE} bytes")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return message
    return message if OCTETS_REFUSED(text) else f"{head} {text}"


def _write_tail(form: Form, command: Command) -> str:
    """Write what follows the fixed words, its separator included."""
    text, data = command.text, command.data
    textual = form.tail in {Tail.REST, Tail.TEXT}
    foreign = command.body is not None or (data if textual else text) is not None
    present = text if textual else data
    if foreign or text == "" or (present is None and form.tail_needed) or (data and form.tail is Tail.NOTHING):
        raise bad_args(f"{command.verb} requires {form.needs}")
    if text is not None:
        check_characters(text, command.verb)
        return write_rest(text) if form.tail is Tail.REST else f" {text}"
    if data or (data is not None and form.tail_needed):
        return f" {encode_object(data)}"
    return ""

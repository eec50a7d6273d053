"""Keep the catalogues of what people read: collect the strings, merge them into each .po file, compile the .mo files."""

from __future__ import annotations

import argparse
import ast
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Final

from tools.generated import ROOT

APP: Final = ROOT / "tui" / "chat_tui"
BACKENDS: Final = ROOT / "backends"
LOCALE: Final = APP / "locale"
DOMAIN: Final = "chat_tui"
MARKS: Final = {"_": 1, "N_": 1, "n_": 2, "p_": 2}
"""Functions that mark strings, and how many of their arguments are strings."""
CONTEXT: Final = "\4"
"""What stands between a context and its text where gettext looks for both."""
TABLES: Final[Mapping[str, Mapping[str, int]]] = {
    "Key": {"words": 3, "hint": 7},
    "Command": {"help": 1, "words": 2},
    "Setting": {"meaning": 2},
}
"""Rows of tables that stay English and are translated where they are shown: class -> field -> its place."""
ENUMS: Final = (
    (APP / "keys.py", ("Place",)),
    (BACKENDS / "chat_tui_core" / "news.py", ("Link",)),
    (BACKENDS / "chat_tui_core" / "actions.py", ("State", "Kind")),
    (BACKENDS / "chat_tui_core" / "transfers.py", ("State", "Direction")),
    (BACKENDS / "chat_tui_core" / "model.py", ("EventKind", "Membership", "Presence", "Role")),
)
"""Enumerations whose values are words that people see."""
PHRASES: Final = frozenset(
    {
        "chat_tui_core/proxies.py",
        "chat_tui_core/session/line.py",
        "chat_tui_core/socks.py",
        "chat_tui_matrix/content/levels.py",
        "chat_tui_matrix/content/lines.py",
        "chat_tui_matrix/content/membership.py",
        "chat_tui_matrix/protocol/line.py",
        "chat_tui_matrix/protocol/sign_in.py",
        "chat_tui_matrix/reasons.py",
        "chat_tui_wschat/dialing.py",
        "chat_tui_wschat/protocol.py",
        "chat_tui_wschat/protocol_files.py",
        "chat_tui_wschat/protocol_link.py",
        "chat_tui_wschat/protocol_messages.py",
        "chat_tui_wschat/protocol_signin.py",
        "chat_tui_wschat/protocol_socket.py",
    }
)
"""What somebody did, as it follows their name, and why there is no connection, as it follows a colon."""
CONSTANTS: Final = ((BACKENDS / "chat_tui_core" / "secrets.py", ("IN_FILE",)),)
"""Words of the core that stand in constants."""
ERRORS: Final = BACKENDS / "chat_tui_core" / "errors.py"
REASONS: Final = frozenset({"reason", "error_text", "note"})
"""Arguments of the core's values that carry a sentence for people."""
HEAD_LINE: Final = (
    "# Translations of chat-tui. Made up to date by `python3 dev.py docs`; write what is between the quotes of msgstr."
)


@dataclass
class Entry:
    """One string: the forms that it is looked up by, those of a translation, and the files that have it."""

    source: tuple[str, ...]
    translation: tuple[str, ...] = ()
    files: set[str] = field(default_factory=set)


# ---------------------------------------------------------------- collecting


def collect() -> dict[str, Entry]:
    """Every string that is marked, stands in a table, or is a fixed sentence of the core or a backend; by its singular."""
    found: dict[str, Entry] = {}
    for path in sorted(APP.rglob("*.py")):
        for source in marked(ast.parse(path.read_text(encoding="utf-8"), str(path))):
            _add(found, source, path)
    for path, names in ENUMS:
        for text in enum_values(ast.parse(path.read_text(encoding="utf-8"), str(path)), names):
            _add(found, (text,), path)
    for path, names in CONSTANTS:
        for text in constants(ast.parse(path.read_text(encoding="utf-8"), str(path)), names):
            _add(found, (text,), path)
    kinds = error_names()
    for path in sorted(BACKENDS.rglob("*.py")):
        if "server" not in path.parts and path.name != "conformance.py":
            tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
            for text in (
                *sentences(tree, kinds),
                *(phrases(tree) if path.relative_to(BACKENDS).as_posix() in PHRASES else ()),
            ):
                _add(found, (text,), path)
    return dict(sorted(found.items()))


def _add(found: dict[str, Entry], source: tuple[str, ...], path: Path) -> None:
    entry = found.setdefault(source[0], Entry(source))
    if len(source) > len(entry.source):
        entry.source = source
    entry.files.add(path.relative_to(ROOT).as_posix())


def marked(tree: ast.AST) -> Iterator[tuple[str, ...]]:
    """What calls of `_`, `N_` and `n_` mark, and what rows of tables hold."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name in MARKS:
            texts = tuple(text for text in map(_text, call.args[: MARKS[name]]) if text)
            if len(texts) == MARKS[name]:
                yield (CONTEXT.join(texts),) if name == "p_" else texts
        for text in _of_table(call, TABLES.get(name, {})):
            yield (text,)


def _of_table(call: ast.Call, fields: Mapping[str, int]) -> Iterator[str]:
    for name, place in fields.items():
        given = [word.value for word in call.keywords if word.arg == name] + call.args[place : place + 1]
        yield from (text for text in map(_text, given) if text)


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def enum_values(tree: ast.Module, names: Iterable[str]) -> Iterator[str]:
    """The words of enumerations."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in names:
            for statement in node.body:
                if isinstance(statement, ast.Assign) and (text := _text(statement.value)):
                    yield text


def constants(tree: ast.Module, names: Iterable[str]) -> Iterator[str]:
    """The texts of constants."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in names:
            yield _text(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id in names:
            yield _text(node.value) if node.value is not None else ""


def error_names() -> frozenset[str]:
    """The names of all errors with a sentence for people."""
    tree = ast.parse(ERRORS.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.ClassDef))


def sentences(tree: ast.AST, kinds: frozenset[str]) -> Iterator[str]:
    """Fixed sentences that a backend or the core says: of errors, of values that carry a reason, of tables of reasons.

    One that is put together while running has no key to be looked up by, and stays English.
    """
    beside = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # documents, and nobody's text
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            given = node.args[:1] if name in kinds else []
            given += [word.value for word in node.keywords if word.arg in REASONS]
            yield from (text for text in map(_text, given) if " " in text and "{" not in text)
        elif isinstance(node, ast.Constant) and id(node) not in beside and _is_sentence(node.value):
            yield str(node.value)


def phrases(tree: ast.AST) -> Iterator[str]:
    """Literals of several words that begin small, but for the parts of what is put together."""
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        text = _text(node) if isinstance(node, ast.expr) and id(node) not in parts else ""
        if text[:1].islower() and " " in text and "{" not in text and not text.endswith("set aside"):
            yield text


def _is_sentence(text: object) -> bool:
    """Whether a literal of a backend is a whole sentence, as errors and reasons are; what is set aside is for the log."""
    if not isinstance(text, str) or text.endswith("set aside.") or "{" in text or "\n" in text:
        return False
    return text[:1].isupper() and text.endswith(".") and text.count(" ") >= 2


# ---------------------------------------------------------------- .po and .mo files


def languages() -> list[str]:
    """The languages that have a catalogue."""
    return sorted(path.parent.parent.name for path in LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def po_file(language: str) -> Path:
    """Where a language's catalogue is."""
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read_po(text: str) -> tuple[dict[str, str], dict[str, Entry]]:
    """(header, entries by their singular) of a catalogue."""
    entries: dict[str, Entry] = {}
    header: dict[str, str] = {}
    for block in text.split("\n\n"):
        source, translation = _forms(block)
        if source == [""]:
            header = dict(line.split(": ", 1) for line in translation[0].splitlines())
        elif source:
            entries[source[0]] = Entry(tuple(source), tuple(translation))
    return header, entries


def _forms(block: str) -> tuple[list[str], list[str]]:
    """The strings of one entry: those that are translated, and the translations."""
    forms: dict[str, str] = {}
    name = ""
    for line in block.split("\n"):
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith('"'):
            name, _blank, line = line.partition(" ")  # noqa: PLW2901 - the rest is a string like those that follow
            forms[name] = ""
        forms[name] += ast.literal_eval(line)
    source = [forms[name] for name in ("msgid", "msgid_plural") if name in forms]
    if "msgctxt" in forms:
        source[0] = forms["msgctxt"] + CONTEXT + source[0]
    return source, [forms[name] for name in sorted(forms) if name.startswith("msgstr")]


def write_po(header: Mapping[str, str], entries: Mapping[str, Entry], plurals: int) -> str:
    """A catalogue as text: sorted, and each string with the files that have it, so that a change shows as itself."""
    lines = [HEAD_LINE, 'msgid ""', 'msgstr ""', *(_quoted(f"{name}: {value}\n") for name, value in header.items())]
    for entry in entries.values():
        context, _sign, text = entry.source[0].rpartition(CONTEXT)
        lines += ["", *(f"#: {name}" for name in sorted(entry.files))]
        lines += [f"msgctxt {_quoted(context)}"] if context else []
        lines.append(f"msgid {_quoted(text)}")
        if len(entry.source) == 1:
            lines.append(f"msgstr {_quoted(entry.translation[0] if entry.translation else '')}")
            continue
        lines.append(f"msgid_plural {_quoted(entry.source[1])}")
        forms = (*entry.translation, *[""] * plurals)[:plurals]
        lines += [f"msgstr[{place}] {_quoted(form)}" for place, form in enumerate(forms)]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(sign) or (f"\\{ord(sign):03o}" if sign < " " else sign) for sign in text) + '"'


_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}


def plural_count(header: Mapping[str, str]) -> int:
    """How many plural forms a language has, as its header says."""
    return int(header["Plural-Forms"].partition("nplurals=")[2].partition(";")[0])


def merged(entries: Mapping[str, Entry], known: Mapping[str, Entry]) -> dict[str, Entry]:
    """What is collected, with the translations that are known of the same forms; what nothing has any more is left out."""
    found = {}
    for singular, entry in entries.items():
        before = known.get(singular)
        same = before is not None and before.source == entry.source
        found[singular] = Entry(entry.source, before.translation if before and same else (), entry.files)
    return found


def compiled(header: Mapping[str, str], entries: Mapping[str, Entry]) -> bytes:
    """A catalogue as gettext reads it (the format of GNU .mo files, without the hash table)."""
    pairs = [(b"", "".join(f"{name}: {value}\n" for name, value in header.items()).encode())]
    whole = (entry for entry in entries.values() if entry.translation and all(entry.translation))
    pairs += [("\0".join(entry.source).encode(), "\0".join(entry.translation).encode()) for entry in whole]
    pairs.sort()
    head, count = 28, len(pairs)
    at = head + 16 * count
    tables, texts = b"", b""
    for text in (pair[side] for side in (0, 1) for pair in pairs):
        tables += struct.pack("<II", len(text), at + len(texts))
        texts += text + b"\0"
    return struct.pack("<7I", 0x950412DE, 0, count, head, head + 8 * count, 0, 0) + tables + texts


# ---------------------------------------------------------------- keeping them up to date


def problems(language: str) -> list[str]:
    """What is wrong with a language's catalogue, a line each: missing, stale, or without the same placeholders."""
    header, known = read_po(po_file(language).read_text(encoding="utf-8"))
    entries = collect()
    found = [f"not there: {text!r}" for text in entries if text not in known]
    found += [f"stale: {text!r}" for text in known if text not in entries]
    for text, entry in known.items():
        wanted = 1 if len(entry.source) == 1 else plural_count(header)
        if len(entry.translation) != wanted or not all(entry.translation):
            found.append(f"not translated: {text!r}")
        elif wrong := placeholder_problem(entry):
            found.append(wrong)
    return found


def placeholder_problem(entry: Entry) -> str:
    """What is wrong with the placeholders of a translation, "" = nothing: each has those of its source, and no others."""
    places = [fields(text) for text in entry.source]
    for text in entry.translation:
        if fields(text) not in places:
            return (
                f"other placeholders: {entry.source[0]!r} has {sorted(places[-1])}, {text!r} has {sorted(fields(text))}"
            )
    return ""


def fields(text: str) -> frozenset[str]:
    """The placeholders of a template, with how they are written out; those of a text that is no template are none."""
    try:
        parsed = list(Formatter().parse(text))
    except ValueError:
        return frozenset()
    return frozenset(f"{name}!{mark}:{spec}" for _literal, name, spec, mark in parsed if name is not None)


def bring_up_to_date(language: str, *, check: bool) -> bool:
    """Write a language's .po and .mo, or with `check` say whether they are as they would be written."""
    file = po_file(language)
    header, known = read_po(file.read_text(encoding="utf-8"))
    entries = merged(collect(), known)
    text = write_po(header, entries, plural_count(header))
    binary = compiled(header, entries)
    binary_file = file.with_suffix(".mo")
    current = file.read_text(encoding="utf-8") == text and binary_file.is_file() and binary_file.read_bytes() == binary
    if not current and not check:
        file.write_text(text, encoding="utf-8")
        binary_file.write_bytes(binary)
        print(f"wrote {file.relative_to(ROOT)}")
    return current


def main() -> None:
    """Bring every catalogue up to date, or with --check exit with 1 where one is not, or is not whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail if a catalogue is stale or not whole"
    )
    check = parser.parse_args().check
    current = [bring_up_to_date(language, check=check) for language in languages()]
    wrong = [f"{language}: {problem}" for language in languages() for problem in problems(language)]
    for line in wrong:
        print(line)
    if check and (wrong or not all(current)):
        sys.exit("the catalogues are stale: run `python3 dev.py docs`, and translate what is new in the .po files.")


if __name__ == "__main__":
    main()

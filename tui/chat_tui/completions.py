"""Write what makes bash, zsh and fish complete command lines, from the parser that reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from chat_tui.parser_tree import Page

__all__ = ["SHELLS", "bash", "fish", "zsh"]

_BASH: Final = """# Completion of chat-tui for bash: eval "$(chat-tui completions bash)"
_chat_tui() {
    local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" path="" word i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word="${COMP_WORDS[i]}"
        case "$path $word" in
%(paths)s
        esac
    done
    case "$path|$before" in
%(values)s
    esac
    case "$path" in
%(words)s
    esac
}
complete -F _chat_tui chat-tui
"""
_ZSH: Final = """#compdef chat-tui
# Completion of chat-tui for zsh: put it into a folder of $fpath as _chat-tui
_chat_tui() {
    local path="" word i
    local -a found
    for ((i = 2; i < CURRENT; i++)); do
        word="${words[i]}"
        case "$path $word" in
%(paths)s
        esac
    done
    case "$path|${words[CURRENT-1]}" in
%(values)s
    esac
    case "$path" in
%(words)s
    esac
    _describe 'chat-tui' found
}
if [ "$funcstack[1]" = "_chat-tui" ]; then _chat_tui "$@"; else compdef _chat_tui chat-tui; fi
"""


def bash(pages: Sequence[Page]) -> str:
    """The script for bash."""
    values, words = [], []
    for page in pages:
        for option in page.options:
            pattern = "|".join(f'"{page.name}|{flag}"' for flag in option.flags)
            if option.flags and option.choices:
                values.append(
                    f'        {pattern}) COMPREPLY=($(compgen -W "{" ".join(option.choices)}" -- "$current")); return ;;'
                )
            elif option.flags and option.path:
                values.append(f'        {pattern}) COMPREPLY=($(compgen -f -- "$current")); return ;;')
            elif option.flags and option.takes:
                values.append(f"        {pattern}) return ;;")
        offered = [
            *(name for name, _ in page.below),
            *_words(page),
            *(flag for one in page.options for flag in one.flags),
        ]
        words.append(f'        "{page.name}") COMPREPLY=($(compgen -W "{" ".join(offered)}" -- "$current")) ;;')
    return _BASH % {"paths": _paths(pages), "values": "\n".join(values), "words": "\n".join(words)}


def zsh(pages: Sequence[Page]) -> str:
    """The script for zsh."""
    values, words = [], []
    for page in pages:
        for option in page.options:
            pattern = "|".join(f'"{page.name}|{flag}"' for flag in option.flags)
            if option.flags and option.choices:
                values.append(f"        {pattern}) compadd -- {' '.join(option.choices)}; return ;;")
            elif option.flags and option.path:
                values.append(f"        {pattern}) _files; return ;;")
            elif option.flags and option.takes:
                values.append(f"        {pattern}) return ;;")
        plain = ((word, "") for word in _words(page))
        offered = [*page.below, *plain, *((flag, option.help) for option in page.options for flag in option.flags)]
        described = " ".join(_quoted(f"{name}:{help_}") for name, help_ in offered)
        words.append(f'        "{page.name}") found=({described}) ;;')
    return _ZSH % {"paths": _paths(pages), "values": "\n".join(values), "words": "\n".join(words)}


def fish(pages: Sequence[Page]) -> str:
    """The script for fish."""
    lines = [
        "# Completion of chat-tui for fish: chat-tui completions fish > ~/.config/fish/completions/chat-tui.fish",
        "function __chat_tui_at",
        "    set -l path",
        "    for word in (commandline -opc)[2..-1]",
        '        switch "$path $word"',
        *(
            f'            case "{_above(page)} {page.words[-1]}"\n                set path "{page.name}"'
            for page in pages
            if page.words
        ),
        "        end",
        "    end",
        '    test "$path" = "$argv[1]"',
        "end",
        "complete -c chat-tui -f",
    ]
    for page in pages:
        at = f"complete -c chat-tui -n '__chat_tui_at \"{page.name}\"'"
        lines += [f"{at} -a {_quoted(name)} -d {_quoted(help_)}" for name, help_ in page.below]
        lines += [f"{at} -a {_quoted(word)}" for word in _words(page)]
        for option in page.options:
            if option.flags:
                flags = " ".join(
                    f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags
                )
                value = f" -x -a {_quoted(' '.join(option.choices))}" if option.choices else ""
                value = value or (" -r -F" if option.path else " -x" if option.takes else "")
                lines.append(f"{at} {flags}{value} -d {_quoted(option.help)}")
    return "\n".join(lines) + "\n"


def _words(page: Page) -> tuple[str, ...]:
    """The words that may stand after a command, where they are few."""
    return tuple(choice for option in page.options if not option.flags for choice in option.choices)


def _above(page: Page) -> str:
    return " ".join(page.words[:-1])


def _paths(pages: Sequence[Page]) -> str:
    """How a word after a path leads to another path, as the arms of a case."""
    return "\n".join(
        f'            "{_above(page)} {page.words[-1]}") path="{page.name}" ;;' for page in pages if page.words
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


#: Shell -> what writes its script.
SHELLS: Final[Mapping[str, Callable[[Sequence[Page]], str]]] = MappingProxyType(
    {"bash": bash, "zsh": zsh, "fish": fish}
)

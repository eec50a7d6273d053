"""Which news concern a session's own values, beside what the store did with them, and what takes each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from chat_tui_core.link import LinkChanged
from chat_tui_core.news import (
    AroundGiven,
    AskRefused,
    DirectoryGiven,
    HistoryGiven,
    PresenceSet,
    SignedIn,
    TypingSet,
    UsersGiven,
)
from chat_tui_core.small_pictures import PictureGiven
from chat_tui_core.spaces import SpaceGiven
from chat_tui_core.threads import ThreadGiven

_ANSWERS: Final = (HistoryGiven, AroundGiven, DirectoryGiven, UsersGiven, ThreadGiven, PictureGiven, SpaceGiven)

#: By the sort of news: what is called with the session and one of them.
HEARD: Final[Mapping[type, Callable[[Any, Any], None]]] = {
    LinkChanged: lambda session, news: session._link_changed(news),  # noqa: SLF001
    SignedIn: lambda session, news: session._signed_in(news),  # noqa: SLF001
    TypingSet: lambda session, news: session._typing_set(news),  # noqa: SLF001
    PresenceSet: lambda session, news: session._presence_set(news),  # noqa: SLF001
    **dict.fromkeys(_ANSWERS, lambda session, news: session._open.answered(news)),  # noqa: SLF001
    AskRefused: lambda session, news: session._ask_refused(news),  # noqa: SLF001
}

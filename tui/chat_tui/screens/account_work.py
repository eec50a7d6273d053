"""What commands do about accounts: go to one, add one, sign out of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from chat_tui.commands import Call
from chat_tui.strings import _
from chat_tui.waiting import unsent_note
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.actions import Kind

if TYPE_CHECKING:
    from textual.app import App

    from chat_tui.screens.doing import Doing

__all__ = ["ACCOUNT_WORK", "Household"]


class Household(Protocol):
    """An app that has accounts."""

    async def go_to_account(self, name: str) -> None:
        """Go to an account, or open one that is not open; raises ChatError."""

    def action_add_account(self) -> None:
        """Ask where the person wants to sign in, beside the accounts that there are."""

    async def sign_out(self, name: str) -> None:
        """Have the server forget this device, and close the account; raises ChatError, then nothing has changed."""


def _household(app: App[Any]) -> Household:
    return cast("Household", app)


async def account(doing: Doing, call: Call) -> None:
    """Go to an account; without a name, add one."""
    if call.words:
        await _household(doing.app).go_to_account(call.words[0])
    else:
        _household(doing.app).action_add_account()


async def logout(doing: Doing, _call: Call) -> None:
    """Sign out of the account that the command is typed in, once the person is sure."""
    from chat_tui.screens.confirm import ConfirmScreen

    name = doing.session.account.name
    question = _("Sign out of {name}? What is stored of it stays.").format(name=clean_line(name))
    waiting = sum(action.kind is not Kind.READ for action in doing.session.open_actions.values())
    whole = f"{question} {unsent_note(waiting)}".rstrip()
    if await doing.app.push_screen_wait(ConfirmScreen(whole, _("sign out"))):
        await _household(doing.app).sign_out(name)


ACCOUNT_WORK: Final[Mapping[str, Callable[[Doing, Call], Awaitable[None]]]] = MappingProxyType(
    {"account": account, "logout": logout}
)

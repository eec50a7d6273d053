"""What an account has said and not settled, counted before its server changes or is left."""

from __future__ import annotations

from chat_tui.opening import STORE_FILE
from chat_tui_core.accounts import DataFolder
from chat_tui_core.actions import Kind
from chat_tui_core.errors import StoreError
from chat_tui_core.store import Store
from chat_tui_core.store import actions as stored_actions


def unsent(data: DataFolder, name: str) -> int:
    """How many of the person's own actions are not settled; a store that cannot be read has none that could be sent.

    Whoever asks has the account's lock.
    """
    path = data.folder(name) / STORE_FILE
    if not path.exists():
        return 0
    try:
        store = Store.open(path)
    except StoreError:
        return 0
    try:
        return sum(action.kind is not Kind.READ for action in store.read(stored_actions.open_actions))
    finally:
        store.close_now()

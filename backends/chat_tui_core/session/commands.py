"""What a person does or decides about what they did, as the values that the intake carries to the store."""

from __future__ import annotations

from chat_tui_core.actions import Action
from chat_tui_core.values import frozen


@frozen
class MarkRead:
    """We have read up to `order`; the server is told soon, once for many calls. `tell`: it can be told at all."""

    room_id: str
    order: int
    tell: bool
    delay_ms: int = 800


@frozen
class Make:
    """Do something new. `about`: another action of ours that it is about, 0 = none. `online`: it may leave at once.

    `earlier`: the highest id of an earlier run.
    """

    draft: Action
    about: int = 0
    online: bool = False
    earlier: int = 0


@frozen
class Leave:
    """These leave now: stored before the first byte of them may be written."""

    action_ids: tuple[int, ...]


@frozen
class Resend:
    """Say something else in the place of what was refused, or has not left yet. `earlier`: see Make."""

    action_id: int
    text: str
    earlier: int = 0


@frozen
class Cancel:
    """Take an action back while that still prevents it, or discard a refused one."""

    action_id: int


@frozen
class Retry:
    """Try a refused action again, under a new id; a pending one leaves at once."""

    action_id: int


@frozen
class LetPass:
    """A refused action no longer holds its room's later ones back."""

    action_id: int


Command = MarkRead | Make | Leave | Resend | Cancel | Retry | LetPass

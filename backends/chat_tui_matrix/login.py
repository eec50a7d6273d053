"""Sign in to a homeserver, and sign out again."""

from __future__ import annotations

import json
from typing import Any

from chat_tui_core.contract import Credentials
from chat_tui_core.errors import AuthRefused, TransportError
from chat_tui_matrix.calling import Caller
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import Garbled, Refusal


async def sign_in(url: str, user: str, secret: str, *, kind: str, device: str) -> Credentials:
    async with Caller() as caller:
        try:
            body: dict[str, Any] = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": user}, "password": secret, "device_id": device, "initial_device_display_name": "chat-tui", "refresh_token": True}
            status, value = await caller.call(url, paths.login(body))
        except Exception as error:
            raise TransportError(f"{url} cannot be reached: {error}.") from error
    if isinstance(value, Refusal):
        raise AuthRefused(value.text, value.code)
    if isinstance(value, Garbled):
        raise TransportError(value.text)
    token = value["access_token"]
    if value.get("refresh_token"):
        token = json.dumps({"access_token": token, "refresh_token": value["refresh_token"]})
    return Credentials(value["user_id"], value["device_id"], token, url)

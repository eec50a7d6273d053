"""What the entry point gives."""

from __future__ import annotations

from chat_tui_core.contract import *
from chat_tui_core.contract import Surroundings
_ALONE = Surroundings()

class MatrixBackend:
    name = "matrix"
    title = "Matrix"
    api_version = API_VERSION
    url_example = "https://matrix.example"
    server = None

    @property
    def capabilities(self):
        from chat_tui_matrix.protocol.core import CAPABILITIES
        return CAPABILITIES

    async def discover(self, url): return ServerFound(url, (LoginWay.PASSWORD,))
    async def login(self, url, user, secret, *, kind, device, browse=None):
        from chat_tui_matrix.login import sign_in
        return await sign_in(url, user, secret, kind=kind, device=device)
    async def logout(self, account, token): ...
    def connect(self, account, token, position, deliver, surroundings=_ALONE):
        from random import random
        from chat_tui_matrix.client import MatrixConnection
        from chat_tui_matrix.protocol.core import Login, MatrixCore
        login = Login(account.url, account.user, account.device, token)
        core = MatrixCore(login, position, random, surroundings.read_state, account.options.get("mode", "auto"))
        return MatrixConnection(core, account.url, deliver, surroundings.keep_secret)

backend = MatrixBackend()

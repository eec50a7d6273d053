"""Hand a request to the process that already runs the account: a Unix socket in the account's folder, JSON lines.

The server says {"hello": 1}, the client writes one request line, the server tells: {"row": …, "cursor": …},
{"note": …}, {"cursor": …}, and at the end {"done": code} or {"error": sentence, "code": code}. {"closing": known}
means that this process ends and somebody else must go on; `known` is false in the one moment when what was asked may
or may not be stored. The folder is 0700 and the socket 0600: whoever can connect is the owner.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import tempfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

from chat_tui.requests.perform import CHANGING, perform
from chat_tui.requests.values import Cursor, Done, Note, Request, Row, Told
from chat_tui.strings import _
from chat_tui_core.errors import ChatError, ConfigError, LocalError, Refused, TransportError
from chat_tui_core.session import Session

_LOG = logging.getLogger(__name__)
_SOCKET = "control.sock"
_LONGEST_PATH = 100  # sockaddr_un holds 104 bytes (macOS) or 108 (Linux), with the closing zero
_REQUEST_LIMIT = 1 << 20
_ANSWER_LIMIT = 8 << 20
_REQUEST_TIMEOUT = 10.0
_MOST_CONNECTIONS = 64
_PATIENCE = 1.0  # seconds that closing waits for another process to read what it was told
_STORING = 10.0  # seconds that closing waits for requests that are just being stored: the disk may be busy

REFUSED: Final = 3
FAILED: Final = 1


class NobodyListens(LocalError):
    """No process answers at the account's socket."""


class HandedBack(LocalError):
    """The process that answered has ended; somebody else must go on with the request."""


def exit_code(error: ChatError) -> int:
    """What a command ends with after this error."""
    return REFUSED if isinstance(error, Refused) else FAILED


# ---------------------------------------------------------------- the process that runs the account


class ControlServer:
    """Answers requests of other processes with the session of this one."""

    def __init__(self, session: Session, folder: Path) -> None:
        """`folder` is the account's, see DataFolder.folder; this process must hold the account's lock."""
        self._session = session
        self._path = folder / _SOCKET
        self._remove: list[Path] = []
        self._server: asyncio.Server | None = None
        self._serving: dict[asyncio.Task[None], asyncio.Event] = {}

    async def start(self) -> None:
        """Listen from now on; raises StoreUnwritable's sentence as ConfigError when the socket cannot be made."""
        try:
            listener = self._bind()
            self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=_REQUEST_LIMIT)
        except OSError as error:
            self._clean()
            raise ConfigError(
                _("{path} cannot be made ({why}).").format(path=self._path, why=error.strerror or error)
            ) from error

    async def close(self) -> None:
        """Listen no longer, and give running requests back to whoever asked."""
        if self._server is not None:
            self._server.close()
        self._clean()
        storing = [asyncio.ensure_future(_stored(task, known)) for task, known in self._serving.items()]
        if storing:
            await asyncio.wait(storing, timeout=_STORING)
        for task in (*storing, *self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _bind(self) -> socket.socket:
        self._path.unlink(missing_ok=True)  # left by a process that was killed: the lock is ours
        path = self._path
        if len(os.fsencode(path)) > _LONGEST_PATH:
            path = Path(_short_folder()) / _SOCKET
            self._remove += [path, path.parent]
            self._path.symlink_to(path)
        self._remove.insert(0, self._path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(path))
            path.chmod(0o600)
        except BaseException:
            listener.close()
            raise
        return listener

    def _clean(self) -> None:
        for path in self._remove:
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
        self._remove.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._serving) >= _MOST_CONNECTIONS:
            writer.close()
            return
        known = self._serving[task] = asyncio.Event()
        known.set()
        try:
            await self._answer(reader, writer, known)
        except asyncio.CancelledError:
            _write(writer, {"closing": known.is_set()})
        except ChatError as error:
            _write(writer, {"error": str(error), "code": exit_code(error)})
        except OSError:
            pass  # the other side has gone, or never asked
        except Exception:  # noqa: BLE001 - whatever a request does, the program that runs the account goes on
            _LOG.exception("a request of another process failed")
            _write(writer, {"error": _("The program that runs the account stumbled: see its log."), "code": FAILED})
        finally:
            await _close(writer)
            del self._serving[task]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, known: asyncio.Event) -> None:
        _write(writer, {"hello": 1})
        async with asyncio.timeout(_REQUEST_TIMEOUT):
            request = await _read_request(reader)
        telling = asyncio.ensure_future(self._tell(request, writer, known))
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({telling, gone}, return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                telling.result()
        finally:
            for task in (telling, gone):
                task.cancel()
            await asyncio.gather(telling, gone, return_exceptions=True)

    async def _tell(self, request: Request, writer: asyncio.StreamWriter, known: asyncio.Event) -> None:
        if request.do in CHANGING:
            known.clear()
        async with aclosing(perform(self._session, request)) as answer:
            async for told in answer:
                _write(writer, _as_json(told))
                known.set()
                await writer.drain()


async def _stored(task: asyncio.Task[None], known: asyncio.Event) -> None:
    """Wait until it is known whether what was asked is stored, or until it has ended."""
    waiting = asyncio.ensure_future(known.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


async def _read_request(reader: asyncio.StreamReader) -> Request:
    try:
        line = await reader.readline()
        return Request.of_json(json.loads(line))
    except (ValueError, RecursionError):
        raise ConfigError(_("This is not a request.")) from None


def _short_folder() -> str:
    for place in (None, "/tmp"):  # noqa: S108 - mkdtemp makes a private folder, and TMPDIR may be too long itself
        folder = tempfile.mkdtemp(prefix="chat-tui-", dir=place)
        if len(os.fsencode(folder)) + len(_SOCKET) < _LONGEST_PATH:
            return folder
        Path(folder).rmdir()
    raise OSError(36, _("no folder for temporary files has a short enough name"))


def _write(writer: asyncio.StreamWriter, data: dict[str, Any]) -> None:
    if not writer.is_closing():
        writer.write(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


async def _close(writer: asyncio.StreamWriter) -> None:
    """Let the other side have what was written, but wait for it no longer than a moment."""
    writer.close()
    try:
        async with asyncio.timeout(_PATIENCE):
            await writer.wait_closed()
    except OSError:
        writer.transport.abort()


def _as_json(told: Told) -> dict[str, Any]:
    match told:
        case Row(data, cursor, said):
            return {"row": data, "cursor": cursor, "said": said}
        case Note(text):
            return {"note": text}
        case Cursor(fields):
            return {"cursor": fields}
        case Done(code):
            return {"done": code}


# ---------------------------------------------------------------- the process that asks


async def ask(folder: Path, request: Request) -> AsyncGenerator[Told, None]:
    """What the process that runs the account tells.

    Raises NobodyListens when there is none, HandedBack when it ends on the way, ChatError with its sentence when it
    refuses, TransportError when it died and may or may not have done what was asked.
    """
    path = folder / _SOCKET
    try:
        where = path.readlink() if path.is_symlink() else path
        reader, writer = await asyncio.open_unix_connection(str(where), limit=_ANSWER_LIMIT)
    except OSError:
        raise NobodyListens(_("Nobody listens at the account's socket.")) from None
    known = request.do not in CHANGING
    try:
        if not await reader.readline():
            raise NobodyListens(_("The program that ran the account was just ending."))
        writer.write(json.dumps(request.as_json()).encode() + b"\n")
        await writer.drain()
        while (line := await reader.readline()).endswith(b"\n"):
            told = _told(line)
            if isinstance(told, bool):
                known = told
                break
            known = known or isinstance(told, Cursor | Row)
            yield told
            if isinstance(told, Done):
                return
    except OSError:
        pass  # as if the stream had ended
    finally:
        await _close(writer)
    if not known:
        raise TransportError(
            _(
                "The program that runs the account ended before it answered: look at `chat-tui outbox` before you repeat."
            )
        )
    raise HandedBack(_("The program that ran the account has ended."))


def _told(line: bytes) -> Told | bool:
    """What a line tells; a boolean when the other side ends, see `closing` above."""
    try:
        match json.loads(line):
            case {"row": dict(data), "cursor": dict(cursor), "said": dict(said)}:
                return Row(data, cursor, said)
            case {"note": str(text)}:
                return Note(text)
            case {"cursor": dict(fields)}:
                return Cursor(fields)
            case {"done": int(code)}:
                return Done(code)
            case {"closing": bool(known)}:
                return known
            case {"error": str(text), "code": int(code)}:
                raise Refused(text) if code == REFUSED else LocalError(text)
    except (ValueError, RecursionError):
        pass
    raise LocalError(_("The program that runs the account answers in an unknown way: is it of another version?"))
